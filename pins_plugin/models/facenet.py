"""Faces through facenet-pytorch's InceptionResnetV1, a face recognition network (VGGFace2)."""

from pathlib import Path

import torch
from facenet_pytorch import InceptionResnetV1
from torch import Tensor, nn

from pins_plugin.models.frozen import Trunk
from pins_plugin.models.projection import Projection
from pins_plugin.models.starting_weights import load_strictly, read_weights

WEIGHTS = "20180402-114759-vggface2.pt"
URL = f"https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/{WEIGHTS}"


class FacenetEncoder(nn.Module):
    """InceptionResnetV1 (512 numbers) under a small head.

    Weights are fresh; see `load_facenet_weights`.

    Parameters
    ----------
    embedding_dim : int
    frozen : bool
        Train the head only.
    hidden_dim : int
        Of the head.
    dropout : float
    """

    image_size = 160  # pixels

    def __init__(
        self,
        embedding_dim: int = 256,
        frozen: bool = True,
        hidden_dim: int = 512,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.trunk = Trunk(InceptionResnetV1(pretrained=None, classify=False), frozen)
        self.hidden = nn.Sequential(
            nn.Linear(512, hidden_dim), nn.ReLU(inplace=True), nn.Dropout(dropout)
        )
        self.projection = Projection(hidden_dim, embedding_dim)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed pictures.

        Parameters
        ----------
        faces : (batch, 3, 160, 160) Tensor
            RGB in [0, 1].

        Returns
        -------
        face_embeddings : (batch, embedding_dim) Tensor
            Of unit length.
        """
        features = self.trunk((255 * faces - 127.5) / 128)  # (batch, 512)
        return self.projection(self.hidden(features))


def load_facenet_weights(encoder: FacenetEncoder, source: str | Path | None = None) -> None:
    """Give a `FacenetEncoder` the weights of face recognition.

    Parameters
    ----------
    encoder : FacenetEncoder
    source : str or Path, optional
        The file; by default where facenet-pytorch keeps it.

    Raises
    ------
    ModelFolderError
        When the file is missing or does not fit.
    """
    places = [Path(source)] if source else [_torch_home() / "checkpoints" / WEIGHTS]
    weights = read_weights(places, f"InceptionResnetV1 (VGGFace2), {URL}")
    wanted = {name: value for name, value in weights.items() if not name.startswith("logits.")}
    load_strictly(encoder.trunk.network, wanted, places[0])


def _torch_home() -> Path:
    """Where facenet-pytorch looks: the parent of torch.hub's folder."""
    return Path(torch.hub.get_dir()).parent
