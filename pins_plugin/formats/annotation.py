"""For programs that annotate speech: ELAN, Praat, Audacity. One tier for each name; overlap lies on different tiers."""

import os
from html import escape
from pathlib import Path
from urllib.parse import quote

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.cues import Cue, make_stretches, make_tiers

LEAST_GAP = 1e-6  # seconds; Praat refuses an empty interval
MEDIA_KINDS = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".avi": "video/x-msvideo",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".wav": "audio/x-wav",
}
ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd" AUTHOR="pins_plugin" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="{url}" MIME_TYPE="{kind}" RELATIVE_MEDIA_URL="{relative}"/>
    <PROPERTY NAME="lastUsedAnnotationId">{count}</PROPERTY>
  </HEADER>
  <TIME_ORDER>
{slots}  </TIME_ORDER>
{tiers}  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true" GRAPHIC_REFERENCES="false"/>
</ANNOTATION_DOCUMENT>
"""  # the same date always: the same result, the same file


def to_elan(linked: LinkedVideo, folder: Path | None = None) -> str:
    """ELAN's `.eaf`: a tier for each name, the video by its path and by that relative to `folder`.

    Parameters
    ----------
    folder : Path, optional
        Where the file will lie; the working folder when not given.
    """
    video = Path(linked.video)
    tiers = make_tiers(linked)
    times = sorted({each for tier in tiers.values() for cue in tier for each in _milliseconds(cue)})
    slots = {time: f"ts{number}" for number, time in enumerate(times, start=1)}
    lines, number = [], 0
    for name, cues in tiers.items():
        label = escape(name)
        lines.append(f'  <TIER LINGUISTIC_TYPE_REF="default-lt" PARTICIPANT="{label}" TIER_ID="{label}">\n')  # fmt: skip
        for cue in cues:
            number += 1
            first, last = (slots[time] for time in _milliseconds(cue))
            lines.append(
                f'    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" TIME_SLOT_REF1="{first}" TIME_SLOT_REF2="{last}">'
                f"<ANNOTATION_VALUE>{escape(cue.text)}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>\n"
            )
        lines.append("  </TIER>\n")
    return ELAN.format(
        url=video.absolute().as_uri(),
        kind=MEDIA_KINDS.get(video.suffix.lower(), "unknown"),
        relative=_relative_url(video, folder or Path()),
        count=number,
        slots="".join(f'    <TIME_SLOT TIME_SLOT_ID="{slot}" TIME_VALUE="{time}"/>\n' for time, slot in slots.items()),
        tiers="".join(lines),
    )  # fmt: skip


def to_textgrid(linked: LinkedVideo) -> str:
    """Praat's TextGrid: an interval tier for each name, without gaps; silence is an empty interval.

    Intervals hold what is said; without a transcript, the name.
    """
    tiers = make_tiers(linked)
    end = max([round(linked.duration, 3), *(tier[-1].end for tier in tiers.values()), 0.001])
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {end:.6f}",
        "tiers? <exists>",
        f"size = {max(1, len(tiers))}",
        "item []:",
    ]
    for number, (name, cues) in enumerate((tiers or {"nobody": []}).items(), start=1):
        filled = _without_gaps(cues, end)
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f"        name = {_praat(name)}",
            "        xmin = 0",
            f"        xmax = {end:.6f}",
            f"        intervals: size = {len(filled)}",
        ]
        for index, (start, stop, text) in enumerate(filled, start=1):
            lines += [
                f"        intervals [{index}]:",
                f"            xmin = {start:.6f}",
                f"            xmax = {stop:.6f}",
                f"            text = {_praat(text)}",
            ]
    return "\n".join((*lines, ""))


def to_audacity(linked: LinkedVideo) -> str:
    """Audacity's label track: start, end, and name with what is said, parted by tabs."""
    return "".join(
        f"{cue.start:.6f}\t{cue.end:.6f}\t{f'{cue.name}: {cue.text}' if cue.text else cue.name}\n"
        for cue in make_stretches(linked)
    )


def _relative_url(path: Path, folder: Path) -> str:
    """Path of a file as a URL relative to a folder."""
    try:
        shown = Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.absolute().as_uri()
    return quote(os.fsencode(shown if shown.startswith(".") else f"./{shown}"))


def _milliseconds(cue: Cue) -> tuple[int, int]:
    return round(1000 * cue.start), round(1000 * cue.end)


def _without_gaps(cues: list[Cue], end: float) -> list[tuple[float, float, str]]:
    filled: list[tuple[float, float, str]] = []
    last = 0.0
    for cue in cues:
        if cue.start - last > LEAST_GAP:
            filled.append((last, cue.start, ""))
        filled.append((max(last, cue.start), cue.end, cue.text or cue.name))
        last = cue.end
    if end - last > LEAST_GAP or not filled:
        filled.append((last, end, ""))
    return filled


def _praat(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
