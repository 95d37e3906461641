"""Simulated faces that MTCNN finds, placed where the test wants them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.simulation.clip import plan_clip, render_faces

SIDE = 120


@pytest.fixture(scope="session")
def faces() -> Callable[[int, int], np.ndarray]:
    """Pictures (num_frames, 120, 120, 3) of simulated person number so and so."""

    def make(person: int, num_frames: int = 1) -> np.ndarray:
        return render_faces(plan_clip(0, person, 0), np.arange(num_frames) / 25, SIDE)

    return make


@pytest.fixture
def write_scene(
    tmp_path: Path, faces: Callable[[int, int], np.ndarray]
) -> Callable[..., tuple[Path, dict[int, np.ndarray]]]:
    """Write a video of people that move over a gray ground; returns it and each one's upper left corners.

    Each person is (number, first frame, last frame + 1, start x, pixels per frame, y).
    """

    def write(
        people: Sequence[tuple[int, int, int, float, float, int]],
        num_frames: int = 25,
        size: tuple[int, int] = (240, 320),
        times: np.ndarray | None = None,
    ) -> tuple[Path, dict[int, np.ndarray]]:
        images = np.full((num_frames, *size, 3), 118, np.uint8)
        corners = {}
        for number, first, last, x, speed, y in people:
            places = np.round(x + speed * np.arange(last - first)).astype(int)
            for frame, left, face in zip(
                range(first, last), places, faces(number, last - first), strict=True
            ):
                images[frame, y : y + SIDE, left : left + SIDE] = face
            corners[number] = np.stack([places, np.full_like(places, y)], axis=1)
        path = tmp_path / "scene.mp4"
        with VideoWriter(path, size[1], size[0], 25, quality=10) as writer:
            for index, image in enumerate(images):
                writer.add_image(image, None if times is None else float(times[index]))
        return path, corners

    return write
