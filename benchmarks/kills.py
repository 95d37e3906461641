"""`kill -9` at random moments of real work: is the end that of an undisturbed run, and is nothing done twice?

    python benchmarks/kills.py VIDEO ... [--command link|tracks|sync|cut] [--kills two:worker:20 two:driver:20 ray:worker:5 ...]

Runs the command over the videos in peace, then again while victims are killed: a `worker`, the `driver` (the run itself, which
is started anew), or `all` of both at one moment, as by a power cut; of two worker processes (`two`) or of `--ray local` (`ray`). Every
other kill waits until a video is worked on; the others may meet a run that is still loading.
What is all done begins from nothing again, until there were so many kills. Prints a row for each kind and writes them as JSON:

at_work        victims (for driver and all: their workers) that held a video, and so had to begin it again
runs, rounds   times that the command was started; that everything was done
done_twice     results that were finished, and were written again
same_bytes     every file is there with the bytes of the undisturbed run (but the totals of a run), after each round
left_behind    hidden files that should be gone; processes that outlive the run
"""

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from campaigns.footage import digests, leftovers
from scale import PINS, WAYS

WORKERS = {"two": "spawn_main", "ray": "ray::_Actor"}
MARKS = {
    "link": "*/links.json",
    "tracks": "*.done.json",
    "sync": "*.done.json",
    "cut": "*.done.json",
}
EXTRA = {"link": ["--no_video"], "cut": ["--min_seconds", "1", "--any_sync"]}
CLAIMS = ".pins-claims"  # stays
LOOK = 0.1  # seconds between two looks


@dataclass
class Work:
    """A command over videos, disturbed or not.

    Parameters
    ----------
    command : str
    videos : list of str
    out : Path
    way : str
        A key of `WAYS`.
    """

    command: str
    videos: list[str]
    out: Path
    way: str
    round: int = 0
    runs: int = 0
    written: dict[tuple[int, str], set[int]] = field(default_factory=dict)
    """Round and result -> when it was written."""

    def start(self) -> psutil.Popen:
        """Begin, or go on."""
        self.runs += 1
        extra = EXTRA.get(self.command, [])
        words = [sys.executable, "-c", PINS, self.command, *self.videos, "--out", self.out, "--quiet", *extra]  # fmt: skip
        with self.out.with_name(f"{self.out.name}.log").open("a") as log:
            return psutil.Popen([*map(str, words), *WAYS[self.way]], stdout=log, stderr=log)

    def look(self) -> int:
        """Note what is finished; how much that is."""
        found = list(self.out.glob(MARKS[self.command]))
        for path in found:
            with suppress(OSError):
                when = self.written.setdefault((self.round, str(path)), set())
                when.add(path.stat().st_mtime_ns)
        return len(found)

    def is_done(self) -> bool:
        """Whether all videos are, and none has failed."""
        return self.look() == len(self.videos) and not (self.out / "failed.jsonl").is_file()

    def state(self) -> dict[str, str]:
        """All files but the totals of a run, which say how long it took."""
        found = digests(self.out)
        return {name: value for name, value in found.items()
                if not Path(name).name.startswith(("summary", ".")) }  # fmt: skip

    def workers(self, driver: psutil.Process) -> list[psutil.Process]:
        """Processes that do the work: its children, or those of the Ray that it started."""
        found = []
        with suppress(psutil.Error):
            for each in driver.children(recursive=True):
                with suppress(psutil.Error):
                    if WORKERS[self.way] in " ".join(each.cmdline()):
                        found.append(each)
        return found

    def at_work(self, processes: list[psutil.Process]) -> int:
        """How many of them hold a video: a lock on a byte of the file of claims."""
        numbers = {str(each.pid) for each in processes}
        with suppress(OSError):
            inode = f":{(self.out / CLAIMS).stat().st_ino}"
            rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
            return len({row[4] for row in rows if row[4] in numbers and row[5].endswith(inode)})
        return 0


