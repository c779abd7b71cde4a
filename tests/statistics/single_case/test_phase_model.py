"""Models over cases equal lme4 and nlme on seven outcomes, a dense likelihood, and the other engine of this package."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.statistics.single_case.conftest import FILES

from werkbank.errors import UsageError
from werkbank.statistics import multilevel
from werkbank.statistics.single_case.inference import information, test
from werkbank.statistics.single_case.likelihood import Likelihood
from werkbank.statistics.single_case.mixed import _prepared, at, fit
from werkbank.statistics.single_case.panel import panel
from werkbank.statistics.single_case.phase_model import phase_model
from werkbank.statistics.single_case.series import NOTES

RENAMED = {
    "schmidt2007_disruptive": "schmidt2007_Disruptive.Behavior",
    "schmidt2007_on_task": "schmidt2007_On.Task.Behavior",
}
MODELS = {
    "M1_ML_lme4": {"varying": False, "method": "ml"},
    "M1_REML_lme4": {"varying": False},
    "M2_ML_random_phase": {"method": "ml"},
    "M2_REML_random_phase": {},
    "M3_REML_trend_phase_slope": {"trend": True, "varying": False},
    "M4_REML_AR1_phase": {"varying": False, "autocorrelated": True},
    "M5_REML_AR1_trend_phase_slope": {"trend": True, "varying": False, "autocorrelated": True},
    "M5_ML_AR1_trend_phase_slope": {"trend": True, "varying": False, "autocorrelated": True, "method": "ml"},
    "M6_REML_AR1_random_phase": {"autocorrelated": True},
    "M7_ML_three_level": {"varying": False, "method": "ml", "classes": True},
    "M8_ML_phase_varies_by_class_and_pupil": {"method": "ml", "classes": True},
}
# where R stopped short of the optimum, at the edge of its own parameters: there ours is the greater likelihood
STOPPED_SHORT = {
    ("gruenkewilbert2014_score", "M6_REML_AR1_random_phase"),
    ("huber2014_compliance", "M6_REML_AR1_random_phase"),
    ("mckissick_disruptions", "M6_REML_AR1_random_phase"),
    ("schmidt2007_disruptive", "M6_REML_AR1_random_phase"),
    ("schmidt2007_on_task", "M6_REML_AR1_random_phase"),
    ("schmidt2007_on_task", "M2_ML_random_phase"),
}


def fitted(panels, name, model):
    settings = dict(MODELS[model])
    if settings.pop("classes", False):
        settings["classes"] = {label: label[:2] for label in panels[name].labels}
    return phase_model(panels[name], **settings)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", FILES)
def test_models_match_r(panels, pinned, name, model):
    wanted = pinned["multilevel"][RENAMED.get(name, name)].get(model)
    if wanted is None:
        assert model[:2] in {"M7", "M8"}
        assert "leidig" not in name
        return
    found = fitted(panels, name, model)
    assert found.n == panels[name].y.size
    if (name, model) in STOPPED_SHORT:
        assert found.loglik > wanted["logLik"] + 1e-3
        assert found.beta == pytest.approx(list(wanted["b"].values()), rel=1e-2)
        return
    assert found.loglik == pytest.approx(wanted["logLik"], abs=1e-5)
    assert found.beta == pytest.approx(list(wanted["b"].values()), rel=1e-4, abs=1e-4)
    # nlme prints standard errors with sigma on N - p degrees of freedom also for ML
    adjusted = math.sqrt(found.n / (found.n - len(found.beta))) if "ML_AR1" in model and "RE" not in model else 1.0
    assert found.se * adjusted == pytest.approx(list(wanted["se"].values()), rel=1e-3)
    if "phi" in wanted:
        assert found.phi == pytest.approx(wanted["phi"], abs=1e-3)
    for part in wanted.get("varcomp", []):
        if part["group"] == "Residual":
            assert found.residual == pytest.approx(part["vcov"], rel=1e-3)


@pytest.mark.parametrize(
    ("model", "key"), [("M1_REML_lme4", "phase_test_M1"), ("M2_REML_random_phase", "phase_test_M2")]
)
@pytest.mark.parametrize("name", FILES)
def test_tests_of_the_change_match_r(panels, pinned, name, model, key):
    wanted = pinned["multilevel"][RENAMED.get(name, name)][key]
    found = fitted(panels, name, model)
    for df, r in (("satterthwaite", wanted["satterthwaite"]), ("kenward-roger", wanted["kenward_roger"])):
        if isinstance(r, str):
            assert "not run" in r
            continue
        mine = test(found, "phase", df)
        assert mine.value == pytest.approx(r["b"], rel=1e-4)
        assert (mine.se, mine.df) == pytest.approx((r["se"], r["df"]), rel=1e-3)
        assert mine.p == pytest.approx(r["p"], rel=5e-3)


def test_a_published_study(panels):
    for name, b, se in (("leidig2018_engagement", 0.891, 0.111), ("leidig2018_disruption", -1.185, 0.133)):
        found = phase_model(panels[name], method="ml")
        assert (round(float(found.beta[1]), 3), round(float(found.se[1]), 3)) == (b, se)
    assert (panels["leidig2018_engagement"].y.size, panels["leidig2018_disruption"].y.size) == (2414, 2387)
    assert panels["leidig2018_engagement"].missing == 35 * 108 - 2414


def made(seed=1, cases=6, sessions=24, phi=0.4):
    """Cases with staggered starts, some days without a value."""
    rng = np.random.default_rng(seed)
    rows = []
    for c in range(cases):
        level, effect, e = rng.normal(0, 1), 2 + rng.normal(0, 0.8), 0.0
        for t in range(1, sessions + 1):
            e = phi * e + rng.normal()
            treated = t > 6 + 2 * c
            rows.append((f"c{c}", t, float(treated), 5 + level + effect * treated + e))
    table = pd.DataFrame(rows, columns=["case", "t", "treated", "y"])
    table.loc[rng.choice(len(table), len(table) // 8, replace=False), "y"] = math.nan
    return table, panel(table["case"], table["t"], table["treated"], table["y"])


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_the_likelihood_is_that_of_a_dense_normal(method):
    _, p = made()
    found = phase_model(p, autocorrelated=True, method=method)
    X = p.columns()[["intercept", "phase"]].to_numpy()
    same = p.case[:, None] == p.case[None, :]
    lag = np.abs(p.times[:, None] - p.times[None, :])
    V = same * (X @ found.covariances["case"] @ X.T + found.residual * found.phi**lag)
    W = np.linalg.inv(V)
    beta = np.linalg.solve(X.T @ W @ X, X.T @ W @ p.y)
    assert found.beta == pytest.approx(beta, abs=1e-9)
    assert found.vcov == pytest.approx(np.linalg.inv(X.T @ W @ X), rel=1e-9)
    dense = stats.multivariate_normal(X @ beta, V).logpdf(p.y)
    if method == "reml":
        dense += math.log(2 * math.pi) - np.linalg.slogdet(X.T @ W @ X)[1] / 2
    assert found.loglik == pytest.approx(dense, abs=1e-8)


def test_three_levels_equal_the_dense_normal():
    table, p = made(cases=8)
    classes = {label: label[:1] + str(int(label[1:]) // 2) for label in p.labels}
    found = phase_model(p, classes=classes)
    X = p.columns()[["intercept", "phase"]].to_numpy()
    codes = np.array([classes[p.labels[c]] for c in p.case])
    V = (codes[:, None] == codes[None, :]) * (X @ found.covariances["class"] @ X.T)
    V = V + (p.case[:, None] == p.case[None, :]) * (X @ found.covariances["case"] @ X.T)
    V += found.residual * np.eye(len(V))
    W = np.linalg.inv(V)
    assert found.beta == pytest.approx(np.linalg.solve(X.T @ W @ X, X.T @ W @ p.y), abs=1e-8)
    assert found.vcov == pytest.approx(np.linalg.inv(X.T @ W @ X), rel=1e-8)
    assert found.note == "few_cases"  # four classes
    with pytest.raises(UsageError, match="no class"):
        phase_model(p, classes={"c0": "a"})
    assert len(table) == len(p.y) + p.missing


def test_random_intercepts_equal_the_other_engine():
    _, p = made(seed=2, phi=0.0)
    X = p.columns()[["intercept", "phase"]]
    ours, theirs = phase_model(p, varying=False), multilevel.fit(p.y, X, {"case": p.case})
    assert ours.beta == pytest.approx(theirs.beta, abs=1e-6)
    assert ours.loglik == pytest.approx(theirs.loglik, abs=1e-8)
    for df in ("kenward-roger", "satterthwaite"):
        mine, other = test(ours, "phase", df), multilevel.test(theirs, "phase", df)
        assert (mine.se, mine.df, mine.p) == pytest.approx((other.se, other.df, other.p), rel=1e-3)


def test_the_expected_information_is_the_mean_curvature_of_simulated_data():
    """Half of K - 2tr(ΦQ) + tr(ΦPΦP) is the variance of the score of θ when the model holds."""
    _, p = made(cases=4, sessions=16)
    found = phase_model(p, varying=False, autocorrelated=True)
    info = information(found)
    PhiP = info.Phi @ info.P
    expected = (info.K - 2 * np.trace(info.Phi @ info.Q, axis1=-2, axis2=-1) + np.einsum("iab,jba->ij", PhiP, PhiP)) / 2
    X = p.columns()[["intercept", "phase"]].to_numpy()
    same = p.case[:, None] == p.case[None, :]
    lag = np.where(same, np.abs(p.times[:, None] - p.times[None, :]), 0.0)
    R = same * found.phi**lag
    V = same * found.covariances["case"][0, 0] + found.residual * R
    P = np.linalg.inv(V) - np.linalg.inv(V) @ X @ found.vcov @ X.T @ np.linalg.inv(V)
    slopes = [same * 1.0, found.residual * same * lag * found.phi ** np.maximum(lag - 1, 0), R]
    rng, C = np.random.default_rng(0), np.linalg.cholesky(V)
    draws = C @ rng.standard_normal((len(V), 20_000))
    scores = np.stack([((P @ draws) * (D @ P @ draws)).sum(axis=0) / 2 for D in slopes])
    assert np.cov(scores) == pytest.approx(expected, rel=0.06, abs=0.06 * np.abs(expected).max())
    traces = np.array([[np.trace(P @ a @ P @ b) / 2 for b in slopes] for a in slopes])
    assert expected == pytest.approx(traces, rel=1e-9)


def test_units_of_time_and_outcome_do_not_matter():
    table, p = made()
    q = panel(table["case"], table["t"], table["treated"], 100 * table["y"] + 7)
    one, other = (phase_model(x, trend=True, autocorrelated=True) for x in (p, q))
    assert other.beta[1:] == pytest.approx(100 * one.beta[1:], rel=1e-4)
    assert other.phi == pytest.approx(one.phi, abs=1e-4)


def test_rows_may_stand_in_any_order():
    table, p = made()
    mixed = table.sample(frac=1, random_state=0)
    q = panel(mixed["case"], mixed["t"], mixed["treated"], mixed["y"])
    assert phase_model(q, autocorrelated=True).beta == pytest.approx(phase_model(p, autocorrelated=True).beta, abs=1e-5)


def test_the_covariances_r_found_give_the_coefficients_r_found(panels, pinned):
    """Also where R stopped short: there it is the search that differs, not the model."""
    for name in ("gruenkewilbert2014_score", "huber2014_compliance", "mckissick_disruptions"):
        p, r = panels[name], pinned["design_comparable_g"][name]["REML_MB2_random_effect"]
        wanted = pinned["multilevel"][name]["M6_REML_AR1_random_phase"]
        found = at_parameters(p, p.columns()[["intercept", "phase"]], ["intercept", "phase"], r["theta"])
        assert found.beta == pytest.approx(list(wanted["b"].values()), rel=1e-7)
        assert found.se == pytest.approx(list(wanted["se"].values()), rel=1e-6)
        assert found.loglik == pytest.approx(wanted["logLik"], abs=1e-6)


def at_parameters(p, X, random, theta):
    """The model at given variances: intercept, covariance, slope, φ, σ²."""
    data, names, scales = _prepared(p.y, X, p.case, p.times, {"case": random}, {}, autocorrelated=True)
    *tau, phi, sigma2 = theta.values()
    D = np.array([[tau[0]]]) if len(tau) == 1 else np.array([[tau[0], tau[1]], [tau[1], tau[2]]])
    L = np.linalg.cholesky(D * np.outer(scales[0], scales[0]) / sigma2)
    place = np.append(L[np.tril_indices(len(L))], phi)
    return at(Likelihood(data), place, names, scales, "reml")


def test_what_cannot_be_fitted_is_said():
    _, p = made()
    X = p.columns()[["intercept", "phase"]]
    still = fit(np.full(len(p.y), 3.0), X, p.case, p.times, {"case": ["intercept"]})
    assert still.note == "no_variation"
    assert test(still, "phase").note == "no_variation"
    exact = fit(X["phase"] + p.case, X, p.case, p.times, {"case": ["intercept"]})
    assert exact.note == "no_variation"
    for change, words in (
        ({"y": np.append(p.y[:-1], math.nan)}, "missing"),
        ({"case": np.zeros(len(p.y))}, "one case only"),
        ({"case": np.arange(len(p.y))}, "every case has one value"),
        ({"random": {"case": ["intercept", "level"]}}, "no column"),
        ({"random": {"pupil": ["intercept"]}}, "random effects"),
        ({"X": X.assign(again=X["phase"])}, "follows"),
        ({"times": np.ones(len(p.y))}, "one session"),
        ({"times": np.ones(3)}, "one row of X"),
        ({"groups": {"class": np.arange(len(p.y)) % 2}}, "more than one group"),
    ):
        given = {"y": p.y, "X": X, "case": p.case, "times": p.times, "random": {"case": ["intercept"]}, **change}
        with pytest.raises(UsageError, match=words):
            fit(**given)
    with pytest.raises(UsageError, match="REML"):
        test(phase_model(p, method="ml"), "phase")


def test_a_panel_says_what_does_not_fit():
    with pytest.raises(UsageError, match="no baseline"):
        panel(["a", "a"], [1, 2], [1, 1], [3.0, 4.0])
    with pytest.raises(UsageError, match="no baseline"):
        panel(["a", "a", "b", "b"], [1, 2, 1, 2], [0, 1, 0, 1], [3.0, 4.0, 2.0, math.nan])
    with pytest.raises(UsageError, match="one session"):
        panel(["a", "a"], [1, 1], [0, 1], [3.0, 4.0])
    with pytest.raises(UsageError, match="0 \\(baseline\\)"):
        panel(["a", "a"], [1, 2], [0, 2], [3.0, 4.0])
    p = panel(["a"] * 5, [1, 2, 3, 4, 5], [0, 1, 0, 0, 1], [1.0, 2, 3, math.nan, 5])
    assert (p.block.tolist(), p.missing, p.n_cases) == ([0, 0, 1, 1], 1, 1)
    assert p.columns()["time_in_phase"].tolist() == [0, 0, 0, 3]


def test_small_and_coarse_panels_give_a_number_or_a_reason():
    reasons = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        k, n = int(rng.integers(2, 5)), int(rng.integers(4, 10))
        case, times = np.repeat(np.arange(k), n), np.tile(np.arange(1, n + 1), k)
        treated = (times >= rng.integers(2, n + 1, size=k)[case]).astype(float)
        p = panel(case, times, treated, np.round(rng.normal(size=k * n) / 2 + treated))
        trend = seed % 2 == 0
        columns = p.columns()
        if trend and np.linalg.matrix_rank(columns) < 4:
            with pytest.raises(UsageError, match="follows"):
                phase_model(p, trend=True)
            continue
        found = phase_model(p, trend=trend, autocorrelated=True)
        mine = test(found, "phase")
        reasons.add(mine.note)
        assert mine.note in NOTES | {""}
        assert mine.note or (0 <= mine.p <= 1 and mine.ci_low <= mine.value <= mine.ci_high)
    assert "" in reasons
