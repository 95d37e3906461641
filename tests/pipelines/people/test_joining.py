"""Groups over many videos: truth found, constraints kept, labels kept; the slow way as an oracle."""

import numpy as np
import pytest

from pins_plugin.inference.neighbors import MANY, find_neighbors
from pins_plugin.pipelines.people import joining
from pins_plugin.pipelines.people.joining import Sightings, join_sightings
from pins_plugin.utils.vectors import unit

SAME = 0.6


def _sightings(
    num_people: int = 40,
    num_videos: int = 60,
    noise: float = 0.5,
    seed: int = 0,
    heard: float = 0.7,
) -> tuple[Sightings, np.ndarray]:
    """Sightings of known people: 4 of each video, all in one picture."""
    generator = np.random.default_rng(seed)
    people = np.concatenate(
        [generator.choice(num_people, 4, replace=False) for _ in range(num_videos)]
    )

    def seen(dim: int) -> np.ndarray:
        true = unit(generator.standard_normal((num_people, dim)))
        return unit(
            true[people] + noise * unit(generator.standard_normal((len(people), dim)))
        ).astype(np.float32)

    faces, voices = seen(64), seen(48)
    voices[generator.random(len(people)) > heard] = 0
    videos = np.repeat(np.arange(num_videos), 4)
    apart = [(4 * v + i, 4 * v + j) for v in range(num_videos) for i in range(4) for j in range(i)]
    return Sightings(faces, voices, videos, [None] * len(people), apart), people


