"""How often whoever speaks is shown: the belief beside its definition."""

import numpy as np
import pytest
from scipy.stats import dirichlet

from pins_plugin.pipelines.linking.presence import believe_presence

PRIOR = (-1.0, -0.5, 6.0)


def test_nothing_heard_is_the_prior() -> None:
    assert believe_presence(np.zeros(3), *PRIOR).divergence == pytest.approx(0.0)


@pytest.mark.parametrize("turns", [(8.0, 0.0, 0.0), (1.0, 3.0, 2.0), (5.0, 0.0, 5.0)])
def test_belief_is_the_dirichlet_distribution(turns: tuple[float, ...]) -> None:
    odds = np.exp([0.0, *PRIOR[:2]])
    prior = PRIOR[2] * odds / odds.sum()
    after = prior + turns
    drawn = dirichlet(after).rvs(200_000, random_state=0)
    drawn = np.clip(drawn, 1e-12, None)
    drawn /= drawn.sum(axis=1, keepdims=True)
    found = believe_presence(np.array(turns), *PRIOR)
    np.testing.assert_allclose(found.log_shares, np.log(drawn).mean(axis=0), atol=0.02)
    divergence = (dirichlet(after).logpdf(drawn.T) - dirichlet(prior).logpdf(drawn.T)).mean()
    assert found.divergence == pytest.approx(divergence, abs=0.02)


def test_what_was_never_heard_becomes_unlikelier_with_every_turn() -> None:
    few, many = (
        believe_presence(np.array([number, 0.0, 0.0]), *PRIOR).log_shares for number in (1.0, 20.0)
    )
    assert (many[1:] - many[0] < few[1:] - few[0]).all()
