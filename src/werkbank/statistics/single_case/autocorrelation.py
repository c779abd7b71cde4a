"""Errors of which neighbours in time resemble each other: AR(1) over real gaps, and how much of it is seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from werkbank.statistics.single_case.series import Floats


def gaps_of(times: Floats, starts: Floats) -> Floats:
    """Return the time since the value before of the same series; infinite for the first one of each.

    `starts` is true where a series begins.
    """
    gaps = np.full(len(times), np.inf)
    gaps[1:] = np.diff(times)
    gaps[np.asarray(starts, dtype=bool)] = np.inf
    return gaps


def correlation_over(gaps: Floats, phi: float) -> Floats:
    """Return φ^gap: 0 across series. A negative φ needs whole gaps."""
    found = np.zeros(len(gaps))
    finite = np.isfinite(gaps)
    found[finite] = np.power(phi, gaps[finite])
    return found


def whitened(rows: Floats, gaps: Floats, phi: float) -> tuple[Floats, float]:
    """Return R(φ)^(-1/2) times the rows (n, k), in order of time within series, and log|R(φ)|.

    Row t becomes (row_t - φ^gap row_(t-1))/sqrt(1 - φ^(2 gap)): exact for any gaps, linear in n.
    """
    rho = correlation_over(gaps, phi)
    kept = 1 - rho**2
    before = np.vstack([np.zeros((1, rows.shape[1])), rows[:-1]])
    return (rows - rho[:, None] * before) / np.sqrt(kept)[:, None], float(np.log(kept).sum())


def lag_one(rest: Floats) -> float:
    """Autocorrelation of residuals at lag one, Σe_t e_(t-1)/Σe²: neighbours in the table, whatever the gap."""
    total = float(rest @ rest)
    return float(rest[1:] @ rest[:-1]) / total if total > 0 else math.nan


def durbin_watson(rest: Floats) -> float:
    """Durbin and Watson's Σ(e_t - e_(t-1))²/Σe²: about 2 without autocorrelation, less when neighbours are alike."""
    total = float(rest @ rest)
    return float((np.diff(rest) ** 2).sum()) / total if total > 0 else math.nan
