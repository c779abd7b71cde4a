"""Ordinary least squares with tests of linear combinations: what ANCOVA, gains and slopes are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from werkbank.statistics.quantity import Quantity, not_computed, t_test

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Coefficients, their covariance, residual df and residual variance of y on X; `row_space` is X⁺X."""

    b: Floats
    cov: Floats
    df: int
    variance: float
    row_space: Floats

    def combination(self, weights: ArrayLike) -> Quantity:
        """Test Σ w·b. NaN with a note when the design cannot tell it apart (an arm that is also a covariate)."""
        w = np.asarray(weights, dtype=float)
        if not np.allclose(w @ self.row_space, w, atol=1e-7):
            return not_computed("not_estimable")
        return t_test(float(w @ self.b), math.sqrt(max(float(w @ self.cov @ w), 0.0)), self.df)


def least_squares(y: ArrayLike, X: ArrayLike) -> Fit:
    """Fit y = Xb + e; an aliased column takes no degree of freedom (a covariate that does not vary does no harm).

    Residual variance is exactly 0 when the fit is perfect up to rounding. Checked against R's lm.
    """
    yy, XX = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    size = np.linalg.norm(XX, axis=0)
    size[size == 0] = 1.0  # columns of equal length, so that the rank does not depend on units
    inverse = np.linalg.pinv(XX / size, rcond=1e-10) / size[:, None]
    row_space = inverse @ XX
    b = inverse @ yy
    rest = yy - XX @ b
    df = yy.size - round(float(np.trace(row_space)))
    rss = float(rest @ rest)
    rss = 0.0 if rss <= 1e-22 * float(yy @ yy) else rss
    variance = rss / df if df > 0 else math.nan
    return Fit(b, variance * (inverse @ inverse.T), df, variance, row_space)
