"""McDonald's omega of one scale, from a one-factor model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from werkbank.measurement.cfa.fitting import Cfa, Missing, fit_cfa
from werkbank.measurement.cfa.structure import FactorModel

if TYPE_CHECKING:
    from werkbank.measurement.cfa.moments import Array

NAN = float("nan")
Z = float(special.ndtri(0.975))


@dataclass(frozen=True)
class Omega:
    """Omega with its 95 % interval.

    `loadings` and `uniquenesses` are (k,), in the answers' own units with a factor variance of 1. Without a proper
    one-factor solution `estimate`, `se` and the interval are NaN, and `reason` says why (see `Cfa.reason`; also
    too_few_items); the loadings of an improper solution are still given.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    n: int
    k: int
    converged: bool
    reason: str
    loadings: Array
    uniquenesses: Array


def omega(items: Array, *, missing: Missing = "complete") -> Omega:
    """Estimate the reliability of the sum of k congeneric items: (Σλ)² / ((Σλ)² + Σθ).

    Parameters
    ----------
    items : array (n, k)
        Answers, keyed in one direction (reverse first); NaN where not answered. At least three items.
    missing : {"complete", "fiml"}
        Only rows without a gap, or every row with at least one answer.

    Returns
    -------
    Omega
        From 0 to 1; the denominator is the model's variance of the sum, not the observed one. The interval is
        estimate ± 1.96 se by the delta method and may pass 1 in small samples.

    Notes
    -----
    McDonald (1999); Raykov (2002) for the delta method. Not for scales with more than one factor: look at the fit
    first. Two items do not identify the model (reason too_few_items). Checked against lavaan 0.6-14, also the se.
    """
    k = items.shape[1] if items.ndim == 2 else 0
    names = [str(i) for i in range(k)]
    if k < 3:
        return _without(len(items), k, "too_few_items")
    fit = fit_cfa(pd.DataFrame(items, columns=names), FactorModel({"f": names}), missing=missing)
    if not fit.converged:
        return _without(fit.counts.used, k, fit.reason)
    loadings = np.array([q.estimate for q in fit.of("loading")])
    uniquenesses = np.array([q.estimate for q in fit.of("residual_covariance")])
    estimate, se = _delta(fit, loadings, uniquenesses) if fit.admissible else (NAN, NAN)
    low, high = estimate - Z * se, estimate + Z * se
    return Omega(estimate, se, low, high, fit.counts.used, k, True, fit.reason, loadings, uniquenesses)


def _without(n: int, k: int, reason: str) -> Omega:
    nothing = np.full(k, NAN)
    return Omega(NAN, NAN, NAN, NAN, n, k, False, reason, nothing, nothing)


def _delta(fit: Cfa, loadings: Array, uniquenesses: Array) -> tuple[float, float]:
    common, unique = float(loadings.sum()) ** 2, float(uniquenesses.sum())
    slope = {q.label: 2 * loadings.sum() * unique for q in fit.of("loading")}
    slope |= {q.label: -common for q in fit.of("residual_covariance")}
    down = np.array([slope.get(label, 0.0) for label in fit.labels]) / (common + unique) ** 2
    return common / (common + unique), float(np.sqrt(down @ fit.covariance @ down))
