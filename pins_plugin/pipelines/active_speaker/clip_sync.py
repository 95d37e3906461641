"""Do the lips of each stretch of a video make its sound, and at what offset?"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import load_audio
from pins_plugin.inference.synchronizer import Synchronizer, SyncResult
from pins_plugin.tracking.boxes import box_overlaps
from pins_plugin.tracking.crops import extract_crops
from pins_plugin.tracking.tracks import track_faces
from pins_plugin.types import FaceTrack

MAX_OFFSET = 25  # frames, one second, as `pins sync` looks at
# Intersection over union, of a face with the one that is looked for; chosen, not measured
MIN_OVERLAP = 0.3


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
    """Measure each stretch by itself, with the synchronizer that ships when none is given.

    Faces are followed again, because a linked result keeps no landmarks; "cannot tell" where one is not found again.
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
            found[number] = track.cut(inside, str(number))
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
    shown = [track for track in tracks if track.start <= middle <= track.end]
    if not shown:
        return None
    boxes = np.stack([each.boxes[np.abs(each.times - middle).argmin()] for each in shown])
    overlaps = box_overlaps(boxes, span.box[None].astype(np.float32))[:, 0]
    return shown[overlaps.argmax()] if overlaps.max() > MIN_OVERLAP else None
