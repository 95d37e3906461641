"""Heads over recognition embeddings and features: from what a face or speaker network gives to the joint space."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from pins_plugin.errors import ShapeError
from pins_plugin.models.layers.normalization import Dropout


class DirectionHead(nn.Module):
    r"""Project onto a few directions, each of its own weight.

    A direction with a two-sided cause (gender above all) may be squashed, so that only its side counts. An
    embedding that says little stays short instead of being blown up to unit length:

        z = D (x - mu),    e = w * tanh(s * z) / s,    head(x) = e / max(|e|, r)

    where `tanh(s * z) / s` stands for `z` where `s = 0`; then `fill_up` with `side`.
    """

    def __init__(self, input_dim: int, num_directions: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.register_buffer("mean", torch.zeros(input_dim))
        self.register_buffer("saturation", torch.zeros(num_directions))
        self.register_buffer("radius", torch.zeros(()))
        self.register_buffer("weights", torch.ones(num_directions))
        self.directions = nn.Linear(input_dim, num_directions, bias=False).requires_grad_(False)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Embed (batch, input_dim) into (batch, num_directions + 2), unit length."""
        projected = self.directions(embeddings - self.mean)  # (batch, num_directions)
        slope = self.saturation.clamp(min=1e-6)
        squashed = torch.tanh(slope * projected) / slope
        joint = torch.where(self.saturation > 0, squashed, projected) * self.weights
        length = joint.norm(dim=1, keepdim=True)
        joint = joint / length.maximum(self.radius).clamp(min=1e-12)
        return fill_up(joint, self.side)  # (batch, num_directions + 2)


class NetworkHead(nn.Module):
    """One hidden layer with batch normalization and dropout, unit length at the end."""

    def __init__(
        self, input_dim: int, hidden_dim: int, embedding_dim: int, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.hidden = nn.Linear(input_dim, hidden_dim)
        self.norm = nn.BatchNorm1d(hidden_dim)
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(hidden_dim, embedding_dim)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Embed (batch, input_dim) into (batch, embedding_dim), unit length."""
        hidden = torch.relu(self.norm(self.hidden(embeddings)))  # (batch, hidden_dim)
        return normalize(self.last(self.dropout(hidden)), dim=1)


class FeatureHead(nn.Module):
    r"""Project recognition embeddings of one modality into the joint space.

    An embedding is brought to unit length and handed to several heads `h_k`. Their outputs stand side by side, so that
    the cosine of a face and a voice is the mean of the heads' cosines, weighted by `w_k`:

        head(x) = (sqrt(w_1) h_1(x/|x|), ..., sqrt(w_K) h_K(x/|x|)),    sum_k w_k = 1

    Parameters
    ----------
    side : {0, 1}
        0 for faces, 1 for voices.
    num_closed_forms, num_directions : int
        `DirectionHead`\ s come first.
    num_networks, hidden_dim, network_dim : int
        Then `NetworkHead`\ s.
    reduced_dim : int
        Principal axes that longer embeddings are projected on first; 0 keeps them as they are.
    """

    def __init__(
        self,
        input_dim: int,
        side: int,
        num_closed_forms: int,
        num_directions: int = 32,
        num_networks: int = 0,
        hidden_dim: int = 256,
        network_dim: int = 32,
        reduced_dim: int = 0,
    ) -> None:
        super().__init__()
        self.input_dim = input_dim
        self.axes = nn.Linear(input_dim, reduced_dim) if reduced_dim else None
        dim = reduced_dim or input_dim
        closed = [DirectionHead(dim, num_directions, side) for _ in range(num_closed_forms)]
        networks = [NetworkHead(dim, hidden_dim, network_dim) for _ in range(num_networks)]
        self.heads = nn.ModuleList([*closed, *networks])
        self.register_buffer("shares", torch.full((len(self.heads),), 1 / len(self.heads)))
        self.embedding_dim = (num_directions + 2) * len(closed) + network_dim * len(networks)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Embed (batch, input_dim) of any length, which is divided out, into (batch, embedding_dim) of unit length.

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
        rows = normalize(embeddings, dim=1)
        if self.axes is not None:
            rows = self.axes(rows)  # (batch, reduced_dim)
        parts = [
            share.sqrt() * head(rows) for share, head in zip(self.shares, self.heads, strict=True)
        ]
        return normalize(torch.cat(parts, dim=1), dim=1)  # (batch, embedding_dim)


class SharedHead(nn.Module):
    r"""The end of a branch that knows little: unit vectors whose cosine tells how much likelier one person is than two.

    A hidden layer and a linear one give `z`; features that tell little give a short one, which `fill_up` completes:

        e = tanh(|z|) z / |z|

    The cosine of a face and a voice is 0 where either tells nothing. No coordinate stands for any one cause; see
    `recipes/RealPeople`. `side` is 0 for faces, 1 for voices.

    Examples
    --------
    >>> SharedHead(8, 4, 3, side=0)(torch.zeros(2, 8)).norm(dim=1).tolist()
    [1.0, 1.0]
    """

    def __init__(
        self, input_dim: int, hidden_dim: int, joint_dim: int, side: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.side = side
        self.embedding_dim = joint_dim + 2
        self.register_buffer("mean", torch.zeros(input_dim))
        self.register_buffer("spread", torch.ones(input_dim))
        self.dropout = Dropout(dropout)
        self.hidden = nn.Linear(input_dim, hidden_dim)
        self.last = nn.Linear(hidden_dim, joint_dim, bias=False)

    def standardize(self, features: Tensor) -> None:
        """Take mean and spread (input_dim,) from features (num_rows, input_dim) that stand for all."""
        self.mean.copy_(features.mean(dim=0))
        self.spread.copy_(features.std(dim=0) + 0.05 * features.std())

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, input_dim) features to (batch, joint_dim + 2) unit vectors."""
        rows = ((features.float() - self.mean) / self.spread).clamp(-5, 5)
        joint = self.last(torch.relu(self.hidden(self.dropout(rows))))  # (batch, joint_dim)
        length = joint.square().sum(dim=1, keepdim=True).add(1e-9).sqrt()
        joint = joint * torch.tanh(length) / length
        return fill_up(joint, self.side, 1e-9)  # (batch, joint_dim + 2)


def fill_up(short: Tensor, side: int, least: float = 0.0) -> Tensor:
    """Make short vectors (batch, dim) unit vectors (batch, dim + 2).

    What is missing goes into one of two further dimensions, another for faces (`side` 0) than for voices (1), so that the
    cosine of the two is left with the product of the short ones. `least` square keeps gradients finite.

    Examples
    --------
    >>> fill_up(torch.zeros(1, 1), side=1).tolist()
    [[0.0, 0.0, 1.0]]
    """
    missing = (1 - short.square().sum(dim=1, keepdim=True)).clamp(min=least).sqrt()
    zero = torch.zeros_like(missing)
    return torch.cat([short, missing, zero] if side == 0 else [short, zero, missing], dim=1)


@torch.inference_mode()
def apply_head(
    head: nn.Module, embeddings: NDArray[np.float32], rows_per_batch: int = 8192
) -> NDArray[np.float32]:
    """Embed a whole table (num_rows, input_dim) by a head in eval mode: (num_rows, embedding_dim), unit length."""
    parts = torch.from_numpy(embeddings).split(rows_per_batch)
    return np.concatenate([head(part).numpy() for part in parts])
