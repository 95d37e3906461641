"""Turns refined by cuts and lips, with voices and faces whose truth is known."""

import numpy as np
import pytest
import torch

from pins_plugin.pipelines.linking.assignment import Decision
from pins_plugin.pipelines.linking.cuts import find_cuts, find_delay
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.pipelines.linking.refinement import Speaker, merge_speakers, refine_turns
from pins_plugin.types import FaceTrack

SPEECH = [(0.0, 8.0)]


class LevelEncoder(torch.nn.Module):
    """Embeds a window by the mean of its samples: an angle."""

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        mean = waveforms.mean(dim=1)
        return torch.stack([mean.cos(), mean.sin()], dim=1)


def _track(name: str, person: str, start: float, end: float, shot: int) -> FaceTrack:
    times = np.arange(start, end - 1e-9, 0.04)
    boxes = np.tile([0.0, 0.0, 10.0, 10.0], (len(times), 1))
    return FaceTrack(
        track=name,
        times=times,
        boxes=boxes.astype(np.float32),
        landmarks=np.zeros((len(times), 5, 2), np.float32),
        detected=np.ones(len(times), bool),
        shot=shot,
        person=person,
    )


def _decision(
    start: float, end: float, speaker: str, track: str | None, sync: float = 0.0
) -> Decision:
    shown = (track,) if track else ()
    return Decision(Piece(start, end, speaker, shown), track, 0.95, {"sync": sync})


def _silent(track: str, times: np.ndarray) -> np.ndarray:
    return np.zeros(len(times))


def _levels(*parts: tuple[float, float]) -> np.ndarray:
    return np.concatenate([np.full(round(16000 * s), level, np.float32) for level, s in parts])


def _found(turns) -> list[tuple[float, float, str]]:
    return [
        (round(s.start, 2), round(s.end, 2), n) for s, _, n in turns.itertracks(yield_label=True)
    ]


def test_the_speaker_changes_at_the_cut() -> None:
    tracks = [_track("T1", "P1", 0, 3.4, 0), _track("T2", "P2", 3.4, 8, 1)]
    decisions = [_decision(0, 3, "S0", "T1"), _decision(3, 8, "S1", "T2")]  # border 0.4 s early
    waveform = _levels((0.0, 3.4), (0.9, 4.6))
    turns = refine_turns(SPEECH, decisions, tracks, _silent, waveform, LevelEncoder())
    assert _found(turns) == [(0.0, 3.4, "S0"), (3.4, 8.0, "S1")]


def test_a_face_of_another_voice_becomes_a_speaker_of_its_own() -> None:
    tracks = [_track("T1", "P1", 0, 5, 0), _track("T2", "P2", 5, 8, 1)]
    decisions = [_decision(0, 5, "S0", "T1"), _decision(5, 8, "S0", "T2")]
    waveform = _levels((0.0, 5.0), (0.9, 3.0))
    turns = refine_turns(SPEECH, decisions, tracks, _silent, waveform, LevelEncoder())
    assert [label for *_, label in _found(turns)] == ["S0", "SPEAKER_00"]


@pytest.mark.parametrize(
    ("level", "sync", "num_speakers"), [(0.9, -1.0, 2), (0.2, -1.0, 1), (0.9, 5.0, 1)]
)
def test_another_voice_while_the_lips_do_not_fit_is_another_speaker(
    level: float, sync: float, num_speakers: int
) -> None:
    decisions = [_decision(0, 4, "S0", "T1", sync=5.0), _decision(4, 8, "S0", "T1", sync=sync)]
    turns = refine_turns(
        SPEECH,
        decisions,
        [_track("T1", "P1", 0, 8, 0)],
        _silent,
        _levels((0.0, 4.0), (level, 4.0)),
        LevelEncoder(),
    )
    assert len(turns.labels()) == num_speakers


def test_one_voice_and_two_faces_stay_one_speaker() -> None:
    tracks = [_track("T1", "P1", 0, 5, 0), _track("T2", "P2", 5, 8, 1)]
    decisions = [_decision(0, 5, "S0", "T1"), _decision(5, 8, "S0", "T2")]
    turns = refine_turns(
        SPEECH, decisions, tracks, _silent, _levels((0.0, 5.0), (0.2, 3.0)), LevelEncoder()
    )
    assert turns.labels() == ["S0"]


def test_lips_decide_between_voices_that_are_alike() -> None:
    tracks = [_track("T1", "P1", 0, 8, 0), _track("T2", "P2", 0, 8, 0)]
    decisions = [_decision(0, 5, "S0", "T1"), _decision(5, 8, "S1", "T2")]

    def lips(track: str, times: np.ndarray) -> np.ndarray:
        speaks = (times < 4) if track == "T1" else (times >= 4)
        return np.where(speaks, 4.0, -4.0)

    waveform = _levels((0.0, 4.0), (0.3, 1.0), (0.35, 3.0))
    turns = refine_turns(SPEECH, decisions, tracks, lips, waveform, LevelEncoder())
    (first, second) = _found(turns)
    assert first[1] == pytest.approx(4.0, abs=0.1) and second[2] == "S1"


def test_nothing_to_go_by_gives_nothing() -> None:
    assert refine_turns([], [], [], _silent, np.zeros(0, np.float32), LevelEncoder()) is None


def test_speakers_of_one_face_and_one_voice_are_merged() -> None:
    one, alike, other = np.array([1.0, 0.0]), np.array([0.95, 0.3122]), np.array([0.0, 1.0])
    speakers = [
        Speaker("a", one, "P1", 2.0),
        Speaker("b", alike, "P1", 4.0),
        Speaker("c", one, None, 2.0),
        Speaker("d", other, "P1", 2.0),
    ]
    assert [speaker.name for speaker in merge_speakers(speakers)] == ["b", "c", "d"]


def test_cuts_are_where_shots_begin_and_end() -> None:
    tracks = [_track("T1", "P1", 0, 3, 0), _track("T2", "P2", 3, 5, 1), _track("T3", "P1", 6, 8, 2)]
    assert find_cuts(tracks) == pytest.approx([0.0, 3.0, 5.0, 6.0, 8.0])


@pytest.mark.parametrize("delay", [-0.32, 0.0, 0.2])
def test_voices_tell_how_late_the_sound_is(delay: float) -> None:
    waveform = _levels((0.0, 2.0 + delay), (0.9, 2.0), (0.1, 2.0), (0.8, 2.0 - delay))
    found = find_delay([2.0, 4.0, 6.0], SPEECH, waveform, LevelEncoder())
    assert found == pytest.approx(delay)


def test_one_voice_and_cuts_out_of_speech_tell_no_delay() -> None:
    change = _levels((0.0, 2.3), (0.9, 5.7))
    assert find_delay([2.0], SPEECH, np.zeros(128000, np.float32), LevelEncoder()) == 0.0
    assert find_delay([2.0], [(0.0, 2.0), (3.0, 8.0)], change, LevelEncoder()) == 0.0


def test_two_faces_whose_lips_speak_are_two_speakers_of_similar_voice() -> None:
    tracks = [_track("T1", "P1", 0, 5, 0), _track("T2", "P2", 5, 8, 1)]
    decisions = [_decision(0, 5, "S0", "T1"), _decision(5, 8, "S0", "T2")]
    waveform = _levels((0.0, 5.0), (0.55, 3.0))  # cosine similarity 0.85
    turns = refine_turns(SPEECH, decisions, tracks, _silent, waveform, LevelEncoder())
    assert [label for *_, label in _found(turns)] == ["S0", "SPEAKER_00"]
