"""Eight bits keep a weight to within half a step of its channel's scale; packing loses nothing."""

import zlib

import pytest
import torch

from pins_plugin.utils.quantization import PACKED, dequantize, pack, quantize, unpack


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


def test_packing_loses_nothing_and_comes_close_to_the_entropy() -> None:
    weights = {"w": (3 * torch.randn(64, 4096, generator=torch.Generator().manual_seed(0))).round()}
    small = {"w": weights["w"].to(torch.int8)}  # 2.05 + log2(3) bits each
    packed = pack(small)
    assert 3.63 < 8 * packed[PACKED].numel() / weights["w"].numel() < 3.75
    assert torch.equal(unpack(packed)["w"], small["w"])


def test_what_is_not_packed_stays() -> None:
    weights = {PACKED: torch.zeros(2, 2)}
    assert torch.equal(unpack(weights)[PACKED], weights[PACKED])


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_torn_bytes_are_refused(share: float) -> None:
    content = pack({"w": torch.arange(1000)})[PACKED]
    with pytest.raises(ValueError, match="packed weights"):
        unpack({PACKED: content[: int(share * len(content))]})


def test_bytes_that_explode_are_refused(monkeypatch) -> None:
    monkeypatch.setattr("pins_plugin.utils.quantization.LARGEST_UNPACKED", 2**24)
    bomb = zlib.compress(bytes(2**24 + 1))
    with pytest.raises(ValueError, match="at most"):
        unpack({PACKED: torch.frombuffer(bytearray(bomb), dtype=torch.uint8)})
