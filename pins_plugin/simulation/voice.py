"""A voice: glottal pulses and noise through a moving vocal tract (source and filter, after Klatt 1980).

The source is made in the time domain, the tract is applied to short overlapping frames in the frequency
domain, so that a second of speech costs some milliseconds of NumPy and no loop over samples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import fftconvolve, lfilter

from pins_plugin.simulation.person import Person
from pins_plugin.simulation.phones import PHONES
from pins_plugin.simulation.utterance import Utterance

SAMPLE_RATE = 16000  # Hz
HOP = 80  # samples between frames of the tract, 5 ms
WINDOW = 320
FFT_SIZE = 560  # WINDOW + 240 samples for the tract's ringing; a multiple of HOP
LEAD = WINDOW - HOP  # samples made before time zero, where fewer windows overlap
CLOSURE = 0.6  # part of a stop during which the tract is shut


@dataclass(frozen=True)
class VoiceQuality:
    """The physical side of a voice.

    Parameters
    ----------
    pitch : float
        Mean fundamental frequency, in Hz.
    formant_scale : float
        Against a tract of middle length.
    open_quotient : float
        Part of the glottal cycle that is open.
    tilt_cutoff : float
        Where the source starts to lose a further 6 dB per octave, in Hz.
    breath : float
        Level of aspiration noise beside the voice.
    jitter : float
        Relative standard deviation of the pitch within a few milliseconds.
    twang : float
        Decibel by which 2.8-3.8 kHz are lifted.
    nasality : float
        Depth 0..1 of the dip that an open nose makes near 1 kHz.
    pitch_range : float
        Standard deviation of the melody, relative.
    articulation : float
        Extent of the mouth's movements, about 1.
    level : float
        Root mean square.
    """

    pitch: float
    formant_scale: float
    open_quotient: float
    tilt_cutoff: float
    breath: float
    jitter: float
    twang: float
    nasality: float
    pitch_range: float
    articulation: float
    level: float


@dataclass(frozen=True)
class Room:
    """Where and how a voice is recorded: reverberation time (s), its share, noise and the microphone's slope."""

    reverberation: float
    wetness: float
    noise_ratio: float  # dB of speech over noise
    noise_color: float  # 0 white .. 0.97 brown
    slope: float  # dB from 0 to 8 kHz


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


def sample_room(generator: np.random.Generator) -> Room:
    """Draw a recording condition: from a good studio to a living room with a fan."""
    return Room(
        reverberation=float(generator.uniform(0.08, 0.35)),
        wetness=float(generator.uniform(0.02, 0.25)),
        noise_ratio=float(generator.uniform(28, 48)),
        noise_color=float(generator.uniform(0.0, 0.95)),
        slope=float(generator.uniform(-2, 2)),
    )


