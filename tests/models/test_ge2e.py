"""The shipped voice encoder."""

import torch

from pins_plugin.models.folder import load_model_folder
from pins_plugin.models.ge2e import GE2EVoiceEncoder


def test_padding_and_level_change_nothing() -> None:
    torch.manual_seed(0)
    encoder = GE2EVoiceEncoder().eval()
    sound = torch.randn(1, 16000) / 20
    padded = torch.cat([torch.cat([sound, torch.zeros(1, 8000)], dim=1), torch.randn(1, 24000)])
    with torch.inference_mode():
        alone = encoder(sound)
        together = encoder(padded, torch.tensor([2 / 3, 1.0]))
        louder = encoder(5 * sound)
    assert torch.allclose(alone[0], together[0], atol=1e-4)
    assert torch.allclose(alone, louder, atol=1e-4)
    assert torch.allclose(together.norm(dim=1), torch.ones(2))


def test_shipped_weights_load() -> None:
    encoder = load_model_folder("voice_ge2e").modules["voice_encoder"]
    with torch.inference_mode():
        assert encoder(torch.randn(1, 16000) / 10).shape == (1, 256)
