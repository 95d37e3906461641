"""Words to turns, turns to stretches and subtitles."""

from collections.abc import Callable
from itertools import pairwise

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.cues import (
    MAX_LETTERS,
    MAX_SECONDS,
    UNKNOWN,
    assign_words,
    make_cues,
    make_stretches,
    make_tiers,
)

Make = Callable[..., LinkedVideo]


def _words(*rows: tuple) -> list[dict]:
    return [{"start": a, "end": b, "text": text, "segment": segment} for a, b, text, segment in rows]  # fmt: skip


def test_words_go_by_their_middle_and_in_overlap_to_the_likelier(told: LinkedVideo) -> None:
    assert assign_words(told) == [0, 0, 0, 0, 1, 2, None, 3]


def test_a_word_over_the_end_of_a_turn_goes_by_its_middle(make: Make) -> None:
    words = _words((0.5, 1.4, "mostly-before", 0), (0.7, 1.4, "mostly-inside", 0))
    assert assign_words(make(words=words)) == [None, 0]


def test_cues_split_where_the_speaker_changes_inside_of_a_segment(make: Make, names: tuple) -> None:
    words = _words((3.0, 3.2, "I", 0), (3.3, 3.4, "see.", 0), (4.2, 4.4, "Do", 0), (4.5, 4.6, "you?", 0))  # fmt: skip
    cues = make_cues(make(words=words))
    assert [(cue.name, cue.text) for cue in cues] == [(names[0], "I see."), ("S1", "Do you?")]


def test_words_outside_of_turns_stay_and_are_marked(told: LinkedVideo) -> None:
    assert [(cue.name, cue.text) for cue in make_cues(told)][-2] == (UNKNOWN, "Hm.")
    assert UNKNOWN in make_tiers(told)


def test_no_word_is_lost_or_said_twice(told: LinkedVideo) -> None:
    said = sorted(word.text for word in told.words)
    tiers = [cue for tier in make_tiers(told).values() for cue in tier]
    for cues in (make_cues(told), make_stretches(told), tiers):
        assert sorted(" ".join(cue.text for cue in cues).split()) == said


def test_long_speech_becomes_subtitles_of_two_lines(make: Make) -> None:
    words = _words(*((1 + 0.01 * index, 1.01 + 0.01 * index, f"word{index:03d}", 0) for index in range(290)))  # fmt: skip
    cues = make_cues(make(words=words, links=[make().turns[0].__dict__ | {"start": 1, "end": 12}]))
    assert all(len(cue.text) <= MAX_LETTERS for cue in cues)
    assert all(cue.end - cue.start <= MAX_SECONDS for cue in cues)
    assert " ".join(cue.text for cue in cues).split() == [word["text"] for word in words]


def test_writing_without_spaces_gets_none(make: Make) -> None:
    words = _words((1, 1.2, "你", 0), (1.2, 1.4, "好，", 0), (1.4, 1.6, "Anna", 0))
    assert make_cues(make(words=words))[0].text == "你好， Anna"


def test_turns_without_a_duration_last_a_moment(make: Make) -> None:
    turn = make().turns[0].__dict__ | {"start": 2.0, "end": 2.0}
    [cue] = make_cues(make(links=[turn]))
    assert cue.end > cue.start


def test_tiers_never_overlap_within_a_name(make: Make) -> None:
    base = make().turns[0].__dict__
    turns = [base | {"start": a, "end": b} for a, b in ((1, 5), (2, 3), (4, 6), (6, 7))]
    [tier] = make_tiers(make(links=turns)).values()
    assert [(cue.start, cue.end) for cue in tier] == [(1, 6), (6, 7)]
    assert all(first.end <= second.start for first, second in pairwise(tier))


def test_without_a_transcript_each_turn_is_a_cue(linked: LinkedVideo, empty: LinkedVideo) -> None:
    assert len(make_cues(linked)) == len(linked.turns)
    assert make_cues(empty) == make_stretches(empty) == []
