"""Least squares of unit means on arms: every unit's own squared residual (HC2), and df that know how few units are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Truths = NDArray[np.bool_]
FULL = 1e-9  # what a leverage may miss of 1 and still count as 1


@dataclass(frozen=True)
class RobustMeans:
    """Least squares y = Xb + e of J units, of one study or of many side by side (leading dimensions).

    `X` starts with one 0-1 column per arm. `b` (..., p); `Q` (..., J, p) and `R` (..., p, p) are those of the weighted
    X = QR; `leverage` (..., J); `scaled` (..., J) are the weighted residuals divided by √(1 - leverage); `rest` are the
    weighted residuals. `arm` (J,) is the arm's position of each unit, `free` (A,) the df of the arms' own variances.
    `collinear` says of each study whether a column of X follows from those before it: b then is NaN.
    """

    b: Floats
    Q: Floats
    R: Floats
    leverage: Floats
    rest: Floats
    scaled: Floats
    arm: Codes
    free: Floats
    collinear: Truths

    @property
    def determined(self) -> Truths:
        """Whether a unit of each study has a leverage of 1, so that its residual says nothing."""
        return np.asarray((self.leverage >= 1 - FULL).any(axis=-1))


@dataclass(frozen=True)
class RobustContrast:
    """One linear combination: `value`, `parts` (..., A) of its HC2 variance by arm, and two candidates for its df.

    `df_bm` is Bell and McCaffrey's, exact when all units vary alike; `df_welch` Welch's, from the parts.
    """

    value: Floats
    parts: Floats
    df_bm: Floats
    df_welch: Floats

    @property
    def se(self) -> Floats:
        """HC2 standard error."""
        return np.asarray(np.sqrt(self.parts.sum(axis=-1)))


def robust_means(y: ArrayLike, X: ArrayLike, arm: ArrayLike, weights: ArrayLike | None = None) -> RobustMeans:
    """Fit y = Xb + e by (weighted) least squares and keep what HC2 needs.

    Parameters
    ----------
    y : array (..., J)
        Means of the units.
    X : array (..., J, p)
        Arm indicators first, then what is adjusted for; the arms' columns hold no constant besides.
    arm : array (J,)
        Position of each unit's arm, 0 … A-1; the same in all studies.
    weights : array (..., J), optional
        Numbers of pupils: the variances are then taken as inverse to them, which makes this least squares of the pupils
        themselves with CR2 (columns constant within units). All alike when left out.

    Notes
    -----
    e_j²/(1 - h_j) estimates the variance of unit j without bias when all units vary alike (MacKinnon & White 1985).
    """
    outcome, matrix = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    codes = np.asarray(arm, dtype=np.intp)
    root = np.sqrt(np.asarray(1.0 if weights is None else weights, dtype=float))
    matrix = np.broadcast_to(matrix, (*outcome.shape[:-1], *matrix.shape[-2:])) * np.expand_dims(root, -1)
    outcome = outcome * root
    Q, R = np.linalg.qr(matrix)
    projected = np.einsum("...jp,...j->...p", Q, outcome)
    rest = outcome - np.einsum("...jp,...p->...j", Q, projected)
    leverage = (Q**2).sum(axis=-1)
    scaled = rest / np.sqrt(np.maximum(1 - leverage, FULL))
    diagonal = np.abs(np.diagonal(R, axis1=-2, axis2=-1))
    empty = diagonal <= 1e-9 * np.maximum(np.sqrt((R**2).sum(axis=-2)), np.finfo(float).tiny)
    solvable = np.where(np.eye(R.shape[-1], dtype=bool) & empty[..., None, :], np.nan, R)
    b = np.linalg.solve(solvable, projected[..., None])[..., 0]
    counts = np.bincount(codes).astype(float)
    return RobustMeans(b, Q, solvable, leverage, rest, scaled, codes, counts - 1, np.asarray(empty.any(axis=-1)))


def contrast(fit: RobustMeans, weights: ArrayLike, free: ArrayLike | None = None) -> RobustContrast:
    """Estimate Σ w·b with its HC2 variance, Bell-McCaffrey and Welch df.

    Parameters
    ----------
    weights : array (p,) or (..., p)
        Of all coefficients.
    free : array (A,), optional
        Degrees of freedom of each arm's part of the variance; units - 1 when left out.

    Notes
    -----
    V = Σ l_j² e_j²/(1 - h_j), l = X(X'X)⁻¹w. df_BM = tr(G)²/tr(G²), G_ij = δ_ij a_i² - a_i a_j h_ij, a = l/√(1 - h)
    (Bell & McCaffrey 2002; Imbens & Kolesar 2016). df_W = (Σ v_k)²/Σ v_k²/(n_k - 1), v_k the sum over arm k (Welch
    1938). `multilevel.cr2_test` with one row per cluster gives the same V and df_BM.
    """
    w = np.broadcast_to(np.asarray(weights, dtype=float), fit.b.shape)
    direction = np.linalg.solve(np.swapaxes(fit.R, -1, -2), w[..., None])[..., 0]
    line = np.einsum("...jp,...p->...j", fit.Q, direction)
    a2 = line**2 / np.maximum(1 - fit.leverage, FULL)
    crossed = np.einsum("...jp,...j,...jq->...pq", fit.Q, a2, fit.Q)
    squared = (a2**2 * (1 - 2 * fit.leverage)).sum(axis=-1) + (crossed**2).sum(axis=(-1, -2))
    parts = _by_arm(line**2 * fit.scaled**2, fit.arm)
    own = fit.free if free is None else np.asarray(free, dtype=float)
    value = (w * fit.b).sum(axis=-1)
    trace = np.asarray((line**2).sum(axis=-1))
    # a unit that decides alone leaves nothing to judge by: no df
    df_bm = np.divide(trace**2, squared, out=np.full_like(trace, np.nan), where=squared > 0)
    return RobustContrast(value, parts, df_bm, welch_df(parts, own))


def pooled_se(fit: RobustMeans, weights: ArrayLike) -> tuple[Floats, int]:
    """Return the ordinary standard error of Σ w·b, all units taken to vary alike, and its df J - p."""
    w = np.broadcast_to(np.asarray(weights, dtype=float), fit.b.shape)
    direction = np.linalg.solve(np.swapaxes(fit.R, -1, -2), w[..., None])[..., 0]
    df = fit.Q.shape[-2] - fit.Q.shape[-1]
    if df < 1:
        return np.full(fit.rest.shape[:-1], np.nan), df
    return np.asarray(np.sqrt((fit.rest**2).sum(axis=-1) / df * (direction**2).sum(axis=-1))), df


def welch_df(parts: ArrayLike, free: ArrayLike) -> Floats:
    """Return (Σ v)²/Σ v²/f: Satterthwaite's df of a sum of independent variances v on f df; parts of 0 are left out."""
    v, f = np.asarray(parts, dtype=float), np.asarray(free, dtype=float)
    total = np.asarray(v.sum(axis=-1))
    # an arm without df of its own leaves none to the sum
    below = np.asarray(np.where(v > 0, v**2 / np.where(f > 0, f, np.nan), 0.0).sum(axis=-1))
    return np.asarray(np.divide(total**2, below, out=np.full_like(total, np.nan), where=below > 0), dtype=float)


def arm_covariances(fit: RobustMeans) -> Floats:
    """Return (..., A, A, A): for each arm, what its units add to the HC2 covariance of all arms' coefficients."""
    k = len(fit.free)
    inverse = np.linalg.inv(fit.R)[..., :k, :]
    lines = np.einsum("...jp,...ap->...aj", fit.Q, inverse)
    return np.stack(
        [
            np.einsum("...aj,...j,...bj->...ab", lines[..., fit.arm == c], fit.scaled[..., fit.arm == c] ** 2,
                      lines[..., fit.arm == c])
            for c in range(k)
        ],
        axis=-3,
    )  # fmt: skip


def _by_arm(values: Floats, arm: Codes) -> Floats:
    indicator: NDArray[Any] = np.eye(int(arm.max()) + 1)[arm]
    return np.asarray(values @ indicator)
