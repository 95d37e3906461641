"""What linking asks of a joint model: pooled faces, pooled voices, a ratio."""

import numpy as np
import pytest
import torch
from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.joint_ratio import log_ratio, pool_faces, pool_voice


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


def test_too_little_speech_is_none_and_tells_nothing() -> None:
    waveform = np.ones(32000, np.float32)
    assert pool_voice(EMBEDDER, waveform, [(0.0, 0.4), (1.9, 2.5)]) is None
    assert pool_voice(EMBEDDER, waveform, []) is None
    assert pool_faces(EMBEDDER, _faces(0)[:0]) is None
    assert log_ratio(EMBEDDER, pool_faces(EMBEDDER, _faces(255)), None) == 0.0


def test_ratio_is_the_calibrated_cosine() -> None:
    face, voice = torch.tensor([0.6, 0.8]), torch.tensor([1.0, 0.0])
    assert log_ratio(EMBEDDER, face, voice) == pytest.approx(2.0 * 0.6 + 0.5)


def test_a_model_without_calibration_is_refused() -> None:
    plain = FaceVoiceEmbedder(Brightness(), Sign())
    with pytest.raises(ModelFolderError, match="calibration"):
        log_ratio(plain, torch.ones(2), torch.ones(2))
