"""`torchrun` with rendezvous over two nodes (on one machine): one global batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import two_nodes
from torch import nn

from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss

ROOT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_two_nodes_take_the_step_of_one_process(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc_per_node=1"),
        *("--rdzv_backend=c10d", f"--rdzv_endpoint=127.0.0.1:{_free_port()}", "--rdzv_id=pins"),
        *("--local_addr=127.0.0.1", two_nodes.__file__, tmp_path),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    nodes = [
        subprocess.Popen([*map(str, command)], env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for node in nodes:
        _, said = node.communicate(timeout=240)
        assert node.returncode == 0, said[-2000:]
    rows = [json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in range(2)]
    assert [row["world"] for row in rows] == [2, 2]
    torch.manual_seed(0)
    encoders = nn.Linear(384, 4), nn.Linear(50, 4)
    loss = MultiwayMatchingLoss()(*two_nodes.embed(slice(12), encoders))
    loss.backward()
    for row in rows:
        assert row["loss"] == pytest.approx(loss.item(), rel=1e-5)
        assert row["gradient"] == pytest.approx(encoders[0].weight.grad[0, :5].tolist(), rel=1e-4)
