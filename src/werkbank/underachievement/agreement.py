"""How far methods agree on who is flagged: which by which, kappa, phi, Jaccard, sensitivity and specificity."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from werkbank.errors import UsageError
from werkbank.statistics.agreement import kappa_of_counts
from werkbank.statistics.shares import clopper_pearson, share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Interval(NamedTuple):
    """An estimate (NaN: cannot be computed), its large-sample standard error where it has one, and its interval."""

    estimate: float = np.nan
    se: float = np.nan
    low: float = np.nan
    high: float = np.nan


class Fourfold(NamedTuple):
    """Two methods on the same pupils: how many were flagged by both, by one only, by neither."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def n(self) -> int:
        """Pupils that both methods judged."""
        return sum(self)


def judged_by_all(flags: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return one column of flags per method for the pupils whom every method judged.

    Parameters
    ----------
    flags : mapping of method to flags
        Index pupil; True, False or missing. What is compared must be the same pupils: the rest is dropped, and
        ``attrs["n_left_out"]`` counts it.
    """
    table = pd.DataFrame(dict(flags)).astype("boolean")
    complete = table.dropna()
    result = complete.astype(bool)
    result.attrs["n_left_out"] = len(table) - len(complete)
    return result


def which_by_which(flags: pd.DataFrame) -> pd.DataFrame:
    """Count the pupils in every combination of methods (the data of an UpSet figure).

    Parameters
    ----------
    flags : DataFrame of bool
        One column per method, no missing values (`judged_by_all`).

    Returns
    -------
    DataFrame
        The method columns, ``n``, and ``n_methods`` (how many flagged); combinations that do not occur are absent;
        most methods first, then most pupils. The n add up to the rows of `flags`.
    """
    methods = list(flags.columns)
    counts = flags.groupby(methods, observed=True).size().rename("n").reset_index()
    counts["n_methods"] = counts[methods].sum(axis=1)
    return counts.sort_values(["n_methods", "n"], ascending=False, kind="stable", ignore_index=True)


def pairwise(flags: pd.DataFrame, units: pd.Series | None = None, level: float = 0.95) -> pd.DataFrame:
    """Compare every pair of methods on the same pupils.

    Parameters
    ----------
    flags : DataFrame of bool
        One column per method. Take the able pupils only: over all pupils agreement on "not flagged" is trivial.
    units : Series, optional
        Each pupil's school (or class), index pupil: intervals then know that classmates are alike. Of kappa and phi
        they are those of `by_leaving_out`, of Jaccard's index that of `share`.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        One row per pair: ``a``, ``b``, the four counts, ``n``, and estimate, ``_low`` and ``_high`` of ``kappa``,
        ``phi`` and ``jaccard``. NaN where a statistic does not exist (nobody flagged).
    """
    rows = []
    for a, b in itertools.combinations(flags.columns, 2):
        counts = fourfold(flags[a], flags[b])
        row: dict[str, object] = {"a": a, "b": b, **counts._asdict(), "n": counts.n}
        made = {"kappa": kappa(counts, level), "phi": phi(counts, level), "jaccard": jaccard(counts, level)}
        if units is not None:
            made = _in_units(flags[[a, b]], units, level)
        for name, found in made.items():
            row |= {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)


def against(flags: pd.DataFrame, standard: str, units: pd.Series | None = None, level: float = 0.95) -> pd.DataFrame:
    """Sensitivity and specificity of every method against one that was chosen as the standard.

    A choice, not a truth: no method here is a gold standard. Intervals are those of `share`, by `units` where given.

    Returns
    -------
    DataFrame
        ``method``; ``sensitivity`` (share of the standard's flags also flagged), ``specificity`` (share of the rest
        not flagged), each 0-1 with ``_low``, ``_high`` and its denominator ``_n``; NaN when that is 0.

    Raises
    ------
    UsageError
        When `standard` is not a column.
    """
    if standard not in flags:
        raise UsageError(f"no method {standard!r}; there are {', '.join(map(str, flags.columns))}")
    rows = []
    for method in flags.columns.drop(standard):
        row: dict[str, object] = {"method": method}
        for name, right, among in (
            ("sensitivity", flags[method], flags[standard]), ("specificity", ~flags[method], ~flags[standard])
        ):  # fmt: skip
            found = share(right[among], None if units is None else units.reindex(flags.index)[among], level)
            row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_n": found.n}
        rows.append(row)
    return pd.DataFrame(rows)


def fourfold(a: pd.Series, b: pd.Series) -> Fourfold:
    """Count two columns of flags (bool, same pupils, no missing values)."""
    return Fourfold(int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum()), int((~a & ~b).sum()))


def kappa(counts: Fourfold, level: float = 0.95) -> Interval:
    """Cohen's kappa: agreement beyond what the two shares flagged would give by chance, at most 1.

    Notes
    -----
    (p_o - p_e)/(1 - p_e), Cohen (1960); large-sample SE of Fleiss, Cohen & Everitt (1969), as psych::cohen.kappa.
    NaN when one method flags everybody or nobody and so does the other. At low shares kappa is low whatever the
    agreement: read it with the counts.
    """
    found = kappa_of_counts(np.reshape(counts, (2, 2)), np.eye(2), level)
    return Interval(found.estimate, found.se, found.ci_low, found.ci_high)


def phi(counts: Fourfold, level: float = 0.95) -> Interval:
    """Phi: the Pearson correlation of two columns of flags, -1 to 1.

    Notes
    -----
    (ad - bc)/√(row and column totals); large-sample SE of Bishop, Fienberg & Holland (1975, eq. 11.3-5), checked
    against a numerical delta method. NaN when a method flags everybody or nobody.
    """
    n = counts.n
    a, b, c, d = np.array(counts, dtype=float) / n if n else np.zeros(4)
    r1, r2, c1, c2 = a + b, c + d, a + c, b + d
    if min(r1, r2, c1, c2) == 0:
        return Interval()
    estimate = (a * d - b * c) / np.sqrt(r1 * r2 * c1 * c2)
    skew = (r1 - r2) * (c1 - c2) / np.sqrt(r1 * r2 * c1 * c2)
    spread = (r1 - r2) ** 2 / (r1 * r2) + (c1 - c2) ** 2 / (c1 * c2)
    variance = (1 - estimate**2 + estimate * (1 + estimate**2 / 2) * skew - 0.75 * estimate**2 * spread) / n
    se = float(np.sqrt(max(variance, 0.0)))
    reach = float(ndtri((1 + level) / 2)) * se
    return Interval(float(estimate), se, max(-1.0, float(estimate) - reach), min(1.0, float(estimate) + reach))


def jaccard(counts: Fourfold, level: float = 0.95) -> Interval:
    """Jaccard index: of the pupils flagged by either method, the share flagged by both (0-1).

    Interval: Clopper-Pearson, given how many were flagged by either. NaN when nobody was.
    """
    either = counts.n - counts.neither
    if either == 0:
        return Interval()
    return Interval(counts.both / either, np.nan, *clopper_pearson(counts.both, either, level))


def _in_units(flags: pd.DataFrame, units: pd.Series, level: float) -> dict[str, Interval]:
    """Return how far two methods agree, with intervals that know the units of pupils."""
    either, both = flags.any(axis=1), flags.all(axis=1)
    part = share(both[either], units.reindex(flags.index)[either], level)
    made = {name: by_leaving_out(flags, units, of, level) for name, of in (("kappa", kappa), ("phi", phi))}
    return made | {"jaccard": Interval(part.value, np.nan, part.low, part.high)}


def by_leaving_out(
    flags: pd.DataFrame, units: pd.Series, statistic: Callable[[Fourfold, float], Interval], level: float = 0.95
) -> Interval:
    """Interval of an agreement of two methods by leaving out one school (or class) at a time.

    Parameters
    ----------
    flags : DataFrame of bool
        Two columns.
    units : Series
        Each pupil's unit, index pupil.

    Returns
    -------
    Interval
        Estimate ± t(G-1)·SE within -1 and 1, SE² = (G-1)/G·Σ(θ without g - their mean)². Without interval where there
        is one unit or the statistic does not exist without one of them.

    Notes
    -----
    Jackknife over clusters (Quenouille; Wolter 2007, ch. 4). With every pupil a unit it is the delete-one jackknife.
    """
    first, second = (flags[column] for column in flags)
    whole = fourfold(first, second)
    cells = [first & second, first & ~second, ~first & second, ~first & ~second]
    codes = units.reindex(flags.index).astype(str)
    of_unit = pd.concat(cells, axis=1).groupby(codes.to_numpy()).sum().to_numpy(int)
    estimate, G = statistic(whole, level).estimate, len(of_unit)
    without = np.array([statistic(Fourfold(*(np.array(whole) - own)), level).estimate for own in of_unit])
    if G < 2 or np.isnan(estimate) or np.isnan(without).any():
        return Interval(estimate)
    se = float(np.sqrt((G - 1) / G * ((without - without.mean()) ** 2).sum()))
    reach = float(stdtrit(G - 1, (1 + level) / 2)) * se
    return Interval(estimate, se, max(-1.0, estimate - reach), min(1.0, estimate + reach))
