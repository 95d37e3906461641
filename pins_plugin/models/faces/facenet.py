"""Faces through facenet-pytorch's InceptionResnetV1, a face recognition network (VGGFace2)."""

from pathlib import Path

import torch
from facenet_pytorch import InceptionResnetV1
from torch import Tensor, nn
from torch.nn.functional import normalize

from pins_plugin.models.faces.face_recognition import read_window
from pins_plugin.models.folder.model_folder import load_strictly
from pins_plugin.models.folder.starting_weights import find_weights
from pins_plugin.models.layers.frozen import Trunk
from pins_plugin.models.layers.normalization import Dropout
from pins_plugin.models.layers.projection import Projection

WEIGHTS = "20180402-114759-vggface2.pt"
URL = f"https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/{WEIGHTS}"


class FacenetEncoder(nn.Module):
    """InceptionResnetV1 (512 numbers) under a small head of size `hidden_dim`, which alone is trained where `frozen`.

    Weights are fresh; see `load_facenet_weights`.
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
            nn.Linear(512, hidden_dim), nn.ReLU(inplace=True), Dropout(dropout)
        )
        self.projection = Projection(hidden_dim, embedding_dim)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed faces (batch, 3, 160, 160), RGB in [0, 1], as (batch, embedding_dim) of unit length."""
        features = self.trunk((255 * faces - 127.5) / 128)  # (batch, 512)
        return self.projection(self.hidden(features))


class FacenetRecognition(nn.Module):
    """InceptionResnetV1 as it was published: tells people apart; load weights by `load_facenet_weights`."""

    image_size = 112  # of the aligned faces it is given
    embedding_dim = 512
    same_person_similarity = 0.5  # not measured here: the weights do not come with the package
    # The window of an aligned face (see tracking/crops.py) that MTCNN's box would be: x1, y1, x2, y2.
    window = (0.22, 0.18, 0.78, 0.86)

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk(InceptionResnetV1(pretrained=None, classify=False), frozen=True)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed aligned faces (batch, 3, height, width), RGB in [0, 1], as (batch, 512) of unit length."""
        crops = read_window(faces, self.window, FacenetEncoder.image_size)
        return normalize(self.trunk((255 * crops - 127.5) / 128), dim=1)


def load_facenet_weights(
    encoder: FacenetEncoder | FacenetRecognition, source: str | Path | None = None
) -> None:
    """Give an encoder the weights of face recognition: of a file, by default where facenet-pytorch keeps it.

    ModelFolderError when the file is missing or does not fit.
    """
    usual = Path(torch.hub.get_dir()).parent / "checkpoints" / WEIGHTS  # not in torch.hub's folder
    places = [Path(source) if source else usual]
    weights = find_weights(places, f"InceptionResnetV1 (VGGFace2), {URL}")
    wanted = {name: value for name, value in weights.items() if not name.startswith("logits.")}
    load_strictly(encoder.trunk.network, wanted, places[0])
