"""Who speaks when, and whose face that is: one probabilistic model of the whole file.

States are nobody, one person, or two at once (`states`). What is heard says how many speak and where the speaker changes, the
voices of stretches say who; what is seen says whose mouth talks and whose lips fit the sound. People are the faces of the
video, and voices that no face explains. What is not known beforehand is inferred together with the states, in turn, as in
variational Bayes (VBx does so for sound alone: Landini, Profant, Diez, Burget, "Bayesian HMM clustering of x-vector
sequences (VBx) in speaker diarization", Computer Speech & Language 2022): each person's voice, how late each person's
sound comes, and whether a person's lips can be read at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.special import expit, log_expit, softmax

from pins_plugin.pipelines.active_speaker.lips_model import LipsBelief, LipsModel, offset_prior
from pins_plugin.pipelines.active_speaker.synchrony import NUM_OFFSETS, RATE
from pins_plugin.pipelines.diarization.voice_model import VoiceModel
from pins_plugin.pipelines.linking.blocks import cut_blocks, make_block
from pins_plugin.pipelines.linking.given_turns import label_ratios
from pins_plugin.pipelines.linking.hearing import STEP
from pins_plugin.pipelines.linking.parameters import CLEAR, LinkingParameters
from pins_plugin.pipelines.linking.potentials import (
    PERSONAL,
    Evidence,
    Features,
    entry_scores,
    find_shifts,
    log_mixture,
    soften,
    voice_features,
)
from pins_plugin.pipelines.linking.presence import believe_presence, count_turns
from pins_plugin.pipelines.linking.seeing import Seeing, delay
from pins_plugin.pipelines.linking.states import best_sequence, infer

ROUNDS = 4  # of inference; the states hardly move after three
LARGEST = 8.0  # standard deviations of the score of lips at one step; chosen, not measured
# Voices without a face that are told apart; the rest is one unknown voice; chosen, not measured
MAX_HIDDEN = 12
ALTERNATIVES = 4  # explanations besides the best, that make it less sure; chosen, not measured
FORBIDDEN = -1e9  # nats; more than any evidence, finite, so that sums stay numbers
ENROLLED_SECONDS = 5.0  # that an example of a voice counts for; chosen, not measured


@dataclass(frozen=True, eq=False)
class Decoded:
    """What was decided, and how surely; people are the faces first, then voices without one."""

    speaking: NDArray[np.float64]  # (num_steps, num_people) probability that each speaks
    said: NDArray[np.bool_]  # (num_steps, num_people) who speaks, by the best sequence of states
    features: Features
    ratios: NDArray[np.float64]  # (num_stretches, num_people) log-likelihood ratio of the voice
    shares: NDArray[np.float64]  # (num_stretches, num_people) how far each stretch is each person's
    offsets: NDArray[np.int64]  # (num_faces,) frames by which the sound of each face comes late
    readable: NDArray[np.float64]  # (num_faces,) probability that the lips can be read
    evidence: float
    joint: NDArray[np.float64] | None = None  # its part of the voices of `features`

    def common_offset(self) -> float:
        """Seconds by which the sound comes late, by the lips that can be read; 0 where none can.

        Not the synchronizer's `offset_of_file`: that one offset of a whole file, calibrated to be right without knowing who
        speaks, while these are each face's own, inferred together with when it speaks, so that neither gives the other's result.
        """
        number = len(self.offsets)
        weights = self.speaking[:, :number].sum(axis=0) * (self.readable > 0.5)
        if not weights.any():
            return 0.0
        median = np.quantile(self.offsets, 0.5, weights=weights, method="inverted_cdf")
        return float(median) / RATE

    def unreadable(self, seeing: Seeing, max_readable: float, min_seconds: float) -> list[str]:
        """Labels of those who speak on screen for long, with lips that do not fit the sound."""
        number = len(self.offsets)
        spoken = (self.speaking[:, :number] * seeing.visible).sum(axis=0) * STEP
        chosen = (self.readable < max_readable) & (spoken >= min_seconds)
        return [seeing.people[face] for face in np.flatnonzero(chosen)]


# Where inference starts: shares (num_stretches, num_people), speaking (num_steps, num_faces)
Start = tuple[NDArray[np.float64], NDArray[np.float64]]


class Decoder:
    """Infers who speaks in one file."""

    def __init__(self, parameters: LinkingParameters, known: Evidence) -> None:
        self.parameters, self.known = parameters, known
        self.hearing = known.hearing
        talking = soften(parameters.talking_gain * known.seeing.talking, parameters.talking_error)
        talking[~known.seeing.visible] = 0.0
        self.seeing = replace(known.seeing, talking=talking)
        self.num_steps, self.num_faces = self.seeing.visible.shape
        self.voice_model = VoiceModel(known.scatter, parameters.voice_session)
        self.voices = self.voice_model.scale(self.hearing.voices, self.hearing.seconds)
        seconds = self.hearing.seconds
        given = known.groups if known.labels is None else known.labels
        if given is None:
            given = self.voice_model.cluster(self.voices, seconds, parameters.min_gain)
        self.groups = given
        octaves = np.log2(np.maximum(self.seeing.pixels, 1.0) / CLEAR)
        blur = parameters.small * np.minimum(octaves, 0.0)
        mixed = log_mixture(talking, expit(parameters.mouthing + blur)).sum(axis=0)
        self.watchable = (
            parameters.watchable + blur - parameters.talking * mixed
        )  # log-odds, (num_faces,)
        log_offsets = offset_prior(NUM_OFFSETS, *parameters.lips_offset)
        readable = expit(parameters.readable + blur).tolist()
        (median, spread), trust = parameters.lips_strength, parameters.lips_trust
        self.lips_models = [
            LipsModel(each, median, spread, trust, log_offsets) for each in readable
        ]
        self.joint = known.joint(self.groups) if known.joint and len(self.groups) else None
        totals = np.bincount(self.groups, seconds) if len(self.groups) else np.zeros(0)
        longest = np.argsort(-totals, kind="stable")  # groups with a voice of their own
        self.hidden = longest[: MAX_HIDDEN if known.strangers else None]
        self.unknown = self.num_faces  # column of the unknown voice
        self.num_people = self.num_faces + 1 + len(self.hidden)
        self.lips = [self._lips_scores(fits) for fits in self.seeing.fits]
        self.blocks = cut_blocks(self.hearing.counts[:, 0])

    def decode(self) -> Decoded:
        """Start from what is seen, and from who may have which voice; the explanation that fits best is said.

        The others, each weighing by its evidence, make the probabilities less sure: where two people could as well be
        swapped throughout, each step of the best explanation alone would look certain.
        """
        best = self._refine(*self._from_sight())
        evidence, speaking = [best.evidence], [best.speaking]
        for start in self._from_audio():
            found = self._refine(*start)  # of hours, large: only the best is kept whole
            evidence.append(found.evidence)
            speaking.append(found.speaking)
            if found.evidence > best.evidence:
                best = found
        weights = softmax(self.parameters.explanation_trust * np.array(evidence))
        return replace(best, speaking=np.tensordot(weights, np.stack(speaking), axes=1))

    def _lips_scores(self, fits: NDArray[np.float32]) -> NDArray[np.float64]:
        """How well lips fit at each offset, in standard deviations of lips that do not, (num_shown, num_offsets)."""
        bias, *weights = self.parameters.lips_weights
        scores = bias + fits.astype(np.float64) @ np.array(weights)
        return np.clip(np.nan_to_num(scores), -LARGEST, LARGEST)

    def _from_sight(self) -> Start:
        """Start from what is seen alone, with one unknown voice for all who are not shown."""
        visible = self.seeing.visible
        spoken = np.exp(self.hearing.counts[:, 1:]).sum(axis=1, keepdims=True)
        speaking = visible * spoken / np.maximum(visible.sum(axis=1, keepdims=True), 1)
        watchable = expit(self.watchable)
        features = self._features(
            self.seeing,
            self._read_lips(speaking),
            watchable,
            np.zeros((len(self.voices), self.num_people)),
        )
        found, alone, _ = self._infer(features, by_sight=True)
        speaking, shares = found[:, : self.num_faces], self._shares(alone)
        unknown = shares[:, self.unknown].copy()
        for place, group in enumerate(self.hidden):
            shares[:, self.unknown + 1 + place] = unknown * (self.groups == group)
        shares[:, self.unknown] = 0.0
        return shares, speaking

    def _from_audio(self) -> list[Start]:
        """Start with each group of voices given to one face, or to none: the best assignment, and those that come nearest."""
        if not len(self.hidden):
            return []
        gains = self._group_gains()
        _, columns = _assign(gains)
        others = []
        for row, column in enumerate(columns):  # each pair of the best one forbidden in turn
            barred = gains.copy()
            if column < self.num_faces:
                barred[row, column] = FORBIDDEN
                others.append(_assign(barred))
        others = sorted(others, key=lambda each: -each[0])[:ALTERNATIVES]
        return [self._start(each) for each in (columns, *(other for _, other in others))]

    def _start(self, columns: NDArray[np.int64]) -> Start:
        """Start with groups of voices given to faces, (num_hidden,); beyond the last face: to nobody who is seen."""
        shares = np.zeros((len(self.voices), self.num_people))
        for row, column in enumerate(columns):
            person = column if column < self.num_faces else self.unknown + 1 + row
            shares[self.groups == self.hidden[row], person] = 1.0
        speaking = np.zeros((self.num_steps, self.num_faces))
        inside = self.hearing.stretch_of >= 0
        speaking[inside] = shares[self.hearing.stretch_of[inside], : self.num_faces]
        return shares, speaking

    def _group_gains(self) -> NDArray[np.float64]:
        """What each hidden voice gains by being each face's, with all that is not known of the face summed out."""
        weights, seeing = self.parameters, self.seeing
        begins, shifts = entry_scores(seeing, 0, weights) - weights.unseen, find_shifts(seeing)
        others = weights.others * sum(seeing.others.values(), np.zeros_like(seeing.talking))
        group_of = np.full(self.num_steps, -1)
        inside = self.hearing.stretch_of >= 0
        group_of[inside] = self.groups[self.hearing.stretch_of[inside]]
        gains = np.zeros((len(self.hidden), self.num_faces))
        for row, group in enumerate(self.hidden):
            now = group_of == group
            first = now & (~np.concatenate([[False], now[:-1]]) | shifts)
            gains[row] = begins[first].sum(axis=0) + others[now].sum(axis=0)
            watched = weights.talking * seeing.talking[now].sum(axis=0)
            gains[row] += np.logaddexp(
                log_expit(self.watchable) + watched, log_expit(-self.watchable)
            )
            for face, scores in enumerate(self.lips):
                spoken = now[seeing.visible[:, face]].astype(float)
                gains[row, face] += self.lips_models[face].infer(scores, spoken).evidence
            if self.joint is not None:
                gains[row] += weights.joint * self.joint[group]
        return gains

    def _refine(self, shares: NDArray[np.float64], speaking: NDArray[np.float64]) -> Decoded:
        """Infer in turn, from a start, what is not known."""
        weights, stretch_of = self.parameters, self.hearing.stretch_of
        for number in range(ROUNDS):
            ratios = self._ratios(shares)
            beliefs = self._read_lips(speaking)
            heard = delay(self.seeing, np.array([_late_steps(each) for each in beliefs], int))
            watchable = self._watchable(heard, speaking)
            turns = count_turns(heard.visible, stretch_of, shares)
            presence = believe_presence(turns, weights.away, weights.hidden, weights.certainty)
            features = self._features(heard, beliefs, watchable, ratios, presence.log_shares)
            found, alone, evidence = self._infer(features)
            if number == ROUNDS - 1:
                break
            speaking, shares = found[:, : self.num_faces], self._shares(alone)
            shares[:, self.unknown] = 0.0  # the unknown voice stays unknown
        cost = sum(belief.divergence for belief in beliefs)
        cost += self._surprise(watchable) + presence.divergence
        return Decoded(
            speaking=found,
            said=self._best(features),
            features=features,
            ratios=ratios,
            shares=self._shares(alone),
            offsets=np.array([int(belief.offsets.argmax()) for belief in beliefs], int)
            - NUM_OFFSETS // 2,
            readable=np.array([belief.readable for belief in beliefs]),
            evidence=evidence - cost,
            joint=None if self.joint is None else voice_features(self.hearing, self._joint())[0],
        )

    def _ratios(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-likelihood ratios of the voices of stretches, weighted: (num_stretches, num_people)."""
        if not len(self.voices):
            return np.zeros((0, self.num_people))
        enrolled = np.zeros((self.num_people, self.voices.shape[1]))
        precision = np.zeros(self.num_people)
        for face, voice in self.known.enrolled.items():
            seconds = np.array([ENROLLED_SECONDS])
            precision[face] = 1.0 / self.voice_model.variance(seconds)[0]
            enrolled[face] = precision[face] * self.voice_model.scale(voice[None], seconds)[0]
        ratios = self.parameters.voice * self.voice_model.compare(
            self.voices, self.hearing.seconds, shares, enrolled, precision
        )
        if self.known.labels is not None:
            given = label_ratios(self.known.labels, self.hearing.seconds, shares)
            ratios += self.parameters.label_trust * given
        ratios[:, self.unknown] = 0.0
        return ratios if self.joint is None else ratios + self._joint()

    def _joint(self) -> NDArray[np.float64]:
        """What the joint embedding says of each stretch, weighted: (num_stretches, num_people).

        A group of voices is compared as a whole; each of its stretches takes its part by length.
        """
        seconds = np.bincount(self.groups, self.hearing.seconds)[self.groups]
        part = (self.hearing.seconds / np.maximum(seconds, STEP))[:, None]
        said = np.zeros((len(self.voices), self.num_people))
        said[:, : self.num_faces] = self.parameters.joint * part * self.joint[self.groups]  # type: ignore[index]
        return said

    def _features(
        self,
        heard: Seeing,
        beliefs: Sequence[LipsBelief],
        watchable: NDArray[np.float64],
        ratios: NDArray[np.float64],
        log_shares: NDArray[np.float64] | None = None,
    ) -> Features:
        seen = {name: np.zeros((self.num_steps, self.num_people)) for name in PERSONAL}
        for face, belief in enumerate(beliefs):
            seen["lips"][self.seeing.visible[:, face], face] = belief.ratios
        faces = slice(0, self.num_faces)
        seen["talking"][:, faces] = watchable * heard.talking
        for source in self.seeing.others.values():
            seen["others"][:, faces] += np.where(self.seeing.visible, source, 0.0)
        num_hidden = self.num_people - self.num_faces
        entry = entry_scores(heard, num_hidden, self.parameters, log_shares)
        voices, both, both_steps = voice_features(self.hearing, ratios)
        return Features(
            self.hearing.counts,
            self.hearing.speech,
            seen,
            voices,
            both,
            both_steps,
            entry,
            find_shifts(heard),
        )

    def _read_lips(self, speaking: NDArray[np.float64]) -> list[LipsBelief]:
        return [
            self.lips_models[face].infer(scores, speaking[self.seeing.visible[:, face], face])
            for face, scores in enumerate(self.lips)
        ]

    def _watchable(self, heard: Seeing, speaking: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability that it can be seen whether each face talks, (num_faces,)."""
        total = (speaking * heard.talking).sum(axis=0)
        return np.asarray(expit(self.watchable + self.parameters.talking * total))

    def _surprise(self, watchable: NDArray[np.float64]) -> float:
        """Divergence of what was inferred of faces from what was expected, in nats."""
        share = np.clip(watchable, 1e-9, 1 - 1e-9)
        parts = share * (np.log(share) - log_expit(self.watchable))
        parts += (1 - share) * (np.log1p(-share) - log_expit(-self.watchable))
        return float(parts.sum())

    def _shares(self, alone: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far each stretch is each person's, (num_stretches, num_people)."""
        shares = np.zeros((len(self.voices), self.num_people))
        inside = self.hearing.stretch_of >= 0
        np.add.at(shares, self.hearing.stretch_of[inside], alone[inside])
        number = np.bincount(self.hearing.stretch_of[inside], minlength=len(shares))
        return shares / np.maximum(number, 1)[:, None]

    def _infer(
        self, features: Features, by_sight: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Probability that each speaks, and speaks alone, (num_steps, num_people) each; and the evidence."""
        speaking = np.zeros((self.num_steps, self.num_people))
        alone, evidence = np.zeros_like(speaking), 0.0
        for steps in self.blocks:
            block = make_block(self.known, self.parameters, features, steps, by_sight)
            posterior, found = infer(*block.chain)
            speaking[steps, block.people] = posterior @ block.states.members
            alone[steps, block.people] = posterior[:, 1 : 1 + len(block.people)]
            evidence += found
        return speaking, alone, evidence

    def _best(self, features: Features) -> NDArray[np.bool_]:
        said = np.zeros((self.num_steps, self.num_people), bool)
        for steps in self.blocks:
            block = make_block(self.known, self.parameters, features, steps)
            said[steps, block.people] = block.states.members[best_sequence(*block.chain)]
        return said


def _late_steps(belief: LipsBelief) -> int:
    """Steps by which the sound of a face comes late; 0 where the lips are likelier not to be read."""
    late = int(belief.offsets.argmax()) - NUM_OFFSETS // 2
    return round(late / RATE / STEP) if belief.readable > 0.5 else 0


def _assign(gains: NDArray[np.float64]) -> tuple[float, NDArray[np.int64]]:
    """Give each row one column, or none for no gain (Kuhn 1955): the sum, and columns, beyond the last for none."""
    padded = np.hstack([gains, np.zeros((len(gains), len(gains)))])
    rows, columns = linear_sum_assignment(padded, maximize=True)
    return float(padded[rows, columns].sum()), columns
