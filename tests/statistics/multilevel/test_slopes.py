"""A slope that differs between classes: R's optimum, matrices of full size, statsmodels, boundaries, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UsageError
from werkbank.statistics.multilevel import fit_slopes, test


def study(seed=1, classes=12, sd=(0.5, 0.3), sizes=(6, 15), interaction=0.2):
    rng = np.random.default_rng(seed)
    n = rng.integers(*sizes, classes)
    code = np.repeat(np.arange(classes), n)
    treated = (code % 2 == 0).astype(float)
    x = rng.normal(2, 3, len(code))
    u0, u1 = rng.normal(0, sd[0], classes)[code], rng.normal(0, sd[1], classes)[code]
    y = 10 + treated + (0.4 + interaction * treated + u1) * x + u0 + rng.normal(0, 2, len(code))
    X = pd.DataFrame({"one": 1.0, "treated": treated, "x": x, "treated x": treated * x})
    return y, X, code, x


def kenward_roger_by_matrices(y, X, code, x, psi, row):
    """Kenward & Roger's (1997) SE and df of one contrast from V itself, n x n, step by step."""
    Z = np.column_stack([np.ones(len(x)), x])
    same = (code[:, None] == code[None, :]).astype(float)
    ones, cross, squares = same, same * (x[:, None] + x[None, :]), same * np.outer(x, x)
    G = [ones, cross, squares, np.eye(len(x))]
    V = sum(p * g for p, g in zip(psi, G, strict=True))
    assert Z.shape == (len(x), 2)
    Vi = np.linalg.inv(V)
    Phi = np.linalg.inv(X.T @ Vi @ X)
    b = Phi @ X.T @ Vi @ y
    P = [-X.T @ Vi @ g @ Vi @ X for g in G]
    Q = [[X.T @ Vi @ g @ Vi @ h @ Vi @ X for h in G] for g in G]
    info = np.array(
        [
            [
                np.trace(Vi @ g @ Vi @ h) - 2 * np.trace(Phi @ Q[i][j]) + np.trace(Phi @ P[i] @ Phi @ P[j])
                for j, h in enumerate(G)
            ]
            for i, g in enumerate(G)
        ]
    )
    W = 2 * np.linalg.inv(info)
    added = sum(W[i, j] * (Q[i][j] - P[i] @ Phi @ P[j]) for i in range(4) for j in range(4))
    adjusted = Phi + 2 * Phi @ added @ Phi
    theta = np.outer(row, row) / (row @ Phi @ row)
    a = [np.trace(theta @ Phi @ p @ Phi) for p in P]
    a1 = sum(W[i, j] * a[i] * a[j] for i in range(4) for j in range(4))
    df = 2 / a1  # of one row A1 = A2, and the general formula comes down to this
    return b @ row, float(np.sqrt(row @ adjusted @ row)), df


