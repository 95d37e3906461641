"""Crops of faces that are still being followed, so that a video is decoded once for both.

Where a face is in a picture is settled some pictures later: gaps are filled, places are smoothed. Pictures wait for that,
undecoded of color. What was cut early is compared with the finished track, bit by bit; where it was cut elsewhere (two
tracks turned out to be one face), or the pictures had taken too much memory, the track is cut anew from the file.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.media.video import TwoSizes, iter_frames, probe_video
from pins_plugin.tracking.crops import (
    FACE_SIZE,
    CropCutter,
    Crops,
    align_face,
    iter_crops,
    smooth_landmarks,
    spread_rows,
)
from pins_plugin.tracking.follow import FaceFollower, RawTrack
from pins_plugin.tracking.fragments import confirm, join_fragments
from pins_plugin.types import FaceTrack

# Pictures on either side that a place depends on: running median 1, parabola 2, Gaussian 6, and one more
SETTLED = 10
WAITING_BYTES = 160_000_000  # of pictures; chosen, not measured
FACE_BYTES = 60_000_000  # of faces of which some are kept in the end; chosen, not measured
BEFORE = 0.1  # seconds: an interlaced picture is made whole with the help of the one before


@dataclass(eq=False)
class Draft:
    """Crops of a face up to some picture, and where it was taken to be."""

    first: int  # number of the first picture
    points: list[NDArray[np.float32]]  # (5, 2) each: smoothed landmarks
    cutter: CropCutter

    @property
    def end(self) -> int:
        """Number of the next picture."""
        return self.first + len(self.points)

    def agrees(self, first: int, points: NDArray[np.float32]) -> bool:
        """Whether all was cut where the finished track (num_frames, 5, 2) has the face."""
        number = len(self.points)
        return (
            first == self.first
            and number <= len(points)
            and np.array_equal(self.points, points[:number])
        )


Jobs = dict[int, list[tuple[Draft, NDArray[np.float32]]]]  # by number of the picture: where to cut


class LiveCrops:
    """Cuts crops behind a follower.

    Parameters
    ----------
    video : Path
    kinds, max_frames, device
        As in `crops.iter_crops`.
    window : int
        Over which places are smoothed, see `smoothing.smooth`.
    """

    def __init__(
        self,
        video: Path,
        kinds: Sequence[str],
        max_frames: int | None,
        device: str | torch.device,
        window: int,
    ) -> None:
        self.video, self.kinds, self.max_frames = video, kinds, max_frames
        self.device, self.window = device, window
        self._waiting: dict[int, TwoSizes] = {}  # by their number, without gaps
        self._drafts: list[Draft] = []
        self._lost = 0  # picture before which, at the last chunk, all was cut

    def keep(self, frames: Iterator[TwoSizes]) -> Iterator[TwoSizes]:
        """Hand pictures on, and keep them until `advance` finds that they are not needed."""
        for number, frame in enumerate(frames):
            self._waiting[number] = frame
            yield frame

    def advance(
        self,
        follower: FaceFollower,
        ended: Sequence[RawTrack],
        times: Sequence[float],
        zoom: NDArray[np.float32],
    ) -> None:
        """Cut what is settled, after a chunk.

        Parameters
        ----------
        follower : FaceFollower
        ended : sequence of RawTrack
            Of the shot, beside those that the follower has open.
        times : sequence of float
            Of all pictures that were followed, in seconds.
        zoom : (2,) float32 array
            See `Sighting.place`.
        """
        now = len(times)
        lost = now - 1 - follower.max_gap - follower.key_distance  # seen before: does not return
        begin, self._lost = self._lost - 2 * SETTLED, lost
        tails = [_tail(track, begin) for track in (*ended, *follower.open)]
        parts = [confirm(tail, follower.keep_probability) for tail in tails if tail.frames]
        jobs: Jobs = defaultdict(list)
        oldest = now - 1  # of the pictures that are still needed
        for face in join_fragments([one for part in parts for one in part]):
            first, last = int(face.frames[0]), int(face.frames[-1])
            shown = np.array(times[first : last + 1])
            points = smooth_landmarks(face.place(shown, zoom, self.window)[1])
            stop = last + 1 if last < lost else last + 1 - SETTLED
            draft = self._find(first, points)
            if draft is None and stop > first and first in self._waiting:
                draft = self._begin(first)
            if draft is not None:
                self._plan(jobs, draft, first, points[: max(0, stop - first)])
            if last >= lost and (draft is not None or first in self._waiting):
                oldest = min(oldest, first if draft is None else max(stop, draft.end))
        self._cut(jobs)
        oldest = max(oldest, now - max(2, WAITING_BYTES // self._picture_bytes()))
        for number in [each for each in self._waiting if each < oldest]:
            del self._waiting[number]

    def finish(self, shot: Sequence[tuple[int, FaceTrack]]) -> Iterator[tuple[FaceTrack, Crops]]:
        """Give the tracks of a shot that has ended, (number of the first picture, track) each, with their crops."""
        found: list[tuple[Draft, NDArray[np.float32]] | None] = []
        jobs: Jobs = defaultdict(list)
        for first, track in shot:
            points = smooth_landmarks(track.landmarks)
            draft = next((each for each in self._drafts if each.agrees(first, points)), None)
            if draft is None:
                draft = self._begin(first)
            found.append((draft, points) if self._plan(jobs, draft, first, points) else None)
        self._drafts = [one[0] for one in found if one is not None]
        self._cut(jobs)
        again = [track for (_, track), one in zip(shot, found, strict=True) if one is None]
        anew = dict(
            iter_crops(
                self.video, again, self.kinds, max_frames=self.max_frames, device=self.device
            )
        )
        for (_, track), one in zip(shot, found, strict=True):
            yield track, anew[track.track] if one is None else self._crops(track, *one)
        self._drafts = []

    def _find(self, first: int, points: NDArray[np.float32]) -> Draft | None:
        """Find the draft of a face that goes on: its last place is that of the face there."""
        for draft in self._drafts:
            row = draft.end - 1 - first
            if 0 <= row < len(points) and np.array_equal(draft.points[-1], points[row]):
                return draft
        return None

    def _begin(self, first: int) -> Draft:
        draft = Draft(first, [], CropCutter(self.kinds, self.device))
        self._drafts.append(draft)
        return draft

    def _plan(self, jobs: Jobs, draft: Draft, first: int, points: NDArray[np.float32]) -> bool:
        """Note what is to be cut for a draft; given up where a picture is gone."""
        coming = range(draft.end, first + len(points))
        if coming and coming[0] not in self._waiting:
            self._drafts.remove(draft)
            return False
        for number in coming:
            jobs[number].append((draft, points[number - first]))
        return True

    def _cut(self, jobs: Jobs) -> None:
        """Cut picture by picture, each made whole once."""
        held = sum(len(draft.cutter.faces) for draft in self._drafts) * FACE_SIZE**2 * 3
        with_face = self.max_frames is None or held < FACE_BYTES
        for number in sorted(jobs):
            frame = self._waiting[number]
            image = frame.whole()
            for draft, point in jobs[number]:
                row = number - draft.first
                draft.cutter.add(row, frame.time, image, point, with_face)
                draft.points.append(point)

    def _crops(self, track: FaceTrack, draft: Draft, points: NDArray[np.float32]) -> Crops:
        """Stack the crops of a track; faces that were not held are cut now."""
        rows = spread_rows(len(points), self.max_frames)
        for row in rows if "face" in self.kinds else ():
            if row not in draft.cutter.faces:
                time = float(track.times[row])
                for frame in iter_frames(
                    self.video, start=max(0.0, time - BEFORE), end=time + 1e-3
                ):
                    if frame.time >= time - 1e-3:
                        draft.cutter.faces[row] = align_face(frame.image, points[row])
        return draft.cutter.finish(rows)

    def _picture_bytes(self) -> int:
        """Memory of a picture that waits, about: one and a half bytes a pixel, as most are encoded."""
        return probe_video(self.video).width * probe_video(self.video).height * 3 // 2


def _tail(track: RawTrack, begin: int) -> RawTrack:
    """What was seen of a track from a picture on, by whole chunks."""
    number = sum(1 for _ in takewhile(lambda span: span[-1] >= begin, reversed(track.frames)))
    part = slice(len(track.frames) - number, None)
    return RawTrack(
        track.shot,
        frames=track.frames[part],
        faces=track.faces[part],
        sharpness=track.sharpness[part],
        changes=track.changes[part],
    )
