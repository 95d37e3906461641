"""Sound of whatever pyannote calls a file: a path, or a mapping. Always on the media clock of the file.

pyannote's own reader cannot open a video whose sound starts late; here every path goes through `data.audio`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchaudio.functional import resample

from pins_plugin.data.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import MediaError
from pins_plugin.utils.text import one_word


def load_sound(file: str | Path | Mapping[str, Any]) -> NDArray[np.float32]:
    """Give the sound of a file as a mono waveform (num_samples,) at 16 kHz.

    Parameters
    ----------
    file : path or mapping
        A mapping holds `waveform` ((channels, num_samples) Tensor) and `sample_rate`, or a path under
        `video` or `audio`.
    """
    if isinstance(file, Mapping) and file.get("waveform") is not None:
        waveform = torch.as_tensor(file["waveform"], dtype=torch.float32)
        waveform = waveform.reshape(-1, waveform.shape[-1])
        waveform = waveform[0] if len(waveform) == 1 else waveform.mean(dim=0)  # no copy of mono
        rate = int(file.get("sample_rate", SAMPLE_RATE))
        return np.asarray(resample(waveform, rate, SAMPLE_RATE).numpy(), np.float32)
    return load_audio(file_path(file))


def file_path(file: str | Path | Mapping[str, Any]) -> Path:
    """Path of a file."""
    if isinstance(file, str | Path):
        return Path(file)
    for key in ("video", "audio"):
        if file.get(key) is not None:
            return Path(file[key])
    raise MediaError(
        f"file: expected a path, or a mapping with `video` or `audio`, got the keys {sorted(file)}"
    )


def file_uri(file: str | Path | Mapping[str, Any]) -> str:
    """Name of a file for RTTM: no folder, no ending, no spaces of any kind, nothing that cannot be written."""
    if isinstance(file, Mapping):
        if file.get("uri"):
            return str(file["uri"])
        if not (file.get("video") or file.get("audio")):
            return "waveform"
    return one_word(file_path(file).stem)
