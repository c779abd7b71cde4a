"""HC2 of unit means: against the cluster-robust room, statsmodels and exact special cases."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from werkbank.statistics.hc2 import arm_covariances, contrast, pooled_se, robust_means, welch_df
from werkbank.statistics.multilevel import cluster_robust, cr2_test


@pytest.fixture
def made():
    rng = np.random.default_rng(4)
    arm = np.repeat([0, 1, 2], [4, 7, 5])
    X = np.column_stack([np.eye(3)[arm], rng.normal(size=(16, 2))])
    return rng.normal(size=16) * (1 + arm), X, arm, rng.integers(3, 30, 16).astype(float)


def test_se_and_df_are_those_of_cr2_with_one_row_a_cluster(made):
    y, X, arm, _ = made
    fit = robust_means(y, X, arm)
    for w in ([1, -1, 0, 0, 0], [1, -0.5, -0.5, 0, 0], [0, 0, 0, 1, 0]):
        found, want = contrast(fit, w), cr2_test(cluster_robust(y, X, np.arange(16)), np.array(w, dtype=float))
        assert (found.value, found.se, found.df_bm) == pytest.approx((want.estimate, want.se, want.df), rel=1e-9)


def test_se_is_statsmodels_hc2_and_the_ordinary_one_is_its_ordinary_one(made):
    y, X, arm, _ = made
    fit, theirs = robust_means(y, X, arm), sm.OLS(y, X)
    w = np.array([0, 1.0, -1.0, 0, 0])
    hc2 = theirs.fit(cov_type="HC2").cov_params()
    assert contrast(fit, w).se == pytest.approx(np.sqrt(w @ hc2 @ w), rel=1e-9)
    assert pooled_se(fit, w)[0] == pytest.approx(float(theirs.fit().t_test(w).sd.item()), rel=1e-9)
    assert arm_covariances(fit).sum(axis=0) == pytest.approx(hc2[:3, :3], rel=1e-8)


def test_weights_by_size_are_cr2_of_the_pupils(made):
    y, X, arm, n = made
    rng, c = np.random.default_rng(5), np.repeat(np.arange(16), n.astype(int))
    scores = y[c] + rng.normal(size=len(c))
    means = np.bincount(c, scores) / n
    found = contrast(robust_means(means, X, arm, n), [1, -1, 0, 0, 0])
    want = cr2_test(cluster_robust(scores, X[c], c), np.array([1.0, -1, 0, 0, 0]))
    assert (found.value, found.se, found.df_bm) == pytest.approx((want.estimate, want.se, want.df), rel=1e-8)


def test_two_arms_alone_are_welch_and_equal_numbers_student():
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=5), rng.normal(size=9) * 3
    arm = np.repeat([0, 1], [5, 9])
    found = contrast(robust_means(np.r_[a, b], np.eye(2)[arm], arm), [1, -1])
    welch = stats.ttest_ind(a, b, equal_var=False)
    assert (found.value / found.se, found.df_welch) == pytest.approx((welch.statistic, welch.df), rel=1e-10)
    # Bell and McCaffrey's df of two means, in closed form
    df = (1 / 5 + 1 / 9) ** 2 / (1 / (25 * 4) + 1 / (81 * 8))
    assert found.df_bm == pytest.approx(df, rel=1e-10)
    equal = contrast(robust_means(np.r_[a, b[:5]], np.eye(2)[arm[:10]], arm[:10]), [1, -1])
    student = stats.ttest_ind(a, b[:5])
    assert (equal.value / equal.se, equal.df_bm) == pytest.approx((student.statistic, 8), rel=1e-10)


def test_studies_side_by_side_are_those_alone(made):
    y, X, arm, n = made
    rng = np.random.default_rng(7)
    ys = np.stack([y, y + rng.normal(size=16)])
    Xs = np.stack([X, X + np.r_[0, 0, 0, 1, 1] * rng.normal(size=X.shape)])
    many = contrast(robust_means(ys, Xs, arm, np.stack([n, n + 1])), [1, 0, -1, 0, 0])
    for i, size in enumerate((n, n + 1)):
        one = contrast(robust_means(ys[i], Xs[i], arm, size), [1, 0, -1, 0, 0])
        assert (many.value[i], many.se[i], many.df_bm[i], many.df_welch[i]) == pytest.approx(
            [float(x) for x in (one.value, one.se, one.df_bm, one.df_welch)], rel=1e-9
        )


def test_a_unit_that_decides_alone_and_a_repeated_column_are_seen(made):
    y, X, arm, _ = made
    assert robust_means(y, np.column_stack([X, np.arange(16) == 3]), arm).determined
    assert robust_means(y, np.column_stack([X, X[:, 3] * 2]), arm).collinear
    fine = robust_means(y, X, arm)
    assert not fine.determined
    assert not fine.collinear


def test_welch_leaves_out_what_adds_nothing_and_refuses_what_has_no_df():
    assert welch_df([2.0, 0.0], [3.0, 0.0]) == pytest.approx(3.0)
    assert np.isnan(welch_df([1.0, 1.0], [3.0, 0.0]))
