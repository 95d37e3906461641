"""What each process of `torchrun` over two nodes does in the test: its share of the shards, the loss over all of them."""

import json
import sys
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from pins_plugin.data.training.tar_shards import TarShardStream
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.train.pairs.gather import gather_with_gradient
from pins_plugin.train.pairs.talking_heads import start_processes


def embed(
    samples: list, encoders: tuple[nn.Module, nn.Module]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Embed pictures and sounds of samples."""
    faces = torch.stack([torch.from_numpy(s.faces).float().flatten() / 255 for s in samples])
    sounds = torch.stack([torch.from_numpy(s.sound[:50]).float() / 99 for s in samples])
    return encoders[0](faces), encoders[1](sounds)


def main(shards: str, out: str) -> None:
    """Take one step, and write down what came of it."""
    start_processes({"device": "cpu"})
    rank, world = distributed.get_rank(), distributed.get_world_size()
    torch.manual_seed(0)
    plain = nn.Linear(2 * 3 * 8 * 8, 4), nn.Linear(50, 4)
    encoders = tuple(DistributedDataParallel(encoder) for encoder in plain)
    samples = list(TarShardStream(shards, 0, rank, world, buffer=4))
    faces, voices = embed(samples, encoders)
    loss = MultiwayMatchingLoss()(gather_with_gradient(faces), gather_with_gradient(voices))
    loss.backward()
    row = {
        "world": world,
        "keys": [sample.key for sample in samples],
        "loss": loss.item(),
        "gradient": plain[0].weight.grad[0, :5].tolist(),
    }
    Path(out, f"rank{rank}.json").write_text(json.dumps(row))


if __name__ == "__main__":
    main(*sys.argv[1:])
