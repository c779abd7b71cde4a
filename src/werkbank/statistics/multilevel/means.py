"""The assigned classes as the units: their means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.errors import UsageError
from werkbank.statistics.multilevel.clusters import column_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

TOO_FEW = "fewer than two assigned units in an arm: unit and programme cannot be told apart"


def class_means(clusters: ArrayLike, treated: ArrayLike, columns: Mapping[str, ArrayLike]) -> pd.DataFrame:
    """Return one row per cluster: `treated`, `n` (rows) and the mean of each of `columns`.

    Parameters
    ----------
    clusters : array (n,)
        The unit that was assigned.
    treated : array (n,)
        1 or True in the intervention arm, else 0; constant within a cluster.
    columns : mapping
        Name -> values (n,) to average.

    Raises
    ------
    UsageError
        Missing values; a cluster in both arms.
    """
    labels, sizes, means = mean_rows(clusters, treated, columns)
    table = pd.DataFrame(means, columns=["treated", *columns], index=pd.Index(labels, name="cluster"))
    table.insert(1, "n", sizes)
    return table


def mean_rows(
    clusters: ArrayLike, treated: ArrayLike, columns: Mapping[str, ArrayLike]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `class_means` as arrays: labels, rows per cluster, and means (clusters x treated and columns)."""
    values = {"treated": np.asarray(treated, dtype=float)}
    values |= {name: np.asarray(column, dtype=float) for name, column in columns.items()}
    codes, labels = pd.factorize(np.asarray(clusters), sort=True)
    missing = {"cluster": int((codes < 0).sum()), **{name: int(np.isnan(v).sum()) for name, v in values.items()}}
    if any(missing.values()):
        counts = ", ".join(f"{n} of {name}" for name, n in missing.items() if n)
        raise UsageError(f"missing values ({counts}); drop and count those rows before averaging")
    sizes = np.bincount(codes)
    means = column_sums(list(values.values()), codes, len(labels)) / sizes[:, None]
    mixed = means[:, 0] % 1 > 0
    if mixed.any():
        raise UsageError(f"clusters with rows in both arms: {', '.join(map(str, labels[mixed]))}")
    return labels, sizes, means
