"""`pins link` of an archive and `pins people join`, with a stand-in for the networks."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.archive.inputs import find_files
from pins_plugin.archive.names import Names
from pins_plugin.cli import _join_archive, _link_video, main
from pins_plugin.cli._link_video import LinkOptions
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.pipelines.diarization.audio_file import file_path, file_uri
from pins_plugin.pipelines.linking.result import LinkingResult
from pins_plugin.pipelines.people.registry import FILE, Cast
from pins_plugin.pipelines.people.vector_file import Appearance
from pins_plugin.pipelines.people.video_people import VideoPeople
from pins_plugin.types import FaceTrack, SpeakerFaceLink
from pins_plugin.utils.vectors import unit

OPTIONS = LinkOptions(evidence=("sync",), with_video=False, quiet=True, archive=True)
FACES = unit(np.random.default_rng(0).standard_normal((8, 32)))
SHOWN = {"a": (0, 1), "b": (2, 0), "c": (1, 2), "d": (3,)}  # who is in which video


class Linker:
    """Stands for the pipeline; each video shows people side by side, of whom the first speaks."""

    networks = SimpleNamespace(recognizer=SimpleNamespace(same_person=0.6))

    def __init__(self) -> None:
        self.cast: Cast | None = None

    def __call__(self, video: Path, corrections: Any = None, diarization: Any = None) -> Any:
        assert self.cast is not None
        uri, tracks, met = file_uri(video), [], []
        for place, person in enumerate(SHOWN[uri[0]]):
            label = self.cast.new_label()
            generator = np.random.default_rng(ord(uri[0]) + person)
            face = unit(FACES[person] + 0.3 * unit(generator.standard_normal(32)))
            met.append(Appearance(label, uri, 1.0, face))
            boxes = np.tile(np.float32([10 + 50 * place, 10, 40 + 50 * place, 60]), (10, 1))
            times, points = np.arange(0, 1, 0.1), np.zeros((10, 5, 2), np.float32)
            name = f"T{place:03d}"
            tracks.append(
                FaceTrack(name, times, boxes, points, np.ones(10, bool), 0, {"size": 40.0}, label)
            )
        self.cast.replace_video(uri, met)
        speakers = Annotation(uri=uri)
        speakers[Segment(0, 1)] = "SPEAKER_00"
        links = [SpeakerFaceLink(0, 1, "SPEAKER_00", met[0].person, (10, 10, 40, 60), 0.9)]
        return LinkingResult(
            str(file_path(video)), 1.0, speakers, Annotation(uri=uri), tracks, links
        )


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("footage")
    for seed, name in enumerate(SHOWN):
        pixels = np.random.default_rng(seed).integers(0, 256, (64, 128, 3), np.uint8)
        with VideoWriter(folder / f"{name}.mp4", 128, 64, 10.0, 16000) as writer:
            for _ in range(10):
                writer.add_image(pixels)
            writer.add_sound(np.zeros(16000, np.float32))
    return folder


def _link(footage: Path, out: Path, names: str) -> None:
    for name in names:
        _link_video.link_one(Linker(), OPTIONS, out, str(footage / f"{name}.mp4"))


def _labels(out: Path) -> dict[str, list[str]]:
    folders = sorted(path for path in out.iterdir() if (path / "links.json").is_file())
    return {
        folder.name: [
            track["person"] for track in json.loads((folder / "links.json").read_text())["tracks"]
        ]
        for folder in folders
    }


def _bytes(out: Path) -> dict[str, bytes]:
    names = ("*/links.json", "*/*.rttm", "*/links.csv", "*/vectors.safetensors", FILE)
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for name in names
        for path in sorted(out.glob(name))
    }


def test_people_are_joined_over_videos_whatever_came_first(footage: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    _link(footage, one, "abcd")
    _link(footage, other, "dbca")
    assert _bytes(one) == _bytes(other)
    assert _labels(one)["c"] == ["PERSON_01", "PERSON_02"]  # numbered for itself
    for out in (one, other):
        assert main(["people", str(out), "join"]) == 0
    assert _labels(one) == {
        "a": ["PERSON_01", "PERSON_02"],
        "b": ["PERSON_03", "PERSON_01"],
        "c": ["PERSON_02", "PERSON_03"],
        "d": ["PERSON_04"],
    }
    assert _bytes(one) == _bytes(other)
    assert "PERSON_03" in (one / "b" / "people.rttm").read_text()
    report = json.loads((one / "joined.json").read_text())
    assert (report["people"], report["appearances"], report["known_pairs"]) == (4, 7, 3)


def test_videos_of_one_stem_keep_their_folders(
    footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, archive = tmp_path / "out", tmp_path / "in"
    for name in "ab":
        (archive / name).mkdir(parents=True)
        shutil.copyfile(footage / f"{name}.mp4", archive / name / "x.mp4")
    found = find_files([archive])
    options = replace(OPTIONS, names=Names.of_files(found))
    rows = [_link_video.link_one(Linker(), options, out, str(video)) for video in (*found, *found)]
    assert [row.done for row in rows] == [False, False, True, True]
    assert main(["people", str(out), "join"]) == 0
    assert "people.rttm" in {path.name for path in (out / "b" / "x").iterdir()}
    assert "SPEAKER b/x 1 " in (out / "b" / "x" / "people.rttm").read_text()
    assert main(["people", str(out), "rename", "PERSON_03", "anna"]) == 0
    assert "SPEAKER b/x 1 0.000 1.000 <NA> <NA> anna" in (out / "b/x/people.rttm").read_text()
    capsys.readouterr()
    assert main(["people", str(out), "list"]) == 0
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(row[0], row[4:]) for row in said] == [
        ("PERSON_01", ["a/x,", "b/x"]), ("PERSON_02", ["a/x"]), ("anna", ["b/x"]),
    ]  # fmt: skip
    assert main(["people", str(out), "split", "PERSON_01", "b/x"]) == 0
    assert _labels(out / "b")["x"] == ["anna", "PERSON_04"]
    assert main(["people", str(out), "join"]) == 0
    assert _labels(out / "b")["x"] == ["anna", "PERSON_04"]


def test_names_and_numbers_given_before_stay(
    footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    _link(footage, out, "cd")
    assert main(["people", str(out), "join"]) == 0
    before = _labels(out)
    assert main(["people", str(out), "rename", before["c"][0], "anna"]) == 0
    _link(footage, out, "ab")  # whose own PERSON_01 and PERSON_02 are others
    assert main(["people", str(out), "join"]) == 0
    after = _labels(out)
    assert after["c"] == ["anna", before["c"][1]] and after["d"] == before["d"]
    assert after["a"] == ["PERSON_04", "anna"] and after["b"] == [before["c"][1], "PERSON_04"]
    state = _bytes(out)
    assert main(["people", str(out), "join"]) == 0
    assert _bytes(out) == state  # once more changes nothing
    assert main(["people", str(out), "remove", "PERSON_04"]) == 0
    people = VideoPeople.load(out / "a" / "vectors.safetensors")
    assert [each.face is not None for each in people.met] == [
        False,
        True,
    ]  # of PERSON_04 nothing is left
    assert main(["people", str(out), "join"]) == 0
    assert "PERSON_04" not in Cast.load(out / FILE).labels  # forgotten is forgotten


@pytest.mark.parametrize("moment", ["folders", "cast"])
def test_stopped_anywhere_the_same_command_ends_as_undisturbed(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: object, **options: object) -> None:
        raise Killed

    out, reference = tmp_path / "out", tmp_path / "reference"
    for folder in (out, reference):
        _link(footage, folder, "abcd")
    assert main(["people", str(reference), "join"]) == 0
    with monkeypatch.context() as patch:
        if moment == "cast":
            patch.setattr(Cast, "save", die)
        else:
            rename, calls = _join_archive.results.rename_in_folder, []

            def rename_two(*args: Any, **options: Any) -> None:
                calls.append(args)
                die() if len(calls) > 2 else rename(*args, **options)

            patch.setattr(_join_archive.results, "rename_in_folder", rename_two)
        with pytest.raises(Killed):
            main(["people", str(out), "join"])
    assert main(["people", str(out), "join"]) == 0
    assert _bytes(out) == _bytes(reference)


def test_without_vectors_it_says_what_is_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["people", str(tmp_path), "join"]) == 2
    assert "holds no vectors of people" in capsys.readouterr().err


def test_a_video_linked_by_itself_afterwards_knows_the_people(
    footage: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    _link(footage, out, "ab")
    assert main(["people", str(out), "join"]) == 0
    cast = Cast.of_folder(out, "face_recognition")
    assert cast.labels == ["PERSON_01", "PERSON_02", "PERSON_03"] and cast.next_number == 4
