"""Lips that talk and lips that rest: labeled clips, and endless stretches of them for training."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pins_plugin.data.training.stretches import DrawnBatches, balance_people
from pins_plugin.data.training.talking_augmentation import augment_talking
from pins_plugin.errors import PinsError
from pins_plugin.utils.arrays import read_named_arrays
from pins_plugin.utils.files import atomic_path

TALKS, RESTS, UNKNOWN = 1, 0, -1
FEWEST_RESTING = 8  # frames of rest that may be looped
SLOW_MOTION = (0.12, 0.25)  # speed at which talking is no talking any more


@dataclass(frozen=True, eq=False)
class TalkingClip:
    """One face at 25 frames per second.

    Parameters
    ----------
    person : str
        For splits and for drawing people evenly; never an input.
    lips : (num_frames, 88, 2) float32 array
        NaN where no face was seen.
    talking : (num_frames,) int8 array
        1 where the mouth talks, 0 where it rests, -1 where that is not known.
    """

    name: str
    person: str
    lips: NDArray[np.float32]
    talking: NDArray[np.int8]


class TalkingBatch(NamedTuple):
    """Stretches of one length."""

    lips: Tensor  # (batch, num_frames, 88, 2)
    seen: Tensor  # (batch, num_frames)
    talking: Tensor  # (batch, num_frames)


def label_frames(
    times: NDArray[np.floating],
    speech: Sequence[tuple[float, float]],
    inside: float = 0.0,
    away: float = 0.2,
) -> NDArray[np.int8]:
    """Label moments (num_frames,), in seconds, by the speech that is heard, (start, end) each.

    A mouth talks at least `inside` seconds within speech, and rests at least `away` seconds from it; else it is not known.

    Examples
    --------
    >>> label_frames(np.array([0.0, 0.9, 1.5]), [(1.0, 2.0)]).tolist()
    [0, -1, 1]
    """
    labels = np.full(len(times), RESTS, np.int8)
    for start, end in speech:
        labels[(times > start - away) & (times < end + away)] = UNKNOWN
    for start, end in speech:
        labels[(times >= start + inside) & (times <= end - inside)] = TALKS
    return labels


def bridge(lips: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Bridge frames without a face, which are NaN, linearly: lips (num_frames, 88, 2), and which were seen (num_frames,).

    The lips are zero where no frame was seen at all.
    """
    lips = np.asarray(lips, np.float32)
    seen = np.isfinite(lips).all(axis=(1, 2))
    if seen.all() or not seen.any():
        return np.nan_to_num(lips), seen
    kept = np.flatnonzero(seen)
    frames = np.arange(len(lips))
    after = np.clip(np.searchsorted(kept, frames), 1 if len(kept) > 1 else 0, len(kept) - 1)
    before = np.maximum(after - 1, 0)
    span = np.maximum(kept[after] - kept[before], 1)
    weight = np.clip((frames - kept[before]) / span, 0, 1).astype(np.float32)[:, None, None]
    return (1 - weight) * lips[kept[before]] + weight * lips[kept[after]], seen


