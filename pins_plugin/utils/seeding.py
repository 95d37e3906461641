"""The one place that sets global random state."""

import random

import numpy as np


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's global generators."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries below us still read the global generator
    torch.manual_seed(seed)
