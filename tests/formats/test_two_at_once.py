"""Two people who speak at once are both there, in every format that can hold it, as programs of others read it."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio
import pandas
import pympi
import pysubs2
import pytest
from praatio import textgrid

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.boxes import Picture
from pins_plugin.formats.convert import FORMATS, Target, write_formats

TIME = 3.72  # seconds: one of them from 1 to 4, the other from 3.5 to 6
FRAME = round(TIME * 25)
RATE = 25


def _subtitles(path: Path) -> list[str]:
    """Both cues; names stand in the text of SRT, in the voice tag of VTT, in the actor field of ASS."""
    cues = [cue for cue in pysubs2.load(str(path)) if cue.start <= 1000 * TIME < cue.end]
    text = path.read_text(encoding="utf-8")
    assert len(cues) == 2
    return [name for name in ("ANNA", "BEN") if name in text]


def _elan(path: Path) -> list[str]:
    tiers = pympi.Elan.Eaf(str(path))
    return [name for name in tiers.get_tier_names() if tiers.get_annotation_data_at_time(name, int(1000 * TIME))]  # fmt: skip


def _textgrid(path: Path) -> list[str]:
    tiers = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
    return [name for name in tiers.tierNames if any(each.start <= TIME < each.end for each in tiers.getTier(name).entries)]  # fmt: skip


def _audacity(path: Path) -> list[str]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [text for start, end, text in rows if float(start) <= TIME < float(end)]


def _blocks(path: Path) -> list[str]:
    return [name for name in ("ANNA", "BEN") if name in path.read_text(encoding="utf-8")]


def _label_studio(path: Path) -> list[str]:
    (task,) = json.loads(path.read_text(encoding="utf-8"))
    results = (task.get("predictions") or task["annotations"])[0]["result"]
    turns = [each["value"] for each in results if each["type"] == "timelinelabels"]
    return [turn["timelinelabels"][0] for turn in turns if turn["ranges"][0]["start"] <= FRAME + 1 <= turn["ranges"][0]["end"]]  # fmt: skip


def _cvat(path: Path) -> list[str]:
    """Mutable attributes hold from their key frame on."""
    people = []
    for track in ElementTree.parse(path).getroot().iter("track"):
        boxes = [box for box in track.iter("box") if int(box.get("frame", "")) <= FRAME]
        said = {each.get("name"): each.text for each in boxes[-1].iter("attribute")}
        if said["speaking"] == "true":
            people.append(str(said["person"]))
    return people


def _timeline(path: Path) -> list[str]:
    read = opentimelineio.adapters.read_from_file(str(path))
    timeline = read if isinstance(read, opentimelineio.schema.Timeline) else read[0]
    names = []
    for each in (timeline.tracks, *timeline.find_children()):
        for marker in each.markers:
            start = marker.marked_range.start_time.to_seconds()
            if start <= TIME < start + marker.marked_range.duration.to_seconds():
                names.append(marker.name)
    return names


def _edl(path: Path) -> list[str]:
    """The marker lines that Resolve reads: |M:name |D:frames, under the event of the first frame."""
    names, start = [], 0
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(" |C:"):
            parts = dict(part.strip().split(":", 1) for part in line.split("|")[1:])
            if start <= FRAME < start + int(parts["D"]):
                names.append(parts["M"])
        elif line[:3].isdecimal():
            time = opentimelineio.opentime.from_timecode(line.split()[-2], RATE)
            start = int(time.value) - 3600 * RATE
    return names


def _table(path: Path) -> list[str]:
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    return [row["person"] for row in rows if abs(float(row["time"]) - TIME) < 0.01 and float(row["speaking"]) > 0.5]  # fmt: skip


def _parquet(path: Path) -> list[str]:
    rows = pandas.read_parquet(path)
    return [*rows[(abs(rows["time"] - TIME) < 0.01) & (rows["speaking"] > 0.5)]["person"]]


def _rows(path: Path) -> list[str]:
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    return [row["name"] for row in rows if float(row["start"]) <= TIME < float(row["end"])]


def _ava(path: Path) -> list[str]:
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    return [row[7].split(":")[-1] for row in rows if abs(float(row[1]) - TIME) < 0.01 and row[6] == "SPEAKING_AUDIBLE"]  # fmt: skip


READERS: dict[str, Callable[[Path], list[str]]] = {
    "srt": _subtitles,
    "vtt": _subtitles,
    "ass": _subtitles,
    "txt": _blocks,
    "csv": _rows,
    "elan": _elan,
    "textgrid": _textgrid,
    "audacity": _audacity,
    "label_studio": _label_studio,
    "cvat": _cvat,
    "edl": _edl,
    "fcp7": _timeline,
    "otio": _timeline,
    "active_speakers": _table,
    "parquet": _parquet,
    "ava": _ava,
}
NO_SPEECH = {"mot"}  # holds boxes only


def test_every_format_is_asked() -> None:
    assert READERS.keys() | NO_SPEECH == FORMATS.keys()


@pytest.mark.parametrize("name", READERS)
def test_both_are_there(name: str, make: Callable[..., LinkedVideo], tmp_path: Path) -> None:
    turns = [
        {"start": start, "end": end, "speaker": person, "person": person, "box": None, "confidence": 0.9}
        for start, end, person in ((1.0, 4.0, "ANNA"), (3.5, 6.0, "BEN"))
    ]  # fmt: skip
    tracks = [
        {"track": f"T{number}", "person": person, "boxes": [[round(0.04 * k, 2), 100.0 * number, 20, 100 * number + 80.0, 100] for k in range(300)]}
        for number, person in enumerate(("ANNA", "BEN"))
    ]  # fmt: skip
    linked = make(links=turns, tracks=tracks)
    picture = Picture(320, 180, Fraction(RATE), 0.0)
    target = Target(tmp_path, None, lambda: picture)
    paths = write_formats(linked, [name], tmp_path / "talk", target)
    assert sorted(READERS[name](paths[0])) == ["ANNA", "BEN"]
