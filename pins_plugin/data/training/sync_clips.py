"""Clips of talking faces for synchronization: lips and sound on one clock of 25 frames per second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pins_plugin.data.media.audio import SAMPLE_RATE as SAMPLE_RATE
from pins_plugin.data.training.stretches import DrawnBatches, balance_people, read_at
from pins_plugin.data.training.sync_augmentation import (
    augment_lips,
    augment_mouths,
    augment_spectrograms,
)
from pins_plugin.errors import PinsError
from pins_plugin.utils.arrays import read_named_arrays
from pins_plugin.utils.files import atomic_path

FRAME_RATE = 25.0
SPECTRA_PER_FRAME = 4


@dataclass(frozen=True, eq=False)
class SyncClip:
    """One talking face, resampled to 25 frames per second.

    Parameters
    ----------
    person : str
        For splits and for drawing people evenly; never an input.
    lips : (num_frames, 88, 2) float32 array
    mouths : (num_frames, height, width) uint8 array
    waveform : (640 num_frames,) float32 array
        16 kHz; its first sample sounds when the first frame is shown.
    start : float
        When the first frame is shown, in seconds on the clock of the video that it was cut from.
    """

    name: str
    person: str
    lips: NDArray[np.float32]
    mouths: NDArray[np.uint8]
    waveform: NDArray[np.float32]
    start: float = 0.0


class SyncBatch(NamedTuple):
    """Stretches of one length."""

    # (batch, num_frames, 88, 2), or mouths (batch, num_frames, height, width) in [0, 1]
    lips: Tensor
    spectrograms: Tensor  # (batch, num_bins, 4 num_frames), or longer on both sides, see `cut_lips`


def resample_frames(
    times: NDArray[np.floating], values: NDArray
) -> tuple[NDArray[np.float64], NDArray]:
    """Put frames (num_frames, ...), shown at increasing seconds (num_frames,), on a clock of 25 a second from the first on.

    Gives the seconds of the clock, (num_resampled,), and the values then: numbers interpolated linearly, pictures (uint8)
    of the nearest frame.

    Examples
    --------
    >>> resample_frames(np.array([0.0, 0.06]), np.array([[0.0], [6.0]]))[1].tolist()
    [[0.0], [4.0]]
    """
    stamps: NDArray[np.float64] = np.asarray(times).astype(np.float64)
    if len(stamps) < 2:
        return stamps, np.asarray(values)
    num_resampled = int((stamps[-1] - stamps[0]) * FRAME_RATE + 1e-6) + 1
    clock = (stamps[0] + np.arange(num_resampled) / FRAME_RATE).astype(np.float64)
    after = np.clip(np.searchsorted(stamps, clock), 1, len(stamps) - 1)
    weight = np.clip((clock - stamps[after - 1]) / (stamps[after] - stamps[after - 1]), 0, 1)
    if values.dtype == np.uint8:
        return clock, values[np.where(weight > 0.5, after, after - 1)]
    weight = weight.reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)
    values = (1 - weight) * values[after - 1] + weight * values[after]
    return clock, values


def cut_sound(
    waveform: NDArray[np.float32], start: float, num_frames: int, sample_rate: int = SAMPLE_RATE
) -> NDArray[np.float32]:
    """Sound of `num_frames` video frames from `start` seconds on; silence where there is none."""
    per_frame = round(sample_rate / FRAME_RATE)
    first = round(start * sample_rate)
    piece = waveform[max(first, 0) : max(first + num_frames * per_frame, 0)]
    before = min(max(-first, 0), num_frames * per_frame)
    after = num_frames * per_frame - before - len(piece)
    return np.pad(piece, (before, after))


def clip_name(video: Path, root: Path) -> str:
    """Name the clip of a video by its folders below `root` and its stem; corpora reuse file names in every folder.

    Examples
    --------
    >>> clip_name(Path("lrw/ABOUT/test/ABOUT_00001.mp4"), Path("lrw"))
    'ABOUT-test-ABOUT_00001'
    """
    return "-".join(video.relative_to(root).with_suffix("").parts)


def save_sync_clip(path: str | Path, clip: SyncClip) -> None:
    """Write a clip as one npz file (sound as 16-bit integers)."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        waveform = np.round(np.clip(clip.waveform, -1, 1) * 32767).astype(np.int16)
        lips = clip.lips.astype(np.float32)
        np.savez_compressed(file, **{**vars(clip), "lips": lips, "waveform": waveform})


