"""Peak memory of a run."""

import subprocess
import sys

import numpy as np

from pins_plugin.utils.memory import PeakMemory

CHILD = "import time; block = bytearray(150_000_000); block[::4096] = b'1' * len(block[::4096]); time.sleep(0.5)"


def test_peak_memory_sees_what_was_freed() -> None:
    with PeakMemory(interval=0.02) as before:
        pass
    with PeakMemory(interval=0.02) as peak:
        block = np.ones(20_000_000)
        total = sum(float(block.sum()) for _ in range(10))
        del block
    assert total == 2e8
    assert peak.megabytes > before.megabytes + 100


def test_peak_memory_counts_children() -> None:
    with PeakMemory(interval=0.02) as before:
        pass
    with PeakMemory(interval=0.02) as peak:
        subprocess.run([sys.executable, "-c", CHILD], check=True)
    assert peak.megabytes > before.megabytes + 120
