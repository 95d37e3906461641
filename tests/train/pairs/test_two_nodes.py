"""`torchrun` with rendezvous over two nodes (on one machine): one global batch, no sample twice."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import two_nodes
from torch import nn

from pins_plugin.data.training.tar_shards import ShardSample, TarShardStream, write_tar_shards
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss

ROOT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_two_nodes_take_the_step_of_one_process(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    samples = [
        ShardSample(
            f"{number:02d}",
            generator.integers(0, 256, (2, 3, 8, 8), np.uint8),
            generator.integers(-99, 99, 60, np.int16),
            {},
        )
        for number in range(12)
    ]
    write_tar_shards(samples, tmp_path / "shards", shard_bytes=3000)
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
        _, said = node.communicate(timeout=240)
        assert node.returncode == 0, said[-2000:]
    rows = [json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in range(2)]
    assert [row["world"] for row in rows] == [2, 2]
    assert [len(row["keys"]) for row in rows] == [6, 6]
    assert sorted(rows[0]["keys"] + rows[1]["keys"]) == [sample.key for sample in samples]
    torch.manual_seed(0)
    encoders = nn.Linear(2 * 3 * 8 * 8, 4), nn.Linear(50, 4)
    parts = [[*TarShardStream(str(tmp_path / "shards"), 0, rank, 2, buffer=4)] for rank in range(2)]
    loss = MultiwayMatchingLoss()(*two_nodes.embed([*parts[0], *parts[1]], encoders))
    loss.backward()
    for row in rows:
        assert row["loss"] == pytest.approx(loss.item(), rel=1e-5)
        assert row["gradient"] == pytest.approx(encoders[0].weight.grad[0, :5].tolist(), rel=1e-4)
