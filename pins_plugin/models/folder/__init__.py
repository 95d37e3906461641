"""A trained model on the disk."""

from pins_plugin.models.folder.model_folder import (
    PRETRAINED,
    ModelFolder,
    load_model_folder,
    save_model_folder,
)

__all__ = ["PRETRAINED", "ModelFolder", "load_model_folder", "save_model_folder"]
