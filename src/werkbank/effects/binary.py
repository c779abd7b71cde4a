"""Outcomes of yes or no (1 or 0), and counts: ratios of shares and means, odds, and the d that reviews make of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics import multilevel
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.rates import compare_rates, generalised
from werkbank.statistics.standards import odds_ratio_to_d
from werkbank.statistics.unit_means import Adjusted

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.effects.comparison import Weights
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate
    from werkbank.statistics.rates import Family


def as_rates(q: Question) -> list[Estimate]:
    """Return what is asked of 0 and 1, or of a count, beside the headline, which is the difference in shares or means.

    Returns
    -------
    list of Estimate
        ``mean_ratio`` of the arms' shares (or mean counts) at equal covariates and, of 0 and 1, ``odds_ratio_means`` of
        these shares, both on the headline's own units (delta method, t); ``ratio_glm``: the odds (or rate) ratio of a
        generalised model of pupils with CR2 by unit, t again; for reviews ``odds_ratio`` and ``d_odds_ratio``,
        unadjusted. Nothing where lots were drawn within blocks, or more than two arms make up the contrast.
    """
    binary, n, n_units = is_binary(q), len(q.analysed), q.count_units()
    two = sorted(q.weights.values()) == [-1.0, 1.0]
    if not two or q.blocks.level or q.roles or not (binary or is_count(q)):
        return []
    odds: list[Estimate] = []
    if binary:
        ratio, d = odds_ratio(q.analysed, q.weights, by_unit=q.unit.of_pupil is not None, level=q.ci_level)
        odds = [q.estimate("odds_ratio", ratio, n, n_units), q.estimate("d_odds_ratio", d, n, n_units)]
    return [*([] if q.partly_grouped else _adjusted(q, binary=binary)), *odds]


def _adjusted(q: Question, *, binary: bool) -> list[Estimate]:
    found, n, n_units = q.answer.found, q.answer.n, q.answer.n_units
    if not isinstance(found, Adjusted):
        return []
    rates = compare_rates(found, q.weights, shares=binary, level=q.ci_level)
    made = [q.estimate("mean_ratio", rates.ratio.ratio, n, n_units)]
    if rates.odds_ratio is not None:
        made.append(q.estimate("odds_ratio_means", rates.odds_ratio.ratio, n, n_units))
    return [*made, q.estimate("ratio_glm", _by_regression(q, "binomial" if binary else "poisson"), n, n_units)]


def unsure_shares(q: Question) -> bool:
    """Whether shares near 0 or 1 differ by the headline's test and not by that of their odds (`rates.Rates.unsure`)."""
    found = q.answer.found
    if q.plan.design not in {"pupils", "units"} or not isinstance(found, Adjusted) or not is_binary(q):
        return False
    if sorted(q.weights.values()) != [-1.0, 1.0] or q.partly_grouped:
        return False
    return compare_rates(found, q.weights, shares=True, level=q.ci_level).unsure


def is_binary(q: Question) -> bool:
    """Whether an outcome is a yes or no: nothing but 0 and 1 occurs, and no other range is declared."""
    return q.outcome.range in {None, (0.0, 1.0)} and set(q.analysed["post"]) == {0.0, 1.0}


def is_count(q: Question) -> bool:
    """Whether an outcome is declared a count, and is one: no value below 0."""
    return q.outcome.kind == "count" and bool((q.analysed["post"] >= 0).all())


def _by_regression(q: Question, family: Family) -> Quantity:
    rows = q.analysed
    rows = rows if q.unit.of_pupil is not None else rows.assign(unit=[f"{i:09d}" for i in range(len(rows))])
    return generalised(rows, q.weights, family, covariates=q.adjusting.adjusted_for, level=q.ci_level).ratio


def odds_ratio(
    rows: pd.DataFrame, weights: Weights, *, by_unit: bool = False, level: float = 0.95
) -> tuple[Quantity, Quantity]:
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
    tested = replace(t_test(log, se, df, level), df=df if by_unit else None)
    if tested.p is None or tested.ci_low is None or tested.ci_high is None:
        return (not_computed("no_residual_variation"),) * 2
    ends = math.exp(tested.ci_low), math.exp(tested.ci_high)
    ratio = Quantity(math.exp(log), None, tested.df, tested.statistic, tested.p, *ends, note="binary_outcome")
    return ratio, tested.scaled(odds_ratio_to_d(math.e), "logistic_cox")
