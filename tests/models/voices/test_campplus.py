"""The shipped voice encoder."""

import pytest
import torch
from torch.nn.functional import pad
from torchaudio.compliance import kaldi

from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.models.voices.campplus import CAMPlusVoiceEncoder, Filterbank


@pytest.fixture(scope="module")
def encoder() -> CAMPlusVoiceEncoder:
    return load_model_folder("voice_campplus").modules["voice_encoder"]


def sounds(batch: int, num_samples: int) -> torch.Tensor:
    return torch.randn(batch, num_samples, generator=torch.Generator().manual_seed(0)) / 10


def test_filterbank_is_kaldis() -> None:
    waveforms = sounds(2, 8000) * torch.linspace(0, 1, 8000)
    found = Filterbank(80, 16000)(waveforms)
    for row, levels in zip(waveforms, found, strict=True):
        expected = kaldi.fbank(row[None], num_mel_bins=80, dither=0.0)
        expected = expected - expected.mean(dim=0)
        torch.testing.assert_close(levels.T, expected, atol=2e-3, rtol=0)


def test_level_changes_nothing_and_rows_are_unit_vectors(encoder) -> None:
    with torch.inference_mode():
        embeddings, louder = encoder(sounds(2, 16000)), encoder(5 * sounds(2, 16000))
    assert embeddings.shape == (2, encoder.embedding_dim)
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(embeddings, louder, atol=1e-4, rtol=0)


def test_rows_do_not_see_each_other(encoder) -> None:
    with torch.inference_mode():
        together = encoder(sounds(3, 40000))  # more than one segment of the masks
        alone = torch.cat([encoder(row[None]) for row in sounds(3, 40000)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("num_samples", [1, 399, 1600])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_short_and_silent_sound_is_embedded(encoder, num_samples: int, level: float) -> None:
    with torch.inference_mode():
        found = encoder(level * sounds(1, num_samples))
        padded = encoder(level * pad(sounds(1, num_samples), (0, 1600 - num_samples)))
    assert found.isfinite().all()
    torch.testing.assert_close(found, padded)


def test_it_can_be_trained() -> None:
    encoder = CAMPlusVoiceEncoder(blocks=[(2, 1), (1, 2)]).train()
    encoder(sounds(2, 16000), torch.tensor([1.0, 0.5]))[:, 0].sum().backward()
    assert all(w.grad is not None and w.grad.isfinite().all() for w in encoder.parameters())
