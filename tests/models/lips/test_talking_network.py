"""TalkingNetwork: shapes, what it does not see, gradients."""

import pytest
import torch

from pins_plugin.errors import ShapeError
from pins_plugin.models.lips.talking_network import TalkingNetwork, change, moving_mean


@pytest.fixture
def network() -> TalkingNetwork:
    torch.manual_seed(0)
    return TalkingNetwork(num_modes=4, channels=8).eval()


def make_lips(num_frames: int = 40) -> torch.Tensor:
    return torch.randn(2, num_frames, 88, 2, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("num_frames", [0, 1, 2, 70])
def test_one_logit_per_frame(network: TalkingNetwork, num_frames: int) -> None:
    logits = network(make_lips(num_frames), torch.ones(2, num_frames))
    assert logits.shape == (2, num_frames)
    assert torch.isfinite(logits).all()


def test_place_and_resting_shape_do_not_matter(network: TalkingNetwork) -> None:
    lips, seen = make_lips(), torch.ones(2, 40)
    person = torch.randn(1, 1, 88, 2, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(network(lips + 3.0, seen), network(lips, seen), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(
        network(lips + person, seen), network(lips, seen), atol=1e-3, rtol=1e-3
    )


def test_what_is_a_second_away_does_not_matter(network: TalkingNetwork) -> None:
    lips, seen = make_lips(120), torch.ones(2, 120)
    changed = lips.clone()
    changed[:, 100:] = 7.0
    before, after = network(lips, seen), network(changed, seen)
    torch.testing.assert_close(before[:, :60], after[:, :60], atol=1e-4, rtol=1e-4)
    assert (before[:, 95:] - after[:, 95:]).abs().max() > 0.01


def test_moving_mean_by_hand() -> None:
    values = torch.tensor([[[0.0, 3.0, 6.0, 9.0]]])
    assert moving_mean(values, 3).tolist() == [[[1.5, 3.0, 6.0, 7.5]]]
    assert change(values).tolist() == [[[0.0, 3.0, 3.0, 3.0]]]


def test_gradients_reach_all_weights(network: TalkingNetwork) -> None:
    network.train()
    network(make_lips(), torch.ones(2, 40)).square().sum().backward()
    for name, weights in network.named_parameters():
        assert weights.grad is not None and torch.isfinite(weights.grad).all(), name


def test_other_points_are_refused(network: TalkingNetwork) -> None:
    with pytest.raises(ShapeError, match="expected shape"):
        network(torch.zeros(1, 5, 80, 2), torch.ones(1, 5))
