"""What failed, in a file: `failed.jsonl`, a row for each file with its error and where the whole Python error is."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pins_plugin.archive.claims import claimed
from pins_plugin.utils.files import write_text

FILE, TRACES = "failed.jsonl", "failed"


class Failures:
    """The failures of a folder of results; several runs may note theirs in one."""

    def __init__(self, out: Path) -> None:
        self.path = out / FILE
        self._traces = out / TRACES
        self._noted = set(self.read())

    def read(self) -> dict[str, dict[str, object]]:
        """Rows by path; lines that are damaged count for nothing."""
        rows: dict[str, dict[str, object]] = {}
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    row = json.loads(line)
                    rows[str(row["path"])] = row
                except (ValueError, TypeError, KeyError):
                    continue
        return rows

    def note(self, item: str, error: str, trace: str, tries: int) -> None:
        """Note a failure in place of an earlier one of the same file."""
        name = f"{Path(item).stem[:60]}-{hashlib.sha256(item.encode(errors='replace')).hexdigest()[:10]}.txt"
        write_text(self._traces / name, trace + "\n")
        with self._changed() as rows:
            rows[item] = {
                "path": item,
                "error": error,
                "traceback": f"{TRACES}/{name}",
                "tries": tries,
            }
        self._noted.add(item)

    def clear(self, item: str) -> None:
        """Take out a file that did not fail this time."""
        if item in self._noted:
            self._noted.discard(item)
            with self._changed() as rows:
                gone = rows.pop(item, None)
            if gone is not None:
                (self.path.parent / str(gone.get("traceback"))).unlink(missing_ok=True)

    @contextmanager
    def _changed(self) -> Iterator[dict[str, dict[str, object]]]:
        with claimed(self.path.parent, FILE, wait=True):
            rows = self.read()
            yield rows
            if rows:
                write_text(self.path, "".join(json.dumps(row) + "\n" for row in rows.values()))
            else:
                self.path.unlink(missing_ok=True)
