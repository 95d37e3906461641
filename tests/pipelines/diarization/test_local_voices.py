"""Each local speaker is embedded over its own sound, and over no other's."""

import numpy as np
import torch

from pins_plugin.pipelines.diarization.local_voices import (
    embed_local_speakers,
    embed_regions,
    frame_regions,
)
from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, SPEAKERS, Segmentation


def test_regions_are_joined_and_too_little_is_no_voice(sines, pitch_encoder) -> None:
    waveform = sines((120, 2.0), (610, 2.0), (120, 2.0))
    regions = [[(0.0, 1.0), (4.0, 5.0)], [(2.0, 4.0)], [(0.0, 2.0)], [(0.0, 0.1)], []]
    embeddings, seconds = embed_regions(waveform, regions, pitch_encoder)
    np.testing.assert_allclose(seconds, [2, 2, 2, 0, 0])
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), [1, 1, 1, 0, 0], atol=1e-6)
    assert embeddings[0] @ embeddings[2] > 0.9 > 0.5 > embeddings[0] @ embeddings[1]


def test_no_sound_no_embedding(pitch_encoder: torch.nn.Module) -> None:
    embeddings, seconds = embed_regions(np.zeros(1600, np.float32), [[]], pitch_encoder)
    assert embeddings.shape == (1, 0) and seconds.tolist() == [0]


def test_local_speakers_are_heard_outside_overlap_and_counted_once(sines, pitch_encoder) -> None:
    """The second speaker joins at 120 frames, the first stops at 240; two windows hear the same."""
    classes = np.repeat([1, 4, 2], [120, 120, 120])
    posteriors = np.log(np.maximum(np.eye(len(SPEAKERS), dtype=np.float32)[classes], 1e-9))
    found = Segmentation(np.stack([posteriors, posteriors]), np.array([0, 0]), 360)
    seconds = 120 * FRAME_STEP
    waveform = sines((120, seconds + 0.02), (300, seconds), (610, seconds + 0.1))
    voices = embed_local_speakers(waveform, found, pitch_encoder)
    assert [each.speaker for each in voices.speakers] == [0, 1, 0, 1]
    np.testing.assert_allclose(voices.seconds, seconds, atol=0.01)
    np.testing.assert_allclose(voices.share, 0.5)
    np.testing.assert_allclose(voices.embeddings[0], voices.embeddings[2])
    assert voices.embeddings[0] @ voices.embeddings[1] < 0.5


def test_frames_become_seconds_around_their_middle() -> None:
    found = Segmentation(np.zeros((1, 10, 7), np.float32), np.array([0]), 10)
    ((start, end),) = frame_regions(np.arange(10) == 4, 0)
    np.testing.assert_allclose([(start + end) / 2, end - start], [found.times[4], FRAME_STEP])
