"""Talking-face clips cut from raw videos that carry no labels at all."""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio, save_audio
from pins_plugin.errors import MediaError
from pins_plugin.tracking.crops import Crops, extract_crops
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.types import FaceTrack, TalkingFaceClip
from pins_plugin.utils.files import atomic_folder

Span = tuple[str, float, float]
Speaking = Callable[[Mapping[str, Crops], NDArray[np.float32]], dict[str, float]]
"""Lips of each stretch and the sound of the whole video -> evidence that each makes the sound."""


class CutVideo(NamedTuple):
    """What became of a video.

    Parameters
    ----------
    clips : list of TalkingFaceClip
        Without identity and split; with a column "speaking" where that was asked for.
    skipped : dict of str to str
        Stretch -> why it was left out.
    """

    clips: list[TalkingFaceClip]
    skipped: dict[str, str]


def cut_clips(
    video: str | Path,
    out: str | Path,
    *,
    name: str | None = None,
    speaking: Speaking | None = None,
    min_speaking: float = 0.0,
    num_pictures: int = 8,
    min_seconds: float = 2.0,
    max_seconds: float = 10.0,
    settings: TrackerSettings | None = None,
) -> CutVideo:
    """Cut the stretches of a video in which exactly one face is seen and something is heard.

    A face that is alone in the picture mostly is the one that speaks; `speaking` asks its lips. A video that
    was cut before is not cut again.

    Parameters
    ----------
    video, out : str or Path
    name : str, optional
        Of the folder in `out` that the clips are written to, and of the video in the manifest; the stem
        of the file by default.
    speaking : callable, optional
        Such as `pipelines.speaking.SpeakingFaces()`.
    min_speaking : float
        Stretches with less evidence are left out.
    num_pictures : int
        Per clip.
    min_seconds, max_seconds : float
        Shorter stretches are dropped, longer ones divided.
    settings : TrackerSettings, optional

    Returns
    -------
    cut : CutVideo

    Raises
    ------
    MediaError
        When the video cannot be read, has no sound, or no such stretch.
    """
    video = Path(video)
    name = name or video.stem
    folder = Path(out) / name
    if not _is_cut(folder, speaking is not None):
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
        _write(video, folder, waveform, _cut_tracks(tracks, spans), num_pictures, speaking)
    clips, skipped = [], {}
    for row in json.loads((folder / "clips.json").read_text(encoding="utf-8")):
        evidence = row["speaking"] if speaking is not None else None
        if evidence is not None and evidence < min_speaking:
            place = f"{video} {row['start']:.2f}-{row['end']:.2f} s"
            skipped[place] = (
                f"the lips do not make this sound (evidence {evidence:.2f} < {min_speaking:g})"
            )
            continue
        clips.append(
            TalkingFaceClip(
                f"{name}-{row['clip']}",
                "",
                name,
                folder / row["clip"],
                folder / f"{row['clip']}.wav",
                attributes={} if evidence is None else {"speaking": f"{evidence:.3f}"},
            )
        )
    return CutVideo(clips, skipped)


def _is_cut(folder: Path, with_speaking: bool) -> bool:
    """Tell whether a former run has done all that is asked for."""
    path = folder / "clips.json"
    if not path.is_file():
        return False
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return not with_speaking or all(row["speaking"] is not None for row in rows)


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
    speaking: Speaking | None,
) -> None:
    kinds = ("face", "lips") if speaking is not None else ("face",)
    crops = extract_crops(video, tracks, kinds, max_frames=num_pictures)
    evidence = speaking(crops, waveform) if speaking is not None else {}
    with atomic_folder(folder) as temporary:
        rows = []
        for track in tracks:
            faces = crops[track.track].faces
            if len(faces) == 0:
                continue
            (temporary / track.track).mkdir()
            for index, face in enumerate(faces):
                Image.fromarray(face).save(temporary / track.track / f"{index:02d}.jpg", quality=92)
            sound = _stretch(waveform, (track.track, track.start, track.end))
            save_audio(temporary / f"{track.track}.wav", sound)
            row = {"clip": track.track, "start": track.start, "end": track.end}
            rows.append(row | {"speaking": evidence.get(track.track)})
        (temporary / "clips.json").write_text(json.dumps(rows), encoding="utf-8")


def _stretch(waveform: NDArray[np.float32], span: Span) -> NDArray[np.float32]:
    return waveform[round(span[1] * SAMPLE_RATE) : round(span[2] * SAMPLE_RATE)]


def _is_audible(waveform: NDArray[np.float32]) -> bool:
    """Tell whether the sound is louder than -50 dB of full scale."""
    return len(waveform) > 0 and float(np.sqrt(np.mean(waveform**2))) > 10 ** (-50 / 20)
