"""Pooling over time against its definition."""

import torch

from pins_plugin.models.layers.pooling import StatisticsPooling


def test_statistics_are_mean_and_deviation() -> None:
    frames = torch.randn(2, 3, 7)
    pooled = StatisticsPooling()(frames)
    assert torch.allclose(pooled[:, :3], frames.mean(dim=-1), atol=1e-6)
    assert torch.allclose(pooled[:, 3:], frames.std(dim=-1, correction=0), atol=1e-4)


def test_one_frame_has_a_finite_gradient() -> None:
    frames = torch.ones(1, 2, 1, requires_grad=True)
    StatisticsPooling()(frames).sum().backward()
    assert frames.grad.isfinite().all()
