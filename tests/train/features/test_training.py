"""Training on features, from files to scores, on simulated recognition embeddings."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pins_plugin.cli import main
from pins_plugin.data.training.features import FeatureRows
from pins_plugin.errors import ManifestError, PinsError
from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.metrics.verification import roc_auc
from pins_plugin.miners.random import RandomMiner
from pins_plugin.models.layers.heads import apply_head
from pins_plugin.simulation.features import FeatureSettings, write_features
from pins_plugin.train.features.feature_networks import NetworkSettings
from pins_plugin.train.features.held_out import HeldOut
from pins_plugin.train.features.people_table import make_table
from pins_plugin.train.features.training import FitSettings, fit_heads, read_splits

SETTINGS = FeatureSettings(
    num_identities=220,
    videos_per_identity=(2, 4),
    clips_per_video=(1, 2),
    face_dim=48,
    voice_dim=32,
    latent_dim=24,
    shared=2.5,
    session=0.3,
)
CONTRASTIVE = MinedContrastiveLoss(ContrastiveLoss(1.2), RandomMiner())
MULTIWAY = MultiwayMatchingLoss(5.0, learnable=False)
QUICK = FitSettings(num_pairs=300, network=NetworkSettings(hidden_dim=32, most_steps=50))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    write_features(folder, SETTINGS, seed=0)
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
    assert main(arguments(folder, out, networks=2)) == 0
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


def auc(mixture, rows):
    table = make_table(*rows, supervised=True)
    everyone = np.ones(table.num_people, dtype=bool)
    pairs = HeldOut.from_table(table, everyone, 5000, np.random.default_rng(0))
    heads = mixture.build()
    first, second = apply_head(heads[0], pairs.faces), apply_head(heads[1], pairs.voices)
    return roc_auc((first * second).sum(axis=1), pairs.same)


def test_shuffled_pairs_score_at_chance(splits):
    faces, voices = splits["train"]
    order = np.random.default_rng(0).permutation(len(voices.clips))
    shuffled = faces, FeatureRows(voices.embeddings[order], voices.clips)
    found = {}
    for name, train in (("true", splits["train"]), ("shuffled", shuffled)):
        mixture, _ = fit_heads({"train": train}, CONTRASTIVE, QUICK, quiet=True)
        found[name] = auc(mixture, splits["test"])
    assert found["true"] > 0.7 and abs(found["shuffled"] - 0.5) < 0.15


@pytest.mark.parametrize(
    ("changes", "parts"), [({"num_networks": 0}, (1, 0)), ({"num_closed_forms": 0}, (0, 5))]
)
def test_either_half_does_alone(splits, changes, parts):
    settings = replace(QUICK, **changes)
    mixture, _ = fit_heads(splits, MULTIWAY, settings, quiet=True)
    options = mixture.build()[0].origin.arguments
    assert (options["num_closed_forms"], options["num_networks"]) == parts
    assert auc(mixture, splits["test"]) > 0.65


@pytest.mark.parametrize("changes", [{"num_closed_forms": 3}, {"num_networks": 6}])
def test_more_than_there_is_is_refused(splits, changes):
    with pytest.raises(PinsError, match="closed_forms and networks: expected 0 or 1, and 0 to 5"):
        fit_heads(splits, MULTIWAY, replace(QUICK, **changes), quiet=True)


def test_same_seed_gives_the_same_heads(splits):
    found = [fit_heads(splits, CONTRASTIVE, QUICK, seed=1, quiet=True)[0].build() for _ in range(2)]
    for first, second in zip(found[0], found[1], strict=True):
        for name, value in first.state_dict().items():
            assert torch.equal(value, second.state_dict()[name]), name


def test_long_embeddings_are_projected_in_the_head(splits):
    wide = {}
    mix = np.random.default_rng(0).standard_normal((SETTINGS.face_dim, 600)).astype(np.float32)
    for name, (faces, voices) in splits.items():
        wide[name] = FeatureRows(faces.embeddings @ mix, faces.clips), voices
    mixture, _ = fit_heads(wide, CONTRASTIVE, QUICK, quiet=True)
    head = mixture.build()[0]
    assert head.input_dim == 600 and head.origin.arguments["reduced_dim"] == 512
    assert apply_head(head, wide["test"][0].embeddings).shape[1] == head.embedding_dim


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


def test_without_any_identity_a_model_is_made_but_not_scored(folder, tmp_path):
    lines = (folder / "manifest.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join([lines[0], *(",".join([r[0], "", *r[2:]]) for r in rows)]))
    out = tmp_path / "out"
    assert main(arguments(folder, out, manifest=manifest, networks=0)) == 0
    assert (out / "model").is_dir() and not (out / "results.json").exists()


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


def changed_manifest(folder, tmp_path, old, new):
    manifest = tmp_path / "manifest.csv"
    manifest.write_text((folder / "manifest.csv").read_text().replace(old, new, 1))
    return folder / "face.npz", folder / "voice.npz", manifest


def test_nobody_may_be_in_two_splits(folder, tmp_path):
    with pytest.raises(
        ManifestError, match=r"1 people are in more than one split, such as .* test and train"
    ):
        read_splits(*changed_manifest(folder, tmp_path, ",test", ",train"))


def test_a_split_of_another_name_is_told(folder, tmp_path, caplog):
    read_splits(*changed_manifest(folder, tmp_path, ",valid", ",val"))
    assert not caplog.text
    read_splits(*changed_manifest(folder, tmp_path, ",valid", ",held"))
    assert "1 clips of split 'held' are not used; expected train, valid, test" in caplog.text


def test_video_names_may_repeat_between_people(splits):
    """As names that count from one for each person do."""

    def renamed(rows):
        order = {v: str(i) for i, v in enumerate(sorted({clip.video for clip in rows.clips}))}
        first = {}
        for clip in rows.clips:
            first[clip.identity] = min(first.get(clip.identity, 10**6), int(order[clip.video]))
        clips = [
            replace(clip, video=f"{int(order[clip.video]) - first[clip.identity]:05d}")
            for clip in rows.clips
        ]
        return FeatureRows(rows.embeddings, clips)

    rows = splits["train"]
    known, repeated = make_table(*rows), make_table(*map(renamed, rows))
    assert len({clip.video for clip in renamed(rows[0]).clips}) <= 4
    assert np.array_equal(known.face_people, repeated.face_people)
    assert np.array_equal(known.voice_videos, repeated.voice_videos)


def test_supervised_pairs_need_no_common_video(splits):
    faces, voices = splits["train"]
    clips = [replace(clip, video=f"other {clip.video}") for clip in voices.clips]
    apart = faces, FeatureRows(voices.embeddings, clips)
    assert make_table(*apart, supervised=True).num_people == 154
    with pytest.raises(ManifestError, match="no clip or video has both"):
        make_table(*apart)


def test_rows_of_zeros_are_left_out(folder, tmp_path, splits, caplog):
    with np.load(folder / "face.npz") as arrays:
        embeddings, clip_id = arrays["embeddings"].copy(), arrays["clip_id"]
    embeddings[:3] = 0
    np.savez(tmp_path / "face.npz", embeddings=embeddings, clip_id=clip_id)
    found = read_splits(tmp_path / "face.npz", folder / "voice.npz", folder / "manifest.csv")
    assert len(found["train"][0].clips) == len(splits["train"][0].clips) - 3
    assert "face.npz: 3 of" in caplog.text
