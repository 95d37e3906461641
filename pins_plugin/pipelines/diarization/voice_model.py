"""How alike the voices of one speaker are: short stretches say little, and a speaker is known the better the more is heard.

Two-covariance model (PLDA; Brümmer, de Villiers, "The speaker partitioning problem", Odyssey 2010), the same in all directions: a
speaker's voice is y ~ N(mean, between), and an embedding of it over t seconds is x ~ N(y, within + by_length / t^exponent).
All that is asked of it is how likely some embeddings are of one speaker: closed form in the precision a = sum 1/variance
and in h = sum (x - mean)/variance. Directions are not independent, as the model has them: its evidence is weighted.

`VoiceScatter` are the variances, `VoiceModel` the same in units of the variance between speakers: what is heard of a speaker in
one place shares room, distance and mood, so that a part of the variance does not fall however many stretches there are.
Clustering by the same model: agglomerative, while one speaker explains two groups better than two speakers do.
"""

from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ModelFolderError
from pins_plugin.utils.files import read_json, write_json
from pins_plugin.utils.vectors import unit

ROWS = 256  # of the gains of merging that are computed at once: bounds memory; chosen, not measured
MIN_HEARD = 0.25  # seconds; less is taken for this much; chosen, not measured
FILE = "voice_scatter.json"


@dataclass(frozen=True)
class VoiceScatter:
    """Variances of voices along each direction."""

    mean: tuple[float, ...]  # of embeddings, (embedding_dim,)
    between: float  # variance of speakers
    within: float  # variance of one speaker's embeddings that stays however much is heard
    by_length: float  # the same of one second, beside it
    exponent: float = 1.0  # of the seconds

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


