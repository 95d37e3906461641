"""Training on recognition embeddings."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pins_plugin.train.features.training import FitSettings, train_features

__all__ = ["FitSettings", "train_features"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("pins_plugin.train.features.training"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
