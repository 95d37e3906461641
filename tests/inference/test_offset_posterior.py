"""The summed evidence of a file: against a slow sum, and what silence, listeners and strangers do to it."""

from dataclasses import asdict

import numpy as np
import pytest

from pins_plugin.inference.offset_posterior import (
    LARGEST_RATIO,
    PIECE,
    OffsetCalibration,
    cut_pieces,
    log_prior,
    sum_evidence,
)
from pins_plugin.models.folder.model_folder import PRETRAINED, read_hyperparams

CALIBRATION = OffsetCalibration.shipped()


def _piece(seed: int, offset: int | None, frames: int = 100, height: float = 0.25) -> np.ndarray:
    generator = np.random.default_rng(seed)
    piece = 0.2 * generator.standard_normal((frames, 31))
    if offset is not None:
        piece[:, 15 + offset] += height
    return piece


def test_posterior_is_the_slow_sum() -> None:
    pieces = [_piece(0, 3), _piece(1, None, 40), _piece(2, 3, 60)]
    found = sum_evidence(pieces, CALIBRATION)
    assert found is not None
    slow = []
    for offset in range(31):
        total = log_prior(31)[offset]
        for piece in pieces:
            evidence = [CALIBRATION.frame_weight * piece[:, k].sum() for k in range(31)]
            others = [evidence[k] for k in range(31) if abs(k - offset) > 2]
            ratio = min(np.exp(evidence[offset]) / np.mean(np.exp(others)), np.exp(LARGEST_RATIO))
            total += np.log(1 - CALIBRATION.speaks + CALIBRATION.speaks * ratio)
        slow.append(np.exp(total))
    assert found.posterior == pytest.approx(np.array(slow) / sum(slow), abs=1e-9)
    assert found.offset == 3
    assert found.speaking[0] > found.speaking[1]


def test_no_single_piece_outweighs_the_others() -> None:
    loud = _piece(0, -8, 125, 50.0)
    others = [_piece(seed, 4, 100) for seed in range(1, 6)]
    found = sum_evidence([loud, *others], CALIBRATION)
    assert found is not None and found.offset == 4


def test_a_peak_does_not_lift_its_neighbors() -> None:
    """Where one offset is e^60 times as likely as all others, also in numbers of 64 bits."""
    found = sum_evidence([_piece(3, 5, 100, 3.0)], CALIBRATION)
    assert found is not None
    assert (found.offset, found.posterior[15 + 4] < 0.05) == (5, True)


def test_more_shots_make_it_surer() -> None:
    few, many = ([_piece(seed, 2, 50, 0.12) for seed in range(number)] for number in (1, 6))
    odds = [sum_evidence(each, CALIBRATION).features[0] for each in (few, many)]  # type: ignore[union-attr]
    assert odds[1] > odds[0] + 2


def test_offsets_without_sound_are_never_chosen() -> None:
    piece = _piece(0, None)
    piece[:, :10] = np.nan
    found = sum_evidence([piece], CALIBRATION)
    assert found is not None
    assert found.posterior[:10].sum() == 0
    assert np.isfinite(found.features).all()


@pytest.mark.parametrize("frames", [0, 5])
def test_too_little_is_nothing(frames: int) -> None:
    assert cut_pieces([np.zeros((frames, 31))]) == []
    assert sum_evidence([np.zeros((frames, 31))], CALIBRATION) is None


def test_pieces_are_cut_evenly_and_lose_nothing() -> None:
    pieces = cut_pieces([np.zeros((2 * PIECE + 10, 31)), np.full((90, 31), np.nan)])
    assert [len(piece) for piece in pieces] == [87, 87, 86]


def test_settings_come_back() -> None:
    assert OffsetCalibration.from_settings(asdict(CALIBRATION)) == CALIBRATION
    with pytest.raises(ValueError, match="expected 5 weights each"):
        OffsetCalibration.from_settings({**asdict(CALIBRATION), "right": [1.0, 2.0]})


def test_what_ships_says_where_it_comes_from() -> None:
    """People for learning and for choosing are others."""
    numbers = read_hyperparams(PRETRAINED / "sync").settings["file_calibration"]
    learnt = {person for fold in numbers["origin"]["learnt_on"] for person in fold.split(",")}
    assert len(learnt) == 45
    assert not learnt & set(numbers["origin"]["chosen_on"])
