"""What is blamed for the death of a process: what was begun last, twice."""

from pathlib import Path

import pytest

from pins_plugin.archive.attempts import Attempts


def _die_at(path: Path, *names: str) -> None:
    """Leave what a killed process leaves."""
    attempts = Attempts(path)
    with pytest.raises(KeyboardInterrupt), attempts.noted():
        for name in names:
            attempts.begin(name)
        text = path.read_text()
        raise KeyboardInterrupt
    assert not path.exists()  # of a stop that Python knows of nothing is left
    path.write_text(text)


def test_only_what_killed_twice_is_deadly(tmp_path: Path) -> None:
    path = tmp_path / "a.at"
    assert not Attempts(path).deadly
    _die_at(path, "one", "two\nlines")
    assert not Attempts(path).deadly
    _die_at(path)  # before anything was begun
    _die_at(path, "one")
    assert not Attempts(path).deadly
    _die_at(path, "one", "two\nlines")
    assert Attempts(path).deadly == {"two\nlines"}
    path.write_text(path.read_text()[:-4])  # a line that is not whole
    assert not Attempts(path).deadly
