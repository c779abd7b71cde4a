"""A question without a programme that will be asked: how often its slopes will be called clear, by simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.statistics.associations import associations
from werkbank.statistics.within_between import Term

if TYPE_CHECKING:
    from werkbank.statistics.associations import Associations
    from werkbank.study.planning import PlannedAssociation

PARTS = ("within", "between")
MOST = 400  # studies that are made: the model is fitted to each, with a standard error of 2.5 points at worst


@dataclass(frozen=True)
class SlopePower:
    """`power` of one slope, its Monte-Carlo error, and the mean half width of its 95 % interval in SDs of its level."""

    power: float
    mcse: float
    half_width: float
    n: int


def slope_power(plan: PlannedAssociation, *, n: int, seed: int, alpha: float = 0.05) -> dict[str, SlopePower]:
    """Make studies of groups, and answer each as a report would.

    What is estimated: the chance that the slope within groups, and that between groups, is called clear, when both
    correlations are `plan.slope`. Scores are normal; `plan.icc` and `plan.icc_predictor` of their spread lie between
    groups, and slopes differ from group to group by an SD of `plan.differs`. A slope within groups is clear when the
    model and CR2 both say so (decision 034); one between groups when the model does. A study that has no test counts
    as not clear.

    Notes
    -----
    Registry: ``plan_slope_power``.
    """
    found = [_one(plan, np.random.default_rng([seed, i]), alpha) for i in range(min(n, MOST))]
    out = {}
    for part in PARTS:
        clear = np.array([one[part][0] for one in found])
        share, widths = float(clear.mean()), [one[part][1] for one in found]
        mcse = math.sqrt(share * (1 - share) / len(clear))
        width = float(np.nanmean(widths)) if np.isfinite(widths).any() else math.nan
        out[part] = SlopePower(share, mcse, width, len(clear))
    return out


def rows_of(plan: PlannedAssociation, rng: np.random.Generator) -> pd.DataFrame:
    """Return the pupils of one study: group, x and y, each of spread 1."""
    of = np.repeat(np.arange(plan.groups), plan.pupils)
    x_out, x_in = rng.normal(size=plan.groups), rng.normal(size=len(of))
    slopes = plan.slope + plan.differs * rng.normal(size=plan.groups)
    rest = math.sqrt(1 - plan.slope**2)
    y_out = plan.slope * x_out + rest * rng.normal(size=plan.groups)
    y_in = slopes[of] * x_in + rest * rng.normal(size=len(of))
    x = math.sqrt(plan.icc_predictor) * x_out[of] + math.sqrt(1 - plan.icc_predictor) * x_in
    y = math.sqrt(plan.icc) * y_out[of] + math.sqrt(1 - plan.icc) * y_in
    return pd.DataFrame({"group": [f"{g:05d}" for g in of], "x": x, "y": y})


def _one(plan: PlannedAssociation, rng: np.random.Generator, alpha: float) -> dict[str, tuple[bool, float]]:
    answered = associations(rows_of(plan, rng), "y", ("x",), group="group", level=1 - alpha)
    if isinstance(answered, str):
        return dict.fromkeys(PARTS, (False, math.nan))
    return {part: _clear(answered, part, alpha) for part in PARTS}


def _clear(answered: Associations, part: str, alpha: float) -> tuple[bool, float]:
    """Return whether a slope is clear, and the half width of its interval."""
    term = Term("slope", "x", part)
    asked = [answered.tests.get(term), *[answered.robust.get(term)] * (part == "within")]
    clear = all(one is not None and one.p is not None and one.p < alpha for one in asked)
    size = answered.standardised.get(term)
    if size is None or size.ci_low is None or size.ci_high is None:
        return clear, math.nan
    return clear, (size.ci_high - size.ci_low) / 2
