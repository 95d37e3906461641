"""Cepstral coefficients against numbers of python_speech_features 0.6."""

import numpy as np
import pytest

from pins_plugin.data.media.mfcc import mel_bands, mfcc

# python_speech_features.mfcc(32768 * WAVE, 16000, numcep=13, winlen=0.025, winstep=0.01), rows 3 and the last
ROW_3 = [21.041, 3.44, -8.953, 45.907, -15.78, -21.532, 19.781, -33.111, -37.761, 6.83, -30.036, -27.269, 11.765]  # fmt: skip
LAST_ROW = [20.914, 3.217, -8.701, 28.578, -34.228, -42.402, 3.99, -37.341, -29.562, 23.943, -3.888, -0.315, 33.742]  # fmt: skip


def test_numbers_are_those_of_python_speech_features() -> None:
    times = np.arange(4000) / 16000
    wave = 0.3 * np.sin(2 * np.pi * (200 + 400 * times) * times)
    wave += 0.1 * np.sin(2 * np.pi * 3000 * times)
    found = mfcc(wave)
    assert found.shape == (24, 13)
    np.testing.assert_allclose(found[3], ROW_3, atol=2e-3)
    np.testing.assert_allclose(found[-1], LAST_ROW, atol=2e-3)


@pytest.mark.parametrize(("num_samples", "num_steps"), [(0, 1), (400, 1), (401, 2), (16000, 99)])
def test_number_of_steps(num_samples: int, num_steps: int) -> None:
    found = mfcc(np.zeros(num_samples))
    assert found.shape == (num_steps, 13) and np.isfinite(found).all()


def test_bands_are_triangles_side_by_side() -> None:
    bands = mel_bands()
    peaks = bands.argmax(axis=1)
    assert (np.diff(peaks) > 0).all()
    np.testing.assert_allclose(bands.max(axis=1), 1.0)
    np.testing.assert_allclose(bands[:, peaks[0] : peaks[-1]].sum(axis=0), 1.0)
