"""From a variable number of frames to one vector."""

import torch
from torch import Tensor, nn


def frame_mask(num_frames: int, relative_lengths: Tensor | None) -> Tensor | None:
    """Mark the frames that hold sound.

    Parameters
    ----------
    num_frames : int
    relative_lengths : (batch,) Tensor or None
        Length of each row relative to the longest, in (0, 1].

    Returns
    -------
    mask : (batch, num_frames) float Tensor or None
        One where the frame is real (the first always is), zero where it is padding.

    Examples
    --------
    >>> frame_mask(4, torch.tensor([1.0, 0.5])).tolist()
    [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]]
    """
    if relative_lengths is None:
        return None
    lengths = (relative_lengths * num_frames).round().clamp(min=1)
    positions = torch.arange(num_frames, device=relative_lengths.device)
    return (positions[None] < lengths[:, None]).float()


class MeanPooling(nn.Module):
    """Average over time."""

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pool (batch, channels, num_frames) to (batch, channels), over the frames that `mask` marks."""
        if mask is None:
            return frames.mean(dim=-1)
        return (frames * mask[:, None]).sum(dim=-1) / mask.sum(dim=-1, keepdim=True)


class StatisticsPooling(nn.Module):
    """Mean and standard deviation over time (Snyder et al., Interspeech 2017, section 3).

    Examples
    --------
    >>> StatisticsPooling()(torch.tensor([[[1.0, 3.0]]])).round(decimals=2).tolist()
    [[2.0, 1.0]]
    """

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pool frames.

        Parameters
        ----------
        frames : (batch, channels, num_frames) Tensor
        mask : (batch, num_frames) Tensor, optional
            See `frame_mask`.

        Returns
        -------
        pooled : (batch, 2 * channels) Tensor
        """
        if mask is None:
            mask = frames.new_ones(frames.shape[0], frames.shape[-1])
        weights = (mask / mask.sum(dim=-1, keepdim=True))[:, None]  # (batch, 1, num_frames)
        mean = (frames * weights).sum(dim=-1)  # (batch, channels)
        variance = ((frames - mean[..., None]).square() * weights).sum(dim=-1)
        return torch.cat([mean, (variance + 1e-6).sqrt()], dim=-1)
