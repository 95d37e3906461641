"""Eight bits keep a weight to within half a step of its channel's scale."""

import torch

from pins_plugin.models.quantization import dequantize, quantize


def test_round_trip_is_within_half_a_step() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = {
        "kernel": torch.randn(8, 3, 5, 5, generator=generator),
        "bias": torch.randn(8, generator=generator),
        "count": torch.tensor(3),
    }
    small = quantize(weights)
    assert small["kernel"].dtype == torch.int8
    back = dequantize(small)
    assert back.keys() == weights.keys()
    step = weights["kernel"].flatten(1).abs().amax(1) / 127
    error = (back["kernel"] - weights["kernel"]).flatten(1).abs().amax(1)
    assert (error <= 0.501 * step).all()
    torch.testing.assert_close(back["bias"], weights["bias"])


def test_plain_weights_pass_unchanged() -> None:
    weights = {"w": torch.rand(2, 2), "w2": torch.zeros(3, dtype=torch.int8)}
    assert all(torch.equal(dequantize(weights)[name], weights[name]) for name in weights)


def test_all_zero_channel_stays_zero() -> None:
    assert not dequantize(quantize({"w": torch.zeros(2, 4)}))["w"].any()
