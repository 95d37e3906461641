"""Damaged media files through everything that opens media."""

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from campaigns.forks import Row, in_fork, pins, wrong_exceptions
from campaigns.mutations import mutate_bytes
from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.container import plays_in_browsers
from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.media.images import is_image, read_image
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter

# file name: codec of the pictures, of the sound, its rate
VIDEOS = {
    "a.mp4": ("libx264", "aac", 48000),
    "b.avi": ("mpeg4", "libmp3lame", 44100),
    "c.avi": ("mpeg4", "ac3", 48000),
    "d.mkv": ("libx264", "pcm_s16le", 16000),
    "e.webm": ("libvpx", "libopus", 48000),
    "f.mpg": ("mpeg2video", "mp2", 48000),
    "g.ts": ("libx264", "aac", 44100),
    "h.mov": ("mpeg4", "pcm_s16le", 44100),
}
SOUNDS = {
    "i.wav": ("", "pcm_s16le", 16000),
    "j.flac": ("", "flac", 44100),
    "k.mp3": ("", "libmp3lame", 44100),
}
PICTURES = ("l.jpg", "m.png", "n.webp", "o.gif", "p.tiff", "q.bmp")
SECONDS = 1.5
LONGEST = 30.0  # seconds that one damaged file may take


def make_media(folder: Path) -> list[Path]:
    """Write one small good file of each kind: a bright square that wanders, and a tone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (pictures, sound, rate) in {**VIDEOS, **SOUNDS}.items():
        _encode(folder / name, pictures, sound, rate)
    for name in PICTURES:
        Image.fromarray(_image(3)).save(folder / name)
    return sorted(path for path in folder.iterdir() if path.is_file())


def _image(index: int) -> np.ndarray:
    image = np.full((96, 128, 3), 40, np.uint8)
    image[20:60, 10 + index : 50 + index] = 200
    return image


def _encode(path: Path, pictures: str, sound: str, rate: int) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(round(SECONDS * rate)) / rate)
    with av.open(str(path), "w") as out:
        video = None
        if pictures:
            video = out.add_stream(pictures, rate=25)
            video.width, video.height, video.pix_fmt = 128, 96, "yuv420p"
        audio = out.add_stream(sound, rate=rate, layout="mono")
        for index in range(round(25 * SECONDS) if video is not None else 0):
            out.mux(video.encode(av.VideoFrame.from_ndarray(_image(index), format="rgb24")))
        frame = av.AudioFrame.from_ndarray(
            (tone[None] * 32767).astype(np.int16), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        fifo = av.AudioFifo()
        fifo.write(frame)
        for piece in fifo.read_many(1024, partial=True):
            out.mux(audio.encode(piece))
        for stream in (video, audio):
            if stream is not None:
                out.mux(stream.encode(None))


def _calls(path: Path, out: Path) -> dict[str, Callable[[], Any]]:
    """All that opens a media file, by name."""
    if is_image(path):
        return {"image": lambda: read_image(path), "faces": lambda: load_faces(path, 32)}
    return {
        "probe": lambda: probe_video(path),
        "pictures": lambda: sum(1 for _ in iter_frames(path)),
        "sound": lambda: load_audio(path),
        "browser": lambda: plays_in_browsers(path),
        "faces": lambda: load_faces(path, 32, num_frames=4),
        "page video": lambda: _page_video(path, out),
    }


def _page_video(path: Path, out: Path) -> None:
    """Pictures anew, with the sound of the file carried along."""
    with VideoWriter(out / "page.mp4", 128, 96, 25, sound_of=path) as writer:
        for index in range(10):
            writer.add_image(_image(index))


def fuzz_media(work: Path, seed: int, seconds: float, least: int = 20) -> list[Row]:
    """Open damaged media files until the time is up, but at least so many; undamaged ones first."""
    generator = np.random.default_rng(seed)
    originals = make_media(work / "media")
    whole = Row("undamaged media files through the loaders")
    damaged = Row("damaged media files through the loaders")
    end = time.monotonic() + seconds
    number = 0
    while number < len(originals) + least or time.monotonic() < end:
        original = originals[number % len(originals)]
        row, content = whole, original.read_bytes()
        if number >= len(originals):
            row, content = damaged, mutate_bytes(content, generator)
        path = work / f"case{original.suffix}"
        path.write_bytes(content)
        calls = _calls(path, work)
        if row is whole and original.name in SOUNDS:  # has no pictures to open
            calls = {"sound": calls["sound"], "browser": calls["browser"]}
        outcome = in_fork(lambda calls=calls: wrong_exceptions(calls), work / "log", LONGEST)
        row.count(outcome.fault(), f"{original.name} no. {number} of seed {seed}")
        number += 1
    return [whole, damaged]


def link_damaged(work: Path, seed: int, seconds: float) -> list[Row]:
    """`pins sync` and `pins link` of damaged videos: success or one clear line, and nothing half-written."""
    from campaigns.forks import command_fault

    generator = np.random.default_rng(seed)
    originals = [path for path in make_media(work / "media") if path.name in VIDEOS]
    row = Row("`pins link` of damaged videos")
    end = time.monotonic() + seconds
    while row.tried < 2 or time.monotonic() < end:
        original = originals[row.tried % len(originals)]
        path = work / f"link{original.suffix}"
        path.write_bytes(mutate_bytes(original.read_bytes(), generator))
        out = work / f"out{row.tried}"
        outcome = in_fork(pins("link", path, "--out", out, "--quiet"), work / "log", 120)
        fault = command_fault(outcome)
        if fault is None and outcome.status == 2 and out.exists() and any(out.iterdir()):
            fault = f"left {sorted(each.name for each in out.iterdir())}"
        row.count(fault, f"{original.name} no. {row.tried} of seed {seed}")
    return [row]
