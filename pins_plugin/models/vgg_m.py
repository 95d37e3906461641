"""The branches of the paper: VGG-M for faces, VGGVox for voices.

Layer tables: Chatfield et al., "Return of the devil in the details" (BMVC 2014), table 1, with batch normalization;
Nagrani, Chung, Zisserman, "VoxCeleb" (Interspeech 2017), table 4; both as used in Learnable PINs, section 3.1.
"""

from torch import Tensor, nn

from pins_plugin.models.layers.lengths import VoiceEncoder
from pins_plugin.models.layers.normalization import BatchNorm, Dropout
from pins_plugin.models.layers.projection import Projection
from pins_plugin.models.layers.spectrogram import MagnitudeSpectrogram

SHORTEST_UTTERANCE = 0.7  # seconds of sound that the pooling layers of VGGVox need


class VGGMFaceEncoder(nn.Module):
    """VGG-M with batch normalization; dropout after each fully connected layer."""

    image_size = 224  # pixels, fixed by the fully connected layers

    def __init__(self, embedding_dim: int = 256, dropout: float = 0.5) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.trunk = nn.Sequential(
            *_convolution(3, 96, 7, stride=2),  # 109
            nn.MaxPool2d(3, stride=2),  # 54
            *_convolution(96, 256, 5, stride=2, padding=1),  # 26
            nn.MaxPool2d(3, stride=2, ceil_mode=True),  # 13
            *_convolution(256, 512, 3, padding=1),
            *_convolution(512, 512, 3, padding=1),
            *_convolution(512, 512, 3, padding=1),
            nn.MaxPool2d(3, stride=2),  # 6
        )
        self.fc6 = nn.Sequential(*_convolution(512, 4096, 6), Dropout(dropout))
        self.fc7 = nn.Sequential(*_convolution(4096, 4096, 1), Dropout(dropout))
        self.projection = Projection(4096, embedding_dim)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed faces (batch, 3, 224, 224), RGB in [0, 1], as (batch, embedding_dim) of unit length."""
        features = self.trunk((faces - 0.5) / 0.25)  # (batch, 512, 6, 6)
        return self.projection(self.fc7(self.fc6(features)).flatten(1))


class VGGVoxEncoder(VoiceEncoder):
    """VGGVox: a VGG-M whose last layers take in all frequencies at once and average over time; `sample_rate` in Hz."""

    def __init__(
        self, embedding_dim: int = 256, sample_rate: int = 16000, hidden_dim: int = 1024
    ) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.sample_rate = sample_rate
        self.spectrogram = MagnitudeSpectrogram(sample_rate)
        self.trunk = nn.Sequential(
            *_convolution(1, 96, 7, stride=2, padding=1),  # 254 x 148 for 3 s
            nn.MaxPool2d(3, stride=2),  # 126 x 73
            *_convolution(96, 256, 5, stride=2, padding=1),  # 62 x 36
            nn.MaxPool2d(3, stride=2),  # 30 x 17
            *_convolution(256, 384, 3, padding=1),
            *_convolution(384, 256, 3, padding=1),
            *_convolution(256, 256, 3, padding=1),
            nn.MaxPool2d((5, 3), stride=(3, 2)),  # 9 x 8
        )
        self.fc6 = nn.Sequential(*_convolution(256, 4096, (9, 1)))  # 1 x 8
        self.fc7 = nn.Sequential(
            nn.Linear(4096, hidden_dim, bias=False), BatchNorm(hidden_dim), nn.ReLU(inplace=True)
        )
        self.projection = Projection(hidden_dim, embedding_dim)

    def encode(self, waveforms: Tensor) -> Tensor:
        """Embed (batch, num_samples) without padding; what is shorter than `SHORTEST_UTTERANCE` seconds is repeated."""
        shortest = round(SHORTEST_UTTERANCE * self.sample_rate)
        if waveforms.shape[1] < shortest:
            waveforms = waveforms.repeat(1, -(-shortest // waveforms.shape[1]))
        spectrograms = self.spectrogram(waveforms)  # (batch, 512, num_frames)
        frames = self.fc6(self.trunk(spectrograms[:, None]))[:, :, 0]  # (batch, 4096, num_steps)
        return self.projection(self.fc7(frames.mean(dim=-1)))


def _convolution(
    before: int, after: int, kernel: int | tuple[int, int], stride: int = 1, padding: int = 0
) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, stride, padding)
    return [convolution, BatchNorm(after), nn.ReLU(inplace=True)]
