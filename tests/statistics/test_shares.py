"""Intervals of shares that know the schools behind them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln, stdtrit
from scipy.stats import binom

from werkbank.statistics.shares import clopper_pearson, share


def pupils(schools=8, size=25, spread=0.15, p=0.3, seed=0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(size // 2, 2 * size, schools)
    unit = np.repeat(np.arange(schools), sizes)
    a, b = p * (1 / spread - 1), (1 - p) * (1 / spread - 1)
    return rng.random(len(unit)) < rng.beta(a, b, schools)[unit], unit


@pytest.mark.parametrize("seed", range(5))
def test_the_variance_is_that_of_a_cluster_robust_mean(seed):
    import statsmodels.api as sm

    yes, unit = pupils(seed=seed)
    fit = sm.OLS(yes.astype(float), np.ones(len(yes))).fit(cov_type="cluster", cov_kwds={"groups": unit})
    p, n, G = yes.mean(), len(yes), 8
    expected = p * (1 - p) / fit.bse[0] ** 2 * (stdtrit(n - 1, 0.025) / stdtrit(G - 1, 0.025)) ** 2
    found = share(yes, unit)
    assert found.n_effective == pytest.approx(min(expected, n), rel=1e-9)
    assert (found.n, found.n_units, found.df) == (n, 8, 7)


@pytest.mark.parametrize("seed", range(3))
def test_limits_solve_the_beta_tails(seed):
    yes, unit = pupils(seed=seed)
    found = share(yes, unit)
    x, m = found.value * found.n_effective, found.n_effective

    def tail(a, b, start, end):
        def density(t):
            return np.exp((a - 1) * np.log(t) + (b - 1) * np.log1p(-t) + gammaln(a + b) - gammaln(a) - gammaln(b))

        return quad(density, start, end, epsabs=1e-13)[0]

    assert tail(x, m - x + 1, 0, found.low) == pytest.approx(0.025, abs=1e-8)
    assert tail(x + 1, m - x, found.high, 1) == pytest.approx(0.025, abs=1e-8)


@pytest.mark.parametrize(("count", "n"), [(0, 12), (1, 12), (6, 12), (12, 12), (87, 257)])
def test_without_units_it_is_clopper_and_pearson(count, n):
    found = share(np.arange(n) < count)
    assert (found.low, found.high) == clopper_pearson(count, n)
    if 0 < count < n:
        assert binom.sf(count - 1, n, found.low) == pytest.approx(0.025)
        assert binom.cdf(count, n, found.high) == pytest.approx(0.025)
    assert found.n_units is None


def test_schools_widen_the_interval_and_never_narrow_it_below_that_of_pupils():
    for seed in range(30):
        yes, unit = pupils(seed=seed, spread=[0.01, 0.2][seed % 2])
        known, alone = share(yes, unit), share(yes)
        assert known.low <= alone.low + 1e-12
        assert known.high >= alone.high - 1e-12


def test_order_and_names_of_schools_are_irrelevant():
    yes, unit = pupils()
    order = np.random.default_rng(1).permutation(len(yes))
    named = np.array([f"school {u}" for u in unit])
    shuffled, found = share(yes[order], named[order]), share(yes, unit)
    assert (shuffled.low, shuffled.high) == pytest.approx((found.low, found.high), rel=1e-9)


def test_at_the_edges():
    assert np.isnan(share([], []).value)
    one = share([True, False, True], ["a"] * 3)
    assert one.value == pytest.approx(2 / 3)
    assert np.isnan([one.low, one.high]).all()
    nobody = share([False] * 40, np.repeat(list("abcd"), 10))
    assert (nobody.value, nobody.low) == (0, 0)
    assert share([False] * 40).high < nobody.high < 0.25  # few schools are few, whatever they agree on
    assert share([True] * 40, np.repeat(list("abcd"), 10)).high == 1
    alike = share([True, False] * 20, np.repeat(list("abcd"), 10))
    assert alike.n_effective == 40  # schools that do not differ at all
