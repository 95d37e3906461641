"""Spectrograms: what is padding does not count."""

import torch

from pins_plugin.models.spectrogram import LogMelSpectrogram


def test_padding_does_not_shift_the_mean_level() -> None:
    """A bug once: the level was averaged over the padding too, and moved every embedding."""
    front_end = LogMelSpectrogram(num_bins=20)
    short = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    padded = torch.cat([short, torch.zeros(1, 8000)], dim=1)
    alone, beside = front_end(short), front_end(padded, torch.tensor([0.5]))
    torch.testing.assert_close(beside[..., :45], alone[..., :45], atol=0.05, rtol=0)
    assert (beside[..., 52:] == 0).all()
