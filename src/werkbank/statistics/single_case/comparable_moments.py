"""The design-comparable g by moments: for multiple baselines, and for reversals (AB)^k."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import special

from werkbank.statistics.single_case.comparable import (
    FEWEST_CASES,
    FEWEST_DF,
    ComparableG,
    small_sample_factor,
    variance_of_g,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from werkbank.statistics.single_case.panel import Panel
    from werkbank.statistics.single_case.series import Floats

Design = Literal["multiple_baseline", "reversal"]


def moment_g(panel: Panel, design: Design = "multiple_baseline", level: float = 0.95) -> ComparableG:
    """Design-comparable g by moments, for levels without trends.

    Parameters
    ----------
    panel : Panel
        Cases of one design with one outcome. Sessions are needed that several cases have in the same condition.
    design : {"multiple_baseline", "reversal"}
        For a reversal the pairs of phases of each case are averaged, and the yardstick rests on the positions within a
        phase that all cases have.
    level : float
        Coverage of the interval g ± t(ν)·SE.

    Returns
    -------
    ComparableG
        J(ν)·D/S: D the mean over cases (and pairs) of the difference in phase means, S² the variance between cases of
        values at one moment. NaN with a note below three cases or without such moments; no interval with
        ``too_few_df`` when ν < 3.

    Notes
    -----
    Hedges, Pustejovsky & Shadish (2013) for multiple baselines, (2012) for reversals. The autocorrelation takes
    neighbouring rows as neighbours, whatever the gap; correlations over time use the real gaps. Checked against R
    (scdhlm 0.7.4).
    """
    if panel.n_cases < FEWEST_CASES:
        return ComparableG(math.nan, note="too_few_cases", cases=panel.n_cases)
    cells, used, df = _moments_of_time(panel) if design == "multiple_baseline" else _shared_positions(panel)
    if df < 1:
        return ComparableG(math.nan, note="no_expected_cells", cases=panel.n_cases)
    phase = panel.phase
    rest = panel.y - pd.Series(panel.y).groupby(phase).transform("mean").to_numpy()
    at_one_moment = panel.y[used] - pd.Series(panel.y[used]).groupby(cells).transform("mean").to_numpy()
    s2 = float(at_one_moment @ at_one_moment) / df
    if not s2 > 0 or not float(rest @ rest) > 0:
        return ComparableG(math.nan, note="no_variation", cases=panel.n_cases)
    phi = _autocorrelation(panel, rest, phase, design)
    within = float(rest @ rest) / (len(rest) - _fitted_trace(panel, phase, phi))
    rho = max(0.0, 1 - within / s2)
    V = [rho + (1 - rho) * _correlations(panel.times[rows], phi) for rows in _rows(panel.case)]
    nu = df**2 / _squared_trace(panel, V, used, cells)
    if not nu > 1:  # J would be 0 or turn the sign
        return ComparableG(math.nan, df=nu, note="too_few_df", cases=panel.n_cases)
    effects, weights = _effects(panel, design)
    spread = sum(float(weights[rows] @ v @ weights[rows]) for rows, v in zip(_rows(panel.case), V, strict=True))
    theta = math.sqrt(spread)
    return _result(effects, s2, nu, (theta, phi, rho), panel.n_cases, level)


def _result(
    effect: float, s2: float, nu: float, parts: tuple[float, float, float], cases: int, level: float
) -> ComparableG:
    theta, phi, rho = parts
    d, j = effect / math.sqrt(s2), small_sample_factor(nu)
    se = math.sqrt(variance_of_g(j * d, theta, nu))
    half = float(special.stdtrit(nu, (1 + level) / 2)) * se if nu >= FEWEST_DF else None
    return ComparableG(
        j * d,
        se,
        nu,
        ci_low=None if half is None else j * d - half,
        ci_high=None if half is None else j * d + half,
        standardiser="sd_between_cases_at_one_moment",
        note="too_few_df" if half is None else "",
        unadjusted=d,
        effect=effect,
        variance=s2,
        kappa=theta,
        phi=phi,
        rho=rho,
        cases=cases,
    )


def _moments_of_time(panel: Panel) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Return the session x condition cell of each row, all rows, and G - K."""
    cells = np.unique(np.column_stack([panel.times, panel.treated]), axis=0, return_inverse=True)[1].ravel()
    return cells, np.arange(len(panel.y)), len(panel.y) - int(cells.max()) - 1


def _shared_positions(panel: Panel) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Return the cells (pair x condition x place within the phase) that all cases have, their rows, M(cases - 1)."""
    table = pd.DataFrame({"block": panel.block, "treated": panel.treated})
    table["place"] = table.groupby(panel.phase).cumcount()
    keys = ["block", "treated", "place"]
    used = np.flatnonzero(table.groupby(keys)["place"].transform("size") == panel.n_cases)
    cells = table.iloc[used].groupby(keys).ngroup().to_numpy(np.intp)
    return cells, used, len(np.unique(cells)) * (panel.n_cases - 1)


def _autocorrelation(panel: Panel, rest: Floats, phase: NDArray[np.intp], design: Design) -> float:
    """Return φ: products of neighbouring residuals over squares, with the bias of centring added back."""
    sizes = np.bincount(phase).astype(float)
    series = panel.case if design == "multiple_baseline" else phase
    neighbours = series[1:] == series[:-1]
    raw = float((rest[1:] * rest[:-1])[neighbours].sum() / (rest @ rest))
    correction = float((1 - 1 / sizes).sum() / (sizes - 1).sum())
    return raw + correction


def _correlations(times: Floats, phi: float) -> Floats:
    """Return φ^lag between the sessions of one case."""
    return np.asarray(np.power(phi, np.abs(times[:, None] - times[None, :])), dtype=float)


def _fitted_trace(panel: Panel, phase: NDArray[np.intp], phi: float) -> float:
    """Return tr((X'X)⁻¹X'RX), X the phases: the mean of R within each phase, times its size, added up."""
    return sum(float(_correlations(panel.times[rows], phi).sum()) / len(rows) for rows in _rows(phase))


def _squared_trace(panel: Panel, V: list[Floats], used: NDArray[np.intp], cells: NDArray[np.intp]) -> float:
    """Return tr(AVAV), A = I - X(X'X)⁻¹X' and X the cells, in each of which a case has one row at most.

    tr(VV) - 2 tr(PVV) + tr(PVPV), P = X(X'X)⁻¹X', case by case, as V has no entries between cases.
    """
    cell_of = np.full(len(panel.y), -1)
    cell_of[used] = cells
    sizes = np.bincount(cells).astype(float)
    between, total = np.zeros((len(sizes), len(sizes))), 0.0
    for rows, v in zip(_rows(panel.case), V, strict=True):
        kept = np.flatnonzero(cell_of[rows] >= 0)
        mine, part = cell_of[rows][kept], v[np.ix_(kept, kept)]
        squares = (part**2).sum(axis=1)
        total += float((squares * (1 - 2 / sizes[mine])).sum())
        between[np.ix_(mine, mine)] += part
    return total + float((between**2 / np.outer(sizes, sizes)).sum())


def _effects(panel: Panel, design: Design) -> tuple[float, Floats]:
    """Return D and the weights w with which it is w'y."""
    units = panel.case if design == "multiple_baseline" else panel.pair
    weights = np.zeros(len(panel.y))
    for rows in _rows(units):
        for treated, sign in ((1, 1.0), (0, -1.0)):
            part = rows[panel.treated[rows] == treated]
            weights[part] = sign / len(part)
    weights /= len(np.unique(units))
    return float(weights @ panel.y), weights


def _rows(codes: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])
