"""Known voices take the place of the groups that they explain, and of no others."""

import numpy as np

from pins_plugin.pipelines.diarization.clustering import enroll_voices
from pins_plugin.utils.vectors import unit

AXES = np.eye(8)


def _windows(voice: np.ndarray, number: int = 20) -> np.ndarray:
    generator = np.random.default_rng(0)
    return unit(voice + 0.05 * generator.standard_normal((number, 8)))


def test_examples_tell_two_apart_who_were_one_group() -> None:
    anna, ben = unit(AXES[0] + 0.2 * AXES[1]), unit(AXES[0] - 0.2 * AXES[1])
    embeddings = np.vstack([_windows(anna), _windows(ben)])
    merged = unit(embeddings.mean(axis=0))[None]
    centroids, names = enroll_voices(embeddings, merged, {"anna": anna, "ben": ben})
    assert names == ["anna", "ben"]
    np.testing.assert_allclose(centroids, [anna, ben])


def test_strangers_stay_and_voices_that_are_not_heard_go() -> None:
    embeddings = np.vstack([_windows(AXES[0]), _windows(AXES[2])])
    groups = np.stack([AXES[0], AXES[2]])
    centroids, names = enroll_voices(embeddings, groups, {"anna": AXES[0], "carl": AXES[3]})
    assert names == ["anna"]
    np.testing.assert_allclose(centroids, [AXES[0], AXES[2]])


def test_a_known_voice_must_be_heard_long_enough() -> None:
    embeddings = _windows(AXES[0], 5)
    centroids, names = enroll_voices(embeddings, AXES[:1], {"anna": AXES[0]}, fewest=6)
    assert names == []
    np.testing.assert_allclose(centroids, AXES[:1])
