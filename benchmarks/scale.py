"""How much faster are two workers than one, what does each take, and are the results the same?

    python benchmarks/scale.py VIDEO ... [--command link|tracks] [--ways one two ray] [--out FOLDER]

Each way does all videos into a folder of its own. Prints seconds, processor seconds of all processes (which other work on the
machine changes little), those of a second of video, peak memory of all processes and of the largest worker, and whether the
results are, byte by byte, those of the first way. Writes the rows as JSON.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
from campaigns.footage import digests

WAYS = {
    "here": ["--jobs", "0"],
    "one": ["--jobs", "1", "--cpus_per_worker", "1"],
    "two": ["--jobs", "2", "--cpus_per_worker", "1"],
    "ray": ["--jobs", "2", "--cpus_per_worker", "1", "--ray", "local"],
}
RESULTS = {
    "link": ("*/links.json", "*/*.rttm", "*/links.csv", "*/vectors.safetensors"),
    "tracks": ("*.json",),
}
NOT_RESULTS = ("summary.json", ".done.json")
PINS = "from pins_plugin.cli import main; import sys; sys.exit(main(sys.argv[1:]))"


def run(way: str, command: str, videos: list[str], out: Path) -> dict:
    """Do everything in one way."""
    shutil.rmtree(out, ignore_errors=True)
    extra = ["--no_video"] if command == "link" else []
    command = [sys.executable, "-c", PINS, command, *videos, "--out", out, "--quiet", *extra]
    began = time.monotonic()
    process = subprocess.Popen(
        [*map(str, command), *WAYS[way]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak, processor = {"all": 0.0, "one": 0.0}, {}
    threading.Thread(target=watch, args=(process.pid, peak, processor), daemon=True).start()
    said = process.communicate()[1]
    seconds = time.monotonic() - began
    if process.returncode:
        sys.exit(said)
    summary = json.loads((out / "summary.json").read_text())
    return {
        "way": way,
        "videos": summary["done"],
        "failed": summary["failed"],
        "video_seconds": round(summary["media_seconds"], 1),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(sum(processor.values()), 1),
        "cpu_of_a_second": round(sum(processor.values()) / summary["media_seconds"], 2),
        "megabytes": round(peak["all"]),
        "megabytes_of_a_worker": round(peak["one"]),
        "load": round(os.getloadavg()[0], 1),
    }


def watch(number: int, peak: dict[str, float], processor: dict[int, float]) -> None:
    """Follow the unshared memory and the processor time of a process and its children."""
    while True:
        sizes = []
        try:
            parent = psutil.Process(number)
            for each in [parent, *parent.children(recursive=True)]:
                with suppress(psutil.Error):
                    sizes.append(each.memory_full_info().uss / 1e6)
                    times = each.cpu_times()
                    processor[each.pid] = times.user + times.system
        except psutil.Error:
            return
        peak["all"] = max(peak["all"], sum(sizes))
        peak["one"] = max([peak["one"], *sizes])
        time.sleep(0.3)


def main() -> None:
    """Print one line per way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--command", choices=RESULTS, default="link")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["one", "two", "ray"])
    parser.add_argument("--out", type=Path, default=Path("results/scale"))
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/scale.json"))
    args = parser.parse_args()
    rows: list[dict] = []
    reference = None
    for way in args.ways:
        row = run(way, args.command, args.videos, args.out / way)
        found = digests(args.out / way, *RESULTS[args.command])
        found = {name: digest for name, digest in found.items() if not name.endswith(NOT_RESULTS)}
        reference = reference or found
        rows.append(row | {"same_bytes": found == reference, "results": len(found)})
        print(rows[-1], flush=True)
    args.json.write_text(
        json.dumps({"cores": os.cpu_count(), "command": args.command, "rows": rows}, indent=2)
        + "\n"
    )


if __name__ == "__main__":
    main()
