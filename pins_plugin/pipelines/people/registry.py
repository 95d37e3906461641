"""Everyone who was met in a set of videos, under labels that stay: a stranger keeps the number of the first meeting.

What was seen and heard of a person is kept video by video, so that linking a video again replaces what it had
contributed, and nobody is numbered anew. Several processes may work on one file: whoever changes it holds it, and
reads what the others have written before (`Cast.held`).
"""

import json
import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pins_plugin.errors import MediaError, PinsError
from pins_plugin.pipelines.people.enrollment import KnownPerson
from pins_plugin.pipelines.people.vector_file import (
    DAMAGE,
    Appearance,
    mean_direction,
    read_vectors,
    write_vectors,
)
from pins_plugin.utils.files import atomic_path
from pins_plugin.utils.vectors import unit

FILE = "people.safetensors"
LOCK = ".people.lock"
PATIENCE = 5.0  # seconds until it is said that another process is waited for; chosen, not measured
KIND = "pins_plugin people"
STRANGER = re.compile(r"PERSON_\d+")
HISTORY = 20  # names given that can be taken back; chosen, not measured
VERSION = "2"  # the first held voices of another encoder
logger = logging.getLogger(__name__)


class Cast:
    """The people of a set of videos.

    Parameters
    ----------
    encoder : str
        Name of the face encoder; faces of two encoders cannot be compared.
    appearances : sequence of Appearance
    next_number : int
        Of the next stranger; numbers are never used again.
    renames : sequence of dict of str to str
        Other labels that people were ever given, in that order; those of one entry at the same time.

    Examples
    --------
    >>> cast = Cast("face_recognition")
    >>> cast.new_label(), cast.new_label()
    ('PERSON_01', 'PERSON_02')
    """

    def __init__(
        self,
        encoder: str,
        appearances: Sequence[Appearance] = (),
        next_number: int = 1,
        renames: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self.encoder = encoder
        self.appearances = list(appearances)
        self.next_number = next_number
        self.renames = [dict(names) for names in renames]
        self.history: list[dict[str, Any]] = []  # names given, and who was in which video before
        self.keep_strangers = True
        self._path: Path | None = None
        self._lock: FileLock | None = None

    @classmethod
    def of_folder(cls, folder: str | Path, encoder: str | None = None) -> "Cast":
        """Open the people of a folder of linked videos, to be changed while `held`.

        With an `encoder`, as in `load`, the file need not be there yet.
        """
        path = Path(folder) / FILE
        cast = cls.load(path, encoder) if encoder is None or path.is_file() else cls(encoder)
        cast._path = path
        cast._lock = FileLock(path.with_name(LOCK))
        return cast

    @contextmanager
    def held(self) -> Iterator["Cast"]:
        """Keep all other processes from changing the file; read it anew, and write it when the block succeeds.

        A cast that has no file is changed as it is. May be nested; the file is read at the outermost level only.
        """
        if self._path is None or self._lock is None or self._lock.is_locked:
            yield self
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _acquire(self._lock):
            if self._path.is_file():
                now = self.load(self._path, self.encoder)
                self.appearances, self.renames = now.appearances, now.renames
                self.history = now.history
                self.next_number = max(self.next_number, now.next_number)
            yield self
            self.save(self._path)

    @property
    def labels(self) -> list[str]:
        """Of everyone, in the order in which they were met."""
        return list(dict.fromkeys(appearance.person for appearance in self.appearances))

    def people(self) -> list[KnownPerson]:
        """Everyone, with the mean face and the mean voice over all videos."""
        met: dict[str, list[Appearance]] = {}
        for each in self.appearances:
            met.setdefault(each.person, []).append(each)
        return [
            KnownPerson(
                label, mean_direction(a.face for a in mine), mean_direction(a.voice for a in mine)
            )
            for label, mine in met.items()
        ]

    def new_label(self) -> str:
        """Give a stranger the next number."""
        self.next_number += 1
        return f"PERSON_{self.next_number - 1:02d}"

    def replace_video(self, video: str, appearances: Sequence[Appearance]) -> None:
        """Take in what was seen and heard in a video, in place of what was known of it before."""
        others = [each for each in self.appearances if each.video != video]
        place = next((i for i, a in enumerate(self.appearances) if a.video == video), len(others))
        self.appearances = [*others[:place], *appearances, *others[place:]]

    def renamed_since(self, count: int) -> dict[str, str]:
        """Say which labels have become which others since there had been `count` renames.

        Examples
        --------
        >>> cast = Cast("face_recognition")
        >>> cast.rename({"PERSON_01": "ann"}), cast.rename({"ann": "anna"})
        (None, None)
        >>> cast.renamed_since(0)
        {'ann': 'anna', 'PERSON_01': 'anna'}
        """
        names: dict[str, str] = {}
        for step in self.renames[count:]:
            names = step | {before: step.get(after, after) for before, after in names.items()}
        return names

    def rename(self, names: Mapping[str, str]) -> None:
        """Give people other labels; two with one label are one person from then on."""
        if changed := {old: new for old, new in names.items() if old != new}:
            self.renames.append(changed)
            labels = sorted({*changed, *changed.values()})
            videos = {
                label: sorted({each.video for each in self.appearances if each.person == label})
                for label in labels
            }
            self.note(changed, videos)
        self.appearances = [
            replace(each, person=names.get(each.person, each.person)) for each in self.appearances
        ]

    def note(self, names: Mapping[str, str], videos: Mapping[str, Sequence[str]]) -> None:
        """Keep what can be taken back: labels by what they became, and in which videos each was before."""
        step = {"names": dict(names), "videos": {key: list(each) for key, each in videos.items()}}
        self.history = [*self.history, step][-HISTORY:]

    def relabel(self, old: str, new: str, videos: Collection[str]) -> None:
        """Give somebody another label in some videos only."""
        self.appearances = [
            replace(each, person=new) if each.person == old and each.video in videos else each
            for each in self.appearances
        ]

    def scrub(self, name: str, new: str) -> None:
        """Put another label in the place of a name wherever it was noted, so that nothing tells it."""

        def put(text: str) -> str:
            return new if text == name else text

        self.remove(name)
        self.renames = [{put(a): put(b) for a, b in names.items()} for names in self.renames]
        self.history = [
            step
            for step in self.history
            if name not in {*step["names"], *step["names"].values(), *step["videos"]}
        ]

    def remove(self, label: str) -> int:
        """Forget a person, and give the number of videos that had shown them."""
        before = len(self.appearances)
        self.appearances = [each for each in self.appearances if each.person != label]
        return before - len(self.appearances)

    def save(self, path: str | Path) -> None:
        """Write a safetensors file, in one step; the same people give the same bytes.

        Whoever has no name is left out unless `keep_strangers`.
        """
        kept = [
            each
            for each in self.appearances
            if self.keep_strangers or not STRANGER.fullmatch(each.person)
        ]
        about = {
            "kind": KIND,
            "version": VERSION,
            "encoder": self.encoder,
            "next_number": self.next_number,
            "appearances": [[each.person, each.video, round(each.seconds, 3)] for each in kept],
            "renames": self.renames,
            "history": self.history,
        }
        with atomic_path(path) as temporary:
            write_vectors(temporary, kept, about)

    @classmethod
    def load(cls, path: str | Path, encoder: str | None = None) -> "Cast":
        """Read what `save` wrote, if its faces are of the given `encoder`, or of any when none is given.

        Raises
        ------
        MediaError
            When the file is missing, damaged or of another kind.
        PinsError
            When it holds faces or voices of another encoder.
        """
        path = Path(path)
        if not path.is_file():
            raise MediaError(f"{path}: no such file; `pins link` of several videos makes it")
        try:
            faces, voices, about = read_vectors(path)
            if about.get("kind") != KIND:
                raise MediaError(f"{path}: expected the people that `pins link` keeps")
            appearances = [
                Appearance(
                    str(person),
                    str(video),
                    float(seconds),
                    None if face is None else unit(face),
                    None if voice is None else unit(voice),
                )
                for (person, video, seconds), face, voice in zip(
                    json.loads(about["appearances"]), faces, voices, strict=True
                )
            ]
            renames = [
                {str(old): str(new) for old, new in names.items()}
                for names in json.loads(about.get("renames", "[]"))
            ]
            found = cls(about["encoder"], appearances, int(about["next_number"]), renames)
            found.history = [
                {"names": dict(step["names"]), "videos": dict(step["videos"])}
                for step in json.loads(about.get("history", "[]"))
            ]
        except DAMAGE as error:
            raise MediaError(
                f"{path}: damaged ({error}); remove it to number people anew"
            ) from error
        if about.get("version") != VERSION:
            raise PinsError(
                f"{path}: expected version {VERSION}, got {about.get('version')}: voices of another encoder; "
                "link the videos again with another --out"
            )
        if encoder is not None and encoder != found.encoder:
            raise PinsError(
                f"{path}: expected faces of {encoder}, got those of {found.encoder}; "
                "use that --face_encoder, or another --out"
            )
        return found


def _acquire(lock: FileLock) -> AbstractContextManager[Any]:
    """Wait for the lock, and say so when it takes long; it is given back at the end of the context."""
    try:
        return lock.acquire(timeout=PATIENCE)
    except Timeout:
        logger.warning("%s: another `pins` works there; waiting", lock.lock_file)
        return lock.acquire()