def load_sync_clip(path: str | Path) -> SyncClip:
    """Read what `save_sync_clip` wrote.

    Raises
    ------
    PinsError
        When the file is missing or is something else.
    """
    names = ("name", "person", "lips", "mouths", "waveform")
    arrays = read_named_arrays(path, names, PinsError, "a clip that recipes/Sync/prepare.py wrote")
    return SyncClip(
        str(arrays["name"]),
        str(arrays["person"]),
        arrays["lips"],
        arrays["mouths"],
        arrays["waveform"].astype(np.float32) / np.float32(32767),
        float(arrays.get("start", 0.0)),
    )


def shift_clip(clip: SyncClip, offset_frames: int) -> SyncClip:
    """Mend a clip whose sound comes `offset_frames` too late (too early where negative)."""
    per_frame = round(SAMPLE_RATE / FRAME_RATE)
    num_frames = max(len(clip.lips) - abs(offset_frames), 0)
    video = slice(0, num_frames) if offset_frames >= 0 else slice(-offset_frames, None)
    first = max(offset_frames, 0) * per_frame
    sound = clip.waveform[first : first + num_frames * per_frame]
    return replace(
        clip,
        lips=clip.lips[video],
        mouths=clip.mouths[video],
        waveform=sound,
        start=clip.start + max(-offset_frames, 0) / FRAME_RATE,
    )


class SyncBatches(DrawnBatches):
    """Endless variety: random stretches of clips at random speeds, augmented.

    People are drawn as `balance_people` says.

    Parameters
    ----------
    spectrograms : sequence of (num_bins, 4 num_frames) Tensor
        One per clip.
    augmentation : float
        Strength; 0 for none.
    view : {"lips", "mouths"}
        What the batches show: the points, or the pixels.
    seed : int
        With the epoch (`set_epoch`), determines everything.
    sources : sequence of str, optional
        Where each clip comes from, such as "real" or "simulated".
    shares : mapping of str to float, optional
        How often each source is drawn; people are balanced within it.
    briefly : float
        Share of batches in which the face is seen for a short while only, see `cut_lips`.
    """

    def __init__(
        self,
        clips: Sequence[SyncClip],
        spectrograms: Sequence[Tensor],
        num_frames: int = 64,
        batch_size: int = 32,
        steps_per_epoch: int = 100,
        augmentation: float = 1.0,
        balance: float = 0.4,
        seed: int = 0,
        view: str = "lips",
        sources: Sequence[str] | None = None,
        shares: Mapping[str, float] | None = None,
        briefly: float = 0.0,
    ) -> None:
        if view not in ("lips", "mouths"):
            raise PinsError(f"view: expected lips or mouths, got {view!r}")
        kept = [index for index, clip in enumerate(clips) if len(clip.lips) >= 2]
        if not kept:
            raise PinsError("clips: expected at least one with two frames, got none")
        super().__init__(steps_per_epoch, seed)
        self.view = view
        self.lips = [torch.as_tensor(getattr(clips[index], view)) for index in kept]
        self.spectrograms = [spectrograms[index] for index in kept]
        people = [clips[index].person for index in kept]
        weights = balance_people(people, [len(clips[index].lips) for index in kept], balance)
        if shares:
            names = [""] * len(clips) if sources is None else sources
            weights = share_sources(weights, [names[index] for index in kept], shares)
        self.weights = torch.tensor(weights)
        self.num_frames = num_frames
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.briefly = briefly

    def draw(self, generator: torch.Generator) -> SyncBatch:
        """Draw stretches of one length, augmented."""
        count = self.batch_size
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        speeds = torch.randn(count, generator=generator).mul(0.15 * self.augmentation)
        speeds = speeds.exp().clamp(0.75, 1.3)
        drawn = (chosen, speeds, torch.rand(count, generator=generator))
        stretches = [
            read_stretch(self.lips[index], self.spectrograms[index], self.num_frames, speed, place)
            for index, speed, place in zip(*(part.tolist() for part in drawn), strict=True)
        ]
        lips, spectrograms = (torch.stack(part) for part in zip(*stretches, strict=True))
        if self.augmentation > 0:
            change = augment_lips if self.view == "lips" else augment_mouths
            lips = change(lips, self.augmentation, generator)
            spectrograms = augment_spectrograms(spectrograms, self.augmentation, generator)
        batch = SyncBatch(lips, spectrograms)
        if self.briefly and float(torch.rand((), generator=generator)) < self.briefly:
            batch = cut_lips(batch, generator)
        return batch


