"""A small voice branch: patches of 0.7 s of log-mel spectrum, five convolutions, their mean over speech, a head.

The convolutions are those of inaSpeechSegmenter (Doukhan, Carrive, Vallet, Larcher, Meignier, ICASSP 2018; MIT), batch
normalization folded in, without the layers that followed; `recipes/RealPeople` puts them here and trains the head.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.models.layers.heads import SharedHead
from pins_plugin.models.layers.lengths import VoiceEncoder

STFT_WINDOW, HOP, FFT = 400, 160, 512  # samples of 16 kHz
NUM_BANDS = 24
LOWEST, HIGHEST = 100.0, 8000.0  # Hz
PATCH_FRAMES, PATCH_HOP = 68, 34
PRE_EMPHASIS = 0.97
# Patches this far below the loudest one count half, and how sharply
QUIET_DB, SOFTNESS_DB = 18.0, 2.5
NUM_FEATURES = 256
PATCHES_AT_ONCE = 64


class PatchVoiceEncoder(VoiceEncoder):
    """Sound to unit vectors that a face branch can be compared with; arguments as those of `ChipFaceEncoder`.

    Examples
    --------
    >>> PatchVoiceEncoder(joint_dim=8)(torch.randn(2, 16000)).shape
    torch.Size([2, 10])
    """

    sample_rate = 16000

    def __init__(
        self, hidden_dim: int = 64, joint_dim: int = 16, frozen: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.trunk = PatchTrunk().requires_grad_(not frozen)
        self.head = SharedHead(NUM_FEATURES, hidden_dim, joint_dim, side=1, dropout=dropout)
        self.embedding_dim = self.head.embedding_dim

    def encode(self, waveforms: Tensor) -> Tensor:
        """Embed (batch, num_samples) without padding."""
        return self.head(self.trunk(waveforms))


class PatchTrunk(nn.Module):
    """Sound (batch, num_samples) to features (batch, 256), the mean over patches, loud ones first."""

    def __init__(self) -> None:
        super().__init__()
        channels = (1, 64, 64, 128, 128, 256)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3) for before, after in pairwise(channels)
        )
        window = torch.hann_window(STFT_WINDOW, periodic=False)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("bands", mel_bands(), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Cut patches, run the network, average."""
        patches, level = self.cut_patches(waveforms.float())
        batch, count = level.shape
        flat = patches.reshape(batch * count, 1, PATCH_FRAMES, NUM_BANDS)
        features = torch.cat([self.read(part) for part in flat.split(PATCHES_AT_ONCE)])
        weights = weigh_patches(level)
        return torch.einsum("bp,bpf->bf", weights, features.reshape(batch, count, NUM_FEATURES))

    def cut_patches(self, waveforms: Tensor) -> tuple[Tensor, Tensor]:
        """Standardized log-mel patches of waveforms (batch, num_samples), and how loud each is.

        Returns
        -------
        patches : (batch, num_patches, 68, 24) Tensor
            Of zero mean and unit spread each.
        level : (batch, num_patches) Tensor
            In dB.
        """
        missing = STFT_WINDOW + HOP * (PATCH_FRAMES - 1) - waveforms.shape[1]
        if missing > 0:  # what is too short is repeated, so that no silence is heard
            repeats = math.ceil(1 + missing / waveforms.shape[1])
            waveforms = waveforms.repeat(1, repeats)[:, : waveforms.shape[1] + missing]
        frames = waveforms.unfold(1, STFT_WINDOW, HOP)  # (batch, num_frames, 400)
        first, rest = frames[..., :1], frames[..., 1:]
        frames = torch.cat(
            [(1 - PRE_EMPHASIS) * first, rest - PRE_EMPHASIS * frames[..., :-1]], dim=-1
        )
        power = torch.fft.rfft(frames * self.window, FFT).abs().square()  # (batch, num_frames, 257)
        spectrum = (power @ self.bands.T + 1e-10).log()  # (batch, num_frames, 24)
        patches = spectrum.unfold(1, PATCH_FRAMES, PATCH_HOP).transpose(2, 3)
        energy = frames.square().sum(dim=-1).unfold(1, PATCH_FRAMES, PATCH_HOP).mean(dim=-1)
        return _standardized(patches), 10 * (energy + 1e-10).log10()

    def read(self, patches: Tensor) -> Tensor:
        """Features (num_patches, 256) of patches (num_patches, 1, 68, 24)."""
        features = patches
        for number, convolution in enumerate(self.convolutions):
            features = functional.relu(convolution(features))
            if number == 1:
                features = functional.max_pool2d(features, (1, 2))
            elif number == 3:
                features = functional.max_pool2d(features, (2, 2))
        return features.amax(dim=(2, 3))


