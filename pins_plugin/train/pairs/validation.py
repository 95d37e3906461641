"""How well the model tells people apart who are not in training: the only place where identity is read."""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from pins_plugin.data.training.dataset import DecodedClips, steady_crop
from pins_plugin.metrics.calibration import fit_calibration
from pins_plugin.metrics.verification import roc_auc
from pins_plugin.similarity import pairwise_similarity
from pins_plugin.types import TalkingFaceClip

logger = logging.getLogger(__name__)
MOST_CLIPS, CLIPS_PER_BATCH = 1000, 64  # that are scored, evenly spread; that are embedded at once


def too_few_people(clips: Sequence[TalkingFaceClip]) -> bool:
    """Tell, and say, whether nobody can be told apart by: clips of one's own may leave one person for validation."""
    number = len({clip.identity or clip.video for clip in clips})
    if number < 2:
        logger.warning(
            "split 'valid': expected two people or more, got %d: the last epoch is kept, not the best", number
        )  # fmt: skip
    return number < 2


class ValidationScorer:
    """Cross-modal verification on the clips of a validation split.

    Parameters
    ----------
    clips : sequence of TalkingFaceClip
        With the identities that scores are counted by; a clip without one stands for itself.
    shards : DecodedClips
        In the same order.
    face_encoder, voice_encoder : nn.Module
        The raw modules, not wrapped for several processes.
    seconds : float
        Length of sound per clip.
    """

    def __init__(
        self,
        clips: Sequence[TalkingFaceClip],
        shards: DecodedClips,
        face_encoder: nn.Module,
        voice_encoder: nn.Module,
        seconds: float,
    ) -> None:
        readable = [index for index in range(len(clips)) if index not in shards.skipped]
        self.shards, self.seconds = shards, seconds
        self.chosen = readable[:: -(-len(readable) // MOST_CLIPS)]
        self.identities = np.array(
            [clips[index].identity or clips[index].video for index in self.chosen]
        )
        self.face_encoder = face_encoder
        self.voice_encoder = voice_encoder

    def __call__(self) -> dict[str, float]:
        """Score the encoders as they are: every face against every voice.

        Returns
        -------
        scores : dict
            "roc_auc" in [0, 1], chance 0.5.
        """
        return {"roc_auc": float(roc_auc(*self._pairs()))}

    def calibrate(self) -> dict[str, float]:
        """Fit what turns similarities into probabilities; see `metrics.calibration`."""
        return fit_calibration(*self._pairs())

    def _pairs(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Similarity of every face with every voice, and whether they are one person's."""
        face_embeddings, voice_embeddings = self.embed()
        similarities = pairwise_similarity(face_embeddings, voice_embeddings).cpu().numpy()
        same = self.identities[:, None] == self.identities[None, :]
        return similarities.ravel(), same.ravel()

    @torch.no_grad()
    def embed(self) -> tuple[Tensor, Tensor]:
        """Embed each clip: its mean face, its voice: two (num_clips, embedding_dim) Tensors."""
        device = next(self.face_encoder.parameters()).device
        face_embeddings, voice_embeddings = [], []
        for start in range(0, len(self.chosen), CLIPS_PER_BATCH):
            chosen = self.chosen[start : start + CLIPS_PER_BATCH]
            crops = [steady_crop(self.shards, index, self.seconds) for index in chosen]
            faces, waveforms = (torch.cat(part) for part in zip(*crops, strict=True))
            faces = faces.to(device).float() / 255
            waveforms = waveforms.unflatten(0, (len(crops), -1)).to(device).float() / 32768
            found = self.face_encoder(faces).float().unflatten(0, (len(crops), -1))
            face_embeddings.append(normalize(found.mean(dim=1), dim=-1))
            voice_embeddings.append(self.voice_encoder(waveforms).float())
        return torch.cat(face_embeddings), torch.cat(voice_embeddings)
