"""Along which way: the part of a difference that runs along another scale, with what its units can tell of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from werkbank.effects.further import slope
from werkbank.effects.leading import answered
from werkbank.statistics.quantity import Quantity, not_computed

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.effects.leading import Plan

DRAWS = 20_000


def mediated(plan: Plan, rows: pd.DataFrame, mediator: str, seed: int) -> Quantity:
    """Indirect effect a·b of the programme along `mediator`, on the units that were assigned.

    Parameters
    ----------
    plan : Plan
        How the question is answered; its pre-test, covariates and blocks are those of both paths.
    rows : DataFrame
        One row per pupil: as the plan asks, and the mediator; no missing values.
    seed : int
        Of the interval's draws.

    Returns
    -------
    Quantity
        a (the lead's own difference, of the mediator) times b (`further.slope` of the outcome on the mediator between
        units, within arms), in the scale's units; SE √(a²s_b² + b²s_a²). No p: exploratory. NaN with the note of the
        path that could not be estimated.

    Notes
    -----
    b is an association: whoever changed the mediator may differ in other ways (Imai et al., 2010). Where classes were
    assigned it is the slope between class means: what a programme of classes does runs between them (Zhang, Zyphur &
    Preacher 2009). Interval: percentiles of a·b over draws of both from their t distributions (MacKinnon, Lockwood &
    Williams 2004), which knows how few units there are. Simulated: docs/calibration_moderation.md. Checked against
    statsmodels' HC2 in both paths.
    """
    a = answered(plan, rows.assign(post=rows[mediator].astype(float))).test
    b = slope(plan, rows, mediator)
    if a.se is None or a.df is None or b.se is None or b.df is None:
        failed = a if a.se is None else b
        return not_computed(failed.note or "not_estimable")
    rng = np.random.default_rng(seed)
    drawn = [q.value + (q.se or 0.0) * rng.standard_t(q.df or 1.0, DRAWS) for q in (a, b)]
    low, high = np.quantile(drawn[0] * drawn[1], [(1 - plan.level) / 2, (1 + plan.level) / 2])
    se = math.sqrt((a.value * b.se) ** 2 + (b.value * a.se) ** 2)
    return Quantity(a.value * b.value, se, ci_low=float(low), ci_high=float(high))
