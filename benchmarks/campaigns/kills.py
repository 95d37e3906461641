"""`kill -9` at random moments: after the run was started again, everything must be as if it had never happened."""

import shutil
import time
from pathlib import Path

import numpy as np

from campaigns.footage import LINK, PATIENCE, clips, digests, leftovers, linked, portrait, scenes
from campaigns.forks import Row, command_fault, finish, in_fork, kill, pins, start
from pins_plugin.pipelines.people.registry import FILE, Cast

HPARAMS = Path(__file__).resolve().parents[2] / "hparams" / "demo.yaml"
RESULTS = ("*/links.json", "*/*.rttm", "*/links.csv", "*/page.html")


def kill_trainings(work: Path, seed: int, seconds: float) -> list[Row]:
    """Kill `pins train`, resume it: the weights are those of a run that nobody killed."""
    generator = np.random.default_rng(seed)
    row = Row("kill -9, `pins train` and resume")

    def train(out: Path) -> list[str | Path]:
        options = "--batch_size 8 --num_epochs 3 --seconds 0.5 --image_size 32 --max_minutes 100000 --ckpt_interval_steps 2"
        return ["train", HPARAMS, "--manifest", clips(), "--output_folder", out, *options.split()]

    began = time.monotonic()
    reference = in_fork(pins(*train(work / "reference")), work / "log", PATIENCE)
    usual = time.monotonic() - began
    if reference.status != 0:
        row.count(f"undisturbed: {reference.fault()}")
        return [row]
    expected = digests(work / "reference" / "model", "*.safetensors")
    while row.tried < 1 or time.monotonic() - began < seconds:
        out = work / f"run{row.tried}"
        moments = generator.uniform(0.05, 0.95, size=int(generator.integers(1, 3))) * usual
        for moment in moments:
            _kill_after(train(out), float(moment), work / "log")
        outcome = in_fork(pins(*train(out)), work / "log", PATIENCE)
        fault = command_fault(outcome, may_fail=False)
        if fault is None and digests(out / "model", "*.safetensors") != expected:
            fault = "other weights"
        if fault is None and (left := leftovers(out)):
            fault = f"left {left[:3]}"
        row.count(fault, f"killed after {', '.join(f'{m:.1f}' for m in moments)} s of {usual:.1f}")
        shutil.rmtree(out, ignore_errors=True)
    return [row]


def kill_links(work: Path, seed: int, seconds: float) -> list[Row]:
    """Kill `pins link` of two videos, start it again: links, turns, page and people as undisturbed."""
    generator = np.random.default_rng(seed)
    row = Row("kill -9, `pins link` of several videos and rerun")
    videos, reference = scenes()[:2], linked()
    began = time.monotonic()
    outcome = in_fork(pins("link", *videos, "--out", work / "again", *LINK), work / "log", PATIENCE)
    usual = time.monotonic() - began
    fault = command_fault(outcome, may_fail=False) or _differs(work / "again", reference)
    row.count(fault, "not killed at all")
    while row.tried < 2 or time.monotonic() - began < seconds:
        out = work / f"run{row.tried}"
        command = ["link", *videos, "--out", out, *LINK]
        moment = float(generator.uniform(0.3, 1.0) * usual)
        _kill_after(command, moment, work / "log")
        outcome = in_fork(pins(*command), work / "log", PATIENCE)
        fault = command_fault(outcome, may_fail=False) or _differs(out, reference)
        if fault is None and (left := leftovers(out)):
            fault = f"left {left[:3]}"
        row.count(fault, f"killed after {moment:.1f} s of {usual:.1f}")
    return [row]


def kill_people(work: Path, seed: int, seconds: float) -> list[Row]:
    """Kill `pins people add` and `rename`, start them again: nobody is lost, and the new name is everywhere."""
    generator = np.random.default_rng(seed)
    renames, adds = Row("kill -9, `pins people rename`"), Row("kill -9, `pins people add`")
    reference = linked()
    usual = {}
    end = time.monotonic() + seconds
    while not usual or time.monotonic() < end:
        out, examples = work / f"out{renames.tried}", work / f"cast{renames.tried}"
        shutil.copytree(reference, out)
        examples.mkdir()
        old = Cast.load(out / FILE).labels[0]
        commands = {
            "rename": ["people", out, "rename", old, "anna"],
            "add": ["people", examples, "add", "anna", portrait()],
        }
        for name, command in commands.items():
            if name not in usual:  # once undisturbed, to know how long it takes
                began = time.monotonic()
                in_fork(pins(*command), work / "log", PATIENCE)
                usual[name] = time.monotonic() - began
                continue
            _kill_after(command, float(generator.uniform(0.1, 1.0) * usual[name]), work / "log")
            in_fork(pins(*command), work / "log", PATIENCE)
        if len(usual) == len(commands):
            renames.count(_rename_fault(out, old))
            adds.count(None if digests(examples, "anna.*") else "no example")
            if left := leftovers(out, examples):
                renames.faults.append(f"left {left[:3]}")
    return [renames, adds]


def _rename_fault(out: Path, old: str) -> str | None:
    labels = Cast.load(out / FILE).labels
    if "anna" not in labels or old in labels:
        return f"people are {labels}"
    stale = [path.name for path in out.glob("*/people.rttm") if old in path.read_text()]
    return f"{old} still in {stale}" if stale else None


def _differs(out: Path, reference: Path) -> str | None:
    """Which results are others than those of the run that nothing disturbed."""
    found, expected = digests(out, *RESULTS), digests(reference, *RESULTS)
    names = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    if names:
        return f"{', '.join(names[:4])} differ"
    one, other = (Cast.load(folder / FILE) for folder in (out, reference))
    same = [(a.person, a.video) for a in one.appearances] == [
        (a.person, a.video) for a in other.appearances
    ]
    return None if same else "other people"


def _kill_after(command: list[str | Path], seconds: float, log: Path) -> None:
    child = start(pins(*command), log)
    time.sleep(seconds)
    kill(child)
    finish(child, log, 10)
