"""Given turns, whoever says them: an RTTM file, an Annotation, a pyannote pipeline, or the folder of one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.errors import PinsError
from pins_plugin.pipelines.diarization.audio_file import file_uri
from pins_plugin.pipelines.diarization.rttm import choose_turns
from pins_plugin.pipelines.pyannote_host.host import Pipeline
from pins_plugin.pipelines.pyannote_host.pipeline_folder import open_pipeline


class Diarizer:
    """Finds the turns of a file by whatever was given. No pipeline itself, so its parts keep their parameters."""

    def __init__(self, given: Any = None) -> None:
        self.given = given
        self.device = torch.device("cpu")
        self._opened: dict[Path, Pipeline] = {}  # pipelines by their folder

    def to(self, device: torch.device) -> "Diarizer":
        """Move the networks to a device."""
        self.device = device
        for part in (self.given, *self._opened.values()):
            if isinstance(part, Pipeline):
                part.to(device)
        return self

    def find_turns(
        self, file: Mapping[str, Any], waveform: NDArray[Any], diarization: Any = None
    ) -> Annotation | None:
        """Say who speaks when, at `waveform` (num_samples,) of 16 kHz; None when nothing was given.

        What this call is given (`diarization`) comes before what the pipeline was, and that before what the file brings.

        Raises
        ------
        PinsError
            When a pipeline gives no Annotation.
        """
        uri, given = file_uri(file), (diarization, self.given, file.get("diarization"))
        source = next((each for each in given if each is not None), None)
        if source is None:
            return None
        if isinstance(source, str | Path) and not Path(source).is_dir():
            return choose_turns(source, uri)
        if isinstance(source, str | Path):
            place = Path(source).resolve()
            if place not in self._opened:
                self._opened[place] = open_pipeline(source).to(self.device)
            source = self._opened[place]
        if not isinstance(source, Annotation):
            sound = torch.from_numpy(waveform)[None]
            output = source({"waveform": sound, "sample_rate": SAMPLE_RATE, "uri": uri})
            source = getattr(output, "speaker_diarization", output)
        if not isinstance(source, Annotation):
            raise PinsError(
                f"diarization: expected a pipeline that gives an Annotation, got {type(source).__name__}"
            )
        return source.copy()
