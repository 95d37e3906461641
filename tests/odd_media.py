"""Small media files of any kind: one moving square, one train of pulses, and a container that stores them oddly.

The square's center tells the time of each picture, and the pulses that of the sound, so that whatever comes out of a file
can be compared with what went in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 160, 96  # pixels, as shown
SIDE = 24  # pixels; of the square
RATE = 25  # Hz
PULSES = (0.21, 0.42, 0.77, 0.95, 1.18, 1.29)  # seconds; no two are as far apart as two others


@dataclass(frozen=True)
class Recipe:
    """How a file is stored; times in seconds, sizes in pixels."""

    name: str
    format: str | None = None
    video: str = "libx264"
    sound: str = "aac"
    sample_rate: int = 48000
    layout: str = "stereo"
    b_frames: int = 0
    gop: int = 10
    offset: float = 0.0  # added to all time stamps
    late_sound: float = 0.0
    pixel: Fraction = Fraction(1)  # width over height
    turn: int = 0  # degrees counterclockwise by which the stored picture must be turned
    begin: float = 0.0
    end: float = 1.6
    scale: float = 1.0  # of the stored picture


def square_at(time: float) -> tuple[float, float]:
    """Center of the square, in pixels of the shown picture."""
    return 20 + 70 * time, 30 + 20 * time


def picture_at(time: float) -> np.ndarray:
    """The shown picture (96, 160, 3)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    x, y = square_at(time)
    cover = np.clip(SIDE / 2 + 0.5 - np.abs(columns + 0.5 - x), 0, 1)
    cover = cover * np.clip(SIDE / 2 + 0.5 - np.abs(rows + 0.5 - y), 0, 1)
    return np.repeat((30 + 200 * cover).astype(np.uint8)[..., None], 3, axis=2)


def find_square(image: np.ndarray) -> tuple[float, float]:
    """Center of the square in a picture."""
    weights = np.clip(image.mean(axis=2) - 80, 0, None)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    total = max(weights.sum(), 1e-9)
    return float(((columns + 0.5) * weights).sum() / total), float(
        ((rows + 0.5) * weights).sum() / total
    )


def sound_between(begin: float, end: float, sample_rate: int) -> np.ndarray:
    """Samples (num_samples,): 8 ms of 1.5 kHz at each pulse."""
    times = begin + np.arange(round((end - begin) * sample_rate)) / sample_rate
    samples = np.zeros(len(times), np.float32)
    for pulse in PULSES:
        inside = (times >= pulse) & (times < pulse + 0.008)
        samples[inside] = 0.8 * np.sin(2 * np.pi * 1500 * (times[inside] - pulse))
    return samples


def find_pulses(waveform: np.ndarray, sample_rate: int = 16000) -> list[float]:
    """Middle of each pulse, in seconds."""
    loud = np.flatnonzero(np.abs(waveform) > 0.2 * np.abs(waveform).max(initial=1e-9))
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 0.03 * sample_rate) + 1)
    return [float(group.mean()) / sample_rate for group in groups if len(group)]


def write_media(folder: Path, recipe: Recipe) -> Path:
    """Make one file."""
    path = folder / recipe.name
    with av.open(str(path), "w", format=recipe.format) as container:
        packets = [*_pictures(container, recipe), *_sound(container, recipe)]
        for _, packet in sorted(packets, key=lambda pair: pair[0]):
            container.mux(packet)
    return path


def join(path: Path, parts: Sequence[Path]) -> Path:
    """Join files as `cat` does."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def _stored(image: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Squeeze a shown picture into the stored one."""
    turned = np.rot90(image, -recipe.turn // 90)
    height, width = turned.shape[:2]
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(turned), "rgb24")
    narrow = recipe.pixel if recipe.pixel >= 1 else Fraction(1)
    flat = 1 / recipe.pixel if recipe.pixel < 1 else Fraction(1)
    size = (round(width * recipe.scale / narrow), round(height * recipe.scale / flat))
    if size == (width, height):
        return frame
    return frame.reformat(width=size[0], height=size[1], interpolation="BICUBIC")


def _pictures(container, recipe: Recipe) -> list:
    stream = container.add_stream(recipe.video, rate=RATE)
    first = _stored(picture_at(0.0), recipe)
    stream.width, stream.height = first.width, first.height
    stream.pix_fmt = "yuvj420p" if recipe.video == "mjpeg" else "yuv420p"
    context = stream.codec_context
    context.gop_size, context.max_b_frames = recipe.gop, recipe.b_frames
    context.sample_aspect_ratio = recipe.pixel
    context.time_base = Fraction(1, RATE)
    if recipe.video == "libx264":
        stream.options = {"crf": "16", "preset": "veryfast", "x264-params": "scenecut=0"}
    else:
        context.bit_rate = 2_000_000
    if recipe.video == "libvpx":
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
    if recipe.turn:
        stream.set_display_rotation(recipe.turn)
    packets = []
    numbers = range(round(recipe.begin * RATE), round(recipe.end * RATE))
    for number in [*numbers, None]:
        frame = None
        if number is not None:
            frame = _stored(picture_at(number / RATE), recipe)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
        for packet in stream.encode(frame):
            ticks = round(recipe.offset / packet.time_base)
            packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
            packets.append((float(packet.dts * packet.time_base), packet))
    return packets


def _sound(container, recipe: Recipe) -> list:
    stream = container.add_stream(recipe.sound, rate=recipe.sample_rate, layout=recipe.layout)
    rate = recipe.sample_rate
    begin = recipe.begin + recipe.late_sound
    samples = sound_between(begin, recipe.end, rate)
    channels = 1 if recipe.layout == "mono" else 2
    packets = []
    size = rate // 20
    starts = [*range(0, len(samples), size), len(samples)]
    for first, last in [*pairwise(starts), (0, 0)]:
        frame = None
        if last:
            piece = np.repeat(samples[None, first:last], channels, axis=0)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=recipe.layout)
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = round(begin * rate) + first
            if recipe.sound.startswith("pcm"):
                frame = av.AudioResampler(format="s16", layout=recipe.layout, rate=rate).resample(
                    frame
                )[0]
        for packet in stream.encode(frame):
            ticks = round(recipe.offset / packet.time_base)
            packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
            packets.append((float(packet.dts * packet.time_base), packet))
    return packets
