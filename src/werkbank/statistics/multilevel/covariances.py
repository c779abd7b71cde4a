"""How scores of one pupil (or one class) at several waves hang together: structures that are linear in parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from werkbank.statistics.multilevel.clusters import Floats

Structure = Literal["unstructured", "by_distance", "exchangeable"]


@dataclass(frozen=True)
class Covariance:
    """Σ ψ_k B_k over T waves, and the way from free numbers λ to ψ that keeps it (semi-)definite.

    `basis` (m, T, T) holds the B_k. ``unstructured``: a variance for every wave and a covariance for every two, ψ = LL'
    with λ the lower triangle of L. ``exchangeable``: one covariance for all and what is left, ψ = λ². ``by_distance``:
    a covariance for every number of waves apart (Toeplitz), ψ = λ, which may leave the definite ones.
    """

    structure: Structure
    basis: Floats

    @classmethod
    def of(cls, structure: Structure, n_waves: int) -> Covariance:
        """Return the structure for a number of waves."""
        eye, ones = np.eye(n_waves), np.ones((n_waves, n_waves))
        if structure == "exchangeable":
            return cls(structure, np.stack([ones, eye]))
        if structure == "by_distance":
            apart = np.abs(np.subtract.outer(np.arange(n_waves), np.arange(n_waves)))
            return cls(structure, np.stack([(apart == k).astype(float) for k in range(n_waves)]))
        pairs = zip(*np.tril_indices(n_waves), strict=True)
        both = [np.outer(eye[a], eye[b]) + np.outer(eye[b], eye[a]) for a, b in pairs]
        return cls(structure, np.stack([np.minimum(matrix, 1.0) for matrix in both]))

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.basis)

    def start(self, alike: float, own: float) -> Floats:
        """Return the λ of a covariance `alike` and a variance of `own` more."""
        n_waves = self.basis.shape[1]
        if self.structure == "exchangeable":
            return np.array([alike**0.5, own**0.5])
        if self.structure == "by_distance":
            return np.array([alike + own, *[alike] * (n_waves - 1)])
        L = np.linalg.cholesky(np.full((n_waves, n_waves), alike) + own * np.eye(n_waves))
        return np.asarray(L[np.tril_indices(n_waves)])

    def parameters(self, free: Floats) -> tuple[Floats, Floats, Floats]:
        """Return ψ (m,), ∂ψ/∂λ (m, m) and ∂²ψ/∂λ² (m, m, m)."""
        m = self.size
        if self.structure == "by_distance":
            return free, np.eye(m), np.zeros((m, m, m))
        if self.structure == "exchangeable":
            second = np.zeros((m, m, m))
            second[range(m), range(m), range(m)] = 2.0
            return free**2, np.diag(2 * free), second
        rows, columns = np.tril_indices(self.basis.shape[1])
        L = np.zeros(self.basis.shape[1:])
        L[rows, columns] = free
        # ψ_ab = Σ_c L_ac L_bc: entries i and j of L multiply where they share a column and are of rows a and b
        of_row = (rows[:, None] == rows).astype(float)  # (m, row's entries), one line for every ψ
        of_column = (columns[:, None] == rows).astype(float)
        meet = (columns[:, None] == columns).astype(float)
        second = meet * (of_row[:, :, None] * of_column[:, None, :] + of_column[:, :, None] * of_row[:, None, :])
        return (L @ L.T)[rows, columns], second @ free, second
