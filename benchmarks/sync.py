"""Speed and memory of synchronization for one face at 25 frames per second, once its lips are cut.

  python benchmarks/sync.py [--seconds 60] [--threads 1]

Prints one table: seconds of processor time (all threads together; what else the machine does matters little), and
how many times faster than real time that is, for reading the lips off faces, for offset and speaking of one
face, and for eight faces.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.tracking.crops import TEMPLATE, MeshReader
from pins_plugin.utils.files import write_json

NUM_FACES = 8


def seconds_of(work: Callable[[], object], repeats: int = 3) -> float:
    """Least processor time of some runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, help="also write the table as JSON, as benchmarks/results has it"
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    generator = np.random.default_rng(0)
    num_frames = round(25 * args.seconds)
    times = np.arange(num_frames) / 25
    lips = generator.normal(size=(num_frames, 88, 2)).astype(np.float32)
    waveform = generator.normal(size=640 * num_frames).astype(np.float32) / 10
    face = generator.integers(0, 255, (192, 192, 3), dtype=np.uint8)
    synchronizer = Synchronizer.from_hparams("sync")

    def read_lips() -> None:
        reader = MeshReader()
        for _ in range(128):
            reader.add(face, 192 * TEMPLATE)
        reader.finish()

    mesh_seconds = seconds_of(read_lips) / 128 * num_frames
    rows = [
        ("lips of one face (face mesh)", mesh_seconds),
        ("offset of one face", seconds_of(lambda: synchronizer.offset(lips, times, waveform))),
        (
            "speaking of one face",
            seconds_of(lambda: synchronizer.speaking_llr(lips, times, waveform)),
        ),
        (
            f"speaking of {NUM_FACES} faces, one pass",
            seconds_of(
                lambda: synchronizer.speaking_llr(np.stack([lips] * NUM_FACES), times, waveform)
            ),
        ),
    ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if args.out:
        write_json(
            args.out,
            {
                "title": "Speed of synchronization",
                "about": f"{args.seconds:g} s of video at 25 frames per second, {args.threads} thread; peak memory {memory:.0f} MB.",
                "command": "python benchmarks/sync.py",
                "headers": ["", "CPU seconds", "x real time"],
                "rows": [
                    [name, f"{seconds:.3f}", f"{args.seconds / seconds:.0f}"]
                    for name, seconds in rows
                ],
            },
        )
    print(f"{args.seconds:g} s of video at 25 frames per second, {args.threads} threads")
    for name, seconds in rows:
        print(f"{name:32} {seconds:8.3f} s {args.seconds / seconds:8.0f} x real time")
    print(f"peak memory {memory:.0f} MB")


if __name__ == "__main__":
    main()
