"""Which part of a task ends its process: the one that was begun last, when a process was killed at it again."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

TWICE = 2  # once may be a kill from outside, which blames nobody


class Attempts:
    """What was begun in a task, in a file that is there only while it is worked on, or after a process died at it.

    Parameters
    ----------
    path : Path
        A line for each part that was begun; an empty one before each attempt.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        last = [block.split("\n")[-1] for block in text.rstrip("\n").split("\n\n")]
        count = Counter(map(_name, last))
        self.deadly = {name for name in count if name is not None and count[name] >= TWICE}

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Work on the task: whatever Python gets to know of ends it without blame."""
        try:
            with self._path.open("a", encoding="utf-8") as self._file:
                self._file.write("\n")
                yield
        finally:
            self._path.unlink(missing_ok=True)

    def begin(self, name: str) -> None:
        """Note that a part is begun."""
        assert self._file is not None
        self._file.write(f"{json.dumps(name)}\n")
        self._file.flush()


def _name(line: str) -> str | None:
    try:
        return str(json.loads(line))
    except ValueError:  # nothing was begun, or a line that is not whole
        return None
