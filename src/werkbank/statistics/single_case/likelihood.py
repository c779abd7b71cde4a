"""The likelihood of series of cases: random intercepts and slopes of nested groups, and AR(1) errors in each case.

V = σ²·V*, V* = R(φ) + Σ Z_l Λ_l Z_l', Λ_l = L_l L_l' relative to σ². Rows are brought to independence within each case
(R(φ)^(-1/2) is linear in n), reduced to cross products per case, and the random terms are then taken out from the
innermost group to the outermost: G - G_z L(I + L'G_zz L)⁻¹L'G_z', log|V*| gaining log|I + L'G_zz L| (Woodbury).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.single_case.autocorrelation import gaps_of, whitened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from werkbank.statistics.single_case.series import Floats


@dataclass(frozen=True)
class Term:
    """A group's random effects: its name, its code per row, and the columns Z (n, q) that vary over its groups."""

    name: str
    codes: NDArray[np.intp]
    Z: Floats
    columns: tuple[str, ...]

    @property
    def q(self) -> int:
        """Random effects of each group."""
        return int(self.Z.shape[1])


@dataclass(frozen=True)
class Data:
    """Rows in order of group, case and time; `terms` from the outermost group to the case itself (the last)."""

    y: Floats
    X: Floats
    times: Floats
    terms: tuple[Term, ...]
    autocorrelated: bool

    @property
    def cases(self) -> NDArray[np.intp]:
        """The case of each row."""
        return self.terms[-1].codes

    @property
    def gaps(self) -> Floats:
        """Sessions since the value before, of the same case."""
        return gaps_of(self.times, np.diff(self.cases, prepend=-1) != 0)

    @property
    def size(self) -> int:
        """Parameters of the search: the entries of every L, and φ."""
        return sum(term.q * (term.q + 1) // 2 for term in self.terms) + int(self.autocorrelated)


@dataclass(frozen=True)
class Point:
    """β, X'V*⁻¹X, the residual sum of squares and log|V*| at one place of the search."""

    beta: Floats
    information: Floats
    rss: float
    log_det: float


def factors(data: Data, theta: Floats) -> tuple[list[Floats], float]:
    """Return L of every term and φ from the parameters of the search."""
    found: list[Floats] = []
    at = 0
    for term in data.terms:
        k = term.q * (term.q + 1) // 2
        L = np.zeros((term.q, term.q))
        L[np.tril_indices(term.q)] = theta[at : at + k]
        found.append(L)
        at += k
    return found, float(theta[at]) if data.autocorrelated else 0.0


class Likelihood:
    """Deviances of one data set; cross products per case are kept for the φ that was asked last."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.p = data.X.shape[1]
        self.rows = np.column_stack([*(term.Z for term in data.terms), data.X, data.y])
        edges = np.cumsum([0, *(term.q for term in data.terms)])
        self.places = [slice(low, high) for low, high in pairwise(edges)]
        self.starts = np.flatnonzero(np.diff(data.cases, prepend=-1))
        # where the groups of each level begin among those of the level below it
        self.offsets = []
        below = self.starts
        for term in reversed(data.terms[:-1]):
            offsets = np.flatnonzero(np.diff(term.codes[below], prepend=-1))
            self.offsets.append(offsets)
            below = below[offsets]
        self._kept: tuple[float, Floats, float] | None = None

    def _sums(self, phi: float) -> tuple[Floats, float]:
        if self._kept is None or self._kept[0] != phi:
            white, log_det = whitened(self.rows, self.data.gaps, phi) if phi else (self.rows, 0.0)
            ends = [*self.starts[1:], len(white)]
            pieces = [white[low:high] for low, high in zip(self.starts, ends, strict=True)]
            self._kept = phi, np.stack([piece.T @ piece for piece in pieces]), log_det
        return self._kept[1], self._kept[2]

    def at(self, theta: Floats) -> Point:
        """Evaluate at the parameters of the search."""
        chol, phi = factors(self.data, theta)
        G, log_det = self._sums(phi)
        for level in range(len(chol) - 1, -1, -1):
            z, L = self.places[level], chol[level]
            if level < len(chol) - 1:
                G = np.add.reduceat(G, self.offsets[len(chol) - 2 - level], axis=0)
            M = np.eye(len(L)) + L.T @ G[:, z, z] @ L
            right = L.T @ G[:, z, :]
            G = G - np.swapaxes(right, -1, -2) @ np.linalg.solve(M, right)
            log_det += float(np.linalg.slogdet(M)[1].sum())
        total = G.sum(axis=0)[self.places[-1].stop :, self.places[-1].stop :]
        XX, Xy = total[: self.p, : self.p], total[: self.p, self.p]
        beta = np.linalg.solve(XX, Xy)
        return Point(beta, XX, max(float(total[self.p, self.p] - Xy @ beta), 1e-300), log_det)

    def deviance(self, theta: Floats, *, reml: bool) -> float:
        """Return -2 log-likelihood with all constants, σ² at its best."""
        point = self.at(theta)
        df = len(self.data.y) - (self.p if reml else 0)
        return self.deviance_at(theta, point.rss / df, reml=reml, point=point)

    def deviance_at(self, theta: Floats, sigma2: float, *, reml: bool, point: Point | None = None) -> float:
        """Return -2 log-likelihood at a given σ²."""
        point = point or self.at(theta)
        df = len(self.data.y) - (self.p if reml else 0)
        log_x = float(np.linalg.slogdet(point.information)[1]) if reml else 0.0
        return df * math.log(2 * math.pi * sigma2) + point.log_det + log_x + point.rss / sigma2
