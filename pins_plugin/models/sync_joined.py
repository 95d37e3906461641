"""Several synchronization models, trained apart from other seeds, as one: their features side by side.

The similarity of two joined features is the mean of the members' similarities, in which what each of them gets
wrong by chance cancels out (Hansen and Salamon, "Neural network ensembles", 1990).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from pins_plugin.models.sync import LipEncoder, SoundEncoder


class JoinedLipEncoders(nn.Module):
    """Lip encoders as one.

    Parameters
    ----------
    num_members : int
    channels, embedding_dim, num_blocks, dropout
        Of each; see `LipEncoder`.

    Examples
    --------
    >>> JoinedLipEncoders(num_members=2)(torch.zeros(1, 30, 88, 2)).shape
    torch.Size([1, 30, 96])
    """

    def __init__(
        self,
        num_members: int = 2,
        channels: int = 64,
        embedding_dim: int = 48,
        num_blocks: int = 2,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        options = {"channels": channels, "embedding_dim": embedding_dim,
                   "num_blocks": num_blocks, "dropout": dropout}  # fmt: skip
        members = [LipEncoder(**options) for _ in range(num_members)]  # type: ignore[arg-type]
        self.members = nn.ModuleList(members)
        self.num_points = members[0].num_points
        self.embedding_dim = num_members * embedding_dim
        self.inner_dim = sum(member.inner_dim for member in members)

    def forward(self, lips: Tensor) -> Tensor:
        """Encode (batch, num_frames, 88, 2) lips into unit-length (batch, num_frames, embedding_dim) features."""
        return _side_by_side(member(lips) for member in self.members)

    def inner_features(self, lips: Tensor) -> Tensor:
        """Those of all members, (batch, num_frames, inner_dim); see `LipEncoder.inner_features`."""
        return torch.cat([member.inner_features(lips) for member in self.members], dim=-1)


class JoinedSoundEncoders(nn.Module):
    """Sound encoders as one, behind one spectrogram.

    Parameters
    ----------
    num_members : int
    channels, embedding_dim, num_blocks, dropout
        Of each; see `SoundEncoder`.

    Examples
    --------
    >>> JoinedSoundEncoders(num_members=2)(torch.zeros(1, 16000)).shape
    torch.Size([1, 25, 96])
    """

    def __init__(
        self,
        num_members: int = 2,
        channels: int = 64,
        embedding_dim: int = 48,
        num_blocks: int = 2,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        options = {"channels": channels, "embedding_dim": embedding_dim,
                   "num_blocks": num_blocks, "dropout": dropout}  # fmt: skip
        members = [SoundEncoder(**options) for _ in range(num_members)]  # type: ignore[arg-type]
        self.members = nn.ModuleList(members)
        self.sample_rate = members[0].sample_rate
        self.embedding_dim = num_members * embedding_dim

    def forward(self, waveforms: Tensor) -> Tensor:
        """Encode (batch, num_samples) waveforms into unit-length (batch, num_frames, embedding_dim) features."""
        return self.encode_spectrograms(self.spectrograms(waveforms))

    def spectrograms(self, waveforms: Tensor) -> Tensor:
        """Log-mel bands, (batch, num_bins, 4 num_frames); see `SoundEncoder.spectrograms`."""
        return self.members[0].spectrograms(waveforms)

    def encode_spectrograms(self, spectrograms: Tensor) -> Tensor:
        """Encode (batch, num_bins, 4 num_frames) spectrograms."""
        return _side_by_side(member.encode_spectrograms(spectrograms) for member in self.members)


def _side_by_side(features: Iterable[Tensor]) -> Tensor:
    """Join unit-length (..., embedding_dim) features into longer ones of unit length."""
    parts = list(features)
    return torch.cat(parts, dim=-1) / len(parts) ** 0.5
