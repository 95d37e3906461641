"""Pairs for training: a face and a voice of the same clip, and nothing about whose they are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.data.training.shards import ClipShards
from pins_plugin.data.training.tar_shards import HeldClips

DecodedClips = ClipShards | HeldClips


class PairBatch(NamedTuple):
    """Row i of each tensor comes from the same clip.

    Parameters
    ----------
    faces : (batch, 3, height, width) uint8 Tensor
    waveforms : (batch, num_samples) int16 Tensor
    positions : (batch,) int64 Tensor
        Which clips of the dataset these are.
    """

    faces: Tensor
    waveforms: Tensor
    positions: Tensor

    def to(self, device: str | torch.device, non_blocking: bool = True) -> "PairBatch":
        """Move everything."""
        return PairBatch(*(value.to(device, non_blocking=non_blocking) for value in self))

    def pin_memory(self) -> "PairBatch":
        """Make copies to a GPU fast."""
        return PairBatch(*(value.pin_memory() for value in self))


class PairDataset(torch.utils.data.Dataset):
    """Pairs of clips: one picture and one stretch of sound each, and nothing about whose they are.

    The choice depends on seed, epoch and clip only: not on the process, the worker, or what was drawn before. A run that
    was stopped therefore goes on with the very same crops. Clips that could not be decoded are left out; sound shorter
    than the stretch, in seconds, is repeated.
    """

    def __init__(self, shards: ClipShards, seconds: float, seed: int = 0) -> None:
        self.shards = shards
        self.num_samples = round(seconds * SAMPLE_RATE)
        self.seed = seed
        self.epoch = 0
        self.positions = [place for place in range(len(shards)) if place not in shards.skipped]

    def set_epoch(self, epoch: int) -> None:
        """Draw other crops than in other epochs."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, items: Sequence[int]) -> PairBatch:
        """Read the pairs of some items."""
        positions = [self.positions[item] for item in items]
        return stack_pairs(positions, [self.crop(position) for position in positions])

    def crop(self, position: int) -> tuple[Tensor, Tensor]:
        """Read a picture (3, height, width) uint8 and sound (num_samples,) int16 of a clip."""
        pair = self.shards.faces(position), self.shards.sound(position)
        return crop_pair(*pair, self.num_samples, (self.seed, self.epoch, position))


def stack_pairs(positions: Sequence[int], pairs: Sequence[tuple[Tensor, Tensor]]) -> PairBatch:
    """Make a batch of pictures and stretches of sound, and of the positions of their clips."""
    faces, waveforms = zip(*pairs, strict=True)
    return PairBatch(torch.stack(faces), torch.stack(waveforms), torch.tensor(positions))


def crop_pair(
    faces: NDArray[np.uint8],
    sound: NDArray[np.int16],
    num_samples: int,
    seeds: tuple[int, int, int],
) -> tuple[Tensor, Tensor]:
    """Choose a picture (3, height, width) and a stretch of sound (num_samples,) of a clip, by seed, epoch and clip."""
    generator = np.random.default_rng(seeds)
    face = np.array(faces[generator.integers(len(faces))])
    start = int(generator.integers(max(1, len(sound) - num_samples + 1)))
    return torch.from_numpy(face), torch.from_numpy(cut_sound(sound, start, num_samples))


def cut_sound(sound: NDArray[np.int16], start: int, num_samples: int) -> NDArray[np.int16]:
    """Copy (num_samples,) samples from `start` on; sound that is too short is repeated.

    Examples
    --------
    >>> cut_sound(np.array([1, 2, 3], dtype=np.int16), 0, 5)
    array([1, 2, 3, 1, 2], dtype=int16)
    """
    if len(sound) < num_samples:
        return np.resize(np.asarray(sound), num_samples)
    return np.array(sound[start : start + num_samples])


def steady_crop(clips: DecodedClips, position: int, seconds: float) -> tuple[Tensor, Tensor]:
    """All pictures (num_frames, 3, height, width) and the middle stretch of sound (num_samples,) of a clip, for scoring."""
    sound, num_samples = clips.sound(position), round(seconds * SAMPLE_RATE)
    start = max(0, (len(sound) - num_samples) // 2)
    stretch = torch.from_numpy(cut_sound(sound, start, num_samples))
    return torch.from_numpy(np.array(clips.faces(position))), stretch
