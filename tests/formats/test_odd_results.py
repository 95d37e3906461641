"""Results that were drawn by chance from everything that formats stumble over, in every format, read by programs of others."""

import csv
import io
import json
import random
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import motmetrics
import opentimelineio as otio
import pandas
import pysubs2
import pytest
from praatio import textgrid
from pympi import Eaf

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.boxes import Picture
from pins_plugin.formats.convert import FORMATS, Target, write_formats
from pins_plugin.formats.cues import make_cues, make_stretches, make_tiers

TEXTS = [
    "Anna", 'a"b', "O'Neil", "<b>x</b>", "a,b;c", "|bar|", "=1+1", "-2", "%s", "&amp;", "]]>", "<!--", "-->", "{\\an8}", "\\N", "", "   ", "1",
    "יעל כהן", "محمد, علی", "می\u200cخواهم", "你好", "\u202eback", "👨\u200d👩", "x" * 300, "NOTE", "STYLE", "WEBVTT", "unknown speaker", "#1",
    "a\nb", "a\r\nb", "tab\tx", "\x00nul", "\x1b[2J", "\ud800lone", "\ufeffmark", "a\u2028b", "a\u0085b",
]  # fmt: skip
RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]
VIDEOS = ["a.mp4", "dir/ä <b> & 'c'.v2.mkv", "日本.mov", " .mp4", "x\ny.mp4"]


def _draw(seed: int) -> tuple[dict[str, Any], Picture, float | None]:
    """Turns of any length that overlap, faces that leave the picture, words without sense; any of them may be missing."""
    chance = random.Random(seed)
    length = chance.choice([0.0, 0.5, 10.0, 4000.123, 40000.0])

    def moment() -> float:
        return round(chance.uniform(0, length), chance.choice([0, 1, 2, 3, 6]))

    turns, tracks, words = [], [], []
    for _ in range(chance.randint(0, 12)):
        start, last = moment(), chance.choice([0, 0.0004, chance.uniform(0, 5)])
        turns.append({"start": start, "end": start + last, "speaker": chance.choice(TEXTS), "person": chance.choice([*TEXTS, None]), "box": None, "confidence": chance.random()})  # fmt: skip
    for number in range(chance.randint(0, 4)):
        start = moment()
        boxes = [[round(start + k / 25, 3), left := chance.uniform(-90, 700), top := chance.uniform(-90, 400), left + 80, top + 90] for k in range(chance.randint(1, 40))]  # fmt: skip
        tracks.append({"track": f"T{number} {chance.choice(TEXTS)}", "person": chance.choice([*TEXTS, None]), "boxes": boxes})  # fmt: skip
    for _ in range(chance.choice([0, 30])):
        start = moment()
        words.append({"start": start, "end": start + chance.choice([0, 0.001, 0.3]), "text": chance.choice(TEXTS), "segment": chance.randint(0, 4)})  # fmt: skip
    links = {"version": 1, "video": chance.choice(VIDEOS), "duration": length, "links": turns, "tracks": tracks, "words": words}  # fmt: skip
    picture = Picture(640, 360, chance.choice(RATES), chance.choice([0.0, 0.021333, 0.5]))
    return links, picture, chance.choice([None, 10, 200])


Read = Callable[[str], Path]


def _subtitles(path: Read, linked: LinkedVideo) -> None:
    cues = make_cues(linked)
    for kind in ("srt", "vtt", "ass") if cues else ():
        read = pysubs2.load(str(path(kind)))
        assert len(read) == len(cues), kind
        assert all(event.end > event.start for event in read), kind


def _tiers(path: Read, linked: LinkedVideo) -> None:
    eaf, tiers = Eaf(str(path("eaf"))), make_tiers(linked)
    grid = textgrid.openTextgrid(str(path("TextGrid")), includeEmptyIntervals=False)
    assert list(eaf.get_tier_names()) == list(tiers)
    for name, cues in tiers.items():
        spans = [(round(1000 * cue.start), round(1000 * cue.end), cue.text) for cue in cues]
        assert [row[:3] for row in eaf.get_annotation_data_for_tier(name)] == spans
        assert [entry.label for entry in grid.getTier(name).entries] == [cue.text or name for cue in cues]  # fmt: skip


def _markers(path: Read, linked: LinkedVideo, rate: Fraction) -> None:
    names = [cue.name for cue in make_stretches(linked)]
    timeline = otio.adapters.read_from_file(str(path("otio")))
    assert [marker.name for clip in timeline.find_clips() for marker in clip.markers] == names
    read = otio.adapters.read_from_file(str(path("fcp7.xml")))
    sequence = read if isinstance(read, otio.schema.Timeline) else read[0]
    assert [marker.name for marker in sequence.tracks.markers] == names
    if names:
        edl = otio.adapters.read_from_file(str(path("edl")), "cmx_3600", rate=float(rate))
        assert len(list(edl.find_clips())) == len(names)


def _tables(path: Read, linked: LinkedVideo) -> None:
    stretches = make_stretches(linked)
    rows = list(csv.DictReader(io.StringIO(path("csv").read_text(encoding="utf-8"))))
    assert [(float(row["start"]), float(row["end"])) for row in rows] == [(cue.start, cue.end) for cue in stretches]  # fmt: skip
    labels = path("labels.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert [len(line.split("\t")) for line in labels] == [3] * len(stretches)
    table = pandas.read_csv(path("active_speakers.csv"), keep_default_na=False)
    parquet = pandas.read_parquet(path("active_speakers.parquet"))
    numbers = [name for name in table if name not in ("track", "person")]
    assert list(parquet) == list(table)
    assert (parquet[numbers].to_numpy() == table[numbers].to_numpy()).all()
    for kind in ("ava.csv", "ava_predictions.csv"):
        ava = pandas.read_csv(path(kind), header=None) if len(table) else table
        assert len(ava) == len(table) == len(ava.drop_duplicates([1, 7] if len(table) else None))


def _boxes(path: Read, linked: LinkedVideo) -> None:
    cvat = ElementTree.parse(path("cvat.xml"))
    size = int(cvat.findtext("meta/task/size") or 0)
    assert len(cvat.findall("track")) == len(linked.tracks)
    assert all(int(box.get("frame") or 0) < size for box in cvat.iter("box"))
    [task] = json.loads(path("label_studio.json").read_text(encoding="utf-8"))
    allowed = {label.get("value") for label in ElementTree.parse(path("label_studio.xml")).iter("Label")}  # fmt: skip
    for result in task["predictions"][0]["result"]:
        value = result["value"]
        assert set(value.get("labels", value.get("timelinelabels"))) <= allowed
        for row in value.get("sequence", ()):
            assert all(0 <= row[side] <= 100 for side in ("x", "y", "width", "height"))
    if linked.tracks:
        assert motmetrics.io.loadtxt(str(path("mot.txt")), fmt="mot16").index.is_unique


@pytest.mark.parametrize("seed", range(30))
def test_every_format_holds_every_result(seed: int, tmp_path: Path) -> None:
    links, picture, rate = _draw(seed)
    linked = LinkedVideo.from_links(links)
    write_formats(linked, list(FORMATS), tmp_path / "a", Target(tmp_path, rate, lambda: picture))

    def path(ending: str) -> Path:
        return tmp_path / f"a.{ending}"

    _subtitles(path, linked)
    _tiers(path, linked)
    _markers(path, linked, picture.rate)
    _tables(path, linked)
    _boxes(path, linked)
