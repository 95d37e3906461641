"""ClipScenes: every kind can be planned, the first edition stays as it was, and tables say what was measured."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pyannote.core import Annotation, Segment
from recipe_scripts import load_recipe

from pins_plugin.errors import ManifestError, PinsError
from pins_plugin.pipelines.linking.result import LinkingResult
from pins_plugin.simulation.composed.deck import Clip, Deck
from pins_plugin.types import FaceTrack, SpeakerFaceLink

CLIPS = [
    Clip(f"p{n}", Path(f"p{n}_{k}.mp4"), 6.0 + n + k, ((0.4, 2.6), (3.2, 5.5)), 0.05, 200.0)
    for n in range(5)
    for k in range(2)
]


prepare, calibrate, evaluate = (
    load_recipe(f"ClipScenes/{name}.py") for name in ("prepare", "calibrate", "evaluate")
)


def _plan(kind: str, index: int, seed: int = 31, edition: int = 2, minutes: float = 1.0):
    args = SimpleNamespace(edition=edition, seconds=(8, 30), minutes=minutes)
    deck = Deck(CLIPS, np.random.default_rng([seed, prepare.DRAWN.index(kind), index]))
    deck = prepare.set_up(deck, kind, args)
    return prepare.plan(kind, deck, index)


@pytest.mark.parametrize("kind", prepare.DRAWN)
def test_every_kind_is_planned_alike_by_the_same_seed(kind: str) -> None:
    for index in range(3):
        segments, recording, notes = _plan(kind, index)
        duration = sum(segment.duration for segment in segments)
        assert 8 <= duration <= (100 if kind == "long" else 34.1)
        assert any(segment.voices for segment in segments)
        again, twice, same = _plan(kind, index)
        assert (again, same) == (segments, notes)
        assert twice.sound_shift == recording.sound_shift
        json.dumps(notes)


@pytest.mark.parametrize(
    ("kind", "first", "last", "shift"),
    [
        ("turns", (3.96, "p3_0.mp4", 2.326), (3.53, "p0_1.mp4", 2.275), 0.0),
        ("side_by_side_2", (4.87, "p3_0.mp4", 0.392), (4.39, "p3_0.mp4", 3.821), 0.0),
        ("side_by_side_4", (4.37, "p2_0.mp4", 2.379), (1.8, "p2_0.mp4", 0.25), 0.0),
        ("off_screen", (3.91, "p0_1.mp4", 0.347), (4.87, "p0_1.mp4", 0.355), 0.0),
        ("shifted", (2.13, "p3_1.mp4", 3.811), (4.97, "p3_0.mp4", 3.733), -0.2),
    ],
)
def test_first_edition_draws_as_ever(kind: str, first: tuple, last: tuple, shift: float) -> None:
    """What the first version drew of these clips: the scenes of published numbers can be made again."""
    segments, recording, _ = _plan(kind, 1, edition=1)
    heard, seen = segments[0].voices[0].stretch, segments[-1].panels[-1]
    assert len(segments) == 8
    assert (segments[0].duration, heard.path.name, heard.start) == first
    assert (segments[-1].duration, seen.path.name, seen.start) == last
    assert recording.sound_shift == shift


def test_manifest_is_filtered(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such file"):
        prepare.read_clips(tmp_path, None, None)
    (tmp_path / "manifest.csv").write_text("file,person,scene,licence\na.mp4,a,crowd,CC-BY-4.0\n")
    with pytest.raises(ManifestError, match="no usable clip"):
        prepare.read_clips(tmp_path, None, None)


class _FakePipeline:
    """Names the left face throughout."""

    def observe(self, video: Path, keep_crops: bool) -> object:
        return SimpleNamespace(waveform=None, turns=None, path=video, keep_crops=keep_crops)

    def link(self, seen) -> LinkingResult:
        times = np.array([0.0, 4.0])
        boxes = np.array([[1, 1, 9, 9]] * 2, np.float32)
        landmarks, detected = np.zeros((2, 5, 2), np.float32), np.ones(2, bool)
        track = FaceTrack("T0", times, boxes, landmarks, detected, person="P0")
        link = SpeakerFaceLink(0.0, 4.0, "S", "P0", (1, 1, 9, 9), 0.95)
        speakers = seen.turns or _annotate((0.0, 4.0, "S"))
        return LinkingResult("v", 4.0, speakers, Annotation(), [track], [link])


def _annotate(*rows: tuple[float, float, str]) -> Annotation:
    turns = Annotation(uri="turns_00")
    for number, (start, end, label) in enumerate(rows):
        turns[Segment(start, end), number] = label
    return turns


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """One scene of four seconds: anna on the left speaks for three, ben on the right for the last two."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    turns = [
        {"start": 0, "end": 3, "speaker": "anna"},
        {"start": 2, "end": 4, "speaker": "ben"},
    ]
    panels = [
        {"start": 0, "end": 4, "person": "anna", "box": [0, 0, 10, 10]},
        {"start": 0, "end": 4, "person": "ben", "box": [10, 0, 20, 10]},
    ]
    truth = {"kind": "overlap", "duration": 4.0, "turns": turns, "panels": panels}
    (folder / "turns_00.json").write_text(json.dumps(truth))
    (folder / "turns_00.mp4").touch()
    lines = "SPEAKER turns_00 1 {} {} <NA> <NA> {} <NA> <NA>\n"
    rttm = lines.format(0, 3, "anna") + lines.format(2, 2, "ben")
    (folder / "turns_00.rttm").write_text(rttm)
    other = tmp_path / "other" / "scenes"
    other.mkdir(parents=True)
    (other / "turns_00.rttm").write_text(rttm)
    return folder


