"""What a killed process leaves is removed by the next one; what a living process writes stays."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pins_plugin.utils import exchange, files, unfinished
from pins_plugin.utils.files import atomic_contents, atomic_folder, atomic_path
from pins_plugin.utils.unfinished import OLD, PREFIX, TARGET, remove_leftovers

WRITER = """
import sys, time
from pins_plugin.utils.files import atomic_path
with atomic_path(sys.argv[1]) as path:
    path.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def _start_writer(path: Path) -> subprocess.Popen:
    root = Path(__file__).resolve().parents[2]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert writer.stdout.readline() == b"writing\n"
    return writer


def test_leftovers_of_the_dead_are_removed_and_the_living_write_on(tmp_path: Path) -> None:
    writer = _start_writer(tmp_path / "a.txt")
    try:
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.glob(f"{PREFIX}*/a.txt"))) == 1  # it lives
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    with atomic_path(tmp_path / "b.txt") as path:
        path.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_a_folder_that_is_just_being_made_is_no_leftover(tmp_path: Path) -> None:
    folder = tmp_path / f"{PREFIX}young"
    folder.mkdir()
    remove_leftovers(tmp_path)
    assert folder.exists()
    os.utime(folder, (0, time.time() - 2 * unfinished.YOUNG))
    remove_leftovers(tmp_path)
    assert not folder.exists()


def test_without_locks_only_old_leftovers_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "fcntl", None)
    folder = tmp_path / f"{PREFIX}other"
    folder.mkdir()
    (folder / "half").write_text("half")
    remove_leftovers(tmp_path)
    assert folder.exists()
    for path in (folder / "half", folder):
        os.utime(path, (0, time.time() - 2 * unfinished.FORGOTTEN))
    remove_leftovers(tmp_path)
    assert not folder.exists()


@pytest.mark.parametrize("one_step", [True, False])
def test_a_folder_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_step: bool
) -> None:
    if not one_step:
        monkeypatch.setattr(exchange, "exchange", lambda first, second: False)
    for name in ("first", "second"):
        with atomic_folder(tmp_path / "model") as folder:
            (folder / name).write_text(name)
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["second"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.skipif(sys.platform != "linux", reason="one step on Linux only")
def test_an_exchange_is_one_step_here(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert exchange.exchange(tmp_path / "first", tmp_path / "second")
    assert (tmp_path / "first" / "second").exists() and (tmp_path / "second" / "first").exists()


def test_an_exchange_killed_halfway_is_undone(tmp_path: Path) -> None:
    left = tmp_path / f"{PREFIX}dead"
    (left / OLD).mkdir(parents=True)
    (left / OLD / "weights").write_text("old")
    (left / TARGET).symlink_to("model")
    remove_leftovers(tmp_path)
    assert (tmp_path / "model" / "weights").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_mount_point_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volume = tmp_path / "volume"
    (volume / "sub").mkdir(parents=True)
    (volume / "stale").write_text("old")
    monkeypatch.setattr(files.os.path, "ismount", lambda path: Path(path) == volume)
    before = volume.stat().st_ino
    with atomic_folder(volume) as folder:
        assert folder.is_relative_to(volume)  # another file system cannot be renamed into
        (folder / "weights").write_text("new")
        (folder / "sub").mkdir()
        (folder / "sub" / "b").write_text("b")
    assert sorted(path.name for path in volume.iterdir()) == ["sub", "weights"]
    assert (volume / "sub" / "b").exists() and volume.stat().st_ino == before


def test_contents_come_from_inside_the_folder_and_the_mark_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("of the user")
    (out / "z.txt").write_text("of an earlier run")
    moved: list[str] = []
    replace = Path.replace

    def note(path: Path, target: Path) -> Path:
        moved.append(Path(target).name)
        return replace(path, target)

    with atomic_contents(out, last="links.json", owned=("z.txt",)) as folder:
        assert folder.parent == out
        for name in ("links.json", "page.html", "a.rttm"):
            (folder / name).write_text("new")
        monkeypatch.setattr(Path, "replace", note)
    assert moved == ["a.rttm", "page.html", "links.json"]
    assert sorted(p.name for p in out.iterdir()) == [
        "a.rttm",
        "links.json",
        "mine.txt",
        "page.html",
    ]


def test_failed_contents_leave_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_contents(tmp_path / "out"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_the_longest_names_can_be_written(tmp_path: Path) -> None:
    name = "n" * 250
    with atomic_path(tmp_path / f"{name}.txt") as path:
        path.write_text("long")
    with atomic_folder(tmp_path / name) as folder:
        (folder / "a").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, f"{name}.txt"]


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Files cannot be larger than 10 kB."""
    resource = pytest.importorskip("resource", reason="the system knows no limit of a file's size")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_disk")
def test_what_finds_no_room_names_the_file_that_was_to_be(tmp_path: Path) -> None:
    """Neither none nor a hidden one that is gone."""
    with pytest.raises(OSError) as alone:
        files.write_text(tmp_path / "a.txt", 20_000 * "a")
    with pytest.raises(OSError) as among, atomic_contents(tmp_path / "out") as folder:
        files.write_text(folder / "b.txt", 20_000 * "b")
    with pytest.raises(OSError) as unknown, atomic_contents(tmp_path / "out") as folder:
        (folder / "c.txt").write_text(20_000 * "c")
    with pytest.raises(OSError) as whole, atomic_folder(tmp_path / "d") as folder:
        files.write_text(folder / "d.txt", 20_000 * "d")
    named = [found.value.filename for found in (alone, among, unknown, whole)]
    assert named == [str(tmp_path / name) for name in ("a.txt", "out/b.txt", "out", "d")]
    assert list(tmp_path.iterdir()) == []
