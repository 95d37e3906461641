"""Boxes of faces for programs that annotate pictures: Label Studio, CVAT, MOT text.

Frames are counted from the file's first picture at a constant rate; in a file of changing rate they are the nearest of that.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.cues import UNKNOWN, make_stretches
from pins_plugin.formats.timecode import as_rate, to_frame
from pins_plugin.utils.text import one_line

STEADY = 0.8  # share of one phase, from which on pictures come at a constant rate
LAST_FRAMES = 1  # by which the length of a video may be mistaken
KEY_FRAMES = 5  # a second: Label Studio and CVAT interpolate between


@dataclass(frozen=True)
class Picture:
    """What formats need to know of a video's pictures.

    Parameters
    ----------
    width, height : int
        In pixels, upright.
    rate : Fraction
        Frames per second.
    first : float
        Time of the first picture, in seconds on the media clock: where sound begins earlier, above zero.
    """

    width: int
    height: int
    rate: Fraction
    first: float = 0.0

    @classmethod
    def of(cls, width: int, height: int, frame_rate: float, first: float = 0.0) -> "Picture":
        """From a frame rate in Hz: 29.97 is 30000/1001."""
        return cls(width, height, as_rate(frame_rate), round(first, 6))

    def frame(self, seconds: float) -> int:
        """Number of the picture that is nearest to a time, from zero."""
        return to_frame(seconds - self.first, self.rate)

    def count(self, linked: LinkedVideo) -> int:
        """Number of pictures, as far as the links tell it."""
        last = max([track.end for track in linked.tracks], default=0.0)
        return max(1, self.frame(linked.duration), 1 + self.frame(last))

    def time(self, frame: int) -> float:
        """Time of a picture, in seconds on the media clock."""
        return float(frame / self.rate) + self.first


def first_picture(linked: LinkedVideo, rate: Fraction) -> float:
    """Estimate the time of the first picture, less than half a frame from zero, from those in which faces were seen."""
    times = np.concatenate([np.zeros(0), *(track.times for track in linked.tracks)])
    if not len(times):
        return 0.0
    around = np.exp(2j * np.pi * times * float(rate)).mean()
    if abs(around) < STEADY:  # a changing frame rate
        return 0.0
    return float(np.angle(around)) / (2 * np.pi * float(rate))


def framed(track: LinkedTrack, picture: Picture) -> tuple[list[int], np.ndarray]:
    """Frames (from zero, increasing) and boxes (num_frames, 4) of a track; one box for each frame."""
    frames = np.array([picture.frame(time) for time in track.times.tolist()], np.int64)
    frames, first = np.unique(frames, return_index=True)
    return frames.tolist(), track.boxes[first]


def to_label_studio(linked: LinkedVideo, picture: Picture) -> str:
    """Label Studio's JSON: one task with video boxes in per cent and the turns on its time line.

    Predictions, which a reviewer takes over; `label_studio_interface` gives the labeling interface that they need.
    """
    results: list[dict[str, Any]] = []
    count = picture.count(linked)
    for number, track in enumerate(linked.tracks):
        value: dict[str, Any] = {
            "framesCount": count,
            "duration": linked.duration,
            "sequence": list(_sequence(track, picture)),
            "labels": [_label(track)],
        }
        results.append(_region(f"face{number}", "videorectangle", "box", value))
    for number, cue in enumerate(make_stretches(linked)):
        first = 1 + picture.frame(cue.start)
        value = {
            "ranges": [{"start": first, "end": max(first, picture.frame(cue.end))}],
            "timelinelabels": [cue.name],
        }
        result = _region(f"turn{number}", "timelinelabels", "turn", value)
        if cue.turn is not None:
            result["score"] = round(linked.turns[cue.turn].confidence, 4)
        if cue.text:
            result["meta"] = {"text": [cue.text]}
        results.append(result)
    task = {
        "data": {"video": Path(linked.video).name},
        "predictions": [{"model_version": "pins_plugin", "result": results}],
    }
    return json.dumps([task], ensure_ascii=False) + "\n"


def label_studio_interface(linked: LinkedVideo, picture: Picture) -> str:
    """The labeling interface (XML) that Label Studio needs for `to_label_studio`."""
    names = [*map(_label, linked.tracks), *(cue.name for cue in make_stretches(linked))]
    labels = "".join(f'    <Label value="{escape(name)}"/>\n' for name in dict.fromkeys(names or [UNKNOWN]))  # fmt: skip
    rate = round(float(picture.rate), 3)
    return (
        f'<View>\n  <TimelineLabels name="turn" toName="video">\n{labels}  </TimelineLabels>\n'
        f'  <Video name="video" value="$video" framerate="{rate}"/>\n'
        f'  <VideoRectangle name="box" toName="video"/>\n'
        f'  <Labels name="label" toName="video">\n{labels}  </Labels>\n</View>\n'
    )


def _label(track: LinkedTrack) -> str:
    return one_line(track.person) or UNKNOWN


def _region(name: str, kind: str, control: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "type": kind, "from_name": control, "to_name": "video", "origin": "prediction", "value": value}  # fmt: skip


def _sequence(track: LinkedTrack, picture: Picture) -> Iterator[dict[str, Any]]:
    """Key frames in per cent of the picture, outside of which Label Studio knows nothing."""
    size = np.array([picture.width, picture.height] * 2, np.float64)
    frames, boxes = framed(track, picture)
    kept = _key_frames(frames, picture.rate)
    for index in kept:
        x1, y1, x2, y2 = np.clip(100 * boxes[index] / size, 0, 100).round(3).tolist()
        yield {
            "frame": frames[index] + 1,
            "time": round(float(frames[index] / picture.rate), 4),
            "enabled": index != kept[-1],  # the box holds until the next row; the last one ends it
            "rotation": 0,
            "x": x1,
            "y": y1,
            "width": round(x2 - x1, 3),
            "height": round(y2 - y1, 3),
        }


def _key_frames(frames: list[int], rate: Fraction) -> list[int]:
    """Indices that are enough for a program that interpolates: some a second, and both ends."""
    step = max(1, round(rate / KEY_FRAMES))
    kept = [0]
    kept += [index for index in range(1, len(frames) - 1) if frames[index] // step != frames[index - 1] // step]  # fmt: skip
    return [*kept, len(frames) - 1] if len(frames) > 1 else kept


CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><name>{name}</name><size>{size}</size><mode>interpolation</mode><start_frame>0</start_frame><stop_frame>{stop}</stop_frame>
    <labels><label><name>face</name><type>rectangle</type><attributes>
      <attribute><name>person</name><mutable>False</mutable><input_type>text</input_type><default_value></default_value><values></values></attribute>
      <attribute><name>speaking</name><mutable>True</mutable><input_type>checkbox</input_type><default_value>false</default_value><values>false</values></attribute>
    </attributes></label></labels>
    <original_size><width>{width}</width><height>{height}</height></original_size></task></meta>
{tracks}</annotations>
"""


