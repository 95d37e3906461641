"""Boxes: Label Studio by its documented schema, CVAT by its XML, MOT by a parser as TrackEval's."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.boxes import (
    Picture,
    first_picture,
    framed,
    label_studio_interface,
    to_cvat,
    to_label_studio,
    to_mot,
)
from pins_plugin.formats.cues import UNKNOWN, make_stretches


def _check_label_studio(task: dict, interface: str) -> list[dict]:
    """The schema of Label Studio's pre-annotations for video (labelstud.io/guide/predictions, /tags/videorectangle)."""
    view = ElementTree.fromstring(interface)
    controls = {tag.get("name"): tag for tag in view if tag.get("name")}
    allowed = {label.get("value") for label in view.iter("Label")}
    variable = controls["video"].get("value", "").removeprefix("$")
    assert isinstance(task["data"][variable], str)
    [prediction] = task["predictions"]
    ids = [result["id"] for result in prediction["result"]]
    assert len(set(ids)) == len(ids)
    for result in prediction["result"]:
        control = controls[result["from_name"]]
        assert control.get("toName") == result["to_name"] == "video"
        value = result["value"]
        if result["type"] == "videorectangle":
            assert control.tag == "VideoRectangle"
            frames = [row["frame"] for row in value["sequence"]]
            assert frames == sorted(set(frames)) and frames[0] >= 1
            for row in value["sequence"]:
                assert row.keys() == {"frame", "time", "enabled", "rotation", "x", "y", "width", "height"}  # fmt: skip
                assert 0 <= row["x"] <= 100 and 0 < row["width"] <= 100
            assert set(value["labels"]) <= allowed
        else:
            assert (result["type"], control.tag) == ("timelinelabels", "TimelineLabels")
            assert all(1 <= each["start"] <= each["end"] for each in value["ranges"])
            assert set(value["timelinelabels"]) <= allowed
    return list(prediction["result"])


def test_label_studio_takes_boxes_and_turns(told: LinkedVideo, picture: Picture) -> None:
    [task] = json.loads(to_label_studio(told, picture))
    results = _check_label_studio(task, label_studio_interface(told, picture))
    boxes = [result for result in results if result["type"] == "videorectangle"]
    turns = [result for result in results if result["type"] == "timelinelabels"]
    assert len(boxes) == len(told.tracks)
    assert len(turns) == len(make_stretches(told))
    assert turns[-2]["value"]["timelinelabels"] == [UNKNOWN]
    first = boxes[0]["value"]["sequence"][0]
    track = told.tracks[0]
    assert first["frame"] == 1 + 12
    assert first["x"] == pytest.approx(100 * track.boxes[0, 0] / 640, abs=0.001)
    assert first["height"] == pytest.approx(100 * 80 / 360, abs=0.001)


def test_label_studio_boxes_between_key_frames_are_where_they_were(linked: LinkedVideo, picture: Picture) -> None:  # fmt: skip
    [task] = json.loads(to_label_studio(linked, picture))
    for result, track in zip(task["predictions"][0]["result"], linked.tracks, strict=False):
        rows = result["value"]["sequence"]
        frames, boxes = framed(track, picture)
        between = np.interp(frames, [row["frame"] - 1 for row in rows], [row["x"] for row in rows])
        assert np.abs(between - 100 * boxes[:, 0] / 640).max() < 0.02


def test_cvat_tracks_say_who_speaks(linked: LinkedVideo, picture: Picture, names: tuple) -> None:
    root = ElementTree.fromstring(to_cvat(linked, picture).encode())
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/size") == "300"
    tracks = root.findall("track")
    assert [track.find("box/attribute[@name='person']").text for track in tracks] == [track.person for track in linked.tracks]  # fmt: skip
    anna = next(track for track in tracks if track.find("box/attribute[@name='person']").text == names[0])  # fmt: skip
    speaking = {int(box.get("frame")): box.find("attribute[@name='speaking']").text for box in anna if box.get("outside") == "0"}  # fmt: skip
    assert next(frame for frame, says in speaking.items() if says == "true") == 25
    assert max(frame for frame, says in speaking.items() if says == "true") < 100
    for track in tracks:
        boxes = track.findall("box")
        frames = [int(box.get("frame")) for box in boxes]
        assert frames == sorted(set(frames))
        assert [box.get("outside") for box in boxes] == ["0"] * (len(boxes) - 1) + ["1"]


def _read_mot(text: str) -> dict[int, dict[int, list[float]]]:
    """As TrackEval reads MOT Challenge: integer frames from 1, an id at most once a frame."""
    frames: dict[int, dict[int, list[float]]] = {}
    for line in text.splitlines():
        row = line.split(",")
        assert len(row) >= 6
        frame, identity = int(row[0]), int(row[1])
        assert frame >= 1 and identity >= 1
        assert identity not in frames.setdefault(frame, {}), "an id twice in a frame"
        frames[frame][identity] = [float(value) for value in row[2:7]]
    return frames


def test_mot_text_holds_every_box_once(linked: LinkedVideo, picture: Picture) -> None:
    read = _read_mot(to_mot(linked, picture))
    assert sum(map(len, read.values())) == sum(len(track.boxes) for track in linked.tracks)
    left, top, width, height, _ = read[26][1]
    assert (top, width, height) == (20, 60, 80)
    assert left == pytest.approx(linked.tracks[0].box_at(1.0)[0], abs=0.01)


@pytest.mark.parametrize("first", [0.0, 0.0213, 0.5])
def test_frames_are_counted_from_the_first_picture(make: object, first: float) -> None:
    """Also where sound begins earlier than the picture, by any part of a frame."""
    times = [round(first + frame / 29.97, 3) for frame in range(40)]
    track = {"track": "T", "person": "A", "boxes": [[time, 0, 0, 9, 9] for time in times]}
    linked = make(tracks=[track])  # type: ignore[operator]
    picture = Picture.of(640, 360, 29.97, first)
    assert list(_read_mot(to_mot(linked, picture))) == list(range(1, 41))
    found = first_picture(linked, picture.rate)
    assert (found - first) * 29.97 == pytest.approx(round((found - first) * 29.97), abs=0.02)


def test_pictures_at_uneven_times_never_share_a_frame(make: object, picture: Picture) -> None:
    times = [0.0, 0.01, 0.04, 0.055, 0.08, 0.2]
    track = {"track": "T", "person": "A", "boxes": [[time, 0, 0, 9, 9] for time in times]}
    linked = make(tracks=[track])  # type: ignore[operator]
    assert list(_read_mot(to_mot(linked, picture))) == [1, 2, 3, 6]


def test_no_face_is_a_file_too(empty: LinkedVideo, picture: Picture) -> None:
    assert to_mot(empty, picture) == ""
    assert ElementTree.fromstring(to_cvat(empty, picture).encode()).findall("track") == []
    [task] = json.loads(to_label_studio(empty, picture))
    assert _check_label_studio(task, label_studio_interface(empty, picture)) == []
