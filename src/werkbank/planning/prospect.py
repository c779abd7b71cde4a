"""A comparison that is still to be made: how many of what, how alike, measured how, and what its lead will then be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from werkbank.effects.leading import Plan
from werkbank.statistics.unit_means import SlopeChoice, choose_slope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.effects.leading import Design
    from werkbank.statistics.hc2 import Codes


@dataclass(frozen=True)
class Prospect:
    """One comparison in standard deviations of pupils: their whole spread in an arm is 1.

    Attributes
    ----------
    level : str
        What is assigned: pupil, class, teacher or school.
    weights : mapping
        Arm -> weight of the contrast, all arms of the study in it (0: beside those compared); {"": 1} a single group,
        of which the change is what is asked.
    units : mapping
        Arm -> units that will be analysed.
    assigned : int
        Units that are assigned, those that will be lost with them, in all arms.
    size : int
        Pupils of a unit at the start; 1 where pupils are assigned.
    lost : float
        Share (0-1) of pupils that is lost at random.
    drawn : bool
        Whether lots are drawn.
    blocks : int
        Pairs or strata (schools, where pupils are assigned) within which arms are formed; 0: none.
    icc : float
        Share of the spread that lies between units (where pupils are assigned: between schools).
    r, r_units : float or None
        Correlation of the score before with the one after, among pupils of one unit and between units; None: nothing is
        measured before.
    explained : float
        Share of the spread after that further covariates explain, on top of the score before.
    alpha : float
    """

    level: str
    weights: Mapping[str, float]
    units: Mapping[str, int]
    assigned: int
    size: int = 1
    lost: float = 0.0
    drawn: bool = True
    blocks: int = 0
    icc: float = 0.15
    r: float | None = None
    r_units: float | None = None
    explained: float = 0.0
    alpha: float = 0.05
    slopes: tuple[tuple[float, float], ...] = field(init=False)

    def __post_init__(self) -> None:
        between = self.r if self.r_units is None else self.r_units
        pre = [] if self.r is None else [(float(self.r), float(between or 0.0))]
        more = [(math.sqrt(self.explained),) * 2] if self.explained else []
        object.__setattr__(self, "slopes", (*pre, *more))

    @property
    def single(self) -> bool:
        """Whether there is one group, without comparison."""
        return list(self.weights) == [""]

    @property
    def counts(self) -> list[int]:
        """Units analysed in each arm compared."""
        return [self.units[arm] for arm, w in self.weights.items() if w]

    @property
    def design(self) -> Design:
        """Which analysis leads (`werkbank.effects.leading`)."""
        if self.level == "pupil":
            return "sites" if self.blocks else "pupils"
        return "blocks" if self.blocks else "units"

    @cached_property
    def choice(self) -> SlopeChoice:
        """Which slope of the score before will count, by the rule of the lead."""
        if self.level == "pupil":
            return SlopeChoice("between" if self.slopes else None, "")
        return choose_slope(self.counts, drawn=self.drawn, assigned=self.assigned)

    @property
    def plan(self) -> Plan:
        """How the comparison will be answered."""
        names = ("covariate",) if self.explained else ()
        return Plan(self.design, dict(self.weights), self.r is not None, names, self.choice, self.blocks or None)

    @property
    def inverse_size(self) -> float:
        """The mean of 1/n over units with n pupils left, none of them empty."""
        if not self.lost:
            return 1 / self.size
        n = np.arange(1, self.size + 1)
        p = stats.binom.pmf(n, self.size, 1 - self.lost)
        return float((p / n).sum() / p.sum())

    def arms(self) -> tuple[Codes, list[str]]:
        """Return the arm of every unit as a code, and the arms in the order of their names, as units are reduced."""
        names = sorted(self.units)
        return np.repeat(np.arange(len(names), dtype=np.intp), [self.units[name] for name in names]), names

    def block_of(self) -> Codes:
        """Return the block of every unit: each arm's units are dealt out over the blocks."""
        dealt = [np.arange(self.units[name]) % max(self.blocks, 1) for name in sorted(self.units)]
        return np.concatenate(dealt)

    def with_(self, **changed: object) -> Prospect:
        """Return the prospect with something else in it."""
        return replace(self, **changed)  # type: ignore[arg-type]
