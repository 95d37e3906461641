"""People: hidden causes that show in both the face and the voice, plus traits of their own.

The model is linear and Gaussian given three coin flips, so that the best possible decision has a closed
form (`oracle.py`). Causes `c` are independent: sex and the two halves of the accent group are -1 or +1 with
equal probability, the others standard normal. Each trait of face or voice is

    trait = loadings @ c + sqrt(1 - |loadings|^2) * private,     private ~ N(0, 1),

so that every trait has mean 0 and variance 1. What a trait looks or sounds like is up to `face.py` and `voice.py`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DISCRETE_CAUSES = ("sex", "accent_1", "accent_2")  # -1 or +1
CAUSES = (*DISCRETE_CAUSES, "age", "size", "build", "weather")

# What drives each trait. `build` is slight to heavy, `weather` fresh to weathered (a smoker's skin and voice); accents are long-term settings of the articulators (Honikman 1964), so they
# color every sound, and come with the looks of a region.
FACE_LOADINGS: dict[str, dict[str, float]] = {
    "hair_length": {"sex": -0.92},
    "beard": {"sex": 0.85, "age": 0.15},
    "jaw_width": {"sex": 0.40, "size": 0.75},
    "neck_width": {"size": 0.85, "sex": 0.30},
    "nose_size": {"size": 0.80},
    "face_length": {"size": 0.45, "build": -0.60},
    "cheek_fullness": {"build": 0.95},
    "skin_tone": {"accent_1": 0.88},
    "hair_shade": {"accent_2": 0.88},
    "lip_fullness": {"sex": -0.35, "accent_1": 0.50},
    "lip_redness": {"sex": -0.75},
    "wrinkles": {"age": 0.90, "weather": 0.20},
    "hair_gray": {"age": 0.94},
    "skin_redness": {"weather": 0.94},
    "eye_bags": {"weather": 0.70, "age": 0.30},
    "brow_thickness": {"sex": 0.60},
    "brow_arch": {"sex": -0.40},
    "eye_size": {"sex": -0.45},
    "eye_color": {},
    "eye_spacing": {},
    "nose_length": {},
    "mouth_width": {},
    "hair_style": {},
    "hair_volume": {},
    "glasses": {},
}
VOICE_LOADINGS: dict[str, dict[str, float]] = {
    "pitch": {"sex": -0.88, "age": -0.20, "size": -0.15},
    "tract_length": {"sex": 0.35, "size": 0.80},
    "breathiness": {"age": 0.80, "sex": -0.15},
    "brightness": {"build": -0.40},
    "roughness": {"weather": 0.35},
    "twang": {"accent_1": 0.30},
    "nasality": {"accent_2": 0.30},
    "rate": {"age": -0.30},
    "pitch_range": {},
    "loudness": {},
    "articulation": {},
}
ACCENT_GROUPS = {(-1, -1): "northern", (-1, 1): "eastern", (1, -1): "western", (1, 1): "southern"}


@dataclass(frozen=True)
class Person:
    """One simulated person: traits of face and voice, each with mean 0 and variance 1 over people, and their causes."""

    identity: str  # such as "p0042"
    causes: dict[str, float]  # by the names of `CAUSES`
    face: dict[str, float]  # by the names of `FACE_LOADINGS`
    voice: dict[str, float]  # by the names of `VOICE_LOADINGS`

    @property
    def gender(self) -> str:
        """Return "m" or "f"."""
        return "m" if self.causes["sex"] > 0 else "f"

    @property
    def age(self) -> int:
        """Years, 18 to 80."""
        return round(18 + 62 / (1 + np.exp(-0.9 * self.causes["age"] + 0.3)))

    @property
    def accent(self) -> str:
        """Name of the accent group."""
        return ACCENT_GROUPS[int(self.causes["accent_1"]), int(self.causes["accent_2"])]


def loading_matrix(table: dict[str, dict[str, float]]) -> NDArray[np.float64]:
    """Return the (num_traits, num_causes) loadings of a table."""
    return np.array([[row.get(cause, 0.0) for cause in CAUSES] for row in table.values()])


def private_scale(loadings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (num_traits,) standard deviation of what a trait owes to no shared cause."""
    return np.sqrt(1 - (loadings**2).sum(axis=1))


def sample_person(seed: int, index: int) -> Person:
    """Make person number `index` (from 0) of the population that `seed` names; the same whatever else is made."""
    generator = np.random.default_rng([seed, 1, index])
    coins = generator.choice([-1.0, 1.0], size=len(DISCRETE_CAUSES))
    others = generator.standard_normal(len(CAUSES) - len(DISCRETE_CAUSES))
    causes = np.concatenate([coins, others])  # (num_causes,)
    traits = []
    for table in (FACE_LOADINGS, VOICE_LOADINGS):
        loadings = loading_matrix(table)
        private = private_scale(loadings) * generator.standard_normal(len(table))
        traits.append(dict(zip(table, (loadings @ causes + private).tolist(), strict=True)))
    return Person(f"p{index:04d}", dict(zip(CAUSES, causes.tolist(), strict=True)), *traits)
