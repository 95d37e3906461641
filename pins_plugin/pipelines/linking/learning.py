"""Learn the decoder's parameters from scenes whose truth is known; `recipes/ClipScenes/calibrate.py` is the command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from pins_plugin.pipelines.active_speaker.synchrony import NUM_OFFSETS, TrackCurves
from pins_plugin.pipelines.linking.decoder import Decoded, Decoder
from pins_plugin.pipelines.linking.parameters import LinkingParameters
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.pipelines.linking.read_out import bridge_pauses, hidden_probability

# Weight of a silent step beside one of speech: links are of speech; chosen, not measured
QUIET = 0.25
FALSE = 0.5  # weight of a face that is named wrongly while several speak; chosen, not measured
FACTORS = {  # first change of parameters that are positive, as the logarithm of a factor
    "counts": 0.25,
    "speech": 0.25,
    "lips": 0.35,
    "talking": 0.4,
    "voice": 0.35,
    "joint": 0.4,
    "talking_error": 0.4,
    "talking_gain": 0.5,
    "voice_session": 0.5,
    "lips_trust": 0.4,
    "certainty": 0.5,
}
SHIFTS = {  # and of those that may have either sign
    "one": 0.4,
    "two": 0.6,
    "shown": 0.7,
    "size": 0.5,
    "crowd": 0.4,
    "away": 0.7,
    "hidden": 0.7,
    "unseen": 0.7,
    "starts": 0.7,
    "stops": 0.7,
    "switches": 0.7,
    "joins": 0.7,
    "leaves": 0.7,
    "changes": 1.0,
    "ease_cut": 0.6,
    "ease_change": 0.7,
    "readable": 0.8,
    "watchable": 0.8,
    "mouthing": 1.0,
    "small": 0.7,
    "min_gain": 6.0,
}
# Of links that are surer than this, so much is right, of anybody: what was promised to reviewers, who look at the others first
SURE, RIGHT = 0.9, 0.97
LEFT = (0.15, 0.75)  # of what lips tell, in `weaken_lips`; chosen, not measured
MAX_ERROR = 0.45  # of `talking_error`: at one half the sight of a mouth says nothing


@dataclass(frozen=True, eq=False)
class LearningScene:
    """A scene with its truth on the decoder's steps."""

    kind: str
    evidence: Evidence
    speaking: NDArray[np.bool_]  # (num_steps, num_true_people)
    shown: NDArray[np.bool_]  # (num_steps, num_true_people)
    # (num_steps, num_faces) true person of each found face, -1 for nobody
    owners: NDArray[np.int64]
    edges: NDArray[np.bool_]  # (num_steps,) near a border of a turn: silence is not judged


def judge(scene: LearningScene, decoded: Decoded) -> float:
    """Share of a scene that is right: half by what is said, half by the probability of it, so that it changes smoothly.

    A step of speech is right when the speaker's face, and no other, is said to speak, or when somebody hidden is, as
    the speaker is; where several speak each counts, and faces that do not speak count against it.
    """
    seeing = scene.evidence.seeing
    number = len(seeing.people)
    soft = replace(decoded, speaking=0.5 * decoded.speaking + 0.5 * bridge_pauses(decoded.said))
    faces = soft.speaking[:, :number] * seeing.visible
    hidden = hidden_probability(soft, seeing)
    several = scene.speaking.sum(axis=1) >= 2
    no_face = np.prod(1 - faces, axis=1)
    right = total = 0.0
    for person in range(scene.speaking.shape[1]):
        own = (scene.owners == person) & seeing.visible
        named = (faces * own).max(axis=1, initial=0.0)
        no_other = np.prod(1 - faces * ~own, axis=1)
        value = np.where(
            scene.shown[:, person],
            named * np.where(several, 1.0, no_other),
            hidden * np.where(several, 1.0, no_face),
        )
        spoken = scene.speaking[:, person]
        right += value[spoken].sum()
        total += spoken.sum()
    silent = ~scene.speaking.any(axis=1) & ~scene.edges
    right += QUIET * (1 - soft.speaking.max(axis=1, initial=0.0))[silent].sum()
    total += QUIET * silent.sum()
    active = np.take_along_axis(
        np.hstack([scene.speaking, np.zeros((len(silent), 1), bool)]), scene.owners, axis=1
    )
    right -= FALSE * (faces * ~active)[several].sum()
    return float(right / max(total, 1e-9))


