"""Which group each row of a table is in, as numbers: asked of the same columns hundreds of times in one report."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.statistics.hc2 import Codes, Floats

COLUMNS = 64  # that are kept: those of one study
LONGEST = 20_000  # rows of a column that is kept


def coded(column: pd.Series) -> tuple[Codes, tuple[str, ...]]:
    """Return each row's place (-1: missing) among the groups of a column, and the groups as text, in order.

    What `pandas.factorize` of the column as text gives, sorted. Of a categorical column only the categories are sorted;
    others are kept by content, because robustness checks ask it of the same units again and again: not long ones, which
    would be kept at the cost of memory.
    """
    if isinstance(column.dtype, pd.CategoricalDtype) and not column.hasnans:
        given = column.cat.codes.to_numpy().astype(np.intp)
        used = np.bincount(given, minlength=len(column.cat.categories)).nonzero()[0]
        place = np.zeros(len(column.cat.categories), dtype=np.intp)
        place[used], names = pd.factorize(column.cat.categories[used].astype(str), sort=True)
        return place[given], tuple(names)
    cells = column.to_numpy(dtype=object)
    if set(map(type, cells)) != {str}:
        cells = column.astype(str).to_numpy(dtype=object)
    if len(cells) > LONGEST:
        codes, labels = pd.factorize(cells, sort=True)
        return np.asarray(codes, dtype=np.intp), tuple(labels)
    return _coded(tuple(cells))


@lru_cache(maxsize=COLUMNS)
def _coded(cells: tuple[Any, ...]) -> tuple[Codes, tuple[str, ...]]:
    labels = sorted({cell for cell in cells if isinstance(cell, str)})
    place: dict[Any, int] = {label: at for at, label in enumerate(labels)}
    codes = np.fromiter((place.get(cell, -1) for cell in cells), dtype=np.intp, count=len(cells))
    codes.flags.writeable = False  # whoever asks next gets the same array
    return codes, tuple(labels)


def indicators(column: pd.Series, groups: Iterable[str]) -> list[Floats]:
    """Return for each of these groups 1.0 in its rows and 0.0 in all others."""
    codes, labels = coded(column)
    place = {label: at for at, label in enumerate(labels)}
    return [(codes == place.get(group, -2)).astype(float) for group in groups]


def ranges(values: Floats, codes: Codes, n: int) -> Floats:
    """Return how far the values of each of `n` groups lie apart; missing ones do not count, -inf without any."""
    there = codes >= 0
    lowest, highest = np.full(n, np.inf), np.full(n, -np.inf)
    np.fmin.at(lowest, codes[there], values[there])
    np.fmax.at(highest, codes[there], values[there])
    return np.asarray(highest - lowest)
