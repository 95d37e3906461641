"""What video does to a voice that was recorded well: tone, band, music, other people; a whole batch at once.

Beside `VoiceAugmentation` (noise and rooms). None of it moves the pitch or the formants, so that a voice stays a voice
of the same person.
"""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from pins_plugin.data.training.augmentation import level

NUM_KNOTS = 7  # of the tone curve, evenly spaced over all frequencies
BAND_EDGE = 60.0  # Hz over which a band ends
PARTIALS = 6  # of each note
CHORD = (0, 4, 7, 12)  # semitones over the root
LOWEST_NOTE = 55.0  # Hz
NOTE_SECONDS = 0.4


@dataclass(frozen=True)
class RecordingConditions:
    """Change the tone, cut the band, add music and other voices, each to a share of the rows.

    Parameters
    ----------
    tone, band, music, babble : float
        Shares of rows.
    tone_spread : float
        Standard deviation of the tone curve, in dB.
    edges : (float, float)
        Range of the upper edge of a cut band, in Hz.
    music_snr, babble_snr : (float, float)
        Ranges, in dB; other voices are those of the other rows.
    sample_rate : int
        In Hz.
    """

    tone: float = 0.5
    band: float = 0.25
    music: float = 0.25
    babble: float = 0.15
    tone_spread: float = 5.0
    edges: tuple[float, float] = (3400.0, 5500.0)
    music_snr: tuple[float, float] = (0.0, 20.0)
    babble_snr: tuple[float, float] = (10.0, 25.0)
    sample_rate: int = 16000

    def __call__(self, waveforms: Tensor, generator: Generator) -> Tensor:
        """Change sound (batch, num_samples)."""
        draws = torch.rand(len(waveforms), 7, generator=generator)
        shares = (self.tone, self.band, self.music, self.babble)
        tone, band, music, babble = (draws[:, i] < share for i, share in enumerate(shares))
        if babble.any():
            others = waveforms.roll(1, dims=0)
            waveforms = _mix(waveforms, others, babble, _range(self.babble_snr, draws[:, 4]))
        if music.any():
            batch, num_samples = waveforms.shape
            notes = make_music(batch, num_samples, self.sample_rate, generator)
            waveforms = _mix(waveforms, notes, music, _range(self.music_snr, draws[:, 5]))
        knots = torch.randn(len(waveforms), 1, NUM_KNOTS, generator=generator)
        return self._filter(waveforms, knots * tone[:, None, None], band, draws[:, 6])

    def _filter(self, waveforms: Tensor, knots: Tensor, band: Tensor, draws: Tensor) -> Tensor:
        spectra = torch.fft.rfft(waveforms)
        tones = self.tone_spread * knots
        decibels = interpolate(tones, spectra.shape[1], mode="linear", align_corners=True)[:, 0]
        frequencies = torch.linspace(0, self.sample_rate / 2, spectra.shape[1])
        edges = torch.where(band, _range(self.edges, draws), self.sample_rate)
        kept = torch.sigmoid((edges[:, None] - frequencies) / BAND_EDGE)
        return torch.fft.irfft(spectra * 10 ** (decibels / 20) * kept, waveforms.shape[1])


def make_music(batch: int, num_samples: int, sample_rate: int, generator: Generator) -> Tensor:
    """Chords with a beat, (batch, num_samples): simple, but with the partials, onsets and steadiness of music."""
    times = torch.arange(num_samples) / sample_rate
    note = (times / NOTE_SECONDS).long()  # (num_samples,)
    count = int(note[-1]) + 1
    steps = torch.randint(0, 36, (batch, count), generator=generator)
    tones = torch.randint(0, len(CHORD), (batch, count, 3), generator=generator)
    chord = torch.tensor(CHORD)[tones]
    pitches = LOWEST_NOTE * 2 ** ((steps[..., None] + chord) / 12)  # (batch, count, 3)
    rolloff = 0.3 + 0.6 * torch.rand(batch, 1, generator=generator)
    decay = torch.exp(-(times % NOTE_SECONDS) / (0.1 + torch.rand(batch, 1, generator=generator)))
    sound = torch.zeros(batch, num_samples)
    for voice in range(3):
        phase = 2 * math.pi * pitches[:, note, voice] * times
        for partial in range(1, PARTIALS + 1):
            audible = pitches[:, note, voice] * partial < sample_rate / 2
            sound += rolloff ** (partial - 1) * torch.sin(partial * phase) * audible
    beat = torch.randn(batch, num_samples, generator=generator)
    beat = beat * torch.exp(-(times % NOTE_SECONDS) / 0.02)
    return sound * decay + 2 * torch.rand(batch, 1, generator=generator) * beat


def _range(limits: tuple[float, float], draws: Tensor) -> Tensor:
    return limits[0] + (limits[1] - limits[0]) * draws


def _mix(waveforms: Tensor, others: Tensor, chosen: Tensor, snr: Tensor) -> Tensor:
    """Add `others` to the chosen rows (batch,) so much quieter, in dB."""
    gain = level(waveforms) / level(others) * 10 ** (-snr[:, None] / 20)
    return waveforms + chosen[:, None] * gain * others
