"""Stretches of sound and the phones of their frames are cut at the same place."""

import torch

from pins_plugin.train.lips.phone_training import (
    BATCH_SIZE,
    MIN_SPECTRA,
    NUM_FRAMES,
    PhoneBatches,
    cut_phones,
)


def test_the_phone_of_a_frame_is_that_of_its_middle() -> None:
    numbers = torch.arange(MIN_SPECTRA + 20)
    spectrogram, phones = cut_phones((numbers[None].float(), numbers), 0.5)
    assert spectrogram.shape == (1, MIN_SPECTRA - 1)
    assert phones.tolist() == spectrogram[0, 2::4].int().tolist()
    assert len(phones) == NUM_FRAMES
    assert phones[0] == 10 + 2


def test_seed_and_epoch_determine_what_is_drawn() -> None:
    pieces = [(torch.randn(80, n), torch.full((n,), n)) for n in (MIN_SPECTRA, 3 * MIN_SPECTRA)]
    batches = PhoneBatches(pieces, seed=3)
    first, again = (next(iter(batches)) for _ in range(2))
    assert all(one.equal(other) for one, other in zip(first, again, strict=True))
    batches.set_epoch(2)
    assert not next(iter(batches))[1].equal(first[1])
    assert first[1].shape == (BATCH_SIZE, NUM_FRAMES)
    share = (first[1] == 3 * MIN_SPECTRA).float().mean()
    assert 0.5 < share < 1  # by duration: 0.75 are expected
