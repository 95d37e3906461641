"""A canvas for heads: shapes are given on the head (its half width is 1) and drawn in the picture, antialiased."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.simulation.color import Color

Points = NDArray[np.float64]
SHIFT = 4  # fractional bits of OpenCV's coordinates


@dataclass(frozen=True)
class Pose:
    """Where a head is in the picture and how it is turned.

    Parameters
    ----------
    x, y : float
        Center of the head, in pixels.
    scale : float
        Half the width of the head, in pixels.
    yaw, pitch, roll : float
        In radians: to the viewer's right, upward, clockwise.
    """

    x: float
    y: float
    scale: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


class Canvas:
    """Draws on one picture in the coordinates of one head.

    Head coordinates: x to the viewer's right, y downward, the origin between the eyes and the nose's root;
    z toward the viewer, by default on the head's surface (an ellipsoid).

    Parameters
    ----------
    image : (height, width, 3) uint8 array
        RGB, drawn upon in place.
    pose : Pose
    jaw : float
        How far the chin has dropped, in head units.
    """

    def __init__(self, image: NDArray[np.uint8], pose: Pose, jaw: float = 0.0) -> None:
        self.image = image
        self.pose = pose
        self.jaw = jaw
        self._clip: NDArray[np.uint8] | None = None

    @contextmanager
    def clip_to(self, outline: Points, lift: float | None = None) -> Iterator[None]:
        """Keep soft shapes inside of an outline (n, 2) for the length of the block."""
        mask = np.zeros(self.image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [_fixed(self.project(outline, lift))], 255, cv2.LINE_AA, SHIFT)
        self._clip = mask
        try:
            yield
        finally:
            self._clip = None

    def project(self, points: Points, lift: float | None = 0.0) -> Points:
        """Map head points (n, 2) to pixels (n, 2).

        `lift` raises them above the head's surface; None puts them in the plane of the silhouette.
        """
        x, y = points[:, 0], points[:, 1]
        if lift is None:
            z = np.zeros_like(x)
        else:
            z = 0.9 * np.sqrt(np.clip(1 - (x / 1.15) ** 2 - (y / 1.75) ** 2, 0, 1)) + lift
        y = y + self.jaw * np.clip((y - 0.45) / 0.9, 0, 1)
        pose = self.pose
        turned_x = x * np.cos(pose.yaw) + z * np.sin(pose.yaw)
        turned_y = y * np.cos(pose.pitch) - z * np.sin(pose.pitch)
        cos, sin = np.cos(pose.roll), np.sin(pose.roll)
        return np.stack(
            [
                pose.x + pose.scale * (turned_x * cos - turned_y * sin),
                pose.y + pose.scale * (turned_x * sin + turned_y * cos),
            ],
            axis=1,
        )

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

    def soft(
        self, points: Points, color: Color, alpha: float, blur: float, lift: float | None = 0.0
    ) -> None:
        """Blend a polygon into the picture, `blur` (standard deviation) in head units."""
        pixels = self.project(points, lift)
        self._blend(pixels, color, alpha, blur, None)

    def soft_line(
        self,
        points: Points,
        color: Color,
        alpha: float,
        width: float,
        blur: float,
        lift: float | None = 0.0,
    ) -> None:
        """Blend a line into the picture, `width` and `blur` in head units."""
        self._blend(
            self.project(points, lift), color, alpha, blur, max(1, round(width * self.pose.scale))
        )

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

    def _blend(
        self, pixels: Points, color: Color, alpha: float, blur: float, thickness: int | None
    ) -> None:
        sigma = blur * self.pose.scale
        box = self._box(pixels, 2.5 * sigma + 2)
        if box is None or alpha <= 0.004:
            return
        left, top, right, bottom = box
        mask = np.zeros((bottom - top, right - left), np.uint8)
        moved = _fixed(pixels - (left, top))
        if thickness is None:
            cv2.fillPoly(mask, [moved], 255, cv2.LINE_AA, SHIFT)
        else:
            cv2.polylines(mask, [moved], False, 255, thickness, cv2.LINE_AA, SHIFT)
        if sigma > 0.3:
            mask = cv2.GaussianBlur(mask, (0, 0), sigma)
        if self._clip is not None:
            mask = cv2.multiply(mask, self._clip[top:bottom, left:right], scale=1 / 255)
        weight = mask.astype(np.float32)[..., None] * np.float32(min(alpha, 1.0) / 255)
        target = self.image[top:bottom, left:right]
        target[:] = (target + (np.array(color, np.float32) - target) * weight + 0.5).astype(
            np.uint8
        )

    def _box(self, pixels: Points, margin: float) -> tuple[int, int, int, int] | None:
        """Pixel box around points, cut at the picture's border; None when nothing is left."""
        height, width = self.image.shape[:2]
        left, top = np.maximum(np.floor(pixels.min(axis=0) - margin), 0).astype(int)
        right, bottom = np.minimum(
            np.ceil(pixels.max(axis=0) + margin) + 1, (width, height)
        ).astype(int)
        return (left, top, right, bottom) if right > left and bottom > top else None


def ellipse(x: float, y: float, width: float, height: float, num_points: int = 24) -> Points:
    """Return the outline (num_points, 2) of an ellipse with half axes `width` and `height`."""
    angle = np.linspace(0, 2 * np.pi, num_points, endpoint=False)
    return np.stack([x + width * np.cos(angle), y + height * np.sin(angle)], axis=1)


def mirror(points: Points) -> Points:
    """Return the same points on the head's other side."""
    return points * (-1, 1)


def _fixed(pixels: Points) -> NDArray[np.int32]:
    """Pixels as OpenCV's fixed-point numbers."""
    return np.round(pixels * (1 << SHIFT)).astype(np.int32)
