"""The official test lists of Learnable PINs (Nagrani et al. 2018), read as they are distributed."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.corpora.voxceleb import MediaKey, parse_key, read_ids
from pins_plugin.errors import ManifestError

STRATA = ("random", "G", "N", "A", "GNA")
CONDITIONS = ("seenheard", "unseenunheard")
MATCHING_STRATA = ("U", "G", "N", "GN")


@dataclass(frozen=True, eq=False)
class VerificationList:
    """Pairs of an utterance and a picture, half of them of one person.

    Parameters
    ----------
    stratum : str
        What negatives share: "random" (nothing), "G", "N", "A" or "GNA".
    condition : str
        "seenheard" or "unseenunheard".
    same : (num_pairs,) bool array
    """

    stratum: str
    condition: str
    voices: list[MediaKey]
    faces: list[MediaKey]
    same: NDArray[np.bool_]


@dataclass(frozen=True)
class MatchingList:
    """1-of-2 trials; candidates[i] holds the right one first.

    Parameters
    ----------
    direction : str
        "face_to_voice" or "voice_to_face".
    stratum : str
        What the two candidates share: "U" (nothing), "G", "N" or "GN".
    candidates : list of (MediaKey, MediaKey)
    """

    direction: str
    stratum: str
    queries: list[MediaKey]
    candidates: list[tuple[MediaKey, MediaKey]]

    def keys(self, modality: str) -> Iterable[MediaKey]:
        """All its pictures ("face"), or all its utterances ("voice")."""
        is_asked = self.direction.startswith(modality)
        return self.queries if is_asked else chain.from_iterable(self.candidates)


@dataclass(frozen=True)
class PinsLists:
    """Everything that a folder of lists holds."""

    ids: dict[str, str]
    verification: list[VerificationList]
    matching: list[MatchingList]
    retrieval_faces: list[MediaKey]
    retrieval_voices: list[MediaKey]

    def faces(self) -> list[MediaKey]:
        """Every picture that any list asks for, once, sorted."""
        listed = self.retrieval_faces, *(part.faces for part in self.verification)
        return sorted(set().union(*listed, *(part.keys("face") for part in self.matching)))

    def voices(self) -> list[MediaKey]:
        """Every utterance that any list asks for, once, sorted."""
        listed = self.retrieval_voices, *(part.voices for part in self.verification)
        return sorted(set().union(*listed, *(part.keys("voice") for part in self.matching)))


def read_pins_lists(folder: str | Path) -> PinsLists:
    """Read every list in a folder, compressed or not; lists that are not there are left out.

    Parameters
    ----------
    folder : str or Path
        With `vox1_meta.csv` and any of `veriflist_test_<stratum>_<condition>.txt`,
        `matching_{f2v,v2f}_<stratum>.csv`, `jpg_20k.csv`, `wav_20k.csv`.

    Raises
    ------
    ManifestError
        When the folder holds none of them, or one is damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ManifestError(f"{folder}: no such folder; expected the PINs test lists")
    ids = read_ids(folder / "vox1_meta.csv")
    verification = [
        _verification(path, stratum, condition, ids)
        for condition in CONDITIONS
        for stratum in STRATA
        if (path := _find(folder, f"veriflist_test_{stratum}_{condition}.txt"))
    ]
    matching = [
        _matching(path, direction, stratum, ids)
        for direction, short in (("face_to_voice", "f2v"), ("voice_to_face", "v2f"))
        for stratum in MATCHING_STRATA
        if (path := _find(folder, f"matching_{short}_{stratum}.csv"))
    ]
    pictures, utterances = _find(folder, "jpg_20k.csv"), _find(folder, "wav_20k.csv")
    faces = _gallery(pictures, ids) if pictures and utterances else []
    voices = _gallery(utterances, ids) if pictures and utterances else []
    if not (verification or matching or faces):
        raise ManifestError(
            f"{folder}: holds none of the PINs test lists; expected veriflist_test_*.txt[.gz], "
            "matching_*.csv[.gz] or jpg_20k.csv and wav_20k.csv"
        )
    return PinsLists(ids, verification, matching, faces, voices)


def _verification(
    path: Path, stratum: str, condition: str, ids: Mapping[str, str]
) -> VerificationList:
    try:
        header, *rows = csv.reader(_lines(path))
    except csv.Error as error:
        raise ManifestError(f"{path}: damaged ({error}); get it again") from error
    if header[3:] != ["label", "voice-path", "face-path"] or not rows:
        raise ManifestError(
            f"{path}: expected the columns id, voice-speaker-id, face-speaker-id, label, voice-path, face-path"
        )
    try:
        labels = [{"0": False, "1": True}[row[3]] for row in rows]
        voices = [parse_key(row[4], ids) for row in rows]
        faces = [parse_key(row[5], ids) for row in rows]
    except (IndexError, KeyError) as error:
        raise ManifestError(
            f"{path}: a line has too few columns or a label other than 0 and 1"
        ) from error
    return VerificationList(stratum, condition, voices, faces, np.array(labels))


def _matching(path: Path, direction: str, stratum: str, ids: Mapping[str, str]) -> MatchingList:
    rows = [line.split() for line in _lines(path)]
    if any(len(row) != 3 for row in rows):
        raise ManifestError(f"{path}: expected three paths a line: query, right one, wrong one")
    keys = [[parse_key(item, ids) for item in row] for row in rows]
    return MatchingList(
        direction, stratum, [row[0] for row in keys], [(row[1], row[2]) for row in keys]
    )


def _gallery(path: Path, ids: Mapping[str, str]) -> list[MediaKey]:
    rows = [line.split("\t") for line in _lines(path)][1:]
    if any(len(row) != 2 for row in rows):
        raise ManifestError(f"{path}: expected two tab-separated columns: id, path")
    return [parse_key(row[1], ids) for row in rows]


def _find(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        lines = content.decode("utf-8").splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: damaged ({error}); get it again") from error
    if not lines:
        raise ManifestError(f"{path}: is empty; get it again")
    return lines
