r"""The best possible decision: does this face belong to this voice, given the true traits of both?

Given the discrete causes `d` (each of eight combinations equally likely) the traits of face and voice are
jointly Gaussian, so that the log-likelihood ratio is exact:

    log sum_d p(d) p(f, v | d) - log sum_d p(d) p(f | d) - log sum_d p(d) p(v | d)

By the lemma of Neyman and Pearson no other score has a better ROC curve on random pairs.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from pins_plugin.errors import ManifestError
from pins_plugin.simulation.person import (
    CAUSES,
    DISCRETE_CAUSES,
    FACE_LOADINGS,
    VOICE_LOADINGS,
    Person,
    loading_matrix,
    private_scale,
)
from pins_plugin.utils.arrays import read_named_arrays
from pins_plugin.utils.files import atomic_path

NEEDED = ("identity", "face_traits", "voice_traits", "face_loadings", "voice_loadings")


def save_people(path: str | Path, people: Sequence[Person]) -> None:
    """Write the truth about `people` as `people.npz`: identities, causes, traits and the model's loadings."""
    arrays = {
        "identity": np.array([person.identity for person in people]),
        "causes": np.array([list(person.causes.values()) for person in people]),
        "face_traits": np.array([list(person.face.values()) for person in people]),
        "voice_traits": np.array([list(person.voice.values()) for person in people]),
        "cause_names": np.array(CAUSES),
        "face_trait_names": np.array(list(FACE_LOADINGS)),
        "voice_trait_names": np.array(list(VOICE_LOADINGS)),
        "face_loadings": loading_matrix(FACE_LOADINGS),
        "voice_loadings": loading_matrix(VOICE_LOADINGS),
        "num_discrete_causes": np.array(len(DISCRETE_CAUSES)),
    }
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def load_people(path: str | Path) -> dict[str, NDArray[np.generic]]:
    """Read what `save_people` wrote; ManifestError when the file is missing or not such a file."""
    return read_named_arrays(
        path, NEEDED, ManifestError, "the people.npz that `pins simulate clips` writes"
    )


def oracle_similarities(
    people_npz: str | Path,
    face_identities: Sequence[str],
    voice_identities: Sequence[str],
) -> NDArray[np.float64]:
    """Score faces against voices by the true traits of their people, in the file beside their manifest.

    Returns
    -------
    similarities : (num_faces, num_voices) float64 array
        Log-likelihood ratio of same against different, in nats.

    Raises
    ------
    ManifestError
        When the file cannot be used or an identity is not in it.
    """
    people = load_people(people_npz)
    rows = {identity: row for row, identity in enumerate(people["identity"].tolist())}
    unknown = sorted({*face_identities, *voice_identities} - rows.keys())
    if unknown:
        raise ManifestError(
            f"{people_npz}: holds no person {unknown[0]!r}; give the people.npz that belongs to this manifest"
        )
    (faces, face_places), (voices, voice_places) = (
        np.unique([rows[name] for name in names], return_inverse=True)
        for names in (face_identities, voice_identities)
    )
    ratios = log_likelihood_ratios(
        people["face_traits"][faces].astype(np.float64),
        people["voice_traits"][voices].astype(np.float64),
        people["face_loadings"].astype(np.float64),
        people["voice_loadings"].astype(np.float64),
        int(people["num_discrete_causes"]),
    )
    return ratios[face_places][:, voice_places]


def log_likelihood_ratios(
    face_traits: NDArray[np.float64],
    voice_traits: NDArray[np.float64],
    face_loadings: NDArray[np.float64],
    voice_loadings: NDArray[np.float64],
    num_discrete: int,
) -> NDArray[np.float64]:
    """Compute the closed form for every face and voice, (num_faces, num_voices).

    Traits are (num_faces, num_face_traits) and (num_voices, num_voice_traits), loadings (num_traits, num_causes); the
    first `num_discrete` causes are -1 or +1, the others standard normal.
    """
    num_faces, num_voices = len(face_traits), len(voice_traits)
    loadings = np.concatenate([face_loadings, voice_loadings])  # (num_traits, num_causes)
    gaussian = loadings[:, num_discrete:]
    covariance = gaussian @ gaussian.T + np.diag(private_scale(loadings) ** 2)
    split = len(face_loadings)
    precision = np.linalg.inv(covariance)
    log_joint, log_face, log_voice = [], [], []
    for coins in product([-1.0, 1.0], repeat=num_discrete):
        mean = loadings[:, :num_discrete] @ np.array(coins)
        faces = face_traits - mean[:split]
        voices = voice_traits - mean[split:]
        quadratic = (
            np.einsum("ni,ij,nj->n", faces, precision[:split, :split], faces)[:, None]
            + np.einsum("ni,ij,nj->n", voices, precision[split:, split:], voices)[None, :]
            + 2 * faces @ precision[:split, split:] @ voices.T
        )  # (num_faces, num_voices)
        log_joint.append(-0.5 * (quadratic + np.linalg.slogdet(covariance)[1]))
        log_face.append(_log_normal(faces, covariance[:split, :split]))
        log_voice.append(_log_normal(voices, covariance[split:, split:]))
    return (
        logsumexp(log_joint, axis=0).reshape(num_faces, num_voices)
        - logsumexp(log_face, axis=0)[:, None]
        - logsumexp(log_voice, axis=0)[None, :]
        + num_discrete * np.log(2)  # each p(d) is 2^-num_discrete: once above, twice below
    )


def _log_normal(
    centered: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log density of a zero-mean Gaussian but for the constant (2 pi)^(-n/2), which cancels in the ratio."""
    solved = np.linalg.solve(covariance, centered.T)
    return -0.5 * ((centered.T * solved).sum(axis=0) + np.linalg.slogdet(covariance)[1])
