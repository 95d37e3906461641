"""A recognition-grade face encoder that comes with the package: a residual network of 29 layers, 128 numbers.

Network and weights are dlib's `dlib_face_recognition_resnet_model_v1` by Davis King (public domain, CC0; trained on
about three million faces of 7,485 people; 99.38 % on Labeled Faces in the Wild), as distributed with face-api (MIT).
It recognizes people within the modality of pictures only: it tracks who is who across shots.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT_SIZE = 150  # pixels
MEAN_COLOR = (122.782, 117.001, 104.298)
# The window of an aligned face (see tracking/crops.py) that the network was trained on: x1, y1, x2, y2.
FACE_WINDOW = (0.13, 0.2, 0.87, 0.94)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions around which the input is carried; may halve the size and add channels."""

    def __init__(self, in_channels: int, out_channels: int, halve: bool = False) -> None:
        super().__init__()
        self.halve = halve
        self.extra_channels = out_channels - in_channels
        stride, padding = (2, 0) if halve else (1, 1)
        self.first = nn.Conv2d(in_channels, out_channels, 3, stride, padding)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, in_channels, height, width) to (batch, out_channels, height', width')."""
        update = self.second(functional.relu(self.first(features)))
        if self.halve:
            features = functional.avg_pool2d(features, 2)
            features = functional.pad(features, (0, 0, 0, 0, 0, self.extra_channels))
            missing = features.shape[-1] - update.shape[-1]
            update = functional.pad(update, (0, missing, 0, missing))
        return functional.relu(features + update)


class FaceRecognitionEncoder(nn.Module):
    """Aligned faces to unit vectors that tell people apart.

    Examples
    --------
    >>> FaceRecognitionEncoder()(torch.rand(2, 3, 112, 112)).shape
    torch.Size([2, 128])
    """

    image_size = 112
    embedding_dim = 128

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 7, stride=2)
        self.blocks = nn.Sequential(
            *[ResidualBlock(32, 32) for _ in range(3)],
            ResidualBlock(32, 64, halve=True),
            *[ResidualBlock(64, 64) for _ in range(3)],
            ResidualBlock(64, 128, halve=True),
            *[ResidualBlock(128, 128) for _ in range(2)],
            ResidualBlock(128, 256, halve=True),
            *[ResidualBlock(256, 256) for _ in range(2)],
            ResidualBlock(256, 256, halve=True),
        )
        self.projection = nn.Linear(256, self.embedding_dim)  # the bias takes out the mean face
        self.register_buffer("mean", torch.tensor(MEAN_COLOR).reshape(3, 1, 1), persistent=False)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed faces (batch, 3, height, width), aligned as by `tracking.crops.align_face`, RGB in [0, 1], as (batch, 128) of unit length."""
        crops = read_window(faces, FACE_WINDOW, INPUT_SIZE)
        features = functional.relu(self.stem((255 * crops - self.mean) / 255))
        features = functional.max_pool2d(features, 3, 2)
        features = self.blocks(features)  # (batch, 256, height', width')
        return functional.normalize(self.projection(features.mean(dim=(2, 3))), dim=1)


def read_window(faces: Tensor, window: Sequence[float], size: int) -> Tensor:
    """Read a window, given in parts of the faces' size, as (batch, 3, size, size)."""
    x1, y1, x2, y2 = window
    matrix = faces.new_tensor([[x2 - x1, 0, x1 + x2 - 1], [0, y2 - y1, y1 + y2 - 1]])
    grid = functional.affine_grid(matrix[None], [1, 3, size, size], align_corners=False)
    grid = grid.expand(faces.shape[0], size, size, 2)
    return functional.grid_sample(faces, grid, padding_mode="border", align_corners=False)
