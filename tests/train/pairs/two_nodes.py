"""What each process of `torchrun` over two nodes does in the test: its share of the rows, the loss over all of them."""

import json
import sys
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.train.pairs.gather import gather_with_gradient
from pins_plugin.train.pairs.talking_heads import start_processes


def embed(rows: slice, encoders: tuple[nn.Module, nn.Module]) -> tuple[torch.Tensor, torch.Tensor]:
    """Embed some rows of 12 faces and voices."""
    generator = torch.Generator().manual_seed(0)
    faces = torch.randn(12, 384, generator=generator)
    voices = torch.randn(12, 50, generator=generator)
    return encoders[0](faces[rows]), encoders[1](voices[rows])


def main(out: str) -> None:
    """Take one step, and write down what came of it."""
    start_processes({"device": "cpu"})
    rank, world = distributed.get_rank(), distributed.get_world_size()
    torch.manual_seed(0)
    plain = nn.Linear(384, 4), nn.Linear(50, 4)
    encoders = tuple(DistributedDataParallel(encoder) for encoder in plain)
    faces, voices = embed(slice(6 * rank, 6 * rank + 6), encoders)
    loss = MultiwayMatchingLoss()(gather_with_gradient(faces), gather_with_gradient(voices))
    loss.backward()
    row = {
        "world": world,
        "loss": loss.item(),
        "gradient": plain[0].weight.grad[0, :5].tolist(),
    }
    Path(out, f"rank{rank}.json").write_text(json.dumps(row))


if __name__ == "__main__":
    main(*sys.argv[1:])
