"""How much faster are two workers than one, what does each take, and are the results the same? For `pins link`.

    python benchmarks/scale.py VIDEO ... [--ways one two ray] [--out FOLDER]

Each way links all videos into a folder of its own. Prints seconds, hours of video per hour (with and without the time that
workers take to load), peak memory of all processes and of the largest worker, and whether the results are, byte by byte,
those of the first way. Writes the rows as JSON.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

WAYS = {
    "here": ["--jobs", "0"],
    "one": ["--jobs", "1", "--cpus_per_worker", "1"],
    "two": ["--jobs", "2", "--cpus_per_worker", "1"],
    "ray": ["--jobs", "2", "--cpus_per_worker", "1", "--ray", "local"],
}
RESULTS = ("*/links.json", "*/*.rttm", "*/links.csv", "*/vectors.safetensors")
PINS = "from pins_plugin.cli import main; import sys; sys.exit(main(sys.argv[1:]))"


def run(way: str, videos: list[str], out: Path) -> dict:
    """Link everything in one way."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-c", PINS, "link", *videos, "--out", out, "--no_video", "--quiet"]
    began = time.monotonic()
    process = subprocess.Popen(
        [*map(str, command), *WAYS[way]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak = {"all": 0.0, "one": 0.0}
    threading.Thread(target=watch, args=(process.pid, peak), daemon=True).start()
    said = process.communicate()[1]
    seconds = time.monotonic() - began
    if process.returncode:
        sys.exit(said)
    summary = json.loads((out / "summary.json").read_text())
    first = min(path.stat().st_mtime for path in out.glob("*/links.json"))
    last = max(path.stat().st_mtime for path in out.glob("*/links.json"))
    return {
        "way": way,
        "videos": summary["done"],
        "failed": summary["failed"],
        "video_seconds": round(summary["media_seconds"], 1),
        "seconds": round(seconds, 1),
        "after_the_first": round(last - first, 1),
        "hours_per_hour": round(summary["media_seconds"] / seconds, 3),
        "megabytes": round(peak["all"]),
        "megabytes_of_a_worker": round(peak["one"]),
        "load": round(os.getloadavg()[0], 1),
    }


def watch(number: int, peak: dict[str, float]) -> None:
    """Follow the unshared memory of a process and its children."""
    while True:
        sizes = []
        try:
            parent = psutil.Process(number)
            for each in [parent, *parent.children(recursive=True)]:
                sizes.append(each.memory_full_info().uss / 1e6)
        except psutil.Error:
            if not psutil.pid_exists(number):
                return
        peak["all"] = max(peak["all"], sum(sizes))
        peak["one"] = max([peak["one"], *sizes])
        time.sleep(1)


def digests(out: Path) -> dict[str, str]:
    """Results by name."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in RESULTS
        for path in sorted(out.glob(name))
    }


def main() -> None:
    """Print one line per way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["one", "two", "ray"])
    parser.add_argument("--out", type=Path, default=Path("results/scale"))
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/scale.json"))
    args = parser.parse_args()
    rows: list[dict] = []
    reference = None
    for way in args.ways:
        row = run(way, args.videos, args.out / way)
        found = digests(args.out / way)
        reference = reference or found
        rows.append(row | {"same_bytes": found == reference, "results": len(found)})
        print(rows[-1], flush=True)
    args.json.write_text(json.dumps({"cores": os.cpu_count(), "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
