"""The folder of one video: what is in it, whose it is, what a fault costs, and several at once; without networks."""

import json
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.cli import _link_video, _results
from pins_plugin.cli._link_video import LinkOptions, link_video, run_key
from pins_plugin.cli._results import catch_up, find_video
from pins_plugin.data.links.links_file import read_links
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import LinksError, PinsError
from pins_plugin.pipelines.diarization.audio_file import file_uri
from pins_plugin.pipelines.linking.result import LinkingResult
from pins_plugin.pipelines.people.registry import FILE, Cast
from pins_plugin.pipelines.people.vector_file import Appearance
from pins_plugin.types import FaceTrack, SpeakerFaceLink

OPTIONS = LinkOptions(evidence=("sync",), with_video=False, quiet=True)
SEASON = replace(OPTIONS, several=True)
AXES = np.eye(8)


class Linker:
    """Stands for the pipeline: every video shows one person who speaks all the time."""

    def __init__(self, cast: Cast | None = None, label: str = "PERSON_01") -> None:
        self.cast, self.label, self.calls = cast, label, 0

    def __call__(self, video: Path, corrections: Any = None, diarization: Any = None) -> Any:
        self.calls += 1
        uri, label = file_uri(video), self.label
        if self.cast is not None:
            with self.cast.held():
                label = self.cast.new_label()
                axis = AXES[self.cast.next_number % 8]
                self.cast.replace_video(uri, [Appearance(label, uri, 1.0, axis)])
        speakers = Annotation(uri=uri)
        speakers[Segment(0, 1)] = "SPEAKER_00"
        times = np.arange(0, 1, 0.1)
        track = FaceTrack(
            "T001",
            times,
            np.tile(np.float32([10, 10, 50, 60]), (10, 1)),
            np.zeros((10, 5, 2), np.float32),
            np.ones(10, bool),
            0,
            {"size": 40.0},
            label,
        )
        link = SpeakerFaceLink(0, 1, "SPEAKER_00", label, (10, 10, 50, 60), 0.9)
        return LinkingResult(str(video), 1.0, speakers, Annotation(uri=uri), [track], [link])


