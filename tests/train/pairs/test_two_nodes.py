"""`torchrun` with rendezvous over two nodes (on one machine): one global batch, no sample twice."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import two_nodes
from tiny_shards import tiny_samples, write_tiny_shards
from torch import nn

from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss

ROOT = Path(__file__).resolve().parents[3]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_two_nodes_take_the_step_of_one_process(tmp_path: Path) -> None:
    write_tiny_shards(tmp_path / "shards", tiny_samples(24, per_video=1))
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc_per_node=1"),
        *("--rdzv_backend=c10d", f"--rdzv_endpoint=127.0.0.1:{_free_port()}", "--rdzv_id=pins"),
        *("--local_addr=127.0.0.1", two_nodes.__file__, tmp_path / "shards", tmp_path),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    nodes = [
        subprocess.Popen([*map(str, command)], env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for node in nodes:
        _, said = node.communicate(timeout=600)
        assert node.returncode == 0, said[-2000:]
    rows = [json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in range(2)]
    assert [row["world"] for row in rows] == [2, 2]
    assert [[len(batch) for batch in row["positions"]] for row in rows] == [[6, 6], [6, 6]]
    taken = [position for row in rows for batch in row["positions"] for position in batch]
    assert sorted(taken) == list(range(24))
    torch.manual_seed(0)
    encoders = nn.Linear(3 * 8 * 8, 4), nn.Linear(48, 4)
    first = [next(iter(two_nodes.open_batches(str(tmp_path / "shards"), k, 2))) for k in range(2)]
    loss = MultiwayMatchingLoss()(*two_nodes.embed(first, encoders))
    loss.backward()
    for row in rows:
        assert row["loss"] == pytest.approx(loss.item(), rel=1e-5)
        assert row["gradient"] == pytest.approx(encoders[0].weight.grad[0, :5].tolist(), rel=1e-4)
