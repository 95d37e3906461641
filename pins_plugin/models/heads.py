"""Heads over recognition embeddings: from what a face or speaker network gives to the joint space."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from pins_plugin.errors import ShapeError


class FeatureHead(nn.Module):
    r"""Project recognition embeddings of one modality into the joint space.

    An embedding `x` is brought to unit length, centered and projected on a few directions `D`. A direction with a
    two-sided cause (gender above all) may be squashed, so that only its side counts; directions are weighted
    by `w`; a small network may add what is not linear:

        z = D (x / |x| - mu)
        e = w * tanh(s * z) / s + network(x / |x| - mu),    head(x) = e / |e|

    where `tanh(s * z) / s` stands for `z` where `s = 0`.

    Parameters
    ----------
    input_dim : int
    embedding_dim : int
        Number of directions.
    hidden_dim : int
        Width of the network; 0 leaves it out. Its output starts at zero.
    dropout : float
        Within the network, in training.
    """

    def __init__(
        self, input_dim: int, embedding_dim: int, hidden_dim: int = 0, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.input_dim = input_dim
        self.embedding_dim = embedding_dim
        self.hidden_dim = hidden_dim
        self.register_buffer("mean", torch.zeros(input_dim))
        self.register_buffer("saturation", torch.zeros(embedding_dim))
        self.directions = nn.Linear(input_dim, embedding_dim, bias=False)
        self.weights = nn.Parameter(torch.ones(embedding_dim))
        self.dropout = dropout
        self.restart_network()

    def restart_network(self) -> None:
        """Draw the network's weights anew; its output is zero."""
        self.network = _network(self.input_dim, self.hidden_dim, self.embedding_dim, self.dropout)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Embed.

        Parameters
        ----------
        embeddings : (batch, input_dim) Tensor
            Any length; it is divided out.

        Returns
        -------
        embeddings : (batch, embedding_dim) Tensor
            Unit length.

        Raises
        ------
        ShapeError
            When the embeddings have another dimension.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != self.input_dim:
            raise ShapeError(
                f"embeddings: expected (batch, {self.input_dim}), got {tuple(embeddings.shape)}; "
                "embed with the recognition network that the head was trained on"
            )
        centered = normalize(embeddings, dim=1) - self.mean  # (batch, input_dim)
        projected = self.directions(centered)  # (batch, embedding_dim)
        slope = self.saturation.clamp(min=1e-6)
        squashed = torch.tanh(slope * projected) / slope
        joint = torch.where(self.saturation > 0, squashed, projected) * self.weights
        if self.network is not None:
            joint = joint + self.network(centered)
        return normalize(joint, dim=1)


@torch.inference_mode()
def apply_head(
    head: nn.Module, embeddings: NDArray[np.float32], rows_per_batch: int = 8192
) -> NDArray[np.float32]:
    """Embed a whole table.

    Parameters
    ----------
    head : FeatureHead
        In eval mode.
    embeddings : (num_rows, input_dim) float32 array
    rows_per_batch : int

    Returns
    -------
    embeddings : (num_rows, embedding_dim) float32 array
        Unit length.
    """
    parts = torch.from_numpy(embeddings).split(rows_per_batch)
    return np.concatenate([head(part).numpy() for part in parts])


def _network(
    input_dim: int, hidden_dim: int, embedding_dim: int, dropout: float
) -> nn.Sequential | None:
    """Whiten (a layer that is set once, not trained), then one hidden layer; zero at the start."""
    if hidden_dim == 0:
        return None
    whitening = nn.Linear(input_dim, input_dim, bias=False).requires_grad_(False)
    hidden, last = (
        nn.Linear(input_dim, hidden_dim),
        nn.Linear(hidden_dim, embedding_dim, bias=False),
    )
    nn.init.eye_(whitening.weight)
    nn.init.normal_(hidden.weight)  # inputs have about unit length, not unit variance
    nn.init.normal_(hidden.bias, std=0.5)
    nn.init.zeros_(last.weight)
    return nn.Sequential(whitening, hidden, nn.Tanh(), nn.Dropout(dropout), last)
