"""From persons to turns that may overlap."""

import numpy as np

from pins_plugin.pipelines.diarization.local_decoding import (
    choose_speakers,
    person_activities,
    speaking_turns,
)
from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, SPEAKERS, Segmentation


def test_two_windows_with_other_numbers_make_one_overlapping_conversation() -> None:
    """Window 1 numbers the speakers the other way round; persons put that right."""
    classes = np.repeat([[1, 4, 2, 0], [2, 4, 1, 0]], 10, axis=1)
    posteriors = np.log(np.maximum(np.eye(len(SPEAKERS), dtype=np.float32)[classes], 1e-9))
    found = Segmentation(posteriors, np.array([0, 0]), 40)
    speakers = found.local_speakers()
    activities = person_activities(found, speakers, np.array([0, 1, 1, 0]))
    np.testing.assert_allclose(activities[::10], [[1, 0], [1, 1], [0, 1], [0, 0]], atol=1e-6)
    counts = found.count_log_probs().argmax(axis=1)
    turns = speaking_turns(choose_speakers(activities, counts), found.times)
    assert [person for *_, person in turns] == [0, 1]
    (first_start, first_end, _), (second_start, second_end, _) = turns
    for found_seconds, frames in (
        (first_end - first_start, 20), (second_end - second_start, 20), (first_end - second_start, 10),
    ):  # fmt: skip
        np.testing.assert_allclose(found_seconds, frames * FRAME_STEP)


def test_who_is_hardly_active_does_not_speak_even_where_two_are_counted() -> None:
    speaking = choose_speakers(np.array([[0.9, 0.05]]), np.array([2]), least=0.1)
    assert speaking.tolist() == [[True, False]]


def test_short_turns_are_dropped() -> None:
    speaking = np.array([[True], [False], [True], [True], [True]])
    times = np.arange(5) * FRAME_STEP + 0.03
    assert len(speaking_turns(speaking, times, 2 * FRAME_STEP)) == 1
