"""Embed faces and voices with a trained model, and compare them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize, pad

from pins_plugin.data.media.audio import load_audio
from pins_plugin.errors import ShapeError
from pins_plugin.inference.interface import PretrainedInterface
from pins_plugin.inference.joint_calibration import JointCalibration
from pins_plugin.inference.lips_and_sound import check_waveform
from pins_plugin.inference.verification import FaceVoiceVerification, judge, load_speech
from pins_plugin.models.folder.model_folder import ModelFolder
from pins_plugin.similarity import pairwise_similarity

MIN_SECONDS = 0.1  # shorter sound is filled up with silence; chosen, not measured
PIECE_SECONDS = 10.0  # longer files are embedded piece by piece; chosen, not measured
PIECES_AT_ONCE = 16  # bounds memory; chosen, not measured
# More rows than this, of so few samples each, are samples of that many channels; chosen, not measured
MOST_CHANNELS = 16


class FaceVoiceEmbedder(PretrainedInterface):
    """A face branch and a voice branch that embed into one space.

    Parameters
    ----------
    face_encoder, voice_encoder : nn.Module
        With `image_size`, `sample_rate` and one `embedding_dim`.
    settings : mapping, optional
        Of the model folder; for "calibration" see `inference.joint_calibration`.

    Examples
    --------
    >>> from pins_plugin.models.compact import CompactFaceEncoder, CompactVoiceEncoder
    >>> embedder = FaceVoiceEmbedder(CompactFaceEncoder(), CompactVoiceEncoder())
    >>> faces = embedder.encode_faces(torch.zeros(2, 3, 80, 80))
    >>> voices = embedder.encode_voices(torch.zeros(5, 16000), wav_lens=torch.ones(5))
    >>> embedder.similarity(faces, voices).shape
    torch.Size([2, 5])
    """

    needs = ("face_encoder", "voice_encoder")
    shipped = "face_voice"

    def __init__(
        self,
        face_encoder: nn.Module,
        voice_encoder: nn.Module,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.mods = nn.ModuleDict({"face_encoder": face_encoder, "voice_encoder": voice_encoder})
        self.mods.eval().requires_grad_(False)
        self.hparams = SimpleNamespace(**(settings or {}))
        self.calibration = JointCalibration.from_settings(settings or {})

    @classmethod
    def from_model(cls, model: ModelFolder) -> Self:
        face_encoder, voice_encoder = (model.modules[name] for name in cls.needs)
        return cls(face_encoder, voice_encoder, model.settings)

    @property
    def embedding_dim(self) -> int:
        """Size of the embeddings."""
        return int(self.mods["face_encoder"].embedding_dim)

    @property
    def image_size(self) -> int:
        """Height and width of the pictures that the face branch sees, in pixels."""
        return int(self.mods["face_encoder"].image_size)

    @property
    def sample_rate(self) -> int:
        """Of the sound that the voice branch hears, in Hz."""
        return int(self.mods["voice_encoder"].sample_rate)

    @property
    def wants_aligned(self) -> bool:
        """Whether the face branch wants faces upright and cut out as by `tracking.crops.align_face`."""
        return getattr(self.hparams, "faces", None) == "aligned"

    def fingerprint(self) -> str:
        """Digest of the weights: two models with the same one give the same embeddings."""
        digest = hashlib.sha256()
        for name, value in sorted(self.mods.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    @torch.no_grad()  # no inference tensors: a classifier may be trained on the result
    def encode_faces(self, faces: Tensor | NDArray) -> Tensor:
        """Embed pictures of faces.

        Parameters
        ----------
        faces : (batch, 3, height, width) or (3, height, width) Tensor or array
            RGB, float in [0, 1] or uint8; any size.

        Returns
        -------
        face_embeddings : (batch, embedding_dim) Tensor
            Of unit length.

        Raises
        ------
        ShapeError
            When the shape or the range is another one.
        """
        batch = torch.as_tensor(faces)
        batch = batch[None] if batch.ndim == 3 else batch
        if batch.ndim != 4 or batch.shape[1] != 3 or 0 in batch.shape:
            raise ShapeError(
                f"faces: expected (batch, 3, height, width), got {tuple(torch.as_tensor(faces).shape)}"
            )
        batch = batch.to(self.device)
        batch = batch / 255.0 if batch.dtype == torch.uint8 else batch.float()
        if not (batch.min() >= 0 and batch.max() <= 1):
            raise ShapeError(
                f"faces: expected values in [0, 1], got {batch.min():.3g} to {batch.max():.3g}; "
                "divide by 255, or give uint8"
            )
        size = (self.image_size, self.image_size)
        if batch.shape[2:] != size:
            batch = interpolate(batch, size, mode="bilinear", antialias=True).clamp(0, 1)
        return normalize(self.mods["face_encoder"](batch), dim=-1)

    @torch.no_grad()  # no inference tensors: a classifier may be trained on the result
    def encode_voices(
        self, waveforms: Tensor | NDArray, wav_lens: Tensor | NDArray | None = None
    ) -> Tensor:
        """Embed sound.

        Parameters
        ----------
        waveforms : (batch, num_samples) or (num_samples,) Tensor or array
            In [-1, 1], at `sample_rate`.
        wav_lens : (batch,) Tensor or array, optional
            Length of each row relative to the longest, in (0, 1], as SpeechBrain's batches have it.

        Returns
        -------
        voice_embeddings : (batch, embedding_dim) Tensor
            Of unit length.

        Raises
        ------
        ShapeError
            When a shape or range is another one.
        """
        batch = torch.as_tensor(waveforms, dtype=torch.float32, device=self.device)
        batch = batch[None] if batch.ndim == 1 else batch
        if batch.ndim != 2 or 0 in batch.shape or batch.shape[1] <= MOST_CHANNELS < len(batch):
            raise ShapeError(
                f"waveforms: expected (batch, num_samples), got {tuple(batch.shape)}; "
                "sound as soundfile reads it, (num_samples, channels), wants `.mean(axis=1)`"
            )
        if not batch.isfinite().all():
            raise ShapeError("waveforms: expected finite samples, got NaN or infinity")
        lengths = wav_lens
        if lengths is not None:
            lengths = torch.as_tensor(lengths, dtype=torch.float32, device=self.device)
            inside = (lengths > 0) & (lengths <= 1)
            if lengths.shape != (len(batch),) or not inside.all():
                raise ShapeError(
                    f"wav_lens: expected ({len(batch)},) relative lengths in (0, 1], "
                    f"got {tuple(lengths.shape)} {lengths.flatten()[:4].tolist()}"
                )
        missing = round(MIN_SECONDS * self.sample_rate) - batch.shape[1]
        if missing > 0:
            if lengths is not None:
                lengths = lengths * batch.shape[1] / (batch.shape[1] + missing)
            batch = pad(batch, (0, missing))
        return normalize(self.mods["voice_encoder"](batch, lengths), dim=-1)

    def similarity(self, face_embeddings: Tensor, voice_embeddings: Tensor) -> Tensor:
        """Cosine in [-1, 1] of every face with every voice: (num_faces, num_voices) Tensor, of embeddings (number, embedding_dim)."""
        return pairwise_similarity(face_embeddings, voice_embeddings)

    def probability(self, similarities: Tensor) -> Tensor | None:
        """Turn similarities into the probability of one person; None when the model is not calibrated."""
        return None if self.calibration is None else self.calibration.probability(similarities)

    def encode_views(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Embed pictures (num_pictures, height, width, 3) of one face: (embedding_dim,) Tensor of unit length, their mean."""
        return _mean_direction(self.encode_faces(pictures.transpose(0, 3, 1, 2)))

    def encode_face_file(self, path: str | Path, *, alone: bool = False) -> Tensor:
        """Embed the largest face of a photo or video, or with `alone` the only large one: (embedding_dim,) Tensor."""
        from pins_plugin.inference.portraits import load_portraits

        cut_out = not self.wants_aligned
        return self.encode_views(
            load_portraits(path, self.image_size, alone=alone, cut_out=cut_out)
        )

    def encode_voice_file(self, path: str | Path) -> Tensor:
        """Embed the sound of any media file: (embedding_dim,) Tensor of unit length."""
        return self.encode_long_voice(load_audio(path, self.sample_rate))

    def encode_long_voice(self, waveform: NDArray[np.float32]) -> Tensor:
        """Embed one recording (num_samples,) of any length, piece by piece: (embedding_dim,) Tensor."""
        waveform = check_waveform(waveform)
        count = max(1, round(len(waveform) / (PIECE_SECONDS * self.sample_rate)))
        length = -(-len(waveform) // count)
        starts = np.linspace(0, len(waveform) - length, count).round().astype(int)
        parts = np.split(starts, range(PIECES_AT_ONCE, count, PIECES_AT_ONCE))
        pieces = (np.stack([waveform[start : start + length] for start in part]) for part in parts)
        return _mean_direction(torch.cat([self.encode_voices(batch) for batch in pieces]))

    def verify_files(self, face: str | Path, voice: str | Path) -> FaceVoiceVerification:
        """Tell whether the face in one file and the voice in another are one person's.

        Parameters
        ----------
        face : str or Path
            An image or a video that shows one face, others at most much smaller.
        voice : str or Path
            Any file with speech, of any rate and number of channels; what is not speech is left out.

        Raises
        ------
        MediaError
            When a file cannot be read, shows no face or several, or has no sound or too little speech.
        """
        seen = self.encode_face_file(face, alone=True)
        heard = self.encode_long_voice(load_speech(voice, self.sample_rate))
        return judge(seen @ heard, self.calibration)


def _mean_direction(embeddings: Tensor) -> Tensor:
    return normalize(embeddings.mean(dim=0), dim=-1)
