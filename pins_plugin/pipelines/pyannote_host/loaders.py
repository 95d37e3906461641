"""What pyannote.database may find in a protocol besides speech: face tracks, and the video itself.

Registered by their file names' endings (entry points of the group `pyannote.database.loader`), so that a
`database.yml` may say `faces: "{uri}/scene.json"` and `video: "{uri}/scene.mp4"`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pins_plugin.errors import MediaError
from pins_plugin.tracking.track_files import read_tracks
from pins_plugin.types import FaceTrack


@dataclass
class FaceTracksLoader:
    """Face tracks of a JSON file; see `tracking.track_files.read_tracks`."""

    path: str | Path  # may hold placeholders such as "{uri}"

    def __call__(self, file: Mapping[str, Any]) -> list[FaceTrack]:
        """Read the tracks of one file of a protocol."""
        return read_tracks(str(self.path).format_map(file))


@dataclass
class VideoLoader:
    """Path of a video file."""

    path: str | Path  # may hold placeholders such as "{uri}"

    def __call__(self, file: Mapping[str, Any]) -> Path:
        """Give the path of one file of a protocol."""
        path = Path(str(self.path).format_map(file))
        if not path.is_file():
            raise MediaError(f"{path}: no such file; expected the video of {file['uri']}")
        return path
