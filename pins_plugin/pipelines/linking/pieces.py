"""Turns cut into pieces during which the same faces are on screen: the unit that links are decided for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pyannote.core import Annotation

from pins_plugin.types import FaceTrack

SHORTEST = 0.32  # seconds; shorter pieces join a neighbor
MOST_HIDDEN = 0.5  # part of a piece during which one of its faces may be away


@dataclass(frozen=True)
class Piece:
    """Part of one turn.

    Parameters
    ----------
    start, end : float
        In seconds.
    speaker : str
        The diarization's label.
    tracks : tuple of str
        Names of the face tracks on screen.
    """

    start: float
    end: float
    speaker: str
    tracks: tuple[str, ...]

    @property
    def duration(self) -> float:
        """In seconds."""
        return self.end - self.start


def cut_pieces(turns: Annotation, tracks: Sequence[FaceTrack]) -> list[Piece]:
    """Cut each turn where a face comes or goes.

    Parameters
    ----------
    turns : Annotation
    tracks : sequence of FaceTrack

    Returns
    -------
    pieces : list of Piece
        In order of time; together they cover all turns.
    """
    spans = [(track.track, *track_span(track)) for track in tracks]
    changes = np.unique([time for _, start, end in spans for time in (start, end)])
    pieces = []
    for segment, _, speaker in turns.itertracks(yield_label=True):
        inside = changes[(changes > segment.start) & (changes < segment.end)]
        borders = _drop_close([segment.start, *inside.tolist(), segment.end])
        for start, end in pairwise(borders):
            shown = tuple(
                name
                for name, first, last in spans
                if min(end, last) - max(start, first) > (1 - MOST_HIDDEN) * (end - start)
            )
            pieces.append(Piece(start, end, str(speaker), shown))
    return sorted(pieces, key=lambda piece: (piece.start, piece.end))


def track_span(track: FaceTrack) -> tuple[float, float]:
    """First and last moment of a track: its last picture stays until the next one."""
    step = (track.end - track.start) / max(1, len(track.times) - 1)
    return track.start, track.end + step


def _drop_close(borders: list[float]) -> list[float]:
    """Leave out inner borders that are closer than `SHORTEST` to the one before or to the end."""
    kept = [borders[0]]
    for border in borders[1:-1]:
        if border - kept[-1] >= SHORTEST and borders[-1] - border >= SHORTEST:
            kept.append(border)
    return [*kept, borders[-1]]
