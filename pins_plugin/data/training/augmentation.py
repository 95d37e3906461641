"""Changes that leave a person who they are: to pictures and to sound, a whole batch at once.

All random numbers come from a generator that the caller seeds, on the CPU and for the whole global batch;
each process then applies its own rows. The result depends neither on the device nor on how many processes
share the batch.
"""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, grid_sample


@dataclass(eq=False)
class FaceAugmentation:
    """Flip, colour jitter, shift and zoom.

    Parameters
    ----------
    flip : float
        Probability of a mirror image.
    brightness, contrast, saturation : float
        Largest relative change.
    shift : float
        Largest shift, as a share of the picture.
    zoom : float
        Largest relative change of size.
    """

    flip: float = 0.5
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    shift: float = 0.05
    zoom: float = 0.05

    def __call__(
        self, faces: Tensor, generator: Generator, rank: int = 0, num_processes: int = 1
    ) -> Tensor:
        """Change pictures (batch, 3, height, width) in [0, 1].

        They are share `rank` of the `num_processes` of a global batch; the generator is on the CPU.
        """
        draws = _draw(7, faces, generator, rank, num_processes)  # (7, batch, 1, 1, 1), in [-1, 1]
        faces = faces * (1 + self.brightness * draws[0])
        gray = faces.mean(dim=1, keepdim=True)
        faces = gray + (faces - gray) * (1 + self.saturation * draws[1])
        mean = faces.mean(dim=(1, 2, 3), keepdim=True)
        faces = mean + (faces - mean) * (1 + self.contrast * draws[2])
        mirror = torch.where(draws[6] < 2 * self.flip - 1, -1.0, 1.0).flatten()
        faces = self._move(faces, draws[3:6].flatten(1), mirror)
        return faces.clamp(0, 1)

    def _move(self, faces: Tensor, draws: Tensor, mirror: Tensor) -> Tensor:
        if self.shift == 0 and self.zoom == 0:
            return torch.where(mirror.view(-1, 1, 1, 1) < 0, faces.flip(-1), faces)
        size = 1 + self.zoom * draws[0]
        matrices = torch.zeros(len(faces), 2, 3, device=faces.device)
        matrices[:, 0, 0] = size * mirror
        matrices[:, 1, 1] = size
        matrices[:, :, 2] = 2 * self.shift * draws[1:3].T
        grid = affine_grid(matrices, list(faces.shape), align_corners=False)
        return grid_sample(faces, grid, padding_mode="border", align_corners=False)


@dataclass(eq=False)
class VoiceAugmentation:
    """Noise of random colour, and the echo of a random room.

    Parameters
    ----------
    noise : float
        Share of clips with noise.
    snr : (float, float)
        Range of the signal-to-noise ratio, in dB.
    reverberation : float
        Share of clips with an echo.
    decay : (float, float)
        Range of the reverberation time (60 dB), in seconds.
    sample_rate : int
        In Hz.
    """

    noise: float = 0.5
    snr: tuple[float, float] = (5.0, 30.0)
    reverberation: float = 0.3
    decay: tuple[float, float] = (0.1, 0.5)
    sample_rate: int = 16000

    def __post_init__(self) -> None:
        bank = Generator().manual_seed(0)
        self._white = torch.randn(10 * self.sample_rate, generator=bank)

    def __call__(
        self, waveforms: Tensor, generator: Generator, rank: int = 0, num_processes: int = 1
    ) -> Tensor:
        """Change sound (batch, num_samples); parameters as of `FaceAugmentation`."""
        draws = _draw(7, waveforms, generator, rank, num_processes)
        draws = (draws + 1) / 2  # (7, batch, 1), in [0, 1]
        if self.reverberation > 0:
            chosen = (draws[0] < self.reverberation).flatten()
            if chosen.any():
                waveforms = waveforms.clone()
                waveforms[chosen] = self._echo(waveforms[chosen], draws[1:3, chosen])
        if self.noise > 0:
            chosen = (draws[3] < self.noise).float()
            waveforms = waveforms + chosen * self._noise(waveforms, draws[4:7])
        return waveforms

    def _echo(self, waveforms: Tensor, draws: Tensor) -> Tensor:
        """Convolve with exponentially decaying noise, the simplest room, at unchanged loudness."""
        length = min(round(self.decay[1] * self.sample_rate), len(self._white) // 2)
        times = torch.arange(length, device=waveforms.device) / self.sample_rate
        decay = self.decay[0] + (self.decay[1] - self.decay[0]) * draws[0]
        rooms = self._stretch(draws[1], length) * (-math.log(1000) * times / decay).exp()
        rooms = 0.1 * rooms
        rooms[:, 0] = 1.0  # the direct sound
        size = waveforms.shape[1] + length
        spectra = torch.fft.rfft(waveforms, size) * torch.fft.rfft(rooms, size)
        echoing = torch.fft.irfft(spectra, size)[:, : waveforms.shape[1]]
        return echoing * (level(waveforms) / level(echoing))

    def _noise(self, waveforms: Tensor, draws: Tensor) -> Tensor:
        white = self._stretch(draws[0], waveforms.shape[1] + 1)
        colour = draws[1]  # 0 white, 1 falling by 6 dB per octave at high frequencies
        noise = white[:, 1:] + colour * white[:, :-1]
        snr = self.snr[0] + (self.snr[1] - self.snr[0]) * draws[2]
        return noise * level(waveforms) / level(noise) * 10 ** (-snr / 20)

    def _stretch(self, draws: Tensor, num_samples: int) -> Tensor:
        """Cut a stretch of the stored noise for each row: (batch, num_samples)."""
        self._white = self._white.to(draws.device)
        starts = (draws * len(self._white)).long()  # (batch, 1)
        offsets = torch.arange(num_samples, device=draws.device)
        return self._white[(starts + offsets) % len(self._white)]


def _draw(
    count: int, inputs: Tensor, generator: Generator, rank: int, num_processes: int
) -> Tensor:
    """Draw numbers in [-1, 1] for one share of a global batch: (count, batch, 1, ...)."""
    batch = len(inputs)
    numbers = torch.rand(num_processes * batch, count, generator=generator) * 2 - 1
    own = numbers[rank * batch : (rank + 1) * batch]  # (batch, count)
    return own.T.reshape(count, -1, *[1] * (inputs.dim() - 1)).to(inputs.device)


def level(waveforms: Tensor) -> Tensor:
    """Root mean square of each row (batch, num_samples): (batch, 1)."""
    return waveforms.square().mean(dim=1, keepdim=True).clamp(min=1e-10).sqrt()