def save_talking_clip(path: str | Path, clip: TalkingClip) -> None:
    """Write a clip as one npz file."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **vars(clip))


def load_talking_clip(path: str | Path) -> TalkingClip:
    """Read what `save_talking_clip` wrote.

    Raises
    ------
    PinsError
        When the file is missing or is something else.
    """
    expected = "a clip that recipes/VisualVoiceActivity/prepare.py wrote"
    arrays = read_named_arrays(path, ("name", "person", "lips", "talking"), PinsError, expected)
    return TalkingClip(
        str(arrays["name"]), str(arrays["person"]), arrays["lips"], arrays["talking"]
    )


class TalkingBatches(DrawnBatches):
    """Endless variety: random stretches as they are, rests that are looped, talk in slow motion; augmented.

    Parameters
    ----------
    augmentation : float
        Strength; 0 for none.
    looped : float
        Share of stretches that are one rest played back and forth.
    slowed : float
        Share of stretches that are talk so slow that it is none (smiles, yawns).
    balance : float
        See `balance_people`.
    seed : int
        With the epoch (`set_epoch`), determines everything.
    """

    def __init__(
        self,
        clips: Sequence[TalkingClip],
        num_frames: int = 64,
        batch_size: int = 48,
        steps_per_epoch: int = 100,
        augmentation: float = 1.0,
        looped: float = 0.3,
        slowed: float = 0.06,
        balance: float = 0.5,
        seed: int = 0,
    ) -> None:
        super().__init__(steps_per_epoch, seed)
        self.clips = [clip for clip in clips if len(clip.lips) >= FEWEST_RESTING]
        labels = np.concatenate([clip.talking for clip in self.clips] or [np.zeros(0, np.int8)])
        if not {TALKS, RESTS} <= set(labels.tolist()):
            raise PinsError("clips: expected some that talk and some that rest, got one kind only")
        self.parts = [bridge(clip.lips) for clip in self.clips]
        whole = [(index, 0, len(clip.lips)) for index, clip in enumerate(self.clips)]
        rests, talks = self._pieces(RESTS), self._pieces(TALKS)
        self.kinds = [(pieces, self._weights(pieces, balance)) for pieces in (whole, rests, talks)]
        self.shares = np.array([1 - looped - slowed, looped, slowed])
        self.num_frames = num_frames
        self.batch_size = batch_size
        self.augmentation = augmentation

    def _pieces(self, label: int) -> list[tuple[int, int, int]]:
        """Clip, start and end of each stretch that only talks, or only rests."""
        return [
            (index, start, end)
            for index, clip in enumerate(self.clips)
            for start, end in runs(clip.talking == label)
            if end - start >= FEWEST_RESTING
        ]

    def _weights(self, pieces: Sequence[tuple[int, int, int]], balance: float) -> list[float]:
        people = [self.clips[index].person for index, _, _ in pieces]
        return balance_people(people, [end - start for _, start, end in pieces], balance)

    def make_generator(self) -> np.random.Generator:
        """Give the random numbers of the epoch."""
        return np.random.default_rng([self.seed, self.epoch])

    def draw(self, generator: np.random.Generator) -> TalkingBatch:
        """Draw stretches of one length, augmented."""
        stretches = [self._stretch(generator) for _ in range(self.batch_size)]
        lips, seen, talking = (
            torch.from_numpy(np.stack(part)) for part in zip(*stretches, strict=True)
        )
        if self.augmentation > 0:
            torch_generator = torch.Generator().manual_seed(int(generator.integers(2**31)))
            lips, seen = augment_talking(lips, seen, self.augmentation, torch_generator)
        return TalkingBatch(lips, seen, talking)

    def _stretch(
        self, generator: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        kind = int(generator.choice(3, p=self.shares))
        pieces, weights = self.kinds[kind]
        if not pieces:
            kind, (pieces, weights) = 0, self.kinds[0]
        index, first, last = pieces[int(generator.choice(len(pieces), p=weights))]
        lips, seen = self.parts[index]
        labels = self.clips[index].talking
        speed = float(np.clip(np.exp(0.18 * generator.normal()), 0.7, 1.4))
        if kind == 1:
            speed *= generator.uniform(0.4, 1.1)
        elif kind == 2:
            speed = generator.uniform(*SLOW_MOTION)
        places = _back_and_forth(
            generator.uniform(0, 2 * (last - first)) if kind else
            generator.uniform(0, max(last - first - self.num_frames * speed, 0)),
            speed, self.num_frames, last - 1 - first,
        ) + first  # fmt: skip
        if kind == 1 and generator.random() < 0.5:
            places = places[::-1]
        before = np.minimum(places.astype(int), len(lips) - 2)
        weight = (places - before).astype(np.float32)[:, None, None]
        nearest = np.clip(np.round(places).astype(int), 0, len(lips) - 1)
        talking = labels[nearest].astype(np.float32)
        if kind == 2:
            talking[:] = RESTS
        return (
            (1 - weight) * lips[before] + weight * lips[before + 1],
            seen[nearest].astype(np.float32),
            talking,
        )


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end (excluded) of each stretch of True.

    Examples
    --------
    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _back_and_forth(
    start: float, speed: float, num_frames: int, length: float
) -> NDArray[np.float64]:
    """Places in [0, length] of `num_frames` frames from `start` on, turned back at both ends."""
    places = np.mod(start + np.arange(num_frames) * speed, 2 * max(length, 1e-6))
    return np.minimum(places, 2 * length - places).clip(0, length)
