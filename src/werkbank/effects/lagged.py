"""Regressions of a later score on earlier ones: how stable a scale is, and which of two scales runs ahead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from werkbank.effects import comparison
from werkbank.effects.questions import Question, identifier
from werkbank.effects.waves import independent, three_waves
from werkbank.statistics import multilevel
from werkbank.statistics.linear import least_squares
from werkbank.statistics.quantity import Quantity, not_computed, of_contrast_test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from werkbank.results import Estimate


def lagged(asked: Sequence[Question], others: Mapping[str, pd.DataFrame]) -> list[Estimate]:
    """Regress every later wave on the waves before it, within the arms of one outcome and contrast.

    Parameters
    ----------
    asked : sequence of Question
        The questions of one outcome and contrast with the same start, in the order of time.
    others : mapping of name to DataFrame
        Scores (pupil x wave) of the scales along which the programme may work.

    Returns
    -------
    list of Estimate
        ``lagged_previous``, slope on the wave just before; from the second later wave ``lagged_earlier``, slope on the
        wave before that at an equal previous score. Per other scale ``lagged_cross``, slope on the other scale at the
        previous wave at an equal own score, and ``lagged_cross_back``, the same with the scales changed about; it is
        their column `other`. All exploratory.

    Raises
    ------
    UnfitError
        Fewer than three waves.
    """
    three_waves(asked)
    first = asked[0]
    waves = [first.wave_from, *(q.wave_to for q in asked)]
    own = first.table.assign(**{waves[0]: first.table["pre"]}, **{q.wave_to: q.table["post"] for q in asked})
    made = []
    for i, q in enumerate(asked, 1):
        before = waves[max(i - 2, 0) : i][::-1]
        rows = own.assign(y=own[waves[i]], **{f"x{k}": own[w] for k, w in enumerate(before)})
        names = [f"x{k}" for k in range(len(before))]
        asks = [("lagged_previous", names), *([("lagged_earlier", names[::-1])] if len(names) > 1 else [])]
        made += [_estimate(q, method, rows, columns) for method, columns in asks]
        for name, scores in others.items():
            if {waves[i - 1], waves[i]} <= set(scores):
                now, then = (scores[w].reindex(own.index) for w in (waves[i], waves[i - 1]))
                ahead = own.assign(y=own[waves[i]], cause=then, same=own[waves[i - 1]])
                back = own.assign(y=now, cause=own[waves[i - 1]], same=then)
                pair = [("lagged_cross", ahead), ("lagged_cross_back", back)]
                made += [_estimate(q, method, table, ["cause", "same"], name) for method, table in pair]
    return made


def _estimate(q: Question, method: str, table: pd.DataFrame, columns: list[str], other: str = "") -> Estimate:
    by_unit = q.unit.of_pupil is not None
    within = ["block"] * bool(q.blocks.level)
    rows = table.dropna(subset=["y", *columns, *["unit"] * by_unit, *within])
    found = slope(rows, columns, within)
    found = replace(found, note=found.note or "lagged_association")
    made = q.estimate(method, found, len(rows), rows["unit"].nunique() if by_unit else None)
    return replace(made, id=identifier(made.id, other) if other else made.id, other=other, role="exploratory")


def slope(rows: pd.DataFrame, columns: Sequence[str], within: Sequence[str] = ()) -> Quantity:
    """Slope of y on the first of `columns` at equal others, within arms (and `within`); points of y per point of it.

    Parameters
    ----------
    rows : DataFrame
        One row per pupil without missing values: y, arm, the columns, `unit` (NA where pupils were assigned), and
        `within`, in whose every value y has a level of its own: the blocks in which lots were drawn.

    Returns
    -------
    Quantity
        CR2 with Satterthwaite df where units count, Student's t otherwise; NaN with a note when a column does not vary
        beside the others or there are fewer than two units.

    Notes
    -----
    An association: measurement error in the scores before pulls the slope of the first towards 0 and lends the rest to
    the others (Lord 1967; Hamaker, Kuiper & Grasman 2015), so that a cross-lagged slope is no evidence of a cause.
    Checked against R's lm and clubSandwich.
    """
    if rows.empty:
        return not_computed("not_estimable")
    arms = [(rows["arm"] == arm).to_numpy(float) for arm in rows["arm"].unique()]
    levels = [(rows[name] == value).to_numpy(float) for name in within for value in rows[name].unique()]
    X = np.column_stack([comparison.numeric(rows, columns), independent(np.column_stack([*arms, *levels]))])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return not_computed("not_estimable")
    wanted = np.eye(X.shape[1])[0]
    if rows["unit"].isna().all():
        return least_squares(rows["y"], X).combination(wanted)
    if rows["unit"].nunique() < 2:
        return not_computed("refused_too_few_units")
    units = rows["unit"].astype(str)
    return of_contrast_test(multilevel.cr2_test(multilevel.cluster_robust(rows["y"], X, units), wanted))
