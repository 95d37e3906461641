"""Corpora: deterministic whatever the workers, resumable, split by people, and silent about who is who."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.media.audio import load_audio
from pins_plugin.errors import ManifestError
from pins_plugin.simulation.corpus import (
    CorpusSettings,
    assign_splits,
    list_clips,
    write_corpus,
)
from pins_plugin.simulation.oracle import load_people, oracle_similarities

SMALL = CorpusSettings(people=9, clips_per_person=2, seed=4, num_images=2, words=1, image_size=64)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, SMALL, jobs=1, quiet=True)
    return folder


def _contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".npz")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_same_files_whatever_the_number_of_workers(corpus: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path, SMALL, jobs=2, quiet=True)
    assert _contents(tmp_path) == _contents(corpus)


def test_manifest_lists_every_clip(corpus: Path) -> None:
    clips = read_manifest(corpus / "manifest.csv")
    assert len(clips) == 18
    assert len({clip.identity for clip in clips}) == 9
    assert len({clip.video for clip in clips}) == 18
    for clip in clips:
        images = sorted(clip.faces.iterdir())
        assert [cv2.imread(str(image)).shape for image in images] == [(64, 64, 3)] * 2
        sound = load_audio(clip.audio)
        assert 0.3 * 16000 < len(sound) < 1.5 * 16000
        assert set(clip.attributes) == {"gender", "age", "nationality", "words", "seed"}


def test_names_do_not_tell_the_person(corpus: Path) -> None:
    clips = read_manifest(corpus / "manifest.csv")
    assert all(re.fullmatch(r"c\d{6}", clip.clip_id) for clip in clips)
    for clip in clips:
        path = clip.faces.relative_to(corpus).as_posix()
        assert clip.identity not in path
        assert clip.identity not in clip.video
    order = np.array([int(clip.identity[1:]) for clip in clips])
    assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.6
    neighbors = np.mean(order[1:] == order[:-1])
    assert neighbors < 0.5


def test_every_clip_is_listed_once() -> None:
    clips = list_clips(SMALL)
    assert [clip.name for clip in clips] == [f"c{number:06d}" for number in range(18)]
    assert len({(clip.person, clip.number) for clip in clips}) == 18


def test_splits_share_no_person() -> None:
    splits = assign_splits(replace(SMALL, people=400))
    assert [splits.count(name) for name in ("train", "valid", "test")] == [280, 40, 80]


def test_splits_of_the_manifest_are_disjoint(corpus: Path) -> None:
    clips = read_manifest(corpus / "manifest.csv")
    members = {
        split: {clip.identity for clip in clips if clip.split == split}
        for split in ("train", "valid", "test")
    }
    assert not members["train"] & members["test"]
    assert not members["train"] & members["valid"]
    assert not members["valid"] & members["test"]
    assert all(members.values())


def test_seen_heard_people_have_clips_of_their_own_for_testing() -> None:
    settings = replace(SMALL, people=40, clips_per_person=1, test_clips=3, seen_heard=5)
    clips = sorted(list_clips(settings), key=lambda clip: (clip.person, clip.number))
    by_person = [[clip.split for clip in clips if clip.person == person] for person in range(40)]
    assert sorted(by_person) == sorted(
        [["test"] * 3] * 8 + [["valid"]] * 4 + [["train"]] * 23 + [["train", *["test"] * 3]] * 5
    )


@pytest.mark.parametrize("wrong", [{"seen_heard": 7}, {"seen_heard": -1}, {"test_clips": 0}])
def test_impossible_test_clips_are_refused(tmp_path: Path, wrong: dict) -> None:
    with pytest.raises(ManifestError, match="expected at"):
        write_corpus(tmp_path, replace(SMALL, **wrong))


def test_truth_fits_the_manifest(corpus: Path) -> None:
    identities = [clip.identity for clip in read_manifest(corpus / "manifest.csv")]
    assert set(load_people(corpus / "people.npz")["identity"].tolist()) == set(identities)
    assert oracle_similarities(corpus / "people.npz", identities, identities).shape == (18, 18)


def test_stopped_run_is_completed_without_touching_what_is_there(
    corpus: Path, tmp_path: Path
) -> None:
    write_corpus(tmp_path, SMALL, jobs=1, quiet=True)
    lost = tmp_path / "clips" / "c000004"
    kept = tmp_path / "clips" / "c000005" / "voice.wav"
    before = kept.stat().st_mtime_ns
    for path in sorted(lost.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    lost.rmdir()
    write_corpus(tmp_path, SMALL, jobs=1, quiet=True)
    assert _contents(tmp_path) == _contents(corpus)
    assert kept.stat().st_mtime_ns == before


def test_other_settings_in_the_same_folder_are_refused(corpus: Path) -> None:
    with pytest.raises(ManifestError, match="people 9, not 10"):
        write_corpus(corpus, replace(SMALL, people=10), quiet=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"people": 0}, "people: expected at least 1, got 0"),
        ({"image_size": 8}, "image_size: expected at least 32"),
        ({"form": "gif"}, "form: expected images or video, got 'gif'"),
        ({"splits": (0.5, 0.1, 0.1)}, "add up to 1"),
        ({"splits": (float("nan"), 0.5, 0.5)}, "add up to 1"),
        ({"seed": -1}, "seed: expected at least 0, got -1"),
    ],
)
def test_senseless_settings_are_explained(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ManifestError, match=message):
        write_corpus(tmp_path / "out", replace(SMALL, **change), quiet=True)
    assert not (tmp_path / "out").exists()


def test_video_form_points_to_videos(tmp_path: Path) -> None:
    settings = replace(SMALL, people=1, clips_per_person=1, form="video")
    (clip,) = read_manifest(write_corpus(tmp_path, settings, jobs=1, quiet=True))
    assert clip.faces.name == "faces.mp4"
    assert clip.faces.exists()
