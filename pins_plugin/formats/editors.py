"""For video editors: a marker for each turn. Resolve reads them from an EDL, Premiere from FCP7 XML, others from OTIO.

Time code of the EDL begins at 01:00:00:00, as a new time line does; at 29.97 and 59.94 it is drop-frame.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.annotation import relative_url, without_control
from pins_plugin.formats.boxes import Picture
from pins_plugin.formats.cues import make_stretches
from pins_plugin.formats.timecode import (
    format_timecode,
    is_drop_frame,
    is_ntsc,
    parse_timecode,
    timebase,
    to_frame,
)
from pins_plugin.utils.optional import import_extra

START = "01:00:00:00"
COLORS = ("Blue", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender", "Sky", "Mint", "Lemon", "Sand", "Cocoa", "Cream", "Cyan")  # fmt: skip
OTIO_COLORS = ("BLUE", "GREEN", "YELLOW", "RED", "PINK", "PURPLE", "MAGENTA", "ORANGE", "CYAN")
LONGEST_NOTE = 200  # letters of a marker's comment in an EDL


class Marker(NamedTuple):
    """A turn on the time line of an editor: first frame, number of frames, name, what is said, number of the name."""

    frame: int
    num_frames: int
    name: str
    text: str
    color: int


def make_markers(linked: LinkedVideo, picture: Picture) -> list[Marker]:
    """One for each turn. Of two on one frame editors drop one: the later one is put on the next free frame."""
    cues = make_stretches(linked)
    colors = {name: number for number, name in enumerate(dict.fromkeys(cue.name for cue in cues))}
    markers: list[Marker] = []
    for cue in cues:
        frame, end = picture.frame(cue.start), picture.frame(cue.end)
        if markers:
            frame = max(frame, markers[-1].frame + 1)
        markers.append(Marker(frame, max(1, end - frame), cue.name, cue.text, colors[cue.name]))
    return markers


def to_edl(linked: LinkedVideo, picture: Picture) -> str:
    """DaVinci Resolve's marker EDL (CMX 3600): import it onto a time line with File > Import > Timeline Markers."""
    rate = picture.rate
    drops = is_drop_frame(rate)
    start = _start(rate)
    lines = [
        f"TITLE: {_field(Path(linked.video).stem)}",
        f"FCM: {'DROP FRAME' if drops else 'NON-DROP FRAME'}",
        "",
    ]
    for number, marker in enumerate(make_markers(linked, picture), start=1):
        at, after = (
            format_timecode(start + frame, rate) for frame in (marker.frame, marker.frame + 1)
        )
        note = marker.name + (f": {marker.text}" if marker.text else "")
        if len(note) > LONGEST_NOTE:
            note = f"{note[: LONGEST_NOTE - 1]}…"
        lines += [
            f"{number:03d}  001      V     C        {at} {after} {at} {after}",
            f" |C:ResolveColor{COLORS[marker.color % len(COLORS)]} |M:{_field(note)} |D:{marker.num_frames}",
            "",
        ]
    return "\n".join(lines) + "\n"


