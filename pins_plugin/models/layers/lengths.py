"""Batches of sound of several lengths, each row encoded as if it were alone."""

import torch
from torch import Tensor, nn

SHORTEST_ROW = 0.1  # seconds; shorter rows keep that much of their padding, as silence


class VoiceEncoder(nn.Module):
    """What maps sound of several lengths to embeddings; each kind says how rows of one length are encoded.

    Attributes
    ----------
    sample_rate : int
        In Hz.
    embedding_dim : int
    """

    sample_rate: int
    embedding_dim: int

    def forward(self, waveforms: Tensor, relative_lengths: Tensor | None = None) -> Tensor:
        """Embed sound: (batch, embedding_dim) Tensor of unit length.

        Rows of one length are encoded together, without their padding. Masks would not do: windows, convolutions and
        normalization carry padding into the sound before it.

        Parameters
        ----------
        waveforms : (batch, num_samples) Tensor
            In [-1, 1], at `sample_rate`.
        relative_lengths : (batch,) Tensor, optional
            Length of each row relative to the longest, in (0, 1]; the rest is padding.
        """
        if relative_lengths is None:
            return self.encode(waveforms)
        num_samples = waveforms.shape[1]
        lengths = (relative_lengths.to(waveforms.device) * num_samples).round().long().clamp(min=1)
        inside = torch.arange(num_samples, device=waveforms.device) < lengths[:, None]
        waveforms = waveforms.where(inside, 0)
        kept = lengths.clamp(min(round(SHORTEST_ROW * self.sample_rate), num_samples), num_samples)
        rows, embeddings = [], []
        for length in kept.unique().tolist():
            rows.append((kept == length).nonzero()[:, 0])
            embeddings.append(self.encode(waveforms[rows[-1], :length]))
        return torch.cat(embeddings)[torch.cat(rows).argsort()]

    def encode(self, waveforms: Tensor) -> Tensor:
        """Embed (batch, num_samples) without padding."""
        raise NotImplementedError
