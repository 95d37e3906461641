"""Layer by layer against the published tables."""

import pytest
import torch
from torch import nn

from pins_plugin.models.vgg_m import VGGMFaceEncoder, VGGVoxEncoder

FACE_TABLE = [(96, 109), (256, 26), (512, 13), (512, 13), (512, 13)]  # channels, side
VOICE_TABLE = [(96, 254, 148), (256, 62, 36), (384, 30, 17), (256, 30, 17), (256, 30, 17)]
FACE_PARAMETERS = [14_208, 614_656, 1_180_160, 2_359_808, 2_359_808, 75_501_568, 16_781_312]
VOICE_PARAMETERS = [4_800, 614_656, 885_120, 884_992, 590_080, 9_441_280]


def convolution_shapes(trunk: nn.Sequential, inputs: torch.Tensor) -> tuple[list, tuple]:
    shapes = []
    for layer in trunk:
        inputs = layer(inputs)
        if isinstance(layer, nn.Conv2d):
            shapes.append(tuple(inputs.shape[1:]))
    return shapes, tuple(inputs.shape[1:])


def convolution_sizes(module: nn.Module) -> list[int]:
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    return [layer.weight.numel() + layer.bias.numel() for layer in layers]


def test_face_trunk_has_the_published_shapes() -> None:
    with torch.device("meta"):
        trunk = VGGMFaceEncoder().trunk
        shapes, last = convolution_shapes(trunk, torch.empty(2, 3, 224, 224))
    assert shapes == [(channels, side, side) for channels, side in FACE_TABLE]
    assert last == (512, 6, 6)


def test_voice_trunk_has_the_published_shapes() -> None:
    with torch.device("meta"):
        encoder = VGGVoxEncoder()
        shapes, last = convolution_shapes(encoder.trunk, torch.empty(2, 1, 512, 300))
        assert encoder.fc6(torch.empty(2, *last)).shape == (2, 4096, 1, 8)
    assert shapes == VOICE_TABLE
    assert last == (256, 9, 8)


def test_parameter_counts_are_the_published_ones() -> None:
    with torch.device("meta"):
        assert convolution_sizes(VGGMFaceEncoder()) == FACE_PARAMETERS
        assert convolution_sizes(VGGVoxEncoder()) == VOICE_PARAMETERS


def test_faces_become_unit_vectors() -> None:
    encoder = VGGMFaceEncoder(embedding_dim=16)
    embeddings = encoder(torch.rand(2, 3, encoder.image_size, encoder.image_size))
    assert embeddings.shape == (2, 16)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(2), atol=1e-5)


@pytest.mark.parametrize("num_samples", [4000, 16000, 48001])
def test_sound_of_any_length_becomes_a_unit_vector(num_samples: int) -> None:
    encoder = VGGVoxEncoder(embedding_dim=16)
    embeddings = encoder(torch.randn(2, num_samples))
    assert embeddings.shape == (2, 16)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(2), atol=1e-5)
