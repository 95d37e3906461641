"""Runs over many files in each of the three ways, and what a crash, a hang, an error, a stop or a second run costs."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import stub_work

from pins_plugin.archive.inputs import choose_part
from pins_plugin.archive.many import Machinery, Totals, run_many
from pins_plugin.archive.places import LocalProcess, Place
from pins_plugin.archive.run import Job, run_items
from pins_plugin.errors import PinsError

NAMES = ["a", "b", "slow_c", "d"]
DRIVER = """
import sys
from functools import partial
from pathlib import Path
import stub_work
from pins_plugin.archive import worker
from pins_plugin.archive.many import Machinery, run_many
worker.limit_threads = lambda threads: None  # in workers, too, which import this file: no torch is loaded
if __name__ == "__main__":
    out, log, *names = sys.argv[1:]
    setup = partial(stub_work.open_stub, out, log)
    run_many("stub", [Path(name) for name in names], Path(out), setup, Machinery(jobs=2, cpus=1), lambda row: row[1],
             stub_work.seconds_of)
"""


def _run(tmp_path: Path, names: list[str], machinery: Machinery, out: str = "out") -> Totals:
    log = tmp_path / "log"
    log.mkdir(exist_ok=True)
    files = choose_part([Path(f"{name}.mp4") for name in names], machinery.shard)
    setup = partial(stub_work.open_stub, str(tmp_path / out), str(log))
    show = lambda row: row[1]  # noqa: E731
    duration = stub_work.seconds_of
    return run_many("stub", files, tmp_path / out, setup, machinery, show, duration, quiet=True)


def _results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.out"))}


def _starts(tmp_path: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (tmp_path / "log").iterdir()}


def _failed(tmp_path: Path) -> list[dict]:
    path = tmp_path / "out" / "failed.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


@pytest.fixture(autouse=True)
def same_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("pins_plugin.archive.worker.limit_threads", lambda threads: None)


def test_each_way_gives_the_same_bytes(tmp_path: Path) -> None:
    totals = _run(tmp_path, NAMES, Machinery(jobs=0), "here")
    assert (totals.done, totals.failed, totals.status(strict=True)) == (4, 0, 0)
    _run(tmp_path, NAMES, Machinery(jobs=2, cpus=1), "jobs")
    for index in (1, 2):
        _run(tmp_path, NAMES, Machinery(jobs=1, cpus=1, shard=(index, 2)), "shards")
    assert len(_results(tmp_path / "here")) == 4
    assert _results(tmp_path / "here") == _results(tmp_path / "jobs")
    assert _results(tmp_path / "here") == _results(tmp_path / "shards")
    summaries = sorted(path.name for path in (tmp_path / "shards").glob("summary*.json"))
    assert summaries == ["summary-1-of-2.json", "summary-2-of-2.json"]


def test_crash_hang_error_and_full_disk_cost_themselves_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pins_plugin.archive.run.SHORTEST_LIMIT", 3.0)
    names = ["crash", "a", "hang", "b", "bad", "full", "once", "c"]
    totals = _run(tmp_path, names, Machinery(jobs=2, cpus=1, timeout=1.0))
    assert sorted(_results(tmp_path / "out")) == ["a.out", "b.out", "c.out", "once.out"]
    assert (totals.done, totals.failed) == (4, 4)
    assert (totals.status(strict=False), totals.status(strict=True)) == (0, 1)
    why = {row["path"]: row for row in _failed(tmp_path)}
    assert sorted(why) == ["bad.mp4", "crash.mp4", "full.mp4", "hang.mp4"]
    assert "killed or crashed" in why["crash.mp4"]["error"]
    assert "did not end within 3 s" in why["hang.mp4"]["error"]
    assert "No space left" in why["full.mp4"]["error"]
    trace = (tmp_path / "out" / why["bad.mp4"]["traceback"]).read_text()
    assert "in _do" in trace and "nobody thought of this" in trace
    starts = _starts(tmp_path)
    assert {starts[name] for name in ("crash", "hang", "bad", "full", "once")} == {2}  # once more
    assert {starts[name] for name in "abc"} == {1}
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["done"], summary["failed"], len(summary["errors"])) == (4, 4, 4)


def test_a_second_run_does_nothing_twice_and_forgets_what_succeeds_now(tmp_path: Path) -> None:
    here = Machinery(jobs=0)
    _run(tmp_path, ["a", "bad"], here)
    assert len(_failed(tmp_path)) == 1
    totals = _run(tmp_path, ["a", "b", "bad"], here)
    assert (totals.done, totals.already, totals.failed) == (1, 1, 1)
    assert _starts(tmp_path)["a"] == 1
    (tmp_path / "out" / "bad.out").write_text("mended")
    totals = _run(tmp_path, ["a", "b", "bad"], here)
    assert (totals.already, totals.failed, _failed(tmp_path)) == (3, 0, [])
    assert not list((tmp_path / "out" / "failed").glob("*.txt"))


def test_a_full_disk_ends_the_run_in_a_line_and_it_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, content: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pins_plugin.archive.failures.write_text", full)
        patch.setattr("pins_plugin.archive.many.write_json", full)
        with pytest.raises(PinsError, match="out: No space left on device; make room"):
            _run(tmp_path, ["a", "full", "b"], Machinery(jobs=0))
    assert "pins stub: 1 done, 0 done before, 0 failed of 3" in capsys.readouterr().err
    (tmp_path / "out" / "full.out").touch()  # there is room now
    totals = _run(tmp_path, ["a", "full", "b"], Machinery(jobs=0))
    assert (totals.done, totals.already, totals.failed) == (1, 2, 0)


def test_when_all_fail_the_status_says_so(tmp_path: Path) -> None:
    totals = _run(tmp_path, ["bad1", "bad2"], Machinery(jobs=0))
    assert totals.status(strict=False) == 1


@pytest.mark.parametrize("jobs", [0, 1])
def test_what_cannot_be_set_up_ends_the_run_with_its_own_error(tmp_path: Path, jobs: int) -> None:
    setup = partial(stub_work.open_never, "no such model")
    with pytest.raises(ValueError, match="no such model"):
        run_many(
            "stub", [Path("a.mp4")], tmp_path, setup, Machinery(jobs=jobs, cpus=1), bool, quiet=True
        )


def test_workers_that_die_while_they_load_end_the_run() -> None:
    job = Job(partial(os._exit, 3), stub_work.seconds_of)
    with pytest.raises(PinsError, match=r"died 3 times as they loaded .* need less memory"):
        list(run_items(["a"], [LocalProcess()], job))


def test_workers_are_ended_at_one_time(tmp_path: Path) -> None:
    """Sixteen workers in the midst of a network took 16 times what one of them takes."""

    class Slow(Place):
        def close(self) -> None:
            time.sleep(0.5)

    job = Job(partial(stub_work.open_stub, str(tmp_path), str(tmp_path)), stub_work.seconds_of)
    outcomes = run_items([f"{number}.mp4" for number in range(8)], [Slow() for _ in range(8)], job)
    next(outcomes)
    began = time.monotonic()
    outcomes.close()
    assert time.monotonic() - began < 2


def _driver(tmp_path: Path, names: list[str]) -> subprocess.Popen:
    (tmp_path / "log").mkdir(exist_ok=True)
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    places = [str(Path(__file__).parent), *sys.path]
    return subprocess.Popen(
        [sys.executable, script, tmp_path / "out", tmp_path / "log", *names],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for(path: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


def _children(process: subprocess.Popen) -> list:
    import psutil

    return psutil.Process(process.pid).children(recursive=True)


def _wait_until_gone(workers: list, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while any(worker.is_running() and worker.status() != "zombie" for worker in workers):
        assert time.monotonic() < end, "a worker outlives its driver"
        time.sleep(0.05)


def test_ctrl_c_ends_cleanly_and_the_run_goes_on_later(tmp_path: Path) -> None:
    driver = _driver(tmp_path, ["a.mp4", "hang.mp4", "b.mp4"])
    _wait_for(tmp_path / "log" / "hang")
    workers = _children(driver)
    driver.send_signal(signal.SIGINT)
    _, said = driver.communicate(timeout=600)
    assert driver.returncode != 0 and "h of video per hour" in said
    _wait_until_gone(workers)
    assert not list((tmp_path / "out").glob(".pins-unfinished-*"))
    totals = _run(tmp_path, ["a", "b"], Machinery(jobs=0))
    assert totals.done + totals.already == 2


def test_killed_at_random_moments_ends_as_undisturbed(tmp_path: Path) -> None:
    """`kill -9` of the driver: no worker outlives it, and a second run ends where an undisturbed one does."""
    names = [f"slow_{number}" for number in range(6)]
    generator = np.random.default_rng(0)
    driver = _driver(tmp_path, [f"{name}.mp4" for name in names])
    _wait_for(tmp_path / "log" / "slow_0")
    workers = _children(driver)
    time.sleep(float(generator.uniform(0, 0.8)))
    driver.kill()
    driver.communicate(timeout=600)
    _wait_until_gone(workers)
    before = len(_results(tmp_path / "out"))
    totals = _run(tmp_path, names, Machinery(jobs=0))
    assert totals.already == before and totals.done == len(names) - before
    assert sorted(_results(tmp_path / "out")) == sorted(f"{name}.out" for name in names)


def test_two_runs_into_one_folder_do_nothing_twice(tmp_path: Path) -> None:
    names = [f"slow_{number}" for number in range(8)]
    files = [f"{name}.mp4" for name in names]
    first, second = _driver(tmp_path, files), _driver(tmp_path, files)
    for driver in (first, second):
        _, said = driver.communicate(timeout=600)
        assert driver.returncode == 0, said
    assert _starts(tmp_path) == dict.fromkeys(names, 1)
    assert len(_results(tmp_path / "out")) == len(names)


@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray")
def test_ray_gives_the_same_bytes_and_a_lost_worker_costs_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    from pins_plugin.archive.on_ray import connect

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *sys.path]))
    monkeypatch.chdir("/")
    try:
        connect("local", 1)  # a cluster that was started elsewhere: paths are those of this run
        monkeypatch.chdir(tmp_path)
        totals = _run(Path(), ["a", "once", "bad", "b"], Machinery(jobs=1, ray="local", cpus=1))
    finally:
        ray.shutdown()
    assert (totals.done, totals.failed) == (3, 1)
    assert [row["path"] for row in _failed(tmp_path)] == ["bad.mp4"]
    assert _starts(tmp_path) == {"a": 1, "once": 2, "bad": 2, "b": 1}
    (tmp_path / "log" / "once").write_text("x")  # not the first time: nothing kills it
    _run(tmp_path, ["a", "once", "b"], Machinery(jobs=0), "here")
    assert _results(tmp_path / "out") == _results(tmp_path / "here")


@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray")
def test_an_address_where_no_cluster_is_costs_a_line_and_no_ten_minutes() -> None:
    code = """
from pins_plugin.archive.on_ray import connect
from pins_plugin.errors import PinsError
try:
    connect("nonsense://x")
except PinsError as error:
    print(error)
import ray
print(ray._private.ray_constants.NUM_REDIS_GET_RETRIES)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    said = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    first, second = said.splitlines()
    assert first.startswith("--ray nonsense://x: no cluster answers (") and second == "2"
