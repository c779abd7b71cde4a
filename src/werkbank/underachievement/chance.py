"""What chance and measurement error alone give: the share flagged if nobody underachieves; how sure a gap is."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import norm

Floats = NDArray[np.float64]


def share_beyond(rho: float, gate: float, threshold: float) -> float:
    """P(S >= threshold | X >= gate) for standard bivariate normal X and S.

    Parameters
    ----------
    rho : float
        Correlation of S and X, -1 to 1.
    gate, threshold : float
        In SD units; gate -inf means that there is no gate.

    Returns
    -------
    float
        0-1; NaN when a value is missing.

    Notes
    -----
    One-dimensional integral over X of φ(x)·Φ((ρx - threshold)/√(1-ρ²)), divided by Φ(-gate). Checked against Owen's T,
    simulation and domain.md 3.8.
    """
    if any(math.isnan(v) for v in (rho, gate, threshold)):
        return math.nan
    if gate == -math.inf or abs(rho) < 1e-12:
        return float(norm.sf(threshold))
    if abs(rho) > 1 - 1e-12:  # S is X, or its mirror image
        low, high = (max(gate, threshold), math.inf) if rho > 0 else (gate, -threshold)
        return max(0.0, float(norm.cdf(high) - norm.cdf(low)) / float(norm.sf(gate)))
    rest = math.sqrt(1 - rho * rho)

    def integrand(x: float) -> float:
        return math.exp(-x * x / 2) * math.erfc((threshold - rho * x) / rest / math.sqrt(2)) / 2

    # beyond 9 SD of the gate nothing is left that a double could hold
    area, _ = quad(integrand, gate, max(gate, 0.0) + 9, epsabs=1e-13, epsrel=1e-11, limit=200)
    return float(area / math.sqrt(2 * math.pi) / norm.sf(gate))


def chance_share(
    method: Literal["absolute", "difference", "regression"],
    r: float,
    *,
    top: float = 0.10,
    threshold: float | None = None,
) -> float:
    """Share of the able pupils that `method` flags when scores are bivariate normal and nobody underachieves.

    Parameters
    ----------
    method : {"absolute", "difference", "regression"}
    r : float
        Correlation of the expected and the actual measure in the whole group.
    top : float
        Share of pupils that counts as able (0-1); 1 means all pupils.
    threshold : float, optional
        Absolute: SDs below the mean (default 0). Difference: SDs (default 1). Regression: residual SDs (default 1).

    Returns
    -------
    float
        0-1. At r = .6 the simple difference flags 35.7 % of the top 10 %: regression to the mean, not underachievement.

    Notes
    -----
    Gap S and ability X are bivariate normal with correlation -r (absolute), √((1-r)/2) (difference), 0 (regression);
    the difference has SD √(2-2r). Source: domain.md 3.8 (table, R); checked against it and by simulation.
    """
    k = (0.0 if method == "absolute" else 1.0) if threshold is None else threshold
    gate = -math.inf if top >= 1 else float(norm.isf(top))
    if method == "difference":
        return share_beyond(math.sqrt((1 - r) / 2), gate, k / math.sqrt(2 - 2 * r)) if r < 1 else float(k <= 0)
    return share_beyond(-r if method == "absolute" else 0.0, gate, k)


def true_gap(z: Floats, gap: Floats, weights: Floats, reliabilities: Floats, threshold: float) -> tuple[float, Floats]:
    """Standard error of a gap, and the probability that the gap without measurement error passes the threshold.

    Parameters
    ----------
    z : ndarray (n, m)
        Standard scores in the reference group, one column per measure.
    gap : ndarray (n,)
        Observed gap: ``z @ weights`` plus a constant that may differ by pupil.
    weights : ndarray (m,)
        Of each measure in the gap.
    reliabilities : ndarray (m,)
        In the reference group. NaN (unknown) makes both results NaN.
    threshold : float
        In the units of the gap.

    Returns
    -------
    se : float
        √(Σ w²(1-r)): for the simple difference √(2 - r_xx - r_yy).
    probability : ndarray (n,)
        0-1, rows with a missing value NaN. NaN everywhere when the reliabilities are too low for the correlations
        seen (true scores would have a negative variance).

    Notes
    -----
    Scores z = true + error, error variance 1 - r. Given z, the error is normal with mean EΣ⁻¹(z-μ) and covariance
    E - EΣ⁻¹E (Σ, μ of the observed scores): so a very low score is partly put down to error (Kelley, 1947; Lord &
    Novick, 1968, ch. 3), and selection on z needs no correction. It assumes normal scores; not for a few pupils
    without a group. Checked by simulation: of the pupils given .7, 70 % have a true gap beyond the threshold.
    """
    E = np.diag(1 - reliabilities)
    se = float(np.sqrt(weights @ E @ weights))
    unknown = np.full(len(z), np.nan)
    complete = np.isfinite(z).all(axis=1)
    if math.isnan(se) or complete.sum() <= z.shape[1] + 1:
        return se, unknown
    mu, sigma = z[complete].mean(axis=0), np.cov(z[complete], rowvar=False)
    if np.linalg.eigvalsh(sigma).min() < 1e-10 or np.linalg.eigvalsh(sigma - E).min() < 0:
        return se, unknown
    shrink = np.linalg.solve(sigma, E)  # Σ⁻¹E
    spread = float(np.sqrt(weights @ (E - E @ shrink) @ weights))
    distance = gap - (z - mu) @ shrink @ weights - threshold
    if spread == 0:
        return se, np.where(np.isfinite(distance), (distance >= 0).astype(float), np.nan)
    return se, norm.cdf(distance / spread)
