"""Interlaced pictures come out whole, progressive ones untouched."""

from pathlib import Path

import av
import numpy as np
import pytest

from pins_plugin.data.media.video import iter_frames
from pins_plugin.data.media.video_writer import VideoWriter

HEIGHT, WIDTH = 64, 96


def _moving_bar(moment: int) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
    image[:, 10 + 4 * moment : 30 + 4 * moment] = 220
    return image


def _interlaced(path: Path, num_frames: int = 8) -> Path:
    """Upper and lower rows of each picture show a bar at two moments."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"x264-params": "interlaced=1", "crf": "10"}
        for index in range(num_frames):
            image = _moving_bar(2 * index)
            image[1::2] = _moving_bar(2 * index + 1)[1::2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode(None))
    return path


def _combs(image: np.ndarray) -> float:
    """How much neighboring rows differ; the bar is upright, so that whole pictures have equal rows."""
    return float(np.abs(np.diff(image.astype(float), axis=0)).mean())


def test_interlaced_pictures_lose_their_combs(tmp_path: Path) -> None:
    path = _interlaced(tmp_path / "interlaced.mp4")
    with av.open(str(path)) as container:
        raw = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    frames = list(iter_frames(path))
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(8)], abs=1e-3)
    assert np.mean([_combs(image) for image in raw]) > 10
    assert np.mean([_combs(frame.image) for frame in frames]) < 4


def test_progressive_pictures_pass_untouched(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "whole.mp4", WIDTH, HEIGHT, 25) as writer:
        for index in range(5):
            writer.add_image(_moving_bar(index))
    with av.open(str(tmp_path / "whole.mp4")) as container:
        raw = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    frames = [frame.image for frame in iter_frames(tmp_path / "whole.mp4")]
    np.testing.assert_array_equal(frames, raw)
