"""Values that stand alone, far outside all others, and the codes that people use for: not known.

A 999 among ages makes a mean of anything. What no range and no rule covers is compared with the other values of its
column: a usual code beyond a gap as wide as their whole spread is refused until the study file says what it is; any
other such value is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table

USUAL = frozenset(
    [9, 99, 999, 9999, 99999, -1, -9, -99, -999, -9999, 8, 88, 888, 8888, -8, -88, 7777, 777, 77, 98, 998]
)
FEWEST = 8  # other values, below which nothing is far
GAP = 1.0  # of the spread of the others: a usual code is refused
NEARER = 0.5  # the same: it is named
LEAST = 2.0  # gap: ages 8 and 9 are ages
FAR = 3.0  # the same: any value is named
A_FEW = 3  # different values that may lie far together
SURE = 77.0  # from here on such a code is hardly ever a value beside small ones


@dataclass(frozen=True)
class Part:
    """The numbers of one column of one file; NaN where there is none."""

    table: Table
    column: str
    values: np.ndarray


def is_usual(value: float) -> bool:
    """Whether a number is one by which people say that something is not known."""
    return value in USUAL


def check_lone(parts: Sequence[Part], ledger: Ledger) -> None:
    """Look for lone values in a column that no range covers, over all files that have it."""
    seen = np.concatenate([part.values[np.isfinite(part.values)] for part in parts]) if parts else np.array([])
    for value, code in lone(seen).items():
        for part in parts:
            at = part.values == value
            if not at.any():
                continue
            if code == "value_usual":
                ledger.cells(code, part.table, part.column, at)
            else:
                row = int(part.table.rows[at.argmax()])
                ledger.note(
                    code, file=part.table.path, column=part.column, n=int(at.sum()), value=f"{value:g}", row=row
                )


def lone(values: np.ndarray) -> dict[float, str]:
    """Return the lone values among `values`: value -> ``value_usual`` (refused), ``usual_near`` or ``value_far``."""
    above = _beyond(values)
    below = {-value: code for value, code in _beyond(-values, sign=-1.0).items()}
    return {**above, **below}


def _beyond(values: np.ndarray, sign: float = 1.0) -> dict[float, str]:
    """Return what lies beyond a gap above all other values: codes together, or a few values."""
    different = np.unique(values)
    for i in range(1, len(different)):
        gap, spread = different[i] - different[i - 1], different[i - 1] - different[0]
        beyond = different[i:]
        if (values < different[i]).sum() < FEWEST:
            continue
        # 99 is a code above other values, -9 below them; an 8 under tens is a value
        usual = [is_usual(sign * value) and value > 0 for value in beyond]
        if all(usual) and gap > max(NEARER * spread, LEAST):
            sure = gap > GAP * spread and (spread > 0 or beyond[0] >= SURE)
            return dict.fromkeys(map(float, beyond), "value_usual" if sure else "usual_near")
        # -9 where nothing else is below zero
        if sign < 0 and all(usual) and different[i - 1] <= 0 and gap > LEAST:
            return dict.fromkeys(map(float, beyond), "usual_near")
        # a few beyond the same gap: a code is a code beside a far value, too
        if len(beyond) <= A_FEW and gap > FAR * spread > 0:
            sure = [code and value >= SURE for code, value in zip(usual, beyond, strict=True)]
            return {float(v): "value_usual" if s else "value_far" for v, s in zip(beyond, sure, strict=True)}
    return {}
