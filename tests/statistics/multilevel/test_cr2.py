"""CR2 with Satterthwaite df against clubSandwich, and what it does when a cluster decides alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UsageError
from werkbank.statistics.multilevel import cluster_robust, cr2_test

ORACLES = Path(__file__).parents[2] / "oracles"
DESIGNS = {d["name"]: d for d in json.loads((ORACLES / "multilevel_kr.json").read_text())}
CR2 = json.loads((ORACLES / "multilevel_cr2_means.json").read_text())


def dense(y, X, clusters, contrast):
    """SE and df by the definition, with n x n matrices."""
    M = np.linalg.inv(X.T @ X)
    H = X @ M @ X.T
    e = y - H @ y
    columns, scores = [], []
    for g in np.unique(clusters):
        rows = clusters == g
        values, vectors = np.linalg.eigh(np.eye(rows.sum()) - H[np.ix_(rows, rows)])
        root = vectors @ np.diag([v**-0.5 if v > 1e-10 else 0.0 for v in values]) @ vectors.T
        scores.append(contrast @ M @ X[rows].T @ root @ e[rows])
        columns.append((np.eye(len(y)) - H)[:, rows] @ root @ X[rows] @ M @ contrast)
    G = np.array(columns) @ np.array(columns).T
    return np.sqrt(np.sum(np.square(scores))), np.trace(G) ** 2 / np.trace(G @ G)


@pytest.mark.parametrize("want", CR2, ids=[d["name"] for d in CR2])
def test_cr2_matches_clubsandwich_on_few_clusters(want):
    design = DESIGNS[want["name"]]
    X = np.column_stack([design["X"][name] for name in ("Intercept", "arm", "pre")])
    fitted = cluster_robust(design["data"]["y"], X, design["data"]["class"], ["Intercept", "arm", "pre"])
    for at, name in enumerate(fitted.names):
        result = cr2_test(fitted, name)
        expected = [want["cr2"][key][at] for key in ("b", "se", "df", "p")]
        assert (result.estimate, result.se, result.df, result.p) == pytest.approx(expected, rel=1e-7)
        assert (result.p < 0.05) == (not result.ci_low <= 0 <= result.ci_high)


@pytest.mark.parametrize(("model", "columns"), [("cr_ols_unadj", ["COMB"]), ("cr_ols", ["IQ", "SES", "COMB"])])
def test_cr2_matches_the_shared_oracle(first20, reference, model, columns):
    X = pd.DataFrame({"Intercept": np.ones(len(first20))}).join(first20[columns]).rename(columns={"COMB": "COMB1"})
    want = reference["multilevel"]["nlschools_first20"][model]
    X = X[[c for c in X.columns if c in want]]
    fitted = cluster_robust(first20.lang, X, first20["class"])
    for name in X.columns:
        result, expected = cr2_test(fitted, name), want[name]["CR2_satt"]
        assert fitted.se[fitted.names.index(name)] == pytest.approx(want[name]["se_CR2"], rel=1e-8)
        assert (result.statistic, result.df, result.p) == pytest.approx(
            (expected["t"], expected["df"], expected["p"]), rel=1e-7
        )
        assert (result.ci_low, result.ci_high) == pytest.approx((expected["ci_low"], expected["ci_high"]), rel=1e-7)


def test_a_cluster_with_its_own_dummy_is_handled_by_the_definition():
    rng = np.random.default_rng(6)
    clusters = np.repeat(np.arange(6), [1, 5, 6, 7, 8, 9])
    X = np.column_stack([np.ones(36), clusters % 2, clusters == 5, rng.normal(size=36)]).astype(float)
    y = rng.normal(size=36)
    result = cr2_test(cluster_robust(y, X, clusters), [0, 1, 0, 0])
    assert (result.se, result.df) == pytest.approx(dense(y, X, clusters, np.array([0, 1.0, 0, 0])), rel=1e-8)
    alone = cr2_test(cluster_robust(y, X[:, [0, 2]], clusters), [1.0, 1.0])
    assert np.isnan(alone.p)
    assert "determines" in alone.note


def test_refusals():
    y, X = np.arange(6.0), np.ones((6, 1))
    with pytest.raises(UsageError, match="at least two clusters"):
        cluster_robust(y, X, np.zeros(6))
    fitted = cluster_robust(y, np.column_stack([X, y**2]), [0, 0, 1, 1, 2, 2])
    with pytest.raises(UsageError, match="one contrast at a time"):
        cr2_test(fitted, np.eye(2))
