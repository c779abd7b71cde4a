"""What chance alone gives: published rates, R, Owen's T and simulated pupils."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, owens_t
from scipy.stats import norm

from werkbank.underachievement.chance import share_beyond, true_gap
from werkbank.underachievement.criteria import Criteria, Measure
from werkbank.underachievement.methods import find

# domain.md 3.8, computed in R: per cent of the top 10 % flagged when scores are bivariate normal
TABLE = {0.4: (22.6, 52.1), 0.5: (16.2, 44.4), 0.6: (10.3, 35.7), 0.7: (5.3, 25.7), 0.8: (1.7, 14.2)}


P90 = norm.isf(0.10)


def chance_share(method, r):
    if method == "difference":
        return share_beyond(np.sqrt((1 - r) / 2), P90, 1 / np.sqrt(2 - 2 * r))
    return share_beyond(-r, P90, 0.0) if method == "absolute" else share_beyond(0.0, P90, 1.0)


@pytest.mark.parametrize("r", TABLE)
def test_table_of_base_rates(r):
    found = [100 * chance_share(method, r) for method in ("absolute", "difference", "regression")]
    assert [round(value, 1) for value in found] == [*TABLE[r], 15.9]


def test_absolute_split_flags_more_than_regression_only_below_r_51():
    assert chance_share("absolute", 0.50) > chance_share("regression", 0.50)
    assert chance_share("absolute", 0.52) < chance_share("regression", 0.52)


def test_share_beyond_matches_r(r):
    for row in r["share_beyond"]:
        assert share_beyond(row["rho"], row["gate"], row["k"]) == pytest.approx(row["share"], abs=1e-9)


def test_share_beyond_matches_owens_t_where_both_cuts_are_equal():
    for c, rho in [(0.5, 0.3), (1.3, -0.4), (2.0, 0.9)]:
        orthant = ndtr(-c) - 2 * owens_t(c, np.sqrt((1 - rho) / (1 + rho)))
        assert share_beyond(rho, c, c) == pytest.approx(orthant / ndtr(-c), rel=1e-9)


@pytest.mark.parametrize(
    ("args", "wanted"),
    [((1.0, 0.0, 0.0), 1.0), ((-1.0, 0.0, 0.5), 0.0), ((0.0, 1.0, 0.0), 0.5), ((0.7, -np.inf, 0.0), 0.5)],
)
def test_share_beyond_at_the_ends(args, wanted):
    assert share_beyond(*args) == pytest.approx(wanted, abs=1e-12)


def test_a_missing_moment_gives_no_share():
    assert np.isnan(share_beyond(np.nan, 0, 0))


@pytest.mark.parametrize("r", TABLE)
def test_simulated_pupils_reproduce_the_rates(r):
    rng = np.random.default_rng(int(100 * r))
    n = 60_000
    iq = rng.normal(size=n)
    pupils = pd.DataFrame({"iq": iq, "lang": r * iq + np.sqrt(1 - r * r) * rng.normal(size=n)})
    for method in ("absolute", "difference", "regression"):
        found = find(pupils, Criteria(method, Measure("iq"), Measure("lang")))
        expected = chance_share(method, r)
        error = np.sqrt(expected * (1 - expected) / found.n_able)
        assert abs(found.share - expected) < 3.5 * error
        assert found.chance == pytest.approx(expected, abs=0.012)


def test_probability_of_a_true_gap_matches_r(bdf, criteria, r):
    rows = r["true_gap"]["rows"]
    for name, key in (("difference", "difference"), ("absolute_mean", "absolute")):
        table = find(bdf, criteria[name]).table
        assert table.loc[rows, "probability"].tolist() == pytest.approx(r["true_gap"][key], abs=1e-9)


@pytest.mark.parametrize("method", ["absolute", "difference", "regression"])
def test_probability_is_calibrated_also_among_the_flagged(method):
    rng = np.random.default_rng(11)
    n, rel_x, rel_y, r_true = 60_000, 0.9, 0.75, 0.7
    tx = rng.normal(size=n)
    ty = r_true * tx + np.sqrt(1 - r_true**2) * rng.normal(size=n)
    x = np.sqrt(rel_x) * tx + np.sqrt(1 - rel_x) * rng.normal(size=n)
    y = np.sqrt(rel_y) * ty + np.sqrt(1 - rel_y) * rng.normal(size=n)
    criteria = Criteria(method, Measure("x", reliability=rel_x), Measure("y", reliability=rel_y))
    found = find(pd.DataFrame({"x": x, "y": y}), criteria)
    r = np.corrcoef(x, y)[0, 1]
    true_x, true_y = np.sqrt(rel_x) * tx, np.sqrt(rel_y) * ty
    gap, k = {
        "absolute": (-true_y, 0),
        "difference": (true_x - true_y, 1),
        "regression": ((r * true_x - true_y) / np.sqrt(1 - r * r), 1),
    }[method]
    flags = found.table["flag"].to_numpy(bool)
    said, real = found.table["probability"].to_numpy()[flags], (gap >= k)[flags]
    for bin_ in (said >= 0, said < said.mean(), said >= said.mean()):
        error = np.sqrt(np.mean(said[bin_] * (1 - said[bin_])) / bin_.sum())
        assert abs(real[bin_].mean() - said[bin_].mean()) < 3.5 * error
    assert real.mean() < 0.8  # a good part of the flags rests on measurement error


def test_perfect_reliability_leaves_no_doubt():
    z = np.random.default_rng(0).normal(size=(50, 2))
    gap = z @ [1.0, -1.0]
    se, probability = true_gap(z, gap, np.array([1.0, -1.0]), np.ones(2), 1.0)
    assert se == 0
    assert (probability == (gap >= 1)).all()


def test_reliability_below_the_correlation_gives_no_probability(bdf):
    low = Criteria("difference", Measure("iq", reliability=0.5), Measure("lang", reliability=0.5))
    found = find(bdf, low)
    assert found.se_gap == 1.0
    assert found.table["probability"].isna().all()
    assert "reliability_too_low" in found.notes
