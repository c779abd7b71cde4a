"""How sure one may be that there is an effect, that there is none, or that these data cannot tell."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import integrate, special

from werkbank.statistics.quantity import Quantity, not_computed

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRIOR = "prior_cauchy_707"  # what is assumed about the effect, as a note
CAUCHY_SCALE = math.sqrt(2) / 2  # the "medium" prior of Rouder et al. (2009): half of the effects below .707 SD
EQUIVALENCE_BOUND = 0.20  # SDs; smaller counts as no difference that matters, unless a study says otherwise


def tost(difference: Quantity, bound: float, alpha: float = 0.05) -> Quantity:
    """Two one-sided tests that a difference lies within ±`bound` (same units), from its own SE and df.

    Returns
    -------
    Quantity
        p = the larger of the two; interval of level 1 - 2·`alpha`, inside the bounds exactly when p < `alpha`.
        `statistic` is the t of the test that decides. A difference without a test gives NaN.

    Notes
    -----
    Schuirmann (1987). Respects the unit of assignment as far as `difference` does. Checked against R (oracles
    ``tost/student_*``).
    """
    if difference.se is None or difference.df is None or not difference.se > 0:
        return not_computed(difference.note or "no_residual_variation")
    lower, upper = (difference.value + bound) / difference.se, (difference.value - bound) / difference.se
    p_lower, p_upper = float(special.stdtr(difference.df, -lower)), float(special.stdtr(difference.df, upper))
    half = float(special.stdtrit(difference.df, 1 - alpha)) * difference.se
    return Quantity(
        difference.value,
        difference.se,
        difference.df,
        lower if p_lower > p_upper else upper,
        max(p_lower, p_upper),
        difference.value - half,
        difference.value + half,
        standardiser=difference.standardiser,
    )


def verdict(
    p: float | None, p_equivalence: float | None, alpha: float = 0.05
) -> Literal["different", "equivalent", "both", "undecided"]:
    """Say what both tests together allow: no effect is said only after an equivalence test."""
    different, equivalent = (x is not None and x < alpha for x in (p, p_equivalence))
    if different and equivalent:
        return "both"
    return "different" if different else "equivalent" if equivalent else "undecided"


def log_bayes_factor(t: float | None, n: int, n_other: int | None = None) -> Quantity:
    """Natural logarithm of the JZS Bayes factor BF10 of a t test: above 0 speaks for an effect, below 0 against it.

    Prior on the effect size: Cauchy of scale √2/2. One sample (or pairs, or class changes) when `n_other` is None. `n`
    counts the units that were assigned.

    Notes
    -----
    BF10 = ∫ (1 + Ngr²)^(-1/2) [(1 + t²/((1 + Ngr²)ν))/(1 + t²/ν)]^(-(ν+1)/2) (2π)^(-1/2) g^(-3/2) e^(-1/(2g)) dg,
    integrated over u = ln g from the integrand's peak, so that no t is too large. Rouder et al. (2009). Checked against
    BayesFactor 0.9.12, and pingouin where that can still write the number.
    """
    if t is None or not math.isfinite(t) or n < 2 or (n_other is not None and n_other < 2):
        return not_computed("no_residual_variation")
    size, df = (n, n - 1) if n_other is None else (n * n_other / (n + n_other), n + n_other - 2)

    def log_integrand(u: float | NDArray[np.float64]) -> NDArray[np.float64]:
        spread = 1 + size * CAUCHY_SCALE**2 * np.exp(u)
        drop = np.log1p(t**2 / (spread * df)) - math.log1p(t**2 / df)
        return np.asarray(-0.5 * np.log(spread) - (df + 1) / 2 * drop - 0.5 * math.log(2 * math.pi) - 0.5 * u
                          - 0.5 * np.exp(-u))  # fmt: skip

    grid = np.linspace(-6, 60, 2641)
    heights = log_integrand(grid)
    peak = float(heights.max())
    near = grid[heights > peak - 50]
    area = integrate.quad(
        lambda u: math.exp(float(log_integrand(u)) - peak), near[0], near[-1], epsabs=0, epsrel=1e-11, limit=400
    )[0]
    return Quantity(peak + math.log(area), note=PRIOR)


def bayes_factor(t: float | None, n: int, n_other: int | None = None) -> Quantity:
    """JZS Bayes factor BF10 itself, infinite where no number can hold it: `log_bayes_factor`, no longer a logarithm."""
    log = log_bayes_factor(t, n, n_other)
    return replace(log, value=float(np.exp(min(log.value, 709.0))) if log.value <= 709 else math.inf)
