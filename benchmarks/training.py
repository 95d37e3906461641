"""Training step of each model: samples per second, share of time waiting for data, peak memory.

    python benchmarks/training.py hparams/demo.yaml hparams/pins_vgg_m.yaml [--steps 20] [--device cuda] [--precision bf16] [--compile]
    python benchmarks/training.py hparams/demo.yaml:64 hparams/pins_vgg_m.yaml:8 hparams/pins_pretrained.yaml:16 --num_workers 0 --out training.json

Clips are noise written as a cache of decoded clips; they pass through the loader that ships, the augmentation, both
branches, the loss, the backward pass and the optimizer. Waiting is the time until the loader hands over a batch. Each
experiment runs in a process of its own. On a CPU without workers, time is that of the processor, so that other
work on the machine does not count.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from brains import make_brain
from tables import make_parser, publish
from torch.utils.flop_counter import FlopCounterMode

from pins_plugin.data.training.dataset import PairDataset
from pins_plugin.data.training.shards import CLIPS_PER_SHARD, ClipShards
from pins_plugin.samplers.different_videos import DifferentVideosSampler
from pins_plugin.train.experiment import load_experiment
from pins_plugin.train.loop import ResumableLoader

SAMPLE_RATE = 16000
HEADERS = [
    "experiment", "device", "precision", "batch", "samples/s", "waiting for data", "of matmul rate", "peak memory, MiB"
]  # fmt: skip
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
NOT_MEASURED = [
    ["cuda", precision, "-"] + 4 * ["not measured"]
    for precision in ("fp32", "bf16", "bf16 compiled")
]


def write_noise(folder: Path, num_clips: int, hparams: dict) -> ClipShards:
    """Write a cache of decoded clips that hold noise, four seconds each."""
    generator = np.random.default_rng(0)
    side, frames = hparams["image_size"], hparams["frames_per_clip"]
    shards = []
    for start in range(0, num_clips, CLIPS_PER_SHARD):
        count = min(CLIPS_PER_SHARD, num_clips - start)
        shard = folder / f"shard-{start:06d}"
        shard.mkdir(parents=True)
        faces = generator.integers(0, 256, (count, frames, 3, side, side), dtype=np.uint8)
        np.save(shard / "faces.npy", faces)
        sound = generator.integers(-3000, 3000, count * 4 * SAMPLE_RATE, dtype=np.int16)
        np.save(shard / "sound.npy", sound)
        np.save(shard / "ends.npy", (np.arange(count) + 1) * 4 * SAMPLE_RATE)
        (shard / "skipped.json").write_text("{}")
        shards.append(shard)
    return ClipShards(shards)


def measure(experiment: str, args: argparse.Namespace) -> list[str]:
    """Train a few steps and return a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        return _measure(experiment, Path(folder), args)


def _measure(experiment: str, folder: Path, args: argparse.Namespace) -> list[str]:
    path, _, batch_size = experiment.partition(":")
    changes = {"manifest": "none", "output_folder": str(folder), "starting_weights": None}
    if batch_size or args.batch_size:
        changes["batch_size"] = int(batch_size or args.batch_size)
    if args.num_workers is not None:
        changes["num_workers"] = args.num_workers
    hparams = load_experiment(path, changes)
    num_clips = (args.steps + args.warmup) * hparams["batch_size"]
    shards = write_noise(folder, min(num_clips, args.clips), hparams)
    videos = [str(index) for index in range(len(shards))]
    sampler = DifferentVideosSampler(videos, hparams["batch_size"])
    loader = ResumableLoader(
        PairDataset(shards, hparams["seconds"]), sampler, hparams["num_workers"]
    )
    options = {"device": args.device, "precision": args.precision, "compile": args.compile}
    brain = make_brain(hparams, args.steps + args.warmup + 1, **options)
    alone = args.device == "cpu" and hparams["num_workers"] == 0
    clock = time.process_time if alone else time.perf_counter
    waited, began, batches = 0.0, 0.0, chain.from_iterable(repeat(loader))
    for step in range(args.warmup + args.steps):
        if step == args.warmup:
            _synchronize(args.device)
            waited, began = 0.0, clock()
        asked = clock()
        batch = next(batches)
        waited += clock() - asked
        brain.fit_batch(batch)
    _synchronize(args.device)
    seconds = clock() - began
    rate = args.steps * hparams["batch_size"] / seconds
    with FlopCounterMode(display=False) as counter:
        brain.fit_batch(batch)
    speed = counter.get_total_flops() * args.steps / seconds
    return [
        Path(path).stem,
        args.device,
        args.precision + (" compiled" if args.compile else ""),
        str(hparams["batch_size"]),
        f"{rate:.3g}",
        f"{100 * waited / seconds:.1f} %",
        f"{100 * speed / matmul_speed(args.device, args.precision, clock):.0f} %",
        f"{_peak_memory(args.device):.0f}",
    ]


def matmul_speed(device: str, precision: str, clock: Callable[[], float]) -> float:
    """Floating-point operations per second of a large matrix product, the best of five."""
    size = 8192 if device != "cpu" else 1024
    matrix = torch.randn(size, size, device=device, dtype=DTYPES[precision])
    best = float("inf")
    for _ in range(5):
        _synchronize(device)
        start = clock()
        matrix @ matrix
        _synchronize(device)
        best = min(best, clock() - start)
    return 2 * size**3 / best


def _synchronize(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def _peak_memory(device: str) -> float:
    """Peak memory of the process so far, or of the GPU, in MiB."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Parse, measure each experiment, print one table."""
    parser = make_parser(__doc__)
    parser.add_argument("experiments", nargs="+", metavar="YAML[:BATCH]")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--clips", type=int, default=1024, help="at most this many clips of noise")
    parser.add_argument("--batch_size", type=int)
    parser.add_argument("--num_workers", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--compile", action="store_true", help="torch.compile both branches")
    args = parser.parse_args()
    context = get_context("spawn")
    rows = []
    for experiment in args.experiments:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            rows.append(pool.submit(measure, experiment, args).result())
    if args.device == "cpu":  # the table says what is missing
        names = [row[0] for row in rows]
        rows += [[name, *cells] for name in names for cells in NOT_MEASURED]
    publish(
        args.out,
        HEADERS,
        rows,
        title="Training speed",
        about="Clips of noise through loader, augmentation, branches, loss and optimizer. CPU: one thread, per "
        "second of the processor. The matmul rate is that of a large matrix product of the same precision. pins_pretrained is "
        "InceptionResnetV1 and ECAPA-TDNN, frozen, under heads; its weights are random here, which time does not depend on.",
        command=f"python benchmarks/training.py {' '.join(args.experiments)} --steps {args.steps} --num_workers {args.num_workers}",
    )


if __name__ == "__main__":
    main()
