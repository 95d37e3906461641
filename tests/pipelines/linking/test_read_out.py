"""From decoded steps to links, on decodings made by hand."""

from dataclasses import replace

import numpy as np
import pytest
from made_evidence import PARAMETERS, hear, know, see, speak
from pyannote.core import Annotation, Segment

from pins_plugin.pipelines.linking.decoder import Decoded
from pins_plugin.pipelines.linking.potentials import PERSONAL, Features, entry_scores
from pins_plugin.pipelines.linking.read_out import (
    REVIEWED,
    bridge_pauses,
    find_given_runs,
    find_runs,
    make_links,
    speaker_turns,
)
from pins_plugin.types import FaceTrack

PLAIN = replace(PARAMETERS, confidence=(0.0, 1.0, 0.0, 0.0), uncertain=0.6)


def _track(face: int, start: float, end: float) -> FaceTrack:
    times = np.arange(start, end - 1e-9, 0.04)
    boxes = np.tile(np.float32([100 * face, 0, 100 * face + 50, 60]), (len(times), 1))
    landmarks = np.zeros((len(times), 5, 2), np.float32)
    return FaceTrack(f"T{face}", times, boxes, landmarks, times >= 0, person=f"P{face}")


def _decoded(truth: np.ndarray, sure: float, num_faces: int, visible=None):
    """A decoding that says the truth, with this probability."""
    seeing = see(truth, num_faces, visible=visible)
    num_hidden = truth.shape[1] - num_faces
    entry = entry_scores(seeing, num_hidden, PARAMETERS)
    zeros = np.zeros(truth.shape)
    personal = {name: zeros.copy() for name in PERSONAL}
    shifts = np.zeros(len(truth), bool)
    features = Features(
        hear(truth).counts,
        hear(truth).speech,
        personal,
        zeros.copy(),
        np.zeros((0, 2, truth.shape[1])),
        np.zeros(0, int),
        entry,
        shifts,
    )
    none = np.zeros((0, truth.shape[1]))
    decoded = Decoded(
        np.where(truth, sure, (1 - sure) / max(truth.shape[1] - 1, 1)),
        truth,
        features,
        none,
        none,
        np.zeros(num_faces, int),
        np.ones(num_faces),
        0.0,
    )
    return decoded, seeing


def _link(truth, sure=0.9, num_faces=2, visible=None, held=None, parameters=PLAIN):
    decoded, seeing = _decoded(truth, sure, num_faces, visible)
    runs = find_runs(decoded.said, len(truth) / 10)
    tracks = [_track(face, 0, len(truth) / 10) for face in range(num_faces)]
    evidence = know(hear(truth), seeing, held=held or {})
    return make_links(runs, decoded, evidence, tracks, parameters)


def _spans(links) -> list[tuple]:
    return [
        (round(each.start, 2), round(each.end, 2), each.speaker, each.person, each.status)
        for each in links
    ]


def test_runs_become_links() -> None:
    truth = speak([(0.5, 2.0, 1), (2.0, 3.0, 0), (3.4, 4.0, 2)], 4.0, 3)
    links = _link(truth)
    assert _spans(links) == [
        (0.5, 2.0, "SPEAKER_00", "P1", "on screen"),
        (2.0, 3.0, "SPEAKER_01", "P0", "on screen"),
        (3.4, 4.0, "SPEAKER_02", None, "off screen"),
    ]
    assert links[0].box == pytest.approx((100, 0, 150, 60))
    assert links[2].box is None
    assert [link.confidence for link in links] == pytest.approx([0.9, 0.9, 0.9])


def test_links_overlap_where_two_speak_at_once() -> None:
    truth = speak([(0.0, 3.0, 0), (2.0, 5.0, 1), (4.0, 6.0, 2)], 6.0, 3)
    links = _link(truth)
    assert [span[:2] for span in _spans(links)] == [(0.0, 3.0), (2.0, 5.0), (4.0, 6.0)]
    assert [link.person for link in links] == ["P0", "P1", None]
    turns = speaker_turns(find_runs(_decoded(truth, 0.9, 2)[0].said, 6.0), "v")
    assert turns.get_overlap().duration() == pytest.approx(2.0)


def test_a_link_is_cut_where_the_face_goes() -> None:
    truth = speak([(0.0, 4.0, 0)], 4.0, 2)
    visible = np.ones((40, 1), bool)
    visible[25:] = False
    links = _link(truth, num_faces=1, visible=visible)
    assert _spans(links) == [
        (0.0, 2.5, "SPEAKER_00", "P0", "on screen"),
        (2.5, 4.0, "SPEAKER_00", None, "off screen"),
    ]


def test_a_face_that_is_gone_for_a_moment_cuts_nothing() -> None:
    truth = speak([(0.0, 4.0, 0)], 4.0, 2)
    visible = np.ones((40, 1), bool)
    visible[20] = False
    assert len(_link(truth, num_faces=1, visible=visible)) == 1


