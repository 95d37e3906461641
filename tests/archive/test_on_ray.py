"""What Ray makes hard: it takes signals for itself, and wraps errors. A stand-in of it shows what happens around it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_many import DRIVER

ON_RAY = DRIVER.replace("Machinery(jobs=2, cpus=1)", 'Machinery(jobs=2, cpus=1, ray="local")')
UNABLE = """
from pathlib import Path
import stub_work
from functools import partial
from pins_plugin.archive.many import Machinery, run_many
from pins_plugin.archive import worker
worker.limit_threads = lambda threads: None
run_many("stub", [Path("a.mp4")], Path("out"), partial(stub_work.open_never, "no such model"), Machinery(ray="local"), bool)
"""


def _start(folder: Path, script: str, *names: str, slow: float = 0.0) -> subprocess.Popen:
    here = Path(__file__).parent
    (folder / "log").mkdir()
    (folder / "driver.py").write_text(script)
    shutil.copy(here / "fake_ray.py", folder / "ray.py")
    paths = os.pathsep.join(map(str, [folder, here, *sys.path]))
    return subprocess.Popen(
        [sys.executable, "driver.py", "out", "log", *names],
        env={**os.environ, "PYTHONPATH": paths, "SLOW_RAY": str(slow)},
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )


def test_actors_do_all_files(tmp_path: Path) -> None:
    _, said = _start(tmp_path, ON_RAY, "a.mp4", "bad.mp4", "b.mp4").communicate(timeout=300)
    assert "2 done, 0 done before, 1 failed of 3" in said
    assert "nobody thought of this" in (tmp_path / "out" / "failed.jsonl").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["while Ray starts", "at work"])
def test_a_stop_is_told_with_totals_whenever_it_comes(
    tmp_path: Path, number: signal.Signals, moment: str
) -> None:
    starts = moment == "while Ray starts"
    driver = _start(tmp_path, ON_RAY, "slow_a.mp4", "hang.mp4", slow=60 if starts else 0)
    assert driver.stderr is not None and driver.stderr.readline() == "ray starts\n"
    while not starts and not (tmp_path / "log" / "hang").exists():
        assert driver.poll() is None
    driver.send_signal(number)
    _, said = driver.communicate(timeout=30)
    assert driver.returncode != 0
    assert "failed of 2; " in said and (tmp_path / "out" / "summary.json").is_file()


def test_what_cannot_be_set_up_is_told_as_it_was_raised(tmp_path: Path) -> None:
    _, said = _start(tmp_path, UNABLE).communicate(timeout=300)
    assert said.rstrip().endswith("ValueError: no such model") and "ray::" not in said