def to_fcp7_xml(linked: LinkedVideo, picture: Picture, folder: Path | None = None) -> str:
    """Final Cut Pro 7 XML (xmeml 5), which Premiere, Resolve and Avid read: a sequence with the video and markers.

    The sequence begins at time code 00:00:00:00, so that markers and pictures of the file agree.
    """
    rate = picture.rate
    length = max(1, to_frame(linked.duration, rate))
    name = Path(linked.video).name
    document = ElementTree.Element("xmeml", {"version": "5"})
    sequence = _add(document, "sequence", id="sequence-1")
    _add(sequence, "name", Path(linked.video).stem)
    _add(sequence, "duration", length)
    _add_rate(sequence, rate)
    timecode = _add(sequence, "timecode")
    _add_rate(timecode, rate)
    _add(timecode, "string", format_timecode(0, rate))
    _add(timecode, "frame", 0)
    _add(timecode, "displayformat", "DF" if is_drop_frame(rate) else "NDF")
    media = _add(sequence, "media")
    video = _add(media, "video")
    form = _add(_add(video, "format"), "samplecharacteristics")
    _add_rate(form, rate)
    _add(form, "width", picture.width)
    _add(form, "height", picture.height)
    clip = _add_clip(_add(video, "track"), "clipitem-1", name, length, rate)
    file = _add(clip, "file", id="file-1")
    _add(file, "name", name)
    _add(file, "pathurl", Path(linked.video).absolute().as_uri() if folder is None else relative_url(Path(linked.video), folder))  # fmt: skip
    _add_rate(file, rate)
    _add(file, "duration", length)
    kinds = _add(file, "media")
    _add(kinds, "video")
    _add(kinds, "audio")
    audio = _add_clip(_add(_add(media, "audio"), "track"), "clipitem-2", name, length, rate)
    _add(audio, "file", id="file-1")
    source = _add(audio, "sourcetrack")
    _add(source, "mediatype", "audio")
    _add(source, "trackindex", 1)
    for marker in make_markers(linked, picture):
        entry = _add(sequence, "marker")
        _add(entry, "name", marker.name)
        _add(entry, "comment", marker.text)
        _add(entry, "in", marker.frame)
        _add(entry, "out", marker.frame + marker.num_frames)
    ElementTree.indent(document)
    body = ElementTree.tostring(document, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{body}\n'


def to_otio(linked: LinkedVideo, picture: Picture, folder: Path | None = None) -> str:
    """OpenTimelineIO: a time line with the video, and a marker on it for each turn.

    Raises
    ------
    MissingExtraError
        When opentimelineio is not installed (extra `editors`).
    """
    otio: Any = import_extra("opentimelineio", "editors")
    rate = float(picture.rate)

    def stretch(frame: int, count: int) -> Any:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(frame, rate), otio.opentime.RationalTime(count, rate)
        )

    whole = stretch(0, max(1, to_frame(linked.duration, picture.rate)))
    path = Path(linked.video)
    url = relative_url(path, folder) if folder is not None else path.absolute().as_uri()
    reference = otio.schema.ExternalReference(target_url=url, available_range=whole)
    clip = otio.schema.Clip(name=path.name, media_reference=reference, source_range=whole)
    for marker in make_markers(linked, picture):
        clip.markers.append(
            otio.schema.Marker(
                name=marker.name,
                marked_range=stretch(marker.frame, marker.num_frames),
                color=OTIO_COLORS[marker.color % len(OTIO_COLORS)],
                comment=marker.text,
            )
        )
    track = otio.schema.Track(name="video", kind=otio.schema.TrackKind.Video)
    track.append(clip)
    timeline = otio.schema.Timeline(name=path.stem)
    timeline.tracks.append(track)
    return str(otio.adapters.write_to_string(timeline, "otio_json")) + "\n"


def _start(rate: Fraction) -> int:
    """Frame number of 01:00:00:00 (at 29.97 drop-frame: of 01:00:00;00)."""
    return parse_timecode(START[:-3] + (";00" if is_drop_frame(rate) else ":00"), rate)


def _field(text: str) -> str:
    """One line without the bar that parts the fields of a marker."""
    return " ".join(text.replace("|", "¦").split())


def _add(parent: ElementTree.Element, tag: str, value: object = None, **attributes: str) -> Any:
    element = ElementTree.SubElement(parent, tag, attributes)
    if value is not None:
        element.text = without_control(str(value))
    return element


def _add_rate(parent: ElementTree.Element, rate: Fraction) -> None:
    element = _add(parent, "rate")
    _add(element, "timebase", timebase(rate))
    _add(element, "ntsc", "TRUE" if is_ntsc(rate) else "FALSE")


def _add_clip(
    track: ElementTree.Element, name: str, title: str, length: int, rate: Fraction
) -> Any:
    clip = _add(track, "clipitem", id=name)
    _add(clip, "name", title)
    _add(clip, "duration", length)
    _add_rate(clip, rate)
    for tag, frame in (("start", 0), ("end", length), ("in", 0), ("out", length)):
        _add(clip, tag, frame)
    return clip
