"""The PINs benchmark on a miniature of VoxCeleb1: right numbers, each file once, missing files named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.errors import MediaError
from pins_plugin.evaluation.items import Bootstrap
from pins_plugin.evaluation.pins_benchmark import run_pins_benchmark
from pins_plugin.evaluation.pins_lists import read_pins_lists
from pins_plugin.report.benchmark_tables import pins_tables

BOOTSTRAP = Bootstrap(0, num_replicates=20)


def _person(path: Path) -> int:
    """Which of the six people a path belongs to."""
    folder = next(part for part in path.parts if part.startswith(("Person_", "id1000")))
    return ord(folder[7]) - ord("A") if folder.startswith("Person_") else int(folder[-1])


def _truth(paths: list[Path]) -> np.ndarray:
    return np.eye(6, dtype=np.float32)[[_person(path) for path in paths]]


def test_embeddings_that_know_the_person_score_one(miniature) -> None:
    asked: list[Path] = []

    def embed(paths):
        asked.extend(paths)
        return _truth(paths)

    lists = read_pins_lists(miniature.lists)
    report = run_pins_benchmark(lists, miniature.root, embed, embed, bootstrap=BOOTSTRAP)
    random = report["verification"]["unseenunheard"]["random"]
    assert random["roc_auc"] == 1 and random["eer"] == 0
    assert random["num_pairs"] == random["num_listed"] == 24
    assert random["same_video"]["num_pairs"] == random["other_video"]["num_pairs"] == 18
    assert {row["known"] for row in random["published"]} == {"read", "remembered"}
    assert report["matching"]["face_to_voice"]["U"]["accuracy"] == 1
    assert report["retrieval"]["voice_to_face"]["map"]["value"] == 1
    assert report["missing"] == {"faces": 0, "voices": 0, "files": []}
    assert len(asked) == len(set(asked)) == 24


def test_missing_and_unreadable_files_are_counted_and_named(miniature, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(miniature.root, root)
    next(iter(root.glob("unzippedFaces/Person_A./1.6/a*/*.jpg"))).unlink()
    lists = read_pins_lists(miniature.lists)

    def voices(paths):
        embeddings = _truth(paths)
        embeddings[0] = np.nan  # cannot be read
        return embeddings

    report = run_pins_benchmark(lists, root, _truth, voices, bootstrap=BOOTSTRAP)
    assert report["missing"]["faces"] == 1 and report["missing"]["voices"] == 1
    assert "id10000/a1_b2-C3d4_/25" in report["missing"]["files"]
    scored = report["verification"]["unseenunheard"]["random"]
    assert scored["num_pairs"] < scored["num_listed"] == 24
    assert scored["roc_auc"] == 1


def test_a_folder_without_the_media_is_refused(miniature, tmp_path: Path) -> None:
    lists = read_pins_lists(miniature.lists)
    for root, message in ((tmp_path / "none", "no such folder"), (tmp_path, "found none")):
        with pytest.raises(MediaError, match=message):
            run_pins_benchmark(lists, root, _truth, _truth)
    (tmp_path / "id10000" / "unlisted").mkdir(parents=True)
    (tmp_path / "id10000" / "unlisted" / "00001.wav").touch()
    report = run_pins_benchmark(lists, tmp_path, _truth, _truth)
    assert report["missing"]["faces"] == len(lists.faces())
    table = pins_tables(report)
    assert (
        "0 of 24" in table and "78.5*" in table
    )  # nothing of ours, the published numbers all the same


def test_command_scores_a_model_and_goes_on_where_it_stopped(
    miniature, model_folder: Path, tmp_path: Path, capsys
) -> None:
    command = ["benchmark", "pins", "--model", str(model_folder), "--lists", str(miniature.lists)]
    command += ["--root", str(miniature.root), "--out", str(tmp_path / "out"), "--quiet"]
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "PAEFF" in text and "78.5*" in text and "24 of 24" in text
    shards = list((tmp_path / "out" / "embeddings").iterdir())
    times = [shard.stat().st_mtime_ns for shard in shards]
    first = json.loads((tmp_path / "out" / "results.json").read_text())
    assert main(command) == 0
    assert [shard.stat().st_mtime_ns for shard in shards] == times
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == first
    assert (tmp_path / "out" / "missing.txt").read_text() == ""


def test_command_says_what_is_wrong_in_one_line(model_folder, miniature, tmp_path, capsys) -> None:
    command = ["benchmark", "pins", "--model", str(model_folder), "--root", str(miniature.root)]
    assert main([*command, "--lists", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err
    assert "no such folder" in error and error.count("\n") == 1
