"""How sure one may be that there is an effect, that there is none, or that these data cannot tell."""

from __future__ import annotations

import math
from typing import Literal

from scipy import special

from werkbank.statistics.quantity import Quantity, not_computed

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


def bayes_factor(t: float | None, n: int, n_other: int | None = None) -> Quantity:
    """JZS Bayes factor BF10 of a t test: how much likelier the data are with an effect than without.

    Prior on the effect size: Cauchy of scale √2/2. One sample (or pairs, or class changes) when `n_other` is None. `n`
    counts the units that were assigned. Rouder et al. (2009), computed by pingouin; checked against BayesFactor 0.9.12.
    """
    if t is None or not math.isfinite(t) or n < 2 or (n_other is not None and n_other < 2):
        return not_computed("no_residual_variation")
    from pingouin import bayesfactor_ttest

    found = float(bayesfactor_ttest(t, n, n_other, paired=n_other is None, r=CAUCHY_SCALE))
    return Quantity(found, note="prior_cauchy_707")