@pytest.mark.parametrize(("gap", "number"), [(1, 1), (3, 1), (4, 2)])
def test_short_pauses_are_bridged(gap: int, number: int) -> None:
    truth = np.ones((30, 1), bool)
    truth[10 : 10 + gap] = False
    assert len(find_runs(_decoded(truth, 0.9, 1)[0].said, 3.0)) == number


def test_nobody_bridges_a_pause_in_which_another_speaks() -> None:
    truth = speak([(0.0, 1.0, 0), (1.0, 1.2, 1), (1.2, 3.0, 0)], 3.0, 2)
    np.testing.assert_array_equal(bridge_pauses(truth), truth)


def test_doubt_is_said() -> None:
    truth = speak([(0.0, 2.0, 0)], 2.0, 3)
    (link,) = _link(truth, sure=0.55)
    assert (link.status, link.person) == ("uncertain", "P0")
    (sharper,) = _link(truth, sure=0.55, parameters=replace(PLAIN, confidence=(0.0, 4.0, 0.0, 0.0)))
    assert sharper.confidence == pytest.approx(0.55**4 / (0.55**4 + 0.45**4))
    assert sharper.status == "on screen"


def test_what_a_reviewer_said_is_sure() -> None:
    truth = speak([(0.0, 2.0, 0), (2.0, 4.0, 1)], 4.0, 3)
    visible = np.ones((40, 2), bool)
    visible[20:, 1] = False
    held = dict.fromkeys(range(0, 20), frozenset({0})) | dict.fromkeys(
        range(20, 40), frozenset({1})
    )
    first, second = _link(truth, sure=0.5, visible=visible, held=held)
    assert (first.person, first.status, first.confidence) == ("P0", "on screen", 1.0)
    assert first.evidence == {"review": REVIEWED}
    assert (second.person, second.status, second.box) == ("P1", "off screen", None)


def test_evidence_adds_up_over_a_link() -> None:
    truth = speak([(0.0, 1.0, 0), (1.0, 2.0, 2)], 2.0, 3)
    decoded, seeing = _decoded(truth, 0.9, 2)
    decoded.features.personal["lips"][:10, 0] = 1.2
    decoded.features.personal["talking"][:10, 0] = -0.5
    decoded.features.personal["lips"][10:, 1] = -2.0
    decoded.features.voices[:10, 0] = 0.3
    seeing = replace(seeing, others={"coin": np.full((20, 2), 0.25)})
    runs = find_runs(decoded.said, 2.0)
    joint = np.zeros_like(decoded.features.voices)
    joint[:10, 0] = 0.1  # of the 0.3 of the voices
    decoded = replace(decoded, joint=joint)
    first, second = make_links(
        runs, decoded, know(hear(truth), seeing), [_track(0, 0, 2), _track(1, 0, 2)], PLAIN
    )
    assert first.evidence["sync"] == pytest.approx(10 * 1.2 * PLAIN.lips)
    assert first.evidence["talking"] == pytest.approx(-10 * 0.5 * PLAIN.talking)
    assert first.evidence["voice"] == pytest.approx(2.0)
    assert first.evidence["joint"] == pytest.approx(1.0)
    assert first.evidence["coin"] == pytest.approx(10 * 0.25 * PLAIN.others)  # by its own name
    assert "sync" not in second.evidence  # what says nothing is not listed
    assert second.evidence["presence"] < 0  # against the face that came nearest: the first


def test_given_turns_keep_their_bounds_and_labels() -> None:
    truth = speak([(0.0, 2.0, 0), (2.0, 4.0, 1)], 4.0, 2)
    decoded, _ = _decoded(truth, 0.9, 2)
    turns = Annotation()
    turns[Segment(0.123, 1.876)] = "anna"
    turns[Segment(1.876, 3.987)] = "ben"
    runs = find_given_runs(decoded, turns)
    assert [(run.start, run.end, run.speaker, run.person) for run in runs] == [
        (0.123, 1.876, "anna", 0),
        (1.876, 2.0, "ben", 0),
        (2.0, 3.987, "ben", 1),
    ]


def test_given_turns_that_overlap_go_to_different_people() -> None:
    truth = speak([(0.0, 4.0, 0), (2.0, 6.0, 1)], 6.0, 2)
    decoded, _ = _decoded(truth, 0.9, 2)
    turns = Annotation()
    turns[Segment(0, 4)], turns[Segment(2, 6)] = "anna", "ben"
    runs = find_given_runs(decoded, turns)
    assert {(run.speaker, run.person) for run in runs} == {("anna", 0), ("ben", 1)}


def test_nothing_said_nothing_linked() -> None:
    assert _link(np.zeros((10, 3), bool)) == []
