"""From what is seen and heard to the log-potentials of the states: one array of features for each kind of evidence."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pins_plugin.pipelines.diarization.voice_model import VoiceScatter
from pins_plugin.pipelines.linking.hearing import STEP, Hearing
from pins_plugin.pipelines.linking.parameters import LinkingParameters
from pins_plugin.pipelines.linking.seeing import Seeing
from pins_plugin.pipelines.linking.states import States

PERSONAL = ("lips", "talking", "others")  # summed over the people of a state


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that is known of one file."""

    hearing: Hearing
    seeing: Seeing
    scatter: VoiceScatter  # of the voice encoder
    _: KW_ONLY
    # Groups of the stretches, (num_stretches,), to log-likelihood ratios that the voice of each group sounds as each face
    # looks, (num_groups, num_faces)
    joint: Callable[[NDArray[np.int64]], NDArray[np.float64]] | None = None
    labels: NDArray[np.int64] | None = None  # (num_stretches,) given speakers, in place of groups
    groups: NDArray[np.int64] | None = None  # (num_stretches,) of one voice each; else found
    strangers: bool = True  # whether somebody may speak who is no face and in no group
    barred: frozenset[int] = frozenset()  # people who do not speak, by their column
    # Voices (embedding_dim,) known beforehand, by the index of the face
    enrolled: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)
    # Step to the faces of which one is said to speak there; none for somebody who is not shown
    held: Mapping[int, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Features:
    """What is known of each step and person, before it is weighed."""

    counts: NDArray[np.float64]  # (num_steps, 3) log-probability of nobody, one, two
    speech: NDArray[np.float64]  # (num_steps, 2) of nobody, somebody
    personal: dict[str, NDArray[np.float64]]  # (num_steps, num_people) by kind (`PERSONAL`)
    # (num_steps, num_people) log-likelihood ratio of who is heard alone
    voices: NDArray[np.float64]
    both: NDArray[np.float64]  # (num_both, 2, num_people) the same of two who are heard at once
    both_steps: NDArray[np.int64]  # (num_both,) when
    # (num_steps, num_people) of each who begins to speak: `entry_scores`
    entry: NDArray[np.float64]
    # (num_steps,) a face comes or goes: whoever speaks counts as beginning
    shifts: NDArray[np.bool_]

    def take(self, steps: slice, people: NDArray[np.int64]) -> "Features":
        """Those of some steps and people."""
        inside = (self.both_steps >= steps.start) & (self.both_steps < steps.stop)
        return Features(
            self.counts[steps],
            self.speech[steps],
            {name: values[steps][:, people] for name, values in self.personal.items()},
            self.voices[steps][:, people],
            self.both[inside][:, :, people],
            self.both_steps[inside] - steps.start,
            self.entry[steps][:, people],
            self.shifts[steps],
        )


def entry_scores(
    seeing: Seeing,
    num_hidden: int,
    parameters: LinkingParameters,
    log_shares: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Log-potential of each who begins to speak, (num_steps, num_faces + num_hidden).

    Of a face that is shown, by its size and by how many are; of one that is away, and of a voice that has no face, by how
    often such speak (`presence`). Where nobody is shown all are alike, and so are all voices as long as no shares are given.
    """
    visible = seeing.visible
    anyone = visible.any(axis=1, keepdims=True)
    crowd = np.log(np.maximum(visible.sum(axis=1, keepdims=True), 1))
    shown = parameters.shown + parameters.size * seeing.sizes + parameters.crowd * crowd
    away, hidden = parameters.shown + parameters.away, parameters.unseen
    if log_shares is not None:
        away, hidden = parameters.shown + log_shares[1:] - log_shares[0]
    faces = np.where(visible, shown, np.where(anyone, away, parameters.unseen))
    voices = np.where(anyone, hidden, parameters.unseen)
    return np.hstack([faces, np.repeat(voices, num_hidden, axis=1)])


def find_shifts(seeing: Seeing) -> NDArray[np.bool_]:
    """Where the set of visible faces changes, (num_steps,)."""
    shifts = seeing.cuts.copy()
    shifts[1:] |= (seeing.visible[1:] != seeing.visible[:-1]).any(axis=1)
    shifts[0] = False
    return shifts


def voice_features(
    hearing: Hearing, ratios: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Spread log-likelihood ratios (num_stretches, num_people) over the steps of the stretches, so that each counts once in all.

    Given are `voices`, `both` and `both_steps` of `Features`.
    """
    num_people = ratios.shape[1]
    voices = np.zeros((len(hearing.stretch_of), num_people))
    per_step = ratios * (STEP / np.maximum(hearing.seconds, STEP))[:, None]
    inside = hearing.stretch_of >= 0
    voices[inside] = per_step[hearing.stretch_of[inside]]
    steps = np.flatnonzero((hearing.both >= 0).any(axis=1))
    unknown = np.zeros((1, num_people))
    grouped = np.vstack([hearing.groups @ per_step, unknown]) if len(hearing.groups) else unknown
    return voices, grouped[hearing.both[steps]].reshape(len(steps), 2, num_people), steps


def pair_voices(features: Features, states: States) -> NDArray[np.float64]:
    """Voices of each state, (num_steps, num_states): of two people, whoever fits whom best."""
    members = states.members
    found = np.zeros((len(features.counts), len(members)))
    alone, two = states.num_speakers == 1, states.num_speakers == 2
    first, second = np.nonzero(members[two])[1].reshape(-1, 2).T
    single = np.nonzero(members[alone])[1]
    found[:, alone] = features.voices[:, single]
    found[:, two] = np.maximum(features.voices[:, first], features.voices[:, second])
    if len(features.both_steps):
        one, other = features.both[:, 0], features.both[:, 1]
        rows = features.both_steps[:, None]
        found[rows, np.flatnonzero(alone)] = np.maximum(one, other)[:, single]
        found[rows, np.flatnonzero(two)] = np.maximum(
            one[:, first] + other[:, second], one[:, second] + other[:, first]
        )
    return found


def node_features(features: Features, states: States) -> dict[str, NDArray[np.float64]]:
    """Features of each state, by the name of the weight: (num_steps, num_states) each."""
    members = states.members.T.astype(float)
    number = states.num_speakers
    shape = (len(features.counts), len(number))
    return {
        "counts": features.counts[:, number],
        "speech": features.speech[:, np.minimum(number, 1)],
        "one": np.broadcast_to(number == 1, shape).astype(float),
        "two": np.broadcast_to(number == 2, shape).astype(float),
        "voice": pair_voices(features, states),
        **{name: features.personal[name] @ members for name in PERSONAL},
    }


def soften(ratios: NDArray[np.float64], error: float) -> NDArray[np.float64]:
    """Log-likelihood ratios of a judge who errs now and then, however sure: no surer than log((1 - error) / error).

    Examples
    --------
    >>> soften(np.array([0.0, 50.0]), 0.1).round(3).tolist()
    [0.0, 2.197]
    """
    share = expit(ratios)
    return np.log(error + (1 - 2 * error) * share) - np.log(error + (1 - 2 * error) * (1 - share))


def log_mixture(ratios: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-likelihood ratio, by the class of log-odds 0, of a mixture of two classes; `share` is that of the other.

    Examples
    --------
    >>> log_mixture(np.array([0.0, 50.0, -50.0]), np.array(0.5)).round(3).tolist()
    [0.0, 49.307, -0.693]
    """
    return np.logaddexp(np.log1p(-share), np.log(share) + ratios)
