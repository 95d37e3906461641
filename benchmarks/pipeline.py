"""What linking a video costs, stage by stage: seconds per second of video, and memory.

    python benchmarks/pipeline.py CLIP [--height 720] [--seconds 60] [--device cuda] [--out benchmarks/results/pipeline.json]
    python benchmarks/pipeline.py CLIP --height 1080 --seconds 6 --hours 0.25 --out benchmarks/results/memory.json

CLIP (with a face and sound) is repeated to a video of that height and length, 25 pictures a second. `cpu` counts the
seconds of all threads, so that other jobs on the machine do not matter; `wall` is what passed meanwhile. Real time
means below 1. `rest` is the wall time less what the main thread spent in networks: about what a graphics card of any speed would leave
on this processor. `memory` is the most that the process held up to the end of that stage, the libraries included; `kept` is what
the stage leaves behind for the next ones, which alone grows with the length of the video.

`--hours` tells what a film of that length needs without looking at every picture of it: the film is written, its sound
is read in full, `--seconds` of it are segmented, faces are followed and looked at through them, all that is then repeated
in memory, looked at once more beside all that is kept by then, and links and page are made at full length.
"""

import argparse
import copy
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from long_video import write_long_video
from tables import make_parser, publish

HEADERS = ["stage", "of", "cpu s per s", "wall s per s", "rest s per s", "memory MB", "kept MB"]


