"""Who looks alike is joined unless a voice or a common picture says no: against a slow, obvious oracle."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from pins_plugin.pipelines.people.grouping import SAME_VOICE, SURE, join_people
from pins_plugin.tracking.people import find_different_people
from pins_plugin.types import FaceTrack

SAME = 0.6


def _track(number: int, start: int, left: float) -> FaceTrack:
    times = start + np.arange(4.0)
    boxes = np.tile(np.float32([left, 0, left + 10, 10]), (4, 1))
    return FaceTrack(
        f"T{number}", times, boxes, np.zeros((4, 5, 2)), times >= 0, person=f"P{number // 2}"
    )


def _oracle(
    tracks: Sequence[FaceTrack],
    embeddings: Mapping[str, np.ndarray],
    voice_of: Mapping[str, str],
    voices: Mapping[tuple[str, str], float],
) -> set[frozenset[str]]:
    """Groups of tracks: look at every pair, merge the best, begin again."""

    def unit(vector: np.ndarray) -> np.ndarray:
        return vector / np.linalg.norm(vector)

    apart = find_different_people(tracks)
    groups = [
        ([i for i, t in enumerate(tracks) if t.person == p], voice_of.get(str(p)))
        for p in dict.fromkeys(t.person for t in tracks)
    ]
    while True:
        best = (SAME, -1, -1)
        for a in range(len(groups)):
            for b in range(a + 1, len(groups)):
                (first, one), (second, other) = groups[a], groups[b]
                faces = [
                    unit(sum(unit(embeddings[tracks[i].track].sum(axis=0)) for i in group))
                    for group in (first, second)
                ]
                alike = float(faces[0] @ faces[1])
                voices_differ = one and other and one != other
                voices_differ = voices_differ and voices.get((one, other), 0.0) < SAME_VOICE
                least = SAME if one and other else (SAME + SURE) / 2
                if (
                    alike >= max(best[0], least)
                    and not voices_differ
                    and not apart[np.ix_(first, second)].any()
                ):
                    best = (alike, a, b)
        if best[1] < 0:
            return {frozenset(tracks[i].track for i in group) for group, _ in groups}
        (first, one), (second, other) = groups[best[1]], groups[best[2]]
        groups[best[1]] = (first + second, one or other)
        del groups[best[2]]


@pytest.mark.parametrize("seed", range(6))
def test_groups_are_those_of_the_oracle(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 4, 16)
    tracks = [
        _track(i, int(generator.integers(0, 40)), float(generator.choice([0, 100, 200])))
        for i in range(16)
    ]
    for i in range(0, 16, 2):
        truth[i + 1] = truth[i]
    centers = generator.standard_normal((4, 8))
    embeddings = {
        f"T{i}": centers[truth[i]] + 0.6 * generator.standard_normal((3, 8)) for i in range(16)
    }
    voice_of = {f"P{p}": f"S{generator.integers(0, 3)}" for p in range(5)}
    voices = {(f"S{a}", f"S{b}"): [0.5, 0.9][(a + b) % 2] for a in range(3) for b in range(3)}
    joined = join_people(tracks, embeddings, voice_of, voices, SAME)
    groups: dict[str, set[str]] = {}
    for track in joined:
        groups.setdefault(str(track.person), set()).add(track.track)
    assert set(map(frozenset, groups.values())) == _oracle(tracks, embeddings, voice_of, voices)
    first = min(joined, key=lambda track: track.start)
    assert first.person == "PERSON_01"


def test_a_track_without_a_face_stays_by_itself() -> None:
    tracks = [_track(0, 0, 0), _track(2, 10, 0), _track(4, 20, 0)]
    embeddings = {"T0": np.ones((1, 3)), "T4": np.ones((2, 3))}
    joined = join_people(tracks, embeddings, {}, {}, SAME)
    assert [track.person for track in joined] == ["PERSON_01", "PERSON_02", "PERSON_01"]
    assert join_people([], {}, {}, {}, SAME) == []


def test_a_thousand_people_take_seconds() -> None:
    generator = np.random.default_rng(0)
    tracks = [_track(i, 10 * i, 0) for i in range(0, 2000, 2)]
    embeddings = {track.track: generator.standard_normal((2, 16)) for track in tracks}
    assert len(join_people(tracks, embeddings, {}, {}, 0.8)) == 1000
