"""Speed and coverage of face tracking, beside facenet-pytorch's MTCNN on every picture, one by one.

    python benchmarks/tracking.py FOLDER_OR_VIDEO ... [--device cpu]

Both decode the same files; on a CPU the seconds are those of the processor, so that other jobs do not count. A box of
MTCNN (probability above 0.9) counts as covered when a track has a box that overlaps it by at least half (intersection
over union) in the same picture.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from facenet_pytorch import MTCNN

from pins_plugin.data.video import iter_frames
from pins_plugin.tracking.boxes import box_overlaps
from pins_plugin.tracking.tracks import TrackerSettings, track_faces

SUFFIXES = {".mp4", ".mpg", ".mov", ".mkv", ".avi", ".webm"}


def clock(device: str) -> Callable[[], float]:
    """Processor time on a CPU, wall time elsewhere."""
    return time.process_time if device == "cpu" else time.perf_counter


def detect_every_frame(video: Path, device: str) -> tuple[dict[float, np.ndarray], float]:
    """Boxes of each picture by its time, and the seconds that it took."""
    detector = MTCNN(keep_all=True, device=device)
    begin = clock(device)()
    boxes = {}
    for frame in iter_frames(video):
        found, probabilities = detector.detect(frame.image)
        good = np.array([p is not None and p > 0.9 for p in probabilities])
        boxes[frame.time] = np.zeros((0, 4)) if found is None else np.asarray(found, float)[good]
    return boxes, clock(device)() - begin


def count_covered(reference: dict[float, np.ndarray], tracks: list) -> tuple[int, int]:
    """How many reference boxes there are, and how many of them a track covers."""
    ours: dict[float, list[np.ndarray]] = {}
    for track in tracks:
        for when, box in zip(track.times, track.boxes, strict=True):
            ours.setdefault(float(when), []).append(box)
    covered = 0
    for when, boxes in reference.items():
        overlaps = box_overlaps(boxes, np.array(ours.get(when, [])).reshape(-1, 4))
        covered += int((overlaps.max(axis=1, initial=0) >= 0.5).sum())
    return sum(map(len, reference.values())), covered


def main() -> None:
    """Print one line per video and the sum."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    videos = [
        video
        for path in args.paths
        for video in (sorted(path.iterdir()) if path.is_dir() else [path])
        if video.suffix in SUFFIXES
    ]
    settings = TrackerSettings(device=args.device)
    track_faces(videos[0], settings, quiet=True)  # warm up: imports, memory
    print(
        f"{'video':16} {'frames':>6} {'MTCNN s':>8} {'ours s':>7} {'faster':>7} {'boxes':>6} {'covered':>8}"
    )
    rows = []
    for video in videos:
        reference, slow = detect_every_frame(video, args.device)
        begin = clock(args.device)()
        tracks = track_faces(video, settings, quiet=True)
        fast = clock(args.device)() - begin
        rows.append((len(reference), slow, fast, *count_covered(reference, tracks)))
        print_row(video.name, rows[-1])
    print_row("all", tuple(map(sum, zip(*rows, strict=True))))


def print_row(name: str, row: tuple) -> None:
    """Print one line of the table."""
    frames, slow, fast, boxes, covered = row
    print(
        f"{name[-16:]:16} {frames:6d} {slow:8.2f} {fast:7.2f} {slow / fast:6.1f}x {boxes:6d} "
        f"{100 * covered / max(boxes, 1):7.1f}%",
        flush=True,
    )


if __name__ == "__main__":
    main()
