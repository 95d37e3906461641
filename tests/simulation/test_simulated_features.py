"""Simulated recognition embeddings behave as real ones do."""

import numpy as np

from pins_plugin.simulation.features import FeatureSettings, simulate_features

SETTINGS = FeatureSettings(num_identities=120, videos_per_identity=(2, 4), clips_per_video=(2, 3))


def test_same_seed_same_features():
    first, second = simulate_features(SETTINGS, 1), simulate_features(SETTINGS, 1)
    assert np.array_equal(first.face_embeddings, second.face_embeddings)
    assert not np.array_equal(
        first.voice_embeddings[:50], simulate_features(SETTINGS, 2).voice_embeddings[:50]
    )


def test_alike_are_clips_of_a_video_then_of_a_person_then_of_a_gender():
    features = simulate_features(SETTINGS, 0)
    for embeddings in (features.face_embeddings, features.voice_embeddings):
        similarities = embeddings @ embeddings.T
        same = features.identity[:, None] == features.identity[None]
        video = features.video[:, None] == features.video[None]
        gender = features.gender[:, None] == features.gender[None]
        off = ~np.eye(len(same), dtype=bool)
        means = [
            similarities[mask].mean()
            for mask in (video & off, same & ~video, ~same & gender, ~gender)
        ]
        assert means == sorted(means, reverse=True)
        assert means[0] > 0.75 and means[1] > 0.5 and abs(means[2]) < 0.2
