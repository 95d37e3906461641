"""What was seen and heard in one video, before anything is decided."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.data.media.video import probe_video
from pins_plugin.pipelines.diarization.audio_file import file_path, file_uri, load_audio
from pins_plugin.pipelines.diarization.segmentation import Segmentation, segment
from pins_plugin.pipelines.diarization.turns import clip_turns
from pins_plugin.pipelines.linking.crossing import part_tracks
from pins_plugin.pipelines.linking.given_turns import find_turns
from pins_plugin.pipelines.linking.networks import Networks, TrackEmbeddings
from pins_plugin.pipelines.people.face_tracks import Track, find_faces
from pins_plugin.pipelines.pyannote_host.host import follow
from pins_plugin.types import FaceTrack


@dataclass(frozen=True, eq=False)
class Observation:
    """What was seen and heard."""

    path: Path
    uri: str  # name of the file in annotations
    duration: float  # seconds
    waveform: NDArray[np.float32]  # (num_samples,) at 16 kHz, on the media clock
    tracks: list[FaceTrack]
    embeddings: TrackEmbeddings
    segmentation: Segmentation | None  # how many speak when; not needed where turns are given
    turns: Annotation | None = None  # who speaks when, where that is given
    notes: tuple[str, ...] = ()  # what whoever reads the result should know


def observe(
    file: Any,
    networks: Networks,
    track: Track,
    hook: Callable[..., Any],
    diarization: Any = None,
    keep_crops: bool = False,
    quiet: bool = True,
) -> Observation:
    """Hear and see all there is in a file, a mapping with `video`.

    The audio first: what it needs is given back before the pictures come. `track` follows faces, `diarization` is asked before
    that of the networks (`given_turns.find_turns`), and `keep_crops` is as in `Networks.embed_tracks`.
    """
    path, uri = file_path(file), file_uri(file)
    info = probe_video(path)
    waveform = load_audio(file)
    segmentation = note = None
    given = (diarization, networks.diarization, file.get("diarization"))
    turns = find_turns(given, file, waveform, networks.device)
    if turns is None:
        model = networks.segmentation
        segmentation = follow(hook, "segmentation", lambda: segment(waveform, model))
    else:
        turns.uri = uri
        turns, note = clip_turns(turns, max(info.duration, len(waveform) / SAMPLE_RATE))
    tracks = follow(hook, "faces", lambda: find_faces(path, track, networks.device, quiet))
    embeddings = follow(
        hook, "crops", lambda: networks.embed_video(path, tracks, waveform, keep_crops, quiet)
    )
    tracks, embeddings = part_tracks(tracks, embeddings, networks.recognizer.same_person)
    duration = max([info.duration, *(track.end for track in tracks)])
    notes = (note,) if note else ()
    return Observation(
        path, uri, duration, waveform, tracks, embeddings, segmentation, turns, notes
    )
