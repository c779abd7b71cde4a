"""Further questions of the units that were assigned: a slope beside the arms, adjusted as the lead is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from werkbank.effects.leading import as_units, single_pupils, slope_of
from werkbank.statistics.hc2 import contrast
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.unit_means import UNITS_PER_COVARIATE, adjust

if TYPE_CHECKING:
    from werkbank.effects.leading import Plan
    from werkbank.statistics.hc2 import Floats
    from werkbank.statistics.units import Units


class Assigned(NamedTuple):
    """The units of an analysis as the lead counts them, and the unit of every row.

    `blocks` (J, b - 1) are columns of the blocks (none without), `per` how many units carry one covariate (0: no
    limit, of pupils who were assigned one by one).
    """

    units: Units
    of_row: pd.Series
    blocks: Floats
    per: int

    def means(self, values: pd.Series) -> Floats:
        """Return the mean of a column in every unit."""
        of_unit = values.astype(float).groupby(self.of_row.to_numpy()).mean()
        return np.asarray(of_unit.reindex(list(self.units.labels)), dtype=float)


def assigned(plan: Plan, rows: pd.DataFrame) -> Assigned:
    """Reduce pupils to what was assigned: themselves, or their classes, with the blocks in which that happened."""
    alone = plan.design in {"pupils", "sites"}
    of_row = pd.Series([f"{i:09d}" for i in range(len(rows))], rows.index) if alone else rows["unit"].astype(str)
    units = single_pupils(plan, rows) if alone else as_units(plan, rows)
    blocks = np.empty((len(units.labels), 0))
    if plan.design in {"sites", "blocks"}:
        of_unit = rows["block"].astype(str).groupby(of_row.to_numpy()).first().reindex(list(units.labels))
        blocks = pd.get_dummies(of_unit, drop_first=True, dtype=float).to_numpy()
    return Assigned(units, of_row, blocks, 0 if alone else UNITS_PER_COVARIATE)


def slope(plan: Plan, rows: pd.DataFrame, column: str, *, blocks: bool = True) -> Quantity:
    """Slope of the score after on a column, between the units that were assigned, within arms.

    Parameters
    ----------
    plan : Plan
        Whose pre-test, covariates and blocks are adjusted for, by the lead's own rule.
    rows : DataFrame
        Pupils of one arm or more, no missing values.
    blocks : bool
        Whether blocks are adjusted for.

    Returns
    -------
    Quantity
        NaN with a note: not_estimable, no_degrees_of_freedom, leverage_of_one.

    Notes
    -----
    ȳ ~ arm + column + covariates (+ blocks) on unit means, HC2; df the smaller of Bell-McCaffrey's and Welch's with
    n_k - 2 for each arm: pupils of one class never count as independent. Checked against statsmodels' HC2 and clubs of
    one row in `multilevel.cr2_test`.
    """
    of = assigned(plan, rows)
    k, counts = len(of.units.arms), np.bincount(of.units.arm)
    columns = np.column_stack([of.means(rows[column]), *([of.blocks] if blocks else [])])
    most = len(of.units.names) if of.per == 0 else int(of.units.has_pre) + len(of.units.arm) // of.per
    if len(of.units.arm) <= k + columns.shape[1] + min(most, len(of.units.names)):
        return not_computed("no_degrees_of_freedom")
    adjusted = adjust(of.units, slope_of(plan), columns=columns, units_per_covariate=of.per)
    if bool(adjusted.fit.collinear):
        return not_computed("not_estimable")
    if bool(adjusted.fit.determined):
        return not_computed("leverage_of_one")
    found = contrast(adjusted.fit, np.eye(adjusted.fit.b.shape[-1])[k], counts - 2.0)
    df = float(np.fmin(found.df_bm, found.df_welch))
    return t_test(float(found.value), float(found.se), df, plan.level)
