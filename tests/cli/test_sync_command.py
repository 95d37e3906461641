"""pins sync: the sign on real footage, the JSON, mending, and inputs that are broken."""

import csv
import json
from pathlib import Path
from typing import ClassVar
from unittest.mock import Mock

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.media.shift_sound import write_shifted
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError
from pins_plugin.inference.synchronizer import SyncResult
from pins_plugin.pipelines.active_speaker.synchronization import Drift, VideoSync


def sync_json(capsys, *arguments: str) -> dict:
    assert main(["sync", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def shifted(real_data, tmp_path):
    """Seven frames of delay on top of a clip that is in sync."""
    path = tmp_path / "late.mp4"
    write_shifted(real_data / "clips" / "p09_01.mpg", path, 7 / 25)
    return path


def test_late_sound_is_measured_and_mended(shifted, tmp_path, capsys) -> None:
    mended = tmp_path / "mended.mp4"
    late = sync_json(capsys, str(shifted), "--fix", str(mended))
    assert set(late) == {"offset_seconds", "offset_frames", "confidence", "decision"}
    assert late["decision"] == "shifted"
    assert abs(late["offset_frames"] - 7) <= 1
    assert late["offset_seconds"] == pytest.approx(0.28, abs=0.06)
    assert sync_json(capsys, str(mended))["decision"] == "in sync"


def test_words_say_late(shifted, capsys) -> None:
    assert main(["sync", str(shifted), "--quiet"]) == 0
    assert "too late (+7 frames" in capsys.readouterr().out


def write_video(path, num_frames: int, waveform=None):
    with VideoWriter(path, 96, 96, 25, sample_rate=None if waveform is None else 16000) as writer:
        for _ in range(num_frames):
            writer.add_image(np.full((96, 96, 3), 90, np.uint8))
        if waveform is not None:
            writer.add_sound(waveform)
    return str(path)


@pytest.mark.parametrize("num_frames", [1, 30])
def test_no_face_cannot_tell(tmp_path, capsys, num_frames: int) -> None:
    path = write_video(tmp_path / "wall.mp4", num_frames, np.zeros(16000, np.float32))
    assert sync_json(capsys, path) == {
        "offset_seconds": 0.0, "offset_frames": 0, "confidence": 0.0, "decision": "cannot tell",
    }  # fmt: skip


def test_unknown_offset_is_not_mended(tmp_path, capsys) -> None:
    path = write_video(tmp_path / "wall.mp4", 10, np.zeros(16000, np.float32))
    target = tmp_path / "out.mp4"
    assert main(["sync", path, "--fix", str(target), "--quiet"]) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("kind", ["missing", "text", "silent", "range"])
def test_a_mistake_is_one_line_and_status_2(tmp_path, capsys, kind: str) -> None:
    path = tmp_path / "a.mp4"
    options = []
    if kind == "text":
        path.write_text("no video")
    elif kind == "silent":
        write_video(path, 5)
    elif kind == "range":
        options = ["--max-offset", "99"]
    assert main(["sync", str(path), *options]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("pins sync: ")
    assert error.count("\n") == 0


class Scripted:
    """Answers by the name of the file."""

    offsets: ClassVar = {"good.mp4": (0.02, "in sync"), "late.mp4": (0.12, "shifted"), "song.mp4": (0.0, "not this sound"), "wall.mp4": (0.0, "cannot tell")}  # fmt: skip

    def __call__(self, video, synchronizer, **options):
        name = Path(video).name
        if name not in self.offsets:
            raise MediaError(f"{video}: no such file; check the path")
        seconds, decision = self.offsets[name]
        result = SyncResult(seconds, round(25 * seconds), 0.9, decision)
        drift = Drift(12.5, ((0.0, 15.0, result),)) if name == "late.mp4" else None
        return VideoSync(result, {0: result}, {"ANNA": result}, drift)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pins_plugin.pipelines.active_speaker.synchronization.synchronize_video", Scripted())  # fmt: skip


def _table(path: Path) -> list[dict]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize(
    ("files", "options", "status"),
    [
        (["good.mp4", "late.mp4"], ["--fail_above", "80"], 3),
        (["good.mp4", "late.mp4"], ["--fail_above", "120"], 0),
        (["good.mp4", "late.mp4"], [], 0),
        (["late.mp4"], ["--fail_above", "80"], 3),
        (["good.mp4", "wall.mp4", "song.mp4"], ["--fail_above", "80"], 0),
        (["song.mp4"], ["--fail_dubbed"], 3),
        (["good.mp4", "gone.mp4"], ["--fail_above", "80"], 2),
        (["late.mp4", "gone.mp4"], ["--fail_above", "80"], 3),
    ],
)
def test_status_says_whether_a_file_is_off(scripted, tmp_path, files, options, status) -> None:
    table = tmp_path / "report.csv"
    assert main(["sync", *files, *options, "--csv", str(table)]) == status
    rows = [row for row in _table(table) if row["part"] == "file"]
    assert [row["file"] for row in rows] == files


def test_table_has_files_shots_people_and_drift(scripted, tmp_path, capsys) -> None:
    table = tmp_path / "report.csv"
    files = ["late.mp4", "song.mp4", "gone.mp4"]
    assert main(["sync", *files, "--csv", str(table), "--fail_above", "80", "--quiet"]) == 3
    rows = _table(table)
    late = [row for row in rows if row["file"] == "late.mp4"]
    assert [row["part"] for row in late] == ["file", "shot 0", "person ANNA", "0 - 15 s"]
    assert (late[0]["offset_ms"], late[0]["over"], late[0]["drift_ms_per_minute"]) == ("120", "yes", "12.5")  # fmt: skip
    song = next(row for row in rows if row["file"] == "song.mp4")
    assert (song["decision"], song["offset_ms"], song["over"]) == ("not this sound", "", "no")
    assert "no such file" in next(row for row in rows if row["file"] == "gone.mp4")["error"]
    said = capsys.readouterr()
    assert "late.mp4: shifted" in said.out and "dubbed, a voice-over" in said.out
    assert "off: late.mp4" in said.err


def test_shots_that_differ_are_told(scripted, monkeypatch, capsys) -> None:
    """A file put together of sources with offsets of their own."""
    late, early = (SyncResult(k / 25, k, 0.9, "shifted") for k in (6, -2))
    nothing = SyncResult(0.0, 0, 0.3, "cannot tell")
    for shots, told in (({0: late, 1: early, 2: nothing}, True), ({0: late, 1: nothing}, False)):
        found = VideoSync(nothing, shots)
        monkeypatch.setattr("pins_plugin.pipelines.active_speaker.synchronization.synchronize_video", lambda *_, f=found, **__: f)  # fmt: skip
        assert main(["sync", "good.mp4"]) == 0
        assert ("shots differ (-2 to +6 frames)" in capsys.readouterr().out) == told


def test_workers_make_the_same_table(scripted, tmp_path, monkeypatch) -> None:
    """Also when the files were measured by an earlier run."""
    monkeypatch.chdir(tmp_path)
    files = ["good.mp4", "late.mp4", "song.mp4", "bad.mp4"]
    for name in files:
        (tmp_path / name).write_text(name)
    options = ["--fail_above", "80", "--csv"]
    assert main(["sync", *files, *options, "one.csv"]) == 3
    many = ["sync", *files, "--out", "out", "--jobs", "0", *options]
    assert main([*many, "two.csv"]) == 3
    monkeypatch.setattr(Scripted, "offsets", {})
    assert main([*many, "three.csv"]) == 3
    tables = [_table(tmp_path / f"{name}.csv") for name in ("one", "two", "three")]
    for table in tables:
        assert "no such file" in table[-1].pop("error")
    assert tables[0] == tables[1] == tables[2]
    assert main(["sync", "good.mp4", "--out", "out", "--jobs", "0", *options, "four.csv"]) == 0
    by_workers = Mock(return_value=0)
    monkeypatch.setattr("pins_plugin.cli.sync.run_many_files", by_workers)
    assert main(["sync", "good.mp4", "--out", "alone"]) == 0  # was written nowhere, without a word
    by_workers.assert_called_once()


def test_json_is_a_line_for_each_file(scripted, capsys) -> None:
    assert main(["sync", "good.mp4", "late.mp4", "--json", "--parts"]) == 0
    good, late = map(json.loads, capsys.readouterr().out.splitlines())
    assert (good["file"], late["parts"]["person ANNA"]["offset_frames"]) == ("good.mp4", 3)
    assert late["drift_ms_per_minute"] == 12.5


def test_several_files_cannot_be_mended_into_one(scripted, capsys) -> None:
    assert main(["sync", "good.mp4", "late.mp4", "--fix", "x.mp4"]) == 2
    assert "expected one video" in capsys.readouterr().err
