"""Simulated recognition embeddings of faces and voices: what face and speaker networks give for real people, roughly.

Few causes are shared by a person's face and voice (gender strongly; age, origin and some others weakly); most of
what tells people apart is private to one modality. Clips of one video share a session effect in both
modalities, and every clip adds noise. All of it passes through a mild nonlinearity into many dimensions.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.utils.files import atomic_path, write_text

GROUP_SHARES = (0.55, 0.16, 0.11, 0.08, 0.06, 0.04)
SHARED_STRENGTHS = (0.28, 0.17) + (0.14,) * 3 + (0.1,) * 4  # gender, age, origin, others


@dataclass(frozen=True)
class FeatureSettings:
    """What a simulated table of features is like.

    Parameters
    ----------
    num_identities : int
    videos_per_identity, clips_per_video : tuple of two int
        Smallest and largest number, drawn evenly.
    face_dim, voice_dim : int
        As of InceptionResnetV1 and ECAPA-TDNN.
    latent_dim : int
        Directions in which people differ within one modality.
    shared : float
        Strength of the shared causes.
    session, noise : float
        Spread of videos of one person, and of clips of one video, relative to the spread of people.
    session_link : float
        Share of a video's effect that face and voice have in common.
    nonlinearity : float
        Weight of the nonlinear part of an embedding.
    """

    num_identities: int = 400
    videos_per_identity: tuple[int, int] = (3, 15)
    clips_per_video: tuple[int, int] = (1, 8)
    face_dim: int = 512
    voice_dim: int = 192
    latent_dim: int = 100
    shared: float = 1.0
    session: float = 0.6
    noise: float = 0.5
    session_link: float = 0.3
    nonlinearity: float = 0.5


@dataclass(frozen=True)
class SimulatedFeatures:
    """A table of clips, one row each.

    Parameters
    ----------
    face_embeddings, voice_embeddings : (num_clips, dim) float32 array
        Unit length.
    identity, video, gender : (num_clips,) str array
    """

    face_embeddings: NDArray[np.float32]
    voice_embeddings: NDArray[np.float32]
    identity: NDArray[np.str_]
    video: NDArray[np.str_]
    gender: NDArray[np.str_]


def simulate_features(settings: FeatureSettings, seed: int) -> SimulatedFeatures:
    """Draw people, their videos and the embeddings of their clips.

    Parameters
    ----------
    settings : FeatureSettings
    seed : int

    Returns
    -------
    features : SimulatedFeatures
    """
    generator = np.random.default_rng(seed)
    causes, is_male = _draw_causes(settings.num_identities, generator)
    low, high = settings.videos_per_identity
    person_of_video = np.repeat(
        np.arange(settings.num_identities),
        generator.integers(low, high + 1, settings.num_identities),
    )
    low, high = settings.clips_per_video
    video_of_clip = np.repeat(
        np.arange(len(person_of_video)), generator.integers(low, high + 1, len(person_of_video))
    )
    common = generator.standard_normal((len(person_of_video), 6))
    tables = [
        _embed(settings, dim, causes, common, person_of_video, video_of_clip, generator)
        for dim in (settings.face_dim, settings.voice_dim)
    ]
    person_of_clip = person_of_video[video_of_clip]
    return SimulatedFeatures(
        face_embeddings=tables[0],
        voice_embeddings=tables[1],
        identity=np.char.mod("person%05d", person_of_clip),
        video=np.char.mod("video%06d", video_of_clip),
        gender=np.where(is_male[person_of_clip], "m", "f"),
    )


def _draw_causes(
    num_identities: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Shared causes of each person (num_identities, 9), about unit variance each, and gender."""
    is_male = generator.random(num_identities) < 0.55
    places = generator.standard_normal((len(GROUP_SHARES), 3))
    group = generator.choice(len(GROUP_SHARES), num_identities, p=GROUP_SHARES)
    age = generator.gamma(3.0, 1.0, num_identities) / np.sqrt(3.0) - np.sqrt(3.0)
    others = generator.standard_t(5, (num_identities, 4)) / np.sqrt(5 / 3)
    causes = np.column_stack([np.where(is_male, 1.0, -1.0), age, places[group], others])
    return causes * SHARED_STRENGTHS, is_male


def _embed(
    settings: FeatureSettings,
    dim: int,
    causes: NDArray[np.float64],
    common: NDArray[np.float64],
    person_of_video: NDArray[np.int64],
    video_of_clip: NDArray[np.int64],
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    latent = settings.latent_dim
    spectrum = np.arange(1, latent + 1) ** -0.25
    spectrum *= np.sqrt(latent / (spectrum**2).sum())

    def mix(rows: int, columns: int) -> NDArray[np.float64]:
        return generator.standard_normal((rows, columns)) / np.sqrt(rows)

    # each cause points somewhere among the directions that tell people apart
    from_causes = settings.shared * generator.standard_normal((causes.shape[1], latent))
    private = generator.laplace(size=(len(causes), latent)) / np.sqrt(2) * spectrum
    people = private + causes @ from_causes
    link = settings.session_link
    session = np.sqrt(link) * common @ mix(common.shape[1], latent)
    session += np.sqrt(1 - link) * generator.standard_normal((len(person_of_video), latent))
    videos = people[person_of_video] + settings.session * session
    clips = videos[video_of_clip]
    clips = clips + settings.noise * generator.standard_normal(clips.shape)
    bent = np.tanh(clips @ mix(latent, 2 * latent) * 1.5) @ mix(2 * latent, dim)
    embeddings = clips @ mix(latent, dim) + settings.nonlinearity * np.sqrt(2) * bent
    embeddings += 0.3 * generator.standard_normal(embeddings.shape) + 0.3 * mix(1, dim)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings.astype(np.float32)


def write_features(
    folder: str | Path,
    settings: FeatureSettings,
    seed: int,
    shares: tuple[float, float, float] = (0.7, 0.1, 0.2),
) -> None:
    """Write `face.npz`, `voice.npz` and `manifest.csv` as labs would hold them.

    Parameters
    ----------
    folder : str or Path
    settings : FeatureSettings
    seed : int
    shares : tuple of three float
        Of the people in the splits train, valid and test.
    """
    folder = Path(folder)
    features = simulate_features(settings, seed)
    clip_id = np.char.mod("clip%07d", np.arange(len(features.identity)))
    for name, embeddings in (
        ("face", features.face_embeddings),
        ("voice", features.voice_embeddings),
    ):
        with atomic_path(folder / f"{name}.npz") as temporary, temporary.open("wb") as file:
            np.savez(file, embeddings=embeddings, clip_id=clip_id)
    person = np.unique(features.identity, return_inverse=True)[1]
    bounds = np.cumsum(shares)[:2] * (person.max() + 1)
    split = np.array(["train", "valid", "test"])[np.searchsorted(bounds, person, side="right")]
    columns = (clip_id, features.identity, features.video, split, features.gender)
    rows = ["clip_id,identity,video,split,gender"]
    rows += [",".join(row) for row in zip(*columns, strict=True)]
    write_text(folder / "manifest.csv", "\n".join(rows) + "\n")
