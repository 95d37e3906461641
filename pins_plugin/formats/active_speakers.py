"""Which face speaks, for each face and picture: a table of probabilities, and the layout of AVA-ActiveSpeaker.

A face's probability is the confidence of the turn that is linked to it. What a turn's confidence leaves over is shared by
the other faces in the picture and whoever is out of it; where nobody speaks it is zero.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import MissingExtraError
from pins_plugin.formats.boxes import Picture
from pins_plugin.utils.text import csv_table, one_line, table_cell

SPEAKING, SILENT = "SPEAKING_AUDIBLE", "NOT_SPEAKING"
SPEAKER_COLUMNS = ("time", "track", "person", "x1", "y1", "x2", "y2", "speaking")
THRESHOLD = 0.5


class FaceRow(NamedTuple):
    """One face at one time: seconds, the face's track and person, box in pixels, probability that it speaks."""

    time: float
    track: str
    person: str
    box: tuple[float, float, float, float]
    speaking: float


def active_speakers(linked: LinkedVideo, rate: float | None = None) -> Iterator[FaceRow]:
    """Tell for each face and time how probable it is that it speaks.

    Parameters
    ----------
    rate : float, optional
        Rows a second; the times of the video's pictures when not given.

    Yields
    ------
    row : FaceRow
        Track by track, each in order of time.
    """
    for track in linked.tracks:
        times, boxes = track.times, track.boxes
        if rate is not None:
            times = _grid(track, rate)
            columns = [np.interp(times, track.times, track.boxes[:, side]) for side in range(4)]
            boxes = np.stack(columns, axis=1).reshape(-1, 4)
        chances = speaking_probability(linked, track.person, times)
        for time, box, chance in zip(times.tolist(), boxes.tolist(), chances.tolist(), strict=True):
            yield FaceRow(time, track.track, track.person, tuple(box), chance)


def speaking_probability(
    linked: LinkedVideo, person: str, times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability (num_times,) that a person who is in the picture speaks, at increasing times in seconds."""
    silent = np.ones(len(times))
    visible = _num_visible(linked, times)
    first, last = (float(times[0]), float(times[-1])) if len(times) else (0.0, 0.0)
    for turn in linked.turns:
        if turn.end < first or turn.start > last:
            continue  # most of them, in a long video
        inside = slice(*np.searchsorted(times, [turn.start, turn.end]))
        if inside.start == inside.stop:
            continue
        if turn.person == person:
            silent[inside] *= 1 - turn.confidence
        else:
            silent[inside] *= 1 - (1 - turn.confidence) / np.maximum(visible[inside], 1)
    return 1 - silent


def to_active_speakers(linked: LinkedVideo, rate: float | None = None) -> str:
    """CSV, one row for each face and time: time, track, person, box in pixels, probability of speaking."""
    rows = (
        (f"{row.time:.4f}", table_cell(row.track), table_cell(row.person), *(f"{x:.1f}" for x in row.box), f"{row.speaking:.4f}")
        for row in active_speakers(linked, rate)
    )  # fmt: skip
    return csv_table(SPEAKER_COLUMNS, rows)


def to_parquet(linked: LinkedVideo, rate: float | None = None) -> bytes:
    """Parquet: the table of `to_active_speakers`, numbers as float64.

    Raises
    ------
    MissingExtraError
        When neither fastparquet (extra `parquet`) nor pyarrow is installed.
    """
    names = {name: str if name in ("track", "person") else float for name in SPEAKER_COLUMNS}
    rows = [
        (round(row.time, 4), one_line(row.track), one_line(row.person), *(round(x, 1) for x in row.box), round(row.speaking, 4))
        for row in active_speakers(linked, rate)
    ]  # fmt: skip
    try:
        pandas: Any = import_module("pandas")
        content = pandas.DataFrame(rows, columns=list(names)).astype(names).to_parquet(index=False)
    except ImportError as error:
        raise MissingExtraError(
            "Parquet: expected fastparquet or pyarrow, got neither; pip install 'pins_plugin[parquet]' "
            "(4 MB), or take --to active_speakers, which is the same table as CSV"
        ) from error
    return bytes(content)


def to_ava(
    linked: LinkedVideo, picture: Picture, rate: float | None = None, scored: bool = False
) -> str:
    """AVA-ActiveSpeaker's labels: video_id, frame_timestamp, x1, y1, x2, y2 (0 to 1), label, entity_id; no head.

    `scored`, they are predictions, as its scorer reads them: every label `SPEAKING_AUDIBLE`, then the score. Time stamps
    have two digits, as AVA's, or four where two would not tell all of them apart.
    """
    video = one_line(Path(linked.video).stem)
    size = (picture.width, picture.height) * 2
    found = list(active_speakers(linked, rate))
    digits = 2 if len({(row.track, f"{row.time:.2f}") for row in found}) == len(found) else 4
    rows = []
    for row in found:
        box = [f"{min(max(x / side, 0), 1):.6f}" for x, side in zip(row.box, size, strict=True)]
        label = SPEAKING if scored or row.speaking >= THRESHOLD else SILENT
        entity = one_line(f"{video}:{row.track}:{row.person}")
        score = [f"{row.speaking:.6f}"] if scored else []
        rows.append([video, f"{row.time:.{digits}f}", *box, label, entity, *score])
    return csv_table((), rows)


def _grid(track: LinkedTrack, rate: float) -> NDArray[np.float64]:
    first, last = np.ceil(track.start * rate - 1e-6), np.floor(track.end * rate + 1e-6)
    return np.arange(first, last + 1) / rate


def _num_visible(linked: LinkedVideo, times: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many faces are in the picture at each time."""
    starts = np.sort([track.start for track in linked.tracks])
    ends = np.sort([track.end for track in linked.tracks])
    shown = np.searchsorted(starts, times + 1e-9) - np.searchsorted(ends, times - 1e-9)
    return np.asarray(shown, np.int64)
