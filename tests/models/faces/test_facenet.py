"""InceptionResnetV1: shapes, freezing, and weights that are found or asked for."""

from pathlib import Path

import pytest
import torch
from facenet_pytorch import InceptionResnetV1
from facenet_pytorch.models.mtcnn import fixed_image_standardization

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.faces.facenet import WEIGHTS, FacenetEncoder, load_facenet_weights

FACES = torch.rand(2, 3, 160, 160)


@pytest.fixture(scope="module")
def published() -> InceptionResnetV1:
    torch.manual_seed(1)
    return InceptionResnetV1(classify=True, num_classes=3).eval()


def test_trunk_is_the_published_network(published: InceptionResnetV1, tmp_path: Path) -> None:
    torch.save(published.state_dict(), tmp_path / "weights.pt")
    encoder = FacenetEncoder(embedding_dim=16)
    load_facenet_weights(encoder, tmp_path / "weights.pt")
    published.classify = False
    with torch.no_grad():
        expected = published(fixed_image_standardization(255 * FACES))
        found = encoder.trunk((255 * FACES - 127.5) / 128)
    assert torch.allclose(found, expected, atol=1e-5)
    assert sum(weight.numel() for weight in encoder.trunk.parameters()) == 23_482_624
    assert encoder(FACES).shape == (2, 16)


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_trunk_does_not_change(frozen: bool) -> None:
    encoder = FacenetEncoder(embedding_dim=16, frozen=frozen).train()
    before = encoder.trunk.network.conv2d_1a.bn.running_mean.clone()
    encoder(FACES).sum().backward()
    changed = not torch.equal(before, encoder.trunk.network.conv2d_1a.bn.running_mean)
    assert changed == (not frozen)
    assert (encoder.trunk.network.conv2d_1a.conv.weight.grad is None) == frozen
    assert encoder.hidden[0].weight.grad is not None


def test_usual_place_is_found(
    published: InceptionResnetV1, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    encoder = FacenetEncoder()
    with pytest.raises(ModelFolderError, match=r"github\.com/timesler") as caught:
        load_facenet_weights(encoder)
    assert str(tmp_path / "checkpoints" / WEIGHTS) in str(caught.value)
    (tmp_path / "checkpoints").mkdir()
    torch.save(published.state_dict(), tmp_path / "checkpoints" / WEIGHTS)
    load_facenet_weights(encoder)


@pytest.mark.parametrize("content", [{}, {"a": torch.zeros(2)}, [1, 2], "text"])
def test_other_files_are_refused(content: object, tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    if content == "text":
        path.write_text("not weights")
    else:
        torch.save(content, path)
    with pytest.raises(ModelFolderError, match=r"weights\.pt"):
        load_facenet_weights(FacenetEncoder(), path)
