"""From what the caller gives to what the likelihood needs: checked arrays, least squares, factors, sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.errors import UsageError
from werkbank.statistics.multilevel.clusters import check_nested, labelled, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from werkbank.statistics.multilevel.clusters import Codes, Floats, Groups, Sums


def checked(y: ArrayLike, X: ArrayLike, names: Sequence[str] | None) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Return outcome, matrix and column names, refusing shapes that do not fit and missing values."""
    if names is None and isinstance(X, pd.DataFrame):
        names = [str(column) for column in X.columns]
    outcome, matrix = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    if matrix.ndim != 2 or outcome.shape != matrix.shape[:1]:
        raise UsageError(f"y has shape {outcome.shape} and X {matrix.shape}: one row of X for every y")
    columns = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(matrix.shape[1]))
    if len(columns) != matrix.shape[1]:
        raise UsageError(f"{len(columns)} names for the {matrix.shape[1]} columns of X")
    for what, values in {"y": outcome, **dict(zip(columns, matrix.T, strict=True))}.items():
        missing = int((~np.isfinite(values)).sum())
        if missing:
            raise UsageError(f"{missing} values of {what} are missing; drop and count those rows before the model")
    return outcome, matrix, columns


def least_squares(X: Floats, y: Floats, names: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Return β, residuals and R of X = QR, refusing columns that say nothing new.

    In pieces of rows that fit the processor's cache and start no threads: three times as fast, also on a busy machine.
    """
    if len(X) < len(names):
        raise UsageError(f"{len(X)} rows cannot carry {len(names)} columns of X")
    size = max(len(names), 8000 // max(1, len(names)))
    pieces = [slice(start, start + size) for start in range(0, len(X), size)]
    R = np.asarray(np.linalg.qr(np.vstack([np.linalg.qr(X[piece], mode="r") for piece in pieces]), mode="r"))
    lengths = np.sqrt((R**2).sum(axis=0))
    empty = np.abs(np.diag(R)) <= 1e-9 * np.maximum(lengths, np.finfo(float).tiny)
    if empty.any():
        culprits = ", ".join(name for name, bad in zip(names, empty, strict=True) if bad)
        raise UsageError(f"X is collinear: {culprits} follows from the columns before it; leave it out")
    beta, rest = np.zeros(len(R)), y
    for _ in range(2):  # the second round takes out what rounding left in the first
        Xr = sum((X[piece].T @ rest[piece] for piece in pieces), np.zeros(len(R)))
        beta = beta + np.linalg.solve(R, np.linalg.solve(R.T, Xr))
        rest = y - np.concatenate([X[piece] @ beta for piece in pieces])
    return beta, rest, R


def factors(
    groups: Groups, waves: ArrayLike | None, waves_of: Sequence[str], n: int
) -> tuple[dict[str, Codes], Codes | None, tuple[str, ...]]:
    """Return the nested factors, the waves (None: no term needs them) and the factors that cross with them."""
    coded = labelled(groups)
    if not coded or any(len(codes) != n for codes in coded.values()):
        raise UsageError("give at least one grouping factor, with one label for every row")
    if not waves_of:
        check_nested(coded)
        return coded, None, ()
    if waves is None or any(name not in coded for name in waves_of):
        raise UsageError(f"waves_of needs the wave of every row and names of grouping factors; got {list(waves_of)}")
    wave, _ = pd.factorize(np.asarray(waves))
    if len(wave) != n or (wave < 0).any():
        raise UsageError("every row needs its wave")
    innermost = next(reversed(coded))
    if innermost in waves_of:
        # nothing lies below it, so cluster by wave is simply one level more
        cell = coded[innermost] * (int(wave.max()) + 1) + wave
        coded[f"{innermost}:wave"] = np.unique(cell, return_inverse=True)[1]
    check_nested(coded)
    crossed = tuple(name for name in waves_of if name != innermost)
    return coded, (np.asarray(wave, dtype=np.intp) if crossed else None), crossed


def in_orthogonal_basis(
    X: Floats, rest: Floats, R: Floats, scale: float, factors: tuple[dict[str, Codes], Codes | None, Sequence[str]]
) -> Sums:
    """Return the sums of A = [Q, rest/scale], X = QR: there A'A is known, and no column drowns another."""
    p = len(R)
    basis = np.eye(p + 1)
    basis[:p, :p], basis[p, p] = np.linalg.inv(R), 1 / scale
    cross = np.eye(p + 1)
    cross[p, p] = (rest**2).sum() / scale**2
    return summarise([*X.T, rest], basis, cross, *factors)
