"""A video of any length and size out of a short clip: encoded once, then its packets are repeated."""

import tempfile
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.data.media.video import iter_frames
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.utils.files import atomic_path

RATE = 25.0  # Hz


def write_long_video(source: Path, out: Path, seconds: float, height: int) -> None:
    """Repeat a clip until `seconds` are full, as wide as 16:9, black at the sides; each joint is a cut."""
    with tempfile.TemporaryDirectory() as folder:
        once = Path(folder) / "once.mp4"
        num_frames = _write_once(source, once, height)
        _repeat(once, out, num_frames, seconds)


def _write_once(source: Path, out: Path, height: int) -> int:
    """Encode the clip at 25 pictures a second; returns how many."""
    width = round(height * 16 / 9 / 2) * 2
    num_frames = 0
    with VideoWriter(out, width, height, RATE, SAMPLE_RATE) as video:
        for frame in iter_frames(source):
            while num_frames / RATE <= frame.time:
                video.add_image(_fit(frame.image, width, height))
                num_frames += 1
        sound = load_audio(source)[: round(num_frames / RATE * SAMPLE_RATE)]
        video.add_sound(np.pad(sound, (0, round(num_frames / RATE * SAMPLE_RATE) - len(sound))))
    return num_frames


def _fit(image: np.ndarray, width: int, height: int) -> np.ndarray:
    scale = min(width / image.shape[1], height / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = np.zeros((height, width, 3), np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    return picture


def _repeat(once: Path, out: Path, num_frames: int, seconds: float) -> None:
    length = num_frames / RATE
    with atomic_path(out) as temporary, av.open(str(temporary), "w", format="mp4") as target:
        streams: dict[int, Any] = {}
        latest: dict[int, int] = {}  # decoding time stamp of each stream
        number = 0
        while number * length < seconds:
            with av.open(str(once)) as container:
                for stream in container.streams:
                    if stream.index not in streams:
                        streams[stream.index] = target.add_stream_from_template(stream)
                for packet in container.demux():
                    base = packet.time_base
                    if packet.dts is None or packet.pts * base >= length:
                        continue
                    shift = round(number * length / base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    index = packet.stream.index
                    if packet.dts <= latest.get(index, packet.dts - 1):  # the sound's lead-in
                        continue
                    latest[index] = packet.dts
                    packet.stream = streams[index]
                    target.mux(packet)
            number += 1
