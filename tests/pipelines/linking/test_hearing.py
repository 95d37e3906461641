"""Stretches of one voice, and what a segmentation says, on the decoder's clock."""

import numpy as np
import pytest

from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, SPEAKERS, Segmentation
from pins_plugin.pipelines.linking import hearing
from pins_plugin.pipelines.linking.hearing import STEP, cut_stretches, hear, hear_speech


def _counts(text: str) -> np.ndarray:
    """One digit for each step: how many speak."""
    counts = np.full((len(text), 3), -5.0)
    counts[np.arange(len(text)), [int(digit) for digit in text]] = 0.0
    return counts


def _cut(text: str, changes: dict[int, float] | None = None, cuts: tuple[int, ...] = ()):
    curve, border = np.zeros(len(text)), np.zeros(len(text), bool)
    for step, value in (changes or {}).items():
        curve[step] = value
    border[list(cuts)] = True
    stretches, of = cut_stretches(_counts(text), curve, border)
    return np.round(stretches / STEP).astype(int).tolist(), of.tolist()


def test_speech_of_one_is_cut_where_somebody_else_begins() -> None:
    stretches, of = _cut("0111110", {3: 0.9})
    assert stretches == [[3, 6]]  # two steps are too short to know a voice by
    assert of == [-1, -1, -1, 0, 0, 0, -1]
    assert _cut("01111110", {4: 0.9})[0] == [[1, 4], [4, 7]]
    assert _cut("01111110", {4: 0.2})[0] == [[1, 7]]
    assert _cut("01111110", cuts=(4,))[0] == [[1, 4], [4, 7]]


def test_silence_and_overlap_are_nobodys_stretch() -> None:
    stretches, of = _cut("1111222111")
    assert stretches == [[0, 4], [7, 10]]
    assert of == [0, 0, 0, 0, -1, -1, -1, 1, 1, 1]
    assert _cut("0022")[0] == [] and _cut("")[0] == []


@pytest.mark.parametrize(("number", "parts"), [(15, 1), (16, 2), (31, 3), (60, 4)])
def test_long_speech_is_cut_into_even_parts(number: int, parts: int) -> None:
    stretches, of = _cut("1" * number)
    assert len(stretches) == parts and sorted(set(of)) == list(range(parts))
    lengths = [end - start for start, end in stretches]
    assert sum(lengths) == number and max(lengths) - min(lengths) <= 1


def _segmentation(states: list[tuple[str, float]]) -> Segmentation:
    """One window in which speakers "", "0", "1", "01", ... follow each other, for seconds each."""
    names = ["".join(map(str, sorted(pair))) for pair in SPEAKERS]
    frames = [
        names.index(name) for name, seconds in states for _ in range(round(seconds / FRAME_STEP))
    ]
    posteriors = np.full((1, len(frames), len(SPEAKERS)), np.log(0.001), np.float32)
    posteriors[0, np.arange(len(frames)), frames] = np.log(1 - 0.001 * (len(SPEAKERS) - 1))
    return Segmentation(posteriors, np.zeros(1, np.int64), len(frames))


def test_a_segmentation_on_the_clock() -> None:
    found = hear(
        _segmentation([("", 1.0), ("0", 2.0), ("01", 1.0), ("1", 2.0)]),
        np.zeros(60, bool),
        lambda stretches: stretches.copy(),
        np.zeros(96000, np.float32),
    )
    number = found.counts.argmax(axis=1)
    expected = np.repeat([0, 1, 2, 1], [10, 20, 10, 20])
    assert (number == expected).mean() > 0.95
    assert (found.speech[:, 0] > np.log(0.9)).all()  # no sound, whatever the segmentation says
    assert found.counts.min() >= np.log(1e-4) - 1e-9
    np.testing.assert_array_equal(found.voices, found.stretches)
    assert (found.stretch_of[number != 1] == -1).all()
    np.testing.assert_allclose(found.groups.sum(axis=1), 1.0)
    first, second = found.both[34]
    assert {first, second} == {0, 1}
    middles = found.stretches.mean(axis=1)
    sides = [float(np.mean(middles[found.groups[group] > 0])) for group in (first, second)]
    assert sides[0] < 3.0 < 4.0 < sides[1]  # the one who spoke before, the one who speaks after
    assert (found.both[number != 2] == -1).all()


def test_voice_activity_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    second = np.repeat([0.0, 1.0, 0.5], [25, 25, 25]).astype(np.float32)  # of 32 ms each
    monkeypatch.setattr(hearing, "speech_probability", lambda waveform: second)
    found = np.exp(hear_speech(np.zeros(38400, np.float32), 26))
    np.testing.assert_allclose(found[:7], [[0.99, 0.01]] * 7)  # never quite sure
    np.testing.assert_allclose(found[8:16], [[0.01, 0.99]] * 8)
    assert 0.2 < found[7, 1] < 0.4  # one frame of four is padded
    np.testing.assert_allclose(found[17:24], 0.5)
    np.testing.assert_allclose(found[24:], [[0.99, 0.01]] * 2)  # after the end of the sound
