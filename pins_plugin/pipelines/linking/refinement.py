"""Turns refined by what is seen: sound is judged on one side of a cut at a time, lips say who speaks.

First the turns of the sound alone are linked to faces. Then every tenth of a second is decided anew (Viterbi)
by three log-likelihood ratios: how alike the voice is to that of each speaker, how well the lips of the
speaker's face fit the sound, and whether that face is on screen. A face whose speech was given to other people's
speakers becomes a speaker of its own; what a speaker says while the lips do not fit becomes another one's if it is
another voice; speakers of one face and one voice become one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.pipelines.active_speaker.synchrony import SynchronyEvidence
from pins_plugin.pipelines.diarization.clustering import excess_distances, smooth_states
from pins_plugin.pipelines.diarization.speech_frames import FRAME, HOP, PURE, SpeechFrames
from pins_plugin.pipelines.diarization.voices import Regions
from pins_plugin.pipelines.linking.assignment import Decision
from pins_plugin.pipelines.linking.cuts import find_cuts, find_delay
from pins_plugin.pipelines.linking.evidence import FITTING
from pins_plugin.pipelines.linking.pieces import track_span
from pins_plugin.types import FaceTrack
from pins_plugin.utils.vectors import unit

VOICE_SLOPE = 6.5  # log-likelihood ratio of a second of speech, per unit of cosine similarity
PRESENCE_WEIGHT = 0.5
SWITCH_COST = 2.0  # log-likelihood ratio that a change of speaker must gain
LEAST_SPEECH = 1.0  # seconds, of a speaker
LEAST_OWN_SPEECH = 1.5  # seconds, of a face that becomes a speaker of its own
SURE = 0.8  # confidence of the links that this rests on
ONE_VOICE = 0.4  # cosine similarity of speakers of one face
TWO_FACES = 0.9  # cosine similarity that speakers of two faces may have
TWO_VOICES = 0.12  # squared distance of mean voices from which on those are two
NOISE = 0.35  # squared distance that the words spoken add, times seconds of speech
LEAST_WINDOWS = 3  # of one voice, to compare it
OFF_SHARE = 0.5  # a speaker has a face if that speaks half as long as the speaker is off screen
ROUNDS = 2
FaceRatios = Callable[[str, NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Speaker:
    """Somebody who is heard: label, mean voice (embedding_dim,), the face if there is one, seconds of speech."""

    name: str
    voice: NDArray[np.float64]
    person: str | None
    seconds: float


def refine_turns(
    speech: Regions,
    decisions: Sequence[Decision],
    tracks: Sequence[FaceTrack],
    ratios_of: FaceRatios,
    waveform: NDArray[np.float32],
    voice_encoder: torch.nn.Module,
    uri: str | None = None,
) -> Annotation | None:
    """Decide anew who speaks when.

    Parameters
    ----------
    speech : list of (start, end)
        Where somebody speaks, in seconds.
    decisions : sequence of Decision
        Links of the turns of the sound alone.
    tracks : sequence of FaceTrack
        With people.
    ratios_of : callable
        Track and times (num_frames,) in seconds to log-likelihood ratios per second (num_frames,) that the face
        speaks; see `SynchronyEvidence.follow`.
    waveform : (num_samples,) float32 array
        At 16 kHz.
    voice_encoder : nn.Module
    uri : str, optional

    Returns
    -------
    turns : Annotation or None
        None where there is nothing to go by.
    """
    if not speech or not decisions:
        return None
    cuts = find_cuts(tracks)
    delay = find_delay(cuts, speech, waveform, voice_encoder)
    frames = SpeechFrames.lay(speech, [cut + delay for cut in cuts])
    embeddings = frames.embed(waveform, voice_encoder)
    person_of = {track.track: str(track.person) for track in tracks}
    speakers = find_speakers(decisions, person_of, frames, embeddings)
    if not speakers:
        return None
    people = sorted({speaker.person for speaker in speakers if speaker.person is not None})
    lips = {name: np.zeros(len(frames.times)) for name in people}
    seen = {name: np.zeros(len(frames.times), bool) for name in people}
    for track in tracks:
        if track.person in lips:
            start, end = track_span(track)
            shown = (frames.times >= start + delay) & (frames.times < end + delay)
            seen[track.person] |= shown
            lips[track.person][shown] += ratios_of(track.track, frames.times[shown])
    states = np.zeros(0, np.int64)
    for _ in range(ROUNDS):
        voices = frames.spread(embeddings @ np.stack([s.voice for s in speakers]).T)
        states = states if len(states) else voices.argmax(axis=1)
        scores = VOICE_SLOPE * voices
        for number, speaker in enumerate(speakers):
            if speaker.person is not None:
                scores[:, number] += lips[speaker.person]
                scores[:, number] += _presence(seen[speaker.person], states == number)
        states = smooth_states(FRAME * scores, SWITCH_COST)
        speakers = [
            replace(speaker, voice=voice)
            if (voice := frames.mean_voice(embeddings, states == number)) is not None
            else speaker
            for number, speaker in enumerate(speakers)
        ]
    return frames.turns(states, [speaker.name for speaker in speakers], uri)


def find_speakers(
    decisions: Sequence[Decision],
    person_of: Mapping[str, str],
    frames: SpeechFrames,
    embeddings: NDArray[np.float64],
) -> list[Speaker]:
    """List whoever is heard, after faces split and merged the speakers that the sound alone gave.

    Parameters
    ----------
    decisions : sequence of Decision
    person_of : mapping of str to str
        Track -> person.
    frames : SpeechFrames
    embeddings : (num_windows, embedding_dim) array
    """
    heard = np.full(len(frames.times), "", object)
    shown = np.full(len(frames.times), "", object)
    confidence, fit = np.zeros((2, len(frames.times)))
    for decision in decisions:
        piece = decision.piece
        inside = (frames.times >= piece.start) & (frames.times < piece.end)
        heard[inside] = piece.speaker
        shown[inside] = "" if decision.track is None else person_of[decision.track]
        confidence[inside] = decision.confidence
        fit[inside] = decision.evidence.get(SynchronyEvidence.name, 0.0)

    def listen(name: str, chosen: NDArray[np.bool_], person: str | None) -> list[Speaker]:
        voice = frames.mean_voice(embeddings, chosen)
        return [] if voice is None else [Speaker(name, voice, person, chosen.sum() * FRAME)]

    people = sorted(set(shown) - {""})
    face_of = {
        name: _face_of(heard == name, shown, confidence, people)
        for name in sorted(set(heard) - {""})
        if (heard == name).sum() * FRAME >= LEAST_SPEECH
    }
    own = {
        person: (shown == person) & (confidence >= SURE)
        for person in people
        if person not in face_of.values()
    }
    own = {who: mine for who, mine in own.items() if mine.sum() * FRAME >= LEAST_OWN_SPEECH}
    claimed = np.isin(shown, list(own))
    speakers, unseen = [], []
    for name, person in face_of.items():
        mine = (heard == name) & ~claimed
        mine = mine if mine.any() else heard == name
        sure = mine & (shown == person) & (fit >= FITTING)
        rest = mine & ~sure
        if person is not None and _are_two(frames, embeddings, sure, rest):
            unseen.append(rest)
            mine = sure
        speakers += listen(name, mine, person)
    for person, mine in own.items():
        for speaker in listen(_new_name(speakers), mine, person):
            if all(speaker.voice @ other.voice < TWO_FACES for other in speakers):
                speakers.append(speaker)
    for mine in unseen:
        speakers += listen(_new_name(speakers), mine, None)
    return merge_speakers(speakers)


def _are_two(
    frames: SpeechFrames,
    embeddings: NDArray[np.float64],
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
) -> bool:
    """Whether more lies between the voices of two sets of frames than the words spoken explain.

    Lips chose the sets, not voices, so less is enough than in `clustering`.
    """
    means, seconds = [], []
    for chosen in (first, second):
        pure = frames.heard_share(chosen) >= PURE
        if chosen.sum() * FRAME < LEAST_SPEECH or pure.sum() < LEAST_WINDOWS:
            return False
        means.append(embeddings[pure].mean(axis=0))
        seconds.append(pure.sum() * HOP)
    excess = excess_distances(np.array(seconds), np.stack(means), NOISE)
    return bool(excess[0, 1] >= TWO_VOICES)


def _face_of(
    chosen: NDArray[np.bool_],
    shown: NDArray[np.object_],
    confidence: NDArray[np.float64],
    people: Sequence[str],
) -> str | None:
    """Whose face speaks most of the chosen frames (num_frames,); None where mostly nobody's does."""
    weights = {who: confidence[chosen & (shown == who)].sum() for who in people}
    best = max(people, key=lambda who: weights[who], default=None)
    off = confidence[chosen & (shown == "")].sum()
    return best if best is not None and weights[best] > OFF_SHARE * off else None


