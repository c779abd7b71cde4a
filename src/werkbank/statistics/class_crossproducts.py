"""CR2 from cross-products: classes enter as small matrices, so that many studies can be computed side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.hc2 import FULL, welch_df

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from werkbank.statistics.hc2 import Codes, Floats, Truths


@dataclass(frozen=True)
class CrossFit:
    """Least squares from K classes' cross-products, with what CR2 needs; leading dimensions are studies.

    `b` (..., p); `scores` (..., K, p): what each class adds to the adjusted coefficients; `whitened`, `gram`
    (..., K, p, p) and `R` (..., p, p) as in `multilevel.RobustFit`; `arm` (K,) the arm's position of each class;
    `alone` whether a class determines a coefficient by itself.
    """

    b: Floats
    scores: Floats
    whitened: Floats
    gram: Floats
    R: Floats
    arm: Codes
    alone: Truths

    def covariance(self) -> Floats:
        """CR2 covariance (..., p, p) of the coefficients."""
        return np.asarray(np.swapaxes(self.scores, -1, -2) @ self.scores)


def cross_fit(cross: ArrayLike, moments: ArrayLike, arm: ArrayLike) -> CrossFit:
    """Fit y = Xb + e from X_g'X_g (..., K, p, p) and X_g'y_g (..., K, p), with CR2 by class.

    V = Σ M X_g'A_g e_g e_g'A_g X_g M, A_g = (I - H_gg)^(-1/2), as in `multilevel.cluster_robust`, which it equals.
    """
    S, s = np.asarray(cross, dtype=float), np.asarray(moments, dtype=float)
    whole = S.sum(axis=-3)
    R = np.swapaxes(np.linalg.cholesky(whole), -1, -2)
    inverse = np.linalg.inv(R)
    b = np.linalg.solve(whole, s.sum(axis=-2)[..., None])[..., 0]
    rest = s - np.einsum("...kij,...j->...ki", S, b)
    left = np.swapaxes(inverse, -1, -2)[..., None, :, :]
    gram = left @ S @ inverse[..., None, :, :]
    leverage, vectors = np.linalg.eigh(gram)
    room = 1 - leverage
    root = np.where(room > FULL, 1 / np.sqrt(np.maximum(room, FULL)), 0.0)
    whitened = (vectors * root[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    scores = (inverse[..., None, :, :] @ whitened @ left @ rest[..., None])[..., 0]
    alone = np.asarray((room <= FULL).any(axis=(-1, -2)))
    return CrossFit(b, scores, whitened, gram, R, np.asarray(arm, dtype=np.intp), alone)


def cross_contrast(fit: CrossFit, weights: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Return value, variance by arm (..., A), Bell-McCaffrey and Welch df of Σ w·b; `weights` (p,)."""
    w = np.asarray(weights, dtype=float)
    parts = (fit.scores @ w) ** 2 @ np.eye(int(fit.arm.max()) + 1)[fit.arm]
    direction = np.linalg.solve(np.swapaxes(fit.R, -1, -2), np.broadcast_to(w, fit.b.shape)[..., None])[..., 0]
    u = np.einsum("...kij,...j->...ki", fit.whitened, direction)
    z = np.einsum("...kij,...kj->...ki", fit.gram, u)
    d = (u * z).sum(axis=-1)
    trace = d.sum(axis=-1) - (z**2).sum(axis=(-1, -2))
    inner = np.swapaxes(z, -1, -2) @ z
    squared = (d**2).sum(-1) - 2 * (d * (z**2).sum(-1)).sum(-1) + (inner**2).sum(axis=(-1, -2))
    counts = np.bincount(fit.arm)
    return np.asarray(fit.b @ w), parts, trace**2 / squared, welch_df(parts, counts - 1.0)
