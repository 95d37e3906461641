"""How often somebody speaks off screen: the belief by hand."""

import numpy as np
import pytest
from scipy.stats import beta

from pins_plugin.pipelines.linking.off_screen import believe_off_screen

PRIOR = (-1.0, 6.0)


def test_nothing_heard_is_the_prior() -> None:
    assert believe_off_screen(0, 0, PRIOR).divergence == pytest.approx(0.0)


@pytest.mark.parametrize(("hidden", "shown"), [(0.0, 8.0), (3.0, 1.0), (5.0, 5.0)])
def test_belief_is_the_beta_distribution(hidden: float, shown: float) -> None:
    mean = 1 / (1 + np.exp(1.0))
    prior = beta(6 * mean, 6 * (1 - mean))
    after = beta(6 * mean + hidden, 6 * (1 - mean) + shown)
    shares = (np.arange(20000) + 0.5) / 20000
    weights = after.pdf(shares) / 20000
    found = believe_off_screen(hidden, shown, PRIOR)
    assert found.log_odds == pytest.approx(weights @ np.log(shares / (1 - shares)), abs=1e-2)
    divergence = weights @ (after.logpdf(shares) - prior.logpdf(shares))
    assert found.divergence == pytest.approx(divergence, abs=1e-2)
