"""Units assigned within blocks: pairs, and strata of several units an arm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from werkbank.errors import UsageError
from werkbank.statistics.hc2 import pooled_se, robust_means
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.unit_means import (
    SLOPE_NEEDS,
    UNITS_PER_COVARIATE,
    Adjusted,
    Comparison,
    SlopeChoice,
    adjust,
    compare,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.statistics.hc2 import Floats
    from werkbank.statistics.unit_means import Slope
    from werkbank.statistics.units import Units

Kind = Literal["pairs", "strata"]
Lead = Literal["block_differences", "fixed_blocks"]
BLOCKS_FOR_DIFFERENCES, UNEQUAL_BLOCKS_FOR_DIFFERENCES = 8, 5


@dataclass(frozen=True)
class InBlocks:
    """Answers of a study whose units were assigned within blocks.

    `differences`: mean of the blocks' differences ("in blocks like these"); `fixed`: least squares with a column per
    block ("in these blocks"; for pairs without a slope between units the same numbers). `lead` names which of them
    counts. `effects` (S,) are the blocks' differences, in the order of `blocks`. `dropped` blocks lacked an arm of
    the contrast; `n_units_dropped` units went with them. `equal` says whether every block has as many units in one
    arm as in every other. `left_out` are covariates that are not adjusted for, with the reason (see `Adjusted`).
    """

    kind: Kind
    lead: Lead
    equal: bool
    differences: Quantity
    fixed: Comparison
    blocks: tuple[str, ...]
    effects: Floats
    dropped: tuple[str, ...]
    n_units_dropped: int
    left_out: Mapping[str, str]

    @property
    def headline(self) -> Quantity:
        """The answer that counts."""
        return self.differences if self.lead == "block_differences" else self.fixed.test


def lead_in_blocks(kind: Kind, n_blocks: int, *, equal: bool) -> Lead:
    """Choose between the mean of block differences and fixed blocks, by the blocks that were *assigned*.

    Pairs: differences, always. Strata: differences from 8 blocks on, and from 5 on where numbers are unequal in a
    block (fixed blocks then reject 7 to 8 % of true nulls when spreads differ).
    """
    enough = n_blocks >= (BLOCKS_FOR_DIFFERENCES if equal else UNEQUAL_BLOCKS_FOR_DIFFERENCES)
    return "block_differences" if kind == "pairs" or enough else "fixed_blocks"


def compare_in_blocks(
    units: Units,
    blocks: Sequence[str],
    weights: Mapping[str, float],
    slope: Slope | SlopeChoice | None,
    *,
    n_assigned: int | None = None,
    units_per_covariate: int = UNITS_PER_COVARIATE,
) -> InBlocks:
    """Compare arms of units that were assigned within blocks.

    Parameters
    ----------
    blocks : sequence of str (J,)
        The block of each unit, in the order of `units.labels`.
    weights : mapping
        Weight of each arm compared, summing to 0.
    slope : see `unit_means.adjust`
        ``between`` here is the slope of block differences on block differences (a df each), and in `fixed` that
        between units of one block.
    n_assigned : int, optional
        Blocks that were assigned; those of `blocks` when left out.

    Raises
    ------
    UsageError
        Weights that do not sum to 0; a label short.

    Notes
    -----
    D_s = Σ w_a (mean of r in arm a of block s). Without a slope between: mean of D_s, t on S - 1. With it: intercept
    of the least squares of D_s(y) on D_s(x), t on S - 1 - q, which is the effect in a block whose arms start alike.
    A block without one of the arms leaves whole: what is left of a pair says nothing about the programme. Never leave
    the blocks out. Imbens & Rubin (2015), ch. 9-10; Schochet (2016). Simulated: benchmarks/calibration_designs.py.
    """
    labels = np.asarray(blocks, dtype=str)
    if len(labels) != len(units.arm):
        raise UsageError(f"{len(labels)} blocks for {len(units.arm)} units")
    if abs(sum(weights.values())) > 1e-9:
        raise UsageError("weights of arms within blocks sum to 0: blocks differ in level")
    used = [units.arms.index(name) for name, w in weights.items() if w != 0]
    counts = pd.crosstab(labels, units.arm).reindex(columns=used, fill_value=0)
    whole = counts.gt(0).all(axis=1)
    kept = np.isin(labels, whole.index[whole].to_numpy(dtype=str))
    left, of = units.only(kept), labels[kept]
    counts = counts[whole]
    equal = _alike(counts)
    kind: Kind = "pairs" if len(counts) and bool((counts == 1).all(axis=None)) else "strata"
    made = _both(left, of, weights, slope, units_per_covariate)
    return InBlocks(
        kind=kind,
        lead=lead_in_blocks(kind, n_assigned or len(whole), equal=equal),
        equal=equal,
        differences=made[0],
        fixed=made[1],
        blocks=tuple(map(str, counts.index)),
        effects=made[2],
        dropped=tuple(map(str, whole.index[~whole])),
        n_units_dropped=int((~kept).sum()),
        left_out=made[3],
    )


def _both(
    units: Units, of: np.ndarray, weights: Mapping[str, float], slope: Slope | SlopeChoice | None, per: int
) -> tuple[Quantity, Comparison, Floats, Mapping[str, str]]:
    names = np.unique(of)
    if not len(names):
        nothing = not_computed("no_blocks")
        return nothing, Comparison(nothing, math.nan, math.nan, {}, "no_blocks", ()), np.empty(0), {}
    dummies = (of[:, None] == names[1:]).astype(float)
    adjusted = adjust(units, slope, columns=dummies, units_per_covariate=per)
    D, Dx = block_differences(adjusted, of, weights)
    effects, q = D, len(adjusted.between)
    fixed, left_out = compare(adjusted, weights), adjusted.left_out
    if adjusted.slope is None and adjusted.reason:
        return Quantity(float(D.mean()), note=adjusted.reason), fixed, effects, left_out
    if q and len(names) < SLOPE_NEEDS + 1:
        return Quantity(float(D.mean()), note="too_few_for_slope"), fixed, effects, left_out
    if q and np.linalg.matrix_rank(np.column_stack([np.ones(len(D)), Dx]), tol=1e-9) <= q:
        return Quantity(float(D.mean()), note="not_estimable"), fixed, effects, left_out
    value, se, df, b = mean_difference(D, Dx)
    if q:
        effects = D - Dx @ b
    # differences that are all alike up to the rounding of the outcomes leave nothing to judge by
    scale = max(float(np.abs(D).max()), float(np.ptp(units.y)))
    spread = float(se) if float(se) > 1e-12 * scale else 0.0
    return t_test(float(value), spread, df), fixed, effects, left_out


def mean_difference(D: Floats, Dx: Floats) -> tuple[Floats, Floats, int, Floats]:
    """Return mean of block differences (..., S) at equal covariates, SE, df S - 1 - q, and slopes on Dx (..., S, q).

    One study or many side by side. All blocks are taken to vary alike: Student's t.
    """
    X = np.concatenate([np.ones((*D.shape, 1)), Dx], axis=-1)
    fit = robust_means(D, X, np.zeros(D.shape[-1], dtype=np.intp))
    first = np.eye(X.shape[-1])[0]
    se, df = pooled_se(fit, first)
    return fit.b[..., 0], se, df, fit.b[..., 1:]


def block_differences(adjusted: Adjusted, of: np.ndarray, weights: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Return the blocks' differences (..., S) of the outcome, and (..., S, q) of the covariates between units.

    The outcome has been brought to equal covariates by the slopes within units; those between units are still in it.
    """
    units, names = adjusted.units, np.unique(of)
    line = np.zeros((len(names), len(units.arm)))
    for arm, w in weights.items():
        member = (of == names[:, None]) & (units.arm == units.arms.index(arm))
        line += w * member / np.maximum(member.sum(axis=1, keepdims=True), 1)
    at = [units.names.index(name) for name in adjusted.within]
    y = units.y - np.einsum("...jq,...q->...j", units.x[..., at], units.within_slopes[..., at])
    between = units.x[..., [units.names.index(name) for name in adjusted.between]]
    return y @ line.T, np.asarray(line @ between)


def may_reassign(units: Units, blocks: Sequence[str] | None, arms: Sequence[str], *, drawn: bool) -> bool:
    """Whether a randomisation test keeps its level: units drawn by lot, and equal numbers of the arms in every block.

    With unequal numbers and unequal spread it rejects up to 26 % of true nulls, because it tests that nothing at all
    differs. Without blocks, the arms' numbers must be equal. The test itself: `multilevel.randomisation_test`, within
    `strata`; its smallest p for 8 pairs is 2/2⁸.
    """
    labels = np.asarray(blocks if blocks is not None else [""] * len(units.arm), dtype=str)
    counts = pd.crosstab(labels, units.arm).reindex(columns=[units.arms.index(a) for a in arms], fill_value=0)
    return drawn and _alike(counts) and bool((counts > 0).all(axis=None))


def _alike(counts: pd.DataFrame) -> bool:
    """Whether every block has as many units in one arm as in every other."""
    return bool((counts.max(axis=1) == counts.min(axis=1)).all())
