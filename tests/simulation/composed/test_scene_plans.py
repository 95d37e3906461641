"""Plans of composed scenes keep their promises."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.errors import MediaError
from pins_plugin.simulation.composed.conversation import plan_conversation
from pins_plugin.simulation.composed.deck import Clip, Deck
from pins_plugin.simulation.composed.plans import (
    level_voices,
    offset_clips,
    plan_dubbed,
    plan_long,
    plan_photographs,
    plan_reaction,
    plan_side_by_side,
    plan_turns,
    plan_voice_over,
    shrink_faces,
)

CLIPS = [
    Clip(f"p{n}", Path(f"p{n}_{k}.mp4"), 8.0, ((0.5, 3.5), (4.5, 7.6)), 0.01 * (1 + n), 100.0)
    for n in range(5)
    for k in range(2)
]


def _deck(seed: int, clips=CLIPS, **options) -> Deck:
    return Deck(clips, np.random.default_rng(seed), **options)


def _timeline(segments) -> tuple[list, list]:
    """(begin, end, voice) of all voices; (begin, end, segment) of all segments."""
    voices, shown, now = [], [], 0.0
    for segment in segments:
        shown.append((now, now + segment.duration, segment))
        for voice in segment.voices:
            voices.append((now, now + voice.duration, voice))
        now += segment.duration
    return voices, shown


def _is_heard_in_sync(begin, segment_begin, voice, panel) -> bool:
    if panel.path != voice.stretch.path or panel.end is not None:
        return False
    return abs(panel.start - voice.stretch.start - (segment_begin - begin)) < 0.021


@pytest.mark.parametrize("seed", range(3))
def test_turns_cut_from_speaker_to_speaker(seed: int) -> None:
    turns = plan_turns(_deck(seed, seconds=30))
    heard = [segment.voices[0].stretch for segment in turns]
    assert all(segment.panels == (stretch,) for segment, stretch in zip(turns, heard, strict=True))
    assert all(a.person != b.person for a, b in pairwise(heard))
    lengths = [segment.duration for segment in turns]
    assert 30 <= sum(lengths) <= 34.1
    assert all(0.5 <= length <= 4.0 for length in lengths)
    spoken = sum(b - a for segment in turns for a, b in segment.voices[0].speech)
    assert spoken > 0.75 * sum(lengths)


def test_blind_turns_are_counted_and_their_speech_is_found_later() -> None:
    turns = plan_turns(_deck(0, lengths=(1.6, 5.0), blind_turns=6))
    assert len(turns) == 6
    assert all(segment.voices[0].speech is None for segment in turns)
    assert all(segment.voices[0].stretch.start + segment.duration <= 8.001 for segment in turns)


@pytest.mark.parametrize("number", [2, 4])
def test_side_by_side_one_of_all_is_heard(number: int) -> None:
    for segment in plan_side_by_side(_deck(1), number):
        assert len({panel.person for panel in segment.panels}) == number
        assert segment.voices[0].stretch in segment.panels


@pytest.mark.parametrize("narrated", [False, True])
def test_photographs_stand_still_under_a_narrator(narrated: bool) -> None:
    segments = plan_photographs(_deck(2), narrated=narrated)
    over = segments if narrated else segments[1::2]
    (narrator,) = {segment.voices[0].stretch.person for segment in over}
    for segment in segments:
        (panel,), (voice,) = segment.panels, segment.voices
        assert panel.person != narrator
        assert (panel.speed == 0) == panel.silent == (segment in over)
        assert (panel == voice.stretch) == (segment not in over)


@pytest.mark.parametrize("silent", [False, True])
def test_voice_over_hides_every_second_speaker(silent: bool) -> None:
    over = plan_voice_over(_deck(2), silent=silent)
    for number, segment in enumerate(over):
        (panel,), (voice,) = segment.panels, segment.voices
        assert (panel == voice.stretch) == (number % 2 == 0)
        assert panel.silent == (silent and number % 2 == 1)
    hidden = {segment.voices[0].stretch.person for segment in over[1::2]}
    assert len(hidden) == 1
    assert hidden.isdisjoint(panel.person for segment in over for panel in segment.panels)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("number", [2, 4])
def test_conversation_shows_each_voice_in_sync(number: int, silent: bool) -> None:
    share = []
    for seed in range(4):
        deck = _deck(seed, lengths=(1.0, 4.0))
        segments = plan_conversation(deck, number, overlap=0.5, silent=silent)
        voices, shown = _timeline(segments)
        alone = together = 0.0
        for begin, end, segment in shown:
            middle = (begin + end) / 2
            heard = [(first, voice) for first, last, voice in voices if first < middle < last]
            assert len(heard) <= 2
            assert len({voice.stretch.person for _, voice in heard}) == len(heard)
            alone += (end - begin) * (len(heard) == 1)
            together += (end - begin) * (len(heard) == 2)
            for panel in segment.panels:
                own = [each for each in heard if each[1].stretch.person == panel.person]
                assert panel.silent == (silent and not own)
                for first, voice in own:
                    assert _is_heard_in_sync(first, begin, voice, panel)
        share.append(together / (alone + together))
    assert 0.05 < np.mean(share) < 0.45


def test_conversation_without_overlap_has_one_voice_at_a_time() -> None:
    voices, _ = _timeline(plan_conversation(_deck(3), 2, overlap=0.0))
    assert all(
        second[0] >= first[1] - 1e-6
        for first, second in pairwise(sorted(voices, key=lambda v: v[0]))
    )


def test_reaction_shows_a_listener_while_the_speaker_talks_on() -> None:
    segments = plan_reaction(_deck(4, seconds=40, lengths=(2.0, 5.0)))
    voices, shown = _timeline(segments)
    listened = 0.0
    for begin, end, segment in shown:
        (first, _, voice) = next(v for v in voices if v[0] - 1e-6 <= begin and end <= v[1] + 1e-6)
        (panel,) = segment.panels
        if panel.silent:
            assert panel.person != voice.stretch.person
            listened += end - begin
        else:
            assert _is_heard_in_sync(first, begin, voice, panel)
    assert 4.0 < listened < 30.0


def test_dubbed_gives_each_person_one_other_voice() -> None:
    segments, dubbing = plan_dubbed(_deck(5, seconds=40), ["p0", "p1", "p2"])
    assert set(dubbing) == {"p0", "p1", "p2"}
    assert all(person != voice for person, voice in dubbing.items())
    assert len(set(dubbing.values())) == 3
    for segment in segments:
        (panel,), (voice,) = segment.panels, segment.voices
        assert voice.speaker == panel.person
        assert voice.stretch.person == dubbing[panel.person]


def test_offsets_are_constant_by_clip() -> None:
    deck = _deck(6, seconds=60)
    segments, offsets = offset_clips(plan_turns(deck), deck)
    assert len(set(offsets.values())) > 3
    assert all(-0.32 <= offset <= 0.32 for offset in offsets.values())
    for segment in segments:
        (panel,), (voice,) = segment.panels, segment.voices
        late = panel.start - voice.stretch.start  # what is seen now is heard that much later
        assert late == pytest.approx(offsets[panel.path.name], abs=2e-3)
        assert min(panel.start, voice.stretch.start) >= -1e-9
        assert max(panel.start, voice.stretch.start) + segment.duration <= 8.0


def test_faces_shrink_to_one_size_a_person() -> None:
    deck = _deck(7)
    scales: dict[str, set] = {}
    for segment in shrink_faces(plan_side_by_side(deck, 2), deck):
        for panel in segment.panels:
            scales.setdefault(panel.person, set()).add(panel.scale)
    assert all(len(sizes) == 1 and 24 <= 100 * sizes.pop() <= 60 for sizes in scales.values())


def test_leveled_voices_are_about_equally_loud() -> None:
    deck = _deck(8, seconds=60)
    voices = [segment.voices[0] for segment in level_voices(plan_turns(deck), deck, spread=0.0)]
    assert {round(v.gain * deck.clip_of(v.stretch).level, 6) for v in voices} == {0.06}


def test_long_files_are_as_long_as_they_shall_be() -> None:
    segments = plan_long(_deck(9, seconds=300))
    assert 300 <= sum(segment.duration for segment in segments) < 345
    assert {len(segment.panels) for segment in segments} == {1, 2}


def test_rests_lie_between_words() -> None:
    deck = _deck(10)
    for _ in range(20):
        rest = deck.rest("p0")
        assert rest.silent and rest.end - rest.start >= 0.2
        assert any(a <= rest.start and rest.end <= b for a, b in deck.clip_of(rest).silences)


def test_same_seed_same_plan() -> None:
    assert plan_conversation(_deck(11), 2, overlap=0.5) == plan_conversation(
        _deck(11), 2, overlap=0.5
    )


def test_too_few_people_are_refused() -> None:
    with pytest.raises(MediaError, match="6 people needs clips of as many, got 5"):
        plan_side_by_side(_deck(0), 6)


@pytest.mark.parametrize(
    "plan", [plan_turns, plan_reaction, plan_voice_over, plan_photographs, plan_long]
)
def test_one_person_alone_is_refused(plan) -> None:
    """It was a ValueError of the random numbers."""
    with pytest.raises(MediaError, match="add clips"):
        plan(_deck(0).of(["p1"]))


def test_people_who_never_rest_cannot_listen() -> None:
    breathless = [clip._replace(speech=((0.0, 8.0),)) for clip in CLIPS]
    with pytest.raises(MediaError, match=r"with a rest of 0\.3 s"):
        plan_conversation(_deck(0, breathless), 2)
    with pytest.raises(MediaError, match="has no rest"):
        _deck(0, breathless).rest("p0")


def test_short_pauses_make_listeners_where_there_are_no_silences() -> None:
    hasty = [
        clip._replace(speech=((0.0, 8.0),), pauses=((2.0, 2.14), (5.0, 5.2))) for clip in CLIPS
    ]
    rest = _deck(0, hasty).rest("p0")
    assert (rest.start, rest.end) in [(2.0, 2.14), (5.0, 5.2)]
    assert CLIPS[0]._replace(pauses=((2.0, 2.14),)).silences == CLIPS[0].silences
    plan_conversation(_deck(0, hasty), 4)


def test_decks_of_some_people_share_the_generator() -> None:
    deck = _deck(0)
    assert deck.of(["p1"]).people == ["p1"]
    assert deck.of(["p1"]).generator is deck.generator
    assert replace(deck, seconds=5).is_enough([]) is False
