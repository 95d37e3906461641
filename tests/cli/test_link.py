"""`pins link` on good and bad input: what cannot be linked is one line, status 2, and nothing written."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pins_plugin.archive.names import Names
from pins_plugin.cli import build_parser, main
from pins_plugin.cli._link_video import open_pipeline
from pins_plugin.cli._many import find_inputs
from pins_plugin.cli.link import options_from
from pins_plugin.data.links.links_file import read_links
from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.video import iter_frames
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking


def _write(
    path: Path, images: list[np.ndarray], sound: np.ndarray | None, times: list[float] | None = None
) -> Path:
    height, width = images[0].shape[:2]
    with VideoWriter(path, width, height, 25.0, None if sound is None else 16000) as video:
        for index, image in enumerate(images):
            video.add_image(image, None if times is None else times[index])
        if sound is not None:
            video.add_sound(sound)
    return path


@pytest.fixture(scope="module")
def talking(real_data: Path) -> tuple[list[np.ndarray], np.ndarray]:
    """Pictures and sound of a real person who speaks."""
    path = real_data / "clips" / "p36_01.mp4"
    images = [frame.image for frame in iter_frames(path, end=3.0, max_side=320)]
    return images, load_audio(path)[: 3 * 16000]


def _noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(round(seconds * 16000)).astype(np.float32) / 20


def _link(video: Path, out: Path, *more: str) -> int:
    return main(["link", str(video), "--out", str(out), "--quiet", "--no_video", *more])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.mp4", "no such file"),
        ("text.mp4", "not a readable media file"),
        ("silent.mp4", "has no sound"),
        ("nobody.mp4", "shows no face"),
        ("picture.mp4", "shows no face"),
    ],
)
def test_bad_video_is_one_line_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    video, grey = tmp_path / name, [np.full((96, 128, 3), 90, np.uint8)] * 25
    if name == "text.mp4":
        video.write_text("this is no video")
    elif name == "silent.mp4":
        _write(video, grey, None)
    elif name == "nobody.mp4":
        _write(video, grey, _noise(1.0))
    elif name == "picture.mp4":
        _write(video, grey[:1], _noise(0.5))
    before = sorted(tmp_path.iterdir())
    assert _link(video, tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_not_said_is_as_in_the_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The joint model was off from the command line, where `--model` was None, and on everywhere else."""
    given: dict[str, Any] = {}

    class Told(SpeakerFaceLinking):
        def __init__(self, **options: Any) -> None:
            given.update(options)

        def to(self, device: object) -> "Told":
            return self

    monkeypatch.setattr("pins_plugin.pipelines.linking.pipeline.SpeakerFaceLinking", Told)
    args = build_parser().parse_args(["link", "a.mp4", "--out", str(tmp_path)])
    open_pipeline(options_from(args, tmp_path, Names()), tmp_path)
    defaults = inspect.signature(SpeakerFaceLinking.__init__).parameters
    assert given["model"] == "face_voice"
    differing = {name for name in given if given[name] != defaults[name].default}
    assert differing <= {"quiet"}


@pytest.mark.parametrize(
    ("given", "several"),
    [
        (["a/talk.mp4"], False),
        (["a"], True),  # where more may come
        (["a/talk.mp4", "b/other.mp4"], True),
        (["a/talk.mp4", "b/other.mp4", "--limit", "1"], True),  # called as without the limit
    ],
)
def test_only_a_video_given_by_itself_has_no_folder_of_its_own(
    tmp_path: Path, given: list[str], several: bool
) -> None:
    for name in ("a/talk.mp4", "b/other.mp4"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    given = [str(tmp_path / each) if each[0] in "ab" else each for each in given]
    args = build_parser().parse_args(["link", *given, "--out", str(tmp_path)])
    videos, names = find_inputs(args.videos, args)
    options = options_from(args, tmp_path, names)
    assert options.several == several and options.names.of(videos[0]) == "talk"


def test_bad_turns_and_bad_evidence_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _link(tmp_path / "a.mp4", tmp_path / "out", "--evidence", "motion") == 2
    assert (
        "expected some of sync, talking, voice, presence, joint, got 'motion'"
        in capsys.readouterr().err
    )


def test_one_second_is_linked_as_far_as_it_goes(tmp_path: Path, talking) -> None:
    images, sound = talking
    video = _write(tmp_path / "short.mp4", images[:25], sound[16000:32000])
    assert _link(video, tmp_path / "out") == 0
    links = read_links(tmp_path / "out" / "links.json")
    assert len(links["tracks"]) == 1 and links["duration"] == pytest.approx(1.0, abs=0.1)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "links.csv",
        "links.json",
        "page.html",
        "people.rttm",
        "speakers.rttm",
    ]


