"""Models over waves against lme4 and pbkrtest, nlme, the multivariate test and dense matrices."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from werkbank.errors import UsageError
from werkbank.statistics.multilevel import inference
from werkbank.statistics.multilevel.covariances import Covariance
from werkbank.statistics.multilevel.over_waves import fit_over_waves, test_over_waves


def made(seed, classes=14, waves=3, lost=0.2):
    """Scores of pupils in classes that hang together over waves, a fifth of them missing at random."""
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(classes), rng.integers(5, 12, classes))
    apart = np.abs(np.subtract.outer(np.arange(waves), np.arange(waves)))
    of_class = rng.normal(size=(classes, waves)) @ np.linalg.cholesky(0.7**apart).T * 0.6
    y = of_class[code] + rng.normal(size=(len(code), waves)) @ np.linalg.cholesky(0.5**apart).T * (1 + np.arange(waves))
    seen = rng.random(y.shape) > lost
    who, wave = np.nonzero(seen)
    arm = code[who] % 2
    columns = [(wave == t).astype(float) for t in range(waves)]
    columns += [((wave == t) & (arm == 1)).astype(float) for t in range(1, waves)]
    return y[who, wave], np.column_stack(columns), who, wave, code[who]


@pytest.fixture
def infants(shared):
    table = pd.read_csv(shared / "data/early_intervention.csv")
    times = [1.0, 1.5, 2.0]
    at = [(table["age"] == t).to_numpy(float) for t in times]
    treated = (table["trt"] == "Y").to_numpy(float)
    return table, np.column_stack([*at, *(a * treated for a in at[1:])])


@pytest.mark.parametrize(("structure", "known"), [("unstructured", (8.002, 1.83)), ("exchangeable", (7.18, None))])
def test_early_intervention_matches_nlme(infants, structure, known):
    table, X = infants
    fit = fit_over_waves(table["cog"], X, table["id"], table["age"], structure=structure)
    assert fit.beta[-1] == pytest.approx(known[0], abs=5e-3)
    if known[1]:
        assert np.sqrt(fit.information.Phi[-1, -1]) == pytest.approx(known[1], abs=5e-3)


def test_complete_scores_give_the_multivariate_test(infants):
    # difference in change, unstructured and unconstrained: Student's t of the changes, whatever the other waves say
    table, X = infants
    start = (table["age"] == 1.0).to_numpy(float) * (table["trt"] == "Y")
    fit = fit_over_waves(table["cog"], np.column_stack([X, start]), table["id"], table["age"])
    found = test_over_waves(fit, [0, 0, 0, 0, 1, -1])
    wide = table.pivot_table(index=["id", "trt"], columns="age", values="cog")
    change = (wide[2.0] - wide[1.0]).groupby("trt")
    known = stats.ttest_ind(*(change.get_group(arm) for arm in ("Y", "N")))
    assert found.df == pytest.approx(known.df, rel=1e-6)
    assert (found.statistic, found.p) == pytest.approx((known.statistic, known.pvalue), rel=1e-6)


def dense(fit, own, shared, data):
    """REML deviance and Kenward-Roger's SE and df by matrices of all rows, as Kenward & Roger (1997) have them."""
    y, X, who, wave, unit = data
    same, near = (who[:, None] == who), (unit[:, None] == unit)
    G = [same * B[np.ix_(wave, wave)] for B in own.basis] + [near * B[np.ix_(wave, wave)] for B in shared.basis]
    V = same * fit.of_pupils[np.ix_(wave, wave)] + near * fit.of_units[np.ix_(wave, wave)]
    Vi = np.linalg.inv(V)
    Phi = np.linalg.inv(X.T @ Vi @ X)
    beta = Phi @ X.T @ Vi @ y
    rest = y - X @ beta
    n, p = X.shape
    loglik = -0.5 * (
        np.linalg.slogdet(V)[1] - np.linalg.slogdet(Phi)[1] + rest @ Vi @ rest + (n - p) * np.log(2 * np.pi)
    )
    VX, VG = Vi @ X, [Vi @ g for g in G]
    P = [-VX.T @ g @ VX for g in G]
    Q = [[(g @ VX).T @ Vi @ (h @ VX) for h in G] for g in G]
    m = len(G)
    info = np.array(
        [
            [
                np.sum(VG[i] * VG[j].T) - 2 * np.trace(Phi @ Q[i][j]) + np.trace(Phi @ P[i] @ Phi @ P[j])
                for j in range(m)
            ]
            for i in range(m)
        ]
    )
    W = 2 * np.linalg.inv(info)
    inner = sum(W[i, j] * (Q[i][j] - P[i] @ Phi @ P[j]) for i in range(m) for j in range(m))
    adjusted = Phi + 2 * Phi @ inner @ Phi
    L = np.zeros(p)
    L[-1] = 1
    theta = np.outer(L, L) / (L @ Phi @ L)
    traces = [np.trace(theta @ Phi @ Pi @ Phi) for Pi in P]
    A1 = sum(W[i, j] * traces[i] * traces[j] for i in range(m) for j in range(m))
    # one row: A1 = A2, and df = 2/A1
    return loglik, beta[-1], np.sqrt(L @ adjusted @ L), 2 / A1


