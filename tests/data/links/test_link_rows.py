"""Rows of `links.json`: what is written is read back."""

import numpy as np
import pytest

from pins_plugin.data.links import link_rows, linked_video, links_file
from pins_plugin.types import FaceTrack, SpeakerFaceLink, TranscriptWord


@pytest.mark.parametrize("person, box", [(None, None), ("PERSON_01", (1.0, 2.5, 30.0, 40.1))])
def test_a_turn_is_read_as_it_was_written(person, box) -> None:
    status = "off screen" if person is None else "on screen"
    link = SpeakerFaceLink(0.25, 1.125, "SPEAKER_00", person, box, 0.875, status, {"review": 6.0})
    row = link_rows.turn_row(link)
    assert row["reviewed"] and link_rows.read_turn(row) == link
    assert link_rows.turn_row(link_rows.read_turn(row)) == row


@pytest.mark.parametrize("person, name", [(None, "T1"), ("PERSON_01", "PERSON_01")])
def test_a_track_is_read_as_it_was_written(person, name) -> None:
    times, boxes = np.array([0.0, 0.04]), np.array([[1, 2, 3, 4.5]] * 2, np.float32)
    track = FaceTrack("T1", times, boxes, np.zeros((2, 5, 2), np.float32), np.ones(2, bool), 3, {"size": 9.5}, person)  # fmt: skip
    found = link_rows.read_track(link_rows.track_row(track))
    assert (found.track, found.person, found.shot, found.quality) == ("T1", name, 3, {"size": 9.5})
    np.testing.assert_array_equal(found.times, times)
    np.testing.assert_array_equal(found.boxes, boxes)


def test_words_are_read_as_they_were_written() -> None:
    words = [TranscriptWord(0.5, 0.75, "Good"), TranscriptWord(1.0, 1.0, "night.", 2, True)]
    assert [link_rows.read_word(link_rows.word_row(word)) for word in words] == words


def test_files_are_read_under_the_old_path_as_well() -> None:
    assert linked_video.read_links is links_file.read_links
    with pytest.raises(AttributeError, match="read_lynx"):
        linked_video.read_lynx  # noqa: B018
