"""Colors and shading of a face, without training."""

import torch

from pins_plugin.models.faces.appearance import AppearanceEncoder


def _faces(seed: int, number: int = 3) -> torch.Tensor:
    """One smooth picture, with a little noise in each copy."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 5, 5, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (112, 112), mode="bilinear")
    return (smooth + 0.05 * torch.randn(number, 3, 112, 112, generator=generator)).clamp(0, 1)


def test_pictures_of_one_look_are_alike_and_of_two_are_not() -> None:
    encoder = AppearanceEncoder()
    first, second = encoder(_faces(0)), encoder(_faces(1))
    assert first.shape == (3, encoder.embedding_dim)
    torch.testing.assert_close(first.norm(dim=1), torch.ones(3))
    assert (first @ first.T).min() > encoder.same_person_similarity
    assert (first @ second.T).max() < encoder.same_person_similarity


def test_the_strength_of_the_light_hardly_matters() -> None:
    encoder = AppearanceEncoder()
    faces = _faces(2, 1)
    assert (encoder(faces) * encoder(0.6 * faces)).sum() > encoder.same_person_similarity
