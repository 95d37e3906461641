"""Simple ways to link, for comparison: by chance, by size, by motion alone."""

from collections.abc import Callable, Sequence

import numpy as np

from pins_plugin.data.audio import SAMPLE_RATE
from pins_plugin.errors import PinsError
from pins_plugin.pipelines.linking.assignment import Decision
from pins_plugin.pipelines.linking.evidence import MotionEvidence
from pins_plugin.pipelines.linking.observation import Observation
from pins_plugin.pipelines.linking.pieces import Piece

Baseline = Callable[[Observation, Sequence[Piece]], list[Decision]]


def by_chance(observation: Observation, pieces: Sequence[Piece]) -> list[Decision]:
    """Any face on screen, or nobody, with equal chances (seeded)."""
    generator = np.random.default_rng(len(observation.waveform) % SAMPLE_RATE)
    decisions = []
    for piece in pieces:
        choices = [*piece.tracks, None]
        chosen = choices[generator.integers(len(choices))]
        decisions.append(Decision(piece, chosen, 1 / len(choices), {}))
    return decisions


def by_size(observation: Observation, pieces: Sequence[Piece]) -> list[Decision]:
    """The largest face on screen."""
    tracks = {track.track: track for track in observation.tracks}
    return [
        Decision(
            piece,
            max(piece.tracks, key=lambda name: tracks[name].quality.get("size", 0.0), default=None),
            0.5,
            {},
        )
        for piece in pieces
    ]


def by_motion(observation: Observation, pieces: Sequence[Piece]) -> list[Decision]:
    """The face whose mouth moves most like the sound's loudness, turn by turn, at no offset."""
    if not observation.looks.crops:
        raise PinsError(
            "observation: expected crops of its faces, got none; observe with keep_crops=True"
        )
    motion = MotionEvidence(observation.looks.crops, observation.waveform)
    decisions = []
    for piece in pieces:
        scores = {}
        for name in piece.tracks:
            measured = motion.measure(name, piece.start, piece.end)
            scores[name] = -np.inf if measured is None else float(measured[0])
        decisions.append(
            Decision(piece, max(scores, key=scores.__getitem__, default=None), 0.5, {})
        )
    return decisions


BASELINES: dict[str, Baseline] = {"chance": by_chance, "largest face": by_size, "motion": by_motion}
