"""Intervals of a share of pupils: exact where pupils are independent, by Korn and Graubard where they share schools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit
from scipy.stats import beta

Groups = NDArray[np.intp]


@dataclass(frozen=True)
class Share:
    """A share (0-1; NaN of nobody) with its interval (NaN: not known) and what it rests on.

    `n_units` and `df` (units - 1) are None where pupils were taken as independent; `n_effective` is the number of
    independent pupils that would tell as much.
    """

    value: float
    low: float
    high: float
    n: int
    n_units: int | None
    df: int | None
    n_effective: float


def share(yes: ArrayLike, units: ArrayLike | None = None, level: float = 0.95) -> Share:
    """Share of pupils of whom something holds, with an interval that knows the schools (or classes) they sit in.

    Parameters
    ----------
    yes : array of bool (n,)
    units : array (n,), optional
        Code of every pupil's school or class; without it pupils count as independent (Clopper & Pearson, 1934).
    level : float
        Of the interval.

    Returns
    -------
    Share
        With one unit only there is no interval: how far units differ cannot be seen.

    Notes
    -----
    Korn & Graubard (1998): Clopper and Pearson's limits at n* = n_eff·(t[n-1]/t[G-1])², at most n, and p·n*, with
    n_eff = p(1-p)/V and V = G/(G-1)·Σ(Σ(y - p))²/n², the linearised variance of a share over G units. With a share of
    0 or 1 units cannot be seen to differ and n_eff is n. Checked against statsmodels' cluster-robust variance and a
    numerical inversion; its coverage is simulated (docs/flagging.md).
    """
    flags = np.asarray(yes, dtype=bool)
    n, count = len(flags), int(flags.sum())
    if n == 0:
        return Share(np.nan, np.nan, np.nan, 0, None if units is None else 0, None, 0.0)
    p = count / n
    if units is None:
        return Share(p, *clopper_pearson(count, n, level), n, None, None, float(n))
    codes = np.unique(np.asarray(units).astype(str), return_inverse=True)[1]
    G = int(codes.max()) + 1
    if G < 2:
        return Share(p, np.nan, np.nan, n, G, 0, np.nan)
    sums = np.bincount(codes, weights=flags - p)
    variance = G / (G - 1) * float(sums @ sums) / n**2
    alike = np.inf if 0 < count < n else float(n)  # of all or nobody it cannot be seen whether units differ
    effective = p * (1 - p) / variance if variance > 1e-15 else alike
    tail = (1 - level) / 2
    few = float(stdtrit(n - 1, tail) / stdtrit(G - 1, tail)) ** 2
    effective = min(float(n), effective * few)
    return Share(p, *clopper_pearson(p * effective, effective, level), n, G, G - 1, effective)


def clopper_pearson(count: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a proportion `count`/`n` (Clopper & Pearson, 1934), 0-1; NaN when n is 0.

    Both may be no whole numbers: then the limits are those of the beta distributions that whole numbers have.
    """
    if n == 0:
        return np.nan, np.nan
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, count, n - count + 1)) if count > 0 else 0.0
    high = float(beta.isf(tail, count + 1, n - count)) if count < n else 1.0
    return low, high
