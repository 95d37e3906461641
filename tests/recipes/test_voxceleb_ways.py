"""The VoxCeleb recipe writes the same bytes in whatever processes, and in parts."""

import hashlib
import os
import runpy
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pins_plugin.archive import unreadable
from pins_plugin.data.training.tar_shards import read_files, read_index
from pins_plugin.simulation.corpus import CorpusSettings
from pins_plugin.simulation.voxceleb_tree import write_voxceleb_tree

ROOT = Path(__file__).resolve().parents[2]
WAYS = {
    "here": ["--jobs", "0"],
    "jobs": ["--jobs", "2", "--cpus_per_worker", "1"],
    "ray": ["--jobs", "2", "--cpus_per_worker", "1", "--ray", "local"],
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve clips of six people in VoxCeleb1's layout; the sound of one is damaged, and one of the pictures of another."""
    settings = CorpusSettings(
        people=6, clips_per_person=2, num_images=3, words=1, image_size=48, splits=(0.7, 0.3, 0.0)
    )
    root = write_voxceleb_tree(tmp_path_factory.mktemp("mini"), settings, jobs=1, quiet=True)
    sorted((root / "wav").rglob("*.wav"))[3].write_bytes(b"RIFF")
    sorted((root / "unzippedFaces").rglob("*.jpg"))[0].write_bytes(b"no picture")
    return root


class Recipe:
    """Runs the recipe in the same place each time, of which file names depend."""

    def __init__(self, tree: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tree, self.out, self._monkeypatch = tree, folder / "out", monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))

    def run(self, *options: str) -> None:
        people = self.tree.parent / "lists"
        lists = ["--splits", people / "identity_splits.txt", "--meta", people / "vox1_meta.csv"]
        arguments = ["voxceleb1", "--root", self.tree, "--out", self.out, *lists, *options]
        self._monkeypatch.setattr(sys, "argv", ["prepare.py", *map(str, arguments)])
        runpy.run_path(str(ROOT / "recipes" / "VoxCeleb" / "prepare.py"), run_name="__main__")

    def clear(self) -> None:
        """Begin anew; linked pictures stay, for a file that is newer has other notes."""
        for path in self.out.iterdir():
            if path.name != "faces":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def state(self) -> dict[str, str]:
        """Checksums of all files but the totals of a run, which say how long it took."""
        return {
            str(path.relative_to(self.out)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.out.rglob("*"))
            if path.is_file() and not path.name.startswith(("summary", "."))
        }

    def samples(self) -> dict[str, dict[str, bytes]]:
        """Contents of all shards that the indexes name."""
        folder = self.out / "shards"
        names = [shard["name"] for shard in read_index(str(folder))["shards"]]
        return {key: files for name in names for key, files in read_files(folder / name)}


@pytest.fixture
def recipe(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    return Recipe(tree, tmp_path, monkeypatch)


TAR = ("--tar", "--image_size", "48")


@pytest.mark.parametrize(
    "way",
    ["jobs", pytest.param("ray", marks=pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray"))],
)  # fmt: skip
def test_each_way_writes_the_same_bytes(recipe: Recipe, way: str) -> None:
    recipe.run(*TAR, *WAYS["here"])
    expected = recipe.state()
    assert {"manifest.csv", "skipped.csv", "shards/index.json", "shards/train-000000.tar"} <= expected.keys()  # fmt: skip
    assert len(recipe.samples()) == 10
    recipe.clear()
    try:
        recipe.run(*TAR, *WAYS[way])
    finally:
        if way == "ray":
            __import__("ray").shutdown()
    assert recipe.state() == expected


def test_parts_are_the_whole(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe.run(*TAR, *WAYS["here"])
    whole = {name: (recipe.out / name).read_bytes() for name in ("manifest.csv", "skipped.csv")}
    samples = recipe.samples()
    recipe.clear()
    for number in (1, 2):
        recipe.run(*TAR, *WAYS["here"], "--shard", f"{number}/2")
    for name in whole:
        stem, ending = name.split(".")
        parts = [(recipe.out / f"{stem}-{n}-of-2.{ending}").read_bytes() for n in (1, 2)]
        rows = [row for part in parts for row in part.splitlines()]
        assert len(set(rows)) == len(set(whole[name].splitlines()))
        assert set(rows) == set(whole[name].splitlines())
    assert recipe.samples() == samples
    monkeypatch.setattr(unreadable, "find_fault", lambda clip: 1 / 0)  # everything was looked at
    recipe.run(*WAYS["here"])
    assert (recipe.out / "manifest.csv").read_bytes().count(b"\n") == 12  # a picture of one clip
    recipe.run(*TAR, *WAYS["here"])
    assert {name: (recipe.out / name).read_bytes() for name in whole} == whole


def test_what_shards_leave_out_is_said(recipe: Recipe) -> None:
    with pytest.raises(SystemExit, match=r"2 clips cannot be read, see skipped\.csv"):
        recipe.run(*TAR, *WAYS["here"], "--strict")
    rows = (recipe.out / "skipped.csv").read_text().splitlines()[1:]
    assert len(rows) == 2 and all(row.startswith(str(recipe.tree / "wav")) for row in rows)
    manifest = (recipe.out / "manifest.csv").read_text()
    assert not any(row.split(",")[0] in manifest for row in rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "--limit: expected 1 or more"),
        (["--limit", "-1"], "--limit: expected 1 or more"),
        (["--shard", "0/2"], "--shard: expected i/n"),
        (["--shard", "13/13"], "at most 12 parts"),
        (["--jobs", "-1"], "--jobs: expected 0 or more"),
    ],
)
def test_mistakes_are_one_line(recipe: Recipe, options: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        recipe.run(*options)
    assert not (recipe.out / "manifest.csv").exists()
