"""Between-speaker and within-speaker variance of voices; the latter falls with the seconds heard.

Two-covariance model (PLDA; Brümmer, de Villiers, "The speaker partitioning problem", Odyssey 2010), the same in all directions: a
speaker's voice is y ~ N(mean, between), and an embedding of it over t seconds is x ~ N(y, within + by_length / t^exponent).
All that is asked of it is how likely some embeddings are of one speaker: closed form in the precision a = sum 1/variance
and in h = sum (x - mean)/variance. Directions are not independent, as the model has them: its evidence is weighted.
"""

from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ModelFolderError
from pins_plugin.utils.files import read_json, write_json

FILE = "voice_scatter.json"
MIN_LEARNT = 0.1  # seconds; shorter stretches are taken for this much; chosen, not measured


@dataclass(frozen=True)
class VoiceScatter:
    """Variances of voices along each direction, and the calibration of what follows from them.

    Examples
    --------
    >>> scatter = VoiceScatter((0.0,), 1.0, 0.0, 1.0)
    >>> one = np.ones((1, 1))
    >>> round(float(scatter.log_likelihood_ratio(one, 1.0, one, 1.0)[0]), 3)
    0.227
    """

    mean: tuple[float, ...]  # of embeddings, (embedding_dim,)
    between: float  # variance of speakers
    within: float  # variance of one speaker's embeddings that stays however much is heard
    by_length: float  # the same of one second, beside it
    exponent: float = 1.0  # of the seconds
    weight: float = 1.0  # log-likelihood ratio: weight * evidence + offset
    offset: float = 0.0

    def log_likelihood_ratio(
        self,
        first: NDArray[np.floating],
        first_seconds: NDArray[np.floating] | float,
        second: NDArray[np.floating],
        second_seconds: NDArray[np.floating] | float,
    ) -> NDArray[np.float64]:
        """Log-likelihood ratio (num_pairs,) in nats of one speaker against two, row by row.

        Parameters
        ----------
        first, second : (num_pairs, embedding_dim) array
            Of unit length.
        first_seconds, second_seconds : (num_pairs,) array or float
            That each was heard.
        """
        precisions, sums = [], []  # 1/variance, and (x - mean)/variance: of one speaker they add up
        for embeddings, seconds in ((first, first_seconds), (second, second_seconds)):
            lengths = np.maximum(seconds, MIN_LEARNT)
            variances = self.within + self.by_length * lengths**-self.exponent
            precisions.append(np.broadcast_to(1 / variances, len(embeddings)))
            sums.append((embeddings - np.array(self.mean)) * precisions[-1][:, None])
        precision = np.stack([*precisions, np.sum(precisions, axis=0)])
        total = np.stack([*sums, np.sum(sums, axis=0)])  # (3, num_pairs, embedding_dim)
        evidence = (total**2).sum(axis=-1) / (precision + 1 / self.between)
        evidence -= total.shape[-1] * np.log1p(self.between * precision)
        one, other, together = self.weight * 0.5 * evidence
        return np.asarray(together - one - other + self.offset)

    def save(self, path: Path, voice_encoder: str, learnt_on: str) -> None:
        """Write to a file, with the checksum of the voice encoder's weights and what it was learnt on."""
        origin = {"voice_encoder": voice_encoder, "learnt_on": learnt_on}
        write_json(path, origin | asdict(self))


@cache
def load_voice_scatter(folder: Path, voice_encoder: str) -> VoiceScatter:
    """Read the scatter that lies in the folder of a voice encoder.

    Parameters
    ----------
    folder : Path
    voice_encoder : str
        Checksum of its weights (the first digits of what the file says), which the scatter must have been learnt for.

    Raises
    ------
    ModelFolderError
        When there is none, or it is another voice encoder's.
    """
    remedy = f"learn it: python recipes/Diarization/learn_scatter.py VOICES --model {folder}"
    values = read_json(folder / FILE, ModelFolderError, f"how much its voices differ; {remedy}")
    names = {field.name for field in fields(VoiceScatter)}
    if not isinstance(values, dict) or not names <= values.keys():
        raise ModelFolderError(f"{folder / FILE}: expected {sorted(names)}; {remedy}")
    if str(values.get("voice_encoder"))[: len(voice_encoder)] != voice_encoder:
        raise ModelFolderError(
            f"{folder / FILE}: was learnt for another voice encoder (checksum); {remedy}"
        )
    try:
        numbers = {name: float(values[name]) for name in names - {"mean"}}
        return VoiceScatter(tuple(float(value) for value in values["mean"]), **numbers)
    except (TypeError, ValueError) as error:
        raise ModelFolderError(f"{folder / FILE}: expected numbers ({error}); {remedy}") from error
