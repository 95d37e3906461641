"""All formats by name: which files they make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import PinsError
from pins_plugin.formats.active_speakers import to_active_speakers, to_ava, to_parquet
from pins_plugin.formats.annotation import to_audacity, to_elan, to_textgrid
from pins_plugin.formats.boxes import (
    Picture,
    label_studio_interface,
    to_cvat,
    to_label_studio,
    to_mot,
)
from pins_plugin.formats.editors import to_edl, to_fcp7_xml, to_otio
from pins_plugin.formats.subtitles import to_ass, to_srt, to_table, to_text, to_vtt
from pins_plugin.utils.files import atomic_path, write_text


@dataclass(frozen=True, eq=False)
class Target:
    """What a writer may need beside the links.

    Parameters
    ----------
    folder : Path
        Where the file will lie; paths in it are relative to that.
    rate : float or None
        Rows a second of tables that go picture by picture; None for the video's own.
    open_picture : callable
        Gives the `Picture`; asked only by formats that need it.
    """

    folder: Path
    rate: float | None
    open_picture: Callable[[], Picture]


Writer = Callable[[LinkedVideo, Target], str | bytes]


FORMATS: dict[str, dict[str, Writer]] = {  # the writer of each file, by its ending
    "srt": {".srt": lambda v, t: to_srt(v)},
    "vtt": {".vtt": lambda v, t: to_vtt(v)},
    "ass": {".ass": lambda v, t: to_ass(v)},
    "txt": {".txt": lambda v, t: to_text(v)},
    "csv": {".csv": lambda v, t: to_table(v)},
    "elan": {".eaf": lambda v, t: to_elan(v, t.folder)},
    "textgrid": {".TextGrid": lambda v, t: to_textgrid(v)},
    "audacity": {".labels.txt": lambda v, t: to_audacity(v)},
    "label_studio": {
        ".label_studio.json": lambda v, t: to_label_studio(v, t.open_picture()),
        ".label_studio.xml": lambda v, t: label_studio_interface(v, t.open_picture()),
    },
    "cvat": {".cvat.xml": lambda v, t: to_cvat(v, t.open_picture())},
    "mot": {".mot.txt": lambda v, t: to_mot(v, t.open_picture())},
    "edl": {".edl": lambda v, t: to_edl(v, t.open_picture())},
    "fcp7": {".fcp7.xml": lambda v, t: to_fcp7_xml(v, t.open_picture())},
    "otio": {".otio": lambda v, t: to_otio(v, t.open_picture())},
    "active_speakers": {".active_speakers.csv": lambda v, t: to_active_speakers(v, t.rate)},
    "parquet": {".active_speakers.parquet": lambda v, t: to_parquet(v, t.rate)},
    "ava": {
        ".ava.csv": lambda v, t: to_ava(v, t.open_picture(), t.rate),
        ".ava_predictions.csv": lambda v, t: to_ava(v, t.open_picture(), t.rate, scored=True),
    },
}


def write_formats(
    linked: LinkedVideo, names: Sequence[str], stem: Path, target: Target
) -> list[Path]:
    """Write a linked result in several formats.

    Parameters
    ----------
    names : sequence of str
        Of `FORMATS`.
    stem : Path
        The files' path without ending.

    Returns
    -------
    paths : list of Path
        What was written.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise PinsError(f"--to: expected some of {', '.join(FORMATS)}, got {unknown[0]!r}")
    written = []
    for name in names:
        for ending, write in FORMATS[name].items():
            path = stem.with_name(stem.name + ending)
            content = write(linked, target)
            if isinstance(content, str):
                write_text(path, content)
            else:
                with atomic_path(path) as temporary:
                    temporary.write_bytes(content)
            written.append(path)
    return written
