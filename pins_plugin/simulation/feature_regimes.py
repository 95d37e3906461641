"""Tables of recognition embeddings of many kinds: what a method must bear that is to be a default."""

from dataclasses import dataclass
from typing import Any

from pins_plugin.simulation.features import FeatureSettings


@dataclass(frozen=True)
class Regime:
    """One kind of table.

    Parameters
    ----------
    num_train, num_valid : int
        People to train on, and to stop by.
    """

    about: str
    num_train: int
    num_valid: int
    settings: FeatureSettings


def _regime(about: str, num_train: int, num_valid: int, **settings: Any) -> Regime:
    return Regime(about, num_train, num_valid, FeatureSettings(**settings))


REGIMES = {
    "tiny": _regime(
        "30 people, many clips", 30, 8,
        videos_per_identity=(3, 12), clips_per_video=(2, 10), session=0.7, noise=0.6, voice_form="offset",
    ),
    "rectified": _regime(
        "64 people, nonnegative faces of 1024 numbers, strong sessions", 64, 10,
        videos_per_identity=(2, 12), clips_per_video=(2, 12), session=0.8, noise=0.7,
        face_dim=1024, voice_dim=512, face_form="rectified",
    ),
    "small": _regime(
        "150 people", 150, 20,
        videos_per_identity=(3, 12), clips_per_video=(1, 6), voice_form="offset",
    ),
    "noisy": _regime(
        "250 people, every seventh video with someone else's voice", 250, 30,
        videos_per_identity=(2, 10), clips_per_video=(1, 5), session=0.9, noise=0.8, wrong_voice=0.15,
    ),
    "skewed": _regime(
        "300 people, four in five of them men, 1 to 30 videos each", 300, 30,
        videos_per_identity=(1, 30), clips_per_video=(1, 5), male_share=0.8, shared=0.8, nonlinearity=1.5,
    ),
    "single": _regime(
        "400 people, one clip each", 400, 40, videos_per_identity=(1, 1), clips_per_video=(1, 1)
    ),
    "wide": _regime(
        "900 people, steep spectra", 900, 60,
        videos_per_identity=(2, 8), clips_per_video=(1, 3), decay=0.6, voice_form="offset",
    ),
}  # fmt: skip
