"""Pooling equals R's metafor, and its parts equal what is computed without its shortcuts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from werkbank.statistics.pooling.covariance import Blocks, Inverse
from werkbank.statistics.pooling.model import generalised_q, jointly, knapp_hartung, pool, residual_factor, wald

METHODS = ["DL", "ML", "REML", "PM"]


@pytest.mark.parametrize("method", METHODS)
def test_random_effects_equal_metafor(expectancy, method):
    fit, value = pool(expectancy.y, expectancy.v, method=method), expectancy.values["models"][method]
    normal = wald(fit)
    made = [fit.beta[0], normal.se[0], normal.p[0], normal.low[0], normal.high[0], fit.between]
    assert made == pytest.approx([value[k] for k in ("mu", "se", "p", "ci_low", "ci_high", "tau2")], abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_knapp_hartung_equals_metafor_with_and_without_its_floor(expectancy, method):
    fit, value = pool(expectancy.y, expectancy.v, method=method), expectancy.values["models"][method]
    for floor, name in ((False, "knha"), (True, "adhoc")):
        made = knapp_hartung(fit, never_narrower=floor)
        expected = [value[name][k] for k in ("se", "p", "ci_low", "ci_high")]
        assert [made.se[0], made.p[0], made.low[0], made.high[0]] == pytest.approx(expected, abs=1e-9)


def test_a_common_effect_is_the_weighted_mean(expectancy):
    fit, value = pool(expectancy.y, expectancy.v, method="common"), expectancy.values["models"]["FE"]
    assert fit.beta[0] == pytest.approx(np.average(expectancy.y, weights=1 / expectancy.v), abs=1e-12)
    assert [fit.beta[0], wald(fit).se[0]] == pytest.approx([value["mu"], value["se"]], abs=1e-12)


@pytest.mark.parametrize("kind", ["REML", "REML_knha"])
def test_weeks_of_acquaintance_equal_metafor(expectancy, kind):
    weeks = expectancy.table["weeks"].clip(upper=3).to_numpy()
    fit, value = pool(expectancy.y, expectancy.v, moderators=weeks), expectancy.values["weeks_capped3"][kind]
    factor = residual_factor(fit, never_narrower=False) if kind == "REML_knha" else None
    made = knapp_hartung(fit, never_narrower=False) if factor else wald(fit)
    for at, name in enumerate(("Intercept", "weeks3")):
        expected = [value["coef"][name][k] for k in ("b", "se", "p", "ci_low", "ci_high")]
        assert [made.estimate[at], made.se[at], made.p[at], made.low[at], made.high[at]] == pytest.approx(
            expected, abs=1e-8
        )
    together = jointly(fit, [1], knapp_hartung_factor=factor)
    assert [together.statistic, together.p] == pytest.approx([value["QM"], value["QM_p"]], rel=1e-7)


def test_a_factor_of_grades_equals_metafor(published):
    review = published("bangertdrowns2004")
    grade = np.column_stack([(review.table["grade"] == level).to_numpy(dtype=float) for level in (2, 3, 4)])
    value = review.values["mods_grade_factor"]["REML"]
    together = jointly(pool(review.y, review.v, moderators=grade), [1, 2, 3])
    assert [together.statistic, together.p] == pytest.approx([value["QM"], value["QM_p"]], rel=1e-6)


@pytest.mark.parametrize("name", ["bangertdrowns2004", "raudenbush1985"])
@pytest.mark.parametrize("method", [*METHODS, "common"])
def test_every_review_equals_metafor(published, name, method):
    review = published(name)
    key = "FE" if method == "common" else method
    fit, value = pool(review.y, review.v, method=method), review.values[key]
    made = wald(fit)
    found = [made.estimate[0], made.se[0], made.p[0], made.low[0], made.high[0], fit.between]
    assert found == pytest.approx([value[k] for k in ("mu", "se", "p", "ci_low", "ci_high", "tau2")], abs=1e-9)
    if method != "common":
        hartung, other = knapp_hartung(fit, never_narrower=False), review.values[f"{key}_knha"]
        assert [hartung.se[0], hartung.p[0]] == pytest.approx([other["se"], other["p"]], abs=1e-9)


def test_three_levels_equal_metafor(published):
    review = published("konstantopoulos2011")
    for method, name in (("REML", "three_level_z"), ("ML", "three_level_ML")):
        fit = pool(review.y, review.v, studies=review.table["district"].to_numpy(), method=method)
        value = review.values[name]
        sigma = value["sigma2"]
        assert [fit.between, fit.within] == pytest.approx([sigma["district"], sigma["district_school"]], rel=1e-5)
        mean = value["coef"]["Intercept"]
        assert [fit.beta[0], wald(fit).se[0]] == pytest.approx([mean["b"], mean["se"]], rel=1e-6)
        assert fit.log_likelihood == pytest.approx(value["logLik"], abs=1e-7)


@pytest.mark.parametrize("rho", [0.4, 0.6, 0.8])
def test_correlated_effects_equal_metafor(published, rho):
    review = published("assink2016")
    fit = pool(review.y, review.v, studies=review.table["study"].to_numpy(), rho=rho)
    value = review.values[f"CHE_rho{rho}"]
    assert [fit.between, fit.within] == pytest.approx(
        [value["sigma2"]["study"], value["sigma2"]["study_esid"]], rel=1e-5
    )
    assert fit.log_likelihood == pytest.approx(value["logLik"], abs=1e-7)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0, 0.9), st.floats(0, 0.5), st.floats(0, 0.5))
def test_the_inverse_by_studies_is_the_inverse(seed, rho, between, within):
    rng = np.random.default_rng(seed)
    code = np.sort(np.unique(rng.integers(0, 5, 12), return_inverse=True)[1])
    blocks = Blocks(code, rng.uniform(0.01, 0.2, 12), rho)
    same = code[:, None] == code[None, :]
    s = np.sqrt(blocks.v)
    whole = same * (rho * np.outer(s, s) + between) + np.diag((1 - rho) * blocks.v + within)
    made, a = Inverse.at(blocks, between, within), rng.normal(size=(12, 2))
    assert made.times(a) == pytest.approx(np.linalg.solve(whole, a), rel=1e-8, abs=1e-9)
    assert made.log_determinant == pytest.approx(np.linalg.slogdet(whole)[1], abs=1e-9)
    inverse = np.linalg.inv(whole)
    assert made.traces() == pytest.approx([(inverse * same).sum(), np.trace(inverse)], rel=1e-8)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_the_restricted_likelihood_is_highest_where_it_says(seed):
    rng = np.random.default_rng(seed)
    studies = np.repeat(np.arange(8), 3)
    v = rng.uniform(0.01, 0.1, 24)
    y = 0.2 + rng.normal(0, 0.3, 8)[studies] + rng.normal(0, np.sqrt(v + 0.04))
    fit = pool(y, v, studies=studies)

    def minus(variances):
        whole = np.equal.outer(studies, studies) * variances[0] + np.diag(v + variances[1])
        w = np.linalg.inv(whole)
        x = np.ones((24, 1))
        information = x.T @ w @ x
        r = y - (x @ np.linalg.solve(information, x.T @ w @ y))
        return 0.5 * (np.linalg.slogdet(whole)[1] + np.linalg.slogdet(information)[1] + r @ w @ r)

    found = optimize.minimize(minus, [0.05, 0.05], method="L-BFGS-B", bounds=[(0, None)] * 2)
    assert minus([fit.between, fit.within]) <= found.fun + 1e-9


def test_alike_studies_have_no_variance_between_them():
    fit = pool(np.full(6, 0.2), np.full(6, 0.05))
    assert fit.between == 0
    assert fit.beta[0] == pytest.approx(0.2)
    assert knapp_hartung(fit).se[0] == pytest.approx(np.sqrt(0.05 / 6))


def test_units_do_not_matter(expectancy):
    fit, large = pool(expectancy.y, expectancy.v), pool(1000 * expectancy.y, 1e6 * expectancy.v)
    assert large.between == pytest.approx(1e6 * fit.between, rel=1e-9)


def test_what_is_no_review_is_refused():
    ok = np.array([0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="missing"):
        pool(np.array([0.1, np.nan, 0.3]), ok)
    with pytest.raises(ValueError, match="above 0"):
        pool(ok, np.array([0.1, 0.0, 0.1]))
    with pytest.raises(ValueError, match="cannot carry"):
        pool(ok[:1], ok[:1])
    with pytest.raises(ValueError, match="say the same"):
        pool(np.append(ok, 0.2), np.append(ok, 0.2), moderators=np.ones(4))
    with pytest.raises(ValueError, match="knows no levels"):
        pool(ok, ok, studies=np.array([1, 1, 2]), method="DL")
    with pytest.raises(ValueError, match="rho"):
        pool(ok, ok, rho=0.5)


def test_q_falls_with_tau_squared(expectancy):
    x = np.ones((19, 1))
    values = [generalised_q(expectancy.y, x, expectancy.v, t) for t in (0, 0.01, 0.1, 1)]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(expectancy.values["models"]["FE"]["Q"], abs=1e-9)
