"""The last layer of each branch: into the shared space, onto the unit sphere."""

from torch import Tensor, nn
from torch.nn.functional import normalize

from pins_plugin.models.layers.normalization import BatchNorm


class Projection(nn.Module):
    """Map features to embeddings of unit length (Learnable PINs, section 3.1).

    Parameters
    ----------
    batch_norm : bool
        Whether each coordinate is standardized over the batch before the length is made one. It keeps the
        embeddings from shrinking to one point, which the contrastive loss otherwise does from scratch.
    """

    def __init__(self, input_dim: int, embedding_dim: int, batch_norm: bool = True) -> None:
        super().__init__()
        self.linear = nn.Linear(input_dim, embedding_dim, bias=not batch_norm)
        self.norm = BatchNorm(embedding_dim, affine=False) if batch_norm else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, input_dim) features to (batch, embedding_dim) unit vectors."""
        return normalize(self.norm(self.linear(features)).float(), dim=-1)
