"""Dense face landmarks: 468 points of the face and 80 refined points of the lips.

The network and its weights are MediaPipe Face Mesh with attention (Kartynnik et al., "Real-time facial
surface geometry from monocular video on mobile GPUs", 2019; Grishchenko et al., "Attention Mesh", 2020;
Apache License 2.0), of which the face and lip branches are kept. It was trained on many thousands of
people, so that the shape of a mouth means the same on a face never seen.
"""

from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.utils.quantization import unpack

WEIGHTS = Path(__file__).resolve().parents[1] / "pretrained" / "face_mesh" / "face_mesh.safetensors"
INPUT_SIZE = 192  # pixels, side of the face that MediaPipe's network takes
LIP_FEATURE_SIZE = 16  # side of the features that its lip branch takes
MOUTH_CORNERS = (61, 291)  # numbers of points in MediaPipe's mesh
EYE_CORNERS = ((33, 133), (362, 263))  # the same: outer and inner, inner and outer corner
# The points of the face mesh that the 80 points of the lip branch refine: eight arcs, from the outer rim of
# the lips (0 to 19) and its inner rim (20 to 39) to two rims between.
LIP_POINTS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)  # fmt: skip


class Residual(nn.Module):
    """A depthwise-separable convolution around which the input is carried; `stride` 2 halves the size."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.extra_channels = out_channels - in_channels
        padding = 1 if stride == 1 else 0
        self.depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, padding, groups=in_channels)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1)
        self.activation = nn.PReLU(out_channels)

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, in_channels, height, width) to (batch, out_channels, height / stride, width / stride)."""
        if self.stride == 1:
            return self.activation(features + self.pointwise(self.depthwise(features)))
        update = self.pointwise(self.depthwise(functional.pad(features, (0, 1, 0, 1))))
        carried = functional.max_pool2d(features, 2)
        carried = functional.pad(carried, (0, 0, 0, 0, 0, self.extra_channels))
        return self.activation(carried + update)


def _descent() -> list[nn.Module]:
    """From 32 channels to 128, at an eighth of the size."""
    sizes = ((32, 64), (64, 128), (128, 128))
    return [
        layer
        for size, larger in sizes
        for layer in (Residual(size, size), Residual(size, size), Residual(size, larger, 2))
    ]


def _narrow_head(channels: int) -> list[nn.Module]:
    """Two more at that size, then few channels."""
    deep = [Residual(channels, channels), Residual(channels, channels)]
    return [*deep, nn.Conv2d(channels, 32, 1), nn.PReLU(32), Residual(32, 32)]


class FaceMesh(nn.Module):
    """Map face crops to points of the face and of the lips, in pixels of the crop."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 16, 3, 2), nn.PReLU(16),
            Residual(16, 16), Residual(16, 16), Residual(16, 32, 2),
        )  # fmt: skip
        again = (Residual(128, 128), Residual(128, 128), Residual(128, 128, 2))
        self.trunk = nn.Sequential(*_descent(), *again, *_narrow_head(128))
        self.to_mesh = nn.Conv2d(32, 468 * 3, 3)
        self.to_presence = nn.Conv2d(32, 1, 3)
        self.lips = nn.Sequential(*_descent(), *_narrow_head(128), nn.Conv2d(32, 80 * 2, 2))
        self.register_buffer("lip_points", torch.tensor(LIP_POINTS), persistent=False)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Find the points.

        Parameters
        ----------
        crops : (batch, 3, 192, 192) Tensor
            Upright faces with a quarter of margin, RGB in [0, 1].

        Returns
        -------
        mesh : (batch, 468, 3) Tensor
            x, y in pixels of the crop and depth in the same unit.
        lips : (batch, 80, 2) Tensor
            x, y of the lips, in the order of `LIP_POINTS`.
        presence : (batch,) Tensor
            Logit of "there is a face".
        """
        shallow = self.stem(crops)  # (batch, 32, 48, 48)
        deep = self.trunk(shallow)  # (batch, 32, 3, 3)
        mesh = self.to_mesh(deep).reshape(-1, 468, 3)
        presence = self.to_presence(deep).reshape(-1)
        to_shallow = self._lip_window(mesh[:, self.lip_points, :2] * shallow.shape[-1] / INPUT_SIZE)
        window = _sample(shallow, to_shallow)  # (batch, 32, 16, 16)
        points = self.lips(window).reshape(-1, 80, 2)  # in the window, a quarter pixel as unit
        scale = INPUT_SIZE / shallow.shape[-1]
        lips = points @ to_shallow[:, :, :2].transpose(1, 2) + scale * to_shallow[:, None, :, 2]
        return mesh, lips, presence

    @staticmethod
    def _lip_window(points: Tensor) -> Tensor:
        """Affine map (batch, 2, 3) from the pixels of an upright window around the lips to `points`' pixels."""
        across = points[:, 10] - points[:, 0]  # from one corner of the mouth to the other
        angle = torch.atan2(across[:, 1], across[:, 0])
        cosine, sine = angle.cos(), angle.sin()
        rotation = torch.stack([cosine, -sine, sine, cosine], dim=1).reshape(-1, 2, 2)
        upright = points @ rotation  # rotated back by the angle
        low, high = upright.amin(dim=1), upright.amax(dim=1)
        center = (rotation @ ((low + high) / 2)[:, :, None])[:, :, 0]
        scale = 1.5 * (high - low) / LIP_FEATURE_SIZE
        linear = rotation * scale[:, None, :]
        shift = center - linear.sum(dim=2) * (LIP_FEATURE_SIZE / 2)
        return torch.cat([linear, shift[:, :, None]], dim=2)


def _sample(features: Tensor, to_features: Tensor) -> Tensor:
    """Read a (16, 16) window out of (batch, channels, height, width) features, bilinearly; zero outside."""
    size = features.shape[-1]
    axis = torch.arange(LIP_FEATURE_SIZE, dtype=features.dtype, device=features.device) + 0.5
    window = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)
    places = window @ to_features[:, :, :2].transpose(1, 2) + to_features[:, None, :, 2]
    grid = (places * 2 / size - 1).reshape(-1, LIP_FEATURE_SIZE, LIP_FEATURE_SIZE, 2)
    return functional.grid_sample(features, grid, align_corners=False)


@cache
def load_face_mesh(device: torch.device | None = None) -> FaceMesh:
    """Load the network with its weights, ready for inference; on the CPU where no device is given."""
    network = FaceMesh()
    network.load_state_dict(unpack(load_file(WEIGHTS)))
    network.to(device, memory_format=torch.channels_last)  # more than twice as fast on CPUs
    return network.eval()
