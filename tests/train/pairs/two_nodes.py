"""What each process of `torchrun` over two nodes does in the test: its share of the shards, the loss over all of them."""

import json
import sys
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from pins_plugin.data.training.dataset import PairBatch
from pins_plugin.data.training.tar_shards import ClipForm
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.samplers.shard_batches import ShardBatches
from pins_plugin.train.pairs.gather import gather_with_gradient
from pins_plugin.train.pairs.talking_heads import start_processes


def open_batches(shards: str, rank: int, num_processes: int) -> ShardBatches:
    """Batches of 12 clips over all processes."""
    return ShardBatches(shards, 12, 0.003, ClipForm(8), rank=rank, num_processes=num_processes)


def embed(
    batches: list[PairBatch], encoders: tuple[nn.Module, nn.Module]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Embed pictures and sounds of batches."""
    faces = torch.cat([batch.faces for batch in batches]).flatten(1) / 255
    sounds = torch.cat([batch.waveforms for batch in batches]) / 99
    return encoders[0](faces), encoders[1](sounds)


def main(shards: str, out: str) -> None:
    """Take one step, and write down what came of it."""
    start_processes({"device": "cpu"})
    rank, world = distributed.get_rank(), distributed.get_world_size()
    torch.manual_seed(0)
    plain = nn.Linear(3 * 8 * 8, 4), nn.Linear(48, 4)
    encoders = tuple(DistributedDataParallel(encoder) for encoder in plain)
    batches = list(open_batches(shards, rank, world))
    faces, voices = embed(batches[:1], encoders)
    loss = MultiwayMatchingLoss()(gather_with_gradient(faces), gather_with_gradient(voices))
    loss.backward()
    row = {
        "world": world,
        "positions": [batch.positions.tolist() for batch in batches],
        "loss": loss.item(),
        "gradient": plain[0].weight.grad[0, :5].tolist(),
    }
    Path(out, f"rank{rank}.json").write_text(json.dumps(row))


if __name__ == "__main__":
    main(*sys.argv[1:])
