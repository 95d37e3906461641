"""Batches of sound of several lengths, each row encoded as if it were alone."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

SHORTEST_ROW = 0.1  # seconds; shorter rows keep that much of their padding, as silence


def encode_by_length(
    encode: Callable[[Tensor], Tensor],
    waveforms: Tensor,
    relative_lengths: Tensor,
    sample_rate: int,
) -> Tensor:
    """Encode rows of one length together, without their padding.

    Masks would not do: windows, convolutions and normalization carry padding into the sound before it.

    Parameters
    ----------
    encode : callable
        Maps (batch, num_samples) waveforms to (batch, embedding_dim) embeddings.
    waveforms, relative_lengths, sample_rate
        As in `VoiceEncoder`.

    Returns
    -------
    embeddings : (batch, embedding_dim) Tensor
        In the order of the rows.

    Examples
    --------
    >>> sums = encode_by_length(lambda rows: rows.sum(1, keepdim=True), torch.ones(2, 4), torch.tensor([1, 0.5]), 20)
    >>> sums.tolist()
    [[4.0], [2.0]]
    """
    num_samples = waveforms.shape[1]
    lengths = (relative_lengths.to(waveforms.device) * num_samples).round().long().clamp(min=1)
    inside = torch.arange(num_samples, device=waveforms.device) < lengths[:, None]
    waveforms = waveforms.where(inside, 0)
    kept = lengths.clamp(min(round(SHORTEST_ROW * sample_rate), num_samples), num_samples)
    rows, embeddings = [], []
    for length in kept.unique().tolist():
        rows.append((kept == length).nonzero()[:, 0])
        embeddings.append(encode(waveforms[rows[-1], :length]))
    return torch.cat(embeddings)[torch.cat(rows).argsort()]


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
        """Embed sound.

        Parameters
        ----------
        waveforms : (batch, num_samples) Tensor
            In [-1, 1], at `sample_rate`.
        relative_lengths : (batch,) Tensor, optional
            Length of each row relative to the longest, in (0, 1]; the rest is padding.

        Returns
        -------
        voice_embeddings : (batch, embedding_dim) Tensor
            Of unit length.
        """
        if relative_lengths is None:
            return self.encode(waveforms)
        return encode_by_length(self.encode, waveforms, relative_lengths, self.sample_rate)

    def encode(self, waveforms: Tensor) -> Tensor:
        """Embed (batch, num_samples) without padding."""
        raise NotImplementedError
