"""One speaker or two: against the densities written out, and bound to the voice encoder that it was learnt for."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pins_plugin.errors import ModelFolderError
from pins_plugin.pipelines.diarization.voice_model import (
    FILE,
    VoiceModel,
    VoiceScatter,
    load_voice_scatter,
)
from pins_plugin.pipelines.diarization.voices import find_voice_scatter

SCATTER = VoiceScatter((0.3, -0.1), 2.0, 0.2, 0.7, 0.5)


def test_gain_is_that_of_the_densities() -> None:
    """Two embeddings of one speaker share y: covariance `between`; of two, they share nothing."""
    embeddings, seconds = np.random.default_rng(0).normal(size=(4, 2)), np.array([0.5, 3, 1, 0.3])
    places = embeddings - np.array(SCATTER.mean)
    found = VoiceModel(SCATTER, session=0.0).gains(places / np.sqrt(SCATTER.between), seconds)
    own = 2.0 + 0.2 + 0.7 / np.sqrt(seconds)
    for i, j in zip(*np.triu_indices(4, 1), strict=True):
        expected = 0.0
        for pair in places[[i, j]].T:
            same = multivariate_normal(cov=[[own[i], 2.0], [2.0, own[j]]]).logpdf(pair)
            expected += same - multivariate_normal(cov=np.diag(own[[i, j]])).logpdf(pair)
        assert found[i, j] == pytest.approx(expected, abs=1e-9)


def test_longer_speech_says_more() -> None:
    model = VoiceModel(SCATTER, session=0.0)
    ratios = [model.gains(np.ones((2, 2)), np.full(2, t))[0, 1] for t in (0.3, 1.0, 5.0)]
    assert ratios == sorted(ratios) and ratios[0] < ratios[-1]


def test_shipped_scatter_belongs_to_the_shipped_encoder() -> None:
    scatter = find_voice_scatter()
    assert len(scatter.mean) == 192
    assert scatter.within + scatter.by_length > scatter.within > 0


def test_another_encoder_is_told_how_to_learn_its_own(tmp_path: Path) -> None:
    SCATTER.save(tmp_path / FILE, "a", "nobody")
    assert load_voice_scatter(tmp_path, "a") == SCATTER
    with pytest.raises(ModelFolderError, match=r"another voice encoder.*learn_scatter\.py"):
        load_voice_scatter(tmp_path, "b")
    with pytest.raises(ModelFolderError, match=r"learn_scatter\.py"):
        load_voice_scatter(tmp_path / "none", "a")


def test_a_file_that_lacks_a_number_is_refused(tmp_path: Path) -> None:
    SCATTER.save(tmp_path / FILE, "a", "nobody")
    values = json.loads((tmp_path / FILE).read_text())
    del values["between"]
    (tmp_path / FILE).write_text(json.dumps(values))
    with pytest.raises(ModelFolderError, match="between"):
        load_voice_scatter(tmp_path, "a")