def main() -> None:
    """Write the videos, and measure in a process of its own."""
    parser = make_parser(__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--hours", type=float, help="length of the film (None: those seconds)")
    parser.add_argument("--device", default="cpu", help="where the networks run (cpu)")
    parser.add_argument("--measure", type=Path, nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(*args.measure, args.device)
        return
    with tempfile.TemporaryDirectory() as folder:
        part = film = Path(folder) / "part.mp4"
        write_long_video(args.clip, part, args.seconds, args.height)
        if args.hours:
            film = part.with_name("film.mp4")
            write_long_video(args.clip, film, 3600 * args.hours, args.height)
        command = [sys.executable, __file__, str(args.clip), "--device", args.device]
        command += ["--measure", str(part), str(film)]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split("\t") for line in lines.splitlines()]
    about = f"{os.cpu_count()} CPU cores, shared with other jobs (so the processor's seconds are what to read)."
    title = f"Linking a video, stage by stage, {args.height}p"
    command = f"python benchmarks/pipeline.py {args.clip.name} --height {args.height} --seconds {args.seconds:g}"
    if args.hours:
        title += f", {args.hours:g} hours"
        command += f" --hours {args.hours:g}"
    if args.device != "cpu":
        about = f"Networks on {args.device}; {about}"
        command += f" --device {args.device}"
    if threads := os.environ.get("OMP_NUM_THREADS"):
        command = f"OMP_NUM_THREADS={threads} {command}"
    publish(args.out, HEADERS, rows, title=title, about=about, command=command)


def measure(part: Path, film: Path, device: str) -> None:
    """Print one line for each stage: name, seconds of video, cpu, wall, rest, memory, kept."""
    from pins_plugin.data.media.video import probe_video

    found: dict[str, Any] = {"part": probe_video(part).duration, "film": probe_video(film).duration}
    total, kept, networks = np.zeros(3), 0.0, NetworkClock()
    for name, (of, stage) in make_stages(part, film, found, device).items():
        networks.seconds = 0.0
        wall, cpu = time.perf_counter(), time.process_time()
        found[name] = stage()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        if not of:
            print(f"{name}\t-\t-\t-\t-\t{memory:.0f}\t-", flush=True)
            continue
        left = count_bytes(found[name]) / 1e6
        costs = np.array([cpu, wall, wall - networks.seconds]) / found[of]
        total, kept = total + costs, kept + left
        print(format_line(name, f"{found[of]:.0f} s", costs, memory, left), flush=True)
    print(format_line("all", "-", total, memory, kept), flush=True)


def format_line(name: str, of: str, costs: np.ndarray, memory: float, kept: float) -> str:
    """One row of the table, its cells between tabs."""
    numbers = "\t".join(f"{cost:.3f}" for cost in costs)
    return f"{name}\t{of}\t{numbers}\t{memory:.0f}\t{kept:.1f}"


class NetworkClock:
    """Counts the seconds that PyTorch spends in modules, the outermost ones only."""

    def __init__(self) -> None:
        from torch.nn.modules import module

        self.seconds, self._depth, self._start = 0.0, 0, 0.0
        module.register_module_forward_pre_hook(self._enter)
        module.register_module_forward_hook(self._leave, always_call=True)

    def _enter(self, *_: Any) -> None:
        if self._depth == 0:
            self._start = time.perf_counter()
        self._depth += 1

    def _leave(self, *_: Any) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._start


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


def repeat(tracks: list[Any], looks: Any, period: float, times: int) -> Any:
    """The faces of a part and their looks, as often as the part is in the film: another shot each time."""
    num_shots = max((track.shot for track in tracks), default=0) + 1
    faces, seen = [], looks._replace(faces={}, curves={}, talking={})
    for number in range(times):
        for track in copy.deepcopy(tracks):
            name, later = f"{track.track}_{number}", number * period
            shot = track.shot + number * num_shots
            faces.append(replace(track, track=name, times=track.times + later, shot=shot))
            if track.track in looks.faces:
                seen.faces[name] = looks.faces[track.track].copy()
            if track.track in looks.curves:
                curve = copy.deepcopy(looks.curves[track.track])
                seen.curves[name] = curve._replace(times=curve.times + later)
            if track.track in looks.talking:
                clock, ratios = looks.talking[track.track]
                seen.talking[name] = (clock + later, ratios.copy())
    return faces, seen


def make_stages(
    part: Path, film: Path, found: dict[str, Any], device: str
) -> dict[str, tuple[str, Callable[[], Any]]]:
    """The stages in order, with what each works on; each finds what those before it left in `found`."""
    import torch

    from pins_plugin.data.media.audio import load_audio
    from pins_plugin.pipelines.diarization.segmentation import (
        FRAME_STEP,
        STEP,
        WINDOW_FRAMES,
        Segmentation,
        segment,
    )
    from pins_plugin.pipelines.diarization.segmentation_model import load_segmentation_model
    from pins_plugin.pipelines.linking.observation import Observation
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
    from pins_plugin.pipelines.people.face_tracks import find_faces
    from pins_plugin.report.annotate import write_annotated_video
    from pins_plugin.report.page.video_page import write_page
    from pins_plugin.tracking.tracks import track_faces

    times = max(1, int(found["film"] / found["part"]))

    def looks() -> Any:
        return found["libraries"].networks.embed_video(part, found["faces"], found["sound"])

    def repeated() -> Any:
        once, hop = found.pop("segmentation"), round(STEP / FRAME_STEP)
        frames = round(found["film"] / FRAME_STEP)
        firsts = np.arange(0, max(1, frames - WINDOW_FRAMES), hop)
        rows = once.log_posteriors[np.arange(len(firsts)) % len(once.log_posteriors)]
        found["segmentation"] = Segmentation(rows, firsts, int(firsts[-1]) + WINDOW_FRAMES)
        everything = repeat(found["faces"], found.pop("looks"), found["part"], times)
        looks()  # once more, beside all that is kept by now
        return everything

    def segmentation() -> Any:
        return segment(load_audio(part), load_segmentation_model())

    def link() -> Any:
        if film == part:
            tracks, seen_of = found["faces"], found.pop("looks")
        else:
            tracks, seen_of = found.pop("repeated")
        seen = Observation(
            film, "video", found["film"], found.pop("sound"), tracks, seen_of, found["segmentation"]
        )
        result = found["libraries"].link(seen)
        del seen, seen_of  # as in `pins link`: what was seen is gone when the results are written
        return result.to_json()

    page, annotated = part.with_name("page.html"), part.with_name("annotated.mp4")
    stages = {
        "libraries": ("", lambda: SpeakerFaceLinking().to(torch.device(device))),
        "sound": ("film", lambda: load_audio(film)),
        "segmentation": ("part", segmentation),
        "faces": ("part", lambda: find_faces(part, track_faces, torch.device(device))),
        "looks": ("part", looks),
        "repeated": ("film", repeated),
        "links": ("film", link),
        "page": ("film", lambda: write_page(film, found["links"], page, quiet=True)),
        "video": (
            "film",
            lambda: write_annotated_video(film, found["links"], annotated, quiet=True),
        ),
    }
    del stages["repeated" if film == part else "video"]  # nothing to repeat; too long to encode
    return stages


if __name__ == "__main__":
    main()
