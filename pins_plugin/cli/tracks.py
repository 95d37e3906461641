"""Follow every face of a video and say where it is at each moment.

Faces are found by MTCNN, joined within shots, and steadied. Prints one line per track; with --out writes
boxes and five landmarks at every picture:

  pins tracks interview.mp4 --out tracks.json    JSON (see docs/files.md)
  pins tracks interview.mp4 --out tracks.csv     one row per face and picture
  pins tracks interview.mp4 --people             also says which tracks show the same person
  pins tracks archive --out tracks --jobs 8      tracks/<name>.json for each video of a folder

Columns: face size in pixels, sharpness (about 0 blurred, above 10 sharp), frontality (0 profile, 1 frontal),
and the mean probability that it is a face.
"""

import argparse
import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from pins_plugin.cli._many import add_many_arguments, find_inputs, is_many, run_files
from pins_plugin.cli._options import add_options
from pins_plugin.errors import PinsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pins_plugin.tracking.tracks import TrackerSettings
    from pins_plugin.types import FaceTrack

HELP = "follow the faces of a video"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="video files")
    parser.add_argument(
        "--out",
        metavar="FILE|DIR",
        help="write the tracks: FILE.json or FILE.csv; of many videos the folder for them",
    )
    parser.add_argument("--format", choices=("json", "csv"), default="json", help="of the files of many videos (default: json)")  # fmt: skip
    parser.add_argument(
        "--people",
        nargs="?",
        const="face_recognition",
        metavar="MODEL",
        help="group tracks by person; MODEL as --face_encoder of pins link",
    )
    parser.add_argument(
        "--every",
        type=float,
        default=0.3,
        metavar="S",
        help="seconds between full detections (0.3)",
    )
    parser.add_argument(
        "--min_face",
        "--min-face",
        type=float,
        default=0.05,
        metavar="PART",
        help="smallest face, as a part of the picture's shorter side (0.05)",
    )
    add_options(parser, "tracker", "device", "quiet")
    add_many_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Track, write, print a table."""
    from pins_plugin.data.media.video import probe_video
    from pins_plugin.tracking.track_files import write_tracks
    from pins_plugin.utils.writable import try_file

    videos, args.names = find_inputs(args.videos, args)
    is_table = Path(args.out or "").suffix in (".json", ".csv")
    into_folder = args.out and not is_table and not args.names.is_of_one
    if is_many(args) or len(videos) > 1 or into_folder:
        from pins_plugin.cli._each_video import open_tracker

        if not args.out:
            raise PinsError("--out: expected a folder for the tracks of many videos")
        make_settings(args)
        return run_files("tracks", videos, open_tracker, args)
    args.video = str(videos[0])
    if args.out and not is_table:
        raise PinsError(f"--out {args.out}: expected a name that ends in .json or .csv")
    if args.out:
        try_file(args.out)
    make_settings(args)
    info = probe_video(args.video)
    tracks = make_tracker(args)(args.video)
    if args.out:
        write_tracks(args.out, tracks, info)
    print_tracks(tracks)
    where = f", written to {args.out}" if args.out else ""
    count = f"{len(tracks)} face tracks" if tracks else "no face"
    print(f"{count} in {info.path.name} ({info.duration:.1f} s){where}")
    return 0


def make_settings(args: argparse.Namespace) -> "TrackerSettings":
    """Take the tracker's settings from the command line."""
    from pins_plugin.tracking.tracks import TrackerSettings
    from pins_plugin.utils.device import usable_device

    device = str(usable_device(args.device))
    return TrackerSettings(args.every, args.min_face, device)


def make_tracker(args: argparse.Namespace) -> "Callable[[str], list[FaceTrack]]":
    """Load whatever the command line asks for; gives the function that tracks one video."""
    from pins_plugin.plugins import load_plugin
    from pins_plugin.tracking.tracks import track_faces

    settings = make_settings(args)
    group = load_grouping(args.people) if args.people else None
    follow = load_plugin("trackers", args.tracker) if args.tracker else track_faces

    def track(video: str) -> "list[FaceTrack]":
        tracks: list[FaceTrack] = follow(video, settings, quiet=args.quiet)
        return tracks if group is None else group(video, tracks, args.quiet)

    return track


def print_tracks(tracks: "list[FaceTrack]") -> None:
    """Print a table, one line per track."""
    if tracks:
        print("track  person     shot    start      end  size sharp frontal  face")
    for track in tracks:
        person = track.person or "-"
        quality = defaultdict(lambda: math.nan, track.quality)  # trackers of others may not say
        print(
            f"{track.track:6} {person:10} {track.shot:4d} {track.start:8.2f} {track.end:8.2f} "
            f"{quality['size']:5.0f} {quality['sharpness']:5.1f} {quality['frontality']:7.2f} "
            f"{quality['detection']:5.2f}"
        )


def load_grouping(source: str) -> "Callable[[str, list[FaceTrack], bool], list[FaceTrack]]":
    """Make the function that groups tracks by person with the face encoder of a model."""
    from pins_plugin.pipelines.people.face_recognizer import FaceRecognizer
    from pins_plugin.tracking.tracked_people import embed_tracks, group_people

    recognizer = FaceRecognizer(source)
    for note in recognizer.notes:
        print(note)

    def group(video: str, tracks: "list[FaceTrack]", quiet: bool) -> "list[FaceTrack]":
        embeddings = embed_tracks(video, tracks, recognizer.embed, quiet=quiet)
        return group_people(tracks, embeddings, recognizer.same_person)

    return group
