"""Visual voice activity: does this mouth talk, or does it rest? Judged by sight alone, frame by frame.

The head is taken off first (each frame's lips are centered, and a slow mean over two seconds is subtracted where only
change counts); what remains goes through a few modes of movement and convolutions over time that see about one second.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.models.lips.sync_encoders import TemporalBlocks, check_points

FRAME_RATE = 25.0
SLOW = 51  # frames of the moving mean that stands for the resting face
STILL = 2e-3  # of the distance between the eyes: movement below is noise


class TalkingNetwork(nn.Module):
    """Map the moving shape of lips to one logit of talking per frame.

    Parameters
    ----------
    num_points, num_lip_points, num_blocks : int
        As in `models.lips.sync_encoders.LipEncoder`.
    num_modes : int
        Linear modes of shape.

    Examples
    --------
    >>> TalkingNetwork()(torch.zeros(2, 30, 88, 2), torch.ones(2, 30)).shape
    torch.Size([2, 30])
    """

    def __init__(
        self,
        num_points: int = 88,
        num_lip_points: int = 80,
        num_modes: int = 12,
        channels: int = 32,
        num_blocks: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.num_points = num_points
        self.num_lip_points = num_lip_points
        self.modes = nn.Conv1d(2 * num_points, num_modes, 1, bias=False)
        inputs = 3 * num_modes + 4
        self.input_norm = nn.BatchNorm1d(inputs)
        self.first = nn.Conv1d(inputs, channels, 5, padding=2)
        self.first_norm = nn.BatchNorm1d(channels)
        self.dropout = nn.Dropout(dropout)
        self.blocks = TemporalBlocks(channels, num_blocks, dropout)
        self.last = nn.Conv1d(channels, 1, 1)

    def forward(self, lips: Tensor, seen: Tensor) -> Tensor:
        """Judge: (batch, num_frames) logits.

        Parameters
        ----------
        lips : (batch, num_frames, num_points, 2) Tensor
            At 25 frames per second, the distance between the eyes as unit; finite, bridged where not seen.
        seen : (batch, num_frames) Tensor
            1 where the lips were seen, 0 where they were bridged.
        """
        check_points(lips, self.num_points)
        if lips.shape[1] == 0:
            return lips.new_zeros(lips.shape[:2])
        hidden = self.dropout(self.input_norm(self.inputs(lips, seen)))
        hidden = self.blocks(functional.relu(self.first_norm(self.first(hidden))))
        return self.last(hidden)[:, 0]

    def inputs(self, lips: Tensor, seen: Tensor) -> Tensor:
        """Modes of shape, their speed and its logarithm, four measures of the head and the noise: (batch, inputs, num_frames)."""
        origin = lips[:, :, : self.num_lip_points].mean(dim=2, keepdim=True)
        shapes = (lips - origin).flatten(2).transpose(1, 2)  # (batch, 2 num_points, num_frames)
        shapes = shapes - moving_mean(shapes, SLOW)
        modes = self.modes(shapes)
        speed = change(modes)
        head = change(origin[:, :, 0].transpose(1, 2))  # (batch, 2, num_frames)
        head_speed = head.square().sum(dim=1, keepdim=True).add(STILL**2).log() / 2
        jerk = change(change(shapes)).square().mean(dim=1, keepdim=True).add(STILL**2).log() / 2
        movement = change(shapes).square().mean(dim=1, keepdim=True).add(STILL**2).log() / 2
        level = speed.square().add(STILL**2).log() / 2
        return torch.cat([modes, speed, level, head_speed, jerk, movement, seen[:, None]], dim=1)


def change(values: Tensor) -> Tensor:
    """Change from frame to frame along the last axis, centered on the later one; 0 at the first."""
    return functional.pad(values[..., 1:] - values[..., :-1], (1, 0))


def moving_mean(values: Tensor, width: int) -> Tensor:
    """Centered moving mean along the last axis of (batch, channels, num_frames); shorter at the ends."""
    half = width // 2
    sums = functional.pad(values.cumsum(dim=-1), (1, 0))
    frames = torch.arange(values.shape[-1], device=values.device)
    low, high = (frames - half).clamp(min=0), (frames + half + 1).clamp(max=values.shape[-1])
    return (sums[..., high] - sums[..., low]) / (high - low)
