"""The three networks of MTCNN, and their weights.

Source: Zhang, Zhang, Li, Qiao, "Joint face detection and alignment using multitask cascaded convolutional
networks", 2016. The weights are those of facenet-pytorch (MIT license), unchanged; they come with this package,
so that a face is found without facenet-pytorch, whose last release that leaves torch and numpy free is of 2022.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

PRETRAINED = Path(__file__).resolve().parents[1] / "pretrained"
WEIGHTS = PRETRAINED / "face_detector" / "face_detector.safetensors"
STAGES = ("propose", "reject", "output")


class Stage(nn.Module):
    """One network of the cascade: a trunk of convolutions, perhaps a dense layer, and a head for each answer.

    The heads see `width` channels: of a dense layer of `dense` inputs or, without one, of the trunk's map, over which
    they are convolutions. One for five landmarks too, `with_points`.
    """

    def __init__(
        self, trunk: nn.Module, width: int, dense: int | None = None, with_points: bool = False
    ) -> None:
        super().__init__()

        def head(outputs: int) -> nn.Module:
            return nn.Linear(width, outputs) if dense else nn.Conv2d(width, outputs, 1)

        self.trunk = trunk
        self.dense = nn.Sequential(nn.Linear(dense, width), nn.PReLU(width)) if dense else None
        self.face = head(2)
        self.box = head(4)
        self.points = head(10) if with_points else None

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Look at windows.

        Parameters
        ----------
        pictures : (batch, 3, height, width) Tensor
            RGB, (value - 127.5) / 128.

        Returns
        -------
        offsets : (batch, 4, ...) Tensor
            How to move x1, y1, x2, y2, in units of the window's size.
        points : (batch, 10) Tensor
            x of the five landmarks, then y, in units of the window's size; last stage only.
        scores : (batch, 2, ...) Tensor
            Probabilities of no face and of a face.
        """
        features = self.trunk(pictures)  # (batch, channels, rows, columns)
        if self.dense is not None:
            features = self.dense(features.transpose(1, 3).flatten(1))  # (batch, width)
        scores = self.face(features).softmax(dim=1)
        if self.points is None:
            return self.box(features), scores
        return self.box(features), self.points(features), scores


def build_stages() -> nn.ModuleDict:
    """Make the networks, "propose" (12 pixels), "reject" (24) and "output" (48), with fresh weights."""
    pool_2, pool_3 = (nn.MaxPool2d(size, 2, ceil_mode=True) for size in (2, 3))
    return nn.ModuleDict(
        {
            "propose": Stage(
                nn.Sequential(*_layer(3, 10, 3), pool_2, *_layer(10, 16, 3), *_layer(16, 32, 3)), 32
            ),
            "reject": Stage(
                nn.Sequential(
                    *_layer(3, 28, 3), pool_3, *_layer(28, 48, 3), pool_3, *_layer(48, 64, 2)
                ),
                128,
                dense=576,
            ),
            "output": Stage(
                nn.Sequential(
                    *_layer(3, 32, 3), pool_3, *_layer(32, 64, 3), pool_3,
                    *_layer(64, 64, 3), pool_2, *_layer(64, 128, 2),
                ),
                256,
                dense=1152,
                with_points=True,
            ),
        }
    )  # fmt: skip


def load_stages(device: str | torch.device = "cpu") -> list[Stage]:
    """Load the three networks with their weights, ready to look."""
    stages = build_stages()
    stages.load_state_dict(load_file(WEIGHTS))
    stages.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
    return [stages[name] for name in STAGES]


def _layer(inputs: int, outputs: int, size: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, size), nn.PReLU(outputs)
