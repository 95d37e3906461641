"""Weights in 8 bits: a quarter of the space on disk; back to 32 bits when they are loaded."""

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = ".scale"


def quantize(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round matrices and kernels to 8 bits with one scale per output channel; leave the rest alone.

    Parameters
    ----------
    weights : mapping of str to Tensor

    Returns
    -------
    quantized : dict of str to Tensor
        int8 under the same names, with float32 scales (num_outputs,) under the name + ".scale".

    Examples
    --------
    >>> quantize({"w": torch.tensor([[1.0, -2.54]])})["w"]
    tensor([[  50, -127]], dtype=torch.int8)
    """
    quantized = {}
    for name, value in weights.items():
        if value.ndim < 2 or not value.is_floating_point():
            quantized[name] = value
            continue
        rows = value.float().flatten(1)  # (num_outputs, num_inputs)
        scale = rows.abs().amax(dim=1).clamp(min=1e-12) / 127  # (num_outputs,)
        quantized[name] = (rows / scale[:, None]).round().to(torch.int8).reshape(value.shape)
        quantized[name + SCALE] = scale
    return quantized


def dequantize(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `quantize` up to rounding; weights that are not in 8 bits stay as they are."""
    plain = {}
    for name, value in weights.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in weights:
            continue
        scale = weights.get(name + SCALE)
        if scale is not None and value.dtype == torch.int8 and scale.shape == value.shape[:1]:
            value = value.float() * scale.reshape(-1, *[1] * (value.ndim - 1))
        plain[name] = value
    return plain
