"""An outcome of yes or no (1 or 0): the odds ratio, and the standardised difference that reviews make of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics import multilevel
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.standards import odds_ratio_to_d

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.effects.comparison import Weights
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate


def as_odds(q: Question) -> list[Estimate]:
    """Return ``odds_ratio`` and ``d_odds_ratio`` of a question that compares two arms on scores of 0 and 1 alone."""
    rows = q.analysed
    if sorted(q.weights.values()) != [-1.0, 1.0] or set(rows["post"]) != {0.0, 1.0}:
        return []
    by_unit = q.unit.of_pupil is not None
    ratio, d = odds_ratio(rows, q.weights, by_unit=by_unit)
    units = q.count_units()
    return [q.estimate("odds_ratio", ratio, len(rows), units), q.estimate("d_odds_ratio", d, len(rows), units)]


def odds_ratio(rows: pd.DataFrame, weights: Weights, *, by_unit: bool = False) -> tuple[Quantity, Quantity]:
    """Odds of a 1 in the treated arm over those in the other, and ln(OR)/1.65, both unadjusted.

    Parameters
    ----------
    rows : DataFrame
        One row per pupil: arm, post (0 or 1) and, with `by_unit`, the unit that was assigned.

    Returns
    -------
    tuple of Quantity
        The ratio with its interval and p, and d with the same test; its standardiser is that of Cox: a logistic
        distribution behind the answer, cut in two. Of pupils: Woolf's SE √(1/a + 1/b + 1/c + 1/d) and the normal
        distribution, all counts plus ½ where one is 0 (Haldane-Anscombe). Of classes: the arms' shares with CR2
        covariance, the SE of the difference of their logits by the delta method, t on Satterthwaite's df; NaN with a
        note where an arm's share is 0 or 1, or its classes do not differ.

    Notes
    -----
    Woolf (1955); Cox (1970), as WWC Procedures Handbook 5.0 has it; CR2: Bell & McCaffrey (2002). Not adjusted for the
    pre-test: with one, the difference in shares that the main analysis gives is more precise. Checked against
    metafor's values, statsmodels' logit and, for classes of one pupil, against the pupils' test.
    """
    (treated, control) = sorted(weights, key=weights.__getitem__, reverse=True)
    arms = [(rows["arm"] == arm).to_numpy() for arm in (treated, control)]
    yes = np.array([float(rows.loc[of, "post"].sum()) for of in arms])
    no = np.array([float(of.sum()) for of in arms]) - yes
    if by_unit:
        if not min(*yes, *no) > 0:
            return (not_computed("share_of_0_or_1"),) * 2
        slopes = 1 / (yes / (yes + no) * (no / (yes + no)))  # of the logit, at each arm's share
        fit = multilevel.cluster_robust(rows["post"], np.column_stack(arms).astype(float), rows["unit"].astype(str))
        test = multilevel.cr2_test(fit, [slopes[0], -slopes[1]])
        se, df = test.se, test.df
    else:
        yes, no = (yes + 0.5, no + 0.5) if not min(*yes, *no) > 0 else (yes, no)
        se, df = math.sqrt(float((1 / yes + 1 / no).sum())), math.inf
    log = float(np.log(yes[0] / no[0]) - np.log(yes[1] / no[1]))
    tested = replace(t_test(log, se, df), df=df if by_unit else None)
    if tested.p is None or tested.ci_low is None or tested.ci_high is None:
        return (not_computed("no_residual_variation"),) * 2
    ends = math.exp(tested.ci_low), math.exp(tested.ci_high)
    ratio = Quantity(math.exp(log), None, tested.df, tested.statistic, tested.p, *ends, note="binary_outcome")
    return ratio, tested.scaled(odds_ratio_to_d(math.e), "logistic_cox")
