"""Which video links are of, wherever they are read: a name or a relative path does not tell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pins_plugin.utils.content import describe_file


def find_video(links: Mapping[str, Any]) -> Path | None:
    """Find the video that links are of; None where it is gone, or another file is there now."""
    source = links.get("source")
    if not isinstance(source, Mapping):
        video = Path(links["video"])
        return video if video.is_absolute() and video.is_file() else None
    video = Path(str(source.get("path")))
    if not video.is_file():
        return None
    return video if describe_file(video, source)["content"] == source.get("content") else None
