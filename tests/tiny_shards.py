"""Shards of tiny samples, several of each video."""

from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.data.training.tar_shards import ShardSample, write_index, write_shard


def tiny_samples(count: int, per_video: int = 3) -> list[ShardSample]:
    """Samples of random pixels and sound."""
    generator = np.random.default_rng(0)
    return [
        ShardSample(
            f"{number:05d}",
            generator.integers(0, 256, (2, 3, 8, 8), np.uint8),
            generator.integers(-99, 99, 50 + number, np.int16),
            {"video": f"v{number // per_video}", "position": number},
        )
        for number in range(count)
    ]


def write_tiny_shards(
    folder: Path, samples: list[ShardSample], per_shard: int = 7, part: str = ""
) -> list[dict[str, Any]]:
    """Write shards of so many samples, and their index."""
    rows = [
        write_shard(
            ((sample.key, sample.files()) for sample in samples[start : start + per_shard]),
            folder / f"train{part}-{start // per_shard:06d}.tar",
        )
        for start in range(0, len(samples), per_shard)
    ]
    write_index(folder, rows, {"image_size": 8}, part)
    return rows
