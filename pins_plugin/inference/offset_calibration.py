"""What the offset of a whole file is worth, learnt from files put together of clips that are in sync.

Each made file shows one person in one to four stretches, in every second one with up to three listeners beside; its sound is
moved by a known number of frames; a quarter of the weight is files with somebody else's sound, for which no offset is right.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.training.sync_clips import FRAME_RATE, SyncClip
from pins_plugin.inference.offset_posterior import (
    OffsetCalibration,
    OffsetEvidence,
    cut_pieces,
    logistic,
    sum_evidence,
)
from pins_plugin.inference.synchronizer import FOREIGN_FRAMES, TOLERANCE, Synchronizer

LENGTHS = (25, 38, 50, 63, 75, 100, 125)  # frames that a face is seen for at most
MAX_OFFSET = 25  # frames looked at, as `pins sync` does
MAX_SHIFT = 10  # frames by which sound is moved
FOREIGN = 0.25  # of the weight
STRANGERS = (0, 3, 7)  # whose sound each clip is tried with
USED = (
    (0, 3),
    (0, 1, 2, 3),
)  # features of the probability of being right, and of being one's own sound


@dataclass(frozen=True, eq=False)
class MadeFile:
    """A file put together: who speaks, for how long at most, whether the sound is theirs, similarities, true offset."""

    person: str
    length: int
    own: bool
    similarities: tuple[NDArray[np.floating], ...]
    offset: int


@dataclass(frozen=True, eq=False)
class FileCase:
    """What was found in a made file."""

    person: str
    length: int
    own: bool
    right: bool
    num_frames: int
    evidence: OffsetEvidence


def make_files(
    synchronizer: Synchronizer,
    clips: Sequence[SyncClip],
    seed: int = 0,
    repeats: int = 4,
    lengths: Sequence[int] = LENGTHS,
    listeners: bool = True,
) -> Iterator[MadeFile]:
    """Put files together.

    Parameters
    ----------
    synchronizer : Synchronizer
    clips : sequence of SyncClip
        In sync, of two people or more.
    seed, repeats : int
        `repeats` files with their own sound for each person and length; a third as many with a stranger's.
    lengths : sequence of int
        In frames.
    listeners : bool
        Several stretches, and listeners beside; otherwise one face in one stretch.
    """
    generator = np.random.default_rng(seed)
    own, foreign = _compare(synchronizer, clips)
    everybody = [each for many in foreign.values() for each in many]
    for person, mine in own.items():
        for length in lengths:
            for number in range(repeats + -(-repeats // 3)):
                is_own = number < repeats
                source = mine if is_own else foreign[person]
                shift = int(generator.integers(-MAX_SHIFT, MAX_SHIFT + 1))
                several = listeners and number % 2 == 1
                stretches = []
                for _ in range(int(generator.integers(2, 5)) if several else 1):
                    chosen = source[generator.integers(len(source))]
                    wanted = int(generator.integers(15, length + 1)) if several else length
                    stretches.append(_stretch(chosen, wanted, shift, generator))
                for _ in range(
                    int(generator.integers(0, 4)) if listeners and number % 4 >= 2 else 0
                ):
                    other = everybody[generator.integers(len(everybody))]
                    stretches.append(_stretch(other, length, shift, generator))
                yield MadeFile(person, length, is_own, tuple(stretches), shift)


def look_at(files: Iterator[MadeFile], calibration: OffsetCalibration) -> list[FileCase]:
    """Sum the evidence of each file."""
    cases = []
    for file in files:
        pieces = cut_pieces(file.similarities)
        found = sum_evidence(pieces, calibration)
        if found is not None:
            right = file.own and abs(found.offset - file.offset) <= TOLERANCE
            seen = sum(int(np.isfinite(piece).any(axis=1).sum()) for piece in pieces)
            cases.append(FileCase(file.person, file.length, file.own, right, seen, found))
    return cases


def fit_file_calibration(
    cases: Sequence[FileCase], calibration: OffsetCalibration
) -> OffsetCalibration:
    """Fit both probabilities on people whom nothing else is chosen on; other numbers stay.

    Parameters
    ----------
    cases : sequence of FileCase
        From `look_at` with the same `calibration`.
    calibration : OffsetCalibration
    """
    right = _fit(cases, USED[0], lambda case: case.right)
    own = _fit(cases, USED[1], lambda case: case.own)
    return replace(calibration, right=right, own=own)


def summarize(
    cases: Sequence[FileCase], calibration: OffsetCalibration
) -> dict[str, tuple[int, float, float, float]]:
    """Files, share answered, share right of those, share called "not this sound"; of own and of foreign sound.

    People count alike.
    """
    rows = {}
    for name, own in (("own", True), ("foreign", False)):
        mine = [case for case in cases if case.own == own]
        counts = Counter(case.person for case in mine)
        weights = np.array([1 / counts[case.person] for case in mine])
        answered = np.array([logistic(calibration.right, case.evidence.features) >= calibration.least for case in mine])  # fmt: skip
        right = np.array([case.right for case in mine])
        called = np.array(
            [
                case.num_frames >= FOREIGN_FRAMES
                and logistic(calibration.own, case.evidence.features) <= calibration.foreign
                for case in mine
            ]
        )
        total = weights.sum()
        rows[name] = (
            len(mine),
            float((weights * answered).sum() / total),
            float((weights * (answered & right)).sum() / max((weights * answered).sum(), 1e-9)),
            float((weights * (called & ~answered)).sum() / total),
        )
    return rows


def _compare(
    synchronizer: Synchronizer, clips: Sequence[SyncClip]
) -> tuple[dict[str, list[NDArray]], dict[str, list[NDArray]]]:
    """Similarities of each person's clips with their own sound, and with strangers'."""
    own: dict[str, list[NDArray]] = {}
    foreign: dict[str, list[NDArray]] = {}
    reach = MAX_OFFSET + MAX_SHIFT
    for index, clip in enumerate(clips):
        times = np.arange(len(clip.lips)) / FRAME_RATE
        strangers = [other for other in clips if other.person != clip.person]
        sounds = [strangers[(index + step) % len(strangers)].waveform for step in STRANGERS]
        for target, sound in ((own, clip.waveform), *((foreign, each) for each in sounds)):
            waveform = np.resize(sound, len(clip.waveform))
            found = synchronizer.features(clip.lips, times, waveform, max_offset=reach)
            target.setdefault(clip.person, []).append(found.similarities)
    return own, foreign


def _stretch(
    similarities: NDArray[np.floating], length: int, shift: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Cut picture and sound to a stretch, the sound moved by `shift` frames: (length, 2 MAX_OFFSET + 1)."""
    length = min(length, len(similarities))
    start = int(generator.integers(0, len(similarities) - length + 1))
    middle = similarities.shape[1] // 2
    frames = np.arange(length)[:, None]
    offsets = np.arange(-MAX_OFFSET, MAX_OFFSET + 1)[None] - shift
    sound = frames + offsets
    inside = (np.abs(offsets) <= middle) & (sound >= 0) & (sound < length)
    cut = np.full(sound.shape, np.nan)
    rows, columns = np.nonzero(inside)
    cut[rows, columns] = similarities[rows + start, offsets[0, columns] + middle]
    return cut


def _fit(
    cases: Sequence[FileCase], used: Sequence[int], target: Callable[[FileCase], bool]
) -> tuple[float, ...]:
    from sklearn.linear_model import LogisticRegression  # only to learn it: a second to import

    features = np.array([case.evidence.features for case in cases])
    counts = Counter((case.person, case.own) for case in cases)
    weights = np.array(
        [(1 - FOREIGN if case.own else FOREIGN) / counts[case.person, case.own] for case in cases]
    )
    model = LogisticRegression(C=100.0, max_iter=5000)
    labels = [target(case) for case in cases]
    model.fit(features[:, list(used)], labels, sample_weight=weights * len(weights) / weights.sum())
    found = np.zeros(1 + features.shape[1])
    found[0] = model.intercept_[0]
    found[1 + np.array(used)] = model.coef_[0]
    return tuple(round(float(value), 4) for value in found)