def test_nlschools_is_r_s_random_slope(nlschools, reference):
    want = reference["multilevel"]["nlschools"]["random_slope_IQc"]["reml"]
    iq = nlschools.IQ - nlschools.IQ.mean()
    X = pd.DataFrame({"Intercept": 1.0, "IQc": iq, "SES": nlschools.SES, "COMB1": nlschools.COMB})
    found = fit_slopes(nlschools.lang, X, nlschools["class"], iq)
    assert found.converged
    assert not found.singular
    assert found.loglik == pytest.approx(want["logLik"], abs=1e-6)
    for part, name in (("Intercept", "intercept"), ("Intercept_x_IQc", "covariance"), ("IQc", "slope")):
        assert found.variances[name] == pytest.approx(want["varcomp"][f"class.{part}"], rel=1e-4)
    for name, row in want["fixed"].items():
        assert found.beta[found.names.index(name)] == pytest.approx(row["b"], rel=1e-6)
        assert found.se[found.names.index(name)] == pytest.approx(row["se"], rel=1e-6)
        satterthwaite = test(found, name, "satterthwaite")
        assert satterthwaite.df == pytest.approx(row["df_satterthwaite"], rel=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_kenward_roger_is_that_of_full_matrices(seed):
    y, X, code, x = study(seed)
    found = fit_slopes(y, X, code, x)
    assert found.converged
    v = found.variances
    m = x.mean()  # the intercept's variance is that at the mean: back to 0
    at_zero = v["intercept"] - 2 * m * v["covariance"] + m**2 * v["slope"]
    psi = (at_zero, v["covariance"] - m * v["slope"], v["slope"], found.residual)
    row = np.array([0.0, 0, 0, 1])
    value, se, df = kenward_roger_by_matrices(y, X.to_numpy(), code, x, psi, row)
    made = test(found, "treated x")
    if found.singular:  # what R's generalised inverse does there is not the plain inverse
        assert (made.estimate, made.se) == pytest.approx((value, se), rel=1e-3)
    else:
        assert (made.estimate, made.se, made.df) == pytest.approx((value, se, df), rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.filterwarnings("ignore")  # statsmodels warns of its own search
def test_no_other_optimum_is_better_than_ours(seed):
    import statsmodels.api as sm

    y, X, code, x = study(seed, classes=24)
    found = fit_slopes(y, X, code, x)
    other = sm.MixedLM(y, X, code, exog_re=np.column_stack([np.ones(len(x)), x])).fit(reml=True, method="lbfgs")
    assert found.loglik >= other.llf - 1e-5
    if seed > 1:  # there it stops 1.3 below the optimum
        assert found.loglik == pytest.approx(other.llf, abs=0.1)
        assert np.abs(found.beta - other.fe_params.to_numpy()).max() < 0.1 * found.se.max()
    # the restricted likelihood at our place by scipy's normal density: log f(y) at b - half log|X'V⁻¹X|, with constants
    from scipy import stats

    v, m = found.variances, x.mean()
    centred = x - m
    same = code[:, None] == code[None, :]
    V = same * (
        v["intercept"] + v["covariance"] * (centred[:, None] + centred) + v["slope"] * np.outer(centred, centred)
    )
    V = same * V + found.residual * np.eye(len(x))
    full = stats.multivariate_normal(X.to_numpy() @ found.beta, V).logpdf(y)
    half = np.linalg.slogdet(X.T @ np.linalg.solve(V, X.to_numpy()))[1] / 2
    assert found.loglik == pytest.approx(full - half + 4 * np.log(2 * np.pi) / 2, abs=1e-8)


def test_where_the_column_has_its_zero_and_its_unit_do_not_matter():
    y, X, code, x = study(4)
    first = test(fit_slopes(y, X, code, x), "treated x")
    moved = 100 * x + 7
    X = X.assign(x=moved, **{"treated x": X["treated"] * moved})
    second = test(fit_slopes(1000 * y - 5, X, code, moved), "treated x")
    assert (second.estimate, second.se) == pytest.approx((10 * first.estimate, 10 * first.se), rel=1e-6)
    assert (second.df, second.p) == pytest.approx((first.df, first.p), rel=1e-5)


def test_without_slopes_that_differ_the_fit_is_singular_and_still_tested():
    y, X, code, x = study(5, sd=(0.0, 0.0))
    found = fit_slopes(y, X, code, x)
    assert found.converged
    assert found.singular
    made = test(found, "treated x")
    assert 0 < made.p < 1
    assert made.df > 0


def test_equal_slopes_of_balanced_classes_leave_the_df_of_classes():
    # every class has the same values: the interaction is a t test of the classes' slopes, on classes - 2
    from scipy import stats

    rng = np.random.default_rng(3)
    classes, values = 10, np.array([-2.0, -1, 0, 1, 2])
    code, x = np.repeat(np.arange(classes), 5), np.tile(values, classes)
    treated = (code < 5).astype(float)
    y = (0.5 + rng.normal(0, 1.0, classes)[code]) * x + rng.normal(0, 1.0, classes)[code] + rng.normal(0, 0.4, len(x))
    X = pd.DataFrame({"one": 1.0, "treated": treated, "x": x, "treated x": treated * x})
    slopes = np.array([np.polyfit(x[code == k], y[code == k], 1)[0] for k in range(classes)])
    made = test(fit_slopes(y, X, code, x), "treated x")
    known = stats.ttest_ind(slopes[:5], slopes[5:])
    assert (made.statistic, made.df, made.p) == pytest.approx((known.statistic, 8, known.pvalue), rel=1e-6)


def test_what_has_no_slope_is_refused():
    y, X, code, x = study(6)
    with pytest.raises(UsageError, match="within groups"):
        fit_slopes(y, X, code, code.astype(float))
    with pytest.raises(UsageError, match="two groups"):
        fit_slopes(y, X, np.zeros(len(y)), x)
    with pytest.raises(UsageError, match="missing"):
        fit_slopes(y, X, code, np.where(np.arange(len(x)) == 3, np.nan, x))
    flat = fit_slopes(X["treated"].to_numpy() * 2 + 1, X, code, x)
    assert not flat.converged
    assert test(flat, "treated x").note
