"""Faces followed and looked at: in one pass over the video with the built-in tracker, in two with one of another package."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.pipelines.linking.observation import TrackEmbeddings, Watcher
from pins_plugin.pipelines.people.face_tracks import find_faces
from pins_plugin.tracking.crops import Crops, iter_crops
from pins_plugin.tracking.tracks import TrackerSettings, track_and_crop
from pins_plugin.types import FaceTrack

KINDS = ("face", "lips")
FACES_PER_TRACK = (2, 8)  # least, most; chosen, not measured
MAX_FACES = 4000  # pictures that are embedded, of a whole film: bounds time; chosen, not measured


def faces_per_track(num_tracks: int) -> int:
    """How many pictures of each track to look at: fewer where a long film has thousands of tracks.

    Examples
    --------
    >>> faces_per_track(20), faces_per_track(1000), faces_per_track(5000)
    (8, 4, 2)
    """
    return int(np.clip(MAX_FACES // max(1, num_tracks), *FACES_PER_TRACK))


def watch_faces(
    path: Path,
    watcher: Watcher,
    waveform: NDArray[np.float32],
    device: torch.device,
    quiet: bool = True,
    keep_crops: bool = False,
) -> tuple[list[FaceTrack], TrackEmbeddings]:
    """Follow the faces of a video, and look at each when its shot has ended: equal to `find_faces` and `look_at`.

    A film of more than `MAX_FACES` / `FACES_PER_TRACK` tracks, of each of which fewer faces are to be embedded, is
    decoded again for those.

    Parameters
    ----------
    path : Path
    watcher : Watcher
    waveform : (num_samples,) float32 array
        At 16 kHz.
    device : torch.device
    quiet : bool
        No progress bars.
    keep_crops : bool
        As in `Watcher.embed_tracks`.

    Raises
    ------
    MediaError
        When the video shows no face.
    """
    seen: list[TrackEmbeddings] = []
    most = FACES_PER_TRACK[1]

    def follow(video: Path, settings: TrackerSettings, quiet: bool) -> list[FaceTrack]:
        tracks: list[FaceTrack] = []

        def crops() -> Iterator[tuple[str, Crops]]:
            pairs = track_and_crop(video, KINDS, settings, max_frames=most, quiet=quiet)
            for track, crop in pairs:
                tracks.append(track)
                yield track.track, crop

        seen.append(watcher.embed_tracks(crops(), waveform, keep_crops))
        return tracks

    tracks = find_faces(path, follow, device, quiet)
    (embeddings,) = seen
    number = faces_per_track(len(tracks))
    if number < most:
        some = iter_crops(path, tracks, ("face",), max_frames=number, device=device, quiet=quiet)
        fewer = watcher.embed_tracks(some, waveform, bool(embeddings.crops))
        whole = {
            name: replace(crop, faces=fewer.crops[name].faces)
            for name, crop in embeddings.crops.items()
        }
        embeddings = embeddings._replace(
            faces=fewer.faces, joint_faces=fewer.joint_faces, crops=whole
        )
    return tracks, embeddings


def look_at(
    path: Path,
    tracks: Sequence[FaceTrack],
    watcher: Watcher,
    waveform: NDArray[np.float32],
    device: torch.device,
    quiet: bool = True,
    keep_crops: bool = False,
) -> TrackEmbeddings:
    """Look at each track of a video while it goes by; parameters as in `watch_faces`."""
    number = faces_per_track(len(tracks))
    crops = iter_crops(path, tracks, KINDS, max_frames=number, device=device, quiet=quiet)
    return watcher.embed_tracks(crops, waveform, keep_crops)
