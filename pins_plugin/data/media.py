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
    if not path.exists():
        raise MediaError(f"{path}: no such file; check the path")
    if path.is_dir():
        raise MediaError(f"{path}: expected a media file, got a folder")
    try:
        container = av.open(str(path))
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{path}: not a readable media file ({reason(error)}); expected a video or sound file that FFmpeg reads"
        ) from error
    with container:
        yield container


def clock_origin(container: Any) -> float:
    """Time stamp, in seconds, at which the earliest stream of an opened file starts."""
    starts = [
        float(stream.start_time * stream.time_base)
        for stream in container.streams
        if stream.type in ("video", "audio") and stream.start_time is not None
    ]
    return min(starts, default=0.0)


def reason(error: Exception) -> str:
    """What FFmpeg says of an error, in a few words."""
    return str(getattr(error, "strerror", None) or error)
