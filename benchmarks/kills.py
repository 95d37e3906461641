"""`kill -9` at random moments of real work: is the end that of an undisturbed run, and is nothing done twice?

    python benchmarks/kills.py VIDEO ... [--workers 5] [--drivers 5] [--ray 0] [--seed 0] [--out FOLDER]

Links the videos with `pins link --jobs 2` in peace, then again while workers are killed, then while the run itself is killed and
started anew, and with --ray while Ray workers are (`--ray local`). Prints one line for each, and writes them as JSON.
"""

import argparse
import json
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from scale import PINS, WAYS, digests

WORKERS = {"two": "spawn_main", "ray": "ray::_Actor"}
PAUSE = 0.5  # seconds between two looks


def start(way: str, videos: list[str], out: Path) -> psutil.Popen:
    """Begin, or go on."""
    command = [sys.executable, "-c", PINS, "link", *videos, "--out", out, "--quiet", "--no_video"]
    with (out.parent / f"{out.name}.log").open("a") as log:
        return psutil.Popen([*map(str, command), *WAYS[way]], stdout=log, stderr=log)


def workers_of(way: str, driver: psutil.Popen) -> list[psutil.Process]:
    """Processes that do the work: its children, or those of the Ray that it started."""
    found = []
    with suppress(psutil.Error):
        for each in driver.children(recursive=True):
            with suppress(psutil.Error):
                if WORKERS[way] in " ".join(each.cmdline()):
                    found.append(each)
    return found


def finished(out: Path) -> dict[str, int]:
    """When each folder of results was finished."""
    return {path.parent.name: path.stat().st_mtime_ns for path in out.glob("*/links.json")}


def disturb(way: str, videos: list[str], out: Path, kills: int, of: str, longest: float, generator: np.random.Generator) -> dict:  # fmt: skip
    """Kill workers, or the run, so often, each at a random moment of at most `longest` seconds; then let it end."""
    shutil.rmtree(out, ignore_errors=True)
    driver, done, killed, runs, before = start(way, videos, out), 0, 0, 1, dict[str, int]()
    while killed < kills and runs < 3 * kills + 3:
        moment = time.monotonic() + float(generator.uniform(0, longest))
        while time.monotonic() < moment and driver.poll() is None:
            time.sleep(PAUSE)
        workers = workers_of(way, driver)
        now = finished(out)
        done += sum(now.get(name) != when for name, when in before.items())
        before = now
        if driver.poll() is None and (workers or of == "driver"):
            victim = driver if of == "driver" else workers[int(generator.integers(len(workers)))]
            with suppress(psutil.NoSuchProcess):
                victim.kill()
                killed += 1
        if of == "driver" or driver.poll() is not None:
            driver.wait()
            psutil.wait_procs(workers, timeout=60)
            if len(now) == len(videos):
                shutil.rmtree(out)  # all was done: from the beginning
                before = {}
            driver, runs = start(way, videos, out), runs + 1
    driver.wait()
    while (out / "failed.jsonl").is_file() or len(finished(out)) < len(videos):
        runs += 1
        start(way, videos, out).wait()
    now = finished(out)
    done += sum(now.get(name) != when for name, when in before.items())
    return {"killed": of, "way": way, "kills": killed, "runs": runs, "done_twice": done}


def main() -> None:
    """Print one line per kind of kill."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--drivers", type=int, default=5)
    parser.add_argument("--ray", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/kills"))
    parser.add_argument("--json", type=Path, default=Path("results/kills.json"))
    args = parser.parse_args()
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    began = time.monotonic()
    if start("two", args.videos, args.out / "quiet").wait():
        sys.exit((args.out / "quiet.log").read_text())
    quiet, rows = time.monotonic() - began, []
    reference, generator = digests(args.out / "quiet", "link"), np.random.default_rng(args.seed)
    for way, of, kills in (("two", "worker", args.workers), ("two", "driver", args.drivers), ("ray", "worker", args.ray)):  # fmt: skip
        if kills:
            out = args.out / f"{way}_{of}"
            row = disturb(way, args.videos, out, kills, of, quiet / 2, generator)
            row |= {"videos": len(args.videos), "same_bytes": digests(out, "link") == reference}
            rows.append(row)
            print(row, flush=True)
            args.json.write_text(json.dumps({"seed": args.seed, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
