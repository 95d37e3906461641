"""Cut any folder of talking-face videos into clips for synchronization.

  python recipes/Sync/prepare.py VIDEOS... --out clips [--people people.csv] [--offsets offsets.csv]

Each video gives one clip: the longest stretch in which the lips of its longest face track are seen, lips and mouths
at 25 frames per second, with the sound (clips/NAME.npz). NAME is the file's, with the folders below VIDEOS in front of it:
id00012-21Uxsk56VDQ-00001. The person is the second column of people.csv (name,person), else the first of these
folders (as in LRS2, LRS3, VoxCeleb2 and GRID), else the folder that the video lies in. Files that are already there are left alone.

Many files carry a constant offset between picture and sound, even of released corpora. offsets.csv (name,frames)
says by how many frames of 1/25 s the sound of a file comes too late; `pins sync` measures it.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.training.sync_clips import (
    SyncClip,
    clip_name,
    cut_sound,
    resample_frames,
    save_sync_clip,
    shift_clip,
)
from pins_plugin.errors import PinsError
from pins_plugin.tracking.crops import extract_crops
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

ENDINGS = (".mp4", ".mpg", ".mov", ".mkv", ".avi", ".webm")
LONGEST_GAP = 0.2  # seconds without lips that are bridged


def prepare_clip(video: Path, name: str, person: str, late_frames: int = 0) -> SyncClip:
    """Follow the face that is seen longest and take its lips, mouth and sound."""
    tracks = track_faces(video, TrackerSettings(detect_every=0.5), quiet=True)
    if not tracks:
        raise PinsError(f"{video}: no face was found; left out")
    track = max(tracks, key=lambda each: each.end - each.start)
    crops = extract_crops(video, [track], ["mouth", "lips"])[track.track]
    seen = longest_stretch(crops.times, np.isfinite(crops.lips).all(axis=(1, 2)))
    if len(seen) < 2:
        raise PinsError(f"{video}: no lips were seen; left out")
    clock, lips = resample_frames(crops.times[seen], crops.lips[seen])
    mouths = resample_frames(crops.times[seen], crops.mouths[seen])[1]
    start = float(clock[0])
    sound = cut_sound(load_audio(video), start, len(clock))
    return shift_clip(SyncClip(name, person, lips, mouths, sound, start), late_frames)


def longest_stretch(times: NDArray[np.float64], seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Frames that are seen, of the longest stretch without a gap of more than LONGEST_GAP."""
    frames = np.flatnonzero(seen)
    breaks = np.flatnonzero(np.diff(times[frames]) > LONGEST_GAP) + 1
    return max(np.split(frames, breaks), key=len)


def read_table(path: str) -> dict[str, str]:
    """Read a CSV of two columns without a header."""
    return {row[0]: row[1] for row in csv.reader(Path(path).read_text().splitlines()) if row}


def main() -> None:
    """Prepare all videos."""
    parser = script_parser(__doc__)
    parser.add_argument("videos", nargs="+", type=Path, help="video files, or folders of them")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=read_table, default={}, metavar="CSV")
    parser.add_argument("--offsets", type=read_table, default={}, metavar="CSV")
    args = parser.parse_args()
    videos = sorted(
        (file, path if path.is_dir() else path.parent)
        for path in args.videos
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.suffix in ENDINGS
    )
    for video, root in progress(videos, "clips"):
        name = clip_name(video, root)
        target = args.out / f"{name}.npz"
        if target.exists():
            continue
        folders = video.parent.relative_to(root).parts
        person = args.people.get(name, folders[0] if folders else video.parent.name)
        try:
            clip = prepare_clip(video, name, person, int(args.offsets.get(name, 0)))
            save_sync_clip(target, clip)
        except PinsError as error:
            print(f"prepare.py: {error}", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
