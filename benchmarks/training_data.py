"""What a training step waits for data: loose files, the cache of decoded clips, tar shards.

    python benchmarks/training_data.py [--clips 256] [--batch_size 32] [--hparams hparams/demo.yaml] [--json FILE]

Clips of noise: eight pictures of 224 pixels as JPEG and four seconds of sound as WAV, as `pins cut` and the VoxCeleb recipe write
them. Loose files: one picture and the sound are read and decoded for each step. Cache: what `pins train --manifest` makes first,
memory-mapped. Shards: `--tar`, read and shuffled. Everything happens in one process; seconds are those of the processor, so that other
work on the machine does not count, and files are in the memory of the system. The share is waiting / (waiting + step).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile
from brains import make_brain
from PIL import Image

from pins_plugin.archive.many import Machinery
from pins_plugin.archive.pack import pack_clips
from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.training.dataset import (
    PairBatch,
    PairDataset,
    crop_pair,
    stack_pairs,
)
from pins_plugin.data.training.shards import prepare_shards
from pins_plugin.data.training.tar_shards import ClipForm
from pins_plugin.samplers.different_videos import DifferentVideosSampler
from pins_plugin.samplers.shard_batches import ShardBatches
from pins_plugin.train.experiment import load_experiment
from pins_plugin.types import TalkingFaceClip

PICTURES, SIDE, SECONDS = 8, 224, 4


def write_clips(folder: Path, count: int) -> list[TalkingFaceClip]:
    """Write loose files; smooth noise, which JPEG packs as it packs pictures."""
    generator, clips = np.random.default_rng(0), []
    for number in range(count):
        faces, sound = folder / f"{number:05d}", folder / f"{number:05d}.wav"
        faces.mkdir(parents=True)
        for picture in range(PICTURES):
            small = generator.integers(0, 256, (28, 28, 3), np.uint8)
            image = Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            image.save(faces / f"{picture}.jpg", quality=92)
        soundfile.write(sound, generator.integers(-3000, 3000, SECONDS * 16000, np.int16), 16000)
        clips.append(TalkingFaceClip(f"{number}", "", f"v{number}", faces, sound, "train"))
    return clips


def loose(
    clips: list[TalkingFaceClip], batches: list[list[int]], hparams: dict
) -> Iterator[PairBatch]:
    """Read and decode the files of each batch."""
    num_samples = round(hparams["seconds"] * 16000)
    form = ClipForm(hparams["image_size"], max_seconds=hparams["max_clip_seconds"])
    for batch in batches:
        pairs = []
        for position in batch:
            clip = clips[position]
            faces = load_faces(clip.faces / f"{position % PICTURES}.jpg", hparams["image_size"])
            sound = form.sound(clip.audio)
            pairs.append(crop_pair(faces, sound, num_samples, (0, 0, position)))
        yield stack_pairs(batch, pairs)


def main() -> None:
    """Print one row for each way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=256)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--hparams", default="hparams/demo.yaml")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        overrides = {"manifest": "none.csv", "output_folder": name, "batch_size": args.batch_size}
        hparams = load_experiment(args.hparams, overrides)
        clips = write_clips(folder / "clips", args.clips)
        seconds = hparams["seconds"]
        form = ClipForm(
            *(hparams[name] for name in ("image_size", "frames_per_clip", "max_clip_seconds"))
        )
        pack_clips(clips, folder / "shards", form, Machinery(jobs=0), quiet=True)
        cache = prepare_shards(clips, folder / "cache", form, quiet=True)
        sampler = DifferentVideosSampler([clip.video for clip in clips], args.batch_size)
        dataset = PairDataset(cache, seconds)
        ways = {
            "loose files": lambda: loose(clips, list(sampler), hparams),
            "cache": lambda: (dataset[batch] for batch in sampler),
            "tar shards": lambda: iter(
                ShardBatches(str(folder / "shards"), args.batch_size, seconds, form)
            ),
        }
        step, rows = _step_seconds(hparams, ways["cache"]()), []
        for way, batches in ways.items():
            began = time.process_time()
            count = sum(1 for _ in batches())
            waited = (time.process_time() - began) / count
            rows.append(
                {
                    "way": way,
                    "milliseconds_per_clip": round(1000 * waited / args.batch_size, 3),
                    "seconds_of_a_step": round(step, 3),
                    "share_waiting": round(waited / (waited + step), 4),
                }
            )
            print(rows[-1], flush=True)
    if args.json:
        args.json.write_text(json.dumps({"batch": args.batch_size, "rows": rows}, indent=2) + "\n")


def _step_seconds(hparams: dict, batches: Iterator[PairBatch], count: int = 4) -> float:
    """Time that the processor computes for one step, after a first one."""
    brain = make_brain(hparams, count + 1, device="cpu")
    took = []
    for batch in islice(batches, count + 1):
        began = time.process_time()
        brain.fit_batch(batch)
        took.append(time.process_time() - began)
    return float(np.median(took[1:]))


if __name__ == "__main__":
    main()
