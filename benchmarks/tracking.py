"""Speed and coverage of face tracking, beside facenet-pytorch's MTCNN on every picture, one by one.

    python benchmarks/tracking.py FOLDER_OR_VIDEO ... [--every 4] [--device cpu] [--out benchmarks/results/tracking.json]

Both decode the same files; on a CPU the seconds are those of the processor, so that other jobs do not count. A box of
MTCNN (probability above 0.9) counts as covered when a track has a box that overlaps it by at least half (intersection
over union) in the same picture. With --every N, MTCNN looks at every N-th picture only, and is charged for all: its
seconds per picture count for the others too. The tracker always sees all.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from facenet_pytorch import MTCNN
from tables import make_parser, publish

from pins_plugin.data.media.video import iter_frames
from pins_plugin.tracking.boxes import box_overlaps
from pins_plugin.tracking.tracks import TrackerSettings, track_faces

HEADERS = ["video", "pictures", "MTCNN s", "tracker s", "faster", "boxes compared", "covered"]
SUFFIXES = {".mp4", ".mpg", ".mov", ".mkv", ".avi", ".webm"}


def clock(device: str) -> Callable[[], float]:
    """Processor time on a CPU, wall time elsewhere."""
    return time.process_time if device == "cpu" else time.perf_counter


def detect_frames(
    video: Path, every: int, device: str
) -> tuple[dict[float, np.ndarray], int, float]:
    """Boxes of every n-th picture by its time, how many pictures there are, and the seconds for all of them."""
    detector = MTCNN(keep_all=True, device=device)
    now = clock(device)
    boxes = {}
    begin, detecting = now(), 0.0
    number = 0
    for number, frame in enumerate(iter_frames(video), start=1):
        if (number - 1) % every:
            continue
        started = now()
        found, probabilities = detector.detect(frame.image)
        detecting += now() - started
        good = np.array([p is not None and p > 0.9 for p in probabilities])
        boxes[frame.time] = np.zeros((0, 4)) if found is None else np.asarray(found, float)[good]
    decoding = now() - begin - detecting
    return boxes, number, decoding + detecting * number / max(1, len(boxes))


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
    parser = make_parser(__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument(
        "--every", type=int, default=1, help="pictures that MTCNN looks at (1: all)"
    )
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
    rows = []
    for video in videos:
        reference, frames, slow = detect_frames(video, args.every, args.device)
        begin = clock(args.device)()
        tracks = track_faces(video, settings, quiet=True)
        fast = clock(args.device)() - begin
        rows.append((video.name, frames, slow, fast, *count_covered(reference, tracks)))
        print(*cells(rows[-1]), flush=True)
    total = ("all", *map(sum, list(zip(*rows, strict=True))[1:]))
    looked = "every picture" if args.every == 1 else f"every {args.every}th picture"
    kind = "Seconds of one CPU core" if args.device == "cpu" else f"Seconds on {args.device}"
    publish(
        args.out,
        HEADERS,
        [cells(row) for row in [*rows, total]],
        title="Face tracking beside MTCNN on every picture",
        about=f"{kind}. MTCNN looked at {looked} and is charged for all; the tracker saw all.",
        command=f"python benchmarks/tracking.py {args.paths[0].name} --every {args.every} --device {args.device}",
    )


def cells(row: tuple) -> list[str]:
    """Format one line of the table."""
    name, frames, slow, fast, boxes, covered = row
    share = 100 * covered / max(boxes, 1)
    faster = f"{slow / fast:.1f}x"
    return [name, str(frames), f"{slow:.1f}", f"{fast:.1f}", faster, str(boxes), f"{share:.1f}%"]


if __name__ == "__main__":
    main()
