"""With how much, and by whom it was had: the dose, taking part, and the effect on those whom the lot moved."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scipy import special

from werkbank.effects.further import assigned, slope
from werkbank.effects.leading import answered
from werkbank.statistics.quantity import Quantity, not_computed, t_test

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.effects.leading import Plan

WEAK = 10.0  # the F of a first stage below which the lot hardly changed who took part (Staiger & Stock 1997)
MANY = 0.05  # of a control arm that took part: "those who took part" are then others than those whom the lot moved


@dataclass(frozen=True)
class TakingPart:
    """What the lot did to taking part, and the effect on those whom it moved.

    `share` (0-1) of pupils who took part, per arm; `first_stage` the difference between the arms in taking part;
    `effect` the difference among compliers. `n` pupils and `n_units` units (None: pupils) were used.
    """

    share: dict[str, float]
    first_stage: Quantity
    effect: Quantity
    n: int
    n_units: int | None


def taking_part(plan: Plan, rows: pd.DataFrame, *, drawn: bool) -> TakingPart:
    """Effect on those who take part because the lot says so (compliers, CACE), by the lead's own rule.

    Parameters
    ----------
    plan : Plan
        How the question is answered: its units, blocks, pre-test and covariates are those of both stages.
    rows : DataFrame
        Pupils of all arms: as the plan asks, and `had`: whether (0-1) or how much of the programme was really had.
    drawn : bool
        Whether arms were drawn by lot; without, nothing stands for what would have happened (note ``cace_needs_lot``).

    Returns
    -------
    TakingPart
        The effect is refused where the first stage is weak: its F below 10, or not beyond the t of its own few df
        (``weak_instrument``). Where more than 5 % of the controls took part its note is ``cace_controls_took_part``.

    Notes
    -----
    b = D(post) / D(had), D the lead's difference: two-stage least squares with the lot as the instrument. SE: D's own,
    of post - b·had, divided by |D(had)|; df those of D. Where D is HC2 this is two-stage least squares with HC2
    standard errors. Assumes that the lot works only through taking part and that nobody does the opposite. Angrist,
    Imbens & Rubin (1996). Checked against R's point estimate, two-stage matrices, and the lead where all comply.
    """
    shares = {arm: float(rows.loc[rows["arm"] == arm, "had"].mean()) for arm in plan.arms}
    answer = answered(plan, rows.assign(post=rows["had"]))
    first = replace(answer.test, note=answer.test.note if answer.test.note != "no_residual_variation" else "")
    if not drawn:
        effect = not_computed("cace_needs_lot")
    elif _weak(answer.test):
        effect = not_computed("weak_instrument")
    else:
        effect = _among_compliers(plan, rows, first.value)
        controls = max(shares[arm] for arm in plan.arms if plan.weights[arm] < 0)
        if controls > MANY and not effect.note:
            effect = replace(effect, note="cace_controls_took_part")
    return TakingPart(shares, first, effect, answer.n, answer.n_units)


def _weak(first: Quantity) -> bool:
    if first.note == "no_residual_variation":  # the lot decided alone
        return not abs(first.value) > 0
    if first.statistic is None or first.df is None:
        return True
    return first.statistic**2 < max(WEAK, float(special.stdtrit(first.df, 0.975)) ** 2)


def _among_compliers(plan: Plan, rows: pd.DataFrame, moved: float) -> Quantity:
    whole = answered(plan, rows).test
    b = whole.value / moved
    if whole.se is None:
        return Quantity(b, note=whole.note) if math.isfinite(b) else not_computed(whole.note)
    rest = answered(plan, rows.assign(post=rows["post"] - b * rows["had"])).test
    if rest.se is None or rest.df is None:
        return Quantity(b, note=rest.note)
    return t_test(b, rest.se / abs(moved), rest.df, plan.level)


def dose_response(plan: Plan, rows: pd.DataFrame) -> Quantity:
    """Slope of the score after on the dose (`had`) among the treated; nobody was given a dose by lot: exploratory.

    On the units that were assigned, adjusted as the lead is (`further.slope`). Blocks are left out, which is then the
    note (``dose_without_blocks``), where they leave nothing, as pairs do of which one was treated.
    """
    found = slope(plan, rows, "had")
    blocked = assigned(plan, rows).blocks.shape[1] > 0
    if found.p is not None or not blocked:
        return replace(found, note=found.note or "dose_not_by_lot")
    found = slope(plan, rows, "had", blocks=False)
    return replace(found, note=found.note or "dose_without_blocks")
