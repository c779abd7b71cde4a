"""The indirect way: both paths against statsmodels, in pupils and in classes, and an interval that covers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.effects.leading import Plan
from werkbank.effects.mediation import mediated
from werkbank.statistics.unit_means import SlopeChoice

WEIGHTS = {"T": 1.0, "C": -1.0}


def plan(design="pupils", slope="between", *, covariates=(), level=0.95):
    return Plan(design, WEIGHTS, True, covariates, SlopeChoice(slope, ""), level=level)


def path(seed=7, n=12, size=10, a=0.8, b=0.5, icc=0.3):
    """Pupils in classes: programme -> mediator (a) -> post (b)."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(n), size)
    t = (unit % 2 == 0).astype(float)
    pre = rng.normal(size=len(unit))
    m = a * t + 0.3 * pre + rng.normal(size=len(unit)) + rng.normal(0, icc, n)[unit]
    post = b * m + 0.2 * t + 0.4 * pre + rng.normal(size=len(unit)) + rng.normal(0, icc, n)[unit]
    block = (unit // 2).astype(str)
    names = {"arm": np.where(t > 0, "T", "C"), "unit": unit.astype(str), "block": block}
    return pd.DataFrame({**names, "pre": pre, "m": m, "post": post, "age": rng.normal(size=len(unit))})


def in_two_steps(rows, covariates):
    """Return a, b and their HC2 SEs by statsmodels."""
    import statsmodels.api as sm

    t = (rows["arm"] == "T").to_numpy(float)
    X = np.column_stack([np.ones(len(rows)), t, rows[covariates]])
    first = sm.OLS(rows["m"].to_numpy(), X).fit(cov_type="HC2")
    second = sm.OLS(rows["post"].to_numpy(), np.column_stack([X, rows["m"]])).fit(cov_type="HC2")
    return first.params[1], second.params[-1], first.bse[1], second.bse[-1]


@pytest.mark.parametrize("covariates", [(), ("age",)])
def test_of_pupils_it_is_statsmodels_a_times_b_at_equal_covariates(covariates):
    rows = path()
    made = mediated(plan(covariates=covariates), rows, "m", seed=1)
    a, b, se_a, se_b = in_two_steps(rows, ["pre", *covariates])
    assert made.value == pytest.approx(a * b, rel=1e-9)
    assert made.se == pytest.approx(np.sqrt((a * se_b) ** 2 + (b * se_a) ** 2), rel=1e-8)
    assert made.ci_low < made.value < made.ci_high
    assert made.p is None


def test_of_classes_it_runs_between_their_means():
    rows = path(n=20)
    made = mediated(plan("units"), rows, "m", seed=1)
    means = rows.groupby("unit").agg({"arm": "first", "pre": "mean", "m": "mean", "post": "mean"})
    a, b, se_a, se_b = in_two_steps(means, ["pre"])
    assert made.value == pytest.approx(a * b, rel=1e-9)
    assert made.se == pytest.approx(np.sqrt((a * se_b) ** 2 + (b * se_a) ** 2), rel=1e-8)
    of_pupils = mediated(plan(), rows, "m", seed=1)
    assert made.ci_high - made.ci_low > 1.2 * (of_pupils.ci_high - of_pupils.ci_low)


def test_the_interval_is_that_of_products_drawn_from_both_t_distributions():
    from scipy import integrate, stats

    from werkbank.effects.further import slope
    from werkbank.effects.leading import answered

    rows = path(n=16)
    made = mediated(plan("units"), rows, "m", seed=3)
    a, b = answered(plan("units"), rows.assign(post=rows["m"])).test, slope(plan("units"), rows, "m")

    def below(limit):  # P(ab < limit), by integration over the first path
        def given(x):
            edge = stats.t.cdf((limit / x - b.value) / b.se, b.df)
            return (edge if x > 0 else 1 - edge) * stats.t.pdf((x - a.value) / a.se, a.df) / a.se

        reach = 12 * a.se
        return (
            integrate.quad(given, a.value - reach, 0, limit=300)[0]
            + integrate.quad(given, 1e-12, a.value + reach, limit=300)[0]
        )

    assert below(made.ci_low) == pytest.approx(0.025, abs=0.004)
    assert below(made.ci_high) == pytest.approx(0.975, abs=0.004)
    narrow = mediated(plan("units", level=0.8), rows, "m", seed=3)
    assert made.ci_low < narrow.ci_low < narrow.ci_high < made.ci_high


def test_the_same_seed_gives_the_same_interval_whatever_units_are_called():
    rows = path()
    first = mediated(plan("units"), rows, "m", seed=5)
    renamed = rows.assign(unit=["z" + name[::-1] + name for name in rows["unit"]])
    again = mediated(plan("units"), renamed, "m", seed=5)
    assert (first.value, first.se) == pytest.approx((again.value, again.se), rel=1e-12)
    assert (first.ci_low, first.ci_high) == pytest.approx((again.ci_low, again.ci_high), rel=1e-9)


def test_pairs_are_in_both_paths():
    rows = path(n=16)
    rows["post"] += rows["block"].astype(float)  # blocks far apart
    rows["m"] += rows["block"].astype(float)
    made, without = (mediated(plan(design), rows, "m", seed=1) for design in ("blocks", "units"))
    assert made.se < without.se


def test_what_cannot_be_told_is_refused():
    rows = path()
    same = rows.assign(m=(rows["arm"] == "T").astype(float))
    assert mediated(plan(), same, "m", seed=1).note in {"not_estimable", "no_residual_variation"}
    few = rows[rows["unit"].isin(["0", "1", "2", "3"])]
    assert mediated(plan("units"), few, "m", seed=1).note == "too_few_for_slope"


def test_a_way_that_was_put_in_is_covered():
    found = [mediated(plan("units"), path(seed, n=14), "m", seed=1) for seed in range(120)]
    assert np.mean([q.value for q in found]) == pytest.approx(0.4, abs=0.08)
    assert np.mean([q.ci_low < 0.4 < q.ci_high for q in found]) > 0.9