def disturb(work: Work, of: str, kills: int, longest: float, expected: dict[str, str], generator: np.random.Generator) -> dict:  # fmt: skip
    """Kill victims so often, each at a random moment of at most `longest` seconds, every other while videos are worked on."""
    shutil.rmtree(work.out, ignore_errors=True)
    totals: Counter[str] = Counter()
    outlived: set[psutil.Process] = set()
    faults: list[str] = []
    driver = work.start()
    while totals["kills"] < kills:
        moment = time.monotonic() + float(generator.uniform(0, longest))
        aimed = totals["kills"] % 2 == 1
        while time.monotonic() < moment and driver.poll() is None:
            work.look()
            time.sleep(LOOK)
            if aimed and not work.at_work(work.workers(driver)):  # from when a video is begun
                moment = time.monotonic() + float(generator.uniform(0, longest / len(work.videos)))
        workers = work.workers(driver)
        if driver.poll() is None and (workers or of == "driver"):
            everything = [driver, *driver.children(recursive=True)]
            hit = workers if of != "worker" else [workers[int(generator.integers(len(workers)))]]
            totals["kills"] += 1
            totals["at_work"] += work.at_work(hit)
            for victim in {"worker": hit, "driver": [driver], "all": everything}[of]:
                with suppress(psutil.NoSuchProcess):
                    victim.kill()
            if of != "worker":
                driver.wait()
                outlived.update(psutil.wait_procs(everything, timeout=60)[1])
        if driver.poll() is not None:
            if work.is_done():
                faults += judge(work, expected)
            driver = work.start()
    driver.wait()
    while not work.is_done() and work.runs < 3 * kills + 10:
        work.start().wait()
    faults += judge(work, expected)
    twice = sum(len(times) - 1 for times in work.written.values())
    left = sorted(f"{each.pid} {each.name()}" for each in outlived if each.is_running())
    return {"command": work.command, "way": work.way, "killed": of, "kills": totals["kills"], "at_work": totals["at_work"],
            "videos": len(work.videos), "runs": work.runs, "rounds": work.round, "done_twice": twice,
            "same_bytes": not faults, "left_behind": left, "faults": faults}  # fmt: skip


def judge(work: Work, expected: dict[str, str]) -> list[str]:
    """Compare what is there at the end of a round with the undisturbed run; begin from nothing."""
    found = work.state()
    faults = [f"round {work.round}: {name}" for name in sorted(found.keys() | expected.keys())
              if found.get(name) != expected.get(name)]  # fmt: skip
    hidden = [name for name in leftovers(work.out) if name != CLAIMS and not is_empty(work.out / name)]  # fmt: skip
    faults += [f"round {work.round}: left {name}" for name in hidden]
    if faults:
        work.out.rename(work.out.with_name(f"{work.out.name}_round{work.round}"))  # to be looked at
    shutil.rmtree(work.out, ignore_errors=True)
    work.round += 1
    return faults


def is_empty(path: Path) -> bool:
    """Tell a folder with nothing in it, which goes when it is a minute old."""
    return path.is_dir() and not any(path.iterdir())


def main() -> None:
    """Print one line per kind of kill."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--command", choices=MARKS, default="link")
    parser.add_argument("--kills", nargs="+", default=["two:worker:20", "two:driver:20"], metavar="WAY:OF:N")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/kills"))
    parser.add_argument("--json", type=Path, default=Path("results/kills.json"))
    args = parser.parse_args()
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    began = time.monotonic()
    quiet = Work(args.command, args.videos, args.out / "quiet", "two")
    if quiet.start().wait() or not quiet.is_done():
        sys.exit((args.out / "quiet.log").read_text())
    longest, expected, rows = time.monotonic() - began, quiet.state(), []
    print(f"undisturbed: {longest:.1f} s, {len(expected)} files", flush=True)
    generator = np.random.default_rng(args.seed)
    for kind in args.kills:
        way, of, count = kind.split(":")
        work = Work(args.command, args.videos, args.out / f"{way}_{of}", way)
        rows.append(disturb(work, of, int(count), longest, expected, generator))
        print(rows[-1], flush=True)
        text = json.dumps({"seed": args.seed, "files": len(expected), "rows": rows}, indent=2)
        args.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
