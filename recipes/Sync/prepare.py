"""Cut any folder of talking-face videos into clips for synchronization.

  python recipes/Sync/prepare.py VIDEOS... --out clips [--people people.csv] [--offsets offsets.csv]

Each video gives one clip: its longest face track, lips and mouths at 25 frames per second, with the sound
(clips/NAME.npz). The person is the second column of people.csv (name,person), else the folder that the video
lies in (as in LRS2, LRS3, VoxCeleb2 and GRID). Files that are already there are left alone.

Many files carry a constant offset between picture and sound, even of released corpora. offsets.csv (name,frames)
says by how many frames of 1/25 s the sound of a file comes too late; `pins sync` measures it.
"""

import argparse
import csv
import sys
from pathlib import Path

from pins_plugin.data.audio import load_audio
from pins_plugin.data.sync import SyncClip, cut_sound, resample_frames, save_sync_clip, shift_clip
from pins_plugin.errors import PinsError
from pins_plugin.tracking.crops import extract_crops
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.utils.progress import progress

ENDINGS = (".mp4", ".mpg", ".mov", ".mkv", ".avi", ".webm")


def prepare_clip(video: Path, person: str, late_frames: int = 0) -> SyncClip:
    """Follow the face that is seen longest and take its lips, mouth and sound."""
    tracks = track_faces(video, TrackerSettings(detect_every=0.5), quiet=True)
    if not tracks:
        raise PinsError(f"{video}: no face was found; left out")
    track = max(tracks, key=lambda each: each.end - each.start)
    crops = extract_crops(video, [track], ["mouth", "lips"])[track.track]
    clock, lips = resample_frames(crops.times, crops.lips)
    mouths = resample_frames(crops.times, crops.mouths)[1]
    sound = cut_sound(load_audio(video), float(clock[0]), len(clock))
    return shift_clip(SyncClip(video.stem, person, lips, mouths, sound), late_frames)


def read_table(path: str | None) -> dict[str, str]:
    """Read a CSV of two columns without a header."""
    if path is None:
        return {}
    return {row[0]: row[1] for row in csv.reader(Path(path).read_text().splitlines()) if row}


def main() -> None:
    """Prepare all videos."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="+", type=Path, help="video files, or folders of them")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people")
    parser.add_argument("--offsets")
    args = parser.parse_args()
    people, offsets = read_table(args.people), read_table(args.offsets)
    videos = sorted(
        file
        for path in args.videos
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.suffix in ENDINGS
    )
    for video in progress(videos, "clips"):
        target = args.out / f"{video.stem}.npz"
        if target.exists():
            continue
        person = people.get(video.stem, video.parent.name)
        try:
            clip = prepare_clip(video, person, int(offsets.get(video.stem, 0)))
            save_sync_clip(target, clip)
        except PinsError as error:
            print(f"prepare.py: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
