"""What normal-theory likelihood needs of the data: means and covariances per pattern of answered items.

Rows that lack the same answers share one pattern, so that a likelihood with missing answers (FIML) costs one small
matrix inversion a pattern, not one a pupil. Complete data are the case of a single pattern. Absent entries are padded
with an identity block: all patterns then have one shape, and numpy works them off together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Patterns:
    """Sufficient statistics of one group of rows.

    Attributes
    ----------
    count : array (J,)
        Rows of each pattern of answered items.
    mask : array (J, p)
        1 where the item is answered in this pattern, else 0.
    mean, cov : arrays (J, p) and (J, p, p)
        Means and covariances (divisor n, not n - 1) within the pattern, 0 where not answered.
    """

    count: Array
    mask: Array
    mean: Array
    cov: Array

    @property
    def n(self) -> int:
        """Rows in all patterns together."""
        return int(self.count.sum())

    @property
    def answered(self) -> Array:
        """How many rows answered each item (p,)."""
        return self.count @ self.mask

    @property
    def answered_together(self) -> Array:
        """How many rows answered both items of each pair (p, p)."""
        return (self.mask * self.count[:, None]).T @ self.mask


def patterns(rows: Array) -> Patterns:
    """Summarise rows (n, p), NaN where not answered; rows without any answer must have been left out."""
    answered = np.isfinite(rows)
    _, first, which = np.unique(np.packbits(answered, axis=1), axis=0, return_index=True, return_inverse=True)
    mask, which = answered[first], np.ravel(which)
    mean, cov = np.zeros(mask.shape), np.zeros((*mask.shape, mask.shape[1]))
    for j, seen in enumerate(mask):
        block = rows[which == j][:, seen]
        mean[j, seen] = block.mean(axis=0)
        centred = block - mean[j, seen]
        cov[j][np.ix_(seen, seen)] = centred.T @ centred / len(block)
    return Patterns(np.bincount(which).astype(float), mask.astype(float), mean, cov)


@dataclass(frozen=True)
class Likelihood:
    """The normal log-likelihood of one group at (sigma, mu), with the pieces its derivatives are made of."""

    data: Patterns
    precision: Array  # (J, p, p): inverse of the answered block, 0 elsewhere
    deviation: Array  # (J, p): pattern mean minus mu
    spread: Array  # (J, p, p): pattern covariance around mu
    value: float

    @classmethod
    def at(cls, data: Patterns, sigma: Array, mu: Array) -> Likelihood:
        """Evaluate; raises numpy.linalg.LinAlgError when sigma is not positive definite."""
        both = data.mask[:, :, None] * data.mask[:, None, :]
        padded = sigma * both + np.eye(len(mu)) * (1 - data.mask)[:, None, :]
        log_det = 2 * np.log(np.linalg.cholesky(padded).diagonal(axis1=1, axis2=2)).sum(axis=1)
        precision = np.linalg.inv(padded) * both
        deviation = (data.mean - mu) * data.mask
        spread = data.cov + deviation[:, :, None] * deviation[:, None, :]
        distance = (precision * spread).sum(axis=(1, 2))
        value = -0.5 * data.count @ (data.mask.sum(axis=1) * LOG_2PI + log_det + distance)
        return cls(data, precision, deviation, spread, float(value))

    def score(self) -> tuple[Array, Array]:
        """Return the derivative of the log-likelihood to sigma (p, p) and to mu (p,)."""
        weight = self.data.count[:, None, None]
        surplus = self.precision @ self.spread @ self.precision - self.precision
        return 0.5 * (weight * surplus).sum(axis=0), self.data.count @ self._pull()

    def _pull(self) -> Array:
        pulled: Array = np.einsum("jab,jb->ja", self.precision, self.deviation)
        return pulled

    def information(self, *, observed: bool) -> Array:
        """Return minus the second derivative to (vec sigma, mu), or its expectation given who answered what.

        With A the precision and T the spread of a pattern, directions X, Y of sigma and u of mu:
        expected n/2 tr(XAYA) and n u'Au; observed n tr(XAY(ATA - A/2)), n u'AXA(mean - mu) and n u'Au.
        """
        patterns, p = self.data.mask.shape
        count, a = self.data.count[:, None], self.precision
        inner = a @ self.spread @ a - 0.5 * a if observed else 0.5 * a
        flat = a.reshape(patterns, -1)
        quartic = (flat.T @ (count * inner.reshape(patterns, -1))).reshape(p, p, p, p)
        total = np.zeros((p * p + p, p * p + p))
        total[: p * p, : p * p] = quartic.transpose(3, 0, 1, 2).reshape(p * p, p * p)
        total[p * p :, p * p :] = (self.data.count @ flat).reshape(p, p)
        if observed:
            cross = (flat.T @ (count * self._pull())).reshape(p, p * p)
            total[p * p :, : p * p] = cross
            total[: p * p, p * p :] = cross.T
        return total


@dataclass(frozen=True)
class Saturated:
    """Maximum-likelihood means and covariances without any model; `converged` is judged by the score."""

    sigma: Array
    mu: Array
    value: float
    converged: bool


def saturated(data: Patterns, *, tolerance: float = 1e-9, most: int = 5000) -> Saturated:
    """Estimate the unrestricted normal model: closed form for complete data, else EM.

    An EM step is the score in disguise: mu gains sigma g / n and sigma gains 2 sigma G sigma / n minus the squared
    gain of mu, with (G, g) the derivatives of the log-likelihood. It stops when a step raises the log-likelihood by
    less than `tolerance`.
    """
    if len(data.count) == 1:
        sigma, mu = data.cov[0], data.mean[0]
        return Saturated(sigma, mu, Likelihood.at(data, sigma, mu).value, converged=True)
    answered = data.answered
    mu = data.count @ data.mean / answered
    sigma = np.diag(_variances(data, mu))
    current = Likelihood.at(data, sigma, mu)
    for _ in range(most):
        by_sigma, by_mu = current.score()
        gain = sigma @ by_mu / data.n
        mu, sigma = mu + gain, sigma + 2 * sigma @ by_sigma @ sigma / data.n - np.outer(gain, gain)
        before, current = current.value, Likelihood.at(data, sigma, mu)
        if current.value - before < tolerance:
            return Saturated(sigma, mu, current.value, converged=True)
    return Saturated(sigma, mu, current.value, converged=False)


def _variances(data: Patterns, mu: Array) -> Array:
    around = data.cov.diagonal(axis1=1, axis2=2) + (data.mean - mu) ** 2
    variances: Array = data.count @ (around * data.mask) / data.answered
    return variances


def independence(data: Patterns) -> float:
    """Return the log-likelihood of the baseline model: every item its own mean and variance, no covariances.

    Closed form, also with missing answers: the likelihood falls apart into one normal likelihood per item over the
    rows that answered it.
    """
    answered = data.answered
    variances = _variances(data, data.count @ data.mean / answered)
    return float(-0.5 * answered @ (LOG_2PI + np.log(variances) + 1))
