"""The ONNX file of an encoder and the small YAML beside it that says how to feed it.

For `arcface.onnx`, `arcface.yaml` holds, all optional:

    image_size: 112            # pixels; where the file itself leaves it open
    mean: [0.5, 0.5, 0.5]      # subtracted from pixels in [0, 1], one per channel as the encoder wants them
    std: [0.5, 0.5, 0.5]       # then divided by
    channels: BGR              # order, default RGB
    layout: NHWC               # default NCHW
    window: [0.13, 0.05, 0.87, 0.79]    # x1, y1, x2, y2 of our aligned faces that the encoder wants; this is ArcFace's
    same_person_similarity: 0.35        # cosine from which on two faces are one person's; default 0.7

and for a voice encoder:

    sample_rate: 16000         # Hz
    features: fbank            # default waveform; fbank: Kaldi's log-mel bands, mean over time taken off
    num_bins: 80               # of fbank
    scale: 32768               # factor on samples in [-1, 1], for encoders that want 16-bit numbers
    min_seconds: 1.0           # shorter sound is repeated up to this
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from pins_plugin.errors import ModelFolderError
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.optional import import_extra
from pins_plugin.utils.plain_yaml import PlainLoader

FACE_SETTINGS: dict[str, Any] = {
    "image_size": None,
    "mean": (0.0, 0.0, 0.0),
    "std": (1.0, 1.0, 1.0),
    "channels": "RGB",
    "layout": "NCHW",
    "window": (0.0, 0.0, 1.0, 1.0),
    "same_person_similarity": None,
}
VOICE_SETTINGS: dict[str, Any] = {
    "sample_rate": 16000,
    "features": "waveform",
    "num_bins": 80,
    "scale": 1.0,
    "min_seconds": 0.1,
}
CHOICES = {
    "channels": ("RGB", "BGR"),
    "layout": ("NCHW", "NHWC"),
    "features": ("waveform", "fbank"),
}
RANGES = {
    "image_size": (1, 4096),
    "sample_rate": (1000, 192_000),
    "num_bins": (1, 1024),
    "min_seconds": (0, 60),
    "same_person_similarity": (-1, 1),
}
MAX_BYTES = 2**31
MAX_YAML_BYTES = 100_000


class OnnxSession:
    """A network that onnxruntime runs; the first output counts.

    Parameters
    ----------
    content : bytes
        Of the ONNX file.
    device : str
        "cuda" asks for the GPU where onnxruntime has one.
    num_inputs : int
        How many inputs the network must have.
    """

    def __init__(self, content: bytes, device: str = "cpu", num_inputs: int = 1) -> None:
        runtime = import_extra("onnxruntime", "onnx")
        options = runtime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = _num_threads()
        # weights in other files would be looked for in the working directory
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", f"{os.devnull}/none"
        )
        providers = ["CPUExecutionProvider"]
        if device == "cuda" and "CUDAExecutionProvider" in runtime.get_available_providers():
            providers.insert(0, "CUDAExecutionProvider")
        try:
            self._session = runtime.InferenceSession(content, options, providers=providers)
        except Exception as error:  # onnxruntime raises classes of its own
            raise ModelFolderError(f"not a usable ONNX network ({one_line(error)})") from error
        inputs = self._session.get_inputs()
        if len(inputs) != num_inputs:
            names = ", ".join(value.name for value in inputs)
            wanted = "one input" if num_inputs == 1 else f"{num_inputs} inputs"
            raise ModelFolderError(f"expected an ONNX network with {wanted}, got {names}")
        self.input_shapes: dict[str, list[Any]] = {each.name: list(each.shape) for each in inputs}

    @property
    def input_shape(self) -> list[Any]:
        """Shape of the first input; sizes that are open are names."""
        return next(iter(self.input_shapes.values()))

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the first output of a network with one input, flattened to (batch, num_features)."""
        output = self.run_named({next(iter(self.input_shapes)): batch})
        return output.reshape(len(batch), -1)

    def run_named(self, batches: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Compute the first output for inputs by name."""
        try:
            output = self._session.run(None, dict(batches))[0]
        except Exception as error:  # onnxruntime raises classes of its own
            expected = ", ".join(str(shape) for shape in self.input_shapes.values())
            got = ", ".join(str(batch.shape) for batch in batches.values())
            raise ModelFolderError(
                f"the ONNX network expects {expected}, got {got} ({one_line(error)}); "
                "check the YAML beside the file"
            ) from error
        return np.asarray(output, dtype=np.float32)


class OnnxFile(NamedTuple):
    """Content and settings of an ONNX encoder."""

    content: bytes
    settings: dict[str, Any]


def read_onnx_file(path: str | Path, defaults: Mapping[str, Any]) -> OnnxFile:
    """Read an ONNX file and the YAML beside it.

    Parameters
    ----------
    path : str or Path
    defaults : mapping
        `FACE_SETTINGS` or `VOICE_SETTINGS`; other entries are refused.

    Raises
    ------
    ModelFolderError
        When a file is missing or damaged, or a setting is unknown or of the wrong kind.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelFolderError(f"{path}: no such file; expected an ONNX network")
    if path.stat().st_size > MAX_BYTES:
        raise ModelFolderError(f"{path}: expected at most 2 GB, got {path.stat().st_size} bytes")
    beside = path.with_suffix(".yaml")
    values: Any = {}
    if beside.is_file():
        if beside.stat().st_size > MAX_YAML_BYTES:
            raise ModelFolderError(f"{beside}: expected at most {MAX_YAML_BYTES} bytes")
        try:
            values = yaml.load(beside.read_text(encoding="utf-8"), Loader=PlainLoader) or {}
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ModelFolderError(f"{beside}: not YAML ({one_line(error)})") from error
    if not isinstance(values, dict) or not set(values) <= set(defaults):
        got = ", ".join(map(str, values)) if isinstance(values, dict) else type(values).__name__
        raise ModelFolderError(f"{beside}: expected only {', '.join(defaults)}, got {got}")
    settings = {**defaults, **values}
    for name, allowed in CHOICES.items():
        if name in settings and settings[name] not in allowed:
            raise ModelFolderError(
                f"{beside}: {name}: expected {' or '.join(allowed)}, got {settings[name]!r}"
            )
    for name, (low, high) in RANGES.items():
        value = settings.get(name)
        if value is not None and not (_is_number(value) and low <= value <= high):
            raise ModelFolderError(
                f"{beside}: {name}: expected a number of {low} to {high}, got {value!r:.40}"
            )
    return OnnxFile(path.read_bytes(), settings)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _num_threads() -> int:
    import torch

    return torch.get_num_threads()
