"""Sound in a padded batch is embedded as if it were alone, by every voice encoder, to 1e-4."""

import pytest
import torch
from torch import nn

from pins_plugin.models.compact import CompactVoiceEncoder
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.models.layers.lengths import VoiceEncoder
from pins_plugin.models.vgg_m import VGGVoxEncoder
from pins_plugin.models.voices.ecapa import ECAPAEncoder

LENGTHS = (16000, 11037, 16000, 7001, 1600)


def campplus() -> nn.Module:
    return load_model_folder("voice_campplus").modules["voice_encoder"]


@pytest.mark.parametrize("make", [CompactVoiceEncoder, ECAPAEncoder, VGGVoxEncoder, campplus])
def test_a_padded_voice_is_the_voice_alone(make) -> None:
    torch.manual_seed(0)
    encoder = make().eval()
    waveforms = torch.randn(len(LENGTHS), max(LENGTHS)) / 10
    shares = torch.tensor(LENGTHS) / max(LENGTHS)
    with torch.no_grad():
        alone = [encoder(row[None, :n]) for row, n in zip(waveforms, LENGTHS, strict=True)]
        together = encoder(waveforms, shares)  # what lies beyond is noise
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=0)


class _Sums(VoiceEncoder):
    sample_rate = 100

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def encode(self, waveforms: torch.Tensor) -> torch.Tensor:
        self.seen.append(waveforms.shape[1])
        return waveforms.sum(dim=1, keepdim=True)


def test_rows_come_back_in_their_order() -> None:
    waveforms = torch.arange(5.0)[:, None] * torch.ones(5, 40)
    found = _Sums()(waveforms, torch.tensor([1.0, 0.5, 1.0, 0.25, 0.5]))
    assert found[:, 0].tolist() == [0, 20, 80, 30, 80]


def test_the_shortest_rows_keep_some_silence() -> None:
    encoder = _Sums()
    encoder(torch.ones(2, 100), torch.tensor([0.01, 1.0]))
    assert encoder.seen == [10, 100]
