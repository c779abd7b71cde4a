"""The units that were assigned, as numbers: their means, sizes, and how pupils within them hang together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from werkbank.statistics.hc2 import Codes, Floats


@dataclass(frozen=True)
class Units:
    """Sufficient numbers of J units with q covariates; one study, or many side by side (leading dimensions).

    Attributes
    ----------
    labels : tuple of str
        The units, in the order of the arrays.
    arms : tuple of str
        The arms; `arm` (J,) is each unit's position among them.
    sizes, y : array (..., J)
        Pupils, and mean outcome.
    x : array (..., J, q)
        Means of the covariates `names`: the pre-test (if any), further pupil-level ones, then unit-level ones.
    has_pre, n_pupil_level : bool, int
        Whether the first of the names is the pre-test, and how many are pupil-level (the pre-test with them).
    sxx, sxy : array (..., m, m), (..., m)
        Cross-products of the m pupil-level covariates, and with the outcome, within units, summed over all arms.
    """

    labels: tuple[str, ...]
    arms: tuple[str, ...]
    arm: Codes
    sizes: Floats
    y: Floats
    x: Floats
    names: tuple[str, ...]
    has_pre: bool
    n_pupil_level: int
    sxx: Floats
    sxy: Floats

    @property
    def counts(self) -> dict[str, int]:
        """Units per arm."""
        return dict(zip(self.arms, np.bincount(self.arm, minlength=len(self.arms)).tolist(), strict=True))

    @property
    def within_slopes(self) -> Floats:
        """Slopes (..., m) of the outcome on the pupil-level covariates jointly, among pupils of the same unit."""
        return np.asarray((np.linalg.pinv(self.sxx, hermitian=True) @ self.sxy[..., None])[..., 0])

    def with_column(self, name: str, values: Floats) -> Units:
        """Return the units with one more covariate of units, `values` (..., J)."""
        return replace(self, names=(*self.names, name), x=np.concatenate([self.x, values[..., None]], axis=-1))

    def only(self, kept: NDArray[np.bool_]) -> Units:
        """Return the units of a mask (J,); slopes within units stay those of all pupils, and so do the arms."""
        return replace(
            self,
            labels=tuple(np.array(self.labels, dtype=object)[kept]),
            arm=self.arm[kept],
            sizes=self.sizes[..., kept],
            y=self.y[..., kept],
            x=self.x[..., kept, :],
        )


def units_of(
    rows: pd.DataFrame,
    y: str = "post",
    *,
    pre: str | None = "pre",
    pupil_level: Sequence[str] = (),
    unit_level: Sequence[str] = (),
    unit: str = "unit",
    arm: str = "arm",
) -> Units:
    """Reduce pupils to the units that were assigned.

    Parameters
    ----------
    rows : DataFrame
        One row per pupil; numbers in `y`, `pre` and the covariates, no missing values.
    pre : str, optional
        The pre-test; None when there is none.
    pupil_level, unit_level : sequence of str
        Further covariates that differ between pupils of a unit, and those that do not.
    unit, arm : str
        The unit that was assigned and its arm. Pupils who were assigned one by one are each a unit of their own.

    Raises
    ------
    UsageError
        No rows; missing values; a unit in two arms; a unit-level covariate that differs within a unit.

    Notes
    -----
    Scores are centred first, so that cross-products of scores far from 0 keep their digits.
    """
    if rows.empty:
        raise UsageError("no rows")
    own = [*([pre] if pre else []), *pupil_level]
    names = [*own, *unit_level]
    missing = rows[[y, *names, unit, arm]].isna().sum()
    if missing.any():
        counts = ", ".join(f"{n} of {name}" for name, n in missing.items() if n)
        raise UsageError(f"missing values ({counts}); drop and count those rows first")
    codes, labels = coded(rows[unit])
    of_arm, arms = coded(rows[arm])
    first = np.zeros(len(labels), dtype=np.intp)
    first[codes] = of_arm
    if (first[codes] != of_arm).any():
        raise UsageError(f"units in two arms: {', '.join(labels[np.unique(codes[first[codes] != of_arm])])}")
    values = rows[[y, *names]].to_numpy(dtype=float)
    centre = values.mean(axis=0)
    sizes = np.bincount(codes).astype(float)
    means = _means(values - centre, codes, sizes)
    within = values - centre - means[codes]
    # what is left of a constant after rounding is no variation
    within[np.abs(within) <= 1e-12 * np.abs(values - centre).max(axis=0, initial=0.0)] = 0.0
    loose = np.abs(within[:, 1 + len(own) :]).max(axis=0, initial=0.0) > 1e-9 * np.ptp(values, axis=0)[1 + len(own) :]
    if loose.any():
        raise UsageError(f"differs within a unit: {', '.join(np.array(names)[len(own) :][loose])}")
    deviations = within[:, 1 : 1 + len(own)]
    return Units(
        labels=tuple(map(str, labels)),
        arms=tuple(map(str, arms)),
        arm=first,
        sizes=sizes,
        y=means[:, 0] + centre[0],
        x=means[:, 1:] + centre[1:],
        names=tuple(names),
        has_pre=pre is not None,
        n_pupil_level=len(own),
        sxx=deviations.T @ deviations,
        sxy=deviations.T @ within[:, 0],
    )


def coded(column: pd.Series) -> tuple[Codes, pd.Index]:
    """Return the place of each row's name among the names, which are sorted as text; no name may be missing.

    Of a categorical column only the categories are sorted: what is asked of many copies of a table is asked so.
    """
    if not isinstance(column.dtype, pd.CategoricalDtype) or column.hasnans:
        codes, names = pd.factorize(column.astype(str), sort=True)
        return np.asarray(codes), pd.Index(names)
    given = column.cat.codes.to_numpy().astype(np.intp)
    used = np.bincount(given, minlength=len(column.cat.categories)).nonzero()[0]
    place = np.zeros(len(column.cat.categories), dtype=np.intp)
    place[used], names = pd.factorize(column.cat.categories[used].astype(str), sort=True)
    return place[given], pd.Index(names)


def ranges(values: Floats, codes: Codes) -> Floats:
    """Return highest less lowest value in each group of which there are rows."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    highest, lowest = (reduce.reduceat(values[order], starts) for reduce in (np.maximum, np.minimum))
    return np.asarray(highest - lowest)


def stacked(several: Sequence[Units]) -> Units:
    """Return studies with the same units and arms side by side, such as completed copies of one table.

    Raises
    ------
    UsageError
        Units, arms or covariates that are not the same in all.
    """
    first = several[0]
    if any((u.labels, u.arms, u.names) != (first.labels, first.arms, first.names) for u in several):
        raise UsageError("only studies with the same units, arms and covariates stand side by side")
    if any((u.arm != first.arm).any() for u in several):
        raise UsageError("a unit changes its arm between studies")
    return replace(
        first,
        sizes=np.stack([u.sizes for u in several]),
        y=np.stack([u.y for u in several]),
        x=np.stack([u.x for u in several]),
        sxx=np.stack([u.sxx for u in several]),
        sxy=np.stack([u.sxy for u in several]),
    )


def _means(values: Floats, codes: ArrayLike, sizes: Floats) -> Floats:
    sums = np.stack([np.bincount(np.asarray(codes), column) for column in values.T], axis=1)
    return np.asarray(sums / sizes[:, None])
