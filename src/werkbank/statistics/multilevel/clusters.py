"""Which rows belong together, and the sums per cluster that stand for the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from werkbank.errors import UsageError

Floats = NDArray[np.floating[Any]]
Codes = NDArray[np.intp]
Groups = Mapping[str, ArrayLike] | Sequence[ArrayLike]


@dataclass(frozen=True)
class Level:
    """One grouping factor above the innermost: the offsets of its clusters in the level below, and its terms.

    `intercept` and `by_wave` are positions among the variance ratios (None: no such term).
    """

    offsets: Codes
    intercept: int
    by_wave: int | None


@dataclass(frozen=True)
class Sums:
    """All that the likelihood needs to know of the data A = [X, y] (a columns).

    `cross` is A'A. The innermost clusters enter by their size only: `sizes` (distinct), `counts`, and `size_cross`
    (sum of s s' over clusters of that size, s the column sums). Clusters of one parent and one size form a kind:
    `kind_size` (index into sizes), `kind_w` (sum of m m', m the rows per wave) and `kind_u` (sum of m s').
    `parent_w` (rows per wave) and `parent_u` (column sums per wave) are those of the level above, which `levels`
    starts with. Without a wave term there is one wave. `terms` names the variance ratios, outermost first; `leaf` is
    the position of the innermost one.
    """

    n: int
    cross: Floats
    sizes: Floats
    counts: Floats
    size_cross: Floats
    kind_size: Codes
    kind_w: Floats
    kind_u: Floats
    parent_w: Floats
    parent_u: Floats
    levels: tuple[Level, ...]
    terms: tuple[str, ...]
    leaf: int
    n_groups: dict[str, int]


def labelled(groups: Groups) -> dict[str, Codes]:
    """Return each factor's labels as codes 0…k-1, outermost first.

    Raises
    ------
    UsageError
        When a label is missing.
    """
    named = groups if isinstance(groups, Mapping) else {_name(g, i): g for i, g in enumerate(groups)}
    coded = {}
    for name, labels in named.items():
        coded[name] = _codes(np.asarray(labels))
        missing = int((coded[name] < 0).sum())
        if missing:
            raise UsageError(f"{missing} rows have no {name}; drop and count them before the model")
    return coded


def _codes(labels: NDArray[Any]) -> Codes:
    if labels.dtype.kind in "iu" and labels.size and labels.min() >= 0 and labels.max() < 2 * labels.size:
        # small whole numbers need no hash table
        rank = np.cumsum(np.bincount(labels) > 0) - 1
        return np.asarray(rank[labels], dtype=np.intp)
    return np.asarray(pd.factorize(labels, sort=False)[0], dtype=np.intp)


def _name(labels: ArrayLike, position: int) -> str:
    return str(getattr(labels, "name", None) or f"level{position + 1}")


def check_nested(coded: Mapping[str, Codes]) -> None:
    """Check that every cluster lies in one cluster of the level above and that every level adds something.

    Raises
    ------
    UsageError
        Naming the factor: crossed with the level above, the same as it, of one cluster only, or of one row each.
    """
    previous, above = "", np.zeros(0, dtype=np.intp)
    for name, codes in coded.items():
        k = int(codes.max()) + 1
        if k < 2:
            raise UsageError(f"{name!r} has one group only: there is no variance between groups to estimate")
        if previous:
            parent = np.empty(k, dtype=np.intp)
            parent[codes] = above
            crossing = np.unique(codes[parent[codes] != above]).size
            if crossing:
                raise UsageError(
                    f"{name!r} is not nested in {previous!r}: {crossing} of its {k} labels occur under more than one "
                    f"{previous}. Give labels that are unique, or leave one of the two out."
                )
            if k == int(above.max()) + 1:
                raise UsageError(f"{name!r} and {previous!r} are the same groups: leave one of the two out")
        previous, above = name, codes
    if int(above.max()) + 1 == len(above):
        raise UsageError(f"{previous!r} has one row in every group: its variance is the residual. Leave it out.")


def identifiable(groups: Groups) -> tuple[dict[str, Codes], dict[str, str]]:
    """Leave out the levels that `fit` would refuse, and say why.

    Returns
    -------
    kept : dict
        Outermost first. Of two levels that are the same groups (one class per school) the outer one stays.
    dropped : dict
        Name -> ``one_group``, ``same_as_<level>`` or ``one_row_each``.
    """
    kept: dict[str, Codes] = {}
    dropped: dict[str, str] = {}
    for name, codes in labelled(groups).items():
        k = int(codes.max()) + 1
        last = next(reversed(kept), None)
        if k < 2:
            dropped[name] = "one_group"
        elif k == len(codes):
            dropped[name] = "one_row_each"
        elif last is not None and k == int(kept[last].max()) + 1:
            dropped[name] = f"same_as_{last}"
        else:
            kept[name] = codes
    return kept, dropped


def terms_of(name: str, waves_of: Sequence[str]) -> list[str]:
    """Return the names of a factor's random terms: its intercept and, where asked for, its term by wave."""
    return [name, f"{name}:wave"] if name in waves_of else [name]


def column_sums(columns: Sequence[Floats], codes: Codes, k: int) -> Floats:
    """Return the sums (k, a) of each column over the rows of each code."""
    return np.stack([np.bincount(codes, column, minlength=k) for column in columns], axis=1)


def summarise(
    columns: Sequence[Floats],
    basis: Floats,
    cross: Floats,
    coded: Mapping[str, Codes],
    waves: Codes | None = None,
    waves_of: Sequence[str] = (),
) -> Sums:
    """Reduce the rows to sums per cluster in one pass.

    A is ``columns @ basis`` with cross product `cross`; only sums are brought to that basis, never the rows. The
    factors are taken as nested (see `check_nested`); `waves_of` names factors other than the innermost.
    """
    names = list(coded)
    n_waves = 1 if waves is None else int(waves.max()) + 1
    chain = _sorted_chain(list(coded.values()))
    rows, k, parent = chain[-1].rows, chain[-1].k, chain[-1].parent
    n_parents = chain[-2].k if len(chain) > 1 else 1
    s = column_sums(columns, rows, k) @ basis
    if waves is None:
        m = np.bincount(rows, minlength=k)[:, None].astype(float)
        parent_w = column_sums([m[:, 0]], parent, n_parents)
        parent_u = column_sums(list(s.T), parent, n_parents)[:, None, :]
    else:
        m = np.bincount(rows * n_waves + waves, minlength=k * n_waves).reshape(k, n_waves).astype(float)
        cell = parent[rows] * n_waves + waves
        parent_w = np.bincount(cell, minlength=n_parents * n_waves).reshape(n_parents, n_waves).astype(float)
        parent_u = (column_sums(columns, cell, n_parents * n_waves) @ basis).reshape(n_parents, n_waves, -1)
    sizes, which = np.unique(m.sum(axis=1), return_inverse=True)
    by_size = np.split(s[np.argsort(which, kind="stable")], np.cumsum(np.bincount(which))[:-1])
    size_cross = np.stack([block.T @ block for block in by_size])
    kinds, kind_of = np.unique(parent * len(sizes) + which, return_inverse=True)
    order = np.argsort(kind_of, kind="stable")
    starts = np.searchsorted(kind_of[order], np.arange(len(kinds)))
    m, s = m[order], s[order]
    kind_w = np.add.reduceat(m[:, :, None] * m[:, None, :], starts)
    kind_u = np.add.reduceat(m[:, :, None] * s[:, None, :], starts)
    terms = [term for name in names for term in terms_of(name, waves_of)]
    below = [kinds // len(sizes), *[step.parent for step in reversed(chain[1:-1])]]
    levels = tuple(
        Level(
            offsets=np.searchsorted(codes, np.arange(step.k)),
            intercept=terms.index(name),
            by_wave=terms.index(f"{name}:wave") if name in waves_of else None,
        )
        for codes, step, name in zip(below, reversed(chain[:-1]), reversed(names[:-1]), strict=False)
    )
    return Sums(
        n=len(rows),
        cross=cross,
        sizes=sizes,
        counts=np.bincount(which).astype(float),
        size_cross=size_cross,
        kind_size=kinds % len(sizes),
        kind_w=kind_w,
        kind_u=kind_u,
        parent_w=parent_w,
        parent_u=parent_u,
        levels=levels,
        terms=tuple(terms),
        leaf=terms.index(names[-1]),
        n_groups={name: step.k for name, step in zip(names, chain, strict=True)},
    )


@dataclass(frozen=True)
class _Step:
    """A factor whose codes are sorted by those of the level above: row codes, parent of each code, their number."""

    rows: Codes
    parent: Codes
    k: int


def _sorted_chain(codes: list[Codes]) -> list[_Step]:
    chain: list[_Step] = []
    for rows in codes:
        k = int(rows.max()) + 1
        if not chain:
            chain.append(_Step(rows, np.zeros(k, dtype=np.intp), k))
            continue
        parent = np.empty(k, dtype=np.intp)
        parent[rows] = chain[-1].rows
        order = np.argsort(parent, kind="stable")
        rank = np.empty(k, dtype=np.intp)
        rank[order] = np.arange(k)
        chain.append(_Step(rank[rows], parent[order], k))
    return chain
