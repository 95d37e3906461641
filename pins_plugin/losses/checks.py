"""What every loss asks of its embeddings."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from pins_plugin.errors import ShapeError


def check_pair(
    face_embeddings: Tensor, voice_embeddings: Tensor, num_dims: int | None = None
) -> tuple[Tensor, Tensor]:
    """Make paired embeddings unit length, in at least single precision.

    Parameters
    ----------
    face_embeddings, voice_embeddings : (..., batch, embedding_dim) Tensor
    num_dims : int, optional
        Exact number of dimensions to ask for (2 or more otherwise).

    Returns
    -------
    face_embeddings, voice_embeddings : (..., batch, embedding_dim) Tensor

    Raises
    ------
    ShapeError
        When the two differ in shape, or have too few or too many dimensions.
    """
    faces, voices = tuple(face_embeddings.shape), tuple(voice_embeddings.shape)
    wrong = len(faces) < 2 if num_dims is None else len(faces) != num_dims
    if wrong or faces != voices:
        wanted = "(batch, embedding_dim)" if num_dims == 2 else "(..., batch, embedding_dim)"
        raise ShapeError(
            f"face and voice embeddings: expected two equal shapes {wanted}, got {faces} and {voices}; "
            f"row i of both must belong to one clip"
        )
    return _unit(face_embeddings), _unit(voice_embeddings)


def _unit(embeddings: Tensor) -> Tensor:
    precise = torch.promote_types(embeddings.dtype, torch.float32)
    return normalize(embeddings.to(precise), dim=-1)
