"""Opening media files, and the clock that their pictures and sound share.

All times are seconds on the *media clock*: zero is where the earliest stream of the file starts, as in a player.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import av.error

from pins_plugin.errors import MediaError


@contextmanager
def open_media(path: str | Path) -> Iterator[Any]:
    """Open a media file for reading, with errors that a user understands."""
    path = Path(path)
    if path.is_dir():
        raise MediaError(f"{path}: expected a media file, got a folder")
    if not path.is_file():  # nor a pipe, which could be waited for without end
        raise MediaError(f"{path}: no such file; check the path")
    try:
        container = av.open(str(path))
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{path}: not a readable media file ({reason(error)}); expected a video or sound file that FFmpeg reads"
        ) from error
    with container:
        yield container


def moving_pictures(container: Any) -> list[Any]:
    """The video streams of an opened file; the picture on the cover of a song is none."""
    cover = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & cover]


def clock_origin(container: Any) -> float:
    """Time stamp, in seconds, at which the earliest stream of an opened file starts."""
    starts = [
        float(stream.start_time * stream.time_base)
        for stream in container.streams
        if stream.type in ("video", "audio") and stream.start_time is not None
    ]
    return min(starts, default=0.0)


def decode_leniently(container: Any, stream: Any) -> Iterator[Any]:
    """Decode every frame that can be decoded: packets that are damaged are passed over."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:  # truncated file
            packet = None
        try:
            frames = stream.codec_context.decode(packet)
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            frames = []
        for frame in frames:
            if frame.time_base is None:
                frame.time_base = stream.time_base
            yield frame
        if packet is None:
            return


def reason(error: Exception) -> str:
    """What FFmpeg says of an error, in a few words."""
    return str(getattr(error, "strerror", None) or error)


def plays_in_browsers(path: str | Path) -> bool:
    """Whether every current browser plays the file as it is, from time zero on."""
    with open_media(path) as container:
        videos = moving_pictures(container)
        if "mp4" not in container.format.name or not videos:
            return False
        video = videos[0].codec_context
        sounds = {stream.codec_context.name for stream in container.streams.audio}
        return (
            video.name == "h264"
            and video.pix_fmt in ("yuv420p", "yuvj420p")
            and sounds <= {"aac", "mp3"}
            and abs(clock_origin(container)) < 0.02
        )
