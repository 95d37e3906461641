"""Front ends: from waveforms to spectrograms, inside the voice encoders."""

import torch
import torchaudio
from torch import Tensor, nn

from pins_plugin.models.pooling import frame_mask


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

    def forward(self, waveforms: Tensor, relative_lengths: Tensor | None = None) -> Tensor:
        """Turn waveforms into spectrograms.

        Parameters
        ----------
        waveforms : (batch, num_samples) Tensor
        relative_lengths : (batch,) Tensor, optional
            What lies beyond is padding: it does not count for the mean level, and is zero in the result.

        Returns
        -------
        spectrograms : (batch, num_bins, num_frames) Tensor
        """
        with torch.autocast(waveforms.device.type, enabled=False):
            spectrograms = (self.mel(waveforms.float()) + 1e-6).log()
        mask = frame_mask(spectrograms.shape[-1], relative_lengths)
        if mask is None:
            return spectrograms - spectrograms.mean(dim=(1, 2), keepdim=True)
        weights = (mask / mask.sum(dim=-1, keepdim=True))[:, None]  # (batch, 1, num_frames)
        level = (spectrograms * weights).sum(dim=-1, keepdim=True).mean(dim=1, keepdim=True)
        return (spectrograms - level) * mask[:, None]