@pytest.mark.parametrize("structures", [("unstructured", "exchangeable"), ("by_distance", "exchangeable"),
                                        ("unstructured", "unstructured")])  # fmt: skip
@pytest.mark.parametrize("seed", [1, 2])
def test_classes_over_waves_match_dense_matrices(structures, seed):
    data = made(seed)
    fit = fit_over_waves(*data, structure=structures[0], units_structure=structures[1])
    found = test_over_waves(fit, np.eye(len(fit.beta))[-1])
    loglik, b, se, df = dense(fit, *(Covariance.of(s, 3) for s in structures), data)
    assert fit.converged
    assert fit.loglik == pytest.approx(loglik, rel=1e-9)
    assert (found.estimate, found.se, found.df) == pytest.approx((b, se, df), rel=1e-6)


@pytest.mark.parametrize("structures", [("unstructured", "exchangeable"), ("by_distance", "exchangeable")])
def test_no_covariance_nearby_is_more_likely(structures):
    data = made(3)
    fit = fit_over_waves(*data, structure=structures[0], units_structure=structures[1])
    own, shared = (Covariance.of(s, 3) for s in structures)
    rng = np.random.default_rng(3)
    for _ in range(8):
        moved = [
            matrix + np.tensordot(rng.normal(0, 0.02, cov.size), cov.basis, 1)
            for matrix, cov in ((fit.of_pupils, own), (fit.of_units, shared))
        ]
        near = type(fit)(fit.names, fit.beta, *moved, fit.loglik, fit.n, converged=True)
        assert dense(near, own, shared, data)[0] <= fit.loglik + 1e-9


@pytest.mark.parametrize("structure", ["unstructured", "by_distance", "exchangeable"])
@pytest.mark.parametrize("n_waves", [2, 3, 5])
def test_the_derivatives_of_a_structure(structure, n_waves):
    cov = Covariance.of(structure, n_waves)
    free = cov.start(0.4, 0.6) + np.random.default_rng(1).normal(0, 0.1, cov.size)
    psi, first, second = cov.parameters(free)
    step = 1e-6 * np.eye(cov.size)
    around = [(cov.parameters(free + e), cov.parameters(free - e)) for e in step]
    assert first == pytest.approx(np.stack([(a[0] - b[0]) / 2e-6 for a, b in around], 1), abs=1e-8)
    assert second == pytest.approx(np.stack([(a[1] - b[1]) / 2e-6 for a, b in around], 2), abs=1e-8)
    matrix = np.tensordot(cov.parameters(cov.start(0.4, 0.6))[0], cov.basis, 1)
    assert matrix == pytest.approx(0.4 + 0.6 * np.eye(n_waves))
    assert len(psi) == cov.size


def test_what_cannot_be_fitted_is_refused_or_said():
    y, X, who, wave, unit = made(4)
    with pytest.raises(UsageError, match="two rows"):
        fit_over_waves(np.r_[y, y[0]], np.r_[X, X[:1]], np.r_[who, who[0]], np.r_[wave, wave[0]])
    with pytest.raises(UsageError, match="two units"):
        fit_over_waves(y, X, who, wave, np.where(np.arange(len(y)) == 0, 99, unit))
    flat = fit_over_waves(X @ np.ones(X.shape[1]), X, who, wave, unit)
    assert not flat.converged
    assert test_over_waves(flat, np.eye(X.shape[1])[0]).note


def test_what_rounding_ate_of_a_variance_is_not_known():
    assert np.isnan(inference._inverse(np.diag([1e-3, -2e9]))).all()
    assert inference._inverse(np.diag([1e-3, 2e9])) == pytest.approx(np.diag([1e3, 5e-10]))
