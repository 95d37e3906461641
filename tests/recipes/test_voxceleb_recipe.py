"""The VoxCeleb recipe: from a miniature tree with the released layout to a model that learnt."""

import json
import runpy
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tiny_clips import write_tiny_clips

from pins_plugin.cli import main
from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.training.tar_shards import ClipForm, HeldClips, read_index
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.simulation.corpus import CorpusSettings
from pins_plugin.simulation.voxceleb_tree import write_voxceleb_tree
from pins_plugin.train.experiment import run_experiment

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    "--device cpu --image_size 32 --seconds 0.5 --batch_size 8 --num_epochs 12 --embedding_dim 16"
)


def write_voxceleb1(clips_folder: Path, root: Path) -> None:
    """Lay tiny clips out as VoxCeleb1 is released: `wav/id.../video/00001.wav`, `unzippedFaces/Name/1.6/video/*.jpg`."""
    splits, meta = [], ["VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet"]
    for clip in read_manifest(write_tiny_clips(clips_folder, 40, 1)):
        number = int(clip.identity[1:])
        name, vox_id = f"Person_{number}", f"id1{number:04d}"
        voice = root / "wav" / vox_id / f"video{number:06d}" / "00001.wav"
        voice.parent.mkdir(parents=True)
        shutil.copy(clip.audio, voice)
        faces = root / "unzippedFaces" / name / "1.6" / f"video{number:06d}"
        faces.mkdir(parents=True)
        for index, picture in enumerate(sorted(clip.faces.iterdir())):
            shutil.copy(picture, faces / f"{25 * index:07d}.jpg")
        splits.append(f"{name} {1 if clip.split == 'train' else 2} ")
        meta.append(f"{vox_id}\t{name}\tf\tNowhere\tdev")
    (root / "identity_splits.txt").write_text("\n".join(splits))
    (root / "vox1_meta.csv").write_text("\n".join(meta))


def prepare(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["prepare.py", *arguments])
    runpy.run_path(str(ROOT / "recipes" / "VoxCeleb" / "prepare.py"), run_name="__main__")


def test_voxceleb1_tree_becomes_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, out = tmp_path / "vox1", tmp_path / "out"
    write_voxceleb1(tmp_path / "clips", root)
    damaged = root / "wav" / "id10000" / "video000000" / "00002.wav"
    damaged.write_bytes(b"RIFF")
    monkeypatch.chdir(tmp_path)
    prepare(monkeypatch, "voxceleb1", "--root", "vox1", "--out", "out")
    (skipped,) = (out / "skipped.csv").read_text().splitlines()[1:]
    assert skipped.startswith("vox1/wav/id10000/video000000/00002.wav,not a readable media file")
    run_experiment(
        [
            str(ROOT / "hparams" / "pins_curriculum.yaml"),
            *SMALL.split(),
            *("--manifest", str(out / "manifest.csv")),
            *("--output_folder", str(tmp_path / "run")),
        ]
    )
    losses = (tmp_path / "run" / "train_log.txt").read_text().split("train loss: ")[1:]
    assert float(losses[-1].split()[0]) < 0.5  # collapsed or at random: about 1
    assert load_model_folder(tmp_path / "run" / "model").settings["validation"]["roc_auc"] > 0.8


def test_simulated_tree_is_prepared_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_folder: Path
) -> None:
    settings = CorpusSettings(
        people=12,
        clips_per_person=1,
        num_images=2,
        words=1,
        image_size=48,
        splits=(0.5, 0.0, 0.5),
        test_clips=2,
        seen_heard=3,
    )
    root = write_voxceleb_tree(tmp_path / "mini", settings, jobs=1, quiet=True)
    lists, out = root.with_name("lists"), tmp_path / "out"
    files = ["--splits", str(lists / "identity_splits.txt"), "--lists", str(lists)]
    prepare(
        monkeypatch,
        "voxceleb1",
        "--root",
        str(root),
        "--out",
        str(out),
        *files,
        "--tar",
        "--jobs",
        "0",
        "--image_size",
        "48",
    )
    (shard,) = read_index(str(out / "shards"))["shards"]
    assert (shard["split"], shard["samples"]) == ("train", 6)
    held = HeldClips(str(out / "shards"), "train", ClipForm(48))
    clips = read_manifest(out / "manifest.csv")
    counts = Counter(clip.split for clip in clips)
    assert counts == {"train": 6, "test": 2 * 6 + 2 * 3}
    trained = {clip.video: clip for clip in clips if clip.split == "train"}
    assert {clip.video for clip in held.clips} == set(trained)
    video = trained[held.clips[0].video]
    np.testing.assert_array_equal(held.faces(0), load_faces(video.faces, 48, num_frames=4))
    assert all(set(clip.attributes) == {"gender", "nationality"} for clip in clips)
    options = ["--lists", str(lists), "--root", str(root), "--out", str(tmp_path / "scores")]
    assert main(["benchmark", "pins", "--model", str(model_folder), "--quiet", *options]) == 0
    report = json.loads((tmp_path / "scores" / "results.json").read_text())
    assert report["missing"]["files"] == []
    assert set(report["verification"]) == {"seenheard", "unseenunheard"}


def test_empty_tree_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="no clip found"):
        prepare(monkeypatch, "voxceleb2", "--root", str(tmp_path), "--out", str(tmp_path / "out"))
