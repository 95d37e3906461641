"""What is seen, on the decoder's clock: who is shown, how large, whose mouth talks, and whose lips fit the sound at which offset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.active_speaker.synchrony import NUM_OFFSETS, TrackCurves, lead_features
from pins_plugin.pipelines.linking.hearing import STEP
from pins_plugin.types import FaceTrack

Series = tuple[NDArray[np.float64], NDArray[np.float64]]  # times in seconds, values


@dataclass(frozen=True, eq=False)
class Seeing:
    """What is seen."""

    people: list[str]  # labels of the faces
    visible: NDArray[np.bool_]  # (num_steps, num_people)
    sizes: NDArray[np.float64]  # (num_steps, num_people) log of size by the largest shown, or 0
    # (num_steps, num_people) log-likelihood ratio that the mouth talks
    talking: NDArray[np.float64]
    # By person, (num_shown, num_offsets, 3) for the steps in which the person is visible: how well the lips fit the
    # sound at each offset, see `lead_features`; NaN where nothing can be said
    fits: list[NDArray[np.float32]]
    cuts: NDArray[np.bool_]  # (num_steps,) where a shot begins
    pixels: NDArray[np.float64]  # (num_people,) median size: root of the area of the box
    # Further evidence, as `talking`
    others: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def see(
    tracks: Sequence[FaceTrack],
    curves: Mapping[str, TrackCurves],
    talking: Mapping[str, Series],
    duration: float,
    others: Mapping[str, Mapping[str, Series]] | None = None,
) -> Seeing:
    """Bring what is seen onto the decoder's clock.

    Parameters
    ----------
    tracks : sequence of FaceTrack
        With `person` set.
    curves : mapping of str to TrackCurves
        Similarity of lips and sound, by the name of the track.
    talking : mapping of str to ((num_frames,) array, (num_frames,) array)
        Times, and log-likelihood ratios that the mouth talks, by the name of the track.
    duration : float
        In seconds.
    others : mapping of str to mapping, optional
        Further sources of evidence of the form of `talking`, by the name of the source.
    """
    others = others or {}
    num_steps = max(1, int(np.ceil(duration / STEP - 1e-6)))
    clock = (np.arange(num_steps, dtype=np.float64) + 0.5) * STEP
    people = sorted({str(track.person) for track in tracks})
    shape = (num_steps, len(people))
    sizes, talks = np.zeros(shape), np.zeros(shape)
    visible, cuts = np.zeros(shape, bool), np.zeros(num_steps, bool)
    extra = {name: np.zeros(shape) for name in others}
    spans = [track.span for track in tracks]
    rows_of = [slice(*np.searchsorted(clock, [a - 1e-6, b + 1e-6])) for a, b in spans]
    for track, rows in zip(tracks, rows_of, strict=True):
        visible[rows, people.index(str(track.person))] = True
    places = np.cumsum(visible, axis=0) - 1  # of a step among those in which a person is visible
    fits = [np.full((int(shown.sum()), NUM_OFFSETS, 3), np.nan, np.float32) for shown in visible.T]
    for track, rows in zip(tracks, rows_of, strict=True):
        column = people.index(str(track.person))
        size = np.sqrt(np.maximum(np.prod(track.boxes[:, 2:] - track.boxes[:, :2], axis=1), 1.0))
        now = np.interp(clock[rows], track.times, size)
        sizes[rows, column] = np.maximum(sizes[rows, column], now)
        for target, series in [(talks, talking), *((extra[n], s) for n, s in others.items())]:
            if len(series.get(track.track, ((),))[0]):
                target[rows, column] = np.interp(clock[rows], *series[track.track])
        if track.track in curves:
            fits[column][places[rows, column]] = lead_features(curves[track.track], clock[rows])
    for start in _shot_starts(tracks):
        if 0 < round(start / STEP) < num_steps:
            cuts[round(start / STEP)] = True
    pixels = np.zeros(len(people))
    for face in np.flatnonzero(visible.any(axis=0)):
        pixels[face] = np.median(sizes[visible[:, face], face])
    largest = sizes.max(axis=1, keepdims=True, initial=1.0)
    relative = np.where(visible, np.log(np.maximum(sizes, 1.0) / np.maximum(largest, 1.0)), 0.0)
    return Seeing(people, visible, relative, talks, fits, cuts, pixels, extra)


def delay(seeing: Seeing, late: NDArray[np.int64]) -> Seeing:
    """Who is shown, cuts and mouths as late as each face's sound: who speaks over the first pictures of the next shot was shown before.

    Lips stay where they are: they are compared at each offset anyway.

    Parameters
    ----------
    late : (num_people,) int64 array
        Steps by which the sound of each face comes late; negative where it comes early.
    """
    if not late.any():
        return seeing
    last = len(seeing.cuts) - 1
    steps = np.arange(last + 1)
    rows = np.clip(steps[:, None] - late, 0, last)
    columns = np.arange(len(late))
    cuts = seeing.cuts[np.clip(steps - int(np.median(late)), 0, last)]
    cuts[0] = False
    return replace(
        seeing,
        visible=seeing.visible[rows, columns],
        sizes=seeing.sizes[rows, columns],
        talking=seeing.talking[rows, columns],
        cuts=cuts,
    )


def _shot_starts(tracks: Sequence[FaceTrack]) -> list[float]:
    """Where shots with faces begin, but for the first."""
    starts: dict[int, float] = {}
    for track in tracks:
        starts[track.shot] = min(starts.get(track.shot, np.inf), track.start)
    return sorted(starts.values())[1:]
