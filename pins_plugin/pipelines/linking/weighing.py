"""What the networks make of an observation: who is who among the tracks, and what speaks for each face."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.pipelines.active_speaker.synchrony import (
    PRESENCE_BONUS,
    SynchronyEvidence,
    compare_track,
    is_usable,
)
from pins_plugin.pipelines.diarization.voices import compare_speakers
from pins_plugin.pipelines.linking.assignment import Decision, Ratios
from pins_plugin.pipelines.linking.evidence import (
    Calibration,
    EvidenceSource,
    MotionEvidence,
    expect_usual_fit,
    gather_ratios,
    limit_ratios,
    no_offset,
)
from pins_plugin.pipelines.linking.joint import JointEvidence
from pins_plugin.pipelines.linking.observation import Looks, Observation
from pins_plugin.pipelines.linking.pieces import Piece, cut_pieces
from pins_plugin.pipelines.linking.refinement import refine_turns
from pins_plugin.pipelines.people.enrollment import KnownPerson
from pins_plugin.pipelines.people.grouping import find_voices, group_surely, join_people
from pins_plugin.pipelines.people.naming import compare_names
from pins_plugin.pipelines.people.recognition import FaceRecognizer
from pins_plugin.tracking.crops import Crops
from pins_plugin.types import FaceTrack


class Weighed(NamedTuple):
    """An observation, weighed: who is who, and what speaks for each face in each piece of a turn."""

    named: Mapping[tuple[str, str], float]  # whether examples call a speaker and a person the same
    joint: Mapping[tuple[str, str], float]  # whether a speaker sounds as a person looks
    voices: Mapping[tuple[str, str], float]  # how alike speakers sound that may be one person
    pieces: list[Piece]
    tracks: list[FaceTrack]  # with people
    sources: list[EvidenceSource]
    ratios: Sequence[Ratios]  # by piece

    @property
    def people(self) -> dict[str, str]:
        """Track -> person."""
        return people_of(self.tracks)


@dataclass
class Weigher:
    """Weighs observations. No pipeline itself, so its parts keep their parameters.

    Parameters
    ----------
    evidence : collection of str
        Which sources to use; see `SpeakerFaceLinking`.
    recognizer : FaceRecognizer
    synchronizer : Synchronizer, optional
    joint : JointEvidence, optional
    calibration : Calibration
    plugins : sequence of callable
        Each makes a source of evidence of crops, waveform and `offset_of`.
    known : sequence of KnownPerson
        People of whom there are examples.
    """

    evidence: Collection[str]
    recognizer: FaceRecognizer
    synchronizer: Any
    joint: JointEvidence | None
    calibration: Calibration
    plugins: Sequence[Any] = ()
    known: Sequence[KnownPerson] = field(default_factory=list)

    def to(self, device: torch.device) -> "Weigher":
        """Move the networks to a device."""
        self.recognizer.to(device)
        if self.synchronizer is not None:
            self.synchronizer.to(device)
        if self.joint is not None:
            self.joint.embedder.to(device)
        return self

    def look(
        self,
        crops: Iterable[tuple[str, Crops]],
        waveform: NDArray[np.float32],
        keep_crops: bool = False,
    ) -> Looks:
        """Run the networks over the crops of one track after the other, whoever speaks.

        Parameters
        ----------
        crops : iterable of (str, Crops)
            With faces and lips, by the name of the track; see `tracking.crops.iter_crops`.
        waveform : (num_samples,) float32 array
            At 16 kHz.
        keep_crops : bool
            Also where no source of evidence asks for them.
        """
        keep_crops = keep_crops or bool(self.joint or self.plugins or "motion" in self.evidence)
        looks = Looks({}, {}, {})
        for name, crop in crops:
            if len(crop.faces):
                looks.faces[name] = self.recognizer.embed(crop.faces)
            if self.synchronizer is not None and is_usable(crop):
                looks.curves[name] = compare_track(crop, waveform, self.synchronizer)
            if keep_crops:
                looks.crops[name] = crop
        return looks

    def weigh(self, seen: Observation, voice_encoder: torch.nn.Module) -> Weighed:
        """Say who is who among the tracks, and how well each fits the sound of each piece."""
        looks = seen.looks
        faces, same_person = looks.faces, self.recognizer.same_person
        voices = compare_speakers(seen.turns, seen.waveform, voice_encoder)
        pieces = cut_pieces(seen.turns, seen.tracks)
        surely = group_surely(seen.tracks, faces, same_person)
        ratios = gather_ratios(pieces, self.find_evidence(seen, pieces, surely), self.calibration)
        voice_of = find_voices(pieces, limit_ratios(ratios), people_of(surely))
        tracks = join_people(surely, faces, voice_of, voices, same_person)
        sources = self.find_evidence(seen, pieces, tracks)
        named = compare_names(tracks, faces, self.known, seen.turns.labels(), same_person)
        joint = (
            self.joint.compare(seen.waveform, seen.turns, looks.crops, tracks) if self.joint else {}
        )
        ratios = gather_ratios(pieces, sources, self.calibration)
        lips = SynchronyEvidence.name
        bias = self.calibration.bias(lips)
        ratios = limit_ratios(expect_usual_fit(pieces, ratios, people_of(tracks), lips, bias))
        alike = voices if seen.from_sound else {}  # labels that were given are two people's
        return Weighed(named, joint, alike, pieces, tracks, sources, ratios)

    def find_evidence(
        self,
        seen: Observation,
        pieces: Sequence[Piece],
        tracks: Sequence[FaceTrack],
    ) -> list[EvidenceSource]:
        """Prepare the sources of evidence."""
        sources: list[EvidenceSource] = []
        offset_of = no_offset
        if self.synchronizer is not None:
            bonus = PRESENCE_BONUS if "presence" in self.evidence else 0.0
            synchrony = SynchronyEvidence(seen.looks.curves, pieces, people_of(tracks), bonus)
            sources.append(synchrony)
            offset_of = synchrony.offset_of
        if "motion" in self.evidence:
            sources.append(MotionEvidence(seen.looks.crops, seen.waveform, offset_of))
        sources += [make(seen.looks.crops, seen.waveform, offset_of) for make in self.plugins]
        return sources

    def refine(
        self,
        seen: Observation,
        weighed: Weighed,
        decisions: Sequence[Decision],
        voice_encoder: torch.nn.Module,
    ) -> Annotation:
        """Decide anew who speaks when, by sound and picture; see `refinement`."""
        synchrony = next((s for s in weighed.sources if isinstance(s, SynchronyEvidence)), None)

        def ratios_of(track: str, times: NDArray[np.float64]) -> NDArray[np.float64]:
            if synchrony is None:
                return np.zeros(len(times))
            measures, seconds = synchrony.follow(track, times)
            return self.calibration.rates(synchrony.name, measures, seconds)

        speech = [(turn.start, turn.end) for turn in seen.turns.get_timeline().support()]
        refined = refine_turns(
            speech,
            decisions,
            weighed.tracks,
            ratios_of,
            seen.waveform,
            voice_encoder,
            uri=seen.uri,
        )
        return seen.turns if refined is None else refined


def load_synchronizer(source: str) -> Any:
    """Open the synchronization model; linking never goes on without one that was asked for."""
    from pins_plugin.inference.synchronizer import Synchronizer

    return Synchronizer.from_hparams(source)


def people_of(tracks: Sequence[FaceTrack]) -> dict[str, str]:
    """Track -> person."""
    return {track.track: str(track.person) for track in tracks}
