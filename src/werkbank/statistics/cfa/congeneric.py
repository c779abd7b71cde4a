"""McDonald's omega of one scale, from a one-factor model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from werkbank.statistics.cfa.fitting import Cfa, Missing, fit_cfa
from werkbank.statistics.cfa.structure import FactorModel

if TYPE_CHECKING:
    from werkbank.statistics.cfa.moments import Array

NAN = float("nan")
Z = float(special.ndtri(0.975))


@dataclass(frozen=True)
class Omega:
    """Omega with its 95 % interval.

    `loadings` and `uniquenesses` are (k,), in the answers' own units with a factor variance of 1. Without a proper
    one-factor solution `estimate`, `se` and the interval are NaN, and `reason` says why (see `Cfa.reason`; also
    too_few_items); the loadings of an improper solution are still given.
    """

    n: int
    k: int
    loadings: Array
    uniquenesses: Array
    converged: bool = False
    reason: str = ""
    estimate: float = NAN
    se: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN


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
    names, nothing = [str(i) for i in range(k)], np.full(k, NAN)
    if k < 3:
        return Omega(len(items), k, nothing, nothing, reason="too_few_items")
    fit = fit_cfa(pd.DataFrame(items, columns=names), FactorModel({"f": names}), missing=missing)
    if not fit.converged:
        return Omega(fit.counts.used, k, nothing, nothing, reason=fit.reason)
    loadings = np.array([q.estimate for q in fit.of("loading")])
    uniquenesses = np.array([q.estimate for q in fit.of("residual_covariance")])
    estimate, se = _delta(fit, loadings, uniquenesses) if fit.admissible else (NAN, NAN)
    interval = estimate, se, estimate - Z * se, estimate + Z * se
    return Omega(fit.counts.used, k, loadings, uniquenesses, True, fit.reason, *interval)


def _delta(fit: Cfa, loadings: Array, uniquenesses: Array) -> tuple[float, float]:
    common, unique = float(loadings.sum()) ** 2, float(uniquenesses.sum())
    slope = {q.label: 2 * loadings.sum() * unique for q in fit.of("loading")}
    slope |= {q.label: -common for q in fit.of("residual_covariance")}
    down = np.array([slope.get(label, 0.0) for label in fit.labels]) / (common + unique) ** 2
    return common / (common + unique), float(np.sqrt(down @ fit.covariance @ down))
