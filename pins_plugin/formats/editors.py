"""For video editors: a marker for each turn. Resolve reads them from an EDL, Premiere from FCP7 XML, others from OTIO.

Time code of the EDL begins at 01:00:00:00, as a new time line does; at 29.97 and 59.94 it is drop-frame.
"""

from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.boxes import Picture
from pins_plugin.formats.cues import make_stretches
from pins_plugin.formats.timecode import format_timecode, is_drop_frame, to_frame
from pins_plugin.utils.optional import import_extra
from pins_plugin.utils.text import one_line

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


FCP7 = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="5">
  <sequence id="sequence-1">
    <name>{stem}</name>
    <duration>{length}</duration>
    {rate}
    <timecode>{rate}<string>{zero}</string><frame>0</frame><displayformat>{display}</displayformat></timecode>
    <media>
      <video>
        <format><samplecharacteristics>{rate}<width>{width}</width><height>{height}</height></samplecharacteristics></format>
        <track><clipitem id="clipitem-1">{clip}<file id="file-1"><name>{name}</name><pathurl>{url}</pathurl>{rate}<duration>{length}</duration><media><video/><audio/></media></file></clipitem></track>
      </video>
      <audio>
        <track><clipitem id="clipitem-2">{clip}<file id="file-1"/><sourcetrack><mediatype>audio</mediatype><trackindex>1</trackindex></sourcetrack></clipitem></track>
      </audio>
    </media>
{markers}  </sequence>
</xmeml>
"""


def to_edl(linked: LinkedVideo, picture: Picture) -> str:
    """DaVinci Resolve's marker EDL (CMX 3600): import it onto a time line with File > Import > Timeline Markers."""
    rate = picture.rate
    drops = is_drop_frame(rate)
    start = to_frame(3600, rate) if drops else 3600 * round(rate)  # of 01:00:00:00
    lines = [
        f"TITLE: {_field(one_line(Path(linked.video).stem))}",
        f"FCM: {'DROP FRAME' if drops else 'NON-DROP FRAME'}",
        "",
    ]
    for number, marker in enumerate(make_markers(linked, picture), start=1):
        at, after = (format_timecode(start + marker.frame + k, rate) for k in (0, 1))
        note = marker.name + (f": {marker.text}" if marker.text else "")
        if len(note) > LONGEST_NOTE:
            note = f"{note[: LONGEST_NOTE - 1]}…"
        lines += [
            f"{number:03d}  001      V     C        {at} {after} {at} {after}",
            f" |C:ResolveColor{COLORS[marker.color % len(COLORS)]} |M:{_field(note)} |D:{marker.num_frames}",
            "",
        ]
    return "\n".join(lines) + "\n"


def to_fcp7_xml(linked: LinkedVideo, picture: Picture) -> str:
    """Final Cut Pro 7 XML (xmeml 5), which Premiere, Resolve and Avid read: a sequence with the video and markers.

    The sequence begins at time code 00:00:00:00, so that markers and pictures of the file agree.
    """
    video, length = Path(linked.video), picture.count(linked)
    base, ntsc = round(picture.rate), str(picture.rate.denominator == 1001).upper()
    rate = f"<rate><timebase>{base}</timebase><ntsc>{ntsc}</ntsc></rate>"
    name = escape(one_line(video.name))
    span = f"<start>0</start><end>{length}</end><in>0</in><out>{length}</out>"
    markers = (
        f"    <marker><name>{escape(marker.name)}</name><comment>{escape(marker.text)}</comment>"
        f"<in>{marker.frame}</in><out>{marker.frame + marker.num_frames}</out></marker>\n"
        for marker in make_markers(linked, picture)
    )
    return FCP7.format(
        stem=escape(one_line(video.stem)),
        name=name,
        length=length,
        rate=rate,
        zero=format_timecode(0, picture.rate),
        display="DF" if is_drop_frame(picture.rate) else "NDF",
        width=picture.width,
        height=picture.height,
        clip=f"<name>{name}</name><duration>{length}</duration>{rate}{span}",
        url=escape(video.absolute().as_uri()),
        markers="".join(markers),
    )


def to_otio(linked: LinkedVideo, picture: Picture) -> str:
    """OpenTimelineIO: a time line with the video, and a marker on it for each turn.

    Raises
    ------
    MissingExtraError
        When opentimelineio is not installed (extra `editors`).
    """
    otio: Any = import_extra("opentimelineio", "editors")
    rate, path = float(picture.rate), Path(linked.video)

    def stretch(frame: int, count: int) -> Any:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(frame, rate), otio.opentime.RationalTime(count, rate)
        )

    whole = stretch(0, picture.count(linked))
    url = path.absolute().as_uri()
    reference = otio.schema.ExternalReference(target_url=url, available_range=whole)
    clip = otio.schema.Clip(name=one_line(path.name), media_reference=reference, source_range=whole)
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
    timeline = otio.schema.Timeline(name=one_line(path.stem))
    timeline.tracks.append(track)
    return str(otio.adapters.write_to_string(timeline, "otio_json")) + "\n"


def _field(text: str) -> str:
    """Without the bar that parts the fields of a marker."""
    return text.replace("|", "¦")
