"""A voice: glottal pulses and noise through a moving vocal tract (source and filter, after Klatt 1980).

The source is made in the time domain, the tract is applied to short overlapping frames in the frequency
domain, so that a second of speech costs some milliseconds of NumPy and no loop over samples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.simulation.person import Person
from pins_plugin.simulation.tract import friction_response, tract_response, tract_track
from pins_plugin.simulation.utterance import Utterance

HOP_SAMPLES = 80  # samples between frames of the tract, 5 ms
WINDOW_SAMPLES = 320
FFT_SIZE = 560  # WINDOW_SAMPLES + 240 samples for the tract's ringing; a multiple of HOP_SAMPLES
LEAD = WINDOW_SAMPLES - HOP_SAMPLES  # samples made before time zero, where fewer windows overlap


@dataclass(frozen=True)
class VoiceQuality:
    """The physical side of a voice: its pitch (Hz, mean), its melody, its tract, its noises, its level."""

    pitch: float  # Hz, mean fundamental frequency
    formant_scale: float  # against a tract of middle length
    open_quotient: float  # part of the glottal cycle that is open
    tilt_cutoff: float  # Hz, where the source starts to lose a further 6 dB per octave
    breath: float  # level of aspiration noise beside the voice
    jitter: float  # relative standard deviation of the pitch within a few milliseconds
    twang: float  # dB by which 2.8-3.8 kHz are lifted
    nasality: float  # depth 0..1 of the dip that an open nose makes near 1 kHz
    pitch_range: float  # relative standard deviation of the melody
    articulation: float  # extent of the mouth's movements, about 1
    level: float  # root mean square


def voice_quality(person: Person) -> VoiceQuality:
    """Translate voice traits (mean 0, variance 1) to physical numbers."""
    voice = person.voice
    return VoiceQuality(
        pitch=float(155 * np.exp(0.33 * voice["pitch"])),
        formant_scale=float(np.exp(-0.115 * voice["tract_length"])),
        open_quotient=float(np.clip(0.6 - 0.08 * voice["brightness"], 0.4, 0.85)),
        tilt_cutoff=float(1200 * np.exp(1.3 * voice["brightness"])),
        breath=float(0.25 * np.exp(1.2 * voice["breathiness"])),
        jitter=float(0.02 * np.exp(1.1 * voice["roughness"])),
        twang=float(4 + 8 * np.tanh(0.9 * voice["twang"])),
        nasality=float(0.45 + 0.45 * np.tanh(0.9 * voice["nasality"])),
        pitch_range=float(0.10 * np.exp(0.5 * voice["pitch_range"])),
        articulation=float(np.clip(1 + 0.12 * voice["articulation"], 0.7, 1.35)),
        level=float(0.08 * np.exp(0.15 * voice["loudness"])),
    )


def speak(
    utterance: Utterance, quality: VoiceQuality, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Synthesize an utterance, (num_samples,) at 16 kHz, dry and without noise; sample i sounds at i / 16000 s."""
    num_samples = round(utterance.duration * SAMPLE_RATE)
    num_frames = num_samples // HOP_SAMPLES + 8
    centers = np.arange(num_frames) * HOP_SAMPLES + WINDOW_SAMPLES // 2 - LEAD  # of windows
    track = tract_track(utterance, centers / SAMPLE_RATE)
    melody = _melody(track["voicing"], quality, generator)
    pulses = _glottal_pulses(melody, quality, generator)
    noise = generator.standard_normal(len(pulses)).astype(np.float32)
    gust = 0.35 + 0.5 * np.maximum(-np.roll(pulses, 40), 0)  # strongest as the glottis closes
    breath = (noise * gust).astype(np.float32)
    sources = {"pulses": pulses, "breath": breath, "noise": noise}
    frames = {
        name: np.fft.rfft(_frames(signal, num_frames), FFT_SIZE).astype(np.complex64)
        for name, signal in sources.items()
    }  # (num_frames, num_bins)
    frequencies = np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLE_RATE).astype(np.float32)
    tilt = (1 + (frequencies / 500) ** 2) ** 0.25  # lips radiate the treble better
    tilt = tilt / np.sqrt(1 + (frequencies / quality.tilt_cutoff) ** 2)
    aspiration = track["aspiration"] * 0.4 + track["voicing"] * quality.breath
    spectrum = frames["pulses"] * (track["voicing"][:, None] * tilt)
    spectrum += frames["breath"] * aspiration[:, None]
    spectrum = spectrum * tract_response(
        frequencies,
        track,
        formant_scale=quality.formant_scale,
        nasality=quality.nasality,
        twang=quality.twang,
    )
    spectrum += frames["noise"] * friction_response(frequencies, track)
    waveform = _overlap_add(np.fft.irfft(spectrum, FFT_SIZE).astype(np.float32))
    waveform = waveform[LEAD : LEAD + num_samples]
    loud = np.sqrt(np.mean(waveform[np.abs(waveform) > 0.05 * np.abs(waveform).max()] ** 2))
    return (waveform * (quality.level / max(loud, 1e-6))).astype(np.float32)


def _melody(
    voicing: NDArray[np.float32], quality: VoiceQuality, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Pitch per sample in Hz: a falling line, a slow melody, and jitter."""
    num_frames = len(voicing)
    melody = gaussian_filter1d(generator.standard_normal(num_frames + 160), 24)[80:-80]
    melody = melody / 0.108 * quality.pitch_range  # unit variance after smoothing, about
    fall = np.linspace(0.06, -0.10, num_frames)
    jitter = quality.jitter * generator.standard_normal(num_frames)
    frames = quality.pitch * np.exp(melody + fall + jitter)
    at = np.arange(num_frames * HOP_SAMPLES) / HOP_SAMPLES
    return np.interp(at, np.arange(num_frames), frames).astype(np.float32)


def _glottal_pulses(
    melody: NDArray[np.float32], quality: VoiceQuality, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Derivative of the glottal flow t^2 (1 - t) within the open part of each cycle (KLGLOTT88)."""
    cycles = np.cumsum(melody.astype(np.float64)) / SAMPLE_RATE
    number = cycles.astype(np.int64)
    phase = ((cycles - number) / quality.open_quotient).astype(np.float32)
    shimmer = 1 + 4 * quality.jitter * generator.standard_normal(number[-1] + 1)
    pulses = np.where(phase < 1, phase * (2 - 3 * phase), 0) * shimmer[number].clip(0.2, 2)
    return pulses.astype(np.float32)


def _frames(signal: NDArray[np.float32], num_frames: int) -> NDArray[np.float32]:
    """Cut a signal into windowed frames (num_frames, WINDOW_SAMPLES), one each HOP_SAMPLES."""
    padded = np.concatenate([signal, np.zeros(WINDOW_SAMPLES, np.float32)])
    views = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    return views[:num_frames] * np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)


def _overlap_add(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum frames (num_frames, FFT_SIZE) that start HOP_SAMPLES apart."""
    num_frames = len(frames)
    parts = frames.reshape(num_frames, FFT_SIZE // HOP_SAMPLES, HOP_SAMPLES)
    total = np.zeros((num_frames + FFT_SIZE // HOP_SAMPLES, HOP_SAMPLES), np.float32)
    for shift in range(parts.shape[1]):
        total[shift : shift + num_frames] += parts[:, shift]
    return total.reshape(-1)
