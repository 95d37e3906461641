"""Which face speaks, for each face and picture: a table of probabilities, and the layout of AVA-ActiveSpeaker.

A face's probability is the confidence of the turn that is linked to it. What a turn's confidence leaves over is shared by
the other faces in the picture and whoever is out of it; where nobody speaks it is zero.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.links.linked_video import LinkedTrack, LinkedVideo
from pins_plugin.formats.boxes import Picture
from pins_plugin.utils.text import table_cell

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
    linked : LinkedVideo
    rate : float, optional
        Rows a second; the times of the video's pictures when not given.

    Yields
    ------
    row : FaceRow
        Track by track, each in order of time.
    """
    for track in linked.tracks:
        times = track.times if rate is None else _grid(track, rate)
        if rate is None:
            boxes = track.boxes
        else:
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
    for turn in linked.turns:
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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SPEAKER_COLUMNS)
    for row in active_speakers(linked, rate):
        box = [f"{value:.1f}" for value in row.box]
        names = table_cell(row.track), table_cell(row.person)
        writer.writerow([f"{row.time:.4f}", *names, *box, f"{row.speaking:.4f}"])
    return text.getvalue()


def to_ava(linked: LinkedVideo, picture: Picture, rate: float | None = None) -> str:
    """AVA-ActiveSpeaker's labels: video_id, frame_timestamp, x1, y1, x2, y2 (0 to 1), label, entity_id; no head."""
    return _ava(linked, picture, rate, scored=False)


def to_ava_predictions(linked: LinkedVideo, picture: Picture, rate: float | None = None) -> str:
    """AVA-ActiveSpeaker's predictions, as its scorer reads them: every label `SPEAKING_AUDIBLE`, then the score."""
    return _ava(linked, picture, rate, scored=True)


def _ava(linked: LinkedVideo, picture: Picture, rate: float | None, scored: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    video = Path(linked.video).stem
    size = np.array([picture.width, picture.height] * 2, np.float64)
    for row in active_speakers(linked, rate):
        box = [f"{value:.6f}" for value in np.clip(np.array(row.box) / size, 0, 1)]
        label = SPEAKING if scored or row.speaking >= THRESHOLD else SILENT
        entity = f"{video}:{row.track}:{row.person}"
        score = [f"{row.speaking:.6f}"] if scored else []
        writer.writerow([video, f"{row.time:.2f}", *box, label, entity, *score])
    return text.getvalue()


def _grid(track: LinkedTrack, rate: float) -> NDArray[np.float64]:
    first, last = np.ceil(track.start * rate - 1e-6), np.floor(track.end * rate + 1e-6)
    return np.arange(first, last + 1) / rate


def _num_visible(linked: LinkedVideo, times: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many faces are in the picture at each time."""
    starts = np.sort([track.start for track in linked.tracks])
    ends = np.sort([track.end for track in linked.tracks])
    shown = np.searchsorted(starts, times + 1e-9) - np.searchsorted(ends, times - 1e-9)
    return np.asarray(shown, np.int64)
