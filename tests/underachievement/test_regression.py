"""Prediction from the whole group, against R's lm and lme4."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from werkbank.errors import UnfitError
from werkbank.underachievement.criteria import Criteria, Measure
from werkbank.underachievement.methods import find
from werkbank.underachievement.regression import cross_validated_r2


def test_ols_matches_r(bdf, criteria, reference, r):
    found = find(bdf, criteria["regression"]).prediction
    wanted = reference["bdf_lang"]["regression"]
    assert found.coefficients["intercept"] == pytest.approx(wanted["intercept"], rel=1e-9)
    assert found.coefficients["iq"] == pytest.approx(wanted["slope"], rel=1e-9)
    assert (found.see, found.r2) == pytest.approx((wanted["see_nm2"], wanted["r2"]), rel=1e-9)
    assert (found.cv_r2, found.cv_by, found.n) == (pytest.approx(r["ols"]["cv_school"], rel=1e-9), "school", 2287)
    alone = find(bdf.drop(columns="school"), criteria["regression"]).prediction
    assert (alone.cv_r2, alone.cv_by) == (pytest.approx(r["ols"]["cv_pupil"], rel=1e-9), "pupil")


def test_two_predictors_match_r(bdf, criteria, r):
    wanted = r["ols"]["two"]
    two = (criteria["regression"].expected, Measure("ses", reliability=1.0))
    found = find(bdf, replace(criteria["regression"], predictors=two))
    assert list(found.prediction.coefficients.values()) == pytest.approx(wanted["coef"], rel=1e-9)
    assert (found.prediction.see, found.prediction.r2) == pytest.approx((wanted["see"], wanted["r2"]), rel=1e-9)
    assert found.table.index[found.table["flag"]].tolist() == wanted["flagged"]


def test_random_intercept_matches_lme4(bdf, criteria, r):
    found = find(bdf, replace(criteria["regression"], random_intercept="school")).prediction
    wanted = r["random_intercept"]
    assert list(found.coefficients.values()) == pytest.approx(wanted["coef"], rel=1e-6)
    assert (found.see, found.icc) == pytest.approx((wanted["total_sd"], wanted["icc"]), rel=1e-5)
    assert (found.r2, found.cv_r2) == pytest.approx((wanted["r2"], wanted["cv_school"]), rel=1e-5)


def test_residuals_do_not_depend_on_the_units(bdf, criteria):
    plain = find(bdf, criteria["regression"])
    other = find(bdf.assign(iq=3 * bdf["iq"] - 7, lang=bdf["lang"] / 10), criteria["regression"])
    assert np.allclose(plain.table["gap"], other.table["gap"], atol=1e-9)
    assert plain.se_gap == pytest.approx(other.se_gap, rel=1e-9)


def test_cross_validation_equals_refitting_with_a_weighed_cluster():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 9])
    X = np.column_stack([np.ones(24), rng.normal(size=24)])
    y = X @ [1, 2] + rng.normal(size=6)[g] + rng.normal(size=24)
    ratio, press = 0.7, 0.0
    V = np.eye(24) + ratio * (g[:, None] == g)
    for c in range(6):
        keep = g != c
        Vi = np.linalg.inv(V[np.ix_(keep, keep)])
        b = np.linalg.solve(X[keep].T @ Vi @ X[keep], X[keep].T @ Vi @ y[keep])
        press += np.sum((y[~keep] - X[~keep] @ b) ** 2)
    assert cross_validated_r2(y, X, g, g, ratio) == pytest.approx(1 - press / np.sum((y - y.mean()) ** 2), rel=1e-10)


def test_noise_predictors_are_seen_by_cross_validation_only():
    rng = np.random.default_rng(4)
    X = np.column_stack([np.ones(30), rng.normal(size=(30, 12))])
    y = rng.normal(size=30)
    b = np.linalg.lstsq(X, y, rcond=None)[0]
    assert 1 - np.sum((y - X @ b) ** 2) / np.sum((y - y.mean()) ** 2) > 0.2
    assert cross_validated_r2(y, X, np.arange(30)) < 0


@pytest.mark.parametrize("column", [lambda d: d["iq"] * 2, lambda d: d["iq"] * 0])
def test_a_predictor_without_information_is_refused(column, bdf):
    pupils = bdf.assign(extra=column)
    criteria = Criteria("regression", Measure("iq"), Measure("lang"), predictors=(Measure("iq"), Measure("extra")))
    with pytest.raises(UnfitError) as refused:
        find(pupils.assign(extra=pupils["extra"].astype(float)), criteria)
    assert [(p.code, p.column) for p in refused.value.problems] == [("underachievement_no_prediction", "iq, extra")]


def test_expected_measure_that_does_not_predict_is_said(bdf):
    found = find(bdf, Criteria("regression", Measure("iq"), Measure("lang"), predictors=(Measure("ses"),)))
    assert "expected_not_a_predictor" in found.notes
    assert "reliability_unknown" in found.notes
