"""From an observation to the decoder's evidence: who is who by the face, what is seen and heard on one clock."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.pipelines.diarization.segmentation import segment
from pins_plugin.pipelines.diarization.voice_model import VoiceScatter
from pins_plugin.pipelines.diarization.voices import embed_stretches
from pins_plugin.pipelines.linking.given_turns import hear_turns
from pins_plugin.pipelines.linking.hearing import STEP, hear
from pins_plugin.pipelines.linking.observation import Observation, Watcher
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.pipelines.linking.seeing import Seeing, Series, see
from pins_plugin.pipelines.people.enrollment import KnownPerson, name_people
from pins_plugin.pipelines.people.face_tracks import group_faces
from pins_plugin.pipelines.people.naming import sum_faces
from pins_plugin.types import FaceTrack

# Seconds that sources of other packages judge, and between; chosen, not measured
PLUGIN_WINDOW, PLUGIN_HOP = 1.0, 0.5


def gather(
    seen: Observation,
    watcher: Watcher,
    voice_encoder: torch.nn.Module,
    scatter: VoiceScatter,
    known: Sequence[KnownPerson],
    sources: Collection[str],
) -> tuple[list[FaceTrack], Evidence]:
    """Bring an observation into the decoder's form, by the kinds of evidence in `sources`: tracks with people, and evidence.

    `scatter` is that of the voice encoder; `known` people are those of whom there are examples.
    """
    embeddings = seen.embeddings
    tracks = group_faces(seen.tracks, embeddings.faces, watcher.recognizer.same_person)
    seeing = see(
        tracks,
        embeddings.curves if "sync" in sources else {},
        embeddings.talking if "talking" in sources else {},
        seen.duration,
        ask_plugins(seen, watcher, tracks),
    )

    embed = partial(embed_stretches, seen.waveform, voice_encoder=voice_encoder)
    labels = None
    if seen.turns is not None:
        hearing, labels = hear_turns(seen.turns, seeing.cuts, embed)
    else:
        known_speech = segment(seen.waveform) if seen.segmentation is None else seen.segmentation
        hearing = hear(seen.waveform, known_speech, seeing.cuts, embed)
    joint = None
    if watcher.joint is not None:
        known_faces = {"tracks": tracks, "joint_faces": embeddings.joint_faces}
        joint = partial(watcher.joint.compare, seen.waveform, hearing.stretches, **known_faces)
    enrolled = enroll(seeing, tracks, embeddings.faces, known, watcher.recognizer.same_person)
    evidence = Evidence(hearing, seeing, scatter, joint=joint, labels=labels, enrolled=enrolled)
    return tracks, evidence


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
    seen: Observation, watcher: Watcher, tracks: Sequence[FaceTrack]
) -> dict[str, dict[str, Series]]:
    """Let sources of other packages judge a second at a time: by source and track, times and log-likelihood ratios per step."""
    found: dict[str, dict[str, Series]] = {}
    for make in watcher.plugins:
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
