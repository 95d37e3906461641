"""Worse pictures of a face than those at hand: few pixels, compression, blur."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FACE_WIDTHS = 1.94  # width of an aligned face (`crops.align_face`) in widths of the face's box


@dataclass(frozen=True)
class Degradation:
    """What happens to a picture: `face_width` pixels are left of the face, or it is blurred."""

    face_width: float | None = None
    quality: int = 80  # of the JPEG of the small picture, 1 to 100; chosen, not measured
    blur: float = 0.0  # standard deviation in pixels of the aligned face as it is given


def degrade_face(face: NDArray[np.uint8], how: Degradation) -> NDArray[np.uint8]:
    """Make an aligned face (size, size, 3) as it would look small, compressed or blurred, at its old size."""
    size = len(face)
    if how.blur:
        face = cv2.GaussianBlur(face, (0, 0), how.blur).astype(np.uint8)
    if how.face_width:
        small = max(round(how.face_width * FACE_WIDTHS), 16)
        face = cv2.resize(face, (small, small), interpolation=cv2.INTER_AREA).astype(np.uint8)
        _, data = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, how.quality])
        read = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        face = cv2.resize(read, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return face


def sample_degradation(generator: np.random.Generator) -> Degradation:
    """Draw one: three of four small (22 to 64 pixels), else blurred."""
    if generator.random() < 0.75:
        width = float(np.exp(generator.uniform(np.log(22), np.log(64))))
        return Degradation(width, int(generator.integers(50, 95)))
    return Degradation(blur=float(generator.uniform(2, 6)))
