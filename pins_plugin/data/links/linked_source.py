"""Which video links are of, wherever they are read: a name or a relative path does not tell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pins_plugin.data.links.links_file import read_links
from pins_plugin.utils.content import describe_file


def read_linked(given: Path) -> tuple[Path, dict[str, Any], Path | None]:
    """Read the links of a folder of `pins link`, or a file: its path, its value, its video as far as that is found."""
    path = given / "links.json" if given.is_dir() else given
    links = read_links(path)
    return path, links, find_video(links)


def find_video(links: Mapping[str, Any]) -> Path | None:
    """Find the video that links are of; None where it is gone, or another file is there now."""
    source = links.get("source")
    if not isinstance(source, Mapping):
        video = Path(links["video"])
        return video if video.is_absolute() and video.is_file() else None
    video = Path(str(source.get("path")))
    return video if video.is_file() and is_video_of(links, video) else None


def is_video_of(links: Mapping[str, Any], video: Path) -> bool:
    """Tell whether links are of a video, as far as they say of which they are."""
    source = links.get("source")
    if not isinstance(source, Mapping):
        return True
    return bool(describe_file(video, source)["content"] == source.get("content"))
