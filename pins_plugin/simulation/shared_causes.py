"""What a simulated person's face and voice have in common, and how well the best judge of it could do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
GROUP_SHARES = np.array([0.5, 0.17, 0.12, 0.09, 0.07, 0.05])  # origins, in falling order
ACCENTS = 0.6  # share of the people whose voice tells their origin
TRAIT_LINKS = np.array([0.75, 0.6, 0.5, 0.4, 0.4])  # correlation of both sides: age, build, others
GENDER, ORIGIN, TRAITS = 0.26, 0.16, np.array([0.17, 0.14, 0.12, 0.12, 0.12])
BENT = 0.06  # how much a trait shows otherwise in men than in women


@dataclass(frozen=True, eq=False)
class SharedCauses:
    """Causes of each person, as the face shows them and as the voice does."""

    is_male: NDArray[np.bool_]  # (num_identities,)
    face_origin: NDArray[np.int64]  # (num_identities,)
    voice_origin: NDArray[np.int64]  # (num_identities,)
    face_traits: Floats  # (num_identities, num_traits), of unit variance
    voice_traits: Floats  # the same, correlated with those of the face by `TRAIT_LINKS`
    places: Floats  # (num_origins, 3), what each origin looks and sounds like

    def face_effects(self) -> Floats:
        """Inputs of the face embeddings: (num_identities, num_effects)."""
        return self._effects(self.face_origin, self.face_traits)

    def voice_effects(self) -> Floats:
        """Inputs of the voice embeddings: (num_identities, num_effects)."""
        return self._effects(self.voice_origin, self.voice_traits)

    def _effects(self, origin: NDArray[np.int64], traits: Floats) -> Floats:
        side = np.where(self.is_male, 1.0, -1.0)
        aged = np.exp(0.4 * traits[:, :1]) - np.exp(0.08)  # skewed, as ages are
        shown = np.column_stack([aged * 2.0, traits[:, 1:]])
        return np.column_stack(
            [
                GENDER * side,
                ORIGIN * self.places[origin],
                TRAITS * shown,
                BENT * side[:, None] * shown,
            ]
        )

    def oracle(self, faces: NDArray[np.int64], voices: NDArray[np.int64]) -> Floats:
        """Log-likelihood ratio of the same person against two, of one who reads both sides' causes without error.

        People (num_pairs,) of faces and of voices to scores (num_pairs,), which no head over the embeddings can beat on
        average.
        """
        male = float(np.mean(self.is_male))
        alike = self.is_male[faces] == self.is_male[voices]
        scores = np.where(alike, -np.log(np.where(self.is_male[faces], male, 1 - male)), -50.0)
        place, accent = self.face_origin[faces], self.voice_origin[voices]
        given_face = ACCENTS * (place == accent) + (1 - ACCENTS) * GROUP_SHARES[accent]
        scores = scores + np.log(given_face / GROUP_SHARES[accent])
        first, second, link = self.face_traits[faces], self.voice_traits[voices], TRAIT_LINKS
        joint = (link**2 * (first**2 + second**2) - 2 * link * first * second) / (1 - link**2)
        return np.asarray(scores - 0.5 * (joint + np.log(1 - link**2)).sum(axis=1))


def draw_causes(
    num_identities: int, male_share: float, generator: np.random.Generator
) -> SharedCauses:
    """Draw the shared causes of people."""
    num_origins = len(GROUP_SHARES)
    origin = generator.choice(num_origins, num_identities, p=GROUP_SHARES)
    other = generator.choice(num_origins, num_identities, p=GROUP_SHARES)
    traits = generator.standard_normal((num_identities, len(TRAIT_LINKS)))
    noise = generator.standard_normal(traits.shape)
    return SharedCauses(
        is_male=generator.random(num_identities) < male_share,
        face_origin=origin,
        voice_origin=np.where(generator.random(num_identities) < ACCENTS, origin, other),
        face_traits=traits,
        voice_traits=TRAIT_LINKS * traits + np.sqrt(1 - TRAIT_LINKS**2) * noise,
        places=generator.standard_normal((num_origins, 3)),
    )
