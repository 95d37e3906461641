"""Changes that video makes to a voice."""

import math

import pytest
import torch

from pins_plugin.data.training.recording_conditions import RecordingConditions, make_music

OFF = {"tone": 0.0, "band": 0.0, "music": 0.0, "babble": 0.0}


def _sound(batch: int = 4, seconds: float = 1.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return 0.1 * torch.randn(batch, round(16000 * seconds), generator=generator)


def _change(waveforms: torch.Tensor, seed: int = 1, **shares: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return RecordingConditions(**{**OFF, **shares})(waveforms, generator)


def test_nothing_chosen_changes_nothing() -> None:
    torch.testing.assert_close(_change(_sound()), _sound(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", list(OFF))
def test_each_change_is_reproducible_and_depends_on_the_seed(kind: str) -> None:
    changed = _change(_sound(), **{kind: 1.0})
    torch.testing.assert_close(changed, _change(_sound(), **{kind: 1.0}))
    assert not torch.allclose(changed, _change(_sound(), seed=2, **{kind: 1.0}), atol=1e-3)
    assert changed.isfinite().all() and changed.shape == (4, 16000)


def test_a_cut_band_is_silent_above_its_edge() -> None:
    power = torch.fft.rfft(_change(_sound(), band=1.0)).abs().square()
    before = torch.fft.rfft(_sound()).abs().square()
    kept = power[:, :3000].sum(dim=1) / before[:, :3000].sum(dim=1)
    lost = power[:, 6500:].sum(dim=1) / before[:, 6500:].sum(dim=1)
    assert kept.min() > 0.99 and lost.max() < 1e-3


def test_music_is_as_loud_as_asked() -> None:
    conditions = RecordingConditions(**{**OFF, "music": 1.0}, music_snr=(10.0, 10.0))
    added = conditions(_sound(), torch.Generator().manual_seed(3)) - _sound()
    ratio = _sound().square().mean(dim=1) / added.square().mean(dim=1)
    torch.testing.assert_close(10 * ratio.log10(), torch.full((4,), 10.0), atol=0.2, rtol=0)


def test_babble_is_the_voice_of_another_row() -> None:
    waveforms = torch.zeros(2, 16000)
    times = torch.arange(16000) / 16000
    waveforms[0] = torch.sin(2 * math.pi * 500 * times)
    waveforms[1] = torch.sin(2 * math.pi * 1500 * times)
    spectra = torch.fft.rfft(_change(waveforms, babble=1.0)).abs()
    assert spectra[0, 1500] > 0.02 * spectra[0, 500] > 0
    assert spectra[1, 500] > 0.02 * spectra[1, 1500] > 0


def test_music_is_made_of_partials() -> None:
    """Most of its power lies in narrow lines, as in no noise."""
    music = make_music(3, 16000, 16000, torch.Generator().manual_seed(0))
    power = torch.fft.rfft(music).abs().square().sort(dim=1, descending=True).values
    share = power[:, :400].sum(dim=1) / power.sum(dim=1)
    noise = torch.fft.rfft(_sound(3)).abs().square().sort(dim=1, descending=True).values
    assert share.min() > 2 * (noise[:, :400].sum(dim=1) / noise.sum(dim=1)).max()
