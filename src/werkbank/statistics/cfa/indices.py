"""How well a factor model fits: chi2, the indices of a report, and the likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from werkbank.statistics.cfa.estimation import evaluate
from werkbank.statistics.cfa.moments import Array, Patterns, Saturated, independence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.statistics.cfa.structure import Model

NAN = float("nan")


@dataclass(frozen=True)
class Fit:
    """Fit of a factor model (all NaN when there is none).

    Attributes
    ----------
    chi2, df, p
        2 (log-likelihood without a model - log-likelihood); p is NaN with df = 0, where nothing is tested.
    cfi, tli, rmsea, rmsea_low, rmsea_high, srmr
        rmsea with its 90 % interval; in several groups with the factor √G and srmr with means, as in lavaan. With
        df = 0, cfi is 1 by construction, and tli and rmsea are NaN: they say nothing about such a model.
    loglik, n_parameters, aic, bic
    baseline_chi2, baseline_df
        Of the model in which every item has its own mean and variance and nothing covaries.
    """

    chi2: float = NAN
    df: int = 0
    p: float = NAN
    cfi: float = NAN
    tli: float = NAN
    rmsea: float = NAN
    rmsea_low: float = NAN
    rmsea_high: float = NAN
    srmr: float = NAN
    loglik: float = NAN
    n_parameters: int = 0
    aic: float = NAN
    bic: float = NAN
    baseline_chi2: float = NAN
    baseline_df: int = 0


def fit_indices(
    model: Model, x: Array, data: Mapping[str, Patterns], free: Mapping[str, Saturated], *, means: bool
) -> Fit:
    """Return the fit at the estimates `x`, given the unrestricted moments of every group.

    Notes
    -----
    CFI: Bentler (1990); TLI: Tucker & Lewis (1973); RMSEA and its interval: Steiger (1990), Browne & Cudeck (1993),
    times √G (Steiger 1998); SRMR: Bentler (1995) with mean residuals where means are modelled, averaged over groups
    by n. All as lavaan 0.6-14.
    """
    loglik = sum(likelihood.value for likelihood in evaluate(model, data, x).values())
    unrestricted = sum(group.value for group in free.values())
    n, n_groups = sum(group.n for group in data.values()), len(data)
    items = [len(group.columns) for group in model.groups.values()]
    chi2, df = max(2 * (unrestricted - loglik), 0.0), model.degrees_of_freedom
    baseline_chi2 = 2 * (unrestricted - sum(map(independence, data.values())))
    baseline_df = sum(p * (p - 1) // 2 for p in items)
    misfit, worst = max(chi2 - df, 0.0), max(chi2 - df, baseline_chi2 - baseline_df, 0.0)
    rmsea, low, high = _rmsea(chi2, df, n / n_groups)
    n_parameters = len(model.labels) - (0 if means else sum(items))
    return Fit(
        chi2=chi2,
        df=df,
        p=float(special.chdtrc(df, chi2)) if df else NAN,
        cfi=1 - misfit / worst if worst else 1.0,
        tli=1 - (chi2 / df - 1) / (baseline_chi2 / baseline_df - 1) if df else NAN,
        rmsea=rmsea,
        rmsea_low=low,
        rmsea_high=high,
        srmr=sum(_srmr(model, name, x, free[name], means=means) * data[name].n for name in data) / n,
        loglik=loglik,
        n_parameters=n_parameters,
        aic=2 * n_parameters - 2 * loglik,
        bic=float(np.log(n)) * n_parameters - 2 * loglik,
        baseline_chi2=baseline_chi2,
        baseline_df=baseline_df,
    )


def _rmsea(chi2: float, df: int, n: float) -> tuple[float, float, float]:
    # n is the mean size of a group: dividing by it is the factor √G of several groups
    if df == 0:
        return NAN, NAN, NAN

    def bound(probability: float) -> float:
        if special.chdtr(df, chi2) <= probability:  # even without misfit so small a chi2 is that likely
            return 0.0
        top = 2 * chi2 + 100.0
        ncp = optimize.brentq(lambda ncp: special.chndtr(chi2, df, ncp) - probability, 0.0, top, xtol=1e-10)
        return float(np.sqrt(ncp / (n * df)))

    return float(np.sqrt(max(chi2 - df, 0.0) / (n * df))), bound(0.95), bound(0.05)


def _srmr(model: Model, group: str, x: Array, free: Saturated, *, means: bool) -> float:
    sigma, mu = model.groups[group].moments(x)
    sd = np.sqrt(free.sigma.diagonal())
    lower = np.tril_indices(len(sd))
    residuals = ((free.sigma - sigma) / np.outer(sd, sd))[lower]
    if means:
        residuals = np.concatenate([residuals, (free.mu - mu) / sd])
    return float(np.sqrt(np.mean(residuals**2)))
