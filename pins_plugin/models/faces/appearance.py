"""Faces compared by what the pictures themselves offer: colors and coarse shading, without any training.

It tells the people of one video apart as long as hair, light and pose stay much the same; it does not know a face again.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

GRID = 14  # cells along each side
COLOR_WEIGHT = 2.0  # of colors beside shading
# Luminance of a pixel, and its opponent colors: red against green, blue against both.
MIXING = ((0.299, 0.587, 0.114), (0.7, -0.7, 0.0), (-0.4, -0.4, 0.8))
SKIN = (0.08, -0.07)  # opponent colors of an average face, taken off so that others stand out


class AppearanceEncoder(nn.Module):
    """Aligned faces to unit vectors of shading and color.

    Examples
    --------
    >>> AppearanceEncoder()(torch.rand(2, 3, 112, 112)).shape
    torch.Size([2, 588])
    """

    image_size = 112
    embedding_dim = 3 * GRID * GRID
    same_person_similarity = 0.92  # strangers in one studio reach 0.97, one person across cuts 0.9

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mixing", torch.tensor(MIXING), persistent=False)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed faces (batch, 3, height, width), aligned, RGB in [0, 1], as (batch, 588) of unit length."""
        cells = functional.adaptive_avg_pool2d(faces, GRID)  # (batch, 3, 14, 14)
        light, *colors = torch.einsum("kc,bchw->kbhw", self.mixing, cells)
        mean, spread = light.mean(dim=(1, 2), keepdim=True), light.std(dim=(1, 2), keepdim=True)
        shading = (light - mean) / (spread + 0.02)
        relative = [
            COLOR_WEIGHT * (color / (mean + 0.05) - skin) / 0.15
            for color, skin in zip(colors, SKIN, strict=True)
        ]
        return functional.normalize(torch.stack([shading, *relative], dim=1).flatten(1), dim=1)
