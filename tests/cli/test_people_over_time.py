"""`pins people` over time: suggestions, reasons, splits, undo, and deletion that leaves nothing; without networks."""

import json
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.links.links_file import read_links
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.pipelines.people.registry import FILE, Cast
from pins_plugin.pipelines.people.vector_file import Appearance

AXES = np.eye(8)


def _near(axis: int, other: int, likeness: float) -> np.ndarray:
    return likeness * AXES[axis] + np.sqrt(1 - likeness**2) * AXES[other]


@pytest.fixture(autouse=True)
def same_face(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pins_plugin.cli._people_over_time._same_face", lambda cast: 0.55)


@pytest.fixture
def season(tmp_path: Path) -> Path:
    """Three videos: PERSON_01 in a and b, PERSON_02, much alike, in c, PERSON_03, unlike, in c."""
    out = tmp_path / "season"
    shown = {"a": ["PERSON_01"], "b": ["PERSON_01"], "c": ["PERSON_02", "PERSON_03"]}
    faces = {"PERSON_01": AXES[0], "PERSON_02": _near(0, 1, 0.5), "PERSON_03": AXES[2]}
    cast = Cast("face_recognition", next_number=4)
    for video, people in shown.items():
        path = tmp_path / f"{video}.mp4"
        with VideoWriter(path, 96, 64, 10.0, 16000) as writer:
            for _ in range(10):
                writer.add_image(np.zeros((64, 96, 3), np.uint8))
            writer.add_sound(np.zeros(16000, np.float32))
        links = {
            "version": 1, "video": str(path), "duration": 1.0, "notes": [], "sound_offset": 0.0,
            "links": [{"start": 0.0, "end": 1.0, "speaker": "S", "person": people[0], "box": None, "confidence": 0.9, "status": "on screen", "evidence": {}}],
            "tracks": [{"track": f"T{n}", "person": person, "shot": 0, "quality": {}, "boxes": [[0, 5, 5, 40, 40], [1, 5, 5, 40, 40]]} for n, person in enumerate(people)],
        }  # fmt: skip
        (out / video).mkdir(parents=True)
        (out / video / "links.json").write_text(json.dumps(links))
        cast.replace_video(video, [Appearance(p, video, 1.0, faces[p]) for p in people])
    cast.save(out / FILE)
    return out


def _people(out: Path, *words: str) -> int:
    return main(["people", str(out), *words])


def _shown(out: Path) -> dict[str, list[str]]:
    return {path.parent.name: [track["person"] for track in read_links(path)["tracks"]] for path in sorted(out.glob("*/links.json"))}  # fmt: skip


def test_two_numbers_that_may_be_one_person(season: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert _people(season, "suggest") == 0
    assert capsys.readouterr().out == "PERSON_01 = PERSON_02?  face 0.50 (needed 0.55), voice unknown\n"  # fmt: skip


def test_why_nobody_was_matched(season: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _people(season, "why", "PERSON_02") == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "PERSON_01: not matched: face 0.50 (needed 0.55), voice unknown"
    assert _people(season, "why", "nobody") == 2


def test_split_changes_one_video_only(season: Path) -> None:
    assert _people(season, "split", "PERSON_01", "b") == 0
    assert _shown(season) == {"a": ["PERSON_01"], "b": ["PERSON_04"], "c": ["PERSON_02", "PERSON_03"]}  # fmt: skip
    cast = Cast.load(season / FILE)
    assert [(each.person, each.video) for each in cast.appearances][:2] == [("PERSON_01", "a"), ("PERSON_04", "b")]  # fmt: skip
    assert _people(season, "split", "PERSON_01", "c") == 2


def test_undo_parts_two_that_a_name_had_joined(
    season: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _shown(season)
    assert _people(season, "rename", "PERSON_01", "anna") == 0
    assert capsys.readouterr().out == "PERSON_01 is called anna now; videos: 2\n"
    assert _people(season, "rename", "PERSON_02", "anna") == 0
    assert _shown(season)["c"] == ["anna", "PERSON_03"]
    assert _people(season, "undo") == 0
    assert _shown(season) == {"a": ["anna"], "b": ["anna"], "c": ["PERSON_02", "PERSON_03"]}
    assert _people(season, "undo") == 0
    assert _shown(season) == before
    assert _people(season, "undo") == 2


def test_undo_takes_a_split_back(season: Path) -> None:
    before = _shown(season)
    assert _people(season, "split", "PERSON_01", "b") == 0
    assert _people(season, "undo") == 0
    assert _shown(season) == before
    assert {each.person for each in Cast.load(season / FILE).appearances if each.video == "b"} == {"PERSON_01"}  # fmt: skip
    assert _people(season, "undo") == 2


def test_why_says_that_both_are_in_one_video(season: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """Two who are alike enough are kept apart where one video shows both."""
    assert _people(season, "why", "PERSON_03") == 0
    line = next(each for each in capsys.readouterr().out.splitlines() if each.startswith("PERSON_02"))  # fmt: skip
    assert line.endswith("but both are in c")


def test_undo_says_where_it_cannot(season: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _people(season, "rename", "PERSON_03", "PERSON_02") == 0
    assert _people(season, "undo") == 2
    assert "two people in c" in capsys.readouterr().err


@pytest.mark.parametrize("gone", [False, True], ids=["video there", "video gone"])
def test_forget_leaves_no_trace_of_the_name(season: Path, gone: bool) -> None:
    assert _people(season, "rename", "PERSON_01", "annabella") == 0
    assert (season / "a" / "page.html").is_file()
    if gone:
        for video in "abc":
            (season.parent / f"{video}.mp4").unlink()
    assert _people(season, "forget", "annabella") == 0
    files = [path for path in season.rglob("*") if path.is_file()]
    assert [path.name for path in files if b"annabella" in path.read_bytes()] == []
    assert _shown(season)["a"] == ["PERSON_04"]
    cast = Cast.load(season / FILE)
    assert [each.video for each in cast.appearances] == ["c", "c"]
    assert _people(season, "forget", "annabella") == 2


def test_a_name_in_a_note_is_renamed_and_forgotten(season: Path) -> None:
    path = season / "a" / "links.json"
    note = "The lips of {} do not fit the sound: dubbed, or out of sync"
    links = json.loads(path.read_text()) | {"notes": [note.format("ED, PERSON_01, my PERSON_01"), "of PERSON_01"]}  # fmt: skip
    path.write_text(json.dumps(links))
    assert _people(season, "rename", "PERSON_01", "annabella") == 0
    assert read_links(path)["notes"] == [note.format("ED, annabella, my PERSON_01"), "of PERSON_01"]
    assert _people(season, "forget", "annabella") == 0
    assert "annabella" not in path.read_text() + (season / "a" / "page.html").read_text()


def test_forget_says_which_exported_files_still_tell_the_name(season: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    name = 'Ann "A" <b>'
    assert _people(season, "rename", "PERSON_01", name) == 0
    assert main(["convert", str(season / "a"), "--to", "srt", "csv", "elan", "label_studio", "mot"]) == 0  # fmt: skip
    assert main(["convert", str(season / "c"), "--to", "srt"]) == 0
    capsys.readouterr()
    assert _people(season, "forget", name) == 0
    told = [Path(line.split(":")[0]) for line in capsys.readouterr().out.splitlines()[1:]]
    assert {path.name for path in told} == {"a.csv", "a.eaf", "a.label_studio.json", "a.label_studio.xml", "a.srt"}  # fmt: skip
    assert {path.parent.name for path in told} == {"a"}


def test_expire_forgets_what_was_linked_long_ago(season: Path) -> None:
    import os

    os.utime(season / "a" / "links.json", (0, 0))
    assert _people(season, "expire", "30") == 0
    assert {each.video for each in Cast.load(season / FILE).appearances} == {"b", "c"}
    assert _people(season, "expire", "soon") == 2


def test_strangers_are_not_kept_where_that_is_asked(season: Path) -> None:
    cast = Cast.of_folder(season)
    cast.keep_strangers = False
    with cast.held():
        cast.rename({"PERSON_01": "anna"})
    kept = Cast.load(season / FILE)
    assert kept.labels == ["anna"]
    assert kept.next_number == 4  # numbers are never given again


def test_a_consent_note_is_kept_beside_the_example(tmp_path: Path, real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    from PIL import Image

    from pins_plugin.data.media.video import iter_frames

    frame = next(iter_frames(real_data / "clips" / "p36_01.mp4"))
    Image.fromarray(frame.image).save(tmp_path / "frame.jpg")
    cast = tmp_path / "cast"
    options = [str(tmp_path / "frame.jpg"), "--consent", "signed on 1 May"]
    assert main(["people", str(cast), "add", "anna", *options]) == 0
    capsys.readouterr()
    assert _people(cast, "list") == 0
    assert capsys.readouterr().out == "anna anna.jpg (signed on 1 May)\n"
    assert _people(cast, "forget", "anna") == 0
    assert list(cast.iterdir()) == []
