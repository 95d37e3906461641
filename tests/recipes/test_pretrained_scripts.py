"""Scripts that make the shipped weights again: the parts that need no download."""

import struct

import numpy as np
import pytest
import torch
from recipe_scripts import load_recipe


def test_errors_of_rounding_are_made_up_for_by_later_weights() -> None:
    """On inputs that move together, the rounded layer's outputs err less than after plain rounding."""
    script = load_recipe("Pretrained/voice_campplus.py")
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(4, 2000, generator=generator)
    inputs = torch.randn(32, 4, generator=generator) @ hidden + 0.1 * torch.randn(
        32, 2000, generator=generator
    )
    weights = torch.randn(8, 32, generator=generator)
    moments = (inputs @ inputs.T).double() / inputs.shape[1]
    steps, scale = script.round_matrix(weights, moments)
    plain = (weights / scale[:, None]).round() * scale[:, None]
    error = ((steps * scale[:, None] - weights) @ inputs).square().mean()
    assert error < 0.5 * ((plain - weights) @ inputs).square().mean()


@pytest.mark.parametrize("flat", [True, False])
def test_products_of_a_convolution_are_its_columns(flat: bool) -> None:
    script = load_recipe("Pretrained/voice_campplus.py")
    layer = (
        torch.nn.Conv1d(3, 5, 3, stride=2, padding=2, dilation=2, bias=False)
        if flat
        else torch.nn.Conv2d(3, 5, 3, (2, 1), padding=1, bias=False)
    )
    inputs = torch.randn((2, 3, 11) if flat else (2, 3, 8, 6))
    rows = script.input_rows(layer, inputs)
    expected = layer(inputs).transpose(0, 1).flatten(1)
    torch.testing.assert_close(layer.weight.flatten(1) @ rows, expected)


def test_layers_of_the_face_mesh_are_numbered_by_kind() -> None:
    script = load_recipe("Pretrained/face_mesh.py")
    names = script.name_layers(script.FaceMesh())
    assert names["stem.1"] == "conv2d" and names["stem.3.depthwise"] == "depthwise_conv2d"
    assert names["trunk.0.pointwise"] == "conv2d_4" and names["lips.14"] == "conv_lips"
    assert len(set(names.values())) == len(names)


def test_a_table_of_a_flatbuffer_is_read_by_field_number() -> None:
    """A table with a number in field 0, nothing in field 1, three bytes in field 2, by hand."""
    script = load_recipe("Pretrained/face_mesh.py")
    fields = struct.pack("<HHHHH", 10, 12, 4, 0, 8)  # size, size of table, offsets of the fields
    table = struct.pack("<iiI", 12, 7, 4)  # back to the fields, the number, the way to the vector
    content = fields + b"\0\0" + table + struct.pack("<I", 3) + b"abc"
    read = script.Table(content, 12)
    assert read.number(0) == 7 and read.number(1) == 0
    assert read.array(2, "u1").tobytes() == b"abc" and len(read.array(1, "u1")) == 0


def test_the_last_layer_of_the_face_encoder_loses_one_direction() -> None:
    script = load_recipe("Pretrained/face_recognition.py")
    matrix = torch.randn(128, 256, dtype=torch.float64)
    adapted = script.adapt_last_layer(matrix)["projection.weight"]
    assert int(torch.linalg.matrix_rank(adapted)) == 127
    assert np.linalg.norm(adapted - matrix) < np.linalg.norm(matrix)


def test_the_face_detector_is_facenets() -> None:
    script = load_recipe("Pretrained/face_detector.py")
    assert script.save(script.convert()) == script.WEIGHTS.read_bytes()
