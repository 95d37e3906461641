"""Joint evidence with an embedder whose truth is known."""

import numpy as np
import pytest
import torch

from pins_plugin.errors import ModelFolderError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.pipelines.linking.joint import MAX_RATIO, JointEvidence
from pins_plugin.types import FaceTrack


class ByLevel(torch.nn.Module):
    """Embeds whatever it gets by its mean: bright faces go with positive sound."""

    image_size, sample_rate, embedding_dim = 8, 16000, 2

    def forward(self, values: torch.Tensor, relative_lengths: object = None) -> torch.Tensor:
        mean = values.flatten(1).mean(dim=1)
        mean = mean - 0.5 if values.ndim == 4 else mean
        return torch.stack([mean, torch.full_like(mean, 0.01)], dim=1)


@pytest.fixture
def evidence(monkeypatch: pytest.MonkeyPatch):
    def make(settings: dict) -> JointEvidence:
        embedder = FaceVoiceEmbedder(ByLevel(), ByLevel(), settings)
        monkeypatch.setattr(FaceVoiceEmbedder, "from_hparams", lambda *_, **__: embedder)
        return JointEvidence("model")

    return make


def _track(name: str, person: str) -> FaceTrack:
    return FaceTrack(
        name, np.arange(2.0), np.zeros((2, 4)), np.zeros((2, 5, 2)), np.ones(2, bool), person=person
    )


def _faces(level: int) -> np.ndarray:
    return np.full((2, 16, 16, 3), level, np.uint8)


def test_ratios_follow_the_calibration_of_the_model(evidence) -> None:
    waveform = np.repeat([0.5, -0.5], 64000).astype(np.float32)
    stretches = np.array([[0.0, 2.0], [4.0, 8.0], [2.0, 4.0]])
    source = evidence({"calibration": {"scale": 3.0, "offset": -1.0}})
    joint_faces = {"T1": source.embed_faces(_faces(255)), "T2": source.embed_faces(_faces(0))}
    tracks = [_track("T1", "bright"), _track("T2", "dark"), _track("T3", "unseen")]
    found = source.compare(waveform, stretches, np.array([0, 1, 0]), tracks, joint_faces)
    expected = [[2.0, -4.0, 0.0], [-4.0, 2.0, 0.0]]  # of a face that was not seen nothing is said
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_no_likeness_counts_without_limit(evidence) -> None:
    source = evidence({"calibration": {"scale": 90.0, "offset": 0.0}})
    joint_faces = {"T1": source.embed_faces(_faces(255)), "T2": source.embed_faces(_faces(0))}
    waveform = np.full(32000, 0.5, np.float32)
    tracks = [_track("T1", "bright"), _track("T2", "dark")]
    found = source.compare(waveform, np.array([[0.0, 2.0]]), np.zeros(1, int), tracks, joint_faces)
    assert found.tolist() == [[MAX_RATIO, -MAX_RATIO]]
    nothing = source.compare(waveform, np.zeros((0, 2)), np.zeros(0, int), tracks, joint_faces)
    assert nothing.shape == (0, 2)


def test_a_model_without_calibration_is_refused(evidence) -> None:
    with pytest.raises(ModelFolderError, match="calibration"):
        evidence({})
