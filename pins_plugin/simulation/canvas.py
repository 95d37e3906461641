"""A canvas for heads: shapes are given on the head (its half width is 1) and drawn in the picture, antialiased."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.simulation.color import Color

Points = NDArray[np.float64]
ROUNDNESS = np.array([1.15**-2, 1.75**-2])  # of the head, across and down
SHIFT = 4  # fractional bits of OpenCV's coordinates


@dataclass(frozen=True)
class Pose:
    """Where a head is in the picture (pixels), and how it is turned (radians)."""

    x: float  # center of the head
    y: float
    scale: float  # half the width of the head
    yaw: float = 0.0  # to the viewer's right
    pitch: float = 0.0  # upward
    roll: float = 0.0  # clockwise


class Canvas:
    """Draws on one picture in the coordinates of one head.

    Head coordinates: x to the viewer's right, y downward, the origin between the eyes and the nose's root;
    z toward the viewer, by default on the head's surface (an ellipsoid).

    The image (height, width, 3), RGB, is drawn upon in place; `jaw` is how far the chin has dropped, in head units.
    """

    def __init__(self, image: NDArray[np.uint8], pose: Pose, jaw: float = 0.0) -> None:
        self.image = image
        self.pose = pose
        self.jaw = jaw
        self._clip: NDArray[np.uint8] | None = None
        across = pose.scale * np.array([np.cos(pose.roll), np.sin(pose.roll)])
        down = pose.scale * np.array([-np.sin(pose.roll), np.cos(pose.roll)])
        self._flat = np.stack([np.cos(pose.yaw) * across, np.cos(pose.pitch) * down])  # of x and y
        self._depth = np.sin(pose.yaw) * across - np.sin(pose.pitch) * down  # of z
        self._origin = np.array([pose.x, pose.y])

    @contextmanager
    def clip_to(self, outline: Points) -> Iterator[None]:
        """Keep soft shapes inside of an outline (n, 2) for the length of the block."""
        mask = np.zeros(self.image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [_fixed(self.project(outline, None))], 255, cv2.LINE_AA, SHIFT)
        self._clip = mask
        try:
            yield
        finally:
            self._clip = None

    def project(self, points: Points, lift: float | None = 0.0) -> Points:
        """Map head points (n, 2) to pixels (n, 2).

        `lift` raises them above the head's surface; None puts them in the plane of the silhouette.
        """
        z = None
        if lift is not None:
            z = 0.9 * np.sqrt(np.maximum(1 - (points * points) @ ROUNDNESS, 0)) + lift
        if self.jaw:
            points = points.copy()
            points[:, 1] += self.jaw * np.minimum(np.maximum((points[:, 1] - 0.45) / 0.9, 0), 1)
        pixels: Points = points @ self._flat + self._origin
        return pixels if z is None else pixels + z[:, None] * self._depth

    def fill(self, points: Points, color: Color, lift: float | None = 0.0) -> None:
        """Fill a polygon of head points (n, 2)."""
        cv2.fillPoly(self.image, [_fixed(self.project(points, lift))], color, cv2.LINE_AA, SHIFT)

    def line(self, points: Points, color: Color, width: float, lift: float = 0.0) -> None:
        """Draw an open line of head points (n, 2), `width` in head units."""
        alpha = min(1.0, width * self.pose.scale)  # thinner than a pixel: paler
        if alpha < 1.0:
            self.soft_line(points, color, alpha, width, 0.0, lift)
            return
        thickness = max(1, round(width * self.pose.scale))
        pixels = _fixed(self.project(points, lift))
        cv2.polylines(self.image, [pixels], False, color, thickness, cv2.LINE_AA, SHIFT)

    def soft_line(
        self,
        lines: Points | list[Points],
        color: Color,
        alpha: float,
        width: float,
        blur: float,
        lift: float | None = 0.0,
    ) -> None:
        """Blend one or several lines into the picture, `width` and `blur` in head units."""
        self.soft(lines, color, alpha, blur, lift, max(1, round(width * self.pose.scale)))

    def clipped(self, outline: Points, lift: float, paint: "list[tuple[Points, Color]]") -> None:
        """Fill polygons inside of an outline only: `paint` holds (points, color) from back to front."""
        pixels = self.project(outline, lift)
        box = self._box(pixels, 2)
        if box is None:
            return
        left, top, right, bottom = box
        patch = self.image[top:bottom, left:right].copy()
        for points, color in paint:
            moved = self.project(points, lift) - (left, top)
            cv2.fillPoly(patch, [_fixed(moved)], color, cv2.LINE_AA, SHIFT)
        mask = np.zeros(patch.shape[:2], np.uint8)
        cv2.fillPoly(mask, [_fixed(pixels - (left, top))], 255, cv2.LINE_AA, SHIFT)
        target = self.image[top:bottom, left:right]
        weight = mask[..., None].astype(np.float32) / 255
        target[:] = (target + (patch.astype(np.float32) - target) * weight + 0.5).astype(np.uint8)

    def soft(
        self,
        shapes: Points | list[Points],
        color: Color,
        alpha: float,
        blur: float,
        lift: float | None = 0.0,
        thickness: int | None = None,
    ) -> None:
        """Blend one or several polygons into the picture, `blur` (standard deviation) in head units.

        With `thickness` in pixels their lines only, open ones.
        """
        if alpha <= 0.01:
            return
        shapes = shapes if isinstance(shapes, list) else [shapes]
        pixels = self.project(np.concatenate(shapes), lift)
        sigma = blur * self.pose.scale
        box = self._box(pixels, 2 * sigma + 2)
        if box is None:
            return
        left, top, right, bottom = box
        mask = np.zeros((bottom - top, right - left), np.uint8)
        fixed = _fixed(pixels - (left, top))
        parts = np.split(fixed, np.cumsum([len(shape) for shape in shapes])[:-1])
        if thickness is None:
            for part in parts:  # one by one: where they overlap fillPoly would leave a hole
                cv2.fillPoly(mask, [part], 255, cv2.LINE_AA, SHIFT)
        else:
            cv2.polylines(mask, parts, False, 255, thickness, cv2.LINE_AA, SHIFT)
        if sigma > 0.3:
            size = 2 * math.ceil(2 * sigma) + 1
            mask = cv2.GaussianBlur(mask, (size, size), sigma)
        if self._clip is not None:
            mask = cv2.multiply(mask, self._clip[top:bottom, left:right], scale=1 / 255)
        weight = mask[..., None] * np.float32(min(alpha, 1.0) / 255)
        target = self.image[top:bottom, left:right]
        change = np.array(color, np.float32) - target
        change *= weight
        change += target
        change += 0.5
        target[:] = change

    def _box(self, pixels: Points, margin: float) -> tuple[int, int, int, int] | None:
        """Pixel box around points, cut at the picture's border; None when nothing is left."""
        height, width = self.image.shape[:2]
        (x1, y1), (x2, y2) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
        left, top = max(math.floor(x1 - margin), 0), max(math.floor(y1 - margin), 0)
        right = min(math.ceil(x2 + margin) + 1, width)
        bottom = min(math.ceil(y2 + margin) + 1, height)
        return (left, top, right, bottom) if right > left and bottom > top else None


def ellipse(x: float, y: float, width: float, height: float, num_points: int = 24) -> Points:
    """Return the outline (num_points, 2) of an ellipse with half axes `width` and `height`."""
    return _circle(num_points) * (width, height) + (x, y)


def curve(x: Points, y: Points) -> Points:
    """Return points (n, 2) from their coordinates, each (n,)."""
    return np.stack([x, y], axis=1)


def mirror(points: Points) -> Points:
    """Return the same points on the head's other side."""
    return points * (-1, 1)


def both(points: Points) -> list[Points]:
    """Return points and their mirror image: eyes, ears and cheeks come in pairs."""
    return [points, mirror(points)]


@lru_cache
def _circle(num_points: int) -> Points:
    angle = np.linspace(0, 2 * np.pi, num_points, endpoint=False)
    return curve(np.cos(angle), np.sin(angle))


def _fixed(pixels: Points) -> NDArray[np.int32]:
    """Pixels as OpenCV's fixed-point numbers."""
    return np.round(pixels * (1 << SHIFT)).astype(np.int32)
