"""A trained model on the disk."""

from pins_plugin.models.folder.model_folder import (
    PRETRAINED,
    ModelFolder,
    load_model_folder,
    save_model_folder,
)
from pins_plugin.models.folder.module_registry import make_module

__all__ = ["PRETRAINED", "ModelFolder", "load_model_folder", "make_module", "save_model_folder"]
