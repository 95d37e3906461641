"""The end of a branch that knows little: what it does not know, it leaves open instead of guessing."""

import torch
from torch import Tensor, nn

from pins_plugin.models.layers.dropout import Dropout


class SharedHead(nn.Module):
    r"""Map features to unit vectors whose cosine tells how much likelier one person is than two.

    A hidden layer and a linear one give `z`; features that tell little give a short one:

        e = tanh(|z|) z / |z|,    head(x) = (e, sqrt(1 - |e|^2), 0)  for faces,  (e, 0, sqrt(1 - |e|^2))  for voices

    What is missing to unit length goes into one of two further dimensions, another for faces than for voices, so that the
    cosine of a face and a voice is the product of their short parts: 0 where either tells nothing. No coordinate
    stands for any one cause; see `recipes/RealPeople`.

    Parameters
    ----------
    side : {0, 1}
        0 for faces, 1 for voices.
    dropout : float
        In training.

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
        missing = (1 - joint.square().sum(dim=1, keepdim=True)).clamp(min=1e-9).sqrt()
        zero = torch.zeros_like(missing)
        rest = (missing, zero) if self.side == 0 else (zero, missing)
        return torch.cat([joint, *rest], dim=1)  # (batch, joint_dim + 2)
