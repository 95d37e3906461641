"""`pins convert`: every format by name, with and without the video, and how long a long one takes."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import convert as command
from pins_plugin.cli import main
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.formats.convert import FORMATS

ENDINGS = {ending for files in FORMATS.values() for ending in files}


def _links(video: str, minutes: float = 0.1, faces: int = 1) -> dict:
    seconds = 60 * minutes
    turns = [
        {"start": 4.0 * n, "end": min(seconds, 4.0 * n + 3.5), "speaker": f"S{n % faces}", "person": f"P{n % faces}", "box": None, "confidence": 0.9}
        for n in range(int(seconds / 4))
    ]  # fmt: skip
    tracks = [
        {"track": f"T{face}", "person": f"P{face}", "boxes": [[round(n / 25, 3), 5 + 70 * face, 5, 60 + 70 * face, 60] for n in range(int(25 * seconds))]}
        for face in range(faces)
    ]  # fmt: skip
    return {"version": 1, "video": video, "duration": seconds, "links": turns, "tracks": tracks}


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder as `pins link` leaves it, and the video."""
    with VideoWriter(tmp_path / "talk.mp4", 96, 64, 25.0, sample_rate=16000) as writer:
        for _ in range(150):
            writer.add_image(np.zeros((64, 96, 3), np.uint8))
        writer.add_sound(np.zeros(96000, np.float32))
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "links.json").write_text(json.dumps(_links(str(tmp_path / "talk.mp4"))))
    return folder


def test_every_format_is_written_beside_the_links(linked: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert main(["convert", str(linked), "--to", *FORMATS]) == 0
    written = capsys.readouterr().out.split()
    assert {Path(path).name.removeprefix("talk") for path in written} == ENDINGS
    assert all(Path(path).stat().st_size for path in written)
    assert "95" in (linked / "talk.mot.txt").read_text()


def test_the_video_is_named_by_its_path_from_wherever_one_works(linked: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Links say where the video was when it was linked, as it was called then."""
    from pins_plugin.utils.content import describe_file

    video = linked.parent / "talk.mp4"
    links = json.loads((linked / "links.json").read_text())
    links |= {"video": "talk.mp4", "source": describe_file(video)}
    (linked / "links.json").write_text(json.dumps(links))
    (linked.parent / "elsewhere").mkdir()
    monkeypatch.chdir(linked.parent / "elsewhere")
    for gone in (False, True):
        if gone:
            video.unlink()
        options = ["--size", "96x64", "--frame_rate", "25"]
        assert main(["convert", str(linked), "--to", "elan", "fcp7", "otio", *options]) == 0
        for ending in ("eaf", "fcp7.xml", "otio"):
            assert video.as_uri() in (linked / f"talk.{ending}").read_text(encoding="utf-8")
        assert 'RELATIVE_MEDIA_URL="../talk.mp4"' in (linked / "talk.eaf").read_text()


def test_help_names_every_format() -> None:
    assert [name for name in FORMATS if name not in (command.__doc__ or "")] == []


def test_without_the_video_size_and_rate_are_asked_for(linked: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    (linked.parent / "talk.mp4").unlink()
    assert main(["convert", str(linked / "links.json"), "--to", "srt"]) == 0  # needs neither
    assert main(["convert", str(linked), "--to", "edl"]) == 2
    assert "--size 1920x1080 --frame_rate" in capsys.readouterr().err
    options = ["--size", "96x64", "--frame_rate", "29.97", "--out", str(linked / "x")]
    assert main(["convert", str(linked), "--to", "edl", *options]) == 0
    assert "C        01:00:00;00 01:00:00;01" in (linked / "x" / "talk.edl").read_text()


def test_a_transcript_goes_in(linked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transcript = linked / "said.json"
    words = [{"word": " Hello", "start": 0.5, "end": 0.9}, {"word": " you", "start": 90, "end": 91}]
    transcript.write_text(json.dumps({"segments": [{"words": words}]}))
    assert main(["convert", str(linked), "--to", "srt", "--transcript", str(transcript)]) == 0
    assert "1 words lie beyond the end of the video" in capsys.readouterr().err
    text = (linked / "talk.srt").read_text(encoding="utf-8")
    assert "P0: Hello" in text and "unknown speaker: you" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "docx"], "expected some of srt"),
        (["--to", "cvat", "--size", "big", "--frame_rate", "25"], "--size"),
        (["--to", "active_speakers", "--rate", "0"], "--rate"),
        (["--to", "srt", "--transcript", "nowhere.srt"], "no such file"),
    ],
)
def test_mistakes_are_explained(linked: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str) -> None:  # fmt: skip
    assert main(["convert", str(linked), *options]) == 2
    assert message in capsys.readouterr().err


def test_forty_minutes_are_written_in_seconds(tmp_path: Path) -> None:
    """Three faces all the time: 180,000 boxes, 600 turns; processor time, so that a busy machine does not matter."""
    (tmp_path / "links.json").write_text(json.dumps(_links("talk.mp4", 40, 3)))
    start = time.process_time()
    options = ["--size", "640x360", "--frame_rate", "25"]
    assert main(["convert", str(tmp_path), "--to", *FORMATS, *options]) == 0
    assert time.process_time() - start < 30
