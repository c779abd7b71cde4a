"""Limits of the noncentrality of a t statistic: what makes the interval of a d exact."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)


def noncentral_t_cdf(t: float, df: float, ncp: float) -> float:
    """P(T ≤ t) of the noncentral t distribution: ∫ Φ(t·s - ncp) dF(s), s = √(χ²_df/df), by Gauss-Legendre.

    Own quadrature, because scipy's gives NaN already at t = 11, df = 2, ncp = -9. Agrees with scipy and R's pt to
    1e-10 where those have a value.
    """
    if t < 0:
        return 1 - noncentral_t_cdf(-t, df, -ncp)
    low = math.sqrt(2 * special.gammaincinv(df / 2, 1e-17) / df)
    high = math.sqrt(2 * special.gammainccinv(df / 2, 1e-17) / df)
    bend = [(ncp + z) / t for z in (-9, 0, 9)] if t else []  # where Φ rises: the pieces meet there
    edges = np.unique(np.clip([low, *bend, high], low, high))
    half = np.diff(edges)[:, None] / 2
    s = edges[:-1, None] + half * (_NODES + 1)
    log_constant = math.log(2) + df / 2 * math.log(df / 2) - float(special.gammaln(df / 2))
    density = np.exp(log_constant + (df - 1) * np.log(s) - df * s * s / 2)
    return float((special.ndtr(t * s - ncp) * density * half * _WEIGHTS).sum())


def noncentrality_ci(t: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """Confidence limits of the noncentrality of a t statistic, by inverting the noncentral t distribution.

    The limits exclude 0 exactly when the two-sided p of `t` is below 1 - `level`. Source: Steiger & Fouladi (1997).
    Checked against R (`uniroot` on `pt(..., ncp)`), effectsize, and inversion through scipy.
    """
    step = math.sqrt(1 + t * t / (2 * df))

    def limit(tail: float, side: int) -> float:
        far = t + 2 * side * step
        while side * (noncentral_t_cdf(t, df, far) - tail) > 0:
            far += side * step
        return float(optimize.brentq(lambda ncp: noncentral_t_cdf(t, df, ncp) - tail, *sorted((far, t)), xtol=1e-12))

    return limit((1 + level) / 2, -1), limit((1 - level) / 2, 1)
