"""What a mouth does that does not speak: it rests, smiles, chews, presses its lips, parts them, yawns.

Nothing of this makes a sound, and some of it moves as far as speech does.
"""

import numpy as np
from numpy.typing import NDArray

from pins_plugin.simulation.phones import MOUTH_PARAMETERS, REST

JAW, OPENING, WIDTH, ROUNDING, PRESS, TUCK, TONGUE = range(len(MOUTH_PARAMETERS))
HOW_OFTEN = {
    "rest": 0.30, "smile": 0.22, "press": 0.10, "part": 0.12, "chew": 0.12, "yawn": 0.03, "pout": 0.06, "lick": 0.05,
}  # fmt: skip
# What acts that are but a posture add to the resting mouth, times their strength
POSTURES: dict[str, dict[int, float]] = {
    "press": {PRESS: 1.0},
    "part": {JAW: 0.25, OPENING: 0.35},
    "yawn": {JAW: 1.0, OPENING: 1.0},
    "pout": {WIDTH: -0.7, ROUNDING: 0.7},
    "lick": {TONGUE: 0.8, OPENING: 0.2},
}
SECONDS = (0.5, 3.0)  # how long an act lasts, shortest and longest
CHEWS_PER_SECOND = (0.9, 1.8)


def listener_track(
    times: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Follow the mouth of somebody who listens: one act after the other, each rising and falling smoothly.

    Increasing times (num_times,) in seconds to mouths (num_times, 7), with columns as `MOUTH_PARAMETERS`.
    """
    mouths = np.tile(np.array(REST, np.float64), (len(times), 1))
    if len(times) == 0:
        return mouths
    mouths[:, OPENING] += max(0.0, generator.normal(0.0, 0.06))  # lips that never quite close
    now = times[0] - generator.uniform(0, SECONDS[1])
    while now < times[-1]:
        end = now + generator.uniform(*SECONDS)
        rise = generator.uniform(0.15, 0.6)
        share = _smooth((times - now) / rise) * _smooth((end + rise - times) / rise)
        act = str(generator.choice(list(HOW_OFTEN), p=list(HOW_OFTEN.values())))
        mouths += share[:, None] * _act(act, times, generator)
        now = end
    low = np.where(np.arange(len(MOUTH_PARAMETERS)) == WIDTH, -1.0, 0.0)
    return np.clip(mouths, low, 1.0)


def _act(
    act: str, times: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """What an act adds to the resting mouth while it lasts, (num_times, 7)."""
    added = np.zeros((len(times), len(MOUTH_PARAMETERS)))
    strength = generator.uniform(0.2, 1.0)
    if act == "smile":
        added[:, WIDTH] = strength
        teeth = max(0.0, generator.normal(0.0, 0.25))  # shown now and then
        added[:, OPENING] = teeth * strength
    elif act == "chew":
        pace = generator.uniform(*CHEWS_PER_SECOND)
        cycle = 0.5 - 0.5 * np.cos(2 * np.pi * pace * (times - times[0]) + generator.uniform(0, 6))
        added[:, JAW] = 0.6 * strength * cycle
        added[:, PRESS] = 0.5 * strength * (1 - cycle)
        added[:, OPENING] = generator.choice([0.0, 0.25]) * strength * cycle
    for column, share in POSTURES.get(act, {}).items():
        added[:, column] = share * strength
    return added


def _smooth(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """A rise from 0 to 1 without corners."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)
