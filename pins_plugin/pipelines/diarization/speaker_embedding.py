"""Our voice branch inside pyannote: a `pyannote.audio.Model` that can be handed to its SpeakerDiarization."""

from pathlib import Path
from typing import Any

import torch
from pyannote.audio.core.task import Problem, Resolution, Specifications
from torch import Tensor

from pins_plugin.inference.pretrained import build_encoder, encoder_spec
from pins_plugin.pipelines.diarization.voices import DEFAULT_VOICE, load_voice_encoder
from pins_plugin.pipelines.pyannote_host.host import Model

# 0.4 s, as `voices.MIN_EMBEDDED`; shorter speech is repeated up to this length; chosen, not measured
MIN_SAMPLES = 6400


class PinsSpeakerEmbedding(Model):  # type: ignore[misc]
    """A voice encoder as a pyannote model: `SpeakerDiarization(embedding=PinsSpeakerEmbedding(), ...)`.

    Parameters
    ----------
    source : str
        Model folder, or the name of a model that comes with the package.
    spec : dict, optional
        How to build the voice encoder instead, with fresh weights: what a checkpoint holds, so that it can be
        loaded where there is no `source`.
    sample_rate, num_channels : int
        As pyannote hands them over; 16000 and 1.
    """

    def __init__(
        self,
        source: str = DEFAULT_VOICE,
        spec: dict[str, Any] | None = None,
        sample_rate: int = 16000,
        num_channels: int = 1,
        task: Any = None,
    ) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=num_channels, task=task)
        self.voice_encoder = build_encoder(spec) if spec else load_voice_encoder(source)
        spec = spec or encoder_spec(source, "voice_encoder")
        self.save_hyperparameters("source", "spec", "sample_rate", "num_channels")
        self.specifications = Specifications(
            problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
        )
        self.eval()

    @property
    def dimension(self) -> int:
        """Size of the embeddings."""
        return int(self.voice_encoder.embedding_dim)

    def forward(self, waveforms: Tensor, weights: Tensor | None = None) -> Tensor:
        """Embed the speech of each row.

        Parameters
        ----------
        waveforms : (batch, 1, num_samples) Tensor
            At 16 kHz.
        weights : (batch, num_frames) or (batch, num_speakers, num_frames) Tensor, optional
            How far each frame belongs to the speaker; frames below one half are cut out.

        Returns
        -------
        voice_embeddings : (batch, embedding_dim) or (batch, num_speakers, embedding_dim) Tensor
            NaN where a speaker has no frame, as pyannote expects.
        """
        if weights is None:
            return self.voice_encoder(waveforms[:, 0])
        if weights.ndim == 3:
            return torch.stack(
                [self.forward(waveforms, weights[:, k]) for k in range(weights.shape[1])], dim=1
            )
        rows = []
        for waveform, weight in zip(waveforms[:, 0], weights, strict=True):
            frames = (
                torch.arange(len(waveform), device=weight.device) * len(weight) // len(waveform)
            )
            speech = waveform[weight[frames].to(waveform.device) > 0.5]
            if len(speech) == 0:
                rows.append(waveform.new_full((self.dimension,), torch.nan))
                continue
            if len(speech) < MIN_SAMPLES:
                speech = speech.repeat(-(-MIN_SAMPLES // len(speech)))
            rows.append(self.voice_encoder(speech[None])[0])
        return torch.stack(rows)

    def save(self, path: str | Path) -> None:
        """Write a checkpoint that `pyannote.audio.Model.from_pretrained` reads.

        As `embedding/pytorch_model.bin` in the folder of a pipeline, its config.yaml may say
        `embedding: $model/embedding`.
        """
        from pins_plugin.utils.files import atomic_path

        with atomic_path(path) as temporary:
            torch.save(
                {
                    "state_dict": self.state_dict(),
                    "hyper_parameters": dict(self.hparams),
                    "pyannote.audio": {
                        "versions": {"torch": torch.__version__, "pyannote.audio": "4.0.0"},
                        "architecture": {
                            "module": type(self).__module__,
                            "class": type(self).__name__,
                        },
                        "specifications": self.specifications,
                    },
                    "pytorch-lightning_version": "2.0.0",
                },
                temporary,
            )
