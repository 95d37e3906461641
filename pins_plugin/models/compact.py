"""Small branches that learn within minutes on a CPU."""

from collections.abc import Sequence

from torch import Tensor, nn

from pins_plugin.models.layers.lengths import VoiceEncoder
from pins_plugin.models.layers.normalization import BatchNorm, Dropout
from pins_plugin.models.layers.pooling import StatisticsPooling
from pins_plugin.models.layers.projection import Projection
from pins_plugin.models.layers.spectrogram import LogMelSpectrogram


class CompactFaceEncoder(nn.Module):
    """Four strided convolutions and two fully connected layers.

    The last feature map is flattened, not averaged: in a cut-out face, where a thing is tells as much as
    what it is.

    Parameters
    ----------
    image_size : int
        Height and width of the pictures in pixels, a multiple of 16.
    channels : sequence of int
        Of the four convolutions.
    standardize : bool
        Whether the last layer is batch-normalized; see `Projection`.
    """

    def __init__(
        self,
        image_size: int = 64,
        embedding_dim: int = 128,
        channels: Sequence[int] = (32, 64, 128, 128),
        hidden_dim: int = 256,
        dropout: float = 0.0,
        standardize: bool = True,
    ) -> None:
        super().__init__()
        self.image_size = image_size
        self.embedding_dim = embedding_dim
        layers: list[nn.Module] = []
        for before, after in zip([3, *channels], channels, strict=False):
            kernel = 5 if before == 3 else 3
            layers += [nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False)]
            layers += [BatchNorm(after), nn.ReLU(inplace=True)]
        self.convolutions = nn.Sequential(*layers)
        side = image_size // 2 ** len(channels)
        self.hidden = _hidden_layer(channels[-1] * side**2, hidden_dim, dropout)
        self.projection = Projection(hidden_dim, embedding_dim, standardize)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed faces (batch, 3, image_size, image_size), RGB in [0, 1], as (batch, embedding_dim) of unit length."""
        features = self.convolutions((faces - 0.5) / 0.25)
        return self.projection(self.hidden(features.flatten(1)))


class CompactVoiceEncoder(VoiceEncoder):
    """Log-mel bands, a time-delay network, statistics over time.

    Parameters
    ----------
    sample_rate, num_bins : int
        In Hz, and of mel bands.
    channels : sequence of int
        Of the convolutions over time; the first halves the frame rate.
    standardize : bool
        Whether the last layer is batch-normalized; see `Projection`.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        embedding_dim: int = 128,
        num_bins: int = 64,
        channels: Sequence[int] = (128, 128, 128),
        hidden_dim: int = 256,
        dropout: float = 0.0,
        standardize: bool = True,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.embedding_dim = embedding_dim
        self.spectrogram = LogMelSpectrogram(sample_rate, num_bins)
        layers: list[nn.Module] = []
        for before, after in zip([num_bins, *channels], channels, strict=False):
            kernel, stride = (5, 2) if not layers else (3, 1)
            layers += [nn.Conv1d(before, after, kernel, stride, padding=kernel // 2, bias=False)]
            layers += [BatchNorm(after), nn.ReLU(inplace=True)]
        self.convolutions = nn.Sequential(*layers)
        self.pooling = StatisticsPooling()
        self.hidden = _hidden_layer(2 * channels[-1], hidden_dim, dropout)
        self.projection = Projection(hidden_dim, embedding_dim, standardize)

    def encode(self, waveforms: Tensor) -> Tensor:
        """Embed (batch, num_samples) without padding, at least a few hundredths of a second."""
        spectrograms = self.spectrogram(waveforms)
        frames = self.convolutions(spectrograms)  # (batch, channels, num_frames)
        return self.projection(self.hidden(self.pooling(frames.float())))


def _hidden_layer(input_dim: int, hidden_dim: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        Dropout(dropout),
        nn.Linear(input_dim, hidden_dim, bias=False),
        BatchNorm(hidden_dim),
        nn.ReLU(inplace=True),
    )
