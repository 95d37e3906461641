"""Face tracks as JSON and CSV files.

JSON: `{"version": 1, "video": path, "width", "height" (pixels), "frame_rate" (Hz), "duration" (s), "tracks":
[{"track": "T001", "person": label or null, "shot": 0, "start": s, "end": s, "quality": {...}, "boxes": [[time, x1,
y1, x2, y2], ...], "landmarks": [[x, y] x 5, ...], "detected": [true, ...]}]}`; one row of `boxes`, `landmarks` and
`detected` per picture, pixels of the upright original picture. CSV: one row per face and picture.
"""

import csv
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from pins_plugin.data.media.video import VideoInfo
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.types import FaceTrack
from pins_plugin.utils.files import atomic_path, read_json, write_json_rows
from pins_plugin.utils.text import table_cell

POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")


def write_tracks(path: str | Path, tracks: Sequence[FaceTrack], info: VideoInfo) -> None:
    """Write tracks as JSON or CSV, by the name's ending, in one step; one track at a time is held as text."""
    path = Path(path)
    if path.suffix == ".json":
        content = {
            "version": 1,
            "video": str(info.path),
            "width": info.width,
            "height": info.height,
            "frame_rate": info.frame_rate,
            "duration": info.duration,
            "tracks": map(_track_to_dict, tracks),
        }
        write_json_rows(path, content)
    elif path.suffix == ".csv":
        with (
            atomic_path(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="") as file,
        ):
            _write_table(file, tracks)
    else:
        raise PinsError(f"{path}: expected a name that ends in .json or .csv, got {path.suffix!r}")


def read_tracks(path: str | Path) -> list[FaceTrack]:
    """Read the tracks of a JSON file: of `pins tracks`, the `links.json` of `pins link`, or a scene's truth.

    What a file leaves out is filled in: landmarks by NaN, names by T000, T001, ...

    Raises
    ------
    MediaError
        When the file is missing or holds something else.
    """
    content = read_json(
        path, MediaError, "face tracks, as `pins tracks VIDEO --out FILE` writes them"
    )
    try:
        entries = content["tracks"] if "tracks" in content else content["faces"]
        return [_track_from_dict(entry, number) for number, entry in enumerate(entries)]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise MediaError(f"{path}: not a file of face tracks ({error!r})") from error


def _track_to_dict(track: FaceTrack) -> dict[str, Any]:
    rows = np.concatenate([track.times[:, None].round(4), track.boxes.round(2)], axis=1)
    points = [
        [[round(value, 2) for value in point] for point in face]
        for face in track.landmarks.tolist()
    ]
    quality = {name: round(v, 4) for name, v in track.quality.items() if isfinite(v)}
    return {
        "track": track.track,
        "person": track.person,
        "shot": track.shot,
        "start": round(track.start, 4),
        "end": round(track.end, 4),
        "quality": quality,
        "boxes": [[round(value, 4) for value in row] for row in rows.tolist()],
        **({"landmarks": points} if np.isfinite(track.landmarks).all() else {}),
        "detected": track.detected.tolist(),
    }


def _track_from_dict(entry: dict[str, Any], number: int) -> FaceTrack:
    rows = np.array(entry["boxes"], np.float64).reshape(-1, 5)
    if not (len(rows) and np.isfinite(rows).all() and (np.diff(rows[:, 0]) >= 0).all()):
        raise ValueError("a track without boxes, or with boxes that go back in time")
    landmarks = entry.get("landmarks", np.full((len(rows), 5, 2), np.nan))
    return FaceTrack(
        str(entry.get("track", f"T{number:03d}")),
        rows[:, 0],
        rows[:, 1:].astype(np.float32),
        np.array(landmarks, np.float32).reshape(len(rows), 5, 2),
        np.array(entry.get("detected", np.ones(len(rows))), bool).reshape(len(rows)),
        int(entry["shot"]),
        {str(name): float(value) for name, value in entry.get("quality", {}).items()},
        None if entry["person"] is None else str(entry["person"]),
    )


def _write_table(file: TextIO, tracks: Sequence[FaceTrack]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    points = [f"{name}_{axis}" for name in POINTS for axis in "xy"]
    writer.writerow(
        ["track", "person", "shot", "time", "x1", "y1", "x2", "y2", *points, "detected"]
    )
    for track in tracks:
        labels = [table_cell(track.track), table_cell(track.person or ""), track.shot]
        for index, time in enumerate(track.times):
            numbers = [*track.boxes[index], *track.landmarks[index].reshape(-1)]
            places = [f"{value:.2f}" for value in numbers]
            writer.writerow([*labels, f"{time:.4f}", *places, int(track.detected[index])])
