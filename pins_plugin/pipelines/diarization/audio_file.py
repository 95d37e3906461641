"""Audio of whatever pyannote calls a file: a path, an open file, or a mapping. Always on the media clock of the file.

pyannote's own reader cannot open a video whose audio starts late; here every path goes through `data.media.audio`. The
keys of a mapping are pyannote's: `waveform` with `sample_rate`, or `audio`; `channel` chooses one channel; `video`
is the file that shows the faces, and is heard where neither of the others is given.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchaudio.functional import resample

from pins_plugin.data.media.audio import SAMPLE_RATE, mix_channels
from pins_plugin.data.media.audio import load_audio as decode_audio
from pins_plugin.errors import MediaError
from pins_plugin.moved import renamed
from pins_plugin.utils.text import one_word

# Of sound; more rows than columns, and more than these, are samples; chosen, not measured
MANY_CHANNELS = 64


def load_audio(file: Any) -> NDArray[np.float32]:
    """Give the audio of a file as a mono waveform (num_samples,) at 16 kHz.

    Parameters
    ----------
    file : path, open binary file, or mapping
        A mapping holds `waveform` ((channels, num_samples) Tensor or array) and `sample_rate`, or a path or an open
        file under `audio`, or a path under `video`; in this order. With `channel` (counted from zero), that
        channel alone is heard; without, the mean of all.

    Raises
    ------
    MediaError
        When it cannot be read, is no sound, or has no such channel.
    """
    if not isinstance(file, Mapping):
        file = {"audio": file}
    channel = file.get("channel")
    channel = None if channel is None else int(channel)
    if file.get("waveform") is not None:
        return _from_waveform(file["waveform"], file.get("sample_rate"), channel)
    source = next((file[key] for key in ("audio", "video") if file.get(key) is not None), None)
    if source is None:
        raise MediaError(
            f"file: expected `waveform`, `audio` or `video`, got the keys {sorted(map(str, file))}"
        )
    if not _is_open(source):
        return decode_audio(source, channel=channel)
    with tempfile.NamedTemporaryFile(prefix="pins-audio-") as copy:
        source.seek(0)
        shutil.copyfileobj(source, copy)
        source.seek(0)  # as pyannote leaves it
        copy.flush()
        return decode_audio(copy.name, channel=channel)


load_sound = renamed(load_audio, "load_sound")


def _from_waveform(
    values: Any, sample_rate: float | None, channel: int | None
) -> NDArray[np.float32]:
    waveform = torch.as_tensor(values, dtype=torch.float32)
    waveform = waveform[None] if waveform.ndim == 1 else waveform
    if waveform.ndim != 2 or len(waveform) > max(MANY_CHANNELS, waveform.shape[1]):
        raise MediaError(
            f"waveform: expected (channels, num_samples), got {tuple(waveform.shape)}; "
            "soundfile.read gives its transpose"
        )
    if not waveform.isfinite().all():
        raise MediaError("waveform: expected finite samples, got NaN or infinity")
    mono = torch.from_numpy(mix_channels(waveform.cpu().numpy(), channel, "waveform"))
    rate = int(sample_rate or SAMPLE_RATE)
    return np.asarray(resample(mono, rate, SAMPLE_RATE).numpy(), np.float32)


def file_path(file: Any) -> Path:
    """Path of the file that shows the faces: `video`, or else `audio`."""
    if isinstance(file, str | Path):
        return Path(file)
    if isinstance(file, Mapping):
        for key in ("video", "audio"):
            if isinstance(file.get(key), str | Path):
                return Path(file[key])
        raise MediaError(
            f"file: expected a path, or a mapping with a path under `video` or `audio`, "
            f"got the keys {sorted(map(str, file))}"
        )
    raise MediaError(f"file: expected the path of a video, got {type(file).__name__}")


def file_uri(file: Any) -> str:
    """Name of a file for RTTM: no folder, no ending, no spaces of any kind, nothing that cannot be written."""
    if isinstance(file, Mapping):
        if file.get("uri"):
            return str(file["uri"])
        if file.get("video") is None and file.get("audio") is None:
            return "waveform"
        if file.get("video") is None and _is_open(file["audio"]):
            return "stream"
    elif _is_open(file):
        return "stream"
    return one_word(file_path(file).stem)


def _is_open(source: Any) -> bool:
    return hasattr(source, "read") and hasattr(source, "seek")


def as_mapping(file: Any) -> Any:
    """Let pyannote see a path under `audio`, which it does not open here."""
    if isinstance(file, str | Path):
        file = {"video": str(file)}
    if isinstance(file, Mapping):
        path = file_path(file)
        if not path.is_file():
            what = "expected a video, got a folder" if path.is_dir() else "no such file"
            raise MediaError(f"{path}: {what}; check the path")
        given = {key: value for key, value in file.items() if value is not None}
        return {"audio": str(path), "video": str(path), "uri": file_uri(file), **given}
    return file
