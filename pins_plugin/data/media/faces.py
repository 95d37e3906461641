"""Pictures of a face, from a video, a folder of images, or one image."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pins_plugin.data.media.images import is_hidden, is_image, read_image
from pins_plugin.data.media.video import iter_frames
from pins_plugin.errors import MediaError


def load_faces(path: str | Path, size: int, *, num_frames: int | None = None) -> NDArray[np.uint8]:
    """Read pictures of a face as squares of one size.

    Parameters
    ----------
    path : str or Path
        A video file, a folder of images (in the order of their names), or one image.
    size : int
        Height and width in pixels; what is not square is cropped about its center.
    num_frames : int, optional
        Take this many pictures, evenly spread; repeated where there are fewer. Default: all.

    Returns
    -------
    faces : (n, 3, size, size) uint8 array
        RGB.

    Raises
    ------
    MediaError
        When nothing is there, it cannot be read, or none is asked for.
    """
    path = Path(path)
    if num_frames is not None and num_frames < 1:
        raise MediaError(f"{path}: expected at least one picture to take, got {num_frames}")
    if path.is_dir() or is_image(path):
        files = [path]
        if path.is_dir():
            files = sorted(
                each for each in path.iterdir() if is_image(each) and not is_hidden(each)
            )
        chosen = _spread(len(files), num_frames, path)
        read = {index: _square(read_image(files[index], size), size) for index in set(chosen)}
    else:
        images = [_square(frame.image, size) for frame in iter_frames(path)]
        chosen = _spread(len(images), num_frames, path)
        read = {index: images[index] for index in set(chosen)}
    return np.stack([read[index] for index in chosen]).transpose(0, 3, 1, 2).copy()


def _spread(available: int, num_frames: int | None, path: Path) -> list[int]:
    if available == 0:
        raise MediaError(f"{path}: holds no picture; expected at least one")
    if num_frames is None or num_frames >= available:
        return [index % available for index in range(num_frames or available)]
    centers = (np.arange(num_frames) + 0.5) * available / num_frames
    return [int(center) for center in centers]


def _square(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Crop a picture (height, width, 3) about its center, and scale it to (size, size, 3)."""
    if picture.shape[:2] == (size, size):
        return picture
    image = Image.fromarray(picture)
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box))