def speak(
    utterance: Utterance, quality: VoiceQuality, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Synthesize an utterance.

    Parameters
    ----------
    utterance : Utterance
    quality : VoiceQuality
    generator : np.random.Generator

    Returns
    -------
    waveform : (num_samples,) float32 array
        16 kHz, dry and without noise; sample i sounds at i / 16000 s.
    """
    num_samples = round(utterance.duration * SAMPLE_RATE)
    num_frames = num_samples // HOP + 8
    times = ((np.arange(num_frames) * HOP + WINDOW // 2) - LEAD) / SAMPLE_RATE  # window centers
    track = _tract_track(utterance, times)
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
    tilt = (1 + (frequencies / 500) ** 2) ** 0.25 / np.sqrt(
        1 + (frequencies / quality.tilt_cutoff) ** 2
    )  # lips radiate the treble better
    aspiration = track["aspiration"] * 0.4 + track["voicing"] * quality.breath
    excitation = (
        frames["pulses"] * (track["voicing"][:, None] * tilt)
        + frames["breath"] * (aspiration[:, None])
    )
    spectrum = excitation * _tract_response(frequencies, track, quality)
    spectrum += frames["noise"] * _friction_response(frequencies, track)
    waveform = _overlap_add(np.fft.irfft(spectrum, FFT_SIZE).astype(np.float32))
    waveform = waveform[LEAD : LEAD + num_samples]
    loud = np.sqrt(np.mean(waveform[np.abs(waveform) > 0.05 * np.abs(waveform).max()] ** 2))
    result: NDArray[np.float32] = (waveform * (quality.level / max(loud, 1e-6))).astype(np.float32)
    return result


def record(
    waveform: NDArray[np.float32], room: Room, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Put a dry voice into a room and onto a microphone.

    Returns
    -------
    waveform : (num_samples,) float32 array
        Of the same length and in the same time: the direct sound is not delayed.
    """
    length = max(int(room.reverberation * SAMPLE_RATE), 2)
    decay = np.exp(-6.9 * np.arange(length) / length)
    response = (room.wetness * decay * generator.standard_normal(length) * 0.15).astype(np.float32)
    response[0] = 1.0
    wet = fftconvolve(waveform, response)[: len(waveform)]
    noise = lfilter([1.0], [1.0, -room.noise_color], generator.standard_normal(len(waveform)))
    speech_level = np.sqrt(np.mean(waveform**2)) + 1e-9
    noise *= speech_level * 10 ** (-room.noise_ratio / 20) / (np.std(noise) + 1e-9)
    tone = np.tanh(room.slope / 17.4)  # one-zero filter: + lifts the treble, - lowers it
    mixed = lfilter([1.0, -tone], [1.0], wet + noise)
    peak = np.abs(mixed).max()
    result: NDArray[np.float32] = (mixed * min(1.0, 0.95 / max(peak, 1e-9))).astype(np.float32)
    return result


def _tract_track(
    utterance: Utterance, times: NDArray[np.float64]
) -> dict[str, NDArray[np.float32]]:
    """Formants and levels at `times`: steps per phone, smoothed as articulators move."""
    starts, ends = utterance.boundaries[:-1], utterance.boundaries[1:]
    index = np.clip(np.searchsorted(ends, times, side="right"), 0, len(starts) - 1)
    phones = [PHONES[name] for name in utterance.phones]
    within = np.clip((times - starts[index]) / (ends - starts)[index], 0, 1)
    stop = np.array([phone.kind == "stop" for phone in phones])[index]
    released = (within > CLOSURE).astype(np.float64)
    burst = np.where(stop, released * np.exp(-(within - CLOSURE).clip(0) * 8), 1.0)
    levels = {
        name: np.array([getattr(phone, name) for phone in phones], dtype=np.float64)[index]
        for name in ("voicing", "aspiration", "friction", "friction_center", "friction_width")
    }
    levels["friction"] = levels["friction"] * burst
    levels["aspiration"] = levels["aspiration"] * np.where(stop, released, 1.0)
    formants = np.array([phone.formants for phone in phones])[index]  # (num_frames, 3)
    silent = np.array([phone.kind == "silence" for phone in phones])[index]
    formants = _carry_over(formants, silent)
    nasal = np.array([phone.kind == "nasal" for phone in phones])[index].astype(np.float64)
    track = {
        name: gaussian_filter1d(values, 1.2 if name.startswith("friction") else 2.0)
        for name, values in {**levels, "nasal": nasal}.items()
    }
    track["formants"] = gaussian_filter1d(formants, 4.5, axis=0)
    return {name: values.astype(np.float32) for name, values in track.items()}


def _carry_over(formants: NDArray[np.float64], silent: NDArray[np.bool_]) -> NDArray[np.float64]:
    """In silence the tract stays where the sound before left it."""
    places = np.where(silent, 0, np.arange(len(silent)))
    carried: NDArray[np.float64] = formants[np.maximum.accumulate(places)]
    return carried


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
    at = np.arange(num_frames * HOP) / HOP
    result: NDArray[np.float32] = np.interp(at, np.arange(num_frames), frames).astype(np.float32)
    return result


def _glottal_pulses(
    melody: NDArray[np.float32], quality: VoiceQuality, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Derivative of the glottal flow t^2 (1 - t) within the open part of each cycle (KLGLOTT88)."""
    cycles = np.cumsum(melody.astype(np.float64)) / SAMPLE_RATE
    number = cycles.astype(np.int64)
    phase = ((cycles - number) / quality.open_quotient).astype(np.float32)
    shimmer = 1 + 4 * quality.jitter * generator.standard_normal(number[-1] + 1)
    pulses = np.where(phase < 1, phase * (2 - 3 * phase), 0) * shimmer[number].clip(0.2, 2)
    result: NDArray[np.float32] = pulses.astype(np.float32)
    return result


def _tract_response(
    frequencies: NDArray[np.float32], track: dict[str, NDArray[np.float32]], quality: VoiceQuality
) -> NDArray[np.complex64]:
    """Cascade of five resonances, an open nose and a twang: (num_frames, num_bins)."""
    formants = track["formants"] * quality.formant_scale  # (num_frames, 3)
    nasal = track["nasal"][:, None]
    f = frequencies[None, :]
    response = np.ones((len(formants), len(frequencies)), np.complex64)
    for column, bandwidth in enumerate((70.0, 95.0, 130.0)):
        center = formants[:, column : column + 1]
        response *= center**2 / (center**2 - f**2 + 1j * f * (bandwidth * (1 + 1.5 * nasal)))
    fixed = np.ones(len(frequencies), np.complex64)
    for resonance, bandwidth in ((3600.0, 220.0), (4700.0, 300.0), (5800.0, 400.0)):
        square = (resonance * quality.formant_scale) ** 2
        fixed *= square / (square - frequencies**2 + 1j * frequencies * bandwidth)
    fixed *= 1 - quality.nasality * np.exp(-(((frequencies - 1000) / 220) ** 2))
    fixed *= 1 + 0.8 * quality.nasality * np.exp(-(((frequencies - 280) / 90) ** 2))
    fixed *= 10 ** (quality.twang / 20 * np.exp(-(((frequencies - 3300) / 500) ** 2)))
    radiated: NDArray[np.complex64] = response * fixed * (1 - 0.35 * nasal)
    return radiated.astype(np.complex64)


def _friction_response(
    frequencies: NDArray[np.float32], track: dict[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Noise made at a narrow place: one broad hump, (num_frames, num_bins)."""
    center, width = track["friction_center"][:, None], track["friction_width"][:, None]
    hump = np.exp(-0.5 * ((frequencies[None, :] - center) / width) ** 2)
    response: NDArray[np.float32] = 0.35 * track["friction"][:, None] * hump
    return response


def _frames(signal: NDArray[np.float32], num_frames: int) -> NDArray[np.float32]:
    """Cut a signal into windowed frames (num_frames, WINDOW), one each HOP."""
    padded = np.concatenate([signal, np.zeros(WINDOW, np.float32)])
    views = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:num_frames]
    windowed: NDArray[np.float32] = views * np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    return windowed


def _overlap_add(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum frames (num_frames, FFT_SIZE) that start HOP apart."""
    num_frames = len(frames)
    parts = frames.reshape(num_frames, FFT_SIZE // HOP, HOP)
    total = np.zeros((num_frames + FFT_SIZE // HOP, HOP), np.float32)
    for shift in range(parts.shape[1]):
        total[shift : shift + num_frames] += parts[:, shift]
    return total.reshape(-1)
