"""Whether small studies say otherwise, and whether one study decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from werkbank.statistics.linear import least_squares
from werkbank.statistics.pooling.model import Method, knapp_hartung, pool

if TYPE_CHECKING:
    from werkbank.statistics.pooling.covariance import Array

FEWEST = 10


@dataclass(frozen=True)
class Egger:
    """Egger's regression: how much the effect rises with its standard error."""

    slope: float
    se: float
    df: int
    t: float
    p: float


def egger(effects: Array, variances: Array) -> Egger:
    """Return Egger's regression: effects on their standard errors, weighted by 1 / variance, on k - 2 df.

    A slope above 0 says that smaller studies find more: because they were published for it, or because they differ
    (younger pupils, more intensive). Refused below ten studies (Sterne et al. 2011): it then finds little, or chance.
    Source: Egger et al. (1997), BMJ 315, 629-634. Checked against R's regtest(model = "lm").
    """
    y, se = np.asarray(effects, dtype=float), np.sqrt(np.asarray(variances, dtype=float))
    if len(y) < FEWEST:
        raise ValueError(f"{len(y)} studies: Egger's regression says nothing below {FEWEST}")
    fit = least_squares(y / se, np.column_stack([1 / se, np.ones(len(y))]))
    slope, error = float(fit.b[1]), float(np.sqrt(fit.cov[1, 1]))
    t = slope / error
    return Egger(slope, error, fit.df, t, float(2 * stats.t.sf(abs(t), fit.df)))


@dataclass(frozen=True)
class Without:
    """What is pooled when one study is left out (arrays, a study each, in order of the studies)."""

    estimate: Array
    se: Array
    low: Array
    high: Array
    p: Array
    tau2: Array


def leave_one_out(effects: Array, variances: Array, *, method: Method = "REML", ci_level: float = 0.95) -> Without:
    """Return what is pooled without each study in turn, after Knapp and Hartung. Refused below four studies."""
    y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    if len(y) < 4:
        raise ValueError(f"{len(y)} studies: too few to leave one out")
    rows = []
    for study in range(len(y)):
        fit = pool(np.delete(y, study), np.delete(v, study), method=method)
        at = knapp_hartung(fit, ci_level=ci_level)
        rows.append((at.estimate[0], at.se[0], at.low[0], at.high[0], at.p[0], fit.between))
    return Without(*np.array(rows).T)
