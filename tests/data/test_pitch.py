"""Pitch as an embedding: close pitches are close, and what has no clear pitch says nothing."""

import pytest
import torch

from pins_plugin.data.pitch import embed_pitch

TIME = torch.arange(16000) / 16000


def _voice(hz: float | torch.Tensor) -> torch.Tensor:
    """Ten harmonics, weaker upwards; 1 s."""
    phase = (
        2 * torch.pi * torch.cumsum(torch.broadcast_to(torch.as_tensor(hz), (16000,)), 0) / 16000
    )
    return sum((number * phase).sin() / number for number in range(1, 11))


def test_similarity_falls_with_octaves() -> None:
    embeddings = embed_pitch(torch.stack([_voice(hz) for hz in (100.0, 105.0, 130.0, 220.0)]))
    similarities = embeddings @ embeddings[0]
    assert similarities[0] == pytest.approx(1.0)
    assert similarities[1] > 0.95 > similarities[2] > 0.5 > 0.2 > similarities[3]


def test_loudness_and_an_offset_change_nothing() -> None:
    voice = _voice(140.0)
    plain, quiet = embed_pitch(torch.stack([voice, 0.01 * voice + 0.3]))
    torch.testing.assert_close(plain, quiet, atol=1e-3, rtol=0)


def test_no_pitch_is_zero() -> None:
    noise = torch.randn(16000, generator=torch.Generator().manual_seed(0))
    brief = torch.cat([_voice(140.0)[:800], torch.zeros(15200)])
    assert (embed_pitch(torch.stack([noise, torch.zeros(16000), brief])) == 0).all()


def test_a_pitch_that_jumps_is_trusted_less() -> None:
    jumping = _voice(torch.where(TIME < 0.4, 110.0, 220.0))
    lengths = embed_pitch(torch.stack([_voice(220.0), jumping])).norm(dim=1)
    assert lengths[0] == pytest.approx(1.0) and 0 < lengths[1] < 0.6
