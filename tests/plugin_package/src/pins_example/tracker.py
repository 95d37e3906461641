"""A tracker for pictures in which one face never moves."""

from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.data.media.video import iter_frames
from pins_plugin.types import FaceTrack


def track_still_face(
    video: str | Path, settings: Any = None, *, quiet: bool = True
) -> list[FaceTrack]:
    """One track that covers the middle of the picture."""
    frames = [(frame.time, frame.image.shape) for frame in iter_frames(video)]
    times = np.array([time for time, _ in frames])
    height, width = frames[0][1][:2]
    side = min(height, width) / 2
    center = np.array([width, height]) / 2
    box = np.concatenate([center - side / 2, center + side / 2]).astype(np.float32)
    marks = np.array([[-0.2, -0.15], [0.2, -0.15], [0, 0.05], [-0.15, 0.25], [0.15, 0.25]])
    points = (center + side * marks).astype(np.float32)
    count = len(times)
    return [
        FaceTrack(
            "T000",
            times,
            np.tile(box, (count, 1)),
            np.tile(points, (count, 1, 1)),
            np.ones(count, bool),
        )
    ]
