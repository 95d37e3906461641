"""From an observation to the decoder's evidence: who is who by the face, what is seen and heard on one clock."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.diarization.segmentation import segment
from pins_plugin.pipelines.diarization.voices import embed_stretches
from pins_plugin.pipelines.linking.given_turns import hear_turns
from pins_plugin.pipelines.linking.hearing import STEP, hear
from pins_plugin.pipelines.linking.networks import Networks
from pins_plugin.pipelines.linking.observation import Observation
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.pipelines.linking.seeing import Seeing, Series, see
from pins_plugin.pipelines.people.enrollment import KnownPerson, name_people
from pins_plugin.pipelines.people.face_tracks import group_faces
from pins_plugin.pipelines.people.naming import sum_faces
from pins_plugin.types import FaceTrack

# Seconds that sources of other packages judge, and between; chosen, not measured
PLUGIN_WINDOW, PLUGIN_HOP = 1.0, 0.5


def gather(
    seen: Observation, networks: Networks, known: Sequence[KnownPerson]
) -> tuple[list[FaceTrack], Evidence]:
    """Bring an observation into the decoder's form, as far as there are networks for it: tracks with people, and evidence.

    `known` people are those of whom there are examples.
    """
    embeddings, same_face = seen.embeddings, networks.recognizer.same_person
    tracks = group_faces(seen.tracks, embeddings.faces, same_face)
    seeing = see(
        tracks,
        embeddings.curves if networks.synchronizer else {},
        embeddings.talking if networks.activity else {},
        seen.duration,
        ask_plugins(seen, networks.plugins, tracks),
    )
    embed = partial(embed_stretches, seen.waveform, voice_encoder=networks.voice_encoder)
    labels = None
    if seen.turns is not None:
        hearing, labels = hear_turns(seen.turns, seeing.cuts, embed)
    else:
        heard = seen.segmentation or segment(seen.waveform, networks.segmentation)
        hearing = hear(heard, seeing.cuts, embed, seen.waveform)
    joint = None
    if networks.joint is not None:
        compare = partial(networks.joint.compare, seen.waveform, hearing.stretches)
        joint = partial(compare, tracks=tracks, joint_faces=embeddings.joint_faces)
    enrolled = enroll(seeing, tracks, embeddings.faces, known, same_face)
    return tracks, Evidence(
        hearing, seeing, networks.scatter, joint=joint, labels=labels, enrolled=enrolled
    )


def enroll(
    seeing: Seeing,
    tracks: Sequence[FaceTrack],
    faces: Mapping[str, NDArray[np.floating]],
    known: Sequence[KnownPerson],
    same_face: float,
) -> dict[int, NDArray[np.float64]]:
    """Find the faces whose voices are known from examples: index of the face to the voice."""
    voices = {person.name: person.voice for person in known if person.voice is not None}
    seen = [person for person in known if person.face is not None]
    named = name_people(seen, sum_faces(tracks, faces), {}, same_face)
    return {
        seeing.people.index(person): voices[name]
        for person, name in named.items()
        if name in voices
    }


def ask_plugins(
    seen: Observation, plugins: Sequence[Any], tracks: Sequence[FaceTrack]
) -> dict[str, dict[str, Series]]:
    """Let sources of other packages judge a second at a time: by source and track, times and log-likelihood ratios per step."""
    found: dict[str, dict[str, Series]] = {}
    for make in plugins:
        source = make(seen.embeddings.crops, seen.waveform, lambda track: 0.0)
        series = found.setdefault(source.name, {})
        for track in tracks:
            start, end = track.span
            times = np.arange(start, max(end - PLUGIN_WINDOW, start) + 1e-6, PLUGIN_HOP)
            measured = [
                source.measure(track.track, float(time), float(time) + PLUGIN_WINDOW)
                for time in times
            ]
            values = np.array([0.0 if m is None else float(np.sum(m)) for m in measured])
            series[track.track] = (times + PLUGIN_WINDOW / 2, values * STEP)
    return found