def test_evaluation_by_hand(scenes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    motion = SimpleNamespace(score=lambda *_: 1.0)
    looks = evaluate.Looks(
        motion, {"network": {"T0": (np.array([0.0, 1.0]), np.array([1.0, -1.0]))}}
    )
    monkeypatch.setattr(evaluate, "look_at_faces", lambda *_: looks)
    monkeypatch.setattr(evaluate, "diarize_audio", lambda _: _annotate((0.0, 4.0, "S")))
    monkeypatch.setattr(evaluate, "replace", lambda seen, turns, **_: SimpleNamespace(turns=turns))
    report = evaluate.evaluate(
        evaluate.find_scenes([scenes]),
        _FakePipeline(),
        {"others": tmp_path / "other"},
        {},
        {"without joint": _FakePipeline()},
        {"anna": "1", "ben": "2"},
    )
    found = report["found"]["links"]["overlap"]
    assert found["pins"]["correct"] == pytest.approx(3 / 5)
    assert found["pins"]["recall"] == {
        "alone": pytest.approx(2 / 3),
        "together": pytest.approx(1 / 2),
    }
    assert found["pins"]["precision"] == pytest.approx(3 / 4)
    assert found["network"]["correct"] == found["network, best face"]["correct"]
    assert found["network"]["correct"] == pytest.approx(1 / 5)
    assert found["others, largest face"]["correct"] == pytest.approx(3 / 5)
    assert found["without joint"]["correct"] == pytest.approx(3 / 5)
    parted = report["found, by group"]["links"]  # whoever speaks, the other is shown, too
    assert list(parted) == ["side by side, other group"]
    (beside,) = parted.values()
    assert beside["pins"]["correct"] == pytest.approx(3 / 5)
    assert set(beside) == {"pins", "without joint"}
    turns = report["found"]["turns"]["overlap"]
    assert turns["others"]["rate"] == pytest.approx(0.0)
    assert turns["sound only"]["missed"] == pytest.approx(1 / 5)
    assert "others, presence" not in report["given"]["links"]["overlap"]
    evaluate.format_report(report["found, by group"])
    text = evaluate.format_report(report["found"])
    assert "| overlap | 1 | 2 | 5 | 60.0 (0.0-100.0) |" in text
    assert "| overlap | sound only | 40.0 | 20.0 | 0.0 | 20.0 |" in text
    assert "| above 0.9 | 0.750 | 4 |" in text


def test_kept_numbers_stand_beside_their_own_scenes_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    half, most = {"correct": 0.5}, {"correct": 0.9}
    for file, kept in (("first_generation", half), ("baselines", {"network": most})):
        scenes = {"scenes": {"a+b": {"found": {"links": {"turns": kept}}}}}
        (tmp_path / f"{file}.json").write_text(json.dumps(scenes))
    monkeypatch.setattr(evaluate, "RESULTS", tmp_path)
    for names, expected in ((["b", "a"], {"first generation": half, "network": most}), (["a"], {})):
        report = {"found": {"links": {"turns": {}}}}
        evaluate.add_kept(report, names)
        assert report["found"]["links"]["turns"] == expected


def test_scenes_are_found_and_named(scenes: Path, tmp_path: Path) -> None:
    simulated = tmp_path / "simulated" / "scene_000"
    simulated.mkdir(parents=True)
    for name in ("scene.json", "scene.mp4"):
        (simulated / name).touch()
    found = evaluate.find_scenes([scenes, simulated.parent])
    assert [evaluate.scene_name(path) for path in found] == [
        ("scenes", "turns_00"),
        ("simulated", "scene_000"),
    ]


def _meet(*scenes: str) -> list[frozenset]:
    return [frozenset(scene) for scene in scenes]


@pytest.mark.parametrize(
    ("scenes", "folds", "expected"),
    [
        (("ab", "bc", "de", "f"), 2, ("abc", "def")),  # nobody who meets another is parted
        (("ab", "bc", "cd", "ad"), 4, ("a", "b", "c", "d")),
        (("ab", "bc", "cd", "ad", "e", "ef"), 9, "abcdef"),
    ],
)
def test_people_are_left_out_with_those_whom_they_meet(scenes, folds: int, expected) -> None:
    assert sorted(calibrate.plan_folds(_meet(*scenes), folds), key=sorted) == _meet(*expected)


def test_too_few_scenes_to_leave_people_out_are_told_before_the_work() -> None:
    with pytest.raises(PinsError, match="--folds: expected scenes without a, c"):
        calibrate.plan_folds(_meet("ab", "bc", "cd", "ad"), 2)


def test_confidence_is_judged_on_people_who_taught_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[str] = []

    def learn(scenes, sweeps):
        taught.append("".join(sorted(frozenset().union(*(scene.people for scene in scenes)))))
        return taught[-1], []

    def judge(pipeline, scenes, people):
        assert not people & set(pipeline)
        return [
            (0.9, person in "ac") for scene in scenes for person in sorted(scene.people & people)
        ]

    monkeypatch.setattr(calibrate, "learn", learn)
    monkeypatch.setattr(calibrate, "judge_links", judge)
    monkeypatch.setattr(calibrate, "score", lambda scenes, learnt: len(scenes) / 4)
    scenes = [calibrate.Scene(None, None, {}, people) for people in _meet("ab", "b", "cd", "d")]
    judged, scores = calibrate.leave_out(scenes, _meet("ab", "cd"), 1, lambda learnt: learnt)
    assert taught == ["cd", "ab"]
    assert sorted(right for _, right in judged) == [False] * 4 + [True] * 2
    assert [each["score"] for each in scores] == [0.5, 0.5]


def test_turns_are_parted_by_whom_they_could_be_taken_for() -> None:
    """Ben (group 2) over carla (1), then over dan (2); anna alone; anna beside ben."""
    turns = [
        {"start": 0.0, "end": 2.0, "speaker": "ben"},
        {"start": 2.0, "end": 3.0, "speaker": "anna"},
        {"start": 3.0, "end": 4.0, "speaker": "anna"},
    ]
    panels = [
        {"start": 0.0, "end": 1.5, "person": "carla"},
        {"start": 1.5, "end": 2.0, "person": "dan"},
        {"start": 2.0, "end": 4.0, "person": "anna"},
        {"start": 3.0, "end": 4.0, "person": "ben"},
    ]
    groups = {"anna": "1", "carla": "1", "ben": "2", "dan": "2"}
    parts = evaluate.part_turns({"turns": turns, "panels": panels, "kind": "x"}, groups)
    spans = {
        name: [(turn["start"], turn["end"], turn["speaker"]) for turn in part["turns"]]
        for name, part in parts.items()
    }
    assert spans == {
        "off screen, other group": [(0.0, 1.5, "ben")],
        "off screen, same group": [(1.5, 2.0, "ben")],
        "side by side, other group": [(3.0, 4.0, "anna")],
    }
