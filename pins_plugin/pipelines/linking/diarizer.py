"""Who speaks when: by an RTTM file, an Annotation, a pipeline, the folder of one, or the built-in diarization."""

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
from pins_plugin.pipelines.diarization.voices import DEFAULT_VOICE, load_voice_encoder
from pins_plugin.pipelines.linking.builtin import BuiltinDiarization
from pins_plugin.pipelines.pyannote_host.host import Pipeline
from pins_plugin.pipelines.pyannote_host.pipeline_folder import open_pipeline

FOR_LINKS = {"longest_pause": 0.4}  # seconds: links are of speech, so longer pauses stay nobody's


class Diarizer:
    """Finds the turns of a file by whatever was given. No pipeline itself, so its parts keep their parameters.

    Parameters
    ----------
    given : optional
        RTTM file, Annotation, pyannote pipeline, or the folder of one; None for the built-in diarization.
    voice : str
        Model folder of the voice encoder.
    """

    def __init__(self, given: Any = None, voice: str = DEFAULT_VOICE) -> None:
        self.given, self.voice = given, voice
        self.device = torch.device("cpu")
        self.voice_encoder = load_voice_encoder(voice)  # compares speakers
        self._builtin: BuiltinDiarization | None = None
        self._opened: dict[Path, Pipeline] = {}  # pipelines by their folder

    def to(self, device: torch.device) -> "Diarizer":
        """Move the networks to a device."""
        self.device = device
        self.voice_encoder.to(device)
        for part in (self.given, self._builtin, *self._opened.values()):
            if isinstance(part, Pipeline):
                part.to(device)
        return self

    @property
    def builtin(self) -> BuiltinDiarization:
        """The built-in diarization; opened when first asked for."""
        if self._builtin is None:
            self._builtin = BuiltinDiarization(self.voice)
            self._builtin.instantiate(self._builtin.default_parameters() | FOR_LINKS)
            self._builtin.to(self.device)
        return self._builtin

    def choose(self, file: Mapping[str, Any], diarization: Any = None) -> Any:
        """The first that was given: with the call, with the pipeline, with the file; None when none was."""
        for source in (diarization, self.given, file.get("diarization")):
            if source is not None:
                return source
        return None

    def _open(self, folder: Path) -> Pipeline:
        """Open the folder of a pipeline, once; it serves the calls that name it and no others."""
        place = folder.resolve()
        if place not in self._opened:
            self._opened[place] = open_pipeline(folder).to(self.device)
        return self._opened[place]

    def find_turns(
        self,
        file: Mapping[str, Any],
        waveform: NDArray[Any],
        diarization: Any = None,
        known: Mapping[str, NDArray[Any]] | None = None,
    ) -> Annotation:
        """Say who speaks when.

        Parameters
        ----------
        file : mapping
            As pyannote has it.
        waveform : (num_samples,) float32 array
            At 16 kHz.
        diarization : optional
            In place of what was given before.
        known : mapping of str to (embedding_dim,) array, optional
            Names to voices, which help the built-in diarization.

        Raises
        ------
        PinsError
            When a pipeline gives no Annotation.
        """
        source = self.choose(file, diarization)
        if isinstance(source, Annotation):
            return source.copy()
        if isinstance(source, str | Path) and Path(source).is_dir():
            source = self._open(Path(source))
        if isinstance(source, str | Path):
            return choose_turns(source, file_uri(file))
        options: dict[str, Any] = {}
        if source is None:
            source = self.builtin
            options = {"known": dict(known)} if known else {}
        sound = {
            "waveform": torch.from_numpy(waveform)[None],
            "sample_rate": SAMPLE_RATE,
            "uri": file_uri(file),
        }
        output = source(sound, **options)
        output = getattr(output, "speaker_diarization", output)
        if not isinstance(output, Annotation):
            raise PinsError(
                f"diarization: expected a pipeline that gives an Annotation, got {type(output).__name__}"
            )
        return output.copy()
