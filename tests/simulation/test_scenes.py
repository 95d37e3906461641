"""Scenes: the written truth is what can be seen and heard."""

import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN
from pyannote.database.util import load_rttm

from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.errors import ManifestError
from pins_plugin.simulation.scene import Scene
from pins_plugin.simulation.scenes import (
    SceneSettings,
    scene_script,
    write_scenes,
)
from pins_plugin.simulation.truth import scene_truth

SETTINGS = SceneSettings(people=2, off_screen=1, seconds=6.0, seed=3, width=480, height=270)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    write_scenes(folder, SETTINGS, jobs=1, quiet=True)
    return folder


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict:
    return json.loads((folder / "scene_000" / "scene.json").read_text())


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    areas = [float(np.prod(box[2:] - box[:2])) for box in (first, second)]
    return shared / (sum(areas) - shared)


def test_video_has_the_size_rate_and_length_of_the_truth(folder: Path, truth: dict) -> None:
    info = probe_video(folder / "scene_000" / "scene.mp4")
    assert (info.width, info.height, info.frame_rate) == (480, 270, 25)
    assert info.duration == pytest.approx(truth["duration"], abs=0.1)
    assert info.has_audio


def test_detector_agrees_with_the_boxes(folder: Path, truth: dict) -> None:
    """Every 25th frame: each true face is found with IoU above a half, two thirds on average."""
    detector = MTCNN(keep_all=True, device="cpu", min_face_size=30)
    frames = list(iter_frames(folder / "scene_000" / "scene.mp4"))[::25]
    with torch.no_grad():
        found, _ = detector.detect([frame.image for frame in frames])
    overlaps = []
    for frame, boxes in zip(frames, found, strict=True):
        for face in truth["faces"]:
            here = [box for box in face["boxes"] if abs(box[0] - frame.time) < 0.01]
            for box in here:
                candidates = [] if boxes is None else list(boxes)
                overlaps.append(
                    max((_overlap(np.array(box[1:]), c) for c in candidates), default=0.0)
                )
    assert np.mean(np.array(overlaps) > 0.5) > 0.95
    assert np.mean(overlaps) > 0.66


def test_rttm_agrees_with_the_sound(folder: Path, truth: dict) -> None:
    (uri, annotation), *_ = load_rttm(folder / "scene_000" / "scene.rttm").items()
    assert uri == truth["uri"] == "scene_000"
    sound = load_audio(folder / "scene_000" / "scene.mp4")
    times = np.arange(0, truth["duration"] - 0.05, 0.05)
    energy = np.array(
        [np.mean(sound[int(t * 16000) : int((t + 0.05) * 16000)] ** 2) for t in times]
    )
    turns = annotation.get_timeline()
    speech = np.array([any(turn.overlaps(time + 0.025) for turn in turns) for time in times])
    assert np.median(energy[speech]) > 30 * np.median(energy[~speech])
    loud = energy > 0.2 * np.median(energy[speech])
    assert np.mean(loud[~speech]) < 0.1


def test_turns_cover_the_speech_and_tell_who_is_seen(folder: Path, truth: dict) -> None:
    (annotation,) = load_rttm(folder / "scene_000" / "scene.rttm").values()
    total = sum(turn["end"] - turn["start"] for turn in truth["turns"])
    assert total == pytest.approx(annotation.get_timeline().duration(), abs=0.02)
    for turn in truth["turns"]:
        middle = (turn["start"] + turn["end"]) / 2
        (shot,) = [s for s in truth["shots"] if s["start"] <= middle < s["end"]]
        assert turn["on_screen"] == (turn["speaker"] in shot["people"])
        assert turn["person"] == (turn["speaker"] if turn["on_screen"] else None)


def test_off_screen_person_speaks_and_has_no_face(truth: dict) -> None:
    hidden = truth["people"][2]
    assert not hidden["on_screen"]
    assert hidden["speaks"]
    assert all(face["person"] != hidden["person"] for face in truth["faces"])


def test_mouth_of_the_speaker_moves_more_than_that_of_the_listener() -> None:
    scene = Scene(scene_script(SETTINGS, 0), 480, 270)
    turn = scene.script.turns[0]
    start, end = (round(time * 25) for time in turn.speech)
    motion = [
        np.abs(np.diff(mouths[start:end], axis=0)).sum(axis=1).mean() for mouths in scene._mouths
    ]
    others = [value for person, value in enumerate(motion) if person != turn.person]
    assert motion[turn.person] > 5 * max(others)
    assert min(others) > 0  # never quite still


