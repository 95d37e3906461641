"""The ONNX file of an encoder and the small YAML beside it that says how to feed it.

For `arcface.onnx`, `arcface.yaml` may hold any argument of `models.onnx_encoder.OnnxFaceEncoder` (of a voice encoder any of
`OnnxVoiceEncoder`), such as

    image_size: 112
    channels: BGR
    window: [0.13, 0.05, 0.87, 0.79]    # this is ArcFace's
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.model_folder import read_file
from pins_plugin.models.folder.safe_yaml import load_yaml
from pins_plugin.utils.explain import naming, one_line
from pins_plugin.utils.optional import import_extra

CHOICES = {
    "channels": ("RGB", "BGR"),
    "layout": ("NCHW", "NHWC"),
    "features": ("waveform", "fbank"),
}
RANGES = {  # from, to, how many numbers; whole ones where both are whole
    "image_size": (1, 4096, 1),
    "sample_rate": (1000, 192_000, 1),
    "num_bins": (1, 1024, 1),
    "min_seconds": (0.0, 60.0, 1),
    "scale": (1e-6, 1e6, 1),
    "same_person_similarity": (-1.0, 1.0, 1),
    "mean": (-1e3, 1e3, 3),
    "std": (1e-6, 1e3, 3),
    "window": (0.0, 1.0, 4),
}
MAX_BYTES = 2**31
MAX_YAML_BYTES = 100_000


class OnnxSession:
    """A network, the bytes of an ONNX file, that onnxruntime runs; the first output counts.

    `device` "cuda" asks for the GPU where onnxruntime has one.
    """

    def __init__(self, content: bytes, device: str = "cpu") -> None:
        runtime = import_extra("onnxruntime", "onnx")
        options = runtime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = torch.get_num_threads()
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
        # of each input by name; sizes that are open are names
        self.input_shapes: dict[str, list[Any]] = {each.name: list(each.shape) for each in inputs}

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the first output of a network with one input, flattened to (batch, num_features)."""
        output = self.run_named({next(iter(self.input_shapes)): batch})
        return output.reshape(len(batch), -1)

    def run_named(self, batches: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Compute the first output for inputs by name."""
        try:
            output = self._session.run(None, batches)[0]
        except Exception as error:  # onnxruntime raises classes of its own
            expected = ", ".join(str(shape) for shape in self.input_shapes.values())
            got = ", ".join(str(batch.shape) for batch in batches.values())
            raise ModelFolderError(
                f"the ONNX network expects {expected}, got {got} ({one_line(error)}); "
                "check the YAML beside the file"
            ) from error
        return np.asarray(output, dtype=np.float32)


def read_onnx_file(path: str | Path, defaults: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Read an ONNX file and the YAML beside it, which may hold what `defaults` do; they stand for what it does not say."""
    path = Path(path)
    if not path.is_file():
        raise ModelFolderError(f"{path}: no such file; expected an ONNX network")
    beside = path.with_suffix(".yaml")
    text = read_file(beside, MAX_YAML_BYTES) if beside.is_file() else b""
    with naming(beside):
        values = load_yaml(text) or {}
        if not isinstance(values, dict) or not set(values) <= set(defaults):
            raise ModelFolderError(f"expected only {', '.join(defaults)}, got {values!s:.80}")
        values = {name: value for name, value in values.items() if value is not None}
        check_settings(values)
    return read_file(path, MAX_BYTES), {**defaults, **values}


def check_settings(values: Mapping[str, Any]) -> None:
    """Check how a network is fed, by `CHOICES` and `RANGES`; None stands for what the network or the encoder says itself."""
    for name, value in values.items():
        if name in CHOICES and value not in CHOICES[name]:
            expected = " or ".join(CHOICES[name])
            raise ModelFolderError(f"{name}: expected {expected}, got {value!r:.40}")
        if name not in RANGES or value is None:
            continue
        low, high, count = RANGES[name]
        kinds = (int, float) if isinstance(low, float) else (int,)
        numbers = list(value) if count > 1 and isinstance(value, list | tuple) else [value]
        if len(numbers) != count or not all(type(n) in kinds and low <= n <= high for n in numbers):
            what = "a number" if count == 1 else f"{count} numbers"
            raise ModelFolderError(f"{name}: expected {what} of {low} to {high}, got {value!r:.80}")
    x1, y1, x2, y2 = values.get("window") or (0, 0, 1, 1)
    if not (x1 < x2 and y1 < y2):
        raise ModelFolderError(f"window: expected x1 < x2 and y1 < y2, got {values['window']}")
