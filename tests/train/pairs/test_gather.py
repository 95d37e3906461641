"""Two processes with half a batch each against one process with all of it."""

from pathlib import Path

import torch
from torch import distributed as dist
from torch import multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.miners.curriculum import CurriculumMiner
from pins_plugin.train.pairs.gather import gather_with_gradient
from pins_plugin.train.pairs.gradient_cache import backward_in_chunks

NUM_PROCESSES = 2
OBJECTIVES = {
    "matching": MultiwayMatchingLoss,
    "curriculum": lambda: MinedContrastiveLoss(ContrastiveLoss(1.2), CurriculumMiner()),
}


class Objective(nn.Module):
    """The objective over the embeddings of all processes."""

    def __init__(self, objective):
        super().__init__()
        self.objective = objective

    def forward(self, faces, voices):
        return self.objective(gather_with_gradient(faces), gather_with_gradient(voices))


def setting():
    torch.manual_seed(0)
    return nn.Linear(6, 4), nn.Linear(5, 4), torch.randn(12, 6), torch.randn(12, 5)


def gradients(modules):
    return [p.grad.clone() for module in modules for p in module.parameters()]


def train_one_step(rank, folder):
    """Gradients of both objectives, in one pass and in chunks, as one of several processes."""
    store = f"file://{folder}/store"
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=NUM_PROCESSES)
    results = {}
    for name, build in OBJECTIVES.items():
        for chunk_size in (None, 2):
            *encoders, faces, voices = setting()
            encoders = [DistributedDataParallel(encoder) for encoder in encoders]
            faces, voices = faces.chunk(NUM_PROCESSES)[rank], voices.chunk(NUM_PROCESSES)[rank]
            objective = Objective(build())
            if chunk_size is None:
                loss = objective(encoders[0](faces), encoders[1](voices))
                loss.backward()
            else:
                loss = backward_in_chunks(encoders, [faces, voices], objective, chunk_size)
            results[name, chunk_size] = (loss.item(), gradients([*encoders, objective]))
    torch.save(results, f"{folder}/rank{rank}.pt")
    dist.destroy_process_group()


def test_processes_together_equal_one_with_the_global_batch(tmp_path: Path) -> None:
    multiprocessing.spawn(train_one_step, (str(tmp_path),), nprocs=NUM_PROCESSES)
    for name, build in OBJECTIVES.items():
        *encoders, faces, voices = setting()
        objective = build()
        loss = objective(encoders[0](faces), encoders[1](voices))
        loss.backward()
        expected = gradients([*encoders, objective])
        for rank in range(NUM_PROCESSES):
            results = torch.load(tmp_path / f"rank{rank}.pt")
            for chunk_size in (None, 2):
                got_loss, got = results[name, chunk_size]
                assert abs(got_loss - loss.item()) < 1e-5
                for ours, theirs in zip(got, expected, strict=True):
                    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_one_process_needs_no_gathering() -> None:
    embeddings = torch.randn(3, 2)
    assert gather_with_gradient(embeddings) is embeddings
