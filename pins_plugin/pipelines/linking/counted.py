"""How many people speak, where that is known: a bound on the decoder's people."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import PinsError
from pins_plugin.pipelines.diarization.voice_model import VoiceModel
from pins_plugin.pipelines.linking.decoder import Decoded, Decoder
from pins_plugin.pipelines.linking.parameters import LinkingParameters
from pins_plugin.pipelines.linking.potentials import Evidence

Bounds = tuple[int, int | None]  # min_people, max_people
NO_BOUNDS: Bounds = (1, None)


def decode_within(
    parameters: LinkingParameters, evidence: Evidence, bounds: Bounds = NO_BOUNDS
) -> Decoded:
    """Decide who speaks when, among as many people as are known to speak.

    Voices are grouped within the bounds. Where more people speak nevertheless, those who speak least are left out, and the
    others decided anew; where fewer do, stretches (beside faces: groups) that were given to somebody else are told apart again.
    """
    min_people, max_people = bounds
    if max_people is not None or (min_people > 1 and len(evidence.seeing.people)):
        heard, model = evidence.hearing, VoiceModel(evidence.scatter, parameters.voice_session)
        voices = model.scale(heard.voices, heard.seconds)
        apart = min_people if evidence.seeing.people else 1
        groups = model.cluster(voices, heard.seconds, parameters.min_gain, apart, max_people)
        evidence = replace(evidence, groups=groups, strangers=max_people is None)
    decoder = Decoder(parameters, evidence)
    decoded = decoder.decode()
    spoken = decoded.said.sum(axis=0)
    if max_people is not None and np.count_nonzero(spoken) > max_people:
        barred = np.argsort(-spoken, kind="stable")[max_people:]
        decoder = Decoder(parameters, replace(evidence, barred=frozenset(barred.tolist())))
        decoded = decoder.decode()
    stretch_of = evidence.hearing.stretch_of
    if not decoder.num_faces:
        said = add_speakers(decoded.said, decoded.ratios, stretch_of, min_people)
        return replace(decoded, said=said)
    said = decoded.said.copy()
    for place, group in reversed(list(enumerate(decoder.hidden))):  # who spoke least comes first
        person = decoder.unknown + 1 + place
        if said.any(axis=0).sum() < min_people and not said[:, person].any():
            own = np.isin(stretch_of, np.flatnonzero(decoder.groups == group))
            said[own] = np.arange(said.shape[1]) == person
    return replace(decoded, said=said)


def add_speakers(
    said: NDArray[np.bool_],
    ratios: NDArray[np.float64],
    stretch_of: NDArray[np.int64],
    min_people: int,
) -> NDArray[np.bool_]:
    """Make speakers of those stretches that fit theirs least, until there are enough: who is missing spoke little.

    `said` (num_steps, num_people) and `ratios` (num_stretches, num_people) are as in `Decoded`, `stretch_of` as in `Hearing`.
    There are at least `min_people` speakers then, as far as there are stretches; those who are added come last in `said`.
    """
    inside = stretch_of >= 0
    spoken = np.zeros(ratios.shape)
    np.add.at(spoken, stretch_of[inside], said[inside])
    owners = spoken.argmax(axis=1)
    for stretch in np.argsort(ratios[np.arange(len(ratios)), owners], kind="stable"):
        own = stretch_of == stretch
        if said.any(axis=0).sum() >= min_people:
            break
        if spoken[stretch].any() and said[~own, owners[stretch]].any():
            said = np.hstack([said & ~own[:, None], own[:, None]])
    return said


def choose_bounds(
    num_speakers: int | None = None,
    min_speakers: int | None = None,
    max_speakers: int | None = None,
) -> Bounds:
    """Fewest and most speakers, after a look whether they make sense.

    Examples
    --------
    >>> choose_bounds(min_speakers=2), choose_bounds(3)
    ((2, None), (3, 3))
    """
    options = dict(num_speakers=num_speakers, min_speakers=min_speakers, max_speakers=max_speakers)
    for name, value in options.items():
        if value is not None and value < 1:
            raise PinsError(f"{name}: expected at least 1, got {value}")
    min_people = max(num_speakers or 1, min_speakers or 1)
    bounds = [bound for bound in (num_speakers, max_speakers) if bound is not None]
    max_people = min(bounds, default=None)
    if max_people is not None and min_people > max_people:
        raise PinsError(
            f"min_speakers, max_speakers: expected a number of speakers between them, got {min_people} and {max_people}"
        )
    return min_people, max_people