@dataclass(frozen=True)
class VoiceModel:
    """How alike stretches of one voice are, in units in which speakers have variance 1."""

    scatter: VoiceScatter  # of the voice encoder: learnt, and bound to it
    session: float = 0.2  # variance that all stretches of a person share: it does not average out

    def variance(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Noise of stretches (num_stretches,), relative to the variance between speakers."""
        lengths = np.maximum(seconds, MIN_HEARD) ** self.scatter.exponent
        return (self.scatter.within + self.scatter.by_length / lengths) / self.scatter.between

    def shrink(self, precision: NDArray[np.float64]) -> NDArray[np.float64]:
        """Factor of the precision that stretches add up to, for what they share: at most 1 / session is left.

        Examples
        --------
        >>> VoiceModel(VoiceScatter((0.0,), 1.0, 0.0, 1.0), 0.25).shrink(np.array([4.0])).tolist()
        [0.5]
        """
        return np.asarray(1.0 / (1.0 + self.session * precision))

    def scale(
        self, embeddings: NDArray[np.float64], seconds: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Bring embeddings (num_stretches, embedding_dim) to the model's units; their length says nothing.

        `seconds` (num_stretches,) is how long each was heard.
        """
        if not len(embeddings):
            return embeddings
        lengths = np.sqrt(embeddings.shape[1] * (1 + self.variance(seconds)))
        return np.asarray(unit(embeddings - np.asarray(self.scatter.mean)) * lengths[:, None])

    def compare(
        self,
        voices: NDArray[np.float64],
        seconds: NDArray[np.float64],
        shares: NDArray[np.float64],
        enrolled: NDArray[np.float64] | None = None,
        enrolled_precision: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Log-likelihood ratio of each stretch being each person's voice against a voice never heard.

        A stretch is compared with what all others say of a person, so that it does not vouch for itself.

        Parameters
        ----------
        voices : (num_stretches, num_dimensions) float64 array
            From `scale`.
        seconds : (num_stretches,) float64 array
        shares : (num_stretches, num_people) float64 array
            How far each stretch is each person's, 0 to 1.
        enrolled : (num_people, num_dimensions) float64 array, optional
            Sums of precision times voice of examples; zeros where there is none.
        enrolled_precision : (num_people,) float64 array, optional

        Returns
        -------
        ratios : (num_stretches, num_people) float64 array
        """
        if not len(voices):
            return np.zeros(shares.shape)
        noise = self.variance(seconds)[:, None]
        own = shares / noise  # precision that each stretch adds, (num_stretches, num_people)
        sums = own.T @ voices
        precision = own.sum(axis=0)
        if enrolled is not None and enrolled_precision is not None:
            sums, precision = sums + enrolled, precision + enrolled_precision
        others = np.maximum(precision - own, 0.0)
        shrink = self.shrink(others)
        rest = 1.0 + others * shrink
        square = (voices**2).sum(axis=1, keepdims=True)
        along = voices @ sums.T
        mean_along = (along - own * square) * shrink / rest
        mean_square = (sums**2).sum(axis=1) - 2 * own * along + own**2 * square
        mean_square *= (shrink / rest) ** 2
        variance = 1.0 / rest + noise
        distance = square - 2 * mean_along + mean_square
        known = -0.5 * (distance / variance + voices.shape[1] * np.log(variance))
        unknown = -0.5 * (square / (1 + noise) + voices.shape[1] * np.log(1 + noise))
        return np.asarray(known - unknown)

    def gains(
        self, voices: NDArray[np.float64], seconds: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Log-likelihood ratios that two stretches are of one speaker, in nats; parameters as in `compare`.

        Returns
        -------
        gains : (num_stretches, num_stretches) float64 array
            -inf on the diagonal.

        Examples
        --------
        >>> model = VoiceModel(VoiceScatter((0.0,), 1.0, 0.0, 1.0), session=0.0)
        >>> round(float(model.gains(np.ones((2, 1)), np.ones(2))[0, 1]), 3)
        0.311
        """
        precision = 1.0 / self.variance(seconds)
        shrink = self.shrink(precision)
        whole, total = voices * precision[:, None] * shrink[:, None], precision * shrink
        squares, size = (whole**2).sum(axis=1), voices.shape[1]
        alone = _evidence(squares, total, size)
        gains = np.empty((len(voices), len(voices)))
        for first in range(0, len(voices), ROWS):
            rows = slice(first, first + ROWS)
            together = squares[rows, None] + squares + 2 * (whole[rows] @ whole.T)
            gains[rows] = _evidence(together, total[rows, None] + total, size)
            gains[rows] -= alone[rows, None] + alone
        np.fill_diagonal(gains, -np.inf)
        return gains

    def cluster(
        self,
        voices: NDArray[np.float64],
        seconds: NDArray[np.float64],
        min_gain: float = 0.0,
        min_groups: int = 1,
        max_groups: int | None = None,
    ) -> NDArray[np.int64]:
        """Group stretches by speaker: merge while that gains more than `min_gain`, within the bounds.

        Parameters
        ----------
        voices : (num_stretches, num_dimensions) float64 array
            From `scale`.
        seconds : (num_stretches,) float64 array
        min_gain : float
            Of the log-likelihood, in favor of one speaker.
        min_groups, max_groups : int, optional
            Bounds of the number of groups, as far as there are stretches.

        Returns
        -------
        labels : (num_stretches,) int64 array
            0, 1, ...
        """
        number = len(voices)
        if number == 0:
            return np.zeros(0, np.int64)
        precision = 1.0 / self.variance(seconds)  # of what each group is heard
        sums = voices * precision[:, None]
        total = precision * self.shrink(precision)  # the same of a group as a whole
        whole = sums * self.shrink(precision)[:, None]
        size = voices.shape[1]
        squares = (whole**2).sum(axis=1)
        alone = _evidence(squares, total, size)
        gains = self.gains(voices, seconds)  # of two hours of speech 0.2 GB: no second one
        labels = np.arange(number)
        best = gains.max(axis=1)
        while number > min_groups and (
            best.max() > min_gain or (max_groups and number > max_groups)
        ):
            number -= 1
            if max_groups and best.max() <= min_gain:  # from here on just to keep the bound
                min_groups = max_groups
            first = int(best.argmax())
            second = int(gains[first].argmax())
            first, second = min(first, second), max(first, second)
            labels[labels == second] = first
            sums[first] += sums[second]
            precision[first] += precision[second]
            shrink = self.shrink(precision[first])
            total[first], whole[first] = precision[first] * shrink, sums[first] * shrink
            squares[first] = whole[first] @ whole[first]
            alone[first] = _evidence(squares[first], total[first], size)
            gone = np.isneginf(gains[first]) & np.isneginf(gains[second])
            row = _evidence(
                squares + squares[first] + 2 * (whole @ whole[first]),
                total + total[first],
                size,
            )
            row = row - alone - alone[first]
            row[gone] = -np.inf
            row[[first, second]] = -np.inf
            lost = (gains[:, first] == best) | (gains[:, second] == best)  # whose best it was
            gains[second] = gains[:, second] = -np.inf
            gains[first] = gains[:, first] = row
            best = np.maximum(best, row)
            best[second], lost[first] = -np.inf, True
            lost &= ~np.isneginf(best)  # those that are gone
            best[lost] = gains[lost].max(axis=1)
        return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _evidence(
    squares: NDArray[np.float64], total: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Log-likelihood that what was heard is of one speaker, but for what is equal for all.

    By the square of the sum of precision times voice, the sum of precisions, and the number of dimensions.
    """
    return np.asarray(0.5 * (squares / (1 + total) - size * np.log1p(total)))
