"""Level and slope change: two exact lines, and R's lm and gls on every series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from tests.statistics.single_case.test_overlap import FILES, series_of

from werkbank.statistics.single_case import visual
from werkbank.statistics.single_case.autocorrelation import gaps_of, whitened
from werkbank.statistics.single_case.piecewise import TERMS, fitted, piecewise
from werkbank.statistics.single_case.series import compare

NAN = math.nan


def coefficients(found):
    return [getattr(found, term).value for term in TERMS]


def errors(found):
    return [getattr(found, term).se for term in TERMS]


def test_an_exact_line(worked):
    wanted = worked["hand_worked"]["piecewise_exact"]["result"]
    found = piecewise(compare([1, 2, 3, 4], [8, 10, 12, 14]))
    assert coefficients(found) == pytest.approx(wanted, abs=1e-10)
    assert found.level_change.p is None  # no error is left to test against
    assert (found.time_zero, found.first_b, found.df) == (1, 5, 4)


def test_missing_days_keep_their_place(worked):
    wanted = worked["hand_worked"]["piecewise_gap"]
    by_day = compare([1, 2, 3, NAN, NAN, 6], [9, 10, NAN, 12])
    assert coefficients(piecewise(by_day)) == pytest.approx(wanted["by_time"], abs=1e-10)
    by_row = compare([1, 2, 3, 6], [9, 10, 12])
    assert coefficients(piecewise(by_row)) == pytest.approx(wanted["by_index_WRONG"], abs=1e-9)


@pytest.mark.parametrize("name", FILES)
def test_least_squares_of_every_series_match_r(tables, pinned, name):
    for c, series in series_of(tables, pinned, name):
        wanted, found = series["piecewise"]["ols"], piecewise(c)
        assert coefficients(found) == pytest.approx(wanted["b"], abs=1e-8)
        assert errors(found) == pytest.approx(wanted["se"], rel=1e-8)
        assert (found.sigma, found.durbin_watson, found.r1, found.df) == pytest.approx(
            (wanted["sigma"], wanted["dw"], wanted["r1"], wanted["df"]), abs=1e-8
        )
        assert (found.time_zero, found.first_b) == (
            series["piecewise"]["time_zero"],
            series["piecewise"]["first_B_time"],
        )


@pytest.mark.parametrize("name", FILES)
def test_autocorrelated_errors_of_every_series_match_r(tables, pinned, name):
    at_boundary = 0
    for c, series in series_of(tables, pinned, name):
        wanted = series["piecewise"]["gls_ar1_reml"]
        found = fitted(c, "ar1")
        if found.note:
            assert found.note == "ar1_at_boundary"
            assert wanted["phi"] > 0.999  # there R's standard error of the level is in the hundreds
            at_boundary += 1
            continue
        assert coefficients(found) == pytest.approx(wanted["b"], rel=1e-4, abs=1e-4)
        assert errors(found) == pytest.approx(wanted["se"], rel=1e-3)
        assert found.phi == pytest.approx(wanted["phi"], abs=1e-3)
        assert found.sigma == pytest.approx(wanted["sigma"], rel=1e-3)
    assert at_boundary == (name in {"gruenkewilbert2014_score", "mckissick_disruptions"})


def test_whitening_is_the_inverse_root_of_the_correlations():
    times, phi = np.array([1.0, 2, 5, 6, 9]), -0.4
    lags = np.abs(times[:, None] - times[None, :])
    R = phi**lags
    rows, log_det = whitened(np.eye(5), gaps_of(times, np.arange(5) == 0), phi)
    assert rows.T @ rows == pytest.approx(np.linalg.inv(R), abs=1e-10)
    assert log_det == pytest.approx(np.linalg.slogdet(R)[1])


def test_the_restricted_likelihood_is_greatest_there():
    rng = np.random.default_rng(5)
    e = [0.0]
    for _ in range(40):
        e.append(0.5 * e[-1] + rng.normal())
    y = np.array(e[1:])
    times = np.sort(rng.choice(60, 40, replace=False)) + 1.0
    c = compare(y[:15], y[15:] + 2, times=times)
    found = piecewise(c, "ar1")
    X = np.column_stack([np.ones(40), times - times[0], c.in_b, c.in_b * (times - times[15])])

    def restricted(phi):
        V = phi ** np.abs(times[:, None] - times[None, :])
        W = np.linalg.inv(V)
        beta = np.linalg.solve(X.T @ W @ X, X.T @ W @ c.values)
        rest = c.values - X @ beta
        s2 = rest @ W @ rest / 36
        return (
            stats.multivariate_normal(X @ beta, s2 * V).logpdf(c.values)
            + 2 * np.log(s2)
            - np.linalg.slogdet(X.T @ W @ X)[1] / 2
        )

    best = restricted(found.phi)
    assert all(restricted(found.phi + step) < best for step in (-0.01, -0.001, 0.001, 0.01))
    beta_scale = found.sigma
    assert beta_scale > 0


def test_series_that_are_too_short_for_a_slope_or_a_correlation():
    assert piecewise(compare([1, 2], [3, 4, 6])).note == "too_few_points"
    assert piecewise(compare([], [3, 4, 6])).note == "empty_phase"
    assert piecewise(compare([3] * 4, [3] * 4)).note == "no_variation"
    short = compare([1, 3, 2, 4, 3], [5, 6, 4, 7, 6])
    assert piecewise(short).note == ""
    refused = piecewise(short, "ar1")
    assert refused.note == "too_short_for_autocorrelation"
    assert math.isnan(refused.level_change.value)


def test_gaps_that_are_no_whole_sessions_allow_no_negative_correlation():
    rng = np.random.default_rng(8)
    times = np.cumsum(rng.uniform(0.5, 1.5, 30))
    y = np.where(np.arange(30) % 2, 1.0, -1.0) + rng.normal(size=30) / 10
    assert piecewise(compare(y[:12], y[12:], times=times), "ar1").phi >= 0


@pytest.mark.parametrize("name", FILES)
def test_lines_and_bands_of_every_series_match_r(tables, pinned, name):
    for c, series in series_of(tables, pinned, name):
        for phase, times, values in (("A", c.times_a, c.a), ("B", c.times_b, c.b)):
            line = visual.split_middle(times, values)
            wanted = series.get(f"split_middle_{phase}")
            assert bool(line.note) == (len(values) < 4)
            if not line.note:
                assert (line.slope, line.intercept, line.intercept_quarter) == pytest.approx(
                    [wanted[k] for k in ("slope", "intercept_split", "intercept_quarter")], abs=1e-9
                )
                assert [line.above, line.below] == wanted["n_above_below"]
            band = visual.stability_envelope(values)
            assert bool(band.note) == (np.median(values) == 0)
            if not band.note:
                assert band.share == pytest.approx(series["band_25pct_median"][f"share_{phase}"], abs=1e-9)
        criterion, wanted = visual.dual_criterion(c), series["dual_criterion_.25sd"]
        assert [criterion.beyond, criterion.n] == [wanted["n_beyond_both"], wanted["n_b"]]
        assert criterion.p == pytest.approx(wanted["p_binom"], abs=1e-9)
        band = visual.range_band(c)
        assert [band.low, band.high] == pytest.approx(series["overlap_range"]["A_min_max"], abs=1e-9)
        assert band.inside == series["overlap_range"]["n_B_inside"]


def test_a_split_middle_line_by_hand():
    line = visual.split_middle(np.arange(1.0, 8), np.array([4.0, 6, 5, 7, 9, 8, 10]))
    assert (line.slope, line.intercept, line.above, line.below) == (1, 3, 2, 2)


def test_what_cannot_be_drawn():
    assert visual.split_middle(np.arange(3.0), np.arange(3.0)).note == "too_few_points_for_a_trend"
    assert visual.stability_envelope(np.array([0.0, 0, 5])).note == "median_near_zero"
    assert visual.stability_envelope(np.array([])).note == "empty_phase"
    assert visual.dual_criterion(compare([1], [2, 3])).note == "one_point_in_a_phase"
    assert visual.dual_criterion(compare([], [2, 3])).note == "empty_phase"
    assert visual.dual_criterion(compare([1, 2, 1], [2, 3])).note == "too_few_points"
    assert visual.range_band(compare([], [2, 3])).note == "empty_phase"
    assert math.isnan(visual.immediate_change(compare([1, 2], [2, 3, 4])))
    assert visual.immediate_change(compare([9, 3, 3, 3], [5, 5, 5, 1])) == 2
    assert visual.immediate_change(compare([3, 3, 3], [5, 5, 5], better="lower")) == -2
