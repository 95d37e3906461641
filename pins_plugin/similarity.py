"""The only definition of "alike": larger means more alike."""

from torch import Tensor
from torch.nn.functional import normalize


def cosine_similarity(first: Tensor, second: Tensor) -> Tensor:
    """Compare row by row.

    Parameters
    ----------
    first, second : (..., batch, embedding_dim) Tensor

    Returns
    -------
    similarities : (..., batch) Tensor
        In [-1, 1].

    Examples
    --------
    >>> import torch
    >>> cosine_similarity(torch.tensor([[3.0, 0.0]]), torch.tensor([[1.0, 1.0]])).item()
    0.7071067690849304
    """
    return (normalize(first, dim=-1) * normalize(second, dim=-1)).sum(dim=-1)


def pairwise_similarity(first: Tensor, second: Tensor) -> Tensor:
    """Compare every row of `first` with every row of `second`.

    Parameters
    ----------
    first : (..., num_first, embedding_dim) Tensor
    second : (..., num_second, embedding_dim) Tensor

    Returns
    -------
    similarities : (..., num_first, num_second) Tensor
        Cosine, in [-1, 1].
    """
    return normalize(first, dim=-1) @ normalize(second, dim=-1).mT
