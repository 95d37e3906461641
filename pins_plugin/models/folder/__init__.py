"""A trained model on the disk."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pins_plugin.models.folder.model_folder import (
        PRETRAINED,
        ModelFolder,
        load_model_folder,
        save_model_folder,
    )

__all__ = ["PRETRAINED", "ModelFolder", "load_model_folder", "save_model_folder"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("pins_plugin.models.folder.model_folder"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
