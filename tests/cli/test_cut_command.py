"""`pins cut`: files and shards of clips, read back."""

import csv
import json
import tarfile
from pathlib import Path

import av
import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.video import VideoWriter, iter_frames, probe_video


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """Ten seconds of one face; somebody else speaks from 4 to 5 s."""
    with VideoWriter(tmp_path / "a talk.v1.mp4", 160, 120, 25, sample_rate=16000) as writer:
        for _ in range(250):
            writer.add_image(np.full((120, 160, 3), 90, np.uint8))
        writer.add_sound(0.2 * np.sin(np.arange(160000) / 5).astype(np.float32))
    turns = [(0, 10, "A", 0.95), (4, 5, None, 0.9)]
    links = {
        "version": 1, "video": str(tmp_path / "a talk.v1.mp4"), "duration": 10.0,
        "links": [{"start": a, "end": b, "speaker": f"S{p}", "person": p, "box": None, "confidence": c} for a, b, p, c in turns],
        "tracks": [{"track": "T1", "person": "A", "boxes": [[round(0.04 * k, 2), 20, 10, 110, 110] for k in range(250)]}],
    }  # fmt: skip
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "links.json").write_text(json.dumps(links))
    return folder


def test_files_and_reasons(linked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = linked.parent / "clips"
    assert main(["cut", str(linked), "--out", str(out), "--any_sync", "--quiet"]) == 0
    assert "\n2 clips, 9.0 s" in capsys.readouterr().out
    clips = read_manifest(out / "manifest.csv")
    assert [clip.identity for clip in clips] == ["A", "A"]
    assert all(clip.clip_id.startswith("a_talk_v1-") for clip in clips)
    for clip, seconds in zip(clips, (4.0, 5.0), strict=True):
        info = probe_video(clip.faces)
        assert (info.width, info.height, info.has_audio) == (224, 224, True)
        assert info.duration == pytest.approx(seconds, abs=0.1)
        assert len(load_audio(clip.audio)) == pytest.approx(16000 * seconds, abs=800)
    reasons = {
        row["reason"] for row in csv.DictReader((out / "left_out.csv").open(encoding="utf-8"))
    }
    assert reasons == {"somebody else speaks too", "no face is linked to this voice"}


def test_shards_are_named_as_webdataset_wants_them(linked: Path) -> None:
    """Grouped as webdataset does: by all up to the first dot of the base name, neighbors in the archive."""
    out = linked.parent / "shards"
    options = ["--tar", "--shard_clips", "1", "--any_sync", "--quiet"]
    assert main(["cut", str(linked), "--out", str(out), *options]) == 0
    names = ["left_out.csv", "shard-000000.tar", "shard-000001.tar", "videos"]
    assert sorted(path.name for path in out.iterdir() if path.name[0] != ".") == names
    seen = []
    for path in sorted(out.glob("*.tar")):
        samples: dict[str, dict[str, bytes]] = {}
        with tarfile.open(path) as tar:
            for entry in tar:
                key, part = entry.name.split(".", 1)
                file = tar.extractfile(entry)
                assert file is not None
                samples.setdefault(key, {})[part] = file.read()
        for key, parts in samples.items():
            assert parts.keys() == {"face.mp4", "wav", "json"}
            seen.append(json.loads(parts["json"]))
            (out / "x.mp4").write_bytes(parts["face.mp4"])
            with av.open(str(out / "x.mp4")) as container:
                assert container.streams.video and container.streams.audio
            assert parts["wav"].startswith(b"RIFF") and key
    assert [(each["start"], each["person"]) for each in seen] == [(0.0, "A"), (5.0, "A")]


def test_lips_that_are_not_seen_make_no_clip(linked: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    out = linked.parent / "clips"
    assert main(["cut", str(linked), "--out", str(out), "--quiet"]) == 0
    assert "\n0 clips" in capsys.readouterr().out
    assert "lips and sound: cannot tell" in (out / "left_out.csv").read_text()


@pytest.mark.real_data
def test_a_real_person_in_sync_makes_a_clip(real_data: Path, tmp_path: Path) -> None:
    """The same face with its sound moved by ten frames makes none, and the reason says so."""
    video = real_data / "clips" / "p09_01.mpg"
    boxes = [[round(0.04 * k, 2), 130, 90, 240, 230] for k in range(75)]
    links = {
        "version": 1, "video": str(video), "duration": 3.0,
        "links": [{"start": 0, "end": 2.9, "speaker": "S", "person": "A", "box": None, "confidence": 0.9}],
        "tracks": [{"track": "T1", "person": "A", "boxes": boxes}],
    }  # fmt: skip
    (tmp_path / "links.json").write_text(json.dumps(links))
    options = ["--min_seconds", "2", "--quiet", "--out"]
    assert main(["cut", str(tmp_path), *options, str(tmp_path / "o")]) == 0
    assert len(read_manifest(tmp_path / "o" / "manifest.csv")) == 1
    from pins_plugin.data.media.shift_sound import write_shifted

    write_shifted(video, tmp_path / "late.mkv", 0.4)
    (tmp_path / "links.json").write_text(json.dumps({**links, "video": str(tmp_path / "late.mkv")}))
    assert main(["cut", str(tmp_path), *options, str(tmp_path / "p")]) == 0
    assert "lips and sound: shifted by +10 frames" in (tmp_path / "p" / "left_out.csv").read_text()


class Linking:
    """Links every video alike: one face, one turn of four seconds."""

    calls: list[str]

    def __init__(self, quiet: bool = False) -> None:
        pass

    def __call__(self, video: Path) -> "Linking":
        Linking.calls.append(video.name)
        self.video = video
        return self

    def to_json(self) -> dict:
        turn = {
            "start": 0,
            "end": 4,
            "speaker": "S",
            "person": "PERSON_01",
            "box": None,
            "confidence": 0.95,
        }
        boxes = [[round(0.04 * k, 2), 20, 10, 110, 110] for k in range(100)]
        tracks = [{"track": "T1", "person": "PERSON_01", "boxes": boxes}]
        return {"version": 1, "video": str(self.video), "duration": 4.0, "links": [turn], "tracks": tracks}  # fmt: skip


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two videos of one name in two folders."""
    monkeypatch.setattr("pins_plugin.pipelines.linking.pipeline.SpeakerFaceLinking", Linking)
    Linking.calls = []
    for day in ("monday", "tuesday"):
        (tmp_path / "raw" / day).mkdir(parents=True)
        with VideoWriter(tmp_path / "raw" / day / "0001.mp4", 160, 120, 25, sample_rate=16000) as writer:  # fmt: skip
            for _ in range(100):
                writer.add_image(np.full((120, 160, 3), 60 if day == "monday" else 120, np.uint8))
            writer.add_sound(0.2 * np.sin(np.arange(64000) / 5).astype(np.float32))
    return tmp_path / "raw"


def test_people_of_raw_videos_stay_apart(raw: Path) -> None:
    """PERSON_01 of one video is not PERSON_01 of another, and equal file names cost nothing."""
    out = raw.parent / "clips"
    assert main(["cut", str(raw), "--out", str(out), "--any_sync", "--quiet", "--jobs", "0"]) == 0
    clips = read_manifest(out / "manifest.csv")
    assert [clip.identity for clip in clips] == ["monday__0001-PERSON_01", "tuesday__0001-PERSON_01"]  # fmt: skip
    assert len({clip.video for clip in clips}) == 2


def _members(path: Path) -> list[str]:
    with tarfile.open(path) as tar:
        return tar.getnames()


@pytest.mark.parametrize("tar", [False, True], ids=["files", "shards"])
def test_a_run_goes_on_where_it_was(raw: Path, tar: bool) -> None:
    """One part, then all: what is done is not done again, and nothing is there twice."""
    out = raw.parent / "clips"
    command = ["cut", str(raw), "--out", str(out), "--any_sync", "--quiet", "--jobs", "0", *["--tar"] * tar]  # fmt: skip
    assert main([*command, "--limit", "1"]) == 0
    assert main(command) == 0
    assert main(command) == 0
    assert len(Linking.calls) == 2
    if tar:
        members = [_members(path) for path in sorted(out.glob("shard-*.tar"))]
        assert [len(names) for names in members] == [3, 3]
        assert len({*members[0], *members[1]}) == 6
    else:
        assert len(read_manifest(out / "manifest.csv")) == 2


def test_clips_that_wait_get_into_the_next_shard(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Stopped between a video's clips and its shard."""
    from pins_plugin.report.dataset_files import ShardWriter

    out = raw.parent / "clips"
    command = ["cut", str(raw), "--out", str(out), "--any_sync", "--quiet", "--tar"]
    with monkeypatch.context() as patch:
        patch.setattr(ShardWriter, "close", lambda self: None)
        assert main(command) == 0
    assert not list(out.glob("*.tar"))
    assert main(command) == 0
    assert len(_members(out / "shard-000000.tar")) == 6
    assert not (out / ".clips").exists()


def test_other_filters_cut_again(raw: Path) -> None:
    out = raw.parent / "clips"
    command = ["cut", str(raw), "--out", str(out), "--any_sync", "--quiet"]
    assert main(command) == 0
    assert main([*command, "--min_seconds", "5"]) == 0
    assert not list(out.glob("*.mp4"))
    assert "at least 5 asked for" in (out / "left_out.csv").read_text()


@pytest.mark.real_data
def test_a_real_video_of_two_shots_becomes_clips(real_data: Path, tmp_path: Path) -> None:
    """Raw footage, nothing known: two people in two shots, and a third shot with the sound of the first over another face."""
    shots = [("p33_01.mp4", "p33_01.mp4"), ("p34_01.mp4", "p34_01.mp4"), ("p34_01.mp4", "p33_01.mp4")]  # fmt: skip
    _write_shots(real_data / "clips", shots, tmp_path / "talk.mp4")
    out = tmp_path / "clips"
    options = ["--quiet", "--min_seconds", "2", "--min_confidence", "0.5"]
    assert main(["cut", str(tmp_path / "talk.mp4"), "--out", str(out), *options]) == 0
    found = [json.loads(path.read_text()) for path in sorted(out.glob("*.json"))]
    shots_of = [(int(each["start"] // SHOT), int((each["end"] - 0.1) // SHOT)) for each in found]
    assert {(0, 0), (1, 1)} <= set(shots_of) <= {(0, 0), (1, 1)}  # none over a cut, none dubbed
    assert len({each["person"] for each in found}) == 2
    reasons = list(csv.DictReader((out / "left_out.csv").open(encoding="utf-8")))
    assert any(float(row["start"]) >= 2 * SHOT - 0.5 for row in reasons)
    for clip in read_manifest(out / "manifest.csv"):
        assert probe_video(clip.faces).has_audio


SHOT = 6.0  # seconds
LATE = 0.12  # seconds by which the sound of these clips comes late


def _write_shots(clips: Path, shots: list[tuple[str, str]], path: Path) -> None:
    """Picture of one clip with the sound of another, in sync, one shot after the other."""
    with VideoWriter(path, 512, 512, 25, sample_rate=16000) as writer:
        for picture, _ in shots:
            for number, frame in enumerate(iter_frames(clips / picture)):
                if number < SHOT * 25:
                    writer.add_image(frame.image)
        for _, sound in shots:
            first = round(LATE * 16000)
            writer.add_sound(load_audio(clips / sound)[first : first + round(SHOT * 16000)])


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--min_seconds", "9", "--max_seconds", "3"], "lengths"), (["--shard_clips", "0"], "--shard_clips")],
)  # fmt: skip
def test_mistakes_are_explained(linked: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str) -> None:  # fmt: skip
    assert main(["cut", str(linked), "--out", str(linked / "o"), *options]) == 2
    assert message in capsys.readouterr().err
