"""Front ends: from waveforms to spectrograms, inside the voice encoders."""

import torch
import torchaudio
from torch import Tensor, nn


class LogMelSpectrogram(nn.Module):
    """Log energies in mel bands, with the clip's mean level taken off.

    Taking off one number per clip forgets how loud the recording is and keeps the shape of the mean
    spectrum, which tells about the vocal tract.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    num_bins : int
        Number of mel bands.
    window_seconds, hop_seconds : float

    Examples
    --------
    >>> LogMelSpectrogram(num_bins=40)(torch.zeros(2, 16000)).shape
    torch.Size([2, 40, 101])
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        num_bins: int = 64,
        window_seconds: float = 0.032,
        hop_seconds: float = 0.01,
    ) -> None:
        super().__init__()
        window = round(window_seconds * sample_rate)
        self.mel = torchaudio.transforms.MelSpectrogram(
            sample_rate,
            n_fft=2 ** (window - 1).bit_length(),
            win_length=window,
            hop_length=round(hop_seconds * sample_rate),
            f_min=40.0,
            n_mels=num_bins,
            window_fn=torch.hamming_window,
        )

    def forward(self, waveforms: Tensor) -> Tensor:
        """Turn (batch, num_samples) waveforms into (batch, num_bins, num_frames) spectrograms."""
        with torch.autocast(waveforms.device.type, enabled=False):
            spectrograms = (self.mel(waveforms.float()) + 1e-6).log()
        return spectrograms - spectrograms.mean(dim=(1, 2), keepdim=True)
