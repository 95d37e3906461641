"""What is asked of a joint model about whole files: pooled faces, pooled voices."""

import numpy as np
import torch
from torch import nn

from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.pooled import pool_faces, pool_voice


class Brightness(nn.Module):
    """Bright faces point one way, dark ones the other."""

    image_size, embedding_dim = 8, 2

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        mean = 2 * faces.mean(dim=(1, 2, 3)) - 1
        return torch.stack([mean, (1 - mean.square()).clamp(min=0).sqrt()], dim=1)


class Sign(nn.Module):
    """Sound above zero points one way, below the other."""

    sample_rate, embedding_dim = 16000, 2

    def forward(self, waveforms: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        mean = waveforms.mean(dim=1)
        return torch.stack([mean, (1 - mean.square()).clamp(min=0).sqrt()], dim=1)


EMBEDDER = FaceVoiceEmbedder(Brightness(), Sign(), {"calibration": {"scale": 2.0, "offset": 0.5}})


def _faces(*levels: int) -> np.ndarray:
    return np.stack([np.full((8, 8, 3), level, np.uint8) for level in levels])


def test_faces_are_averaged() -> None:
    pooled = pool_faces(EMBEDDER, _faces(255, 255))
    torch.testing.assert_close(pooled, torch.tensor([1.0, 0.0]), atol=1e-3, rtol=0)
    mixed = pool_faces(EMBEDDER, _faces(*[255, 0] * 50))
    assert mixed is not None and abs(float(mixed[0])) < 0.1


def test_only_the_regions_are_heard() -> None:
    waveform = np.concatenate([np.ones(32000), -np.ones(64000)]).astype(np.float32)
    first = pool_voice(EMBEDDER, waveform, [(0.0, 2.0)])
    second = pool_voice(EMBEDDER, waveform, [(2.0, 4.0), (4.0, 6.0)])
    assert first is not None and second is not None
    assert float(first[0]) > 0.99 and float(second[0]) < -0.99


def test_seconds_weigh_alike_however_they_are_cut() -> None:
    waveform = np.concatenate([np.ones(16000), -np.ones(48000)]).astype(np.float32)
    pooled = pool_voice(EMBEDDER, waveform, [(0.0, 1.0), (1.0, 4.0)])
    assert pooled is not None and float(pooled[0]) < -0.9


def test_too_little_speech_is_none() -> None:
    waveform = np.ones(32000, np.float32)
    assert pool_voice(EMBEDDER, waveform, [(0.0, 0.4), (1.9, 2.5)]) is None
    assert pool_voice(EMBEDDER, waveform, []) is None
    assert pool_faces(EMBEDDER, _faces(0)[:0]) is None
