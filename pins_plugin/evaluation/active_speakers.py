"""Active speakers against the truth, in files of AVA-ActiveSpeaker's layout, scored as its own scorer does.

Truth: video_id, frame_timestamp, x1, y1, x2, y2 (0 to 1), label, entity_id. Predictions: the same, every label
`SPEAKING_AUDIBLE`, and the score. AVA's own files have no head; the lists that training code of the field makes of them have one, and
more columns, which are then found by name. A face is found by time stamp (900.1 and 900.10 are one) and entity; of a tracker of one's own, whose entities are others, by the box that overlaps most.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ManifestError
from pins_plugin.metrics.average_precision import average_precision
from pins_plugin.utils.files import read_text

SPEAKING = "SPEAKING_AUDIBLE"
LABELS = (SPEAKING, "SPEAKING_NOT_AUDIBLE", "NOT_SPEAKING")
COLUMNS = ("video_id", "frame_timestamp", "x1", "y1", "x2", "y2", "label", "entity_id")
SAME_BOX = 1e-2  # AVA's own scorer asks for equal boxes; files write two to six digits
MIN_OVERLAP = 0.5  # intersection over union
# Seconds between a row of the truth and one found by its box: half a frame of 25 Hz.
MAX_APART = 0.021


@dataclass(frozen=True)
class FaceLabel:
    """One face in one frame: video, seconds, box (0 to 1), label, entity, score (None in a truth)."""

    video: str
    seconds: float
    box: tuple[float, float, float, float]
    label: str
    entity: str
    score: float | None = None


@dataclass(frozen=True)
class ActiveSpeakerScore:
    """What `score_active_speakers` found.

    Parameters
    ----------
    mean_average_precision : float
        AVA's number: over all rows together (it has one class, so that its mean is of one).
    num_rows, num_speaking : int
        Rows of the truth, and those that speak.
    num_missed : int
        Rows for which there was no prediction; they rank last. Zero with AVA's own entities.
    """

    mean_average_precision: float
    num_rows: int
    num_speaking: int
    num_missed: int


def read_ava(path: str | Path) -> list[FaceLabel]:
    """Read a CSV file of AVA-ActiveSpeaker's layout, truth or predictions.

    Raises
    ------
    ManifestError
        When the file is missing or no text, or a row is of another form.
    """
    text = read_text(path, ManifestError, "a CSV of AVA-ActiveSpeaker's layout")
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = []
    places: list[int] | None = None
    try:
        for number, cells in enumerate(reader, start=1):
            if number == 1 and "video_id" in cells:
                places = _places(path, cells)
            elif cells:
                rows.append(_face(cells if places is None else [cells[place] for place in places]))
    except (csv.Error, ValueError, IndexError) as error:
        raise ManifestError(
            f"{path}, line {reader.line_num}: expected {', '.join(COLUMNS)} and, in predictions, score ({error}); "
            "`pins convert LINKED --to ava` writes both"
        ) from error
    return rows


def score_active_speakers(
    truth: Sequence[FaceLabel], predictions: Sequence[FaceLabel], by_box: bool = False
) -> ActiveSpeakerScore:
    """Score predictions as AVA's own scorer does.

    Parameters
    ----------
    by_box : bool
        Find the faces of a tracker of one's own: the prediction of the same video and time that overlaps most, by at
        least a half. A face for which there is none counts as found last.

    Raises
    ------
    ManifestError
        When a prediction has no score, or (unless `by_box`) rows or boxes do not agree, as AVA's scorer refuses them.
    """
    if not truth:
        raise ManifestError("truth: expected some rows, got none")
    if any(row.score is None for row in predictions):
        raise ManifestError("predictions: expected a score in each row, got none in some")
    scores = _scores_by_box(truth, predictions) if by_box else _scores_by_name(truth, predictions)
    labels = np.array([row.label == SPEAKING for row in truth])
    if not labels.any():
        raise ManifestError(f"truth: expected some rows of label {SPEAKING}, got none")
    return ActiveSpeakerScore(
        average_precision(scores, labels),
        len(truth),
        int(labels.sum()),
        int(np.isneginf(scores).sum()),
    )


def _scores_by_name(
    truth: Sequence[FaceLabel], predictions: Sequence[FaceLabel]
) -> NDArray[np.float64]:
    found = _by_uid(predictions, "predictions")
    wanted = _by_uid(truth, "truth")
    if found.keys() != wanted.keys():
        missing, added = len(wanted.keys() - found.keys()), len(found.keys() - wanted.keys())
        raise ManifestError(
            f"predictions: expected one for each of {len(wanted)} rows of the truth; {missing} are missing, {added} "
            "are of none (other entities? --by_box finds faces by their boxes)"
        )
    for uid, row in wanted.items():
        if max(abs(a - b) for a, b in zip(row.box, found[uid].box, strict=True)) > SAME_BOX:
            raise ManifestError(f"predictions: the box at {':'.join(uid)} differs from the truth's")
    return np.array([found[_uid(row)].score for row in truth], np.float64)


def _scores_by_box(
    truth: Sequence[FaceLabel], predictions: Sequence[FaceLabel]
) -> NDArray[np.float64]:
    videos: dict[str, list[FaceLabel]] = {}
    for row in predictions:
        videos.setdefault(row.video, []).append(row)
    for rows in videos.values():
        rows.sort(key=lambda row: row.seconds)
    times = {video: np.array([row.seconds for row in rows]) for video, rows in videos.items()}
    scores = np.full(len(truth), -np.inf)
    for number, row in enumerate(truth):
        if row.video not in times:
            continue
        edges = [row.seconds - MAX_APART, row.seconds + MAX_APART]
        first, last = np.searchsorted(times[row.video], edges)
        near = videos[row.video][first:last]
        overlaps = [_overlap(row.box, other.box) for other in near]
        if overlaps and max(overlaps) >= MIN_OVERLAP:
            scores[number] = near[int(np.argmax(overlaps))].score
    return scores


def _by_uid(rows: Iterable[FaceLabel], what: str) -> dict[tuple[str, str, str], FaceLabel]:
    found: dict[tuple[str, str, str], FaceLabel] = {}
    for row in rows:
        if _uid(row) in found:
            raise ManifestError(f"{what}: {':'.join(_uid(row))} is there twice")
        found[_uid(row)] = row
    return found


def _uid(row: FaceLabel) -> tuple[str, str, str]:
    return row.video, f"{row.seconds:.4f}", row.entity


def _overlap(first: Sequence[float], second: Sequence[float]) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return width * height / (sum(areas) - width * height)


def _places(path: str | Path, head: Sequence[str]) -> list[int]:
    """Where the columns are, by their names."""
    names = [name.removeprefix("entity_box_") for name in head]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ManifestError(f"{path}: expected the columns {', '.join(COLUMNS)}, got {', '.join(head)}")  # fmt: skip
    return [names.index(name) for name in (*COLUMNS, "score") if name in names]


def _face(cells: Sequence[str]) -> FaceLabel:
    if len(cells) not in (8, 9):
        raise ValueError(f"{len(cells)} columns")
    if cells[6] not in LABELS:
        raise ValueError(f"label {cells[6]!r}")
    seconds, x1, y1, x2, y2, *scores = map(float, (*cells[1:6], *cells[8:]))
    if not np.isfinite([seconds, x1, y1, x2, y2, *scores]).all():
        raise ValueError("a number that is not finite")
    return FaceLabel(cells[0], seconds, (x1, y1, x2, y2), cells[6], cells[7], *scores)
