"""Files of known offset, put together of clips that are in sync: what the calibration of whole files is learnt from.

Each file shows one person in one to four stretches, one after the other, in every second one with up to three listeners beside;
its sound is moved as a whole by a known number of frames. A third as many again have a stranger's sound, for which no offset is
right. Lips and sound are cut before a network sees them, because a face that is seen for two seconds tells it less than two seconds of
a longer clip.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.training.sync_clips import FRAME_RATE, SAMPLE_RATE, SyncClip, cut_sound

# Frames that a face is seen for at most; chosen, not measured
LENGTHS = (25, 38, 50, 63, 75, 100, 125)
MAX_SHIFT = 10  # frames by which sound is moved; chosen, not measured
MIN_FRAMES = 15  # frames, of one stretch of several; chosen, not measured
PER_FRAME = round(SAMPLE_RATE / FRAME_RATE)  # samples


@dataclass(frozen=True, eq=False)
class MadeFile:
    """A file put together.

    Parameters
    ----------
    person : str
        Who speaks, or would: `own` says whether the sound is that of the person.
    length, offset : int
        Frames that a face is seen for at most, and by how many the sound comes late.
    faces : tuple of ((num_frames, 88, 2) array, (num_frames,) array)
        Lips and times in seconds of each face track.
    waveform : (num_samples,) float32 array
        16 kHz.
    """

    person: str
    length: int
    own: bool
    offset: int
    faces: tuple[tuple[NDArray[np.float32], NDArray[np.float64]], ...]
    waveform: NDArray[np.float32]


def make_files(
    clips: Sequence[SyncClip],
    seed: int = 0,
    repeats: int = 4,
    lengths: Sequence[int] = LENGTHS,
    listeners: bool = True,
) -> Iterator[MadeFile]:
    """Put files together of clips that are in sync, of two people or more; `lengths` are in frames.

    For each person and length, `repeats` files have their own sound, and a third as many a stranger's. With `listeners` there
    are several stretches and listeners beside; otherwise one face in one stretch.
    """
    generator = np.random.default_rng(seed)
    for person in sorted({clip.person for clip in clips}):
        mine = [clip for clip in clips if clip.person == person]
        others = [clip for clip in clips if clip.person != person]
        for length in lengths:
            for number in range(repeats + -(-repeats // 3)):
                own = number < repeats
                shift = int(generator.integers(-MAX_SHIFT, MAX_SHIFT + 1))
                several = listeners and number % 2 == 1
                count = int(generator.integers(2, 5)) if several else 1
                beside = int(generator.integers(0, 4)) if listeners and number % 4 >= 2 else 0
                stretches = []
                for _ in range(count):
                    wanted = int(generator.integers(MIN_FRAMES, length + 1)) if several else length
                    stretches.append(_draw(mine, wanted, generator))
                total = sum(end - start for _, start, end in stretches)
                waveform = _sound(stretches, shift) if own else _strange(others, total, generator)
                faces = [*_follow(stretches)]
                for _ in range(beside):
                    clip, start, end = _draw(others, min(length, total), generator)
                    faces.append((clip.lips[start:end], np.arange(end - start) / FRAME_RATE))
                yield MadeFile(person, length, own, shift, tuple(faces), waveform)


Stretch = tuple[SyncClip, int, int]  # frames start to end of a clip


def _draw(clips: Sequence[SyncClip], wanted: int, generator: np.random.Generator) -> Stretch:
    clip = clips[int(generator.integers(len(clips)))]
    length = min(wanted, len(clip.lips))
    start = int(generator.integers(0, len(clip.lips) - length + 1))
    return clip, start, start + length


def _follow(stretches: Sequence[Stretch]) -> Iterator[tuple[NDArray, NDArray]]:
    """Lips and times of stretches, one after the other."""
    place = 0
    for clip, start, end in stretches:
        yield clip.lips[start:end], (place + np.arange(end - start)) / FRAME_RATE
        place += end - start


def _sound(stretches: Sequence[Stretch], shift: int) -> NDArray[np.float32]:
    """Sound of stretches, one after the other, `shift` frames late; what is heard before and after is the clip's, as far as it goes."""
    first, start, _ = stretches[0]
    last, _, end = stretches[-1]
    parts = [cut_sound(first.waveform, (start - MAX_SHIFT) / FRAME_RATE, MAX_SHIFT)]
    parts += [clip.waveform[start * PER_FRAME : end * PER_FRAME] for clip, start, end in stretches]
    parts.append(cut_sound(last.waveform, end / FRAME_RATE, MAX_SHIFT))
    whole = np.concatenate(parts)
    total = sum(end - start for _, start, end in stretches)
    return whole[(MAX_SHIFT - shift) * PER_FRAME :][: total * PER_FRAME]


def _strange(
    others: Sequence[SyncClip], num_frames: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    clip = others[int(generator.integers(len(others)))]
    start = int(generator.integers(len(clip.waveform)))
    return np.resize(np.roll(clip.waveform, -start), num_frames * PER_FRAME)
