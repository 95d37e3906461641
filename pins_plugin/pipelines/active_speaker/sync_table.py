"""What was found about the synchrony of files, as rows of a table: one for each file, shot, person, and the drift."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

from pins_plugin.inference.synchronizer import SyncResult
from pins_plugin.pipelines.active_speaker.synchronization import ANSWERS, VideoSync
from pins_plugin.utils.text import csv_table, table_cell

SYNC_COLUMNS = ("file", "part", "decision", "offset_ms", "offset_frames", "confidence", "drift_ms_per_minute", "over", "error")  # fmt: skip


class SyncRow(NamedTuple):
    """One line: of the file (`part` is "file"), "shot 3", "person PERSON_01", or "15 - 30 s"."""

    file: str
    part: str
    result: SyncResult | None
    drift: float | None = None
    over: bool = False
    error: str = ""


def sync_rows(file: str, found: VideoSync, limit: float | None = None) -> Iterator[SyncRow]:
    """Give the lines of one file, of each shot, each person and each stretch that the drift was read from.

    `over` is said where the offset is known and beyond `limit` milliseconds, either way.
    """
    results = {"file": found.result}
    results |= {f"shot {shot}": result for shot, result in found.per_shot.items()}
    results |= {f"person {person}": result for person, result in found.per_person.items()}
    for start, end, result in found.drift.windows if found.drift else ():
        results[f"{start:.0f} - {end:.0f} s"] = result
    drift = found.drift.milliseconds_per_minute if found.drift else None
    return _rows(file, results, drift, limit)


def _rows(
    file: str, results: Mapping[str, SyncResult], drift: float | None, limit: float | None
) -> Iterator[SyncRow]:
    for part, result in results.items():
        far = limit is not None and abs(1000 * result.offset_seconds) > limit
        over = far and result.decision in ANSWERS
        yield SyncRow(file, part, result, drift if part == "file" else None, over)


def to_plain(found: VideoSync) -> dict[str, Any]:
    """All that was found of one file, as JSON keeps it; `from_plain` gives the rows back."""
    rows = list(sync_rows("", found))
    parts = {row.part: plain_result(row.result) for row in rows[1:] if row.result}
    return {**plain_result(found.result), "drift_ms_per_minute": rows[0].drift, "parts": parts}


def plain_result(result: SyncResult) -> dict[str, object]:
    """One result as JSON keeps it."""
    return asdict(result) | {"confidence": round(result.confidence, 4)}


def from_plain(
    file: str, plain: Mapping[str, Any], limit: float | None = None
) -> Iterator[SyncRow]:
    """Give the lines of one file again, from what `to_plain` made of them."""

    def read(value: Mapping[str, Any]) -> SyncResult:
        return SyncResult(**{each.name: value[each.name] for each in fields(SyncResult)})

    parts = {part: read(value) for part, value in plain["parts"].items()}
    return _rows(file, {"file": read(plain), **parts}, plain["drift_ms_per_minute"], limit)


def write_sync_table(rows: Iterable[SyncRow]) -> str:
    """Write rows as CSV; offsets are empty where nobody can tell."""
    lines = []
    for row in rows:
        cells: list[object] = ["", "", "", ""]
        if row.result is not None:
            known = row.result.decision in ANSWERS
            cells = [
                row.result.decision,
                round(1000 * row.result.offset_seconds) if known else "",
                row.result.offset_frames if known else "",
                f"{row.result.confidence:.3f}",
            ]
        drift = "" if row.drift is None else f"{row.drift:.1f}"
        over = "yes" if row.over else "no" if row.result is not None else ""
        name = table_cell(Path(row.file).as_posix())
        lines.append([name, table_cell(row.part), *cells, drift, over, row.error])
    return csv_table(SYNC_COLUMNS, lines)
