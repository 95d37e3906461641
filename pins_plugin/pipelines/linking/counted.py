"""How many people speak, where that is known: a bound on the decoder's people."""

from dataclasses import replace

import numpy as np

from pins_plugin.errors import PinsError
from pins_plugin.pipelines.diarization.voice_model import VoiceModel
from pins_plugin.pipelines.linking.decoder import Decoded, Decoder, Evidence
from pins_plugin.pipelines.linking.parameters import LinkingParameters

Bounds = tuple[int, int | None]  # fewest, most
NO_BOUNDS: Bounds = (1, None)


def decode_within(
    parameters: LinkingParameters, evidence: Evidence, bounds: Bounds = NO_BOUNDS
) -> tuple[Decoder, Decoded]:
    """Decide who speaks when, among as many people as are known to speak.

    Voices are grouped within the bounds. Where more people speak nevertheless, those who speak least are left out, and the
    others decided anew; where fewer do, groups of voices that were given to somebody else are told apart again.

    Parameters
    ----------
    parameters : LinkingParameters
    evidence : Evidence
    bounds : (int, int or None)
        Fewest and most people.
    """
    fewest, most = bounds
    if bounds != NO_BOUNDS:
        heard, model = evidence.hearing, VoiceModel(evidence.scatter, parameters.voice_session)
        voices = model.scale(heard.voices, heard.seconds)
        groups = model.cluster(voices, heard.seconds, parameters.least_gain, fewest, most)
        evidence = replace(evidence, groups=groups, strangers=most is None)
    decoder = Decoder(parameters, evidence)
    decoded = decoder.decode()
    spoken = decoded.said.sum(axis=0)
    if most is not None and np.count_nonzero(spoken) > most:
        barred = np.argsort(-spoken, kind="stable")[most:]
        decoder = Decoder(parameters, replace(evidence, barred=frozenset(barred.tolist())))
        decoded = decoder.decode()
    said = decoded.said.copy()
    places = list(enumerate(decoder.hidden))
    for place, group in reversed(places) if decoder.num_faces else places:
        person = decoder.unknown + 1 + place
        if said.any(axis=0).sum() < fewest and not said[:, person].any():
            own = np.isin(evidence.hearing.stretch_of, np.flatnonzero(decoder.groups == group))
            said[own] = np.arange(said.shape[1]) == person
    return decoder, replace(decoded, said=said)


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
    options = {
        "num_speakers": num_speakers,
        "min_speakers": min_speakers,
        "max_speakers": max_speakers,
    }
    for name, value in options.items():
        if value is not None and value < 1:
            raise PinsError(f"{name}: expected at least 1, got {value}")
    fewest = max(num_speakers or 1, min_speakers or 1)
    bounds = [bound for bound in (num_speakers, max_speakers) if bound is not None]
    most = min(bounds, default=None)
    if most is not None and fewest > most:
        raise PinsError(
            f"min_speakers, max_speakers: expected a number of speakers between them, got {fewest} and {most}"
        )
    return fewest, most
