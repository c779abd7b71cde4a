"""Whether an answer hangs on one unit: the lead again without each class, pair or school."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.effects.leading import answered
from werkbank.errors import UsageError

if TYPE_CHECKING:
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate
    from werkbank.statistics.quantity import Quantity

MOST = 200  # units; with more of them none decides, and it takes minutes


def one_left_out(q: Question) -> list[Estimate]:
    """Return the lowest and the highest difference when one unit is left out, each with its own test.

    Returns
    -------
    list of Estimate
        ``one_left_out_lowest`` and ``one_left_out_highest``: by the lead's own plan, of all ways to leave out one class
        (teacher, school), or one whole pair, stratum or school where units or pupils were assigned within them. Empty
        for pupils who were assigned one by one, and where leaving one out leaves no test.
    """
    if q.plan.design == "pupils":
        return []
    column = "block" if q.blocks.level else "unit"
    rows = q.whole
    groups = q.analysed[column].astype(str).unique()
    if len(groups) > MOST:
        return []
    found: list[tuple[Quantity, int, int | None]] = []
    of = rows[column].astype(str).to_numpy(dtype=object)
    for name in sorted(groups):
        try:
            answer = answered(q.plan, rows.loc[of != name])
        except UsageError:  # nothing of an arm is left
            continue
        if answer.test.p is not None:
            found.append((answer.test, answer.n, answer.n_units))
    if len(found) < 2:
        return []
    ordered = sorted(found, key=lambda item: item[0].value)
    return [
        q.estimate(f"one_left_out_{end}", test, n, units)
        for end, (test, n, units) in (("lowest", ordered[0]), ("highest", ordered[-1]))
    ]
