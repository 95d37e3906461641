"""The small face branch."""

import torch
from torch.nn.functional import interpolate

from pins_plugin.models.faces.chip_face import CHIP_WINDOW, ChipFaceEncoder


def test_any_size_of_an_aligned_face_gives_nearly_the_same() -> None:
    torch.manual_seed(0)
    encoder = ChipFaceEncoder().eval()
    faces = interpolate(torch.rand(2, 3, 14, 14), (112, 112), mode="bilinear")
    larger = interpolate(faces, (224, 224), mode="bilinear")
    similarity = (encoder(faces) * encoder(larger)).sum(dim=1)
    assert similarity.min() > 0.999


def test_only_the_chip_is_looked_at() -> None:
    torch.manual_seed(0)
    encoder = ChipFaceEncoder().eval()
    faces = torch.rand(1, 3, 112, 112)
    changed = faces.clone()
    x1, y1, x2, y2 = (round(112 * edge) for edge in CHIP_WINDOW)
    changed[..., : y1 - 2, :] = 0
    changed[..., y2 + 2 :, :] = 0
    changed[..., : x1 - 2] = 0
    changed[..., x2 + 2 :] = 0
    torch.testing.assert_close(encoder(faces), encoder(changed))
    changed[..., (y1 + y2) // 2, :] = 0
    assert not torch.allclose(encoder(faces), encoder(changed), atol=1e-6)


def test_a_frozen_trunk_gets_no_gradient_and_its_head_does() -> None:
    for frozen in (True, False):
        encoder = ChipFaceEncoder(frozen=frozen)
        encoder(torch.rand(3, 3, 112, 112))[:, 0].sum().backward()
        assert encoder.head.last.weight.grad is not None
        trained = [weight.grad is not None for weight in encoder.trunk.parameters()]
        assert all(trained) if not frozen else not any(trained)