class PortablePatchTrunk(PatchTrunk):
    """A `PatchTrunk` of the same weights, for exporters that know neither Fourier transforms nor windows cut by strides: by convolutions.

    Examples
    --------
    >>> trunk, sound = PatchTrunk().eval(), torch.randn(2, 16000)
    >>> torch.allclose(trunk(sound), PortablePatchTrunk(trunk)(sound), atol=1e-3)
    True
    """

    def __init__(self, trunk: PatchTrunk) -> None:
        super().__init__()
        self.load_state_dict(trunk.state_dict())
        emphasis = torch.eye(STFT_WINDOW, dtype=torch.float64)
        emphasis[0, 0] -= PRE_EMPHASIS
        emphasis[1:] -= PRE_EMPHASIS * torch.eye(STFT_WINDOW, dtype=torch.float64)[:-1]
        windowed = self.window.double()[:, None] * emphasis  # (400, 400)
        spectra = torch.fft.rfft(windowed, FFT, dim=0)  # (257, 400)
        waves = torch.cat([spectra.real, spectra.imag])
        self.waves = nn.Parameter(waves.float()[:, None], requires_grad=False)
        self.emphasis = nn.Parameter(emphasis.float()[:, None], requires_grad=False)
        self.cuts = nn.Parameter(torch.eye(PATCH_FRAMES)[:, None], requires_grad=False)

    def cut_patches(self, waveforms: Tensor) -> tuple[Tensor, Tensor]:
        """See `PatchTrunk.cut_patches`."""
        num_samples = torch._shape_as_tensor(waveforms)[1]
        length = num_samples.clamp(min=STFT_WINDOW + HOP * (PATCH_FRAMES - 1))
        waveforms = waveforms[:, torch.arange(length, device=waveforms.device) % num_samples]
        waves = functional.conv1d(waveforms[:, None], self.waves, stride=HOP).square()
        half = FFT // 2 + 1
        power = waves[:, :half] + waves[:, half:]  # (batch, 257, num_frames)
        spectrum = (self.bands @ power + 1e-10).log()  # (batch, 24, num_frames)
        energy = (
            functional.conv1d(waveforms[:, None], self.emphasis, stride=HOP).square().sum(dim=1)
        )
        patches = functional.conv1d(
            spectrum.reshape(-1, 1, spectrum.shape[2]), self.cuts, stride=PATCH_HOP
        )
        patches = patches.reshape(-1, NUM_BANDS, PATCH_FRAMES, patches.shape[2])
        patches = patches.permute(0, 3, 2, 1)  # (batch, num_patches, 68, 24)
        level = functional.conv1d(energy[:, None], self.cuts, stride=PATCH_HOP).mean(dim=1)
        return _standardized(patches), 10 * (level + 1e-10).log10()

    def read(self, patches: Tensor) -> Tensor:
        """See `PatchTrunk.read`."""
        return super().read(patches.reshape(-1, 1, PATCH_FRAMES, NUM_BANDS))

    def forward(self, waveforms: Tensor) -> Tensor:
        """See `PatchTrunk`; all patches at once."""
        patches, level = self.cut_patches(waveforms.float())
        features = self.read(patches).reshape(level.shape[0], -1, NUM_FEATURES)
        return torch.einsum("bp,bpf->bf", weigh_patches(level), features)


def _standardized(patches: Tensor) -> Tensor:
    centered = patches - patches.mean(dim=(2, 3), keepdim=True)
    return centered / (centered.square().mean(dim=(2, 3), keepdim=True).sqrt() + 1e-5)


def weigh_patches(level: Tensor) -> Tensor:
    """What each patch counts, by its level in dB: (batch, num_patches), of sum 1."""
    loudest = level.amax(dim=1, keepdim=True)
    weights = torch.sigmoid((level - loudest + QUIET_DB) / SOFTNESS_DB)
    return weights / weights.sum(dim=1, keepdim=True)


def mel_bands() -> Tensor:
    """Triangles of equal area, evenly spaced on the mel scale: (24, 257)."""
    low, high = (2595 * math.log10(1 + edge / 700) for edge in (LOWEST, HIGHEST))
    edges = 700 * (10 ** (torch.linspace(low, high, NUM_BANDS + 2, dtype=torch.float64) / 2595) - 1)
    left, center, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    frequencies = torch.arange(FFT // 2 + 1, dtype=torch.float64) * 16000 / FFT
    rising = (frequencies - left) / (center - left)
    falling = (right - frequencies) / (right - center)
    return (torch.minimum(rising, falling).clamp(min=0) * 2 / (right - left)).float()
