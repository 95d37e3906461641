"""Mean voices of the people of one file, of what was decided to be theirs."""

from collections.abc import Sequence

import numpy as np

from pins_plugin.pipelines.linking.decoder import Decoded, Decoder
from pins_plugin.pipelines.linking.read_out import Run
from pins_plugin.pipelines.people.naming import Voices
from pins_plugin.utils.vectors import unit


def pool_voices(decoded: Decoded, decoder: Decoder, runs: Sequence[Run]) -> Voices:
    """Mean voice of each face and of each speaker, of the stretches that are theirs, by label."""
    hearing, people = decoder.hearing, decoder.seeing.people
    found: Voices = {}
    if not len(hearing.voices):
        return found
    weights = hearing.seconds[:, None] * decoded.shares
    for face, label in enumerate(people):
        total = weights[:, face] @ hearing.voices
        if weights[:, face].sum() > 0.5:
            found[label] = unit(total)
    for speaker in {run.speaker for run in runs}:
        steps = np.zeros(decoder.num_steps, bool)
        for run in runs:
            if run.speaker == speaker:
                steps[run.first : run.last] = True
        inside = hearing.stretch_of[steps]
        share = np.bincount(inside[inside >= 0], minlength=len(hearing.voices)).astype(float)
        if share.any():
            found[speaker] = unit(share @ hearing.voices)
    return found
