"""Trained branches as ONNX files, for programs without torch; checked against torch before they count."""

import copy
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torchaudio
import yaml
from torch import Tensor, nn

from pins_plugin.errors import PinsError
from pins_plugin.models.folder.onnx_file import OnnxSession
from pins_plugin.models.layers.spectrogram import ConvolutionSpectrogram
from pins_plugin.models.voices.patch_voice import PatchTrunk, PortablePatchTrunk
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.files import atomic_path, write_text
from pins_plugin.utils.optional import import_extra

OPSET = 17  # of ONNX; chosen, not measured
TOLERANCE = 1e-4  # largest difference of any coordinate of a unit vector; chosen, not measured
CHECKED_BATCHES = (1, 3)  # items: a batch of one, and any other
# Of sound: lengths that are not alike, as both are free in the export
CHECKED_SECONDS = (0.7, 2.0, 3.3)
SOUND, FRAMES = {0: "batch", 1: "num_samples"}, {0: "batch", 1: "num_frames"}
AXES = {  # of free size, of the input and the output of each branch
    "face_encoder": {"faces": {0: "batch"}, "face_embeddings": {0: "batch"}},
    "voice_encoder": {"waveforms": SOUND, "voice_embeddings": {0: "batch"}},
    "lip_encoder": {"lips": FRAMES, "lip_features": FRAMES},
    "sound_encoder": {"waveforms": SOUND, "sound_features": FRAMES},
}


class ExportedBranch(NamedTuple):
    """One ONNX file, and how far its embeddings lie from torch's."""

    path: Path
    largest_difference: float


def export_branch(name: str, module: nn.Module, path: str | Path) -> ExportedBranch:
    """Write a branch as ONNX: any batch size, any length of sound (all rows of a batch of one length), any number of frames.

    face_encoder     "faces" (batch, 3, size, size) in [0, 1] to "face_embeddings"
    voice_encoder    "waveforms" (batch, num_samples) to "voice_embeddings"
    lip_encoder      "lips" (batch, num_frames, num_points, 2) to "lip_features" (batch, num_frames, dim)
    sound_encoder    "waveforms" (batch, num_samples), a video frame or more, to "sound_features" (batch, num_frames, dim)

    Parameters
    ----------
    name : str
        One of these.
    path : str or Path
        ONNX file; the YAML that `OnnxFaceEncoder.from_file` and its like read is written beside it.

    Raises
    ------
    PinsError
        When the branch cannot be written as ONNX, or computes something else there.
    """
    import_extra("onnx", "onnx")
    path = Path(path)
    generator = torch.Generator().manual_seed(0)
    sizes = [(batch, seconds) for batch in CHECKED_BATCHES for seconds in CHECKED_SECONDS]
    settings: dict[str, int] = {}
    if name == "face_encoder":
        size = settings["image_size"] = int(module.image_size)
        shapes: list[tuple[int, ...]] = [(batch, 3, size, size) for batch in CHECKED_BATCHES]
    elif name == "lip_encoder":
        points = (int(module.num_points), 2)
        shapes = [(batch, round(25 * seconds), *points) for batch, seconds in sizes]
    else:
        rate = settings["sample_rate"] = int(module.sample_rate)
        shapes = [(batch, round(seconds * rate)) for batch, seconds in sizes]
    inputs = [torch.rand(shape, generator=generator) for shape in shapes]
    module = module.cpu().eval()
    portable = _without_fft(copy.deepcopy(module)).eval()
    (source, *results), axes = AXES[name], AXES[name]
    with atomic_path(path) as temporary:
        try:
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")  # of the tracer, and of another exporter to come
                torch.onnx.export(
                    portable,
                    (inputs[-1],),
                    str(temporary),
                    input_names=[source],
                    output_names=results,
                    dynamic_axes=axes,
                    opset_version=OPSET,
                    dynamo=False,
                )
        except Exception as error:  # the exporter raises whatever it stumbles on
            reason = one_line(error)
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
    """Largest difference of any number; infinite where even the shapes differ."""
    largest = 0.0
    for batch in inputs:
        with torch.no_grad():
            expected = module(batch).flatten(1).numpy()
        found = session.run(batch.numpy())
        if found.shape != expected.shape:
            return float("inf")
        largest = max(largest, float(np.abs(found - expected).max()))
    return largest


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
