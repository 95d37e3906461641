"""Faces out of a user's photo or video: the largest one, upright, in the size an encoder wants."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.media.images import is_image, read_image
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.errors import MediaError
from pins_plugin.tracking.crops import align_face
from pins_plugin.tracking.detector import FaceDetector

NUM_FRAMES = 8  # of a video; chosen, not measured
# Of the largest face's side: who is as large as that may be meant as well; chosen, not measured
RIVAL_SIDE = 0.6
MAX_SIDE = 640  # pixels of the picture that the detector sees; chosen, not measured
# A square picture up to this size is taken for a face that is cut out already; chosen, not measured
CUT_OUT_SIDE = 256


def load_portraits(
    path: str | Path,
    size: int,
    *,
    num_frames: int = NUM_FRAMES,
    alone: bool = False,
    cut_out: bool = True,
) -> NDArray[np.uint8]:
    """Cut the largest face out of a photo, or out of `num_frames` pictures spread over a video.

    Parameters
    ----------
    size : int
        Height and width of the result in pixels.
    alone : bool
        Refuse a picture, or a video most of whose pictures are such, that shows a second face of about the same size.
    cut_out : bool
        Take a small square picture in which no face is found whole, as a face that was cut out already (drawn faces are
        hardly ever found); else it is a picture without a face.

    Returns
    -------
    faces : (num_faces, size, size, 3) uint8 array
        RGB; at most one for each picture looked at.

    Raises
    ------
    MediaError
        When the file cannot be read, shows no face, or, with `alone`, several.
    """
    images = [read_image(path)] if is_image(path) else _spread_frames(Path(path), num_frames)
    detector = FaceDetector(min_face_size=32)
    found = [(image, *find_faces(image, detector)) for image in images]
    shown = [each for each in found if len(each[2])]
    if alone and 2 * sum(has_rival(areas) for _, _, areas in shown) > len(shown):
        raise MediaError(
            f"{path}: shows several faces of about the same size; expected one: cut out the one that is meant"
        )
    faces = [align_face(image, landmarks[0], size) for image, landmarks, _ in shown]
    height, width = images[0].shape[:2]
    if not faces and cut_out and height == width <= CUT_OUT_SIDE:
        faces = [cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in images]
    if not faces:
        raise MediaError(
            f"{path}: no face found; expected a picture or video that shows one clearly"
        )
    return np.stack(faces)


def load_clip_faces(
    path: str | Path, size: int, num_frames: int | None, *, aligned: bool, alone: bool = False
) -> NDArray[np.uint8]:
    """Read the faces of a clip (a video, a folder of pictures, or a picture) as a model wants them.

    Parameters
    ----------
    num_frames : int, optional
        Pictures to take; all where not given, or 8 of a clip whose faces are to be found.
    aligned : bool
        Find the largest face and turn it upright, as models with the setting `faces: aligned` want it (folders hold faces
        that are cut out already), `alone` as in `load_portraits`; else take the middle of each picture.

    Returns
    -------
    faces : (num_faces, 3, size, size) uint8 array
    """
    if not aligned or Path(path).is_dir():
        return load_faces(path, size, num_frames=num_frames)
    count = num_frames or NUM_FRAMES
    faces = load_portraits(path, size, num_frames=count, alone=alone, cut_out=False)
    return np.ascontiguousarray(faces.transpose(0, 3, 1, 2))


def load_aligned_faces(path: str | Path, size: int, *, num_frames: int) -> NDArray[np.uint8]:
    """Read the faces of a clip for training a model that wants them aligned: (num_frames, 3, size, size) uint8 array.

    Of a video or picture the largest face is found and turned upright, as in `load_clip_faces`; a folder holds faces that are
    cut out already. Pictures with a face are repeated where others show none. MediaError where there is no face, or there are
    several of about the same size.
    """
    faces = load_clip_faces(path, size, num_frames, aligned=True, alone=True)
    return faces[np.linspace(0, len(faces) - 1, num_frames).round().astype(int)]


def find_faces(
    image: NDArray[np.uint8], detector: FaceDetector, max_side: int = MAX_SIDE
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Find the faces of a picture (height, width, 3), of which the detector sees a copy at most `max_side` wide and high.

    Returns
    -------
    landmarks : (num_faces, 5, 2) float32 array
        In pixels of the picture; the largest face first.
    areas : (num_faces,) float32 array
        Of the boxes.
    """
    scale = min(1.0, max_side / max(image.shape[:2]))
    scale = max(scale, 1 / min(image.shape[:2]))  # of a strip, a pixel is left
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = detector.detect(small[None])[0]
    areas = (found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1)
    order = np.argsort(-areas, kind="stable")
    return found.landmarks[order] / scale, areas[order] / scale**2


def has_rival(areas: NDArray[np.float32]) -> bool:
    """Whether the second of the sorted areas of faces (num_faces,) is not much smaller than the first."""
    return len(areas) > 1 and bool(areas[1] > RIVAL_SIDE**2 * areas[0])


def _spread_frames(path: Path, num_frames: int) -> list[NDArray[np.uint8]]:
    duration = probe_video(path).duration
    starts = (duration * index / num_frames for index in range(num_frames))
    found = [next(iter_frames(path, start=start), None) for start in starts]
    if not any(found):
        raise MediaError(f"{path}: no picture could be decoded")
    return [frame.image for frame in found if frame is not None]
