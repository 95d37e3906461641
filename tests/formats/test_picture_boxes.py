"""Boxes: Label Studio by its documented schema, CVAT by its XML, MOT by motmetrics."""

import json
from io import StringIO
from xml.etree import ElementTree

import motmetrics
import numpy as np
import pandas
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


def test_no_cvat_box_lies_behind_the_last_picture(make: object, picture: Picture) -> None:
    """CVAT refuses a whole file that names a frame which its video does not have."""
    tracks = [
        {"track": name, "person": "A", "boxes": [[round(0.04 * k, 2), 0, 0, 9, 9] for k in range(count)]}
        for name, count in (("to the end", 300), ("half", 150))
    ]  # fmt: skip
    root = ElementTree.fromstring(to_cvat(make(tracks=tracks), picture).encode())  # type: ignore[operator]
    size = int(root.findtext("meta/task/size") or 0)
    last = [track.findall("box")[-1] for track in root.findall("track")]
    assert size == 300
    assert [(box.get("frame"), box.get("outside")) for box in last] == [("299", "0"), ("150", "1")]


def test_label_studios_own_sdk_takes_what_is_written(told: LinkedVideo, empty: LinkedVideo, picture: Picture) -> None:  # fmt: skip
    """Where it is installed (pip install label-studio-sdk, 23 packages); with version 2.1.2 it was."""
    sdk = pytest.importorskip("label_studio_sdk.label_interface")
    for linked in (told, empty):
        interface = sdk.LabelInterface(label_studio_interface(linked, picture))
        interface.validate()
        [task] = json.loads(to_label_studio(linked, picture))
        assert interface.validate_prediction(task["predictions"][0], return_errors=True) == []


def test_boxes_that_leave_the_picture_end_at_its_edge(make: object, picture: Picture) -> None:
    track = {"track": "T", "person": "A", "boxes": [[0, -64, 300, 64, 420], [1, 600, 0, 700, 90]]}
    [task] = json.loads(to_label_studio(make(tracks=[track]), picture))  # type: ignore[operator]
    first, last = task["predictions"][0]["result"][0]["value"]["sequence"]
    assert (first["x"], first["width"], last["width"]) == (0, 10, 6.25)
    assert first["y"] + first["height"] == pytest.approx(100)


def _read_mot(text: str) -> pandas.DataFrame:
    """A row for each (frame, id)."""
    return motmetrics.io.loadtxt(StringIO(text), fmt="mot16")


def test_mot_text_holds_every_box_once(linked: LinkedVideo, picture: Picture) -> None:
    read = _read_mot(to_mot(linked, picture))
    assert len(read) == sum(len(track.boxes) for track in linked.tracks)
    assert read.index.is_unique
    box = read.loc[(26, 1)]
    assert (box["Y"], box["Width"], box["Height"]) == (20 - 1, 60, 80)  # it counts pixels from zero
    assert box["X"] == pytest.approx(linked.tracks[0].box_at(1.0)[0] - 1, abs=0.01)


@pytest.mark.parametrize("first", [0.0, 0.0213, 0.5])
def test_frames_are_counted_from_the_first_picture(make: object, first: float) -> None:
    """Also where sound begins earlier than the picture, by any part of a frame."""
    times = [round(first + frame / 29.97, 3) for frame in range(40)]
    track = {"track": "T", "person": "A", "boxes": [[time, 0, 0, 9, 9] for time in times]}
    linked = make(tracks=[track])  # type: ignore[operator]
    picture = Picture.of(640, 360, 29.97, first)
    assert [*_read_mot(to_mot(linked, picture)).index] == [(frame, 1) for frame in range(1, 41)]
    found = first_picture(linked, picture.rate)
    assert (found - first) * 29.97 == pytest.approx(round((found - first) * 29.97), abs=0.02)


def test_pictures_at_uneven_times_never_share_a_frame(make: object, picture: Picture) -> None:
    times = [0.0, 0.01, 0.04, 0.055, 0.08, 0.2]
    track = {"track": "T", "person": "A", "boxes": [[time, 0, 0, 9, 9] for time in times]}
    linked = make(tracks=[track])  # type: ignore[operator]
    assert [*_read_mot(to_mot(linked, picture)).index] == [(frame, 1) for frame in (1, 2, 3, 6)]


def test_no_face_is_a_file_too(empty: LinkedVideo, picture: Picture) -> None:
    assert to_mot(empty, picture) == ""
    assert ElementTree.fromstring(to_cvat(empty, picture).encode()).findall("track") == []
    [task] = json.loads(to_label_studio(empty, picture))
    assert _check_label_studio(task, label_studio_interface(empty, picture)) == []
