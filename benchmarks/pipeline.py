"""What linking a video costs, stage by stage: seconds per second of video, and memory.

    python benchmarks/pipeline.py CLIP [--height 720] [--seconds 60] [--out benchmarks/results/pipeline.json]
    python benchmarks/pipeline.py CLIP --height 1080 --seconds 300 1200 --stages sound faces crops

CLIP (with a face and sound) is repeated to a video of that height and length, 25 pictures a second. `cpu` counts the
seconds of all threads, so that other jobs on the machine do not matter; `wall` is what passed meanwhile. Real time
means below 1. `memory` is the most that the process held up to the end of that stage, the libraries included; `kept` is what
the stage leaves behind for the next ones, which alone grows with the length of the video. The last line reckons from
that what two hours of the same would need.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from long_video import write_long_video

from pins_plugin.report.tables import format_table
from pins_plugin.utils.files import write_json

STAGES = ("libraries", "sound", "faces", "crops", "turns", "links", "page", "video")
HEADERS = ["video", "stage", "cpu s per s", "wall s per s", "memory MB", "kept MB"]
TWO_HOURS = 7200.0  # seconds


def main() -> None:
    """Measure each length in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--seconds", type=float, nargs="+", default=[60.0])
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--out", type=Path, help="write the table as JSON")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure, args.seconds[0], args.stages)
        return
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for seconds in args.seconds:
            video = Path(folder) / "long.mp4"
            write_long_video(args.clip, video, seconds, args.height)
            options = ["--seconds", str(seconds), "--stages", *args.stages]
            command = [sys.executable, __file__, str(args.clip), "--measure", str(video), *options]
            lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            rows += [
                [f"{args.height}p, {seconds:g} s", *line.split("\t")] for line in lines.splitlines()
            ]
    print(format_table(HEADERS, rows))
    if args.out:
        about = "2 CPU cores, shared with other jobs (so the processor's seconds are what to read)."
        title = f"Linking a video, stage by stage, {args.height}p"
        seconds = " ".join(f"{each:g}" for each in args.seconds)
        command = f"python benchmarks/pipeline.py {args.clip.name} --height {args.height} --seconds {seconds}"
        if tuple(args.stages) != STAGES:
            command += f" --stages {' '.join(args.stages)}"
        result = {"title": title, "about": about, "command": command}
        write_json(args.out, {**result, "headers": HEADERS, "rows": rows})


def measure(video: Path, seconds: float, stages: list[str]) -> None:
    """Print one line for each stage: name, cpu, wall, memory."""
    found: dict[str, Any] = {}
    total, kept = 0.0, 0.0
    for name, stage in make_stages(video, found).items():
        if name != "libraries" and name not in stages:
            continue
        wall, cpu = time.perf_counter(), time.process_time()
        found[name] = stage()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        if name == "libraries":
            print(f"{name}\t-\t-\t{memory:.0f}\t-", flush=True)
            continue
        left = count_bytes(found[name]) / 1e6
        total, kept = total + cpu, kept + left
        numbers = f"{cpu / seconds:.3f}\t{wall / seconds:.3f}\t{memory:.0f}\t{left:.1f}"
        print(f"{name}\t{numbers}", flush=True)
    print(f"all\t{total / seconds:.3f}\t-\t{memory:.0f}\t{kept:.1f}", flush=True)
    growth = kept * (TWO_HOURS / seconds - 1)
    print(f"2 hours, reckoned\t-\t-\t{memory + growth:.0f}\t{kept + growth:.1f}", flush=True)


def count_bytes(value: Any) -> int:
    """Bytes of everything in nested records, lists and mappings."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if is_dataclass(value) and not isinstance(value, type):
        return sum(count_bytes(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return sum(map(count_bytes, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(count_bytes, value)) + sys.getsizeof(value)
    return sys.getsizeof(value)


def make_stages(video: Path, found: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """The stages in order; each finds what those before it left in `found`."""
    from pins_plugin.data.audio import load_audio
    from pins_plugin.data.video import probe_video
    from pins_plugin.pipelines.linking import SpeakerFaceLinking, faces_per_track
    from pins_plugin.pipelines.observation import Observation
    from pins_plugin.report.annotate import write_annotated_video
    from pins_plugin.report.page import write_page
    from pins_plugin.tracking.crops import extract_crops

    def link() -> Any:
        seen = Observation(
            video, "video", probe_video(video).duration,
            *(found[name] for name in ("sound", "faces", "crops", "turns")), from_sound=True,
        )  # fmt: skip
        return found["libraries"].link(seen).to_json()

    def crops() -> Any:
        tracks = found["faces"]
        number = faces_per_track(len(tracks))
        return extract_crops(video, tracks, ("face", "lips"), max_frames=number)

    page, copy = video.with_name("page.html"), video.with_name("annotated.mp4")
    return {
        "libraries": SpeakerFaceLinking,
        "sound": lambda: load_audio(video),
        "faces": lambda: found["libraries"].find_faces(video, lambda *_, **__: None),
        "crops": crops,
        "turns": lambda: found["libraries"].diarizer.find_turns(
            {"video": str(video)}, found["sound"]
        ),
        "links": link,
        "page": lambda: write_page(video, found["links"], page, quiet=True),
        "video": lambda: write_annotated_video(video, found["links"], copy, quiet=True),
    }


if __name__ == "__main__":
    main()
