"""Effects of single-case designs in the units of a study with groups: the design-comparable g.

The yardstick is the SD between pupils at one moment (between and within cases), which needs at least three cases with
one outcome on one scale. Raw direction: B minus A.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import special

from werkbank.statistics.noncentral import noncentrality_ci
from werkbank.statistics.quantity import Quantity
from werkbank.statistics.single_case.inference import expected_covariance
from werkbank.statistics.single_case.mixed import fit

if TYPE_CHECKING:
    from werkbank.statistics.single_case.mixed import SeriesFit
    from werkbank.statistics.single_case.panel import Panel
    from werkbank.statistics.single_case.series import Floats

Model = Literal["level", "varying_level", "trend", "varying_trend"]
Interval = Literal["symmetric", "noncentral"]
FEWEST_CASES = 3
FEWEST_DF = 3.0


@dataclass(frozen=True, kw_only=True)
class ComparableG(Quantity):
    """A design-comparable g; `df` is ν, `standardiser` ``sd_between_cases_at_one_moment``.

    `unadjusted` is it before J(ν), `effect` its numerator and `variance` the squared yardstick in the outcome's units;
    `kappa` is the SE of the effect in yardsticks (θ in the moment estimator), `phi` and `rho` the correlation of
    neighbouring sessions and the share of the variance that lies between cases. For models with a trend, `start` and
    `moment` are the sessions A* and B* between which the programme would have run.
    """

    unadjusted: float = math.nan
    effect: float = math.nan
    variance: float = math.nan
    kappa: float = math.nan
    phi: float = math.nan
    rho: float = math.nan
    cases: int = 0
    start: float = math.nan
    moment: float = math.nan


def small_sample_factor(nu: float) -> float:
    """Return J(ν) = 1 - 3/(4ν - 1), the form these estimators use."""
    return 1 - 3 / (4 * nu - 1)


def variance_of_g(g: float, kappa: float, nu: float) -> float:
    """Return J²[κ²·ν/(ν-2) + g²(ν/(ν-2) - 1/J²)], ν taken as at least 2.001."""
    j, v = small_sample_factor(nu), max(nu, 2.001)
    ratio = v / (v - 2)
    return j**2 * kappa**2 * ratio + g**2 * (j**2 * ratio - 1)


def reml_g(
    panel: Panel,
    model: Model = "level",
    *,
    moments: tuple[float, float] | None = None,
    interval: Interval = "symmetric",
    level: float = 0.95,
) -> ComparableG:
    """Design-comparable g from a mixed model with AR(1) errors, for multiple baselines and reversals.

    Parameters
    ----------
    panel : Panel
        Cases of one design with one outcome.
    model : {"level", "varying_level", "trend", "varying_trend"}
        Level changes by the same amount; by an amount that differs between cases; baseline trend, level and slope
        change; the same with a trend that differs between cases. To be chosen before the data are seen: the answers
        differ (in one public file -1.24 and -3.03).
    moments : (float, float), optional
        For trend models: A*, the session after which the programme would start, and B*, at which it is judged. The
        earliest last session of a baseline, and that plus the (shortest) B of that case, when left out.
    interval : {"symmetric", "noncentral"}
        g ± t(ν)·SE, or κ times the limits of the noncentrality of t = d/κ, d before J.
    level : float
        Coverage of the interval.

    Returns
    -------
    ComparableG
        g = J(ν)·p'β/sqrt(r'θ), ν = 2(r'θ)²/(r'I⁻¹r) with the expected information of θ. NaN with a note below three
        cases; no interval with ``too_few_df`` when ν < 3.

    Notes
    -----
    Pustejovsky, Hedges & Shadish (2014). Checked against R (nlme with lmeInfo/scdhlm) on seven outcomes.
    """
    if panel.n_cases < FEWEST_CASES:
        return ComparableG(math.nan, note="too_few_cases", cases=panel.n_cases)
    start, moment = moments or _moments(panel)
    trend = model in {"trend", "varying_trend"}
    table = panel.columns(moment if trend else None)
    # the first session of B counts as one session of the programme
    table["time_in_phase"] += table["phase"]
    X = table if trend else table[["intercept", "phase"]]
    random = {"level": (), "varying_level": ("phase",), "trend": (), "varying_trend": ("time",)}[model]
    found = fit(panel.y, X, panel.case, panel.times, {"case": ["intercept", *random]}, autocorrelated=True)
    if found.data is None:
        return ComparableG(math.nan, note=found.note, cases=panel.n_cases)
    p = np.array([0, 0, 1, moment - start]) if trend else np.array([0, 1])
    r = np.zeros(found.data.size + 1)
    r[0] = r[-1] = 1  # between cases at B* (or in A), and within
    return _standardised(found, p.astype(float), r, (start, moment) if trend else None, interval, level)


def _moments(panel: Panel) -> tuple[float, float]:
    rows = pd.DataFrame({"case": panel.case, "times": panel.times, "treated": panel.treated})
    last = rows[rows["treated"] == 0].groupby("case")["times"].max()
    in_b = rows[rows["treated"] == 1].groupby("case")["times"]
    lengths = in_b.max() - in_b.min() + 1
    start = float(last.min())
    return start, start + float(lengths[last == start].min())


def _standardised(
    found: SeriesFit, p: Floats, r: Floats, moments: tuple[float, float] | None, interval: Interval, level: float
) -> ComparableG:
    tau = float(found.covariances["case"][0, 0])
    variance = tau + found.residual
    spread = expected_covariance(found)
    nu = 0.0 if spread is None else float(2 * variance**2 / (r @ spread @ r))
    if not nu > 1:  # J would be 0 or turn the sign
        return ComparableG(math.nan, df=nu, note="too_few_df", cases=found.n_cases)
    effect = float(p @ found.beta)
    d, kappa = effect / math.sqrt(variance), math.sqrt(float(p @ found.vcov @ p) / variance)
    j = small_sample_factor(nu)
    g, se = j * d, math.sqrt(variance_of_g(j * d, kappa, nu))
    low: float | None = None
    high: float | None = None
    if nu >= FEWEST_DF:
        half = float(special.stdtrit(nu, (1 + level) / 2)) * se
        low, high = g - half, g + half
        if interval == "noncentral":
            low, high = (kappa * limit for limit in noncentrality_ci(d / kappa, nu, level))
    start, moment = moments or (math.nan, math.nan)
    return ComparableG(
        g,
        se,
        nu,
        ci_low=low,
        ci_high=high,
        standardiser="sd_between_cases_at_one_moment",
        note=found.note if nu >= FEWEST_DF else "too_few_df",
        unadjusted=d,
        effect=effect,
        variance=variance,
        kappa=kappa,
        phi=found.phi,
        rho=tau / variance,
        cases=found.n_cases,
        start=start,
        moment=moment,
    )
