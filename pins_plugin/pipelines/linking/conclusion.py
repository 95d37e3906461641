"""From an observation to the result: decoded, read out, people named, a reviewer's corrections held."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from pins_plugin.data.links.corrections import Corrections
from pins_plugin.pipelines.linking.counted import Bounds, decode_within
from pins_plugin.pipelines.linking.gathering import gather
from pins_plugin.pipelines.linking.networks import Networks
from pins_plugin.pipelines.linking.observation import Observation
from pins_plugin.pipelines.linking.parameters import LinkingParameters
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.pipelines.linking.read_out import (
    Run,
    find_given_runs,
    find_runs,
    make_links,
    pool_voices,
    speaker_turns,
)
from pins_plugin.pipelines.linking.result import LinkingResult
from pins_plugin.pipelines.linking.review import hold_steps, rename_people
from pins_plugin.pipelines.people.enrollment import KnownPerson
from pins_plugin.pipelines.people.face_tracks import annotate_faces
from pins_plugin.pipelines.people.naming import (
    Voices,
    average_people,
    find_appearances,
    find_names,
    find_namesakes,
)
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.types import FaceTrack

# Probability that lips can be read, below which the file's notes say so; chosen, not measured
UNREADABLE = 0.1
# Seconds on screen before anything is said of somebody's lips: by then lips that fit nowhere are given up, as measured
MIN_SPEECH = 3.0


def conclude(
    seen: Observation,
    networks: Networks,
    parameters: LinkingParameters,
    bounds: Bounds,
    corrections: Corrections,
    known: Sequence[KnownPerson] = (),
    cast: Cast | None = None,
) -> LinkingResult:
    """Decide who speaks when and which face that is, and name the people.

    `corrections` are turns that are settled, which bears on all others, and names; `known` people are those of whom there are
    examples; the `cast` has those met in other videos, and is given those of this one.
    """
    tracks, evidence = gather(seen, networks, known)
    result, runs, voices = _decide(seen, tracks, evidence, parameters, bounds)
    people, same_face = evidence.seeing.people, networks.recognizer.same_person
    given = [] if seen.turns is None else find_namesakes(seen.turns.labels())
    found = average_people(result.tracks, result.links, voices, seen.embeddings.faces, given)
    with cast.held() if cast is not None else nullcontext():
        names = find_names(found, known, cast, same_face)
        if corrections.turns or corrections.names:
            held = hold_steps(runs, corrections.turns, people, names, corrections.names)
            speakers = result.speakers.labels()
            evidence = replace(evidence, held=held)
            result, _, _ = _decide(seen, tracks, evidence, parameters, bounds)
            names = rename_people(names, corrections.names, [*people, *speakers])
        if cast is not None:
            cast.rename(corrections.names)
            cast.replace_video(seen.uri, find_appearances(found, names, seen.uri))
    notes = [*networks.recognizer.notes, *seen.notes]
    result = replace(result, notes=notes)
    return result.rename(names, {label: corrections.names.get(label, label) for label in given})


def _decide(
    seen: Observation,
    tracks: list[FaceTrack],
    evidence: Evidence,
    parameters: LinkingParameters,
    bounds: Bounds,
) -> tuple[LinkingResult, list[Run], Voices]:
    """Decode, and read out; labels are those of this video alone."""
    decoded = decode_within(parameters, evidence, bounds)
    if seen.turns is None:
        runs = find_runs(decoded.said, seen.duration)
        speakers = speaker_turns(runs, seen.uri)
    else:
        runs, speakers = find_given_runs(decoded, seen.turns), seen.turns
    result = LinkingResult(
        video=str(seen.path),
        duration=seen.duration,
        speakers=speakers,
        faces=annotate_faces(tracks, seen.uri),
        tracks=tracks,
        links=make_links(runs, decoded, evidence, tracks, parameters),
        offset=decoded.common_offset(),
        unreadable=decoded.unreadable(evidence.seeing, UNREADABLE, MIN_SPEECH),
    )
    return result, runs, pool_voices(runs, decoded, evidence)
