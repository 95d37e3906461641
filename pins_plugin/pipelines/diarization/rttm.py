"""Speaker turns in files: RTTM, the format of NIST's diarization evaluations."""

from collections.abc import Sequence
from pathlib import Path

from pyannote.core import Annotation, Segment

from pins_plugin.data.links.link_rows import LONGEST
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import read_text, write_text
from pins_plugin.utils.text import one_word, printable


def read_rttm(path: str | Path) -> dict[str, Annotation]:
    """Read the turns of an RTTM file, by file name (uri).

    Raises
    ------
    MediaError
        When the file is missing or a line is not RTTM.
    """
    annotations: dict[str, Annotation] = {}
    lines = read_text(path, MediaError, "an RTTM file").split("\n")
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            if fields and not fields[0].startswith((";", "#")) and not fields[0].isupper():
                raise MediaError(
                    f"{path}, line {number}: expected 'SPEAKER ...', got {line[:40]!r}"
                )
            continue
        try:
            uri, start, duration, speaker = fields[1], float(fields[3]), float(fields[4]), fields[7]
            if not (0 <= start <= LONGEST and abs(duration) <= LONGEST):
                raise ValueError("no times of a file")
        except (IndexError, ValueError) as error:
            raise MediaError(
                f"{path}, line {number}: expected SPEAKER file 1 start duration <NA> <NA> name <NA> <NA>, in seconds"
            ) from error
        turns = annotations.setdefault(uri, Annotation(uri=uri))
        if duration > 0:
            turns[Segment(start, start + duration), number] = printable(speaker)
    return annotations


def choose_turns(path: str | Path, uri: str, *, alone: bool = True) -> Annotation:
    """Read the turns of one file: those named `uri`; nobody speaks where the RTTM file holds no turn at all.

    Where no other file is asked for (`alone`), turns of one file are this one's, whatever it is called.

    Raises
    ------
    MediaError
        When there are turns of other files only.
    """
    annotations = read_rttm(path)
    for name, turns in annotations.items():
        if name == uri or one_word(name) == one_word(uri):
            return _named(turns, uri)
    if not annotations:
        return Annotation(uri=uri)
    if len(annotations) == 1 and alone:
        return _named(next(iter(annotations.values())), uri)
    found = ", ".join(sorted(annotations)[:10])
    raise MediaError(f"{path}: expected turns of {uri}, got those of {found}")


def _named(turns: Annotation, uri: str) -> Annotation:
    turns.uri = uri
    return turns


def write_rttm(path: str | Path, annotations: Sequence[Annotation]) -> None:
    """Write turns in one step."""
    text = ""
    for turns in annotations:
        plain = turns.rename_labels({label: one_word(str(label)) for label in turns.labels()})
        plain.uri = one_word(turns.uri or "file")
        text += plain.to_rttm()
    write_text(path, text)
