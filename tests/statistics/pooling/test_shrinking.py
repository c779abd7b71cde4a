"""Effects drawn towards the others: R's at one tau, better than raw ones, and with intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from werkbank.statistics.pooling.model import pool
from werkbank.statistics.pooling.shrinking import given_tau, shrunken


def test_at_one_tau_they_are_metafors(expectancy):
    fit = pool(expectancy.y, expectancy.v)
    made, _, own = given_tau(fit.y, expectancy.v, fit.x, fit.between)
    # Raudenbush's empirical Bayes estimates, as metafor's test suite has them
    assert made[:3] == pytest.approx([0.0543, 0.1006, -0.0064], abs=5e-5)
    assert own == pytest.approx(fit.between / (fit.between + expectancy.v))


def test_averaged_over_tau_they_are_what_adaptive_integration_says(expectancy):
    y, v = expectancy.y[:6], expectancy.v[:6]
    made = shrunken(pool(y, v))

    def likelihood(tau):  # of the effects, the mean integrated out, tau squared flat, written out as densities
        total = v + tau**2
        best = np.average(y, weights=1 / total)
        spread = 1 / np.sum(1 / total)
        return tau * np.prod(stats.norm.pdf(y, best, np.sqrt(total))) * np.sqrt(2 * np.pi * spread)

    def weighted(tau):
        return likelihood(tau) * given_tau(y, v, np.ones((6, 1)), tau**2)[0][3]

    whole = integrate.quad(likelihood, 0, np.inf, epsabs=0, epsrel=1e-9)[0]
    assert made.estimate[3] == pytest.approx(
        integrate.quad(weighted, 0, np.inf, epsabs=0, epsrel=1e-9)[0] / whole, rel=1e-6
    )


@pytest.mark.parametrize("spread", [0.0, 0.15, 0.3])
def test_they_err_less_than_raw_ones_and_their_intervals_cover(spread):
    rng = np.random.default_rng(20261130)
    raw, drawn, covered = [], [], []
    for _ in range(25):
        v = rng.uniform(0.02, 0.15, 60)
        truth = rng.normal(0.2, spread, 60)
        y = rng.normal(truth, np.sqrt(v))
        made = shrunken(pool(y, v, method="DL"))
        raw.append(np.mean((y - truth) ** 2))
        drawn.append(np.mean((made.estimate - truth) ** 2))
        covered.append(np.mean((made.low <= truth) & (truth <= made.high)))
    assert np.mean(drawn) < np.mean(raw)
    # a tau of 0 lies at the edge of what is thought possible: intervals are then too wide, never too narrow
    assert 0.93 <= np.mean(covered) <= (0.97 if spread else 1)


def test_what_cannot_be_drawn_is_refused(expectancy):
    nested = pool(expectancy.y, expectancy.v, studies=np.repeat(np.arange(10), 2)[:19])
    with pytest.raises(ValueError, match="of its own"):
        shrunken(nested)
    three = pool(expectancy.y[:3], expectancy.v[:3])
    with pytest.raises(ValueError, match="too few"):
        shrunken(three)
