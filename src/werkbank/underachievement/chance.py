"""What chance and measurement error alone give: the share flagged if nobody underachieves; how sure a gap is."""

from __future__ import annotations

import math

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
    One-dimensional integral over X of φ(x)·Φ((ρx - threshold)/√(1-ρ²)), divided by Φ(-gate). With ability X and gap S,
    ρ is -r for the absolute split, √((1-r)/2) for the simple difference (its SD √(2-2r)) and 0 for regression: at
    r = .6 the difference flags 35.7 % of the top 10 % when nobody underachieves. Checked against Owen's T, R,
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
