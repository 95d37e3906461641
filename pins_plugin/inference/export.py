"""Trained branches as ONNX files, for programs without torch; checked against torch before they count."""

import copy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torchaudio
import yaml
from numpy.typing import NDArray
from torch import Tensor, nn

from pins_plugin.errors import PinsError
from pins_plugin.models.folder.onnx_file import OnnxSession
from pins_plugin.models.layers.convolution_spectrogram import ConvolutionSpectrogram
from pins_plugin.models.voices.patch_voice import PatchTrunk
from pins_plugin.models.voices.portable_patches import PortablePatchTrunk
from pins_plugin.utils.files import atomic_path, write_text
from pins_plugin.utils.optional import import_extra

OPSET = 17
TOLERANCE = 1e-4  # largest difference of any coordinate of a unit vector
CHECKED_BATCHES = (1, 3)
CHECKED_SECONDS = (0.7, 2.0, 3.3)


class ExportedBranch(NamedTuple):
    """One ONNX file, and how far its embeddings lie from torch's."""

    path: Path
    largest_difference: float


class _VoiceOnly(nn.Module):
    """A voice encoder as a function of the sound alone."""

    def __init__(self, voice_encoder: nn.Module) -> None:
        super().__init__()
        self.voice_encoder = voice_encoder

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.voice_encoder(waveforms)


def export_face_encoder(face_encoder: nn.Module, path: str | Path) -> ExportedBranch:
    """Write a face encoder: "faces" (batch, 3, size, size) in [0, 1] to "face_embeddings".

    Parameters
    ----------
    path : str or Path
        ONNX file; the YAML that `OnnxFaceEncoder.from_file` reads is written beside it.

    Raises
    ------
    PinsError
        When the branch cannot be written as ONNX, or computes something else there.
    """
    size = int(face_encoder.image_size)
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.rand(batch, 3, size, size, generator=generator) for batch in CHECKED_BATCHES]
    axes = {"faces": {0: "batch"}, "face_embeddings": {0: "batch"}}
    return _export(face_encoder, Path(path), inputs, axes, {"image_size": size})


def export_voice_encoder(voice_encoder: nn.Module, path: str | Path) -> ExportedBranch:
    """Write a voice encoder: "waveforms" (batch, num_samples) to "voice_embeddings", any length.

    Parameters and errors as in `export_face_encoder`. All rows of a batch have the same length.
    """
    rate = int(voice_encoder.sample_rate)
    axes = {"waveforms": {0: "batch", 1: "num_samples"}, "voice_embeddings": {0: "batch"}}
    sounds = _sounds(rate)
    return _export(_VoiceOnly(voice_encoder), Path(path), sounds, axes, {"sample_rate": rate})


def export_lip_encoder(lip_encoder: nn.Module, path: str | Path) -> ExportedBranch:
    """Write the lips' side of a synchronizer: "lips" (batch, num_frames, num_points, 2) to "lip_features".

    Parameters and errors as in `export_face_encoder`; any number of frames.
    """
    generator = torch.Generator().manual_seed(0)
    shape = (int(lip_encoder.num_points), 2)
    inputs = [
        torch.rand(batch, round(25 * seconds), *shape, generator=generator)
        for batch in CHECKED_BATCHES
        for seconds in CHECKED_SECONDS
    ]
    frames = {0: "batch", 1: "num_frames"}
    return _export(lip_encoder, Path(path), inputs, {"lips": frames, "lip_features": frames}, {})


def export_sound_encoder(sound_encoder: nn.Module, path: str | Path) -> ExportedBranch:
    """Write the sound's side of a synchronizer: "waveforms" (batch, num_samples) to "sound_features".

    Parameters and errors as in `export_face_encoder`; any length of a video frame or more.
    """
    rate = int(sound_encoder.sample_rate)
    axes = {
        "waveforms": {0: "batch", 1: "num_samples"},
        "sound_features": {0: "batch", 1: "num_frames"},
    }
    return _export(sound_encoder, Path(path), _sounds(rate), axes, {"sample_rate": rate})


EXPORTERS: dict[str, Callable[[nn.Module, str | Path], ExportedBranch]] = {
    "face_encoder": export_face_encoder,
    "voice_encoder": export_voice_encoder,
    "lip_encoder": export_lip_encoder,
    "sound_encoder": export_sound_encoder,
}


def _sounds(rate: int) -> list[Tensor]:
    """Noise of several batch sizes and lengths."""
    generator = torch.Generator().manual_seed(0)
    return [
        0.1 * torch.randn(batch, round(seconds * rate), generator=generator)
        for batch in CHECKED_BATCHES
        for seconds in CHECKED_SECONDS
    ]


def _export(
    module: nn.Module,
    path: Path,
    inputs: list[Tensor],
    axes: dict[str, dict[int, str]],
    settings: dict[str, int],
) -> ExportedBranch:
    import_extra("onnx", "onnx")
    module = module.cpu().eval()
    portable = _without_fft(copy.deepcopy(module)).eval()
    names = list(axes)
    with atomic_path(path) as temporary:
        try:
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter(
                    "ignore"
                )  # of the tracer, and that another exporter is coming
                torch.onnx.export(
                    portable,
                    (inputs[-1],),
                    str(temporary),
                    input_names=names[:1],
                    output_names=names[1:],
                    dynamic_axes=axes,
                    opset_version=OPSET,
                    dynamo=False,
                )
        except Exception as error:  # the exporter raises whatever it stumbles on
            reason = " ".join(str(error).split())[:200]
            raise PinsError(f"{path}: this branch cannot be written as ONNX ({reason})") from error
        difference = _largest_difference(module, OnnxSession(temporary.read_bytes()), inputs)
        if not difference <= TOLERANCE:
            raise PinsError(
                f"{path}: expected ONNX to agree with torch within {TOLERANCE}, got {difference:.2g}; "
                "not written"
            )
    if settings:
        write_text(path.with_suffix(".yaml"), yaml.safe_dump(settings))
    return ExportedBranch(path, difference)


def _largest_difference(module: nn.Module, session: OnnxSession, inputs: list[Tensor]) -> float:
    with torch.no_grad():
        differences = [
            _difference(session.run(batch.numpy()), module(batch).flatten(1).numpy())
            for batch in inputs
        ]
    return max(differences)


def _difference(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Largest difference; infinite where even the shapes differ."""
    return float(np.abs(found - expected).max()) if found.shape == expected.shape else float("inf")


def _without_fft(module: nn.Module) -> nn.Module:
    """Replace Fourier transforms and strided windows, which ONNX exporters do not know, by convolutions."""
    for name, child in module.named_children():
        if isinstance(child, torchaudio.transforms.Spectrogram):
            setattr(module, name, ConvolutionSpectrogram(child))
        elif isinstance(child, PatchTrunk):
            setattr(module, name, PortablePatchTrunk(child))
        else:
            _without_fft(child)
    return module
