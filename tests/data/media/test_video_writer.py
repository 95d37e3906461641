"""The same pictures and sound give the same bytes, however often, whatever lay in memory, on however many cores."""

import os
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.video_writer import THREADS, VideoWriter


def _pictures(width: int, height: int, number: int = 48) -> list[np.ndarray]:
    """Noise that moves to the left before noise that stands still, for blocks that refer beyond the end of their row."""
    generator = np.random.default_rng(0)
    blocks = generator.integers(
        0, 255, (height // 8 + 1, (width + 6 * number) // 8 + 1, 3), np.uint8
    )
    wide = blocks.repeat(8, axis=0).repeat(8, axis=1)
    still = wide[::-1, ::-1][:height, :width].copy()
    pictures = []
    for index in range(number):
        picture = still.copy()
        picture[height // 4 :] = wide[height // 4 : height, 5 * index : 5 * index + width]
        pictures.append(picture + generator.integers(0, 6, picture.shape, np.uint8))
    return pictures


def _write(path: Path, pictures: list[np.ndarray]) -> str:
    height, width = pictures[0].shape[:2]
    sound = np.random.default_rng(1).normal(0, 0.1, 16000 + 37).astype(np.float32)
    with VideoWriter(path, width, height, 25.0, sample_rate=48000) as video:
        for picture in pictures:
            video.add_image(picture)
        video.add_sound(sound)
    return sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("width", [224, 240])  # 14 and 15 blocks of 16 pixels in a row
def test_same_content_gives_the_same_bytes_whatever_lies_in_memory(
    width: int, tmp_path: Path
) -> None:
    pictures, generator = _pictures(width, 224), np.random.default_rng(2)
    found = set()
    for _ in range(20):
        used = [generator.integers(0, 255, 1 << k, np.uint8) for k in range(10, 22)]
        found.add(_write(tmp_path / "video.mp4", pictures))
        del used
    assert len(found) == 1


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="the system cannot take cores away"
)
def test_number_of_cores_does_not_change_the_bytes(tmp_path: Path) -> None:
    pictures, cores = _pictures(320, 240), os.sched_getaffinity(0)
    expected = _write(tmp_path / "all.mp4", pictures)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert _write(tmp_path / "one.mp4", pictures) == expected
    finally:
        os.sched_setaffinity(0, cores)
    assert f"threads={THREADS} ".encode() in (tmp_path / "one.mp4").read_bytes()  # as x264 notes it
