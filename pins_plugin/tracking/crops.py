"""Face and mouth crops of tracked faces, aligned by landmarks, in one pass over the video.

Crops follow a similarity transform (shift, turn, zoom) that brings the eyes, the nose and the middle of
the mouth to fixed places, so that what moves in a mouth crop is the mouth and not the head. The transform
is smoothed over time, because a landmark that trembles by a pixel looks like speech.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from pins_plugin.data.media.video import iter_frames
from pins_plugin.errors import ShapeError
from pins_plugin.tracking.face_mesh import EYE_CORNERS, INPUT_SIZE, MOUTH_CORNERS, load_face_mesh
from pins_plugin.types import FaceTrack
from pins_plugin.utils.device import usable_device
from pins_plugin.utils.prefetch import prefetch
from pins_plugin.utils.progress import progress

KINDS = ("face", "mouth", "lips")
FACE_SIZE = 112  # pixels, side of a face crop; the usual one of face recognition (ArcFace)
MOUTH_SIZE = (48, 64)  # height and width in pixels; chosen, not measured
# Numbers in the mesh of MediaPipe, along the chin
CHIN_POINTS = (152, 148, 377, 176, 400, 175, 199, 200)
NOSE_TIP = 4  # number in the mesh of MediaPipe
# In widths of an aligned face, counted in the 192 pixels of the face mesh; chosen, not measured
EYE_DISTANCE = 45 / 192
# Places of the five landmarks in an aligned face of unit size, counted likewise; chosen, not measured
TEMPLATE = np.array([[73.5, 75], [118.5, 75], [96, 105], [80, 129], [112, 129]]) / 192
# Of the mouth's window in an aligned face; its height follows from the crop's shape; chosen, not measured
MOUTH_CENTER = np.array([96, 133]) / 192
MOUTH_WIDTH = 72 / 192  # of the width of an aligned face; chosen, not measured
SMOOTHING = 1.5  # frames, standard deviation; chosen, not measured
BATCH_SIZE = 8  # on a CPU larger batches cost memory and gain nothing
GPU_BATCH_SIZE = 64  # faces; chosen, not measured


@dataclass(frozen=True, eq=False)
class Crops:
    """Aligned pictures of one tracked face; what was not asked for is empty along the first axis.

    Parameters
    ----------
    times : (num_frames,) float64 array
        Seconds on the media clock.
    faces : (num_frames, size, size, 3) uint8 array
    mouths : (num_frames, height, width) uint8 array
        Grey.
    lips : (num_frames, 88, 2) float32 array
        80 points of the lips and 8 of the chin in the frame of the aligned face, the distance between the
        eyes as unit, origin between the eyes; NaN where no face was found there.
    presence : (num_frames,) float32 array
        Logit of "this crop shows a face", from the network that finds the lips.
    """

    times: NDArray[np.float64]
    faces: NDArray[np.uint8]
    mouths: NDArray[np.uint8]
    lips: NDArray[np.float32]
    presence: NDArray[np.float32]


def face_transform(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Similarity transform from picture pixels to the aligned face of unit size.

    Least squares over the two eyes, the nose (half weight) and the middle of the mouth; the mouth's corners
    count only through their middle, because they move in speech (Umeyama, "Least-squares estimation of
    transformation parameters between two point patterns", 1991).

    Parameters
    ----------
    landmarks : (5, 2) array
        Left eye, right eye, nose, left and right mouth corner as seen in the picture, in pixels.

    Returns
    -------
    matrix : (2, 3) float64 array
    """
    landmarks = np.asarray(landmarks, np.float64)
    if landmarks.shape != (5, 2) or not np.isfinite(landmarks).all():
        raise ShapeError(
            "landmarks: expected numbers of shape (5, 2) (eyes, nose, mouth corners), got "
            + ("places that are not known" if landmarks.shape == (5, 2) else str(landmarks.shape))
        )
    mixing = np.array([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0.5, 0.5]])
    weights = np.array([1, 1, 0.5, 1]) / 3.5
    source, target = mixing @ landmarks, mixing @ TEMPLATE
    source_center, target_center = weights @ source, weights @ target
    # As complex numbers a similarity is z -> a z + b.
    z = (source - source_center) @ np.array([1, 1j])
    w = (target - target_center) @ np.array([1, 1j])
    a = np.sum(weights * w * z.conj()) / max(np.sum(weights * np.abs(z) ** 2), 1e-12)
    linear = np.array([[a.real, -a.imag], [a.imag, a.real]])
    return np.column_stack([linear, target_center - linear @ source_center])


