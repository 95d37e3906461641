"""ECAPA-TDNN: the front end of SpeechBrain's model, padding, freezing, weights."""

from pathlib import Path

import pytest
import torch
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.voices.ecapa import WEIGHTS, ECAPAEncoder, load_ecapa_weights


def small(**options) -> ECAPAEncoder:
    torch.manual_seed(0)
    return ECAPAEncoder(embedding_dim=16, channels=64, **options)


def test_trunk_has_the_size_of_the_published_one() -> None:
    network = ECAPAEncoder().trunk.network
    assert sum(weight.numel() for weight in network.parameters()) == 20_767_552


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_trunk_does_not_change(frozen: bool) -> None:
    encoder = small(frozen=frozen).train()
    encoder(torch.randn(4, 8000)).sum().backward()
    gradients = [weight.grad is not None for weight in encoder.trunk.parameters()]
    assert any(gradients) == (not frozen)
    assert encoder.hidden[0].weight.grad is not None


def test_weights_are_found_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    encoder = small()
    with pytest.raises(ModelFolderError, match=r"huggingface\.co/speechbrain") as caught:
        load_ecapa_weights(encoder)
    assert "\n" not in str(caught.value)
    weights = {name: value + 1 for name, value in encoder.trunk.network.state_dict().items()}
    usual = tmp_path / "hub" / "models--speechbrain--spkrec-ecapa-voxceleb" / "snapshots" / "abc"
    usual.mkdir(parents=True)
    torch.save(weights, usual / WEIGHTS)
    for source in (None, usual, usual / WEIGHTS):
        other = small()
        load_ecapa_weights(other, source)
        found = other.trunk.network.state_dict()
        assert all(torch.equal(found[name], value) for name, value in weights.items())


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    other = ECAPA_TDNN(80, lin_neurons=192, channels=[32, 32, 32, 32, 96])
    torch.save(other.state_dict(), tmp_path / WEIGHTS)
    with pytest.raises(ModelFolderError, match="does not fit"):
        load_ecapa_weights(small(), tmp_path)
