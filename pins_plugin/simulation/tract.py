"""The vocal tract: how its resonances and noises move through an utterance, and how it filters (Klatt 1980)."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from pins_plugin.simulation.phones import PHONES
from pins_plugin.simulation.utterance import Utterance

CLOSURE = 0.6  # part of a stop during which the tract is shut


def tract_track(utterance: Utterance, times: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
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
    return formants[np.maximum.accumulate(places)]


def tract_response(
    frequencies: NDArray[np.float32],
    track: dict[str, NDArray[np.float32]],
    *,
    formant_scale: float,
    nasality: float,
    twang: float,
) -> NDArray[np.complex64]:
    """Cascade of six resonances, an open nose and a twang (see `VoiceQuality`): (num_frames, num_bins)."""
    formants = track["formants"] * formant_scale  # (num_frames, 3)
    nasal = track["nasal"][:, None]
    f = frequencies[None, :]
    response = np.ones((len(formants), len(frequencies)), np.complex64)
    for column, bandwidth in enumerate((70.0, 95.0, 130.0)):
        center = formants[:, column : column + 1]
        response *= center**2 / (center**2 - f**2 + 1j * f * (bandwidth * (1 + 1.5 * nasal)))
    fixed = np.ones(len(frequencies), np.complex64)
    for resonance, bandwidth in ((3600.0, 220.0), (4700.0, 300.0), (5800.0, 400.0)):
        square = (resonance * formant_scale) ** 2
        fixed *= square / (square - frequencies**2 + 1j * frequencies * bandwidth)
    fixed *= 1 - nasality * np.exp(-(((frequencies - 1000) / 220) ** 2))
    fixed *= 1 + 0.8 * nasality * np.exp(-(((frequencies - 280) / 90) ** 2))
    fixed *= 10 ** (twang / 20 * np.exp(-(((frequencies - 3300) / 500) ** 2)))
    radiated: NDArray[np.complex64] = response * fixed * (1 - 0.35 * nasal)
    return radiated.astype(np.complex64)


def friction_response(
    frequencies: NDArray[np.float32], track: dict[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Noise made at a narrow place: one broad hump, (num_frames, num_bins)."""
    center, width = track["friction_center"][:, None], track["friction_width"][:, None]
    hump = np.exp(-0.5 * ((frequencies[None, :] - center) / width) ** 2)
    return 0.35 * track["friction"][:, None] * hump
