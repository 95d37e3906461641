"""Many files with a file of results each: done once, by whatever worker, and never over those of another file."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.cli._each_video import do_once
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError


def _make(text: str):
    def make(path: Path) -> str:
        path.write_text(text)
        return "made"

    return make


def test_a_result_is_made_once_and_anew_when_file_or_options_change(tmp_path: Path) -> None:
    source, out = tmp_path / "a.mp4", tmp_path / "out"
    source.write_text("one")
    said, before = do_once(out, source, ".json", {"every": "0.3"}, _make("first"), "a")
    assert said == f"{source}: made; {out / 'a.json'}" and not before
    assert do_once(out, source, ".json", {"every": "0.3"}, _make("again"), "a")[1]
    assert (out / "a.json").read_text() == "first"
    assert not do_once(out, source, ".json", {"every": "0.5"}, _make("other options"), "a")[1]
    source.write_text("changed")
    assert not do_once(out, source, ".json", {"every": "0.5"}, _make("other file"), "a")[1]
    assert (out / "a.json").read_text() == "other file"


def test_results_of_another_file_are_not_replaced(tmp_path: Path) -> None:
    for name in "xy":
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.mp4").write_text(name)
    do_once(tmp_path, tmp_path / "x" / "a.mp4", ".json", {}, _make("x"), "a")
    with pytest.raises(MediaError, match="another file"):
        do_once(tmp_path, tmp_path / "y" / "a.mp4", ".json", {}, _make("y"), "a")
    assert (tmp_path / "a.json").read_text() == "x"


def test_files_of_one_stem_have_results_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in VoxCeleb, where each video has a 00001.mp4; in parts as in one."""
    for name in ("id1/talk/00001.mp4", "id2/talk/00001.mp4", "id2/00002.mp4"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(path, 64, 64, 25) as writer:
            for _ in range(len(name)):
                writer.add_image(np.full((64, 64, 3), 60, np.uint8))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pins_plugin.cli.tracks.make_tracker", lambda args: lambda video: [])
    for part in ("1/2", "2/2", "1/1"):
        assert main(["tracks", "in", "--out", "out", "--jobs", "0", "--shard", part]) == 0
    assert "0 done, 3 done before, 0 failed" in capsys.readouterr().err
    expected = ["id1/talk/00001.json", "id2/00002.json", "id2/talk/00001.json"]
    written = [path.relative_to("out").as_posix() for path in Path("out").glob("id*/**/*.json")]
    assert sorted(name for name in written if ".done" not in name) == expected
    shutil.copyfile(
        "in/id2/00002.mp4", "out/annotated.mp4"
    )  # a result, in the folder that is given
    assert main(["tracks", ".", "--out", "out", "--jobs", "0"]) == 0
    assert "of 3; " in capsys.readouterr().err
    assert main(["tracks", "in/id1", "--out", "one"]) == 0  # a folder that happens to hold one
    assert Path("one/talk/00001.json").is_file()
    assert main(["tracks", "in/id1/talk/00001.mp4", "gone.mp4", "--out", "one"]) == 2
    assert "pins tracks: gone.mp4: no such file; check the path\n" in capsys.readouterr().err
    shell = [*map(str, sorted(Path("in").rglob("*.mp4"))), "--out", "out", "--jobs", "0"]
    assert main(["tracks", *shell]) == 0  # the files themselves, below what they have in common
    assert "0 done, 3 done before, 0 failed" in capsys.readouterr().err


def test_a_video_named_as_a_file_of_the_run_keeps_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Totals are in summary.json; a.done.json says what a.json was made of."""
    videos = [tmp_path / f"{name}.mp4" for name in ("summary", "a", "a.done")]
    for number, path in enumerate(videos, start=1):
        with VideoWriter(path, 64, 64, 25) as writer:
            for _ in range(number):
                writer.add_image(np.full((64, 64, 3), 60, np.uint8))
    monkeypatch.setattr("pins_plugin.cli.tracks.make_tracker", lambda args: lambda video: [])
    out = tmp_path / "out"
    for _ in range(2):
        assert main(["tracks", *map(str, videos), "--out", str(out), "--jobs", "0"]) == 0
    assert json.loads((out / "summary.json").read_text())["already"] == 3
    for name, path in zip(("summary.mp4", "a", "a.done.mp4"), videos, strict=True):
        assert json.loads((out / f"{name}.json").read_text())["video"] == str(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tracks", ".", "--jobs", "1"], "expected a folder for the tracks"),
        (["sync", ".", "--jobs", "1"], "expected --out DIR"),
        (["link", ".", "--out", "out", "--jobs", "-1"], "--jobs: expected 0 or more"),
        (["link", ".", "--out", "out", "--shard", "3/2"], "--shard: expected i/n"),
        (["link", ".", "--out", "out", "--shard", "2/2"], "at most 1 parts"),
        (["link", ".", "--out", "out", "--limit", "0"], "--limit: expected 1 or more"),
        (["link", "nothing/*.mp4", "--out", "out"], "no file fits"),
        (["link", ".", "--out", "out", "--jobs", "1", "--corrections", "a.json"], "one video"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").write_text("no video")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_without_ray_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    (tmp_path / "a.mp4").write_text("no video")
    command = ["sync", str(tmp_path), "--out", str(tmp_path / "out"), "--ray", "local"]
    assert main(command) == 2
    assert "pip install 'pins_plugin[ray]'" in capsys.readouterr().err
