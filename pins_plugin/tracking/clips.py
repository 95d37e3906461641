"""Talking-face clips cut from raw videos that carry no labels at all."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pins_plugin.data.audio import SAMPLE_RATE, load_audio, save_audio
from pins_plugin.errors import MediaError
from pins_plugin.tracking.crops import extract_crops
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.types import FaceTrack, TalkingFaceClip
from pins_plugin.utils.files import atomic_folder

Span = tuple[str, float, float]


def cut_clips(
    video: str | Path,
    out: str | Path,
    *,
    num_pictures: int = 8,
    min_seconds: float = 2.0,
    max_seconds: float = 10.0,
    settings: TrackerSettings | None = None,
) -> list[TalkingFaceClip]:
    """Cut the stretches of a video in which exactly one face is seen and something is heard.

    Nobody says whether that face is the one that speaks; where it is alone in the picture it mostly is. A
    video that was cut before is not cut again.

    Parameters
    ----------
    video, out : str or Path
        Clips are written to a folder of the video's name in `out`.
    num_pictures : int
        Per clip.
    min_seconds, max_seconds : float
        Shorter stretches are dropped, longer ones divided.
    settings : TrackerSettings, optional

    Returns
    -------
    clips : list of TalkingFaceClip
        Without identity and split.

    Raises
    ------
    MediaError
        When the video cannot be read, has no sound, or no such stretch.
    """
    video, folder = Path(video), Path(out) / Path(video).stem
    if not (folder / "clips.json").is_file():
        waveform = load_audio(video)
        tracks = track_faces(video, settings, quiet=True)
        spans = [
            span
            for span in find_single_faces(tracks, min_seconds, max_seconds)
            if _is_audible(_stretch(waveform, span))
        ]
        if not spans:
            raise MediaError(
                f"{video}: no stretch of {min_seconds:g} s with one face and some sound"
            )
        _write(video, folder, waveform, _cut_tracks(tracks, spans), num_pictures)
    names = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
    return [
        TalkingFaceClip(
            f"{video.stem}-{name}", "", video.stem, folder / name, folder / f"{name}.wav"
        )
        for name in names
    ]


def find_single_faces(
    tracks: Sequence[FaceTrack], min_seconds: float, max_seconds: float
) -> list[Span]:
    """Find the stretches in which exactly one face is in the picture.

    Returns
    -------
    spans : list of (track, start, end)
        In seconds; at least `min_seconds` and at most `max_seconds` long.
    """
    bounds = sorted({time for track in tracks for time in (track.start, track.end)})
    spans: list[Span] = []
    for start, end in itertools.pairwise(bounds):
        seen = [track.track for track in tracks if track.start < end and track.end > start]
        if len(seen) == 1:
            if spans and spans[-1][0] == seen[0] and spans[-1][2] == start:
                start = spans.pop()[1]
            spans.append((seen[0], start, end))
    divided = []
    for track, start, end in spans:
        parts = max(1, int(np.ceil((end - start) / max_seconds)))
        edges = np.linspace(start, end, parts + 1)
        divided += [(track, float(a), float(b)) for a, b in itertools.pairwise(edges)]
    return [span for span in divided if span[2] - span[1] >= min_seconds]


def _cut_tracks(tracks: Sequence[FaceTrack], spans: Sequence[Span]) -> list[FaceTrack]:
    by_name = {track.track: track for track in tracks}
    parts = []
    for number, (name, start, end) in enumerate(spans):
        track = by_name[name]
        kept = (track.times >= start) & (track.times <= end)
        parts.append(
            replace(
                track,
                track=f"{number:04d}",
                times=track.times[kept],
                boxes=track.boxes[kept],
                landmarks=track.landmarks[kept],
                detected=track.detected[kept],
            )
        )
    return parts


def _write(
    video: Path,
    folder: Path,
    waveform: NDArray[np.float32],
    tracks: Sequence[FaceTrack],
    num_pictures: int,
) -> None:
    crops = extract_crops(video, tracks, ("face",), max_frames=num_pictures)
    with atomic_folder(folder) as temporary:
        names = []
        for track in tracks:
            faces = crops[track.track].faces
            if len(faces) == 0:
                continue
            (temporary / track.track).mkdir()
            for index, face in enumerate(faces):
                Image.fromarray(face).save(temporary / track.track / f"{index:02d}.jpg", quality=92)
            sound = _stretch(waveform, (track.track, track.start, track.end))
            save_audio(temporary / f"{track.track}.wav", sound)
            names.append(track.track)
        (temporary / "clips.json").write_text(json.dumps(names), encoding="utf-8")


def _stretch(waveform: NDArray[np.float32], span: Span) -> NDArray[np.float32]:
    return waveform[round(span[1] * SAMPLE_RATE) : round(span[2] * SAMPLE_RATE)]


def _is_audible(waveform: NDArray[np.float32]) -> bool:
    """Tell whether the sound is louder than -50 dB of full scale."""
    return len(waveform) > 0 and float(np.sqrt(np.mean(waveform**2))) > 10 ** (-50 / 20)
