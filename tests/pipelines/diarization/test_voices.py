"""Windows of sound, and voices compared, with an encoder that knows the truth."""

import numpy as np
import pytest

from pins_plugin.pipelines.diarization.voices import place_windows


def test_place_windows_covers_long_regions_and_centers_on_short_ones() -> None:
    starts, ends = place_windows([(1.0, 1.4), (3.0, 5.0)], window=1.0, hop=0.25).T
    np.testing.assert_allclose(ends - starts, 1.0)
    assert starts[0] == pytest.approx(0.7)
    assert starts[1] == 3.0 and starts[-1] == 4.0
    assert np.diff(starts[1:]).max() <= 0.25 + 1e-9
