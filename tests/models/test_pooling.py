"""Pooling over time against its definition."""

import torch

from pins_plugin.models.pooling import MeanPooling, StatisticsPooling, frame_mask


def test_statistics_are_mean_and_deviation() -> None:
    frames = torch.randn(2, 3, 7)
    pooled = StatisticsPooling()(frames)
    assert torch.allclose(pooled[:, :3], frames.mean(dim=-1), atol=1e-6)
    assert torch.allclose(pooled[:, 3:], frames.std(dim=-1, correction=0), atol=1e-4)


def test_masked_frames_do_not_count() -> None:
    frames = torch.randn(2, 3, 8)
    mask = frame_mask(8, torch.tensor([0.5, 1.0]))
    for pooling in (MeanPooling(), StatisticsPooling()):
        pooled = pooling(frames, mask)
        assert torch.allclose(pooled[0], pooling(frames[:1, :, :4])[0], atol=1e-5)
        assert torch.allclose(pooled[1], pooling(frames[1:])[0], atol=1e-5)


def test_one_frame_has_a_finite_gradient() -> None:
    frames = torch.ones(1, 2, 1, requires_grad=True)
    StatisticsPooling()(frames).sum().backward()
    assert frames.grad.isfinite().all()