def to_cvat(linked: LinkedVideo, picture: Picture) -> str:
    """CVAT for video 1.1 (XML): a track of label `face` for each, with attributes `person` and `speaking`."""
    count = picture.count(linked)
    tracks = "".join(
        f'  <track id="{number}" label="face" source="auto">\n{"".join(_cvat_boxes(linked, track, picture, count))}  </track>\n'
        for number, track in enumerate(linked.tracks)
    )
    name = escape(one_line(Path(linked.video).stem))
    return CVAT.format(name=name, size=count, stop=count - 1, width=picture.width, height=picture.height, tracks=tracks)  # fmt: skip


def _cvat_boxes(
    linked: LinkedVideo, track: LinkedTrack, picture: Picture, count: int
) -> Iterator[str]:
    """Key frames, and one that ends the track, but not behind the last picture: CVAT would refuse the file."""
    frames, boxes = framed(track, picture)
    kept = set(_key_frames(frames, picture.rate))
    speaking = [
        any(turn.person == track.person for turn in linked.turns_at(picture.time(frame)))
        for frame in frames
    ]
    rows = [
        (frames[index], 0, index)
        for index in range(len(frames))
        if index in kept or speaking[index] != speaking[index - 1]
    ]
    if frames[-1] + 1 < count - LAST_FRAMES:
        rows.append((frames[-1] + 1, 1, len(frames) - 1))
    for frame, outside, index in rows:
        x1, y1, x2, y2 = boxes[index].round(2).tolist()
        yield (
            f'    <box frame="{frame}" keyframe="1" outside="{outside}" occluded="0" xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}" z_order="0">'
            f'<attribute name="person">{escape(_label(track))}</attribute>'
            f'<attribute name="speaking">{str(speaking[index]).lower()}</attribute></box>\n'
        )


def to_mot(linked: LinkedVideo, picture: Picture) -> str:
    """MOT Challenge text: `frame, id, left, top, width, height, confidence, -1, -1, -1`; frames and ids from one.

    One id for each track, because a person may be seen twice at once (in a mirror).
    """
    rows = []
    for number, track in enumerate(linked.tracks, start=1):
        frames, boxes = framed(track, picture)
        for frame, (x1, y1, x2, y2) in zip(frames, boxes.tolist(), strict=True):
            rows.append((frame + 1, number, x1, y1, x2 - x1, y2 - y1))
    rows.sort(key=lambda row: row[:2])
    return "".join(
        f"{frame},{number},{x:.2f},{y:.2f},{w:.2f},{h:.2f},1,-1,-1,-1\n"
        for frame, number, x, y, w, h in rows
    )
