"""The list of classes that model folders may name: real, and complete for what experiments name; huge shapes are refused before memory is touched."""

import re
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.module_registry import (
    CLASSES,
    MemoryBudget,
    build_module,
    find_class,
)
from pins_plugin.models.folder.safe_yaml import load_yaml

ROOT = Path(__file__).resolve().parents[3]
NAMED = sorted(
    {
        name
        for folder in ("hparams", "recipes", "pins_plugin/train")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".yaml", ".py")
        for name in re.findall(r"pins_plugin\.models\.(?:\w+\.)+[A-Z]\w*", path.read_text("utf-8"))
    }
)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_each_class_is_a_module(name: str) -> None:
    assert issubclass(find_class(name), nn.Module)


@pytest.mark.parametrize("name", NAMED)
def test_what_experiments_build_can_be_loaded_again(name: str) -> None:
    assert name in CLASSES


@pytest.mark.parametrize(
    "name", ["os.system", "pins_plugin.models.compact.BatchNorm", "", "x" * 900]
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(ModelFolderError, match="not allowed") as caught:
        find_class(name)
    assert len(str(caught.value)) < 300


def test_what_fits_is_built() -> None:
    with MemoryBudget(largest=4 * (2 * 3 + 3) * 4):
        assert torch.nn.Linear(2, 3)(torch.ones(1, 2)).shape == (1, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.zeros(10**6),
        lambda: torch.empty(1000, 1000),
        lambda: torch.arange(10**6),
        lambda: torch.linspace(0, 1, 10**6),
        lambda: torch.arange(0, 1, 1e-6),
        lambda: torch.eye(1000),
        lambda: torch.randn(10**6, generator=torch.Generator()),
        lambda: torch.tril_indices(1000, 1000),
        lambda: torch.ones(1000).diag(),
        lambda: torch.cdist(torch.ones(1000, 1), torch.ones(1000, 1)),
        lambda: torch.ones(1000).repeat(1000),
        lambda: torch.ones(1).new_zeros(10**6),
        lambda: torch.nn.functional.pad(torch.ones(1), (0, 10**6)),
        lambda: torch.cat([torch.ones(1).expand(1000)] * 1000),
        lambda: torch.ones(1000, 1) * torch.ones(1, 1000),
        lambda: [torch.zeros(100) for _ in range(1000)],
    ],
)
def test_what_does_not_fit_is_refused(make) -> None:
    with pytest.raises(MemoryError, match="more than 100000 bytes"), MemoryBudget(largest=100_000):
        make()


def test_a_million_operations_are_refused() -> None:
    with pytest.raises(MemoryError, match="more than 10 operations"), MemoryBudget(most=10):
        for _ in range(1000):
            torch.zeros(1)


@pytest.mark.parametrize(
    "text",
    [
        "torch.nn.Linear {in_features: 100000, out_features: 100000}",
        "pins_plugin.models.compact.CompactFaceEncoder {channels: [1000000, 1000000]}",
        "pins_plugin.models.layers.spectrogram.LogMelSpectrogram {num_bins: 1000000, window_seconds: 100}",
    ],
)
def test_a_strangers_arguments_cannot_fill_the_memory(text: str) -> None:
    started = time.process_time()
    with pytest.raises(ModelFolderError, match=r"more than \d+ bytes"):
        build_module(load_yaml(f"a: !new:{text}")["a"])
    assert time.process_time() - started < 10
