"""The trunk of the small voice branch without Fourier transforms and windows cut by strides, for exporters that know neither."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d

from pins_plugin.models.voices.patch_voice import (
    FFT,
    HOP,
    NUM_BANDS,
    NUM_FEATURES,
    PATCH_FRAMES,
    PATCH_HOP,
    PRE_EMPHASIS,
    STFT_WINDOW,
    PatchTrunk,
    weigh_patches,
)


class PortablePatchTrunk(PatchTrunk):
    """A `PatchTrunk` that computes the same by convolutions, for any number of rows and samples.

    Parameters
    ----------
    trunk : PatchTrunk
        Whose weights are taken over.

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
        waves = conv1d(waveforms[:, None], self.waves, stride=HOP).square()
        half = FFT // 2 + 1
        power = waves[:, :half] + waves[:, half:]  # (batch, 257, num_frames)
        spectrum = (self.bands @ power + 1e-10).log()  # (batch, 24, num_frames)
        energy = conv1d(waveforms[:, None], self.emphasis, stride=HOP).square().sum(dim=1)
        patches = conv1d(spectrum.reshape(-1, 1, spectrum.shape[2]), self.cuts, stride=PATCH_HOP)
        patches = patches.reshape(-1, NUM_BANDS, PATCH_FRAMES, patches.shape[2])
        patches = patches.permute(0, 3, 2, 1)  # (batch, num_patches, 68, 24)
        level = conv1d(energy[:, None], self.cuts, stride=PATCH_HOP).mean(dim=1)
        centered = patches - patches.mean(dim=(2, 3), keepdim=True)
        spread = centered.square().mean(dim=(2, 3), keepdim=True).sqrt()
        return centered / (spread + 1e-5), 10 * (level + 1e-10).log10()

    def read(self, patches: Tensor) -> Tensor:
        """See `PatchTrunk.read`."""
        return super().read(patches.reshape(-1, 1, PATCH_FRAMES, NUM_BANDS))

    def forward(self, waveforms: Tensor) -> Tensor:
        """See `PatchTrunk`; all patches at once."""
        patches, level = self.cut_patches(waveforms.float())
        features = self.read(patches).reshape(level.shape[0], -1, NUM_FEATURES)
        return torch.einsum("bp,bpf->bf", weigh_patches(level), features)