def _video(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    with VideoWriter(path, 96, 64, 10.0, 16000) as writer:
        for _ in range(10):
            writer.add_image(generator.integers(0, 256, (64, 96, 3), np.uint8))
        writer.add_sound((0.1 * generator.standard_normal(16000)).astype(np.float32))
    return path


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos, a.mp4 and b.mp4."""
    folder = tmp_path_factory.mktemp("footage")
    _video(folder / "a.mp4", 1)
    _video(folder / "b.mp4", 2)
    return folder


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- what is done, and what is not ------------------------------------------------------


def test_the_same_again_is_done_already_wherever_it_lies(footage: Path, tmp_path: Path) -> None:
    linker, out = Linker(), tmp_path / "out"
    row = link_video(linker, footage / "a.mp4", out, OPTIONS)
    assert (row.tracks, row.turns, row.done) == (1, 1, False)
    assert _names(out) == ["links.csv", "links.json", "page.html", "people.rttm", "speakers.rttm"]
    moved = tmp_path / "elsewhere" / "a.mp4"
    moved.parent.mkdir()
    shutil.copyfile(footage / "a.mp4", moved)
    assert link_video(linker, moved, out, OPTIONS).done and linker.calls == 1
    assert not link_video(linker, moved, out, replace(OPTIONS, again=True)).done


def test_everything_that_counts_is_in_the_key(tmp_path: Path) -> None:
    cast, model, rttm = tmp_path / "cast", tmp_path / "model", tmp_path / "a.rttm"
    for folder in (cast, model):
        folder.mkdir()
        (folder / "file").write_text("one")
    rttm.write_text("one")
    options = replace(OPTIONS, people=str(cast), model=str(model), diarization=str(rttm))
    keys = [run_key("v", options), run_key("w", options), run_key("v", OPTIONS)]
    for change in (
        {"evidence": ("talking",)},
        {"face_encoder": "appearance"},
        {"tracker": "other"},
        {"people": None},
        {"num_speakers": 2},
    ):
        keys.append(run_key("v", replace(options, **change)))
    for file in (cast / "file", model / "file", rttm):  # the same path, size and time
        state = file.stat()
        file.write_text("two")
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
        keys.append(run_key("v", options))
    assert len(set(keys)) == len(keys)
    (cast / "._file").write_text("of a file system")
    shutil.move(cast, tmp_path / "moved")
    assert run_key("v", replace(options, people=str(tmp_path / "moved"))) == keys[-1]


@pytest.mark.parametrize(
    "last", ["links.csv", "page.html", "people.rttm", "speakers.rttm", "links.json"]
)
def test_killed_before_the_last_file_is_done_again(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    class Killed(BaseException):
        pass

    linker, out = Linker(), tmp_path / "out"
    move = Path.replace

    def die(path: Path, target: Path) -> Path:
        if Path(target) == out / last:
            raise Killed
        return move(path, target)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "replace", die)
        link_video(linker, footage / "a.mp4", out, OPTIONS)
    assert not link_video(linker, footage / "a.mp4", out, OPTIONS).done
    assert link_video(linker, footage / "a.mp4", out, OPTIONS).done
    assert len(_names(out)) == 5


def test_killed_between_old_and_new_results_is_neither(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    out, other = tmp_path / "out", replace(OPTIONS, tracker="other")
    link_video(Linker(label="PERSON_01"), footage / "a.mp4", out, OPTIONS)
    move = Path.replace

    def die(path: Path, target: Path) -> Path:
        if Path(target) == out / "speakers.rttm":
            raise Killed
        return move(path, target)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "replace", die)
        link_video(Linker(label="PERSON_07"), footage / "a.mp4", out, other)
    assert "PERSON_07" in (out / "people.rttm").read_text()  # half of the new ones are there
    again = link_video(Linker(label="PERSON_01"), footage / "a.mp4", out, OPTIONS)
    assert not again.done and "PERSON_01" in (out / "people.rttm").read_text()


# -- what a fault costs -----------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("odd packet"), MemoryError(), OSError(22, "muxer")])
def test_a_page_or_video_that_fails_costs_itself_only(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise error

    out, options = tmp_path / "out", replace(OPTIONS, with_video=True)
    with monkeypatch.context() as patch:
        patch.setattr(_results, "write_annotated_video", fail)
        row = link_video(Linker(), footage / "a.mp4", out, options)
        assert any("annotated.mp4: was not made" in note for note in row.notes)
        assert "annotated.mp4: was not made" in (out / "page.html").read_text()
        patch.setattr(_results, "write_page", fail)
        row = link_video(Linker(), footage / "a.mp4", out, replace(options, again=True))
    assert len(row.notes) == 2 and list(row.notes) == read_links(out / "links.json")["notes"]
    assert _names(out) == ["links.csv", "links.json", "people.rttm", "speakers.rttm"]
    linker = Linker()
    assert link_video(linker, footage / "a.mp4", out, options).done and linker.calls == 0
    assert {"page.html", "annotated.mp4"} <= set(_names(out))  # made now, from the links
    assert read_links(out / "links.json")["notes"] == []


def test_results_of_an_earlier_cut_do_not_stay_beside(footage: Path, tmp_path: Path) -> None:
    out, video = tmp_path / "out", tmp_path / "talk.mp4"
    shutil.copyfile(footage / "a.mp4", video)
    link_video(Linker(), video, out, replace(OPTIONS, with_video=True))
    (out / "mine.txt").write_text("of the user")
    shutil.copyfile(footage / "b.mp4", video)
    link_video(Linker(), video, out, OPTIONS)
    assert "annotated.mp4" not in _names(out) and "mine.txt" in _names(out)


# -- whose folder it is -----------------------------------------------------------------


def test_the_folder_of_one_video_is_kept_from_another(footage: Path, tmp_path: Path) -> None:
    """Its results, names that a reviewer gave among them, were replaced without a word."""
    out, linker = tmp_path / "out", Linker()
    link_video(linker, footage / "a.mp4", out, OPTIONS)
    kept = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(PinsError, match=r"holds the results of .*a\.mp4.*another folder for --out"):
        link_video(linker, footage / "b.mp4", out, replace(OPTIONS, again=True))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == kept and linker.calls == 1


def test_two_videos_of_one_name_are_told_apart(footage: Path, tmp_path: Path) -> None:
    season = tmp_path / "season"
    first, second = tmp_path / "s1" / "e01.mp4", tmp_path / "s2" / "e01.mp4"
    for path, name in ((first, "a.mp4"), (second, "b.mp4")):
        path.parent.mkdir()
        shutil.copyfile(footage / name, path)
    link_video(Linker(), first, season, SEASON)
    with pytest.raises(PinsError, match=r"holds the results of .*s1/e01.mp4"):
        link_video(Linker(), second, season, SEASON)
    assert find_video(read_links(season / "e01" / "links.json")) == first
    shutil.copyfile(footage / "b.mp4", first)  # the same video, cut anew
    assert not link_video(Linker(), first, season, SEASON).done


def test_two_names_that_are_one_in_tables_are_told_apart(footage: Path, tmp_path: Path) -> None:
    for target, name in (("my talk.mp4", "a.mp4"), ("my_talk.mp4", "b.mp4")):
        shutil.copyfile(footage / name, tmp_path / target)
    link_video(Linker(), tmp_path / "my talk.mp4", tmp_path / "season", SEASON)
    with pytest.raises(PinsError, match="is called my_talk in tables"):
        link_video(Linker(), tmp_path / "my_talk.mp4", tmp_path / "season", SEASON)


@pytest.mark.parametrize("name", ["annotated.mp4", "page.mp4"])
def test_a_video_is_never_replaced_by_its_own_result(
    footage: Path, tmp_path: Path, name: str
) -> None:
    shutil.copyfile(footage / "a.mp4", tmp_path / name)
    with pytest.raises(PinsError, match="would be replaced"):
        link_video(Linker(), tmp_path / name, tmp_path, replace(OPTIONS, with_video=True))
    assert (tmp_path / name).read_bytes() == (footage / "a.mp4").read_bytes()


def test_corrections_of_another_video_are_refused(footage: Path, tmp_path: Path) -> None:
    out, path = tmp_path / "out", tmp_path / "c.json"
    link_video(Linker(), footage / "a.mp4", out, OPTIONS)
    content = read_links(out / "links.json")["source"]["content"]
    assert f'"content": "{content}"' in (out / "page.html").read_text()
    options = replace(OPTIONS, corrections=str(path))
    base = {"version": 1, "corrections": []}
    for wrong in ({"video": "other.mp4"}, {"video": "x/a.mp4", "content": "0" * len(content)}):
        path.write_text(json.dumps({**base, **wrong}))
        with pytest.raises(LinksError, match="expected corrections of"):
            link_video(Linker(), footage / "a.mp4", out, options)
    for right in ({}, {"video": "C:\\x\\a.mp4"}, {"video": "renamed.mp4", "content": content}):
        path.write_text(json.dumps({**base, **right}))
        assert not link_video(Linker(), footage / "a.mp4", out, options).done


# -- names for everyone, by several processes ------------------------------------------


def test_a_rename_from_another_folder_makes_the_right_page(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    season, here, there = tmp_path / "season", tmp_path / "A", tmp_path / "B"
    for folder, name in ((here, "a.mp4"), (there, "b.mp4")):
        folder.mkdir()
        shutil.copyfile(footage / name, folder / "talk.mp4")
    cast = Cast.of_folder(season, "e")
    monkeypatch.chdir(here)
    link_video(Linker(cast), Path("talk.mp4"), season, SEASON)
    shown: list[bytes] = []
    monkeypatch.setattr(
        _results, "write_page", lambda video, *a, **k: shown.append(Path(video).read_bytes())
    )
    monkeypatch.chdir(there)
    with cast.held():
        cast.rename({"PERSON_01": "anna"})
    catch_up(season, cast)
    assert shown == [(footage / "a.mp4").read_bytes()]
    shutil.copyfile(footage / "b.mp4", here / "talk.mp4")  # now another video lies there
    with cast.held():
        cast.rename({"anna": "ben"})
    catch_up(season, cast)
    assert len(shown) == 1
    links = read_links(season / "talk" / "links.json")
    assert links["tracks"][0]["person"] == "ben" and links["renames"] == 2


def test_a_name_given_while_a_video_is_linked_is_not_lost(footage: Path, tmp_path: Path) -> None:
    season = tmp_path / "season"
    cast, other = Cast.of_folder(season, "e"), Cast.of_folder(season, "e")

    class Interrupted(Linker):
        def __call__(self, video: Path, **options: Any) -> Any:
            result = super().__call__(video, **options)
            with other.held():  # another process, after the naming and before the files
                other.rename({"PERSON_01": "carl"})
            return result

    link_video(Interrupted(cast), footage / "a.mp4", season, SEASON)
    assert "carl" in (season / "a" / "people.rttm").read_text()
    assert Cast.load(season / FILE).labels == ["carl"]


def test_a_rename_that_was_killed_is_finished_by_whoever_comes_next(
    footage: Path, tmp_path: Path
) -> None:
    from pins_plugin.cli import main

    season = tmp_path / "season"
    cast = Cast.of_folder(season, "e")
    for name in ("a.mp4", "b.mp4"):
        link_video(Linker(cast), footage / name, season, SEASON)
    hidden = season / ".left-over"
    shutil.copytree(season / "a", hidden)
    with cast.held():
        cast.rename({"PERSON_01": "anna"})  # killed here: no folder has the name
    assert main(["people", str(season), "rename", "PERSON_01", "anna"]) == 0
    assert "anna" in (season / "a" / "people.rttm").read_text()
    assert "PERSON_02" in (season / "b" / "people.rttm").read_text()
    assert "anna" not in (hidden / "people.rttm").read_text()
    assert main(["people", str(season), "rename", "PERSON_05", "anna"]) == 2


def test_two_linkers_at_once_lose_nobody(footage: Path, tmp_path: Path) -> None:
    season = tmp_path / "season"
    names = [f"v{number}.mp4" for number in range(4)]
    for number, name in enumerate(names):
        shutil.copyfile(footage / ("a.mp4", "b.mp4")[number % 2], tmp_path / name)

    def work(mine: list[str]) -> None:
        linker = Linker(Cast.of_folder(season, "e"))
        for name in mine:
            link_video(linker, tmp_path / name, season, SEASON)
            time.sleep(0.01)

    threads = [threading.Thread(target=work, args=(names[i::2],)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cast = Cast.load(season / FILE)
    assert sorted(cast.labels) == [f"PERSON_{n:02d}" for n in range(1, 5)]
    found = {read_links(season / n[:2] / "links.json")["tracks"][0]["person"] for n in names}
    assert sorted(found) == sorted(cast.labels)


def test_labels_of_given_turns_are_no_faces(tmp_path: Path) -> None:
    result = Linker()(tmp_path / "a.mp4")
    speakers = result.speakers.rename_labels({"SPEAKER_00": "PERSON_02"})
    links = [replace(result.links[0], speaker="PERSON_02", person="PERSON_02")]
    tracks = [replace(result.tracks[0], person="PERSON_02")]
    given = replace(result, speakers=speakers, links=links, tracks=tracks)
    renamed = given.rename({"PERSON_02": "PERSON_03"}, {"PERSON_02": "PERSON_02"})
    assert renamed.speakers.labels() == ["PERSON_02"]
    assert (renamed.links[0].speaker, renamed.links[0].person) == ("PERSON_02", "PERSON_03")
    later = _results.rename_links(renamed.to_json(), {"PERSON_02": "x", "PERSON_03": "zoe"})
    assert (later["links"][0]["speaker"], later["links"][0]["person"]) == ("PERSON_02", "zoe")


def test_names_that_are_no_utf8_are_linked(footage: Path, tmp_path: Path) -> None:
    for name in (os.fsdecode(b"caf\xe9.mp4"), "8.30\u202fPM.mp4", "n" * 245 + ".mp4"):
        shutil.copyfile(footage / "a.mp4", tmp_path / name)
        row = link_video(Linker(), tmp_path / name, tmp_path / "season", SEASON)
        folder = tmp_path / "season" / Path(name).stem
        assert not row.done and len(_names(folder)) == 5
        assert link_video(Linker(), tmp_path / name, tmp_path / "season", SEASON).done


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").mkdir()
    with pytest.raises(PinsError, match="is no file"):
        link_video(Linker(), tmp_path / "x.mp4", tmp_path / "out", OPTIONS)


def test_turns_of_another_file_are_not_taken_in_a_batch(footage: Path, tmp_path: Path) -> None:
    rttm = tmp_path / "only_a.rttm"
    rttm.write_text("SPEAKER a 1 0.2 0.5 <NA> <NA> alice <NA> <NA>\n")
    batch = replace(SEASON, diarization=str(rttm), alone=False)
    assert not link_video(Linker(), footage / "a.mp4", tmp_path / "out", batch).done
    with pytest.raises(PinsError, match="expected turns of b"):
        link_video(Linker(), footage / "b.mp4", tmp_path / "out", batch)
    turns = _link_video._given_turns(footage / "b.mp4", replace(batch, alone=True))
    assert turns is not None and turns.uri == "b" and turns.labels() == ["alice"]
    rttm.write_text("")
    assert len(_link_video._given_turns(footage / "b.mp4", batch)) == 0  # nobody speaks


def test_a_page_of_another_file_is_told(
    footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pins_plugin.cli import main

    link_video(Linker(), footage / "a.mp4", tmp_path / "out", OPTIONS)
    links = str(tmp_path / "out" / "links.json")
    for name, told in (("a.mp4", False), ("b.mp4", True)):
        command = ["report", str(footage / name), links, "--out", str(tmp_path / "page")]
        assert main([*command, "--no_video", "--quiet"]) == 0
        assert ("another file" in capsys.readouterr().err) == told


def test_another_video_of_that_name_is_not_looked_into(
    footage: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pins_plugin.cli import main

    for folder, name in (("A", "a.mp4"), ("B", "b.mp4")):
        (tmp_path / folder).mkdir()
        shutil.copyfile(footage / name, tmp_path / folder / "talk.mp4")
    monkeypatch.chdir(tmp_path / "A")
    link_video(Linker(), Path("talk.mp4"), tmp_path / "out", OPTIONS)
    monkeypatch.chdir(tmp_path / "B")
    assert main(["convert", str(tmp_path / "out"), "--to", "mot"]) == 0
    (tmp_path / "A" / "talk.mp4").unlink()
    assert main(["convert", str(tmp_path / "out"), "--to", "mot"]) == 2
    assert "is not there" in capsys.readouterr().err
