"""Runs over many files: `kill -9` of workers and of the driver at random moments; the end is that of an undisturbed run.

python -m campaigns.many --times 2 [--seed 0]        (from benchmarks/; stand-ins for the work, no networks)
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

STUBS = Path(__file__).resolve().parents[2] / "tests" / "archive"
NAMES = [f"slow_{number:02d}" for number in range(12)]
DRIVER = """
import sys
from functools import partial
from pathlib import Path
import stub_work
from pins_plugin.archive.many import Machinery, run_many
if __name__ == "__main__":
    out, log, *names = sys.argv[1:]
    run_many("stub", [Path(n + ".mp4") for n in names], Path(out), partial(stub_work.open_stub, out, log),
             Machinery(jobs=2, cpus=1), lambda row: row[1], stub_work.seconds_of)
"""


def start(work: Path) -> subprocess.Popen:
    """Start a run of two workers."""
    (work / "log").mkdir(parents=True, exist_ok=True)
    script = work / "driver.py"
    script.write_text(DRIVER)
    paths = os.pathsep.join([str(STUBS), str(STUBS.parents[1])])
    return subprocess.Popen(
        [sys.executable, script, work / "out", work / "log", *NAMES],
        env={**os.environ, "PYTHONPATH": paths},
        stderr=subprocess.DEVNULL,
    )


def disturb(work: Path, whom: str, generator: random.Random) -> None:
    """Kill a worker, or the driver, at a random moment; start anew until the run ends by itself."""
    run = start(work)
    while not (work / "log" / NAMES[0]).exists() and run.poll() is None:
        time.sleep(0.02)
    time.sleep(generator.uniform(0, 1.5))
    if run.poll() is None:
        workers = [
            child
            for child in psutil.Process(run.pid).children()
            if "spawn_main" in " ".join(child.cmdline())
        ]
        if whom == "driver":
            run.kill()
        elif workers:
            generator.choice(workers).kill()
    if run.wait() != 0:
        start(work).wait()


def fault(work: Path) -> str | None:
    """What differs from an undisturbed run."""
    found = sorted(path.name for path in (work / "out").glob("*.out"))
    if found != [f"{name}.out" for name in NAMES]:
        return f"results {found}"
    if (work / "out" / "failed.jsonl").exists():
        return "failed.jsonl was left"
    if left := list((work / "out").glob(".pins-unfinished-*")):
        return f"left {left}"
    starts = sum((work / "log" / name).stat().st_size for name in NAMES)
    return None if starts <= len(NAMES) + 2 else f"{starts} starts of {len(NAMES)} files"


def main() -> None:
    """Print one line per kind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    generator = random.Random(args.seed)
    for whom in ("worker", "driver"):
        faults = []
        for _ in range(args.times):
            with tempfile.TemporaryDirectory() as folder:
                disturb(Path(folder), whom, generator)
                if (found := fault(Path(folder))) is not None:
                    faults.append(found)
        print(f"kill -9 of a {whom}: {args.times} times, {len(faults)} faults {faults}", flush=True)


if __name__ == "__main__":
    main()
