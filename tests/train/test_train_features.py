"""Training on features, from files to scores, on simulated recognition embeddings."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pins_plugin.cli import main
from pins_plugin.data.features import FeatureRows
from pins_plugin.errors import ManifestError
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.metrics.verification import roc_auc
from pins_plugin.models.heads import apply_head
from pins_plugin.simulation.features import FeatureSettings, write_features
from pins_plugin.train.features import fit_heads, read_splits
from pins_plugin.train.head_choice import HeadSettings, build_heads, choose_settings, draw_pairs
from pins_plugin.train.people_table import make_table
from pins_plugin.train.refine import RefineSettings

SETTINGS = FeatureSettings(
    num_identities=220,
    videos_per_identity=(2, 4),
    clips_per_video=(1, 2),
    face_dim=48,
    voice_dim=32,
    latent_dim=24,
    shared=1.5,
)
CHOSEN = HeadSettings(0.5, 1.0, 8, 1.0, 2.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    write_features(folder, SETTINGS, seed=0, shares=(0.7, 0.1, 0.2))
    return folder


@pytest.fixture(scope="module")
def splits(folder):
    return read_splits(folder / "face.npz", folder / "voice.npz", folder / "manifest.csv")


def arguments(folder, out, **changes):
    options = {
        "face_embeddings": folder / "face.npz",
        "voice_embeddings": folder / "voice.npz",
        "manifest": folder / "manifest.csv",
        "output_folder": out,
        **changes,
    }
    return ["train", "hparams/features.yaml"] + [
        str(part) for name, value in options.items() for part in (f"--{name}", value)
    ]


def test_train_then_embed_tells_unseen_people_apart(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(arguments(folder, out)) == 0
    assert "verification AUC" in capsys.readouterr().out
    scores = json.loads((out / "results.json").read_text())["unseen"]
    assert scores["verification"]["roc_auc"] > 0.75
    embeddings = tmp_path / "emb.npz"
    files = ["--face_embeddings", str(folder / "face.npz")]
    files += ["--voice_embeddings", str(folder / "voice.npz")]
    assert main(["embed", str(out / "model"), *files, "--out", str(embeddings)]) == 0
    with np.load(embeddings) as arrays, np.load(folder / "face.npz") as given:
        assert arrays["face_clip_id"].tolist() == given["clip_id"].tolist()
        assert arrays["face_embeddings"].shape == (
            len(given["clip_id"]),
            arrays["voice_embeddings"].shape[1],
        )
        assert np.linalg.norm(arrays["voice_embeddings"], axis=1) == pytest.approx(1.0, abs=1e-5)


def test_identity_of_training_people_is_not_used(splits):
    faces, voices = splits["train"]

    def hidden(rows):
        return FeatureRows(rows.embeddings, [replace(clip, identity="") for clip in rows.clips])

    known, unknown = make_table(faces, voices), make_table(hidden(faces), hidden(voices))
    assert np.array_equal(known.face_people, unknown.face_people)
    assert make_table(faces, voices, supervised=True).num_people == 154


def test_shuffled_pairs_score_at_chance(splits):
    faces, voices = splits["train"]
    order = np.random.default_rng(0).permutation(len(voices.clips))
    table = make_table(faces, FeatureRows(voices.embeddings[order], voices.clips))
    head = build_heads(table, CHOSEN)
    assert abs(auc(head, splits["test"]) - 0.5) < 0.15
    assert (
        auc(
            build_heads(make_table(faces, voices), CHOSEN),
            splits["test"],
        )
        > 0.7
    )


def auc(heads, rows):
    table = make_table(*rows, supervised=True)
    generator = np.random.default_rng(0)
    pairs = draw_pairs(table.face_people, table.voice_people, 5000, generator)
    first, second = apply_head(heads[0], table.faces), apply_head(heads[1], table.voices)
    return roc_auc((first[pairs.faces] * second[pairs.voices]).sum(1), pairs.same)


def test_network_is_kept_only_if_people_held_out_profit(splits):
    table = make_table(*splits["train"])
    hopeless = RefineSettings(num_steps=20, learning_rate=10.0)
    heads, report = fit_heads(
        table, splits["valid"], CHOSEN, MultiwayMatchingLoss(), hopeless, quiet=True
    )
    assert report["refined"] is False and heads[0].network is None


def test_without_validation_people_some_are_carved_off(splits):
    table = make_table(*splits["train"])
    refine = RefineSettings(num_steps=40, least_gain=-1.0)
    heads, report = fit_heads(table, None, CHOSEN, MultiwayMatchingLoss(), refine, quiet=True)
    assert report["refined"] and heads[0].network is not None
    assert auc(heads, splits["test"]) > 0.7


def test_same_seed_gives_the_same_heads(splits):
    table = make_table(*splits["train"])
    refine = RefineSettings(num_steps=20, least_gain=-1.0)
    found = [
        fit_heads(table, splits["valid"], CHOSEN, MultiwayMatchingLoss(), refine, quiet=True)[0]
        for _ in range(2)
    ]
    for first, second in zip(found[0], found[1], strict=True):
        for name, value in first.state_dict().items():
            assert torch.equal(value, second.state_dict()[name]), name


def test_choice_prefers_what_holds_on_other_people(splits):
    scores = choose_settings(make_table(*splits["train"]), num_pairs=300, quiet=True)
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    assert 0.5 < min(scores.values()) < max(scores.values()) < 1


def test_pairs_are_what_they_say():
    people = np.array([0, 0, 1, 2, 2, 2])
    pairs = draw_pairs(people, people[::-1].copy(), 500, np.random.default_rng(0))
    assert np.array_equal(people[pairs.faces] == people[::-1][pairs.voices], pairs.same)
    assert pairs.same.sum() == 500


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["clip_id,identity,video", "a,x,v"], "split"),
        (["clip_id,identity,video,split"], "empty"),
    ],
)
def test_bad_manifest_is_refused(folder, tmp_path, capsys, lines, message):
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(lines))
    assert main(arguments(folder, tmp_path / "out", manifest=manifest)) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_overlap_is_refused(folder, tmp_path):
    with np.load(folder / "voice.npz") as arrays:
        embeddings, clip_id = arrays["embeddings"], arrays["clip_id"]
    text = (folder / "manifest.csv").read_text().splitlines()
    clips = dict(line.split(",", 1) for line in text[1:])
    only = [c for c in clip_id if ",train," in "," + clips[c] + ","]
    np.savez(tmp_path / "voice.npz", embeddings=embeddings[-1:], clip_id=clip_id[-1:])
    assert only
    with pytest.raises(ManifestError, match="split train"):
        read_splits(folder / "face.npz", tmp_path / "voice.npz", folder / "manifest.csv")
