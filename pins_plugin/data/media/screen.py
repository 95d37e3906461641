"""From what a file stores to what a viewer sees: upright pictures of square pixels, all of one size.

Stored pixels need not be square (HDV, DVD), pictures may lie on their side (telephones), and their size may change on
the way (calls, broadcasts). Boxes, crops, annotated videos and pages are all in pixels of the picture that is shown.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Screen:
    """The shown size of a file's first picture, in square pixels and upright, which holds for all of them.

    `rotation` is by how many degrees counterclockwise its stored pictures are turned.
    """

    width: int
    height: int
    rotation: int

    def within(self, max_side: int | None) -> tuple[int, int]:
        """Width and height, shrunk until the longer side has at most `max_side` pixels."""
        if max_side is None or max(self.width, self.height) <= max_side:
            return self.width, self.height
        scale = max_side / max(self.width, self.height)
        return max(2, round(self.width * scale)), max(2, round(self.height * scale))


def first_screen(frame: Any, stream: Any) -> Screen:
    """Find the shown size by the first picture of a stream."""
    width, height = _square_pixels(frame, pixel_shape(stream))
    rotation = round(frame.rotation / 90) * 90 % 360
    size = (height, width) if rotation in (90, 270) else (width, height)
    return Screen(*size, rotation)


def pixel_shape(stream: Any, changed: bool = False) -> Fraction:
    """Width over height of a stored pixel; what the pictures say themselves counts once their size has changed."""
    own = stream.codec_context.sample_aspect_ratio
    shape = (own or stream.sample_aspect_ratio) if changed else (stream.sample_aspect_ratio or own)
    shape = Fraction(shape or 1)
    return shape if Fraction(1, 8) <= shape <= 8 else Fraction(1)  # else nonsense


def show(frame: Any, screen: Screen, stream: Any, max_side: int | None = None) -> NDArray[np.uint8]:
    """Make the picture that is seen.

    A picture of another shape than the first is fitted inside, with black bars, as players do.

    Returns
    -------
    image : (height, width, 3) uint8 array
        RGB, of the size `screen.within(max_side)`.
    """
    width, height = screen.within(max_side)
    turns = round(frame.rotation / 90) % 4
    size = (height, width) if turns % 2 else (width, height)
    if (frame.width, frame.height) == size and pixel_shape(stream) == 1:
        image: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image
    whole = (screen.height, screen.width) if turns % 2 else (screen.width, screen.height)
    own = _square_pixels(frame, pixel_shape(stream))
    if own != whole:
        own = _square_pixels(frame, pixel_shape(stream, changed=True))
    inner = _fit(own, size)
    if inner != (frame.width, frame.height):  # before colors: less than half the time
        shrinks = inner[0] <= frame.width and inner[1] <= frame.height
        way = "AREA" if shrinks else "BICUBIC"
        frame = frame.reformat(width=inner[0], height=inner[1], interpolation=way)
    image = frame.to_ndarray(format="rgb24")
    if inner != size:
        framed = np.zeros((size[1], size[0], 3), np.uint8)
        left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
        framed[top : top + inner[1], left : left + inner[0]] = image
        image = framed
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _square_pixels(frame: Any, shape: Fraction) -> tuple[int, int]:
    """Width and height with pixels made square; the shorter direction of the pixel grows, nothing is thrown away."""
    if shape >= 1:
        return round(frame.width * shape), frame.height
    return frame.width, round(frame.height / shape)


def _fit(own: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Largest size of the shape `own` inside `size`; that itself where they differ by rounding only."""
    scale = min(size[0] / own[0], size[1] / own[1])
    inner = round(own[0] * scale), round(own[1] * scale)
    if abs(inner[0] - size[0]) <= 0.02 * size[0] and abs(inner[1] - size[1]) <= 0.02 * size[1]:
        return size
    return max(1, inner[0]), max(1, inner[1])
