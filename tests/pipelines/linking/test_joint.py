"""Joint evidence with an embedder whose truth is known."""

import numpy as np
import pytest
import torch
from pyannote.core import Annotation, Segment

from pins_plugin.errors import ModelFolderError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.pipelines.linking.assignment import LinkingSettings, decide
from pins_plugin.pipelines.linking.joint import JointEvidence
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.tracking.crops import Crops
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


def _crops(level: int) -> Crops:
    times = np.zeros(2)
    return Crops(times, np.full((2, 16, 16, 3), level, np.uint8), None, None, np.ones(2))


def test_ratios_follow_the_calibration_of_the_model(evidence) -> None:
    waveform = np.repeat([0.5, -0.5], 64000).astype(np.float32)
    turns = Annotation()
    turns[Segment(0, 4)], turns[Segment(4, 8)] = "S0", "S1"
    tracks = [
        FaceTrack(
            name,
            np.arange(2.0),
            np.zeros((2, 4)),
            np.zeros((2, 5, 2)),
            np.ones(2, bool),
            person=person,
        )
        for name, person in (("T1", "bright"), ("T2", "dark"))
    ]
    source = evidence({"calibration": {"scale": 3.0, "offset": -1.0}})
    found = source.compare(waveform, turns, {"T1": _crops(255), "T2": _crops(0)}, tracks)
    assert found["S0", "bright"] == pytest.approx(2.0, abs=0.01)
    assert found["S0", "dark"] == pytest.approx(-4.0, abs=0.02)
    assert found["S1", "dark"] == pytest.approx(2.0, abs=0.01)


def test_a_model_without_calibration_is_refused(evidence) -> None:
    with pytest.raises(ModelFolderError, match="calibration"):
        evidence({})


def test_it_decides_where_nothing_else_does_and_is_reported() -> None:
    pieces = [Piece(0, 2, "S0", ("T1", "T2")), Piece(2, 4, "S1", ("T1", "T2"))]
    ratios = [{"T1": {"sync": 0.0}, "T2": {"sync": 0.0}}] * 2
    joint = {("S0", "P1"): 3.0, ("S1", "P2"): 3.0, ("S0", "P2"): -3.0, ("S1", "P1"): -3.0}
    settings = LinkingSettings()
    decisions = decide(
        pieces, ratios, {"T1": "P1", "T2": "P2"}, settings, file_scores={"joint": joint}
    )
    assert [decision.track for decision in decisions] == ["T1", "T2"]
    assert decisions[0].evidence["joint"] == pytest.approx(3.0 * settings.file_weight)
