"""Weights in 8 bits, packed without loss: a fraction of the space on disk; 32 bits again when loaded."""

import zlib
from collections.abc import Mapping

import torch
from safetensors.torch import load, save
from torch import Tensor

SCALE = ".scale"
PACKED = "packed"
LARGEST_UNPACKED = 2**28  # bytes that a packed file may unfold to


def quantize(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round matrices and kernels to 8 bits, one scale per output channel; leave the rest alone.

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


def pack(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Compress weights as one safetensors file within another: {"packed": (num_bytes,) uint8 Tensor}.

    Rounded weights are noise: a code by how frequent each value is (`Z_FILTERED`) comes closer to their entropy than a
    search for repetitions.
    """
    packing = zlib.compressobj(9, memLevel=9, strategy=zlib.Z_FILTERED)
    content = packing.compress(save(dict(weights))) + packing.flush()
    return {PACKED: torch.frombuffer(bytearray(content), dtype=torch.uint8)}


def unpack(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `pack`; weights that are not packed stay as they are.

    Raises
    ------
    ValueError
        When the bytes are damaged, or unfold to more than `LARGEST_UNPACKED`.
    """
    if set(weights) != {PACKED} or weights[PACKED].dtype != torch.uint8:
        return dict(weights)
    unfolding = zlib.decompressobj()
    try:
        content = unfolding.decompress(weights[PACKED].numpy().tobytes(), LARGEST_UNPACKED)
    except zlib.error as error:
        raise ValueError(f"packed weights: {error}") from error
    if not unfolding.eof:
        raise ValueError(
            f"packed weights: expected at most {LARGEST_UNPACKED} bytes, and a whole file"
        )
    return load(content)