def cut_lips(batch: SyncBatch, generator: torch.Generator) -> SyncBatch:
    """Keep 10 to 34 frames of the lips, and up to 15 more of the sound on either side.

    So a face is met that is seen for less than a second: its mean shape and its range of movement have to be
    taken from that little, while its sound goes on.
    """

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, max(low, high) + 1, (), generator=generator))

    length = batch.lips.shape[1]
    kept = min(draw(10, 34), length)
    lead = min(15 if draw(0, 3) else draw(4, 15), (length - kept) // 2)
    start = draw(lead, length - kept - lead)
    first, last = start - lead, start + kept + lead
    return SyncBatch(
        batch.lips[:, start : start + kept],
        batch.spectrograms[..., SPECTRA_PER_FRAME * first : SPECTRA_PER_FRAME * last],
    )


def share_sources(
    weights: Sequence[float], sources: Sequence[str], shares: Mapping[str, float]
) -> list[float]:
    """Scale the weights of clips so that each source has its share.

    Examples
    --------
    >>> share_sources([1, 1, 2], ["a", "a", "b"], {"a": 1, "b": 3})
    [0.125, 0.125, 0.75]

    Raises
    ------
    PinsError
        When a source has no share, or a share no clip.
    """
    if set(sources) != set(shares) or min(shares.values()) <= 0:
        raise PinsError(
            f"shares: expected a positive share for each of {', '.join(sorted(set(sources)))}, got {dict(shares)}"
        )
    totals = dict.fromkeys(shares, 0.0)
    for weight, source in zip(weights, sources, strict=True):
        totals[source] += weight
    whole = sum(shares.values())
    return [
        weight * shares[source] / (totals[source] * whole)
        for weight, source in zip(weights, sources, strict=True)
    ]


def read_stretch(
    lips: Tensor, spectrogram: Tensor, num_frames: int, speed: float, place: float
) -> tuple[Tensor, Tensor]:
    """Read `num_frames` frames played at `speed`, picture and sound alike; `place` in [0, 1) says where from.

    Where the clip is too short, it is played more slowly to fill the stretch.
    """
    speed = min(speed, (len(lips) - 1) / (num_frames - 1))
    start = place * (len(lips) - 1 - (num_frames - 1) * speed)
    frames = start + torch.arange(num_frames) * speed
    half = (SPECTRA_PER_FRAME - 1) / 2  # a frame's four spectra are centered on their middle
    spectra = torch.arange(SPECTRA_PER_FRAME * num_frames) - half
    spectra = SPECTRA_PER_FRAME * start + half + spectra * speed
    return read_at(lips, frames), read_at(spectrogram.T, spectra).T
