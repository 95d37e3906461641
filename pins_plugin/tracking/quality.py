"""How good a face is to look at: size, sharpness, pose."""

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def measure_frontality(landmarks: Array) -> Array:
    """How much faces look into the camera, from five landmarks.

    In a frontal face the nose stands, along the line of the eyes, half way between both eyes and half way
    between the corners of the mouth; in a profile it stands over one of them.

    Parameters
    ----------
    landmarks : (num_faces, 5, 2) float array
        Left eye, right eye, nose, left and right mouth corner.

    Returns
    -------
    frontality : (num_faces,) float array
        1 for a symmetric face, 0 for a profile.

    Examples
    --------
    >>> measure_frontality(np.array([[[0, 0], [4, 0], [2, 2], [1, 4], [3, 4]]], float))
    array([1.])
    """
    left_eye, right_eye, nose, left_mouth, right_mouth = landmarks.swapaxes(0, 1)
    across = right_eye - left_eye  # (num_faces, 2)
    width = np.maximum(np.linalg.norm(across, axis=1), 1e-6)
    middle = (left_eye + right_eye + left_mouth + right_mouth) / 4
    aside = np.abs(((nose - middle) * across).sum(axis=1)) / width**2
    return np.asarray((1 - 2 * aside).clip(0, 1))


def measure_sharpness(crop: NDArray[np.uint8]) -> float:
    """Contrast of the finest detail of a (size, size, 3) face crop: standard deviation of its Laplacian.

    About 0 for a flat or badly blurred face, above 10 for a sharp one.
    """
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(gray, cv2.CV_32F).std())
