"""From evidence to decisions: which person each speaker is over the file, then who speaks in each piece.

Log-likelihood ratios are summed per speaker and person over the whole file; one assignment gives every
speaker a person or nobody. What the file says of a speaker is then the prior for each piece, whose own
evidence may overrule it: diarization errs, and a face may be hidden.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pins_plugin.pipelines.linking.pieces import Piece

Ratios = Mapping[str, Mapping[str, float]]  # track -> source -> log-likelihood ratio
REVIEWED = (
    6.0  # log-likelihood ratio of what a reviewer said of one piece, for the rest of the file
)
COMPARED = 2.0  # seconds of other speakers with which presence counts half


@dataclass(frozen=True)
class LinkingSettings:
    """How evidence is weighed.

    Parameters
    ----------
    off_screen : float
        Prior probability that whoever speaks is not on screen.
    wrong_speaker : float
        Probability that a long piece carries the wrong speaker's label, or that the file misleads; pieces
        shorter than a second are wrong more often, see `label_error`.
    rivalry : float
        How much a person's evidence for one speaker counts against the same person being another one.
    file_weight : float
        Weight of the evidence summed over the file; below 1, because pieces are not independent.
    presence_weight : float
        Weight of the time that a person is on screen while a speaker speaks: listeners are shown as well.
    uncertain : float
        Links of less confidence are called uncertain.
    """

    off_screen: float = 0.15
    wrong_speaker: float = 0.1
    rivalry: float = 1.0
    file_weight: float = 0.8
    presence_weight: float = 0.5
    uncertain: float = 0.6


@dataclass(frozen=True)
class Decision:
    """What was decided for a piece.

    Parameters
    ----------
    piece : Piece
    track : str or None
        The face that speaks; None for nobody on screen.
    confidence : float
    evidence : dict of str to float
        Log-likelihood ratios: for this face, or for nobody against the face that came nearest.
    person : str or None
        Who speaks although the face is not seen, where a reviewer said so.
    """

    piece: Piece
    track: str | None
    confidence: float
    evidence: dict[str, float]
    person: str | None = None


def sum_ratios(
    pieces: Sequence[Piece],
    ratios: Sequence[Ratios],
    person_of: Mapping[str, str],
    speakers: Sequence[str],
    people: Sequence[str],
) -> NDArray[np.float64]:
    """Sum the ratios of each speaker and person over the file.

    Returns
    -------
    scores : (num_speakers, num_people) float64 array
    """
    scores = np.zeros((len(speakers), len(people)))
    for piece, by_track in zip(pieces, ratios, strict=True):
        for track, by_source in by_track.items():
            cell = speakers.index(piece.speaker), people.index(person_of[track])
            scores[cell] += sum(by_source.values())
    return scores


def tabulate(
    scores: Mapping[tuple[str, str], float], speakers: Sequence[str], people: Sequence[str]
) -> NDArray[np.float64]:
    """Lay out scores as (num_speakers, num_people), zero where there is none."""
    return np.array(
        [[scores.get((speaker, person), 0.0) for person in people] for speaker in speakers]
    ).reshape(len(speakers), len(people))


def presence_ratios(
    pieces: Sequence[Piece],
    person_of: Mapping[str, str],
    speakers: Sequence[str],
    people: Sequence[str],
) -> NDArray[np.float64]:
    """Time overlap over the file: is a person more often on screen when a speaker speaks than when others do?

    Pieces are counted as one observation each second; rates are smoothed by one observation (Laplace). Where
    hardly anybody else speaks, there is nothing to compare with, and the ratios go to zero.

    Returns
    -------
    ratios : (num_speakers, num_people) float64 array
        Log-likelihood ratios, at most 3 either way.
    """
    spoken = np.zeros(len(speakers))
    together = np.zeros((len(speakers), len(people)))
    for piece in pieces:
        row = speakers.index(piece.speaker)
        spoken[row] += piece.duration
        for person in {person_of[track] for track in piece.tracks}.intersection(people):
            together[row, people.index(person)] += piece.duration
    away = spoken[:, None] - together
    others_spoken = spoken.sum() - spoken
    others_together = together.sum(axis=0) - together
    # The speaker of a person on screen is seen nearly always; anybody else as often as the rest of the time.
    usual = (others_together + 1) / (others_spoken[:, None] + 2)
    seen = 0.9
    ratios = together * np.log(seen / usual.clip(0.05, 0.9)) + away * np.log(
        (1 - seen) / (1 - usual).clip(0.05)
    )
    trust = others_spoken / (others_spoken + COMPARED)
    return np.clip(ratios, -3.0, 3.0) * trust[:, None]


def assign_speakers(scores: NDArray[np.float64], off_screen: float = 0.0) -> NDArray[np.int64]:
    """Give every speaker one person, or nobody, so that the sum of scores is largest (Kuhn 1955).

    Parameters
    ----------
    scores : (num_speakers, num_people) array
    off_screen : float
        Score of being nobody's voice.

    Returns
    -------
    person : (num_speakers,) int64 array
        Column, or -1 for never on screen.

    Examples
    --------
    >>> assign_speakers(np.array([[5.0, 4.0], [4.5, 1.0], [-1.0, -2.0]])).tolist()
    [1, 0, -1]
    """
    num_speakers, num_people = scores.shape
    padded = np.hstack([scores, np.full((num_speakers, num_speakers), off_screen)])
    rows, columns = linear_sum_assignment(padded, maximize=True)
    found = np.full(num_speakers, -1, np.int64)
    found[rows] = np.where(columns < num_people, columns, -1)
    return found


def person_probabilities(
    scores: NDArray[np.float64],
    assigned: NDArray[np.int64],
    settings: LinkingSettings,
    rivals: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Probability of each person, and of nobody (last column), being the face of each speaker.

    Parameters
    ----------
    scores : (num_speakers, num_people) array
    assigned : (num_speakers,) int array
        From `assign_speakers`: a person who was given to another speaker is less likely.
    settings : LinkingSettings
    rivals : (num_speakers, num_speakers) array, optional
        How much two speakers exclude each other, 0 (one voice) to 1; all 1 when not given.

    Returns
    -------
    probabilities : (num_speakers, num_people + 1) float64 array
        Rows sum to 1.
    """
    num_speakers, num_people = scores.shape
    tempered = settings.file_weight * scores
    for speaker in range(num_speakers):
        for other in range(num_speakers):
            person = assigned[other]
            if other != speaker and person >= 0 and assigned[speaker] != person:
                weight = settings.rivalry * (1.0 if rivals is None else rivals[speaker, other])
                tempered[speaker, person] -= weight * max(
                    0.0, settings.file_weight * scores[other, person]
                )
    prior_on = np.log((1 - settings.off_screen) / max(1, num_people))
    logits = np.hstack(
        [tempered + prior_on, np.full((num_speakers, 1), np.log(settings.off_screen))]
    )
    return _softmax(logits)


