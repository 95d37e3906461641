"""A place that cannot be written into is told before the work."""

import errno
from pathlib import Path

import pytest

from pins_plugin.errors import PinsError
from pins_plugin.utils.writable import try_file, try_folder


def test_a_good_place_is_left_as_it_was(tmp_path: Path) -> None:
    try_folder(tmp_path / "new" / "deeper")
    try_file(tmp_path / "new" / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    for wrong in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(PinsError, match="is a file"):
            try_folder(wrong)
    with pytest.raises(PinsError, match="is a folder"):
        try_file(tmp_path)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PinsError, match="No space left"):
        try_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(PinsError, match="too long"):
        try_folder(tmp_path / ("n" * 300))
