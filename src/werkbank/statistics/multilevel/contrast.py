"""What a test of one contrast says, whichever model it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from werkbank.statistics.multilevel.clusters import Floats

How = Literal["kenward-roger", "satterthwaite", "cr2"]


@dataclass(frozen=True)
class ContrastTest:
    """A test of Lβ = 0.

    One row in L: `statistic` is t, and estimate, se and the CI (same model, same df as p) are given. More rows:
    `statistic` is F with `df_numerator` and `df`, and estimate, se and CI are NaN. `df`, `p` and the rest are NaN
    with the reason in `note` when the data cannot carry a test. `method` names what df and standard error rest on.
    """

    estimate: float
    se: float
    df: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    ci_level: float
    df_numerator: int
    method: How
    note: str = ""


def no_df(df: float) -> str:
    """Return the reason why a test with this df cannot be given ("" when it can)."""
    return "" if df > 0 else "too few clusters: the approximation of the df breaks down (not positive)"


def t_test(estimate: float, se: float, df: float, method: How, ci_level: float) -> ContrastTest:
    """Return t, p and CI of one estimate from its standard error and df."""
    t = estimate / se
    note = no_df(df)
    if note:
        df = float("nan")
    half = se * float(special.stdtrit(df, (1 + ci_level) / 2))
    p = 2 * float(special.stdtr(df, -abs(t)))
    return ContrastTest(estimate, se, df, t, p, estimate - half, estimate + half, ci_level, 1, method, note)


def untestable(q: int, method: How, ci_level: float, note: str) -> ContrastTest:
    """Return a test without a number, and why."""
    nan = float("nan")
    return ContrastTest(nan, nan, nan, nan, nan, nan, nan, ci_level, q, method, note)


def contrast_rows(contrast: str | ArrayLike, names: Sequence[str]) -> Floats:
    """Return the weights (q, p) of a contrast: a column's name, one combination of the coefficients, or several."""
    if isinstance(contrast, str):
        if contrast not in names:
            raise UsageError(f"no column {contrast!r} in X; there are {', '.join(names)}")
        return np.eye(len(names))[[names.index(contrast)]]
    L = np.atleast_2d(np.asarray(contrast, dtype=float))
    if L.shape[1] != len(names):
        raise UsageError(f"the contrast has {L.shape[1]} weights for {len(names)} fixed effects")
    if np.linalg.matrix_rank(L) < len(L):
        raise UsageError("the rows of the contrast repeat each other")
    return L
