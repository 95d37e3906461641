"""From persons of local speakers to turns: who speaks in each frame, two at once where two are heard; pure functions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.diarization.segmentation import (
    FRAME_STEP,
    LocalSpeaker,
    Segmentation,
)

Turn = tuple[float, float, int]  # start, end in seconds, speaker


def person_activities(
    segmentation: Segmentation, speakers: Sequence[LocalSpeaker], people: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Average the activity of each person's local speakers over the windows that cover each frame.

    Parameters
    ----------
    segmentation : Segmentation
    speakers : sequence of LocalSpeaker
    people : (num_speakers,) int64 array
        Person of each local speaker, from 0 on.

    Returns
    -------
    activities : (num_frames, num_people) float64 array
        In [0, 1].
    """
    total = np.zeros((segmentation.num_frames, int(people.max(initial=-1)) + 1))
    weight = np.zeros((segmentation.num_frames, 1))
    for window in range(len(segmentation.first_frames)):
        frames = segmentation.frames_of(window)
        share = segmentation.edge_weights(window)[:, None]
        weight[frames] += share
        activity = segmentation.activities(window)
        in_window = np.zeros((len(activity), total.shape[1]))
        for each, person in zip(speakers, people, strict=True):
            if each.window == window:
                part = in_window[slice(*each.part), person]
                np.maximum(part, activity[slice(*each.part), each.speaker], out=part)
        total[frames] += share * in_window
    return total / weight


def choose_speakers(
    activities: NDArray[np.float64], counts: NDArray[np.int64], least: float = 0.0
) -> NDArray[np.bool_]:
    """Let the most active people speak in each frame, as many as are counted.

    Parameters
    ----------
    activities : (num_frames, num_people) float64 array
    counts : (num_frames,) int64 array
        How many speak.
    least : float
        Activity of one who speaks.

    Returns
    -------
    speaking : (num_frames, num_people) bool array

    Examples
    --------
    >>> choose_speakers(np.array([[0.9, 0.2, 0.6]]), np.array([2])).astype(int)
    array([[1, 0, 1]])
    """
    ranks = (-activities).argsort(axis=1, kind="stable").argsort(axis=1)
    return (ranks < counts[:, None]) & (activities > least)


def bridge_pauses(turns: Sequence[Turn], longest: float) -> list[Turn]:
    """Join turns of one speaker across pauses shorter than `longest` seconds in which nobody else begins to speak.

    Examples
    --------
    >>> bridge_pauses([(0.0, 1.0, 0), (1.5, 2.0, 0), (2.1, 3.0, 1), (3.1, 4.0, 0)], 1.0)
    [(0.0, 2.0, 0), (2.1, 3.0, 1), (3.1, 4.0, 0)]
    """
    joined: list[Turn] = []
    for start, end, speaker in sorted(turns):
        if joined and joined[-1][2] == speaker and start - joined[-1][1] < longest:
            begin, before, _ = joined.pop()
            start, end = begin, max(before, end)
        joined.append((start, end, speaker))
    return joined


def speaking_turns(
    speaking: NDArray[np.bool_], times: NDArray[np.float64], shortest: float = 0.0
) -> list[Turn]:
    """Read turns of at least `shortest` seconds off frames (num_frames, num_people), each person's for itself, sorted."""
    turns = []
    for person, column in enumerate(speaking.T):
        edges = np.flatnonzero(np.diff(column.astype(int), prepend=0, append=0)).reshape(-1, 2)
        for first, last in edges:
            start, end = times[first] - FRAME_STEP / 2, times[last - 1] + FRAME_STEP / 2
            if end - start >= shortest:
                turns.append((max(0.0, float(start)), float(end), person))
    return sorted(turns)