def score(scenes: Sequence[LearningScene], parameters: LinkingParameters) -> float:
    """Mean of `judge`, each kind of scene weighing alike."""
    by_kind: dict[str, list[float]] = {}
    for scene in scenes:
        decoded = Decoder(parameters, scene.evidence).decode()
        by_kind.setdefault(scene.kind, []).append(judge(scene, decoded))
    return float(np.mean([np.mean(values) for values in by_kind.values()]))


def search(
    scenes: Sequence[LearningScene],
    parameters: LinkingParameters,
    sweeps: int = 4,
    report: Callable[[int, float, LinkingParameters], None] = lambda *_: None,
) -> LinkingParameters:
    """Change one parameter after the other while that gains (Hooke, Jeeves, "Direct search", 1961).

    What gained nothing in one of the `sweeps` over all is changed by half as much in the next; `report` is told number,
    score and parameters after each.
    """
    steps = FACTORS | SHIFTS
    best = score(scenes, parameters)
    for sweep in range(sweeps):
        for name in steps:
            for change in (steps[name], -steps[name]):
                value = float(getattr(parameters, name))
                value = value * np.exp(change) if name in FACTORS else value + change
                if name == "talking_error" and value > MAX_ERROR:
                    continue
                changed: dict[str, Any] = {name: float(value)}
                tried = replace(parameters, **changed)
                found = score(scenes, tried)
                if found > best + 2e-5:
                    best, parameters = found, tried
                    break
            else:
                steps[name] /= 2
        report(sweep, best, parameters)
    return parameters


def weaken_lips(curves: TrackCurves, generator: np.random.Generator) -> TrackCurves:
    """Lips that tell less, by as much as the generator draws: few people to learn from are not everybody.

    What lips show is mixed with what the same lips show at another time, which fits nothing, so that noise stays as it is.
    """
    times, similarities = curves
    left = generator.uniform(*LEFT)
    quarter = len(times) // 4
    if not quarter or not np.isfinite(similarities).any():
        return curves
    other = np.roll(similarities, int(generator.integers(quarter, 3 * quarter + 1)), axis=0)
    mean = np.nanmean(similarities)
    mixed = mean + left * (similarities - mean) + np.sqrt(1 - left**2) * (other - mean)
    return TrackCurves(times, np.asarray(mixed, np.float32))


