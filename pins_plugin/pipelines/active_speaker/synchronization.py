"""From a video file to the offset between its picture and its sound."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.audio import load_audio
from pins_plugin.inference.synchronizer import MAX_OFFSET, Synchronizer, SyncResult
from pins_plugin.tracking.crops import Crops, extract_crops
from pins_plugin.tracking.tracks import TrackerSettings, track_faces


@dataclass(frozen=True)
class VideoSync:
    """The offset of a video, and the faces it was read from.

    Parameters
    ----------
    result : SyncResult
        For the whole file.
    tracks : tuple of str
        Names of the face tracks that the result rests on; empty when nobody can tell.
    per_track : dict of str to SyncResult
        What each face says alone.
    """

    result: SyncResult
    tracks: tuple[str, ...]
    per_track: dict[str, SyncResult]


def synchronize_video(
    video: str | Path,
    synchronizer: Synchronizer,
    *,
    max_offset: int = MAX_OFFSET,
    quiet: bool = False,
) -> VideoSync:
    """Find how late the sound of a video comes.

    Parameters
    ----------
    video : str or Path
    synchronizer : Synchronizer
    max_offset : int
        Largest offset looked for, in frames of 1/25 s.
    quiet : bool
        No progress bars.

    Returns
    -------
    found : VideoSync
        "cannot tell" where no face speaks.

    Raises
    ------
    MediaError
        When the file is missing, unreadable, or has no picture or no sound.
    """
    waveform = load_audio(video)
    device = synchronizer.device
    tracks = track_faces(video, TrackerSettings(device=device), quiet=quiet)
    crops = extract_crops(video, tracks, ["lips"], device=device, quiet=quiet)
    return synchronize_faces(crops, waveform, synchronizer, max_offset)


def synchronize_faces(
    crops: Mapping[str, Crops],
    waveform: NDArray[np.float32],
    synchronizer: Synchronizer,
    max_offset: int = MAX_OFFSET,
) -> VideoSync:
    """Find the common offset of all faces of one recording.

    Silent faces and listeners say nothing about the offset, so that the surest of these counts: each face
    alone, and the faces together that are half sure of themselves.

    Parameters
    ----------
    crops : mapping of str to Crops
        Of each face track, with lips.
    waveform : (num_samples,) array
        16 kHz, from time zero of the media clock.
    synchronizer : Synchronizer
    max_offset : int
    """
    similarities = {
        name: synchronizer.features(
            crop.lips, crop.times, waveform, max_offset=max_offset
        ).similarities
        for name, crop in crops.items()
    }
    per_track = {name: synchronizer.offset_of([each]) for name, each in similarities.items()}
    groups: list[tuple[str, ...]] = [(name,) for name in per_track]
    half_sure = tuple(name for name, result in per_track.items() if result.confidence > 0.25)
    if len(half_sure) > 1:
        groups.append(half_sure)
    found = [
        (synchronizer.offset_of([similarities[name] for name in group]), group) for group in groups
    ]
    result, group = max(
        found, key=lambda pair: pair[0].confidence, default=(synchronizer.offset_of([]), ())
    )
    return VideoSync(result, () if result.decision == "cannot tell" else group, per_track)
