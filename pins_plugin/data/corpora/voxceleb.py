"""Where VoxCeleb1 keeps a face or an utterance, whichever of its releases lies on the disk.

The same utterance is `A.J._Buckley/Y8hIVOBuels_0000001.wav` in the first release and
`id10001/Y8hIVOBuels/00001.wav` in the second; the same picture is `A.J._Buckley/Y8hIVOBuels/0002275.jpg` in
the lists and `A.J._Buckley/1.6/Y8hIVOBuels/0002275.jpg` in the released folder of faces.
"""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pins_plugin.errors import ManifestError, MediaError
from pins_plugin.utils.files import read_text

CROP_FOLDER = "1.6"  # the released faces are cut 1.6 times as large as the detector's box
VOICE_SUFFIXES = (".wav", ".flac", ".m4a")
SEARCH_DEPTH = 3  # folders below the root in which people's folders may lie


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
    """Finds files below one folder that holds VoxCeleb1, unpacked in whatever way.

    Parameters
    ----------
    root : str or Path
        People's folders (by name or id) lie at most three levels below: `wav/id10001`,
        `vox1_dev_wav/wav/id10001`, `unzippedFaces/A.J._Buckley`, ...
    ids : mapping of str to str
        Name to id.

    Raises
    ------
    MediaError
        When the folder is missing or holds none of these people.
    """

    def __init__(self, root: str | Path, ids: Mapping[str, str]) -> None:
        root = Path(root)
        if not root.is_dir():
            raise MediaError(f"{root}: no such folder; expected VoxCeleb1's wav and face folders")
        self._names = {vox_id: name for name, vox_id in ids.items()}
        people = {*ids, *self._names}
        self._bases = [
            folder
            for folder, children in _walk(root, SEARCH_DEPTH)
            if not people.isdisjoint(children)
        ]
        if not self._bases:
            raise MediaError(
                f"{root}: expected folders named like A.J._Buckley or id10001 at most "
                f"{SEARCH_DEPTH} levels below, found none"
            )

    def face(self, key: MediaKey) -> Path | None:
        """Find a picture, or None."""
        file = f"{key.number:07d}.jpg"
        return self._first(
            f"{person}/{crop}{key.video}/{file}"
            for person in self._spellings(key.person)
            for crop in (f"{CROP_FOLDER}/", "")
        )

    def voice(self, key: MediaKey) -> Path | None:
        """Find an utterance, or None."""
        return self._first(
            f"{person}/{stem}{suffix}"
            for person in self._spellings(key.person)
            for stem in (f"{key.video}/{key.number:05d}", f"{key.video}_{key.number:07d}")
            for suffix in VOICE_SUFFIXES
        )

    def _spellings(self, person: str) -> list[str]:
        name = self._names.get(person)
        return [person] if name is None else [person, name]

    def _first(self, candidates: Iterable[str]) -> Path | None:
        for candidate in candidates:
            for base in self._bases:
                if os.path.isfile(f"{base}/{candidate}"):  # noqa: PTH113 - a hundred thousand times
                    return base / candidate
        return None


def _walk(folder: Path, depth: int) -> Iterator[tuple[Path, set[str]]]:
    """Folders down to `depth`, each with the names of its subfolders; stops below wide folders of people."""
    children = {entry.name for entry in os.scandir(folder) if entry.is_dir()}
    yield folder, children
    if depth > 0 and len(children) < 100:
        for child in sorted(children):
            yield from _walk(folder / child, depth - 1)
