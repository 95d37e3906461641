"""What benchmarks/house.py reads off the source, and what benchmarks/house_watch.py notes of a command."""

import json
import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import house_source  # noqa: E402

SOURCE = '''"""Of a module.

Two lines.
"""

from dataclasses import dataclass

# Of boxes;
# learnt on ten clips
OVERLAP = 0.5
LONGEST = 3.0  # seconds; chosen, not measured
FIRST, SECOND = 1, -2.0  # frames
NAMES = ("a", "b")
TWICE = 2 * OVERLAP


@dataclass
class TrackSettings:
    """How.

    Parameters
    ----------
    gap, pause : float
        As in silero-vad.
    """

    gap: float = 1.0
    pause: float = 2.0
    name: str = "x"


@dataclass
class Track:
    start: float = 0.0
'''


def write(folder: Path) -> Path:
    path = folder / "pins_plugin" / "pipelines" / "one.py"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    return path


def test_numbers_that_decide_and_what_is_said_of_them(tmp_path: Path) -> None:
    write(tmp_path)
    modules = ["pins_plugin", "pins_plugin.pipelines.one", "pins_plugin.cli.link"]
    found = house_source.find_constants(tmp_path, modules)
    assert [(each.name, each.origin) for each in found] == [
        ("OVERLAP", "reason"),
        ("LONGEST", "chosen"),
        ("FIRST", "nothing"),
        ("SECOND", "nothing"),
        ("gap", "reason"),
        ("pause", "reason"),
    ]


def test_code_is_neither_empty_nor_comment_nor_docstring(tmp_path: Path) -> None:
    assert house_source.count_code(write(tmp_path)) == 14


def test_repeated_base_names() -> None:
    names = ["a/people.py", "b/people.py", "a/__init__.py", "b/__init__.py", "a/x.py"]
    assert house_source.repeated_names([Path(name) for name in names]) == {"people.py": 2}


def test_a_command_is_watched(tmp_path: Path) -> None:
    command = [sys.executable, BENCHMARKS / "house_watch.py", "simulate", "scenes", tmp_path / "s"]
    few = ["--seconds", "5", "--people", "1", "--off_screen", "0", "--jobs", "1", "--quiet"]
    done = subprocess.run(
        [*command, *few], cwd=BENCHMARKS.parent, env={**os.environ, "PYTHONPATH": "."}, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stderr.splitlines()[-1])
    assert "pins_plugin.cli.simulate" in found["loaded"]
    assert any(name.endswith("simulation/scenes.py") for name in found["entered"])
    assert not any(name.endswith("pipelines/linking/pipeline.py") for name in found["entered"])
    assert found["functions"] >= len(found["entered"]) > 0 and found["voices"] == {}
