"""Interrupted time series of one case: change of level at the first session of B, and change of slope."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import optimize

from werkbank.statistics.quantity import Quantity, t_test
from werkbank.statistics.single_case.autocorrelation import durbin_watson, gaps_of, lag_one, whitened

if TYPE_CHECKING:
    from werkbank.statistics.single_case.series import Comparison, Floats

Errors = Literal["independent", "ar1"]
TERMS = ("intercept", "baseline_slope", "level_change", "slope_change")


@dataclass(frozen=True, kw_only=True)
class Piecewise:
    """Coefficients in the outcome's units (raw direction), a session for the slopes.

    `level_change` is the jump at the first session of B against A's line; `sigma` the residual SD, `df` N - 4;
    `durbin_watson` and `r1` are of least squares residuals; `phi` is the estimated correlation of neighbouring
    sessions (0 with independent errors). `time_zero` and `first_b` are the sessions at which the intercept and the
    jump stand.
    """

    intercept: Quantity
    baseline_slope: Quantity
    level_change: Quantity
    slope_change: Quantity
    sigma: float
    df: int
    durbin_watson: float
    r1: float
    phi: float
    errors: Errors
    time_zero: float
    first_b: float
    note: str = ""


def piecewise(comparison: Comparison, errors: Errors = "independent", level: float = 0.95) -> Piecewise:
    """Fit y = b0 + b1·T + b2·D + b3·D·(T - T_B) + e to one case.

    T counts sessions from the first observed one, D is 1 in B, T_B the first observed session of B.

    Parameters
    ----------
    comparison : Comparison
        A and B with their session numbers: missing days keep their place.
    errors : {"independent", "ar1"}
        Least squares; or REML with correlation φ^gap over the real gaps.
    level : float
        Coverage of the intervals (t with N - 4 df; with AR(1) they are approximate).

    Returns
    -------
    Piecewise
        NaN with a note: a phase of fewer than three values, all values equal; with AR(1) also fewer than twenty values
        or five in a phase, where φ cannot be told from chance, and an optimum at the edge (``ar1_at_boundary``).

    Notes
    -----
    Huitema & McKean (2000). Checked against R (lm, nlme::gls) and two exact lines, one of them with missing days.
    """
    reason = _refusal(comparison, errors)
    if reason:
        return _nothing(comparison, errors, reason)
    return fitted(comparison, errors, level)


def _refusal(comparison: Comparison, errors: Errors) -> str:
    smallest, total = min(comparison.m, comparison.n), comparison.m + comparison.n
    if smallest < 3:
        return comparison.starved or "too_few_points"
    if not float(np.ptp(comparison.values)) > 0:
        return "no_variation"
    return "too_short_for_autocorrelation" if errors == "ar1" and (total < 20 or smallest < 5) else ""


def _nothing(comparison: Comparison, errors: Errors, note: str, phi: float = math.nan) -> Piecewise:
    times = comparison.times
    nothing = Quantity(math.nan, note=note)
    return Piecewise(
        intercept=nothing,
        baseline_slope=nothing,
        level_change=nothing,
        slope_change=nothing,
        sigma=math.nan,
        df=0,
        durbin_watson=math.nan,
        r1=math.nan,
        phi=phi,
        errors=errors,
        time_zero=float(times[0]) if len(times) else math.nan,
        first_b=float(comparison.times_b[0]) if comparison.n else math.nan,
        note=note,
    )


def design(comparison: Comparison) -> Floats:
    """Return the columns 1, T, D and D·(T - T_B), one row a value."""
    t, d = comparison.times - comparison.times[0], comparison.in_b
    return np.column_stack([np.ones(len(t)), t, d, d * (comparison.times - comparison.times_b[0])])


def fitted(comparison: Comparison, errors: Errors, level: float = 0.95) -> Piecewise:
    """Return the fit without asking whether the series is long enough; reports use `piecewise`."""
    X, y = design(comparison), comparison.values
    rest = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    phi = 0.0
    gaps = gaps_of(comparison.times, np.arange(len(y)) == 0)
    if errors == "ar1":
        phi = _best_phi(X, y, gaps)
        if abs(phi) > 0.995:  # the level is then a random walk and its SE runs to infinity
            return _nothing(comparison, errors, "ar1_at_boundary", phi)
    beta, sigma2, inverse, _ = _least_squares(X, y, gaps, phi)
    df = len(y) - len(TERMS)
    if not sigma2 > 1e-20 * float(np.abs(y).max()) ** 2:
        df, sigma2 = 0, 0.0  # the lines fit exactly: there is nothing to estimate an error from
    se = np.sqrt(np.maximum(sigma2 * np.diag(inverse), 0))
    intercept, slope, jump, bend = (t_test(float(b), float(s), df, level) for b, s in zip(beta, se, strict=True))
    return Piecewise(
        intercept=intercept,
        baseline_slope=slope,
        level_change=jump,
        slope_change=bend,
        sigma=math.sqrt(sigma2),
        df=len(y) - len(TERMS),
        durbin_watson=durbin_watson(rest),
        r1=lag_one(rest),
        phi=phi,
        errors=errors,
        time_zero=float(comparison.times[0]),
        first_b=float(comparison.times_b[0]),
    )


def _least_squares(X: Floats, y: Floats, gaps: Floats, phi: float) -> tuple[Floats, float, Floats, float]:
    """Return β, σ², (X'R⁻¹X)⁻¹ and the REML deviance (without constants) at φ."""
    rows, log_det = whitened(np.column_stack([X, y]), gaps, phi)
    W, z = rows[:, :-1], rows[:, -1]
    beta = np.linalg.lstsq(W, z, rcond=None)[0]
    df = len(y) - W.shape[1]
    rss = float(((z - W @ beta) ** 2).sum())
    information = W.T @ W
    deviance = df * math.log(max(rss, 1e-300)) + log_det + float(np.linalg.slogdet(information)[1])
    return beta, rss / df, np.linalg.inv(information), deviance


def _best_phi(X: Floats, y: Floats, gaps: Floats) -> float:
    """Return the φ of least REML deviance: the best of a grid, refined; not below 0 when gaps are not whole numbers."""
    finite = gaps[np.isfinite(gaps)]
    lowest = -0.99 if np.array_equal(finite, np.round(finite)) else 0.0

    def deviance(phi: float) -> float:
        return _least_squares(X, y, gaps, phi)[3]

    grid = np.append(np.arange(lowest, 0.995, 0.03), [0.99, 0.999])
    best = int(np.argmin([deviance(phi) for phi in grid]))
    low, high = grid[max(best - 1, 0)], grid[best + 1] if best + 1 < len(grid) else 0.99999
    found = optimize.minimize_scalar(deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    return float(found.x)