def fit_lips(
    scenes: Sequence[LearningScene],
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Weights of the lips' score, how strong it is in people who speak, and how late their sound comes.

    Logistic regression of who speaks on `lead_features` at each person's best offset, brought to mean 0 and variance 1
    where somebody else speaks.

    Returns
    -------
    weights : tuple of 4 floats
    strength : tuple of 2 floats
        Median over people, and spread of its logarithm.
    offset : tuple of 3 floats
        See `fit_offsets`.
    """
    rows, marks, owners, offsets = [], [], [], []
    for number, scene in enumerate(scenes):
        seeing = scene.evidence.seeing
        alone = (scene.speaking.sum(axis=1) == 1) & ~scene.edges
        for face, fits in enumerate(seeing.fits):
            shown = seeing.visible[:, face]
            owner = scene.owners[shown, face]
            judged = alone[shown] & (owner >= 0)
            speaks = judged & scene.speaking[shown][np.arange(len(owner)), owner]
            leads = fits[speaks][:, :, 1]
            if speaks.sum() < 8 or not np.isfinite(leads).any():
                continue
            offset = int(np.ma.masked_invalid(leads).mean(axis=0).argmax())
            offsets.append(offset - fits.shape[1] // 2)
            usable = judged & np.isfinite(fits[:, offset]).all(axis=1)
            rows.append(fits[usable, offset].astype(np.float64))
            marks.append(speaks[usable])
            owners += [(number, face)] * int(usable.sum())
    features, spoken = np.concatenate(rows), np.concatenate(marks)
    direction = LogisticRegression(C=10.0).fit(features, spoken).coef_[0]
    values = features @ direction
    mean, deviation = values[~spoken].mean(), values[~spoken].std()
    values = (values - mean) / deviation
    keys = np.array([f"{number}/{face}" for number, face in owners])
    strengths = np.array(
        [
            max(values[(keys == key) & spoken].mean(), 0.1)
            for key in np.unique(keys)
            if ((keys == key) & spoken).sum() >= 8
        ]
    )
    weights = (-mean / deviation, *(direction / deviation))
    spread = max(float(np.log(strengths).std()), 0.1)
    offset_model = fit_offsets(np.array(offsets, float))
    return tuple(map(float, weights)), (float(np.median(strengths)), spread), offset_model


def fit_offsets(frames: NDArray[np.float64]) -> tuple[float, float, float]:
    """Fit a normal distribution, and the share of what lies anywhere (EM; Dempster, Laird, Rubin 1977).

    Parameters
    ----------
    frames : (num_faces,) float64 array
        Offset at which the lips of each face fit best.

    Returns
    -------
    center, spread, free : float
        See `offset_prior`.

    Examples
    --------
    >>> np.round(fit_offsets(np.array([1.0, 2.0, 3.0] * 30 + [-16.0] * 10)), 1).tolist()
    [2.0, 0.8, 0.1]
    """
    center, spread, free = float(np.median(frames)), 3.0, 0.1
    for _ in range(50):  # by then it stands still
        near = np.exp(-0.5 * ((frames - center) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        near *= 1 - free
        belongs = near / (near + free / NUM_OFFSETS)
        center = float(belongs @ frames / belongs.sum())
        spread = max(float(np.sqrt(belongs @ (frames - center) ** 2 / belongs.sum())), 0.5)
        free = float(np.clip(1 - belongs.mean(), 0.01, 0.5))
    return center, spread, free


def fit_confidence(
    features: NDArray[np.float64],
    right: NDArray[np.bool_],
    groups: NDArray[Any],
    weakened: NDArray[np.bool_],
) -> tuple[float, ...]:
    """Weights that make confidences hold for people who taught nothing: Platt scaling, and then doubt.

    Confidences that hold on average are too high for the people whom a model fits least. So the bias is lowered until, in each
    group of people when it is left out, of what is surer than `SURE` at least `RIGHT` is right.

    Parameters
    ----------
    features : (num_moments, 4) float64 array
        The `confidence_features` of the link at each moment.
    right : (num_moments,) bool array
        Whether it was.
    groups : (num_moments,) array
        Whose scene it is of.
    weakened : (num_moments,) bool array
        Scenes whose lips tell less than they did: they teach, and are not judged.
    """
    bias, *others = _scale(features, right)
    doubt = 0.0
    names = np.unique(groups)
    for name in names if len(names) > 1 else ():
        out = groups == name
        judged = out & ~weakened
        values = features[judged] @ _scale(features[~out], right[~out])
        order = np.argsort(-values, kind="stable")
        shares = np.cumsum(right[judged][order]) / np.arange(1, len(order) + 1)
        enough = np.flatnonzero(shares >= RIGHT)
        least = values[order[enough[-1]]] if len(enough) else values.max()
        doubt = max(doubt, float(least - logit(SURE)))
    return (float(bias - doubt), *map(float, others))


def _scale(features: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights of a logistic regression, (num_features,)."""
    fitted = LogisticRegression(C=100.0, fit_intercept=False).fit(features, right)
    return np.asarray(fitted.coef_[0])
