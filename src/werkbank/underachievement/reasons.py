"""Causes that were written down for pupils who were flagged, beside those for pupils who were not: counts, no test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

SIDES = ("flagged", "not_flagged")


@dataclass(frozen=True)
class Crossed:
    """Pupils by cause, on one side of the flag.

    Attributes
    ----------
    side : str
        ``flagged`` or ``not_flagged``.
    n : int
        Pupils on this side of whom at least one cause was written down: shares are of these.
    unknown : int
        Pupils on this side without a line: of them nothing is known, which is not that there is no cause.
    counts : dict
        Cause -> pupils of whom it was written down, by anyone; a pupil may have several, so these need not add up to n.
    """

    side: str
    n: int
    unknown: int
    counts: dict[str, int]


def crossed(flags: pd.Series, lines: pd.DataFrame, causes: Iterable[str]) -> list[Crossed]:
    """Cross causes with the flag.

    Parameters
    ----------
    flags : Series
        Index pupil; True, False, or missing for who was not judged: left out.
    lines : DataFrame
        ``pupil``, ``cause``; a row for each cause that somebody wrote down. The same cause of one pupil from two
        sources is one.
    causes : iterable of str
        All that could be chosen, in their order; one that nobody has is 0.

    Notes
    -----
    Of pupils who are flagged causes are looked for, so that more is written down of them: a difference between the two
    sides is no sign of what the underachievement comes from. Registry: ``underachievement_cause``.
    """
    judged = flags.dropna().astype(bool)
    told = lines.dropna(subset=["cause"]).drop_duplicates(["pupil", "cause"])
    told = told.assign(flag=told["pupil"].map(judged)).dropna(subset=["flag"])
    found = []
    for side, holds in zip(SIDES, (True, False), strict=True):
        mine = told[told["flag"].astype(bool) == holds]
        n = int(mine["pupil"].nunique())
        counts = mine["cause"].value_counts()
        unknown = int((judged == holds).sum()) - n
        found.append(Crossed(side, n, unknown, {cause: int(counts.get(cause, 0)) for cause in causes}))
    return found