def _errors(groups: np.ndarray, people: np.ndarray) -> tuple[int, int]:
    """Pairs joined in error, pairs left apart in error."""
    same, joined = people[:, None] == people, groups[:, None] == groups
    return int((joined & ~same).sum() // 2), int((same & ~joined).sum() // 2)


def test_people_are_found_again() -> None:
    seen, people = _sightings()
    joined = join_sightings(seen, SAME)
    assert _errors(joined.groups, people) == (0, 0)
    assert joined.joined == len(people) - len(np.unique(people))
    assert joined.known_pairs == len(seen.apart) and joined.known_pairs_alike == 0
    assert joined.false_joins < 0.5


def test_the_order_of_videos_changes_nothing() -> None:
    seen, _ = _sightings(seed=1)
    turn = np.random.default_rng(2).permutation(len(seen.videos))
    place = np.argsort(turn)
    apart = [(int(place[a]), int(place[b])) for a, b in seen.apart]
    other = Sightings(seen.faces[turn], seen.voices[turn], seen.videos[turn], seen.labels, apart)
    one, two = join_sightings(seen, SAME).groups, join_sightings(other, SAME).groups
    assert ((one[:, None] == one)[np.ix_(turn, turn)] == (two[:, None] == two)).all()


def test_two_of_one_picture_are_two_people_even_twins() -> None:
    face = unit(np.ones((1, 8)))
    faces = np.repeat(face, 4, axis=0).astype(np.float32)
    seen = Sightings(
        faces, np.zeros((4, 1), np.float32), np.array([0, 0, 1, 1]), [None] * 4, [(0, 1), (2, 3)]
    )
    joined = join_sightings(seen, SAME)
    assert joined.groups[0] != joined.groups[1] and joined.groups[2] != joined.groups[3]
    assert len(np.unique(joined.groups)) == 2
    assert joined.known_pairs_alike == 2  # and it says that these vectors cannot tell them


@pytest.mark.parametrize("seed", range(3))
def test_of_many_twins_no_two_of_one_picture_become_one(seed: int) -> None:
    """Whoever was joined with whom before: groups that were joined are not asked any more, those that they became are."""
    generator = np.random.default_rng(seed)
    faces = unit(1 + 0.1 * generator.standard_normal((60, 16))).astype(np.float32)
    apart = [(2 * video, 2 * video + 1) for video in range(30)]
    silent = np.zeros((60, 1), np.float32)
    joined = join_sightings(Sightings(faces, silent, np.arange(60) // 2, [None] * 60, apart), SAME)
    assert all(joined.groups[a] != joined.groups[b] for a, b in apart)
    assert joined.joined == 60 - len(np.unique(joined.groups))


@pytest.mark.parametrize(("toward", "alone"), [(0.55, False), (0.4, True)])
def test_a_lone_face_joins_by_one_that_is_alike_and_a_mean_that_nearly_is(
    toward: float, alone: bool
) -> None:
    """By the mean alone it would stay by itself; one that is alike by chance, and no other, is not enough."""
    axes = np.eye(8)
    person = unit(axes[0] + 0.3 * axes[1:7])
    other = toward * axes[0] + (1 - toward**2) ** 0.5 * axes[1]
    lead = person @ other - SAME
    assert lead.max() > 0 > lead.mean() and (lead.mean() < -joining.NEARLY) == alone
    faces = np.concatenate([person, other[None]]).astype(np.float32)
    seen = Sightings(faces, np.zeros((7, 1), np.float32), np.arange(7), [None] * 7)
    assert len(np.unique(join_sightings(seen, SAME).groups)) == 1 + alone


def test_labels_given_before_stay_and_never_become_one() -> None:
    seen, people = _sightings(seed=3)
    labels: list[str | None] = [None] * len(people)
    first, second = np.flatnonzero(people == 5)[:2]
    labels[first], labels[second] = "anna", "PERSON_07"  # the same person, called twice
    one, other = np.flatnonzero(people == 8)[0], np.flatnonzero(people == 9)[0]
    labels[one] = labels[other] = "ben"  # two people, called the same by somebody who knows
    joined = join_sightings(
        Sightings(seen.faces, seen.voices, seen.videos, labels, seen.apart), SAME
    )
    assert joined.groups[first] != joined.groups[second]
    assert joined.groups[one] == joined.groups[other]
    assert ("PERSON_07", "anna") in [pair for _, *pair in map(tuple, joined.perhaps)] or [
        (a, b) for _, a, b in joined.perhaps
    ] == [("PERSON_07", "anna")]


def test_voices_hold_apart_who_looks_alike() -> None:
    face = unit(np.ones(8)) * np.ones((2, 1))
    voices = np.eye(2, 8, dtype=np.float32)
    videos = np.array([0, 1])
    alike = Sightings(face.astype(np.float32), np.zeros_like(voices), videos, [None] * 2)
    assert len(np.unique(join_sightings(alike, SAME).groups)) == 1
    told = Sightings(
        (unit(np.eye(2, 8) * 0.6 + 0.4)).astype(np.float32), voices, videos, [None] * 2
    )
    assert len(np.unique(join_sightings(told, SAME).groups)) == 2


def test_the_guard_holds_apart_who_looks_alike_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a coarse recognizer, of 20 dimensions, hundreds of pairs of strangers are as alike as one person may be."""
    generator = np.random.default_rng(5)
    people = np.repeat(np.arange(500), 3)
    true = unit(generator.standard_normal((500, 20)))[people]
    faces = unit(true + 0.3 * unit(generator.standard_normal(true.shape))).astype(np.float32)
    silent, videos = np.zeros((1500, 1), np.float32), generator.permutation(1500)
    seen = Sightings(faces, silent, videos, [None] * 1500)
    guarded = join_sightings(seen, SAME)
    with monkeypatch.context() as patch:
        patch.setattr(joining, "MIN_SIGHTINGS", 10**9)  # no guard
        bare = join_sightings(seen, SAME)
    assert bare.threshold == 0 < guarded.threshold <= (1 - SAME) / 2
    merged, split = _errors(guarded.groups, people)
    merged_bare, _ = _errors(bare.groups, people)
    assert merged_bare > 300 and merged < merged_bare / 20
    assert split < 150  # of 1500 pairs
    assert bare.false_joins > 10 * guarded.false_joins  # and what is said of the risk says so


@pytest.mark.parametrize("count", [0, 1])
def test_of_nobody_and_one_there_is_nothing_to_join(count: int) -> None:
    faces = unit(np.ones((count, 4))).astype(np.float32)
    seen = Sightings(faces, np.zeros((count, 1), np.float32), np.zeros(count, int), [None] * count)
    assert join_sightings(seen, SAME).joined == 0


def test_cells_find_the_neighbors_that_all_rows_have() -> None:
    pytest.importorskip("faiss")
    seen, _ = _sightings(num_people=200, num_videos=700, noise=0.4)
    exact, _ = find_neighbors(seen.faces, 5)
    cells, _ = find_neighbors(seen.faces, 5, many=1000)
    shared = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(exact, cells, strict=True)])
    assert shared > 0.95 and (exact != np.arange(len(exact))[:, None]).all()


def test_the_number_of_threads_changes_nothing() -> None:
    faiss = pytest.importorskip("faiss")
    seen, _ = _sightings(num_people=500, num_videos=1300, noise=0.7)
    assert len(seen.faces) > MANY  # so that there are cells
    threads, found = faiss.omp_get_max_threads(), []
    for count in (1, 4):
        faiss.omp_set_num_threads(count)
        found.append((find_neighbors(seen.faces, 20)[0], join_sightings(seen, SAME).groups))
    faiss.omp_set_num_threads(threads)
    assert (found[0][0] == found[1][0]).all() and (found[0][1] == found[1][1]).all()


def test_groups_find_neighbors_that_none_of_their_sightings_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one neighbor each, there are only pairs, then pairs of pairs, until a person is whole."""
    seen, people = _sightings(noise=0.3)
    monkeypatch.setattr(joining, "NEIGHBORS", 1)
    assert _errors(join_sightings(seen, SAME).groups, people) == (0, 0)


def test_two_of_one_picture_who_were_called_the_same_join_others() -> None:
    faces = unit(np.ones((6, 8))).astype(np.float32)
    labels = ["ann", "ann", *[None] * 4]
    seen = Sightings(faces, np.zeros((6, 1), np.float32), np.arange(6), labels, [(0, 1)])
    assert len(np.unique(join_sightings(seen, SAME).groups)) == 1