def merge_speakers(speakers: Sequence[Speaker]) -> list[Speaker]:
    """Make one of speakers that share a face and a voice; the longer one's label stays."""
    merged: list[Speaker] = []
    for speaker in sorted(speakers, key=lambda each: -each.seconds):
        for number, other in enumerate(merged):
            same = speaker.person is not None and speaker.person == other.person
            if same and speaker.voice @ other.voice >= ONE_VOICE:
                voice = unit(other.seconds * other.voice + speaker.seconds * speaker.voice)
                seconds = other.seconds + speaker.seconds
                merged[number] = replace(other, voice=voice, seconds=seconds)
                break
        else:
            merged.append(speaker)
    return sorted(merged, key=lambda each: each.name)


def _presence(seen: NDArray[np.bool_], mine: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log-likelihood ratio per second of a face being on screen, or not, when its speaker speaks.

    Rates are counted over the file, smoothed by one second (Laplace).
    """

    def rate(chosen: NDArray[np.bool_]) -> float:
        return float((seen[chosen].sum() * FRAME + 1) / (chosen.sum() * FRAME + 2))

    own, others = rate(mine), rate(~mine)
    there, away = float(np.log(own / others)), float(np.log((1 - own) / (1 - others)))
    return np.asarray(PRESENCE_WEIGHT * np.where(seen, there, away), np.float64)


def _new_name(speakers: Sequence[Speaker]) -> str:
    taken = {speaker.name for speaker in speakers}
    return next(
        name for number in range(len(taken) + 1) if (name := f"SPEAKER_{number:02d}") not in taken
    )
