"""The design-comparable g equals R's two packages, and matrices written out in full."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from tests.statistics.single_case.conftest import FILES
from tests.statistics.single_case.test_phase_model import RENAMED, at_parameters, made

from werkbank.statistics.single_case.comparable import _standardised, reml_g, small_sample_factor, variance_of_g
from werkbank.statistics.single_case.comparable_moments import moment_g
from werkbank.statistics.single_case.panel import panel

MODELS = {
    "REML_MB1": "level",
    "REML_MB1_corCAR1_check": "level",
    "REML_TR1": "level",
    "REML_MB2_random_effect": "varying_level",
    "REML_MB3_trend": "trend",
    "REML_MB4_trend": "varying_trend",
}
# nlme's covariances lie at the edge of its parameters there: see the test at R's own covariances
STOPPED_SHORT = {
    ("gruenkewilbert2014_score", "REML_MB4_trend"),
    ("huber2014_compliance", "REML_MB2_random_effect"),
    ("mckissick_disruptions", "REML_MB2_random_effect"),
    ("mckissick_disruptions", "REML_MB4_trend"),
}
PARTS = {"effect": "p_beta", "variance": "r_theta", "unadjusted": "delta_unadj", "kappa": "kappa", "se": "se"}


@pytest.mark.parametrize("name", FILES)
def test_moments_match_r(panels, pinned, name):
    both = pinned["design_comparable_g"][RENAMED.get(name, name)]
    key, design = ("HPS_MB", "multiple_baseline") if "HPS_MB" in both else ("HPS_ABk", "reversal")
    found, wanted = moment_g(panels[name], design), both[key]
    for mine, r in (
        ("effect", "D_bar"),
        ("variance", "S_sq"),
        ("unadjusted", "delta_hat_unadj"),
        ("phi", "phi"),
        ("rho", "rho"),
        ("kappa", "theta"),
        ("df", "nu"),
        ("value", "delta_hat"),
    ):
        assert getattr(found, mine) == pytest.approx(wanted[r], rel=1e-8, abs=1e-9), mine
    assert found.se**2 == pytest.approx(wanted["V_delta_hat"], rel=1e-8)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", FILES)
def test_reml_matches_r(panels, pinned, name, model):
    wanted = pinned["design_comparable_g"][RENAMED.get(name, name)].get(model)
    if wanted is None:
        return
    found = reml_g(panels[name], MODELS[model])
    if "time_A" in wanted:
        assert (found.start, found.moment) == (wanted["time_A"], wanted["time_B_centre"])
    loose = (name, model) in STOPPED_SHORT
    assert found.value == pytest.approx(wanted["g"], rel=2.5e-2 if loose else 1e-3)
    if loose:
        return
    assert found.df == pytest.approx(wanted["nu"], rel=1e-2)
    for mine, r in PARTS.items():
        assert getattr(found, mine) == pytest.approx(wanted[r], rel=2e-3), mine
    assert (found.ci_low, found.ci_high) == pytest.approx(wanted["ci_symmetric_t"], rel=2e-3, abs=1e-3)
    if "leidig" in name and model != "REML_MB3_trend":
        return  # the same limits, of long series
    other = reml_g(panels[name], MODELS[model], interval="noncentral")
    assert (other.ci_low, other.ci_high) == pytest.approx(wanted["ci_noncentral_t"], rel=2e-3, abs=1e-3)


@pytest.mark.parametrize(("name", "model"), sorted(STOPPED_SHORT))
def test_at_the_covariances_r_found_g_is_that_of_r(panels, pinned, name, model):
    wanted, p = pinned["design_comparable_g"][name][model], panels[name]
    trend = "trend" in model
    table = p.columns(wanted["time_B_centre"] if trend else None)
    table["time_in_phase"] += table["phase"]
    X = table if trend else table[["intercept", "phase"]]
    fit = at_parameters(p, X, ["intercept", "time" if trend else "phase"], wanted["theta"])
    weights = np.array([0, 0, 1, wanted["p_const"][3]]) if trend else np.array([0, 1])
    found = _standardised(fit, weights.astype(float), np.array([1.0, 0, 0, 0, 1]), None, "symmetric", 0.95)
    assert (found.value, found.se) == pytest.approx((wanted["g"], wanted["se"]), rel=1e-5)
    assert found.df == pytest.approx(wanted["nu"], rel=1e-4)
    # and the search of this package ends at a likelihood that is no smaller
    assert reml_g(p, MODELS[model]).note == ""


def test_moments_equal_matrices_written_out():
    table, p = made(cases=4, sessions=18)
    found = moment_g(p)
    cells = pd.get_dummies(pd.Series(p.times).astype(str) + "/" + pd.Series(p.treated).astype(str)).to_numpy(float)
    X = pd.get_dummies(pd.Series(p.case).astype(str) + "/" + pd.Series(p.treated).astype(str)).to_numpy(float)
    n = len(p.y)
    A = np.eye(n) - cells @ np.linalg.inv(cells.T @ cells) @ cells.T
    H = X @ np.linalg.inv(X.T @ X) @ X.T
    e, df = p.y - H @ p.y, n - cells.shape[1]
    same = p.case[:, None] == p.case[None, :]
    lag = np.where(same, np.abs(p.times[:, None] - p.times[None, :]), 0.0)
    R = same * found.phi**lag
    within = e @ e / (n - np.trace(H @ R))
    s2 = p.y @ A @ p.y / df
    rho = max(0.0, 1 - within / s2)
    V = same * (rho + (1 - rho) * R)
    assert (found.variance, found.rho) == pytest.approx((s2, rho), rel=1e-10)
    assert found.df == pytest.approx(df**2 / np.trace(A @ V @ A @ V), rel=1e-10)
    assert len(table) > n


def test_small_samples_shrink_and_widen():
    assert small_sample_factor(10) == 1 - 3 / 39
    assert variance_of_g(0.5, 0.2, 30) > 0.2**2 * small_sample_factor(30) ** 2
    # below two degrees of freedom the variance does not exist: it is taken just above
    assert variance_of_g(0.5, 0.2, 1.5) > 10 * variance_of_g(0.5, 0.2, 3)


@pytest.mark.parametrize("model", ["level", "trend"])
def test_g_has_no_unit(model):
    table, p = made()
    q = panel(table["case"], table["t"], table["treated"], 10 * table["y"] + 3)
    assert reml_g(q, model).value == pytest.approx(reml_g(p, model).value, rel=1e-4)
    assert moment_g(q).value == pytest.approx(moment_g(p).value, rel=1e-10)
    turned = panel(table["case"], table["t"], table["treated"], -table["y"])
    assert moment_g(turned).value == pytest.approx(-moment_g(p).value, rel=1e-10)


def test_the_mean_g_of_simulated_cases_is_near_the_effect():
    """Effect 2, SD between pupils at one moment sqrt(1 + 1): g near 1.414."""
    values = {"moments": [], "reml": []}
    for seed in range(16):
        rng = np.random.default_rng(seed)
        case, t = np.repeat(np.arange(6), 20), np.tile(np.arange(1, 21), 6)
        treated = (t > 6 + 2 * case).astype(float)
        y = 2 * treated + rng.normal(size=6)[case] + rng.normal(size=120)
        p = panel(case, t, treated, y)
        values["moments"].append(moment_g(p).value)
        values["reml"].append(reml_g(p).value)
    for found in values.values():
        assert np.mean(found) == pytest.approx(math.sqrt(2), abs=3 * np.std(found) / math.sqrt(16))


def test_too_few_cases_or_moments():
    table, _ = made()
    two = table[table["case"].isin(["c0", "c1"])]
    p = panel(two["case"], two["t"], two["treated"], two["y"])
    assert (moment_g(p).note, reml_g(p).note) == ("too_few_cases", "too_few_cases")
    apart = panel(np.repeat([0, 1, 2], 4), np.arange(12), [0, 0, 1, 1] * 3, np.arange(12.0))
    assert moment_g(apart).note == "no_expected_cells"
    flat = panel(np.repeat([0, 1, 2], 4), np.tile(np.arange(4), 3), [0, 0, 1, 1] * 3, np.ones(12))
    assert moment_g(flat).note == "no_variation"
    assert reml_g(flat).note == "no_variation"
    rng = np.random.default_rng(1)
    short = panel(
        np.repeat([0, 1, 2], 4),
        np.tile(np.arange(4), 3),
        [0, 0, 1, 1] * 3,
        rng.normal(size=12) + np.repeat([0, 9, 20], 4),
    )
    found = moment_g(short)
    assert found.df < 3
    assert (found.note, found.ci_low) == ("too_few_df", None)
