"""One process: torch's own batch normalization. Several: the statistics of all of them."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, multiprocessing, nn
from torch import distributed as dist

from pins_plugin.models.layers.normalization import BatchNorm

INPUTS = torch.randn(8, 3, 5, generator=torch.Generator().manual_seed(0))


def run(norm: nn.Module, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    inputs = inputs.clone().requires_grad_()
    outputs = norm(inputs)
    (outputs * targets).sum().backward()
    return outputs.detach(), inputs.grad


@pytest.mark.parametrize("affine", [True, False])
def test_one_process_is_torch(affine: bool) -> None:
    own, other = BatchNorm(3, affine), nn.BatchNorm1d(3, affine=affine)
    for mine, theirs in zip(run(own, INPUTS, INPUTS), run(other, INPUTS, INPUTS), strict=True):
        assert torch.equal(mine, theirs)
    assert own.state_dict().keys() == other.state_dict().keys()
    assert torch.equal(own.eval()(INPUTS), other.eval()(INPUTS))


def _half(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    norm = BatchNorm(3)
    rows = slice(4 * rank, 4 * rank + 4)
    outputs, gradient = run(norm, INPUTS[rows], INPUTS[rows] ** 2)
    torch.save((outputs, gradient, norm.state_dict()), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def test_two_processes_normalize_as_one(tmp_path: Path) -> None:
    multiprocessing.spawn(_half, (str(tmp_path),), nprocs=2)
    norm = nn.BatchNorm1d(3)
    outputs, gradient = run(norm, INPUTS, INPUTS**2)
    halves = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    assert torch.allclose(torch.cat([half[0] for half in halves]), outputs, atol=1e-5)
    assert torch.allclose(torch.cat([half[1] for half in halves]), gradient, atol=1e-4)
    for half in halves:
        for name, value in norm.state_dict().items():
            assert torch.allclose(half[2][name], value, atol=1e-6)
