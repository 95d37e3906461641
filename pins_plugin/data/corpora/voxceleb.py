"""Where VoxCeleb1 keeps a face or an utterance, whichever of its releases lies on the disk.

The same utterance is `A.J._Buckley/Y8hIVOBuels_0000001.wav` in the first release and
`id10001/Y8hIVOBuels/00001.wav` in the second; the same picture is `A.J._Buckley/Y8hIVOBuels/0002275.jpg` in
the lists and `A.J._Buckley/1.6/Y8hIVOBuels/0002275.jpg` in the released folder of faces.
"""

import csv
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pins_plugin.errors import ManifestError, MediaError
from pins_plugin.utils.files import read_text

CROP_FOLDER = "1.6"  # the released faces are cut 1.6 times as large as the detector's box
VOICE_SUFFIXES = (".wav", ".flac", ".m4a")


class MediaKey(NamedTuple):
    """One picture or utterance: person (VoxCeleb1 id where known), video, number in the video."""

    person: str
    video: str
    number: int


def read_ids(path: str | Path) -> dict[str, str]:
    """Read `vox1_meta.csv`: person's name to VoxCeleb1 id ("A.J._Buckley" to "id10001").

    Raises
    ------
    ManifestError
        When the file is missing or of another kind.
    """
    return {row[1]: row[0] for row in _read_meta(path)}


def read_traits(path: str | Path) -> dict[str, dict[str, str]]:
    """Read `vox1_meta.csv`: person's name to {"gender": "m", "nationality": "Ireland"}, as far as it says.

    Raises
    ------
    ManifestError
        When the file is missing or of another kind.
    """
    return {
        row[1]: {
            name: value
            for name, value in zip(("gender", "nationality"), row[2:4], strict=False)
            if value
        }
        for row in _read_meta(path)
    }


def _read_meta(path: str | Path) -> list[list[str]]:
    text = read_text(path, ManifestError, "VoxCeleb1's vox1_meta.csv")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
    rows = [[cell.strip() for cell in row] for row in lines]
    people = [row for row in rows if len(row) >= 2 and row[0].startswith("id1")]
    if not people:
        raise ManifestError(
            f"{path}: expected tab-separated lines like 'id10001 A.J._Buckley m Ireland dev'"
        )
    return people


def parse_key(path: str, ids: Mapping[str, str]) -> MediaKey:
    """Understand a path of any release.

    Raises
    ------
    ManifestError
        When it looks like none of them.

    Examples
    --------
    >>> parse_key("Name/Y8hIVOBuels_0000001.wav", {"Name": "id10001"})
    MediaKey(person='id10001', video='Y8hIVOBuels', number=1)
    """
    parts = [part for part in path.split("/") if part != CROP_FOLDER]
    if len(parts) == 2:
        parts = [parts[0], *parts[1].rsplit("_", 1)]
    try:
        person, video, item = parts
        return MediaKey(ids.get(person, person), video, int(item.split(".")[0]))
    except ValueError as error:
        raise ManifestError(
            f"{path}: expected person/video_0000001.wav, person/video/00001.wav or person/video/0000001.jpg"
        ) from error


class VoxCelebFolder:
    """Every file of VoxCeleb1 below a folder, unpacked in whatever way; `ids` maps people's names to ids.

    Attributes
    ----------
    voices, videos, tracks : dict of MediaKey to Path
        Utterances, face videos, and lists of which pictures belong to an utterance.
    pictures : dict of (str, str) to dict of int to Path
        By person and video, then by number.
    skipped : dict of str to str
        Path to why its name is not understood.

    Raises
    ------
    MediaError
        When the folder is missing or holds neither a picture nor an utterance.
    """

    def __init__(self, root: str | Path, ids: Mapping[str, str]) -> None:
        self.voices: dict[MediaKey, Path] = {}
        self.videos: dict[MediaKey, Path] = {}
        self.tracks: dict[MediaKey, Path] = {}
        self.pictures: dict[tuple[str, str], dict[int, Path]] = {}
        self.skipped: dict[str, str] = {}
        kinds = {".mp4": self.videos, ".txt": self.tracks, **dict.fromkeys(VOICE_SUFFIXES, self.voices)}  # fmt: skip
        for path in walk_files(root):
            suffix = path.suffix.lower()
            if suffix != ".jpg" and suffix not in kinds:
                continue
            short = "_" in path.stem and not path.stem.isdigit()
            parts = [part for part in path.parts if part != CROP_FOLDER]
            try:
                key = parse_key("/".join(parts[-2:] if short else parts[-3:]), ids)
            except ManifestError as error:
                if suffix != ".txt":  # such as a README
                    self.skipped[str(path)] = str(error)
                continue
            if suffix == ".jpg":
                self.pictures.setdefault((key.person, key.video), {})[key.number] = path
            else:
                kinds[suffix][key] = path
        if not (self.voices or self.pictures):
            raise MediaError(
                f"{root}: expected files such as id10001/Y8hIVOBuels/00001.wav or "
                "A.J._Buckley/1.6/Y8hIVOBuels/0002275.jpg somewhere below, found none"
            )

    def face(self, key: MediaKey) -> Path | None:
        """Find a picture, or None."""
        return self.pictures.get((key.person, key.video), {}).get(key.number)

    def voice(self, key: MediaKey) -> Path | None:
        """Find an utterance, or None."""
        return self.voices.get(key)


def walk_files(root: str | Path) -> Iterator[Path]:
    """Every file below a folder, in order.

    Raises
    ------
    MediaError
        When there is no such folder.
    """
    if not Path(root).is_dir():
        raise MediaError(f"{root}: no such folder; expected the unpacked data set")
    for folder, children, names in os.walk(root, followlinks=True):
        children.sort()
        for name in sorted(names):
            yield Path(folder, name)
