"""Speed and memory of synchronization for one face at 25 frames per second, once its lips are cut.

  python benchmarks/sync.py [--seconds 60] [--threads 1]

Prints one table: seconds of processor time (all threads together; what else the machine does matters little), and
how many times faster than real time that is, for reading the lips off faces, and for their offset.
"""

import resource
import time
from collections.abc import Callable

import numpy as np
import torch
from tables import make_parser, publish

from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.tracking.crops import TEMPLATE, MeshReader


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
    parser = make_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=1)
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
    ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    about = f"{args.seconds:g} s of video at 25 frames per second, {args.threads} thread; peak memory {memory:.0f} MB."
    print(about)
    publish(
        args.out,
        ["", "CPU seconds", "x real time"],
        [[name, f"{seconds:.3f}", f"{args.seconds / seconds:.0f}"] for name, seconds in rows],
        title="Speed of synchronization",
        about=about,
        command="python benchmarks/sync.py",
    )


if __name__ == "__main__":
    main()
