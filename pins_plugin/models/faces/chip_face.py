"""A small face branch: an aligned face as a chip of 32 x 32 pixels, four convolutions, sixteen numbers, a head.

The convolutions are those of a network of dlib's model collection by Cydral Technology (CC0 1.0), without its last
layer; `recipes/RealPeople` puts them here and trains the head.
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.models.faces.face_recognition import MEAN_COLOR, read_window
from pins_plugin.models.layers.heads import SharedHead

CHIP_SIZE = 32  # pixels
# The window of an aligned face (see tracking/crops.py) that the network was trained on: x1, y1, x2, y2.
CHIP_WINDOW = (0.192, 0.203, 0.816, 0.827)
NUM_FEATURES = 16


class ChipFaceEncoder(nn.Module):
    """Aligned faces to unit vectors that a voice branch can be compared with.

    Parameters
    ----------
    hidden_dim, joint_dim, dropout
        Of the head, see `SharedHead`.
    frozen : bool
        Whether training leaves the convolutions alone.

    Examples
    --------
    >>> import torch
    >>> ChipFaceEncoder(joint_dim=8)(torch.rand(2, 3, 112, 112)).shape
    torch.Size([2, 10])
    """

    image_size = 112

    def __init__(
        self, hidden_dim: int = 32, joint_dim: int = 16, frozen: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.trunk = ChipTrunk().requires_grad_(not frozen)
        self.head = SharedHead(NUM_FEATURES, hidden_dim, joint_dim, side=0, dropout=dropout)
        self.embedding_dim = self.head.embedding_dim

    def forward(self, faces: Tensor) -> Tensor:
        """Embed faces (batch, 3, height, width), aligned as by `tracking.crops.align_face`, RGB in [0, 1], as (batch, joint_dim + 2) of unit length."""
        return self.head(self.trunk(faces))


class ChipTrunk(nn.Module):
    """Aligned faces (batch, 3, height, width) in [0, 1] to features (batch, 16)."""

    def __init__(self) -> None:
        super().__init__()
        channels = (3, 32, 32, 64, 64)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1) for before, after in pairwise(channels)
        )
        self.hidden = nn.Linear(channels[-1] * (CHIP_SIZE // 4) ** 2, NUM_FEATURES)

    def forward(self, faces: Tensor) -> Tensor:
        """Cut the chip and run the network."""
        chips = functional.avg_pool2d(read_window(faces, CHIP_WINDOW, 3 * CHIP_SIZE), 3)
        mean = faces.new_tensor(MEAN_COLOR).reshape(3, 1, 1)
        features = (255 * chips - mean) / 256
        for number, convolution in enumerate(self.convolutions):
            features = functional.relu(convolution(features))
            if number % 2 == 1:
                features = functional.avg_pool2d(features, 2)
        return functional.relu(self.hidden(features.flatten(1)))  # (batch, 16)
