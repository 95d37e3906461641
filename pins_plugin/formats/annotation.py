"""For programs that annotate speech: ELAN, Praat, Audacity. One tier for each name; overlap lies on different tiers."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.cues import Cue, make_stretches, make_tiers

LEAST_GAP = 1e-6  # seconds; Praat refuses an empty interval
NOT_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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


def to_elan(linked: LinkedVideo, folder: Path | None = None) -> str:
    """ELAN's `.eaf`: a tier for each name, the video by its path relative to `folder`.

    Parameters
    ----------
    linked : LinkedVideo
    folder : Path, optional
        Where the file will lie; the working folder when not given.
    """
    document = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
            "AUTHOR": "pins_plugin",
            "DATE": datetime.fromtimestamp(0, UTC).isoformat(),  # the same result, the same file
            "FORMAT": "3.0",
            "VERSION": "3.0",
        },
    )
    header = ElementTree.SubElement(
        document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    )
    video = Path(linked.video)
    media = {
        "MEDIA_URL": video.absolute().as_uri(),
        "MIME_TYPE": MEDIA_KINDS.get(video.suffix.lower(), "unknown"),
        "RELATIVE_MEDIA_URL": relative_url(video, folder or Path()),
    }
    ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", media)
    tiers = make_tiers(linked)
    ElementTree.SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"}).text = str(
        sum(map(len, tiers.values()))
    )
    order = ElementTree.SubElement(document, "TIME_ORDER")
    slots: dict[int, str] = {}
    times = sorted({_milliseconds(time) for tier in tiers.values() for cue in tier for time in _span(cue)})  # fmt: skip
    for number, time in enumerate(times, start=1):
        slots[time] = f"ts{number}"
        ElementTree.SubElement(
            order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{number}", "TIME_VALUE": str(time)}
        )
    number = 0
    for name, cues in tiers.items():
        tier = ElementTree.SubElement(
            document,
            "TIER",
            {
                "LINGUISTIC_TYPE_REF": "default-lt",
                "PARTICIPANT": without_control(name),
                "TIER_ID": without_control(name),
            },
        )
        for cue in cues:
            number += 1
            annotation = ElementTree.SubElement(tier, "ANNOTATION")
            start, end = map(_milliseconds, _span(cue))
            aligned = {
                "ANNOTATION_ID": f"a{number}",
                "TIME_SLOT_REF1": slots[start],
                "TIME_SLOT_REF2": slots[end],
            }
            alignable = ElementTree.SubElement(annotation, "ALIGNABLE_ANNOTATION", aligned)
            ElementTree.SubElement(alignable, "ANNOTATION_VALUE").text = without_control(cue.text)
    ElementTree.SubElement(
        document,
        "LINGUISTIC_TYPE",
        {"LINGUISTIC_TYPE_ID": "default-lt", "TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"},
    )  # fmt: skip
    ElementTree.indent(document)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(document, encoding="unicode")}\n'


def to_textgrid(linked: LinkedVideo) -> str:
    """Praat's TextGrid: an interval tier for each name, without gaps; silence is an empty interval.

    Intervals hold what is said; without a transcript, the name.
    """
    tiers = make_tiers(linked)
    end = max([linked.duration, *(tier[-1].end for tier in tiers.values()), 0.001])
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
        f"{cue.start:.6f}\t{cue.end:.6f}\t{_one_line(f'{cue.name}: {cue.text}' if cue.text else cue.name)}\n"
        for cue in make_stretches(linked)
    )


def relative_url(path: Path, folder: Path) -> str:
    """Path of a file as a URL relative to a folder, as ELAN and editors keep it."""
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # another drive
        return path.absolute().as_uri()
    shown = Path(relative).as_posix()
    return quote(shown if shown.startswith(".") else f"./{shown}")


def _span(cue: Cue) -> tuple[float, float]:
    return cue.start, cue.end


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)


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


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _praat(text: str) -> str:
    doubled = _one_line(text).replace('"', '""')
    return f'"{doubled}"'


def without_control(text: str) -> str:
    """Leave out control characters, which XML 1.0 cannot hold."""
    return NOT_IN_XML.sub("", text)
