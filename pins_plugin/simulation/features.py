"""Simulated recognition embeddings of faces and voices: what face and speaker networks give for real people, roughly.

A person's face and voice share few causes: gender above all; then age, origin and build, each of which the voice
tells only in part. Most of what tells people apart is private to one modality and falls off along its directions
by a power law. Videos and clips add effects of their own (light, pose, room, microphone), face and voice sharing
some of a video's. All of it passes through a mild nonlinearity into the form that a network gives: of unit
length, of any length around a mean, or rectified.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.simulation.shared_causes import SharedCauses, draw_causes
from pins_plugin.utils.files import atomic_path, write_text

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
FORMS = ("unit", "offset", "rectified")
SPLIT_SHARES = (0.7, 0.1, 0.2)  # of the people in the splits train, valid and test


@dataclass(frozen=True)
class FeatureSettings:
    """What a simulated table of features is like.

    Embeddings have a form: "unit" length, "offset" (any length, around a mean that is not zero) or "rectified"
    (nonnegative, of any length). `session` and `noise` are the spread of videos of one person and of clips of one
    video, relative to the spread of people.
    """

    num_identities: int = 400
    videos_per_identity: tuple[int, int] = (3, 15)  # fewest and most; few are more common
    clips_per_video: tuple[int, int] = (1, 8)  # likewise: the logarithm is drawn evenly
    face_dim: int = 512  # as of InceptionResnetV1
    voice_dim: int = 192  # as of ECAPA-TDNN
    face_form: str = "unit"
    voice_form: str = "unit"
    latent_dim: int = 120  # directions in which people differ within one modality
    decay: float = 0.3  # exponent of the power law by which these directions fall off
    shared: float = 1.0  # strength of the shared causes
    male_share: float = 0.55
    session: float = 0.6
    noise: float = 0.5
    session_link: float = 0.2  # share of a video's effect that face and voice have in common
    wrong_voice: float = 0.0  # share of the videos whose sound is someone else's
    nonlinearity: float = 0.5  # weight of the nonlinear part of an embedding


@dataclass(frozen=True, eq=False)
class SimulatedFeatures:
    """A table of clips, one row each: embeddings (num_clips, dim), and whose they are, (num_clips,)."""

    face_embeddings: NDArray[np.float32]
    voice_embeddings: NDArray[np.float32]
    identity: NDArray[np.str_]
    video: NDArray[np.str_]
    gender: NDArray[np.str_]
    causes: SharedCauses  # of the people in the order of their names


def simulate_features(settings: FeatureSettings, seed: int) -> SimulatedFeatures:
    """Draw people, their videos and the embeddings of their clips."""
    generator = np.random.default_rng(seed)
    causes = draw_causes(settings.num_identities, settings.male_share, generator)
    person_of_video = _repeat(settings.num_identities, settings.videos_per_identity, generator)
    video_of_clip = _repeat(len(person_of_video), settings.clips_per_video, generator)
    heard = person_of_video.copy()
    wrong = np.flatnonzero(generator.random(len(heard)) < settings.wrong_voice)
    heard[wrong] = generator.integers(0, settings.num_identities, len(wrong))
    common = generator.standard_normal((len(person_of_video), 6))
    face_embeddings, voice_embeddings = (
        _embed(settings, dim, form, effects, common, people, video_of_clip, generator)
        for dim, form, effects, people in (
            (settings.face_dim, settings.face_form, causes.face_effects(), person_of_video),
            (settings.voice_dim, settings.voice_form, causes.voice_effects(), heard),
        )
    )
    person_of_clip = person_of_video[video_of_clip]
    return SimulatedFeatures(
        face_embeddings=face_embeddings,
        voice_embeddings=voice_embeddings,
        identity=np.char.mod("person%05d", person_of_clip),
        video=np.char.mod("video%06d", video_of_clip),
        gender=np.where(causes.is_male[person_of_clip], "m", "f"),
        causes=causes,
    )


def _repeat(num_owners: int, bounds: tuple[int, int], generator: np.random.Generator) -> Indices:
    """Give each owner some items, few more often than many: the owner of each item."""
    low, high = np.log(bounds[0]), np.log(bounds[1] + 1)
    counts = np.exp(generator.uniform(low, high, num_owners)).astype(int)
    return np.repeat(np.arange(num_owners), counts.clip(*bounds))


def _embed(
    settings: FeatureSettings,
    dim: int,
    form: str,
    effects: Floats,
    common: Floats,
    person_of_video: Indices,
    video_of_clip: Indices,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    latent = settings.latent_dim

    def mix(rows: int, columns: int) -> Floats:
        return generator.standard_normal((rows, columns)) / np.sqrt(rows)

    def spectrum() -> Floats:
        values = generator.permutation(np.arange(1, latent + 1) ** -settings.decay)
        return np.asarray(values * np.sqrt(latent / (values**2).sum()))

    # each cause points somewhere among the directions that tell people apart
    from_causes = settings.shared * generator.standard_normal((effects.shape[1], latent))
    private = generator.laplace(size=(len(effects), latent)) / np.sqrt(2) * spectrum()
    people = private + effects @ from_causes
    link = settings.session_link
    session = np.sqrt(link) * common @ mix(common.shape[1], latent)
    session += np.sqrt(1 - link) * generator.standard_normal((len(person_of_video), latent))
    videos = people[person_of_video] + settings.session * session * spectrum()
    clips = videos[video_of_clip]
    clips = clips + settings.noise * generator.standard_normal(clips.shape) * spectrum()
    bent = np.tanh(clips @ mix(latent, 2 * latent) * 1.5) @ mix(2 * latent, dim)
    embeddings = clips @ mix(latent, dim) + settings.nonlinearity * np.sqrt(2) * bent
    embeddings += 0.2 * generator.standard_normal(embeddings.shape)
    return _in_form(embeddings, form, generator).astype(np.float32)


def _in_form(embeddings: Floats, form: str, generator: np.random.Generator) -> Floats:
    """Bring embeddings of about unit variance into the form that a network gives."""
    lengths = generator.lognormal(0.0, 0.1, (len(embeddings), 1))
    if form == "rectified":
        return np.maximum(embeddings - 0.5, 0.0) * lengths
    if form == "offset":
        return 20.0 * (embeddings + 0.5 * generator.standard_normal(embeddings.shape[1])) * lengths
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def write_features(folder: str | Path, settings: FeatureSettings, seed: int) -> None:
    """Write `face.npz`, `voice.npz` and `manifest.csv` as labs would hold them."""
    folder = Path(folder)
    features = simulate_features(settings, seed)
    clip_id = np.char.mod("clip%07d", np.arange(len(features.identity)))
    tables = {"face": features.face_embeddings, "voice": features.voice_embeddings}
    for name, embeddings in tables.items():
        with atomic_path(folder / f"{name}.npz") as temporary, temporary.open("wb") as file:
            np.savez(file, embeddings=embeddings, clip_id=clip_id)
    person = np.unique(features.identity, return_inverse=True)[1]
    bounds = np.cumsum(SPLIT_SHARES)[:2] * (person.max() + 1)
    split = np.array(["train", "valid", "test"])[np.searchsorted(bounds, person, side="right")]
    columns = (clip_id, features.identity, features.video, split, features.gender)
    rows = ["clip_id,identity,video,split,gender"]
    rows += [",".join(row) for row in zip(*columns, strict=True)]
    write_text(folder / "manifest.csv", "\n".join(rows) + "\n")


@dataclass(frozen=True)
class Regime:
    """One kind of table, which a method must bear that is to be a default."""

    about: str
    num_train: int  # people to train on
    num_valid: int  # people to stop by
    settings: FeatureSettings


REGIMES = {
    "tiny": Regime("30 people, many clips", 30, 8, FeatureSettings(
        videos_per_identity=(3, 12), clips_per_video=(2, 10), session=0.7, noise=0.6, voice_form="offset",
    )),
    "rectified": Regime("64 people, nonnegative faces of 1024 numbers, strong sessions", 64, 10, FeatureSettings(
        videos_per_identity=(2, 12), clips_per_video=(2, 12), session=0.8, noise=0.7,
        face_dim=1024, voice_dim=512, face_form="rectified",
    )),
    "small": Regime("150 people", 150, 20, FeatureSettings(
        videos_per_identity=(3, 12), clips_per_video=(1, 6), voice_form="offset",
    )),
    "noisy": Regime("250 people, every seventh video with someone else's voice", 250, 30, FeatureSettings(
        videos_per_identity=(2, 10), clips_per_video=(1, 5), session=0.9, noise=0.8, wrong_voice=0.15,
    )),
    "skewed": Regime("300 people, four in five of them men, 1 to 30 videos each", 300, 30, FeatureSettings(
        videos_per_identity=(1, 30), clips_per_video=(1, 5), male_share=0.8, shared=0.8, nonlinearity=1.5,
    )),
    "single": Regime("400 people, one clip each", 400, 40, FeatureSettings(
        videos_per_identity=(1, 1), clips_per_video=(1, 1),
    )),
    "wide": Regime("900 people, steep spectra", 900, 60, FeatureSettings(
        videos_per_identity=(2, 8), clips_per_video=(1, 3), decay=0.6, voice_form="offset",
    )),
}  # fmt: skip
