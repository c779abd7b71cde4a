"""Whether a method flags some groups more than others: rates with small cells hidden, and residuals by group.

Girls, pupils with a migrant background and twice-exceptional pupils are known to be missed. A difference between groups
here may be that, or a difference in achievement: the numbers cannot tell, and the report says so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import t as student

from werkbank.errors import UsageError
from werkbank.statistics.shares import share


def flag_rates(flags: pd.Series, groups: pd.Series, min_cell: int, clusters: pd.Series | None = None) -> pd.DataFrame:
    """Share flagged in each group, with every count hidden from which fewer than `min_cell` pupils could be told.

    Parameters
    ----------
    flags : Series
        Index pupil; True, False or missing (not judged: left out). Pass the able pupils only for a rate among them.
    groups : Series
        Index pupil; sex, background, … Missing is a group of its own, ``"?"``: who is not registered must not vanish.
    min_cell : int
        The smallest count that may be shown.
    clusters : Series, optional
        School or class of each pupil: intervals are then those of `share` by these.

    Returns
    -------
    DataFrame
        ``group``, ``n``, ``n_flagged``, ``share``, ``ci_low``, ``ci_high`` (95 %), ``hidden``. A group
        is hidden when its flagged or its not flagged pupils are 1 to min_cell - 1 (0 of many is hidden as well when
        n is too small); if only one is hidden, the next smallest is too, because totals would give it away.
    """
    if min_cell < 1:
        raise UsageError(f"min_cell must be at least 1, not {min_cell}")
    judged = flags.dropna().astype(bool)
    label = groups.reindex(judged.index).astype(object).where(lambda g: g.notna(), "?").astype(str)
    table = judged.groupby(label).agg(n="size", n_flagged="sum").rename_axis("group").reset_index()
    rest = table["n"] - table["n_flagged"]
    hidden = table["n"] < min_cell
    for count in (table["n_flagged"], rest):
        hidden |= (count > 0) & (count < min_cell)
    if hidden.sum() == 1 and len(table) > 1:
        hidden[table.loc[~hidden, "n"].idxmin()] = True
    of = None if clusters is None else clusters.reindex(judged.index)
    found = [share(judged[label == g], None if of is None else of[label == g]) for g in table["group"]]
    bounds = [(each.low, each.high) for each in found]
    table["share"] = table["n_flagged"] / table["n"]
    table[["ci_low", "ci_high"]] = bounds or np.empty((0, 2))
    numbers = ["n", "n_flagged", "share", "ci_low", "ci_high"]
    table[numbers] = table[numbers].astype(float).mask(hidden)
    return table.assign(hidden=hidden)


def residuals_by_group(
    residuals: pd.Series, groups: pd.Series, min_cell: int, clusters: pd.Series | None = None
) -> pd.DataFrame:
    """Mean residual of each group, with an interval: whether one expectation fits all groups.

    Parameters
    ----------
    residuals : Series
        Index pupil; for instance minus the ``gap`` of a regression finding (residual SDs, positive = more than
        expected), over all pupils. Missing: left out.
    groups, min_cell
        As in `flag_rates`; a group with fewer pupils is hidden.
    clusters : Series, optional
        Class or school of each pupil: pupils of one class are not independent, and the interval must know.

    Returns
    -------
    DataFrame
        ``group``, ``n``, ``n_clusters``, ``mean``, ``se``, ``df``, ``ci_low``, ``ci_high`` (95 %), ``hidden``; NaN
        where hidden or with one cluster only.

    Notes
    -----
    Linearised variance of a mean over clusters, G/(G-1)·Σ(Σ(e - ē))²/n², t with G - 1 df (Cochran, 1977, ch. 9); each
    pupil its own cluster gives s²/n. Checked against clubSandwich CR1 and a one-sample t-test.
    """
    known = residuals.dropna()
    label = groups.reindex(known.index).astype(object).where(lambda g: g.notna(), "?").astype(str)
    unit = pd.Series(known.index, index=known.index) if clusters is None else clusters.reindex(known.index)
    rows = []
    for group, e in known.groupby(label):
        n, mean = len(e), float(e.mean())
        sums = (e - mean).groupby(unit.loc[e.index], observed=True).sum()
        G = len(sums)
        se = float(np.sqrt(G / (G - 1) * (sums**2).sum()) / n) if G > 1 else np.nan
        reach = float(student.isf(0.025, G - 1)) * se if G > 1 else np.nan
        values = (float(n), float(G), mean, se, G - 1.0, mean - reach, mean + reach)
        hidden = n < min_cell
        rows.append((str(group), *(np.nan if hidden else v for v in values), hidden))
    names = ["group", "n", "n_clusters", "mean", "se", "df", "ci_low", "ci_high", "hidden"]
    return pd.DataFrame(rows, columns=names)
