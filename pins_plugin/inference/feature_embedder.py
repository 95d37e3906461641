"""Heads over recognition embeddings, in the user's hands."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.data.training.features import load_features
from pins_plugin.errors import ModelFolderError, ShapeError
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.models.layers.heads import FeatureHead, apply_head
from pins_plugin.utils.files import atomic_path


def load_heads(source: str | Path) -> tuple[FeatureHead, FeatureHead]:
    """Open a model folder that was trained on features: the heads of faces and of voices (see `apply_head`), or ModelFolderError."""
    modules = load_model_folder(source).modules
    face_head, voice_head = modules.get("face_head"), modules.get("voice_head")
    if not isinstance(face_head, FeatureHead) or not isinstance(voice_head, FeatureHead):
        raise ModelFolderError(
            f"{source}: expected heads over features (face_head, voice_head), got {', '.join(modules)}; "
            "train one with hparams/features.yaml"
        )
    return face_head, voice_head


def write_embeddings(path: str | Path, **sides: tuple[NDArray, ArrayLike]) -> None:
    """Write embeddings and the clip of each row, of `face` and `voice`: arrays face_embeddings, face_clip_id, ..."""
    arrays: dict[str, Any] = {}
    for side, (embeddings, clip_id) in sides.items():
        arrays |= {f"{side}_embeddings": embeddings, f"{side}_clip_id": np.asarray(clip_id)}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def embed_feature_files(
    source: str | Path, face_path: str | Path, voice_path: str | Path, out: str | Path
) -> tuple[int, int]:
    """Embed two files of recognition embeddings (`.npz`, see `data.training.features.load_features`) with a model folder.

    Writes face_embeddings, face_clip_id, voice_embeddings, voice_clip_id to `out`, rows in the order of the files, and gives
    the number of faces and of voices.
    """
    sides = []
    for path, head in zip((face_path, voice_path), load_heads(source), strict=True):
        rows = load_features(path)
        if rows.embeddings.shape[1] != head.input_dim:
            raise ShapeError(
                f"{path}: expected embeddings of {head.input_dim} dimensions, as {source} was trained on, "
                f"got {rows.embeddings.shape[1]}"
            )
        sides.append((apply_head(head, rows.embeddings), rows.clip_id))
    write_embeddings(out, face=sides[0], voice=sides[1])
    return len(sides[0][1]), len(sides[1][1])
