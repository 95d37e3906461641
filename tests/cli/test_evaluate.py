"""pins evaluate: table, JSON and pictures; one line for each of a user's mistakes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.cli.evaluate import choose_split
from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.evaluation import cross_modal


@pytest.fixture(autouse=True)
def few_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cross_modal.evaluate_cross_modal.__kwdefaults__, "num_replicates", 20)


def test_everything_is_written(
    model_folder: Path, noise_manifest: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "scores"
    assert main(["evaluate", str(model_folder), str(noise_manifest), "--out", str(out)]) == 0
    assert {file.name for file in out.iterdir()} == {
        "results.json", "table.md", "roc.png", "matching.png", "map.png",
    }  # fmt: skip
    unseen = json.loads((out / "results.json").read_text())["unseen"]
    assert {"roc_auc", "ci95", "chance", "oracle", "eer"} <= set(unseen["verification"])
    assert list(unseen["matching"]) == [str(n) for n in range(2, 9)]  # eight people
    assert {"recall_at_1", "map"} <= set(unseen["retrieval"]["face_to_voice"])
    assert unseen["strata"]["G"]["num_identities"] == 8
    assert "verification AUC" in capsys.readouterr().out


def test_scores_by_group_go_into_the_card(model_folder, noise_manifest, tmp_path: Path) -> None:
    shutil.copytree(model_folder, tmp_path / "model")
    assert main(["evaluate", str(tmp_path / "model"), str(noise_manifest), "--card"]) == 0
    card = (tmp_path / "model" / "README.md").read_text()
    assert card.startswith((model_folder / "README.md").read_text().rstrip())
    assert "## Measured" in card and "### By group" in card and "8 people whom no training" in card


def test_a_manifest_without_splits_is_scored_whole(model_folder, noise_manifest, capsys) -> None:
    text = noise_manifest.read_text().replace("split", "part", 1)
    whole = noise_manifest.with_name("whole.csv")
    whole.write_text(text)
    assert main(["evaluate", str(model_folder), str(whole), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["split"] == "all" and report["unseen"]["num_identities"] == 12


@pytest.mark.parametrize(("people", "split"), [(2, "valid"), (1, "all")])
def test_without_a_test_split_what_is_scored_instead_is_said(
    noise_manifest, tmp_path: Path, capsys, people, split
) -> None:
    rows = [f"c{i},p{i},v{i},f.png,s.wav,{'valid' if i < people else 'train'}" for i in range(4)]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(["clip_id,identity,video,faces,audio,split", *rows]))
    assert choose_split(manifest, None, media=True) == (None if split == "all" else split)
    said = capsys.readouterr().err
    assert "no row of split 'test'" in said and ("every row" if split == "all" else "valid") in said
    assert choose_split(noise_manifest, None, media=True) == "test"
    assert choose_split(manifest, "train", media=True) == "train" and not capsys.readouterr().err


def test_people_of_the_training_are_scored_apart(model_folder, noise_manifest, capsys) -> None:
    command = ["evaluate", str(model_folder), str(noise_manifest), "--split", "all", "--json"]
    assert main(command) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["unseen"]["num_identities"] == 8 and report["seen"]["num_identities"] == 4


def test_the_oracle_beside_the_manifest_is_found(
    model_folder, noise_manifest, tmp_path: Path, capsys
) -> None:
    from pins_plugin.simulation.oracle import save_people
    from pins_plugin.simulation.person import sample_person

    folder = tmp_path / "clips"
    shutil.copytree(noise_manifest.parent, folder)
    names = sorted({clip.identity for clip in read_manifest(noise_manifest)})
    people = [sample_person(0, index) for index in range(len(names))]
    renamed = [
        type(person)(**(vars(person) | {"identity": name}))
        for person, name in zip(people, names, strict=True)
    ]
    save_people(folder / "people.npz", renamed)
    assert main(["evaluate", str(model_folder), str(folder / "manifest.csv"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert 0.6 < report["unseen"]["verification"]["oracle"] <= 1


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("", "the manifest is empty"),
        ("clip_id,identity,video,faces,audio\n", "the manifest is empty"),
        ("clip_id,identity\na,b\n", "expected columns"),
        ("clip_id,identity,video,faces,audio,split\na,b,v,x.png,y.wav,train\n", "no row of split"),
        ("clip_id,identity,video,faces,audio,split\na,b,v,x.png,y.wav,test\n", "no such file"),
        (None, "no such file; expected the manifest"),
    ],
)
def test_bad_manifests_are_one_line(
    model_folder, tmp_path: Path, capsys, manifest, message
) -> None:
    path = tmp_path / "manifest.csv"
    if manifest is not None:
        path.write_text(manifest)
    out = tmp_path / "scores"
    assert main(["evaluate", str(model_folder), str(path), "--out", str(out), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not out.exists()


def test_a_truncated_checkpoint_is_one_line(model_folder, noise_manifest, tmp_path, capsys) -> None:
    shutil.copytree(model_folder, tmp_path / "model")
    weights = tmp_path / "model" / "face_encoder.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    assert main(["evaluate", str(tmp_path / "model"), str(noise_manifest)]) == 2
    error = capsys.readouterr().err
    assert "truncated" in error and error.count("\n") == 1


def test_a_clip_without_identity_is_left_out(
    model_folder, noise_manifest, tmp_path, capsys
) -> None:
    lines = noise_manifest.read_text().splitlines()
    folder = tmp_path / "clips"
    shutil.copytree(noise_manifest.parent, folder)
    nameless = [line.replace(",p11,", ",,") for line in lines]
    (folder / "manifest.csv").write_text("\n".join(nameless))
    assert main(["evaluate", str(model_folder), str(folder / "manifest.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unseen"]["num_identities"] == 7


def test_scores_are_numbers_of_a_known_kind(model_folder, noise_manifest, capsys) -> None:
    main(["evaluate", str(model_folder), str(noise_manifest), "--json"])
    report = json.loads(capsys.readouterr().out)["unseen"]
    low, high = report["verification"]["ci95"]
    assert 0 <= low <= report["verification"]["roc_auc"] <= high <= 1
    assert np.isclose(report["matching"]["4"]["chance"], 0.25)


def test_a_model_of_features_is_scored_on_features(tmp_path: Path, capsys) -> None:
    """Heads that do nothing, over embeddings that already agree: everything is right."""
    from pins_plugin.models.folder.model_folder import save_model_folder
    from pins_plugin.models.folder.module_registry import make_module
    from pins_plugin.models.layers.heads import FeatureHead

    generator = np.random.default_rng(0)
    people = np.repeat(generator.normal(size=(12, 6)), 2, axis=0).astype(np.float32)
    clips = [f"c{index:02d}" for index in range(24)]
    rows = [f"{clip},p{index // 2:02d},v{index},test" for index, clip in enumerate(clips)]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(["clip_id,identity,video,split", *rows]))
    np.savez(tmp_path / "face.npz", embeddings=people, clip_id=np.array(clips))
    np.savez(tmp_path / "voice.npz", embeddings=people[2:], clip_id=np.array(clips[2:]))
    heads = {}
    for side, name in enumerate(("face_head", "voice_head")):
        options = {"input_dim": 6, "side": side, "num_closed_forms": 1, "num_directions": 6}
        heads[name] = make_module(FeatureHead, **options)
    heads["voice_head"].load_state_dict(heads["face_head"].state_dict())
    save_model_folder(tmp_path / "model", heads, {}, "# Card\n")
    command = ["evaluate", str(tmp_path / "model"), str(manifest), "--json"]
    files = ["--face_embeddings", str(tmp_path / "face.npz")]
    assert main([*command, *files]) == 2
    assert "expected both" in capsys.readouterr().err
    files += ["--voice_embeddings", str(tmp_path / "voice.npz"), "--out", str(tmp_path / "out")]
    assert main([*command, *files]) == 0
    report = json.loads(capsys.readouterr().out)["unseen"]
    assert report["num_identities"] == 11 and report["num_faces"] == 24
    assert report["verification"]["roc_auc"] > 0.99
    assert main([*command, *files, "--split", "valid"]) == 2


def test_a_broken_clip_costs_itself_only(
    model_folder: Path, noise_manifest: Path, tmp_path: Path, capsys
) -> None:
    from dataclasses import replace

    from pins_plugin.data.corpora.manifest import write_manifest

    clips = read_manifest(noise_manifest)
    (tmp_path / "broken.png").write_text("no picture")
    index = next(number for number, clip in enumerate(clips) if clip.split == "test")
    clips[index] = replace(clips[index], faces=tmp_path / "broken.png")
    write_manifest(tmp_path / "manifest.csv", clips)
    command = ["evaluate", str(model_folder), str(tmp_path / "manifest.csv"), "--json", "--quiet"]
    assert main(command) == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out)["unseen"]["num_faces"] == 15
    last = printed.err.splitlines()[-1]
    assert "1 of 16 clips" in last and clips[index].clip_id in last
    assert "broken.png" in printed.err
