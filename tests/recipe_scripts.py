"""Scripts of recipes as modules, as they see each other when they are run."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

RECIPES = Path(__file__).resolve().parents[1] / "recipes"


def load_recipe(script: str) -> ModuleType:
    """Import a script, such as "Sync/evaluate.py"; modules beside it are forgotten again: other recipes have such names, too."""
    path = RECIPES / script
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)
        spec.loader.exec_module(module)
    for beside in path.parent.glob("*.py"):
        sys.modules.pop(beside.stem, None)
    return module
