"""Evidence of a made conversation, whose truth is known, in the form that the decoder takes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.active_speaker.synchrony import MAX_OFFSET, NUM_OFFSETS
from pins_plugin.pipelines.diarization.voice_model import VoiceScatter
from pins_plugin.pipelines.linking.hearing import STEP, Hearing, cut_stretches
from pins_plugin.pipelines.linking.parameters import LinkingParameters
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.pipelines.linking.seeing import Seeing

DIM = 192
SCATTER = VoiceScatter((0.0,) * DIM, 1.0, 0.0, 0.5)
PARAMETERS = replace(  # of no learning: tests hold whatever was learnt
    LinkingParameters(),
    lips_weights=(0.0, 1.0, 0.0, 0.0),  # the first feature of lips is their score
    counts=2.0,
    one=-0.8,
    two=-2.5,
    lips=0.25,
    talking=0.4,
    voice=0.15,
    shown=1.0,
    size=0.0,
    crowd=-0.2,
    away=-3.0,
    hidden=-3.0,
    starts=-1.5,
    stops=-1.5,
    switches=-4.5,
    joins=-4.0,
    leaves=-2.5,
    changes=-7.0,
    readable=2.8,
    watchable=2.0,
    voice_session=0.2,
)
Turn = tuple[float, float, int]  # start and end in seconds, person: faces first


def speak(turns: Sequence[Turn], seconds: float, num_people: int) -> NDArray[np.bool_]:
    """Who speaks when, (num_steps, num_people)."""
    truth = np.zeros((round(seconds / STEP), num_people), bool)
    for start, end, person in turns:
        truth[round(start / STEP) : round(end / STEP), person] = True
    return truth


def take_turns(seconds: float, length: float, people: Sequence[int]) -> list[Turn]:
    """One after the other, for as long each."""
    starts = np.arange(0, seconds - 1e-9, length)
    return [(s, min(s + length, seconds), people[n % len(people)]) for n, s in enumerate(starts)]


def hear(truth: NDArray[np.bool_], seed: int = 0, voice_of: Sequence[int] | None = None) -> Hearing:
    """What is heard of it; `voice_of` tells whose voice each person has."""
    generator = np.random.default_rng(seed)
    num_steps, num_people = truth.shape
    number = np.minimum(truth.sum(axis=1), 2)
    counts = np.full((num_steps, 3), np.log(0.01))
    counts[np.arange(num_steps), number] = np.log(0.98)
    changes = np.zeros(num_steps)
    changes[1:] = (truth[1:] != truth[:-1]).any(axis=1)
    stretches, stretch_of = cut_stretches(counts, changes, changes > 0)
    middles = (stretches.mean(axis=1) / STEP).astype(int)
    speaker = truth[middles].argmax(axis=1)
    whose = np.arange(num_people) if voice_of is None else np.array(voice_of)
    centers = generator.standard_normal((num_people, DIM))
    lengths = np.maximum(stretches[:, 1] - stretches[:, 0], 0.25)
    noise = generator.standard_normal((len(stretches), DIM)) * np.sqrt(0.5 / lengths)[:, None]
    voices = centers[whose[speaker]] + noise if len(stretches) else np.zeros((0, DIM))
    groups = np.zeros((num_people, len(stretches)))
    groups[speaker, np.arange(len(stretches))] = lengths
    total = groups.sum(axis=1, keepdims=True)
    groups = np.divide(groups, total, out=np.zeros_like(groups), where=total > 0)
    both = np.full((num_steps, 2), -1)
    for step in np.flatnonzero(number == 2):
        pair = np.flatnonzero(truth[step])[:2]
        both[step] = np.where(total[pair, 0] > 0, pair, -1)
    speech = np.stack([counts[:, 0], np.logaddexp(counts[:, 1], counts[:, 2])], axis=1)
    return Hearing(counts, speech, changes, stretches, voices, stretch_of, groups, both)


def see(
    truth: NDArray[np.bool_],
    num_faces: int,
    *,
    visible: NDArray[np.bool_] | None = None,
    strength: float | Sequence[float] = 2.5,
    talking: NDArray[np.float64] | None = None,
    offset: int = 0,
    blind: bool = False,
    seed: int = 1,
) -> Seeing:
    """What is seen of it.

    `strength` is that of lips, in standard deviations, of each face; 0 of dubbed ones. `talking` are log-likelihood ratios
    that mouths talk, nothing when not given. `blind`: of lips nothing can be said.
    """
    generator = np.random.default_rng(seed)
    num_steps = len(truth)
    visible = np.ones((num_steps, num_faces), bool) if visible is None else visible
    strengths = np.broadcast_to(strength, num_faces)
    fits = []
    for face in range(num_faces):
        shown = visible[:, face]
        scores = generator.standard_normal((int(shown.sum()), NUM_OFFSETS, 3))
        scores[:, MAX_OFFSET + offset, 0] += strengths[face] * truth[shown, face]
        fits.append(np.full_like(scores, np.nan) if blind else scores)
    cuts = np.zeros(num_steps, bool)
    cuts[1:] = (visible[1:] != visible[:-1]).any(axis=1)
    return Seeing(
        people=[f"P{face}" for face in range(num_faces)],
        visible=visible,
        sizes=np.zeros((num_steps, num_faces)),
        talking=np.zeros((num_steps, num_faces)) if talking is None else talking,
        fits=[each.astype(np.float32) for each in fits],
        cuts=cuts,
        pixels=np.full(num_faces, 200.0),
    )


def know(hearing: Hearing, seeing: Seeing, **more) -> Evidence:
    """Put it together."""
    return Evidence(hearing, seeing, SCATTER, **more)


def agreement(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Share of person-steps of the faces in `truth` that are right."""
    return float((said[:, : truth.shape[1]] == truth).mean())