def test_a_video_in_which_nobody_speaks_says_so(tmp_path: Path, talking, capsys) -> None:
    images, _ = talking
    video = _write(tmp_path / "quiet.mp4", images[:25], np.zeros(16000, np.float32))
    assert _link(video, tmp_path / "out") == 0
    assert "1 face track of 1 person, nobody speaks; open" in capsys.readouterr().out
    assert not read_links(tmp_path / "out" / "links.json")["links"]


def _said(folder: Path, text: str) -> Path:
    path = folder / "said.json"
    segments = [{"start": 0.2, "end": 0.8, "text": text}]
    path.write_text(json.dumps({"segments": segments}), encoding="utf-8")
    return path


def test_a_transcript_at_link_time_afterwards_and_kept(tmp_path: Path, talking, capsys) -> None:
    images, sound = talking
    video = _write(tmp_path / "a.mp4", images[:25], sound[:16000])
    out = tmp_path / "out"
    assert _link(video, out, "--transcript", str(_said(tmp_path, "Good evening."))) == 0
    assert [word["text"] for word in read_links(out / "links.json")["words"]] == [
        "Good",
        "evening.",
    ]
    assert "evening." in (out / "page.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert _link(video, out, "--transcript", str(_said(tmp_path, "Good night."))) == 0
    assert "linked already, the transcript was added" in capsys.readouterr().out
    assert [word["text"] for word in read_links(out / "links.json")["words"]] == ["Good", "night."]
    assert _link(video, out, "--again") == 0
    assert [word["text"] for word in read_links(out / "links.json")["words"]] == ["Good", "night."]


def test_a_bad_transcript_is_told_before_the_work(tmp_path: Path, talking, capsys) -> None:
    images, sound = talking
    video = _write(tmp_path / "a.mp4", images[:25], sound[:16000])
    (tmp_path / "a.srt").write_text("nothing", encoding="utf-8")
    assert _link(video, tmp_path / "out", "--transcript", str(tmp_path / "a.srt")) == 2
    assert "holds no subtitle" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_late_pictures_keep_sound_and_picture_on_one_clock(tmp_path: Path, talking) -> None:
    images, sound = talking
    times = [0.4 + index / 25 for index in range(len(images))]
    late = np.concatenate([np.zeros(6400, np.float32), sound])
    video = _write(tmp_path / "late.mp4", images, late, times)
    assert _link(video, tmp_path / "out") == 0
    links = read_links(tmp_path / "out" / "links.json")
    assert links["tracks"][0]["start"] >= 0.35
    shares = [link["end"] - link["start"] for link in links["links"] if link["person"]]
    assert sum(shares) > 1.5  # most of three seconds of one person who speaks


def test_a_video_held_upright_is_turned_before_faces_are_looked_for(
    tmp_path: Path, talking
) -> None:
    images, sound = talking
    lying = [np.ascontiguousarray(np.rot90(image)) for image in images[:40]]
    content = _write(tmp_path / "lying.mp4", lying, sound[:25600]).read_bytes()
    start = content.index(b"tkhd") + 44  # the matrix of the track header: clockwise to show
    matrix = np.array([0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30], ">i4").tobytes()
    video = tmp_path / "upright.mp4"
    video.write_bytes(content[:start] + matrix + content[start + 36 :])
    assert _link(video, tmp_path / "out") == 0
    links = read_links(tmp_path / "out" / "links.json")
    x1, y1, x2, y2 = links["tracks"][0]["boxes"][0][1:]
    height, width = images[0].shape[:2]
    assert 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height
    assert y2 - y1 > 1.05 * (x2 - x1)  # an upright face is higher than wide


def test_a_broken_video_does_not_stop_the_others(
    tmp_path: Path, talking, capsys: pytest.CaptureFixture[str]
) -> None:
    images, sound = talking
    good = _write(tmp_path / "good.mp4", images[:50], sound[:32000])
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    turns = tmp_path / "good.rttm"
    turns.write_text("SPEAKER good 1 0.2 1.6 <NA> <NA> anna <NA> <NA>\n")
    out = tmp_path / "out"
    command = ["link", str(bad), str(good), "--out", str(out), "--quiet", "--no_video"]
    code = main([*command, "--diarization", str(turns)])
    assert code == 2
    assert "1 of 2 videos" in capsys.readouterr().err
    links = json.loads((tmp_path / "out" / "good" / "links.json").read_text())
    assert links["links"][0]["speaker"] == "anna" and links["links"][0]["person"] == "PERSON_01"
    assert not (tmp_path / "out" / "bad").exists()
    assert main([*command[:1], *command[2:], "--diarization", str(turns)]) == 0
    assert "linked already" in capsys.readouterr().out
    assert main(["people", str(out), "rename", "PERSON_01", "Zoë <3"]) == 0
    assert main(["people", str(out), "list"]) == 0
    assert "Zoë <3" in capsys.readouterr().out
    links = json.loads((out / "good" / "links.json").read_text())
    assert {track["person"] for track in links["tracks"]} == {"Zoë <3"}
    assert "Zoë_<3" in (out / "good" / "people.rttm").read_text()
    assert "PERSON_01" not in (out / "good" / "page.html").read_text()


def test_examples_that_come_later_are_used(tmp_path: Path, talking) -> None:
    from PIL import Image

    images, sound = talking
    video = _write(tmp_path / "a.mp4", images[:50], sound[:32000])
    out, cast = tmp_path / "out", tmp_path / "cast"
    assert _link(video, out) == 0
    assert "PERSON_01" in (out / "people.rttm").read_text()
    cast.mkdir()
    Image.fromarray(images[25]).save(cast / "anna.png")
    assert _link(video, out, "--people", str(cast)) == 0
    assert "anna" in (out / "people.rttm").read_text()
    links = read_links(out / "links.json")
    assert links["source"]["path"] == str(video.resolve())
    assert len(links["run"]) == len(links["source"]["content"]) == 24


def test_given_labels_that_look_like_faces_stay(tmp_path: Path, talking) -> None:
    images, sound = talking
    video = _write(tmp_path / "a.mp4", images[:50], sound[:32000])
    other = _write(tmp_path / "b.mp4", images[20:70], sound[12800:44800])
    turns = tmp_path / "turns.rttm"
    line = "SPEAKER {} 1 0.2 1.6 <NA> <NA> {} <NA> <NA>\n"
    turns.write_text(line.format("a", "PERSON_01") + line.format("b", "PERSON_07"))
    out = tmp_path / "out"
    command = ["link", str(video), str(other), "--out", str(out), "--quiet", "--no_video"]
    assert main([*command, "--diarization", str(turns)]) == 0
    assert main(["people", str(out), "rename", "PERSON_01", "anna"]) == 0
    for name, given in (("a", "PERSON_01"), ("b", "PERSON_07")):
        links = read_links(out / name / "links.json")
        assert {link["speaker"] for link in links["links"]} == {given}
        assert {track["person"] for track in links["tracks"]} == {"anna"}
        assert given in (out / name / "speakers.rttm").read_text()


def test_the_place_is_tried_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("a file")
    assert _link(tmp_path / "missing.mp4", tmp_path / "file") == 2
    assert "is a file; expected a folder" in capsys.readouterr().err
