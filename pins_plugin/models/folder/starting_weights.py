"""Weights that other projects published: found on this machine, never downloaded, loaded strictly."""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.model_folder import load_model_folder, load_strictly
from pins_plugin.utils.explain import one_line


def find_weights(places: Sequence[Path], origin: str) -> dict[str, Tensor]:
    """Read the first file that exists, without running code from it; `origin` says what the weights are and where a user gets them."""
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        looked = ", ".join(map(str, places))
        raise ModelFolderError(
            f"no weights of {origin}; looked at {looked}; download the file and name it "
            "in the YAML, or by its option (hparams/pins_pretrained.yaml: --facenet, --ecapa)"
        )
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises many kinds
        raise ModelFolderError(f"{path}: not a file of weights ({one_line(error, 120)})") from error
    if not isinstance(weights, dict):
        raise ModelFolderError(f"{path}: expected weights by name, got {type(weights).__name__}")
    return weights


def load_branch(encoder: nn.Module, source: str | Path, branch: str) -> None:
    """Give an encoder the weights of one branch of a model folder of ours, which has its shape: the start of fine-tuning.

    `branch` is "face_encoder" or "voice_encoder" of `source`, a folder or the name of a model that comes with the package.
    """
    modules = load_model_folder(source).modules
    if branch not in modules:
        raise ModelFolderError(f"{source}: expected a module {branch}, got {', '.join(modules)}")
    load_strictly(encoder, modules[branch].state_dict(), Path(source))