def align_face(
    image: NDArray[np.uint8], landmarks: NDArray[np.floating], size: int = FACE_SIZE
) -> NDArray[np.uint8]:
    """Cut an upright square face with a quarter of margin out of an image; `landmarks` as in `face_transform`.

    (height, width) or (height, width, 3) uint8 to (size, size) or (size, size, 3); places outside repeat the border.
    """
    return _warp(image, face_transform(landmarks), (size, size), np.zeros(2), 1.0)


def crop_mouth(image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Cut the mouth, the chin and the tip of the nose out of an image, upright: (*MOUTH_SIZE,) or (*MOUTH_SIZE, 3)."""
    height, width = MOUTH_SIZE
    corner = MOUTH_CENTER - MOUTH_WIDTH / 2 * np.array([1, height / width])
    return _warp(image, face_transform(landmarks), MOUTH_SIZE, corner, MOUTH_WIDTH)


def smooth_landmarks(landmarks: NDArray[np.floating]) -> NDArray[np.float32]:
    """Smooth (num_frames, ...) landmarks over time with a Gaussian of `SMOOTHING` frames."""
    values = landmarks.astype(np.float64)
    return gaussian_filter1d(values, SMOOTHING, axis=0, mode="nearest").astype(np.float32)


def extract_crops(
    video: str | Path,
    tracks: Sequence[FaceTrack],
    kinds: Sequence[str] = KINDS,
    **options: Any,
) -> dict[str, Crops]:
    """Cut the crops of all tracks in one pass over the video; parameters as in `iter_crops`.

    Returns
    -------
    crops : dict of str to Crops
        By the name of the track, in the order of `tracks`.
    """
    crops = dict(iter_crops(video, tracks, kinds, **options))
    return {track.track: crops[track.track] for track in tracks}


def iter_crops(
    video: str | Path,
    tracks: Sequence[FaceTrack],
    kinds: Sequence[str] = KINDS,
    *,
    max_frames: int | None = None,
    device: str | torch.device = "cpu",
    quiet: bool = True,
) -> Iterator[tuple[str, Crops]]:
    """Cut the crops of all tracks in one pass over the video, and hand out each track's when it has ended.

    Parameters
    ----------
    kinds : sequence of str
        What to cut: "face"; "lips", as a dense face mesh finds them; "mouth", aligned by that mesh, with the lips.
    max_frames : int, optional
        Keep at most this many faces per track, evenly spread (mouths and lips need every frame).
    device : str or torch.device
        Where the face mesh runs.

    Yields
    ------
    track : str
        Its name.
    crops : Crops
        `times` are those of the mouths and lips, or of the faces where only faces were asked for.

    Raises
    ------
    ShapeError
        When a kind is unknown, or the landmarks of a track are.
    """
    if not set(kinds) <= set(KINDS):
        raise ShapeError(f"kinds: expected some of {', '.join(KINDS)}, got {kinds!r}")
    if not tracks:
        return
    coming = sorted(tracks, key=lambda track: track.start, reverse=True)
    frames = iter_frames(
        video,
        start=max(0.0, coming[-1].start - 1e-3),
        end=max(track.end for track in tracks) + 1e-3,
    )
    shown: list[_TrackCrops] = []
    for time, image in progress(prefetch(frames), "crops", quiet=quiet):
        while coming and coming[-1].start <= time + 1e-3:
            shown.append(_TrackCrops(coming.pop(), kinds, max_frames, device))
        for maker in shown:
            maker.add(time, image)
        for maker in [maker for maker in shown if maker.track.end < time]:
            shown.remove(maker)
            yield maker.track.track, maker.finish()
    for maker in shown + [_TrackCrops(track, kinds, max_frames, device) for track in coming]:
        yield maker.track.track, maker.finish()


class _TrackCrops:
    """Collects the crops of one track while the video goes by."""

    def __init__(
        self,
        track: FaceTrack,
        kinds: Sequence[str],
        max_frames: int | None,
        device: str | torch.device,
    ) -> None:
        self.track = replace(track, landmarks=smooth_landmarks(track.landmarks))
        self.mesh = None if set(kinds) <= {"face"} else MeshReader("mouth" in kinds, device)
        num_frames = len(track.times) if "face" in kinds else 0
        kept = np.linspace(0, num_frames - 1, min(max_frames or num_frames, num_frames))
        self.face_frames = set(kept.round().astype(int).tolist())
        self.times: list[float] = []
        self.faces: list[NDArray[np.uint8]] = []

    def add(self, time: float, image: NDArray[np.uint8]) -> None:
        """Cut the crops of one picture, if the track has a face in it."""
        frame = int(np.searchsorted(self.track.times, time - 1e-4))
        if frame == len(self.track.times) or abs(self.track.times[frame] - time) > 1e-3:
            return
        landmarks = self.track.landmarks[frame]
        if frame in self.face_frames:
            self.faces.append(align_face(image, landmarks))
        if self.mesh is not None:
            self.mesh.add(image, landmarks)
        if frame in self.face_frames or self.mesh is not None:
            self.times.append(time)

    def finish(self) -> Crops:
        """Stack what was collected."""
        if self.mesh is not None:
            lips, presence, mouths = self.mesh.finish()
        else:
            lips, presence = np.zeros((0, 88, 2), np.float32), np.zeros(0, np.float32)
            mouths = np.zeros((0, *MOUTH_SIZE), np.uint8)
        faces = np.array(self.faces, np.uint8).reshape(-1, FACE_SIZE, FACE_SIZE, 3)
        return Crops(np.array(self.times, np.float64), faces, mouths, lips, presence)


class MeshReader:
    """Finds lips and stable mouth crops in a stream of pictures of one face.

    Only aligned faces of 192 x 192 pixels are held, a batch at a time; for mouths, their lower parts
    until the end, because mouths are cut once the mesh of their neighbors is known and its jitter smoothed.

    Parameters
    ----------
    with_mouths : bool
        Without, memory grows by the points alone (744 bytes a picture).
    device : str or torch.device
        Where the network runs.
    """

    def __init__(self, with_mouths: bool = True, device: str | torch.device = "cpu") -> None:
        self._device = usable_device(device)
        self._network = load_face_mesh(self._device)
        self._batch_size = BATCH_SIZE if self._device.type == "cpu" else GPU_BATCH_SIZE
        self._with_mouths = with_mouths
        self._waiting: list[NDArray[np.uint8]] = []
        self._windows: list[NDArray[np.uint8]] = []
        self._points: list[NDArray[np.float32]] = []
        self._presence: list[NDArray[np.float32]] = []

    def add(self, image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> None:
        """Take the next picture, with the face's five landmarks."""
        self._waiting.append(align_face(image, landmarks, INPUT_SIZE))
        if len(self._waiting) == self._batch_size:
            self._read()

    def finish(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
        """Return lips (num_frames, 88, 2), presence (num_frames,) and mouths (num_frames, height, width)."""
        self._read()
        none = np.zeros((0, 93, 2), np.float32)
        points = np.concatenate([none, *self._points])  # (num_frames, 93, 2)
        presence = np.concatenate([np.zeros(0, np.float32), *self._presence])
        anchors = smooth_landmarks(points[:, :5])
        shift = np.array([0, INPUT_SIZE - _WINDOW_ROWS])
        placed = zip(self._windows, anchors, strict=self._with_mouths)
        mouths = [crop_mouth(window, anchor - shift) for window, anchor in placed]
        lips = np.array(
            [normalize_points(p[5:], anchor) for p, anchor in zip(points, anchors, strict=True)],
            np.float32,
        ).reshape(-1, 88, 2)
        lips[presence < 0] = np.nan
        return lips, presence, np.array(mouths, np.uint8).reshape(-1, *MOUTH_SIZE)

    def _read(self) -> None:
        if not self._waiting:
            return
        crops = np.stack(self._waiting)
        self._waiting.clear()
        faces = torch.from_numpy(crops).to(self._device).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            mesh, lips, presence = (found.cpu().numpy() for found in self._network(faces))
        self._points.append(_select_points(mesh, lips))
        self._presence.append(presence)
        for crop in crops if self._with_mouths else ():
            self._windows.append(cv2.cvtColor(crop[-_WINDOW_ROWS:], cv2.COLOR_RGB2GRAY))


def normalize_points(
    points: NDArray[np.floating], landmarks: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Express (num_points, 2) picture points in the frame of the aligned face, eye distance as unit."""
    matrix = face_transform(landmarks)
    eyes = TEMPLATE[:2].mean(axis=0)
    aligned = np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return ((aligned - eyes) / EYE_DISTANCE).astype(np.float32)


_WINDOW_ROWS = INPUT_SIZE * 5 // 8  # the lower part of an aligned face, where a mouth can be


def _select_points(mesh: NDArray[np.float32], lips: NDArray[np.float32]) -> NDArray[np.float32]:
    """Five landmarks, 80 lip points and 8 chin points, (num_frames, 93, 2)."""
    eyes = [mesh[:, list(corners), :2].mean(axis=1) for corners in EYE_CORNERS]
    nose = mesh[:, NOSE_TIP, :2]
    corners = [mesh[:, corner, :2] for corner in MOUTH_CORNERS]
    five = np.stack([*eyes, nose, *corners], axis=1)
    return np.concatenate([five, lips, mesh[:, list(CHIN_POINTS), :2]], axis=1)


def _warp(
    image: NDArray[np.uint8],
    matrix: NDArray[np.float64],
    size: tuple[int, int],
    corner: NDArray[np.float64],
    window_width: float,
) -> NDArray[np.uint8]:
    """Read a window of the aligned face out of an image, as `size` (height, width), without aliasing.

    The window is `window_width` wide and begins at `corner` (2,), in units of the aligned face; see `face_transform`.
    """
    height, width = size
    scale = width / window_width
    to_crop = matrix * scale
    to_crop[:, 2] -= corner * scale
    zoom = float(np.hypot(to_crop[0, 0], to_crop[1, 0]))
    if zoom < 0.6:  # blur before shrinking: halve the part of the picture that is read
        low, high = _source_box(to_crop, size, image.shape)
        part = image[low[1] : high[1], low[0] : high[0]]
        factor = max(zoom * 1.2, 1 / max(min(part.shape[:2]), 1))
        small = cv2.resize(part, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        ratio = np.array([part.shape[1] / small.shape[1], part.shape[0] / small.shape[0]])
        # pixel centers: x = low + (x' + 0.5) * ratio - 0.5
        to_crop[:, 2] += to_crop[:, :2] @ (low + 0.5 * ratio - 0.5)
        to_crop[:, :2] *= ratio
        image = small
    return np.asarray(
        cv2.warpAffine(
            image, to_crop, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def _source_box(
    to_crop: NDArray[np.float64], size: tuple[int, int], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Corners of the part of the picture that a crop reads, at least 2 pixels wide and inside the picture."""
    height, width = size
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    places = (corners - to_crop[:, 2]) @ np.linalg.inv(to_crop[:, :2]).T
    bounds = np.array([shape[1], shape[0]])
    low = np.clip(np.floor(places.min(axis=0)) - 2, 0, bounds - 2).astype(np.int64)
    high = np.clip(np.ceil(places.max(axis=0)) + 2, low + 2, bounds).astype(np.int64)
    return low, high
