"""The list of classes that model folders may name: real, and complete for what experiments name."""

import re
from pathlib import Path

import pytest
from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.module_registry import CLASSES, find_class

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
