"""`pins cut`: files and shards of clips, read back."""

import csv
import json
import re
import tarfile
from pathlib import Path

import av
import numpy as np
import pytest

from pins_plugin.cli import _cut_archive, main
from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.data.training.tar_shards import ClipForm, HeldClips, read_index


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
    assert capsys.readouterr().out.startswith("2 clips, 9.0 s")
    clips = read_manifest(out / "manifest.csv")
    assert [clip.identity for clip in clips] == ["A", "A"]
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
    assert sorted(path.name for path in out.glob("[!.]*")) == [
        "a_talk_v1.cut.json", "a_talk_v1.done.json", "index.json", "left_out.csv", "train-000000.tar", "train-000001.tar",
    ]  # fmt: skip
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
    held = HeldClips(str(out), "train", ClipForm(32))  # as `pins train` reads them
    assert [len(held.sound(place)) for place in (0, 1)] == pytest.approx([64000, 80000], abs=800)
    assert held.faces(0).shape == (4, 3, 32, 32)


def _talk(folder: Path, name: str) -> Path:
    """A second linked video."""
    copy = folder / name
    copy.mkdir(parents=True)
    links = json.loads((folder / "linked" / "links.json").read_text())
    video = folder / f"{name}.mp4"
    video.write_bytes((folder / "a talk.v1.mp4").read_bytes())
    (copy / "links.json").write_text(json.dumps({**links, "video": str(video)}))
    return copy


def _tars(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.tar"))}


def test_a_folder_of_results_by_workers_stopped_and_gone_on_with(
    linked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = linked.parent / "results"
    results.mkdir()
    for name in ("b", "c"):
        _talk(linked.parent, name).rename(results / name)
    linked.rename(results / "a")
    options = ["--tar", "--any_sync", "--quiet", "--out"]
    assert main(["cut", str(results), "--jobs", "1", *options, str(linked.parent / "jobs")]) == 0
    assert "6 clips, 26.9 s" in capsys.readouterr().out
    reference = _tars(linked.parent / "jobs")
    assert "train-000000.tar" in reference and not list((linked.parent / "jobs").glob("*.part.tar"))
    out = linked.parent / "stopped"
    with monkeypatch.context() as patch:
        write_index = _cut_archive.write_index
        patch.setattr(_cut_archive, "write_index", lambda *args: 1 / 0)
        assert main(["cut", str(results), *options, str(out)]) == 2  # the packing is stopped
        assert len(list(out.glob("*.part.tar"))) == 3  # which the next run packs
        patch.setattr(_cut_archive, "write_index", write_index)
        patch.setattr(_cut_archive, "_cut", lambda *args: 1 / 0)  # nothing is cut again
        assert main(["cut", str(results), *options, str(out)]) == 0
        assert _tars(out) == reference
        assert main(["cut", str(results), *options, str(out)]) == 0
    assert _tars(out) == reference
    for number in (1, 2):
        parts = ["--shard", f"{number}/2", "--jobs", "0"]
        assert main(["cut", str(results), *parts, *options, str(linked.parent / "parts")]) == 0
    index = read_index(str(linked.parent / "parts"))
    assert sum(shard["samples"] for shard in index["shards"]) == 6
    assert main(["cut", str(results), "--max_seconds", "4", *options, str(out)]) == 2
    assert "use another --out" in capsys.readouterr().err


def test_clips_that_are_gone_are_cut_again_and_others_are_not(
    linked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = linked.parent / "clips"
    command = ["cut", str(linked), "--out", str(out), "--any_sync", "--quiet", "--jobs", "0"]
    assert main(command) == 0
    first = {path.name: path.read_bytes() for path in out.glob("*.*") if path.is_file()}
    assert main(command) == 0
    assert "done already" in capsys.readouterr().out
    next(out.glob("*.wav")).unlink()
    assert main(command) == 0
    assert "done already" not in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in out.glob("*.*") if path.name in first and path.suffix in (".wav", ".csv")} == {
        name: content for name, content in first.items() if name.endswith((".wav", ".csv"))
    }  # fmt: skip


def test_lips_that_are_not_seen_make_no_clip(linked: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    out = linked.parent / "clips"
    assert main(["cut", str(linked), "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out.startswith("0 clips")
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
    left_out = (tmp_path / "p" / "left_out.csv").read_text()
    assert re.search(r"lips and sound: shifted by \+(9|10|11) frames", left_out)  # within a frame


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


@pytest.mark.parametrize("names", [("monday", "tuesday"), ("monday/talk", "tuesday/talk")])
def test_people_of_raw_videos_stay_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    """PERSON_01 of one video is not PERSON_01 of another, which may have the same stem."""
    monkeypatch.setattr("pins_plugin.pipelines.linking.pipeline.SpeakerFaceLinking", Linking)
    Linking.calls = []
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with VideoWriter(tmp_path / f"{name}.mp4", 160, 120, 25, sample_rate=16000) as writer:
            for _ in range(100):
                writer.add_image(np.full((120, 160, 3), 60, np.uint8))
            writer.add_sound(0.2 * np.sin(np.arange(64000) / 5).astype(np.float32))
    videos = [str(tmp_path / f"{name}.mp4") for name in names]
    assert main(["cut", *videos, "--out", str(tmp_path / "clips"), "--any_sync", "--quiet"]) == 0
    clips = read_manifest(tmp_path / "clips" / "manifest.csv")
    keys = [name.replace("/", "-") for name in names]
    assert [clip.identity for clip in clips] == [f"{key}-PERSON_01" for key in keys]
    assert [clip.video for clip in clips] == keys
    about = [
        json.loads(path.read_text()) for path in sorted((tmp_path / "clips").glob("*-T1.json"))
    ]
    assert [each["video"] for each in about] == [f"{name}.mp4" for name in names]


@pytest.mark.real_data
def test_a_real_video_of_two_shots_becomes_clips(real_data: Path, tmp_path: Path) -> None:
    """Raw footage, nothing known: two people in two shots, and a third shot with the sound of the first over another face."""
    shots = [("p33_01.mp4", "p33_01.mp4"), ("p34_01.mp4", "p34_01.mp4"), ("p34_01.mp4", "p33_01.mp4")]  # fmt: skip
    _write_shots(real_data / "clips", shots, tmp_path / "talk.mp4")
    out = tmp_path / "clips"
    options = ["--quiet", "--min_seconds", "2", "--min_confidence", "0.5"]
    assert main(["cut", str(tmp_path / "talk.mp4"), "--out", str(out), *options]) == 0
    found = [json.loads(path.read_text()) for path in sorted(out.glob("talk-*.json"))]
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
