"""Follow faces through the chunks of a shot: detect now and then, refine in between.

At every k-th picture (a *key*) the whole detector looks for faces; keys are joined by linear assignment on
overlap. Between two keys each face's box is interpolated and only MTCNN's last network looks there, for all faces
of all pictures of a chunk in one batch: that gives the exact box, the landmarks, and whether it is still a face.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pins_plugin.tracking.boxes import box_overlaps, match_boxes
from pins_plugin.tracking.detector import Detections, FaceDetector, cut_window
from pins_plugin.tracking.quality import measure_sharpness
from pins_plugin.tracking.shots import Chunk, measure_change

Array = NDArray[np.float32]

CROP_SIZE = 64  # pixels; sharpness is measured on faces of this size; chosen, not measured
# Pixels; from one picture to the next, faces are compared at this size; chosen, not measured
CHANGE_SIZE = 24
# Least probability of a face to start a track (and of a whole track, its median): chosen, not measured; and to count as seen in
# one: the detector's own last threshold
START_PROBABILITY, KEEP_PROBABILITY = 0.9, 0.7
MIN_KEY_OVERLAP = 0.2  # of boxes at successive keys; chosen, not measured


@dataclass(eq=False)  # compared by identity: arrays have no truth value
class RawTrack:
    """A face that is being followed; frames are counted from the start of the video.

    All but the keys chunk by chunk.
    """

    shot: int
    # Where the face was found by the whole detector, or found again by its last network
    key_frames: list[int] = field(default_factory=list)
    key_boxes: list[Array] = field(default_factory=list)
    # (num_windows,) pictures that were looked at, increasing, and what was seen there
    frames: list[NDArray[np.intp]] = field(default_factory=list)
    faces: list[Detections] = field(default_factory=list)
    sharpness: list[float] = field(default_factory=list)
    # (num_windows,) how much the face differs from the picture before; see `measure_changes`
    changes: list[NDArray[np.float64]] = field(default_factory=list)

    def add_key(self, frame: int, box: Array) -> None:
        """Remember where the face was at one key."""
        self.key_frames.append(frame)
        self.key_boxes.append(box)


@dataclass(eq=False)
class FaceFollower:
    """Take the chunks of a video in turn and collect tracks."""

    detector: FaceDetector
    key_distance: int  # pictures from one key to the next
    max_gap: int  # for how many pictures a face may be lost and still be the same track
    num_frames: int = field(default=0, init=False)
    _open: list[RawTrack] = field(default_factory=list, init=False)

    def add(self, chunk: Chunk) -> list[RawTrack]:
        """Follow the faces through one chunk; returns the tracks that are finished."""
        finished: list[RawTrack] = []
        if not chunk.continues:
            finished, self._open = self._open, []
        start = self.num_frames - chunk.continues  # number of the chunk's first picture
        self.num_frames = start + len(chunk.times)
        keys = sorted({*range(0, len(chunk.times), self.key_distance), len(chunk.times) - 1})
        keys = keys[chunk.continues :]
        detections = self.detector.detect(chunk.images[keys])
        for key, faces in zip(keys, detections, strict=True):
            self._join(chunk, start + key, chunk.images[key], faces)
        self._look(chunk, start)
        lost = [t for t in self._open if t.key_frames[-1] < self.num_frames - 1 - self.max_gap]
        self._open = [track for track in self._open if track not in lost]
        return finished + lost

    def finish(self) -> list[RawTrack]:
        """Give the tracks that were still open."""
        finished, self._open = self._open, []
        return finished

    def _join(self, chunk: Chunk, frame: int, image: NDArray[np.uint8], faces: Detections) -> None:
        """Give each open track its detection at one key, or look for it; start new tracks."""
        candidates = [t for t in self._open if frame - t.key_frames[-1] <= self.max_gap]
        last = np.array([track.key_boxes[-1] for track in candidates]).reshape(-1, 4)
        pairs = match_boxes(last, faces.boxes, MIN_KEY_OVERLAP)
        for row, column in pairs:
            candidates[row].add_key(frame, faces.boxes[column])
        missing = sorted(set(range(len(candidates))) - {row for row, _ in pairs})
        if missing:
            again = self.detector.refine(
                image[None], np.zeros(len(missing), np.intp), last[missing]
            )
            taken = box_overlaps(again.boxes, faces.boxes).max(axis=1, initial=0) > MIN_KEY_OVERLAP
            for number, position in enumerate(missing):
                if again.probabilities[number] > KEEP_PROBABILITY and not taken[number]:
                    candidates[position].add_key(frame, again.boxes[number])
        for column in set(range(len(faces.boxes))) - {column for _, column in pairs}:
            if faces.probabilities[column] > START_PROBABILITY:
                track = RawTrack(chunk.shot)
                track.add_key(frame, faces.boxes[column])
                self._open.append(track)

    def _look(self, chunk: Chunk, start: int) -> None:
        """Refine all faces at all pictures of the chunk, one key's distance beyond their ends too."""
        first = start + chunk.continues
        spans, windows = [], []
        for track in self._open:
            begin = max(first, track.key_frames[0] - self.key_distance)
            end = min(self.num_frames, track.key_frames[-1] + self.key_distance + 1)
            span = np.arange(begin, max(begin, end))
            boxes = np.array(track.key_boxes)
            windows.append(
                np.stack([np.interp(span, track.key_frames, side) for side in boxes.T], axis=1)
            )
            spans.append(span)
        if not spans:
            return
        seen = self.detector.refine(
            chunk.images, np.concatenate(spans) - start, np.concatenate(windows).astype(np.float32)
        )
        ends = np.cumsum([len(span) for span in spans])
        for track, span, end in zip(self._open, spans, ends, strict=True):
            if not len(span):
                continue
            faces, middle = seen.select(np.arange(end - len(span), end)), len(span) // 2
            crop = cut_window(chunk.images[span[middle] - start], faces.boxes[middle], CROP_SIZE)
            track.frames.append(span)
            track.faces.append(faces)
            track.sharpness.append(measure_sharpness(crop))
            track.changes.append(measure_changes(chunk.images, span - start, faces.boxes))
            track.key_frames, track.key_boxes = track.key_frames[-1:], track.key_boxes[-1:]


def measure_changes(
    images: NDArray[np.uint8], span: NDArray[np.intp], boxes: Array
) -> NDArray[np.float64]:
    """Measure how much a face differs from the one in the picture before (`shots.measure_change`), (num_frames,).

    The smaller of two changes: in one place, and from the place where it was to the place where it is, so that neither
    what passes behind a face nor its own movement counts. `span` (num_frames,) numbers successive pictures of `images`
    (num_images, height, width, 3), `boxes` (num_frames, 4) are the face's in them. 0 where there is no picture before;
    where it is not of the span, the place is taken to be the same.
    """
    changes = np.zeros(len(span))
    for row, (frame, box) in enumerate(zip(span, boxes, strict=True)):
        if frame:
            now = cut_window(images[frame], box, CHANGE_SIZE)
            changes[row] = min(
                measure_change(cut_window(images[frame - 1], place, CHANGE_SIZE), now)
                for place in (box, boxes[max(row - 1, 0)])
            )
    return changes