def decide(
    pieces: Sequence[Piece],
    ratios: Sequence[Ratios],
    person_of: Mapping[str, str],
    settings: LinkingSettings | None = None,
    file_scores: Mapping[str, Mapping[tuple[str, str], float]] | None = None,
    rivalry_of: Callable[[str, str], float] = lambda first, second: 1.0,
    fixed: Mapping[int, frozenset[str]] | None = None,
) -> list[Decision]:
    """Decide for each piece which face speaks, if any.

    Parameters
    ----------
    pieces : sequence of Piece
    ratios : sequence of mappings
        Of each piece: track -> source -> log-likelihood ratio.
    person_of : mapping of str to str
        Track -> person.
    settings : LinkingSettings, optional
    file_scores : mapping of str to mapping of (speaker, person) to float, optional
        By source, log-likelihood ratios about whole speakers, such as the similarity of voice and face.
    rivalry_of : callable
        How much two speakers exclude each other as the voice of one person, 0 to 1.
    fixed : mapping of int to frozenset of str, optional
        Pieces that a reviewer settled: index to the people that may be speaking, none for nobody on screen.
        They count as strong evidence for the rest of the file.

    Returns
    -------
    decisions : list of Decision
    """
    settings, fixed = settings or LinkingSettings(), fixed or {}
    if not pieces:
        return []
    ratios = [
        _reviewed(by_track, person_of, fixed[number]) if number in fixed else by_track
        for number, by_track in enumerate(ratios)
    ]
    speakers = sorted({piece.speaker for piece in pieces})
    people = sorted({person_of[track] for piece in pieces for track in piece.tracks})
    scores = sum_ratios(pieces, ratios, person_of, speakers, people)
    parts = {name: tabulate(each, speakers, people) for name, each in (file_scores or {}).items()}
    presence = presence_ratios(pieces, person_of, speakers, people)
    parts["presence"] = settings.presence_weight * presence
    whole = np.sum(list(parts.values()), axis=0)
    for number, who in fixed.items():
        for person in who.intersection(people) - _shown(pieces[number], person_of):
            whole[speakers.index(pieces[number].speaker), people.index(person)] += REVIEWED
    assigned = assign_speakers(scores + whole)
    rivals = np.array([[rivalry_of(first, second) for second in speakers] for first in speakers])
    decisions = []
    for number, (piece, by_track) in enumerate(zip(pieces, ratios, strict=True)):
        if number in fixed:
            decisions.append(_settled(piece, by_track, person_of, fixed[number]))
            continue
        row = speakers.index(piece.speaker)
        others = scores.copy()  # without the piece itself
        own = {track: sum(by_source.values()) for track, by_source in by_track.items()}
        for track, ratio in own.items():
            others[row, people.index(person_of[track])] -= ratio
        probabilities = person_probabilities(others + whole, assigned, settings, rivals)[row]
        tracks = list(own)
        prior = np.array([probabilities[people.index(person_of[track])] for track in tracks])
        error = label_error(piece.duration, settings.wrong_speaker)
        on, off = expect_speaker(prior, error, settings)
        logits = np.log(np.maximum([*on, off], 1e-9)) + np.array([*own.values(), 0.0])
        posterior = _softmax(logits[None])[0]
        best = int(posterior.argmax())
        chosen = tracks[best] if best < len(tracks) else None
        evidence = {}
        if tracks:  # for the face that was chosen, or against the one that came nearest
            face = chosen or tracks[int(posterior[:-1].argmax())]
            column, sign = people.index(person_of[face]), 1 if chosen else -1
            evidence = {name: sign * ratio for name, ratio in by_track[face].items()}
            evidence["file"] = sign * float(settings.file_weight * others[row, column])
            for name, part in parts.items():
                if part.any():
                    evidence[name] = sign * float(settings.file_weight * part[row, column])
        decisions.append(Decision(piece, chosen, float(posterior[best]), evidence))
    return decisions


