"""`kill -9` at random moments: nothing is lost, nothing is done twice, the end is that of an undisturbed run.

Two kills of each kind; `PINS_KILLS=20` makes more of it.
"""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import stub_work
from test_many import DRIVER

from pins_plugin.archive.failures import Failures
from pins_plugin.archive.many import Machinery, run_many

KILLS = int(os.environ.get("PINS_KILLS", "2"))
NAMES = [f"slow_{number:02d}" for number in range(8 + 2 * KILLS)]


def _start(folder: Path) -> subprocess.Popen:
    (folder / "log").mkdir(parents=True, exist_ok=True)
    script = folder / "driver.py"
    script.write_text(DRIVER)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    return subprocess.Popen(
        [sys.executable, script, folder / "out", folder / "log", *(f"{n}.mp4" for n in NAMES)],
        env=environment,
        stderr=subprocess.DEVNULL,
    )


def _workers(driver: subprocess.Popen) -> list[psutil.Process]:
    """Worker processes; the one that keeps track of shared resources is none."""
    try:
        children = psutil.Process(driver.pid).children(recursive=True)
        return [each for each in children if "spawn_main" in " ".join(each.cmdline())]
    except psutil.NoSuchProcess:
        return []


def _state(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.out"))}


def _undisturbed(folder: Path) -> dict[str, bytes]:
    (folder / "log").mkdir(parents=True)
    setup = partial(stub_work.open_stub, str(folder / "out"), str(folder / "log"))
    files = [Path(f"{name}.mp4") for name in NAMES]
    length = stub_work.seconds_of
    run_many("stub", files, folder / "out", setup, Machinery(jobs=0), lambda row: row[1], length)
    return _state(folder / "out")


def _starts(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "log").iterdir())


def _finish(folder: Path) -> None:
    for _ in range(3):
        assert _start(folder).wait(600) == 0
        if not Failures(folder / "out").read():
            return


def _check(folder: Path, expected: dict[str, bytes], lost: int) -> None:
    assert _state(folder / "out") == expected
    assert not Failures(folder / "out").read()
    assert _starts(folder) <= len(NAMES) + lost  # only what was under way was begun again
    leftovers = (folder / "out").glob(".pins-unfinished-*")
    assert not any(any(each.iterdir()) for each in leftovers)  # empty ones go when they are old


def test_killed_workers_cost_what_they_were_doing(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    expected = _undisturbed(tmp_path / "quiet")
    folder, generator = tmp_path / "killed", np.random.default_rng(1)
    driver, killed = _start(folder), 0
    while killed < KILLS:
        time.sleep(float(generator.uniform(0, 1.5)))
        if driver.poll() is not None:
            assert driver.returncode in (0, 1)  # 1: all that was left failed
            driver = _start(folder)
        workers = _workers(driver)
        if workers:
            workers[int(generator.integers(len(workers)))].send_signal(signal.SIGKILL)
            killed += 1
    driver.wait(600)
    _finish(folder)
    _check(folder, expected, KILLS)


def test_a_killed_run_is_gone_on_with(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    expected = _undisturbed(tmp_path / "quiet")
    folder, generator = tmp_path / "killed", np.random.default_rng(2)
    for _ in range(KILLS):
        driver, before = _start(folder), _starts(folder)
        while _starts(folder) == before and driver.poll() is None:
            time.sleep(0.05)  # until work goes on
        time.sleep(float(generator.uniform(0, 1.0)))
        workers = _workers(driver)
        driver.kill()
        driver.wait(60)
        psutil.wait_procs(workers, timeout=300)
        assert not any(each.is_running() and each.status() != "zombie" for each in workers)
    _finish(folder)
    _check(folder, expected, 2 * KILLS)
