"""The covariance of effects that lie in studies, inverted a study at a time.

Effects of one study share a study's own deviation (variance `between`), each has one of its own (`within`), and their
sampling errors may correlate by a constant `rho` (they come from the same pupils). So a study's block is a diagonal
plus two outer products, and everything below is one pass over the effects, however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Blocks:
    """Which effect lies in which study, with its sampling variance.

    Attributes
    ----------
    code : ndarray of int, shape (k,)
        The study of each effect, numbered from 0.
    v : ndarray, shape (k,)
        Sampling variances, above 0.
    rho : float
        Correlation of the sampling errors within a study, 0 <= rho < 1.
    """

    code: NDArray[np.intp]
    v: Array
    rho: float = 0.0

    @property
    def n(self) -> int:
        """Number of studies."""
        return int(self.code.max()) + 1

    def sums(self, values: Array) -> Array:
        """Return the sum of `values` (k, ...) over the effects of each study (n, ...)."""
        out = np.zeros((self.n, *values.shape[1:]))
        np.add.at(out, self.code, values)
        return out


@dataclass(frozen=True)
class Inverse:
    """The inverse of the covariance at given variances: what it does to a matrix, and its determinant."""

    blocks: Blocks
    diagonal: Array
    factors: Array
    inner: Array

    @classmethod
    def at(cls, blocks: Blocks, between: float, within: float) -> Inverse:
        """Invert the covariance at the variances `between` and `within` studies (Woodbury, a study at a time)."""
        diagonal = (1 - blocks.rho) * blocks.v + within
        factors = np.column_stack([np.sqrt(blocks.rho * blocks.v), np.full(len(blocks.v), np.sqrt(between))])
        gram = blocks.sums(factors[:, :, None] * factors[:, None, :] / diagonal[:, None, None])
        return cls(blocks, diagonal, factors, np.eye(2) + gram)

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant of the covariance."""
        return float(np.log(self.diagonal).sum() + np.linalg.slogdet(self.inner)[1].sum())

    def times(self, matrix: Array) -> Array:
        """Return the inverse times `matrix` (k, q)."""
        scaled = matrix / self.diagonal[:, None]
        inside = self.blocks.sums(self.factors[:, :, None] * scaled[:, None, :])
        solved = np.linalg.solve(self.inner, inside)
        taken = np.einsum("kf,kfq->kq", self.factors, solved[self.blocks.code])
        return np.asarray(scaled - taken / self.diagonal[:, None])

    def traces(self) -> tuple[float, float]:
        """Return the traces of the inverse times the derivatives of the covariance to `between` and to `within`."""
        ones = np.ones((len(self.diagonal), 1))
        between = float(self.times(ones).sum())
        square = self.factors / self.diagonal[:, None]
        gram = self.blocks.sums(square[:, :, None] * square[:, None, :])
        within = float((1 / self.diagonal).sum() - np.trace(np.linalg.solve(self.inner, gram), axis1=1, axis2=2).sum())
        return between, within

    def dense(self, study: int) -> Array:
        """Return the covariance itself of the effects of one study."""
        mine = self.blocks.code == study
        return np.asarray(np.diag(self.diagonal[mine]) + self.factors[mine] @ self.factors[mine].T)
