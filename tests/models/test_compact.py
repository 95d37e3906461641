"""The compact branches: unit length, any duration, padding that does not count."""

import pytest
import torch

from pins_plugin.models.compact import CompactFaceEncoder, CompactVoiceEncoder


@pytest.mark.parametrize("image_size", [64, 80])
def test_face_embeddings_have_unit_length(image_size: int) -> None:
    encoder = CompactFaceEncoder(image_size, embedding_dim=16)
    embeddings = encoder(torch.rand(4, 3, image_size, image_size))
    assert embeddings.shape == (4, encoder.embedding_dim)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(4))


@pytest.mark.parametrize("num_samples", [1600, 16000, 50001])
def test_voice_embeddings_have_unit_length(num_samples: int) -> None:
    encoder = CompactVoiceEncoder(embedding_dim=16)
    embeddings = encoder(torch.randn(4, num_samples))
    assert embeddings.shape == (4, 16)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(4))


def test_padding_does_not_count() -> None:
    torch.manual_seed(0)
    encoder = CompactVoiceEncoder(embedding_dim=16).eval()
    with torch.no_grad():
        encoder(torch.randn(4, 16000))
        short = torch.randn(1, 16000)
        padded = torch.cat([short, 5 * torch.randn(1, 16000)], dim=1)
        batch = torch.cat([padded, torch.randn(1, 32000)])
        alone = encoder(torch.cat([short, torch.zeros(1, 16000)], dim=1), torch.tensor([0.5]))
        together = encoder(batch, torch.tensor([0.5, 1.0]))
    assert torch.allclose(alone[0], together[0], atol=1e-5)


@pytest.mark.parametrize("gain", [0.1, 3.0])
def test_loudness_does_not_count(gain: float) -> None:
    torch.manual_seed(0)
    encoder = CompactVoiceEncoder(embedding_dim=16).eval()
    waveforms = 0.3 * torch.randn(2, 16000)
    assert torch.allclose(encoder(waveforms), encoder(gain * waveforms), atol=1e-3)