def test_frames_and_truth_follow_from_the_seed() -> None:
    first, again = (Scene(scene_script(SETTINGS, 0), 480, 270) for _ in range(2))
    number = first.num_frames // 2
    np.testing.assert_array_equal(again.draw_frame(number), first.draw_frame(number))
    assert scene_truth(first, "x") == scene_truth(again, "x")
    other = scene_script(replace(SETTINGS, seed=4), 0)
    assert other.cast != first.script.cast


def test_pyannote_reads_the_database(folder: Path) -> None:
    from pyannote.database import FileFinder, registry

    registry.load_database(folder / "database.yml")
    protocol = registry.get_protocol(
        "TalkingHeads.SpeakerDiarization.Scenes", preprocessors={"audio": FileFinder()}
    )
    (file,) = list(protocol.test())
    assert file["uri"] == "scene_000"
    assert Path(file["audio"]).name == "scene.mp4"
    assert file["annotation"].get_timeline().duration() > 2
    assert file["annotated"].duration() == pytest.approx(7, abs=4)


def test_scenes_that_exist_are_kept_and_others_refused(folder: Path) -> None:
    video = folder / "scene_000" / "scene.mp4"
    before = video.stat().st_mtime_ns
    assert write_scenes(folder, SETTINGS, jobs=1, quiet=True) == [video]
    assert video.stat().st_mtime_ns == before
    with pytest.raises(ManifestError, match="made with seed 3, not 9"):
        write_scenes(folder, replace(SETTINGS, seed=9), jobs=1, quiet=True)


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    """A folder called scene_000 was emptied, whatever it held."""
    other = tmp_path / "scene_000" / "holiday.mp4"
    other.parent.mkdir()
    other.touch()
    with pytest.raises(ManifestError, match="scene_000: expected an empty folder"):
        write_scenes(tmp_path, SETTINGS, jobs=1, quiet=True)
    assert other.exists()


def test_odd_sizes_are_those_of_the_video() -> None:
    """The truth said 161 pixels where the video had 160."""
    scene = Scene(scene_script(SETTINGS, 0), 161, 121)
    assert scene_truth(scene, "x")["width"] == 160
    assert scene.draw_frame(0).shape == (120, 160, 3)


def test_scenes_of_versions_without_overlap_are_kept(folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "scene_000"
    shutil.copytree(folder / "scene_000", old)
    truth = json.loads((old / "scene.json").read_text())
    del truth["settings"]["overlap"]
    (old / "scene.json").write_text(json.dumps(truth))
    assert write_scenes(tmp_path, SETTINGS, jobs=1, quiet=True) == [old / "scene.mp4"]
    with pytest.raises(ManifestError, match=r"overlap 0\.0, not 0\.5"):
        write_scenes(tmp_path, replace(SETTINGS, overlap=0.5), jobs=1, quiet=True)
    del truth["settings"]  # of another program: it was a TypeError
    (old / "scene.json").write_text(json.dumps(truth))
    with pytest.raises(ManifestError, match="a note of how it was made"):
        write_scenes(tmp_path, SETTINGS, jobs=1, quiet=True)


def test_overlapping_voices_are_both_heard() -> None:
    scene = Scene(scene_script(replace(SETTINGS, overlap=1.0, seconds=12.0), 0), 480, 270)
    first, second = next(
        (a, b) for a, b in pairwise(scene.script.turns) if b.speech[0] < a.speech[1] - 0.1
    )
    middle = round(25 * (second.speech[0] + first.speech[1]) / 2)
    window = slice(middle - 5, middle + 5)
    for turn in (first, second):  # both mouths move
        mouths = scene._mouths[turn.person]
        rest = np.abs(np.diff(mouths[-8:], axis=0)).sum(axis=1).mean()
        assert np.abs(np.diff(mouths[window], axis=0)).sum(axis=1).mean() > 3 * rest


def test_senseless_settings_are_explained(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="people: expected 1 to 4, got 7"):
        write_scenes(tmp_path / "out", replace(SETTINGS, people=7))
    assert not (tmp_path / "out").exists()
