"""A recurrent voice encoder that knows real voices: d-vectors by the GE2E loss.

Wan, Wang, Papir, Lopez Moreno, "Generalized end-to-end loss for speaker verification", ICASSP 2018. The
weights in `pretrained/voice_ge2e` are those of Resemblyzer 0.1.4 (Apache License 2.0), trained on LibriSpeech
and VoxCeleb; see the model card there.
"""

import torch
import torchaudio
from torch import Tensor, nn
from torch.nn.functional import normalize

LEVEL = -30.0  # dB of full scale to which each waveform is brought


class GE2EVoiceEncoder(nn.Module):
    """Three LSTM layers over mel energies; the last state is the voice.

    Parameters
    ----------
    embedding_dim : int
    num_bins : int
        Number of mel bands.
    num_layers : int
    """

    def __init__(self, embedding_dim: int = 256, num_bins: int = 40, num_layers: int = 3) -> None:
        super().__init__()
        self.sample_rate = 16000
        self.embedding_dim = embedding_dim
        self.mel = torchaudio.transforms.MelSpectrogram(
            self.sample_rate,
            n_fft=400,
            hop_length=160,
            n_mels=num_bins,
            power=2.0,
            norm="slaney",
            mel_scale="slaney",
            pad_mode="constant",
        )
        self.lstm = nn.LSTM(num_bins, embedding_dim, num_layers, batch_first=True)
        self.linear = nn.Linear(embedding_dim, embedding_dim)

    def forward(self, waveforms: Tensor, relative_lengths: Tensor | None = None) -> Tensor:
        """Embed waveforms, best of about one to two seconds.

        Parameters
        ----------
        waveforms : (batch, num_samples) Tensor
            At 16 kHz.
        relative_lengths : (batch,) Tensor, optional
            Part of each row that is sound, in (0, 1]; the rest is padding.

        Returns
        -------
        voice_embeddings : (batch, embedding_dim) Tensor
            Of unit length, no entry negative.
        """
        batch, num_samples = waveforms.shape
        if relative_lengths is None:
            relative_lengths = waveforms.new_ones(batch)
        used = (relative_lengths.to(waveforms.device) * num_samples).round().long().clamp(min=1)
        inside = torch.arange(num_samples, device=waveforms.device) < used[:, None]
        waveforms = waveforms * inside
        power = waveforms.square().sum(dim=1) / used
        gain = 10 ** (LEVEL / 20) / power.clamp(min=1e-12).sqrt()
        spectrograms = self.mel(waveforms * gain[:, None]).transpose(1, 2)
        states, _ = self.lstm(spectrograms)  # (batch, num_frames, embedding_dim)
        last = (used // self.mel.hop_length).clamp(max=states.shape[1] - 1)
        state = states.gather(1, last[:, None, None].expand(-1, 1, states.shape[2]))[:, 0]
        return normalize(torch.relu(self.linear(state)), dim=-1)
