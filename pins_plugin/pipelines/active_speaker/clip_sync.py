"""Do the lips of each stretch of a video make its sound, and at what offset?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import load_audio
from pins_plugin.inference.synchronizer import Synchronizer, SyncResult
from pins_plugin.tracking.crops import extract_crops
from pins_plugin.tracking.tracks import track_faces
from pins_plugin.types import FaceTrack

MAX_OFFSET = 25  # frames
MIN_OVERLAP = 0.3  # intersection over union, of a face with the one that is looked for


class FaceSpan(NamedTuple):
    """A stretch of one face: seconds, and its box (4,) in the middle of it, in pixels of the original picture."""

    start: float
    end: float
    box: NDArray[np.float64]


def measure_stretches(
    video: str | Path,
    spans: Sequence[FaceSpan],
    quiet: bool = True,
    synchronizer: Synchronizer | None = None,
) -> list[SyncResult]:
    """Measure each stretch by itself; faces are followed again, because a linked result keeps no landmarks.

    Parameters
    ----------
    video : str or Path
    spans : sequence of FaceSpan
    quiet : bool
    synchronizer : Synchronizer, optional
        The one that ships when not given.

    Returns
    -------
    results : list of SyncResult
        "cannot tell" where the face is not found again.
    """
    if not spans:
        return []
    synchronizer = synchronizer or Synchronizer.from_hparams("sync")
    waveform = load_audio(video)
    tracks = track_faces(video, quiet=quiet)
    found = {}
    for number, span in enumerate(spans):
        track = find_face(tracks, span)
        if track is not None:
            inside = (track.times >= span.start) & (track.times < span.end)
            found[number] = replace(
                track, track=str(number), times=track.times[inside], boxes=track.boxes[inside],
                landmarks=track.landmarks[inside], detected=track.detected[inside],
            )  # fmt: skip
    crops = extract_crops(video, list(found.values()), ["lips"], quiet=quiet)
    results = [SyncResult(0.0, 0, 0.0, "cannot tell")] * len(spans)
    for number in found:
        crop = crops[str(number)]
        features = synchronizer.moving_features(
            crop.lips, crop.times, waveform, max_offset=MAX_OFFSET
        )
        results[number] = synchronizer.offset_of_file([features.similarities])
    return results


def find_face(tracks: Sequence[FaceTrack], span: FaceSpan) -> FaceTrack | None:
    """The track that covers a face best in the middle of a stretch, or None."""
    middle = (span.start + span.end) / 2
    best, largest = None, MIN_OVERLAP
    for track in tracks:
        if track.start <= middle <= track.end:
            box = track.boxes[int(np.abs(track.times - middle).argmin())]
            overlap = _overlap(box, span.box)
            if overlap > largest:
                best, largest = track, overlap
    return best


def _overlap(first: NDArray, second: NDArray) -> float:
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    areas = sum(float(np.prod(box[2:] - box[:2])) for box in (first, second))
    return shared / max(areas - shared, 1e-9)
