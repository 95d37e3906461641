"""Training step of each model: samples per second, share of time waiting for data, peak memory.

    python benchmarks/training.py hparams/demo.yaml hparams/pins_vgg_m.yaml [--steps 20] [--device cuda] [--precision bf16] [--compile]

Clips are noise written as a cache of decoded clips; they pass through the loader that ships, the augmentation, both
branches, the loss, the backward pass and the optimizer. Waiting is the time until the loader hands over a batch.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from speechbrain.dataio.dataloader import SaveableDataLoader

from pins_plugin.data.dataset import RandomCrop, collate_pairs, make_pair_dataset
from pins_plugin.data.shards import CLIPS_PER_SHARD, ClipShards
from pins_plugin.samplers.different_videos import DifferentVideosSampler
from pins_plugin.train.brain import FaceVoiceBrain
from pins_plugin.train.experiment import load_experiment
from pins_plugin.types import TalkingFaceClip

SAMPLE_RATE = 16000


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


def measure(experiment: Path, folder: Path, args: argparse.Namespace) -> str:
    """Train a few steps and return a row of the table."""
    changes = {"manifest": "none", "output_folder": str(folder), "starting_weights": None}
    if args.batch_size:
        changes["batch_size"] = args.batch_size
    if args.num_workers is not None:
        changes["num_workers"] = args.num_workers
    hparams = load_experiment(experiment, changes)
    num_clips = (args.steps + args.warmup) * hparams["batch_size"]
    shards = write_noise(folder, min(num_clips, args.clips), hparams)
    clips = [
        TalkingFaceClip(str(index), "", str(index), folder, folder) for index in range(len(shards))
    ]
    crop = RandomCrop(shards, hparams["seconds"])
    sampler = DifferentVideosSampler([clip.video for clip in clips], hparams["batch_size"])
    loader = SaveableDataLoader(
        make_pair_dataset(clips, crop),
        batch_sampler=sampler,
        collate_fn=collate_pairs,
        num_workers=hparams["num_workers"],
        pin_memory=args.device != "cpu",
        persistent_workers=hparams["num_workers"] > 0,
    )
    brain = FaceVoiceBrain(
        modules={name: hparams[name] for name in ("face_encoder", "voice_encoder", "objective")},
        opt_class=hparams["optimizer"],
        hparams={**hparams, "steps_per_epoch": args.steps + args.warmup},
        run_opts={"device": args.device, "precision": args.precision, "compile": args.compile},
    )
    brain.on_fit_start()
    brain.modules.train()
    waited, began, batches = 0.0, 0.0, iter(loader)
    for step in range(args.warmup + args.steps):
        if step == args.warmup:
            _synchronize(args.device)
            waited, began = 0.0, time.perf_counter()
        asked = time.perf_counter()
        try:
            batch = next(batches)
        except StopIteration:
            batches = iter(loader)
            batch = next(batches)
        waited += time.perf_counter() - asked
        brain.step += 1
        brain.fit_batch(batch)
    _synchronize(args.device)
    seconds = time.perf_counter() - began
    rate = args.steps * hparams["batch_size"] / seconds
    return (
        f"| {experiment.stem} | {hparams['batch_size']} | {args.precision} | {rate:.0f} | "
        f"{100 * waited / seconds:.1f} % | {_peak_memory(args.device):.0f} |"
    )


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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("experiments", nargs="+", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--clips", type=int, default=1024, help="at most this many clips of noise")
    parser.add_argument("--batch_size", type=int)
    parser.add_argument("--num_workers", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--compile", action="store_true", help="torch.compile both branches")
    args = parser.parse_args()
    print("| experiment | batch | precision | samples/s | waiting for data | peak memory, MiB |")
    print("|---|---|---|---|---|---|")
    for experiment in args.experiments:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(experiment, Path(folder), args), flush=True)


if __name__ == "__main__":
    main()