def _shown(piece: Piece, person_of: Mapping[str, str]) -> set[str]:
    return {person_of[track] for track in piece.tracks}


def _reviewed(
    by_track: Ratios, person_of: Mapping[str, str], who: frozenset[str]
) -> dict[str, dict[str, float]]:
    """Put what a reviewer said in the place of all other evidence of a piece."""
    return {
        track: {"review": REVIEWED if person_of[track] in who else -REVIEWED} for track in by_track
    }


def _settled(
    piece: Piece, by_track: Ratios, person_of: Mapping[str, str], who: frozenset[str]
) -> Decision:
    """Decide a piece as a reviewer said."""
    track = next((track for track in by_track if person_of[track] in who), None)
    person = min(who, default=None) if track is None else None
    return Decision(piece, track, 1.0, {"review": REVIEWED}, person)


def expect_speaker(
    prior: NDArray[np.float64], error: float, settings: LinkingSettings
) -> tuple[NDArray[np.float64], float]:
    """Probability of each face on screen, and of nobody, before the lips in a piece are looked at.

    A speaker whose label is wrong is not the one whose face the label stands for; in a short piece a label says
    little, so anybody on screen may speak.

    Parameters
    ----------
    prior : (num_faces,) float64 array
        That the face is the speaker's, by the whole file.
    error : float
        Of the label in a piece of this length, see `label_error`.
    settings : LinkingSettings

    Examples
    --------
    >>> on, off = expect_speaker(np.array([1.0]), 0.1, LinkingSettings(wrong_speaker=0.1))
    >>> on.round(3).tolist(), round(off, 3)
    ([0.9], 0.1)
    """
    nobody = settings.off_screen if len(prior) else 1.0
    flat = (1 - settings.off_screen) / max(1, len(prior))
    others = flat * (1 - prior)
    wrong = settings.wrong_speaker / (others.sum() + nobody)
    unsure = error - settings.wrong_speaker
    on = (1 - error) * prior + wrong * others + unsure * flat
    off = (1 - error) * max(1 - prior.sum(), 0.0) + (wrong + unsure) * nobody
    return on, float(off)


def label_error(duration: float, least: float) -> float:
    """Probability that a piece carries the wrong speaker's label: a voice takes a second to be told."""
    return float(least + (0.6 - least) * np.exp(-duration / 0.5)) if least < 0.6 else least


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
