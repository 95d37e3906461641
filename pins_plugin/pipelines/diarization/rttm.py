"""Speaker turns in files: RTTM, the format of NIST's diarization evaluations."""

import io
from collections.abc import Sequence
from pathlib import Path

from pyannote.core import Annotation, Segment

from pins_plugin.data.links import LONGEST
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import write_text
from pins_plugin.utils.text import one_word, printable


def read_rttm(path: str | Path) -> dict[str, Annotation]:
    """Read the turns of an RTTM file, by file name (uri).

    Raises
    ------
    MediaError
        When the file is missing or a line is not RTTM.
    """
    path = Path(path)
    if not path.is_file():
        raise MediaError(f"{path}: no such file; expected an RTTM file")
    annotations: dict[str, Annotation] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise MediaError(f"{path}: not a text file; expected RTTM") from error
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


def choose_turns(path: str | Path, uri: str) -> Annotation:
    """Read the turns of one file: those named `uri`, or the only ones there are."""
    annotations = read_rttm(path)
    if uri in annotations:
        return annotations[uri]
    if len(annotations) == 1:
        turns = next(iter(annotations.values()))
        turns.uri = uri
        return turns
    raise MediaError(
        f"{path}: expected turns of {uri}, got those of {sorted(annotations) or 'no file'}"
    )


def write_rttm(path: str | Path, annotations: Sequence[Annotation]) -> None:
    """Write turns in one step."""
    text = io.StringIO()
    for turns in annotations:
        for segment, _, label in turns.itertracks(yield_label=True):
            text.write(
                f"SPEAKER {one_word(turns.uri or 'file')} 1 {segment.start:.3f} {segment.duration:.3f} "
                f"<NA> <NA> {one_word(str(label))} <NA> <NA>\n"
            )
    write_text(path, text.getvalue())
