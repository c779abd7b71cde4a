"""Effect sizes where classes were assigned: in total SDs or in SDs within classes, with variances that know classes.

`treated` and `control` are the sizes of the classes; an arm without classes (pupils on their own) is a single number,
its count of pupils. ICC (ρ) and SDs come from a mixed model: from the null model (unconditional) or from the model
with its covariates (conditional). `df`: with few classes the interval takes t with the df of the test of b, where the
sources take the normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from werkbank.statistics.quantity import Quantity, large_sample_interval

Sizes = Sequence[int]


def d_total(
    b: float, s_total: float, treated: Sizes, control: Sizes, icc: float, df: float | None = None, level: float = 0.95
) -> Quantity:
    """Difference in total SDs for classes in both arms, of any sizes: Hedges (2007), eq. 15-17 and their unequal form.

    d = (b/S)·√(1 - ρ((N - n_uT·m_T - n_uC·m_C) + n_uT + n_uC - 2)/(N - 2)); normal interval from his variance. Needs
    two classes per arm (else NaN). Checked against published values of the equal-size form and eefAnalytics.
    """
    if min(len(treated), len(control)) < 2 or not s_total > 0:
        return Quantity(math.nan, note="refused_too_few_units")
    t, c = np.asarray(treated, dtype=float), np.asarray(control, dtype=float)
    n_t, n_c = float(t.sum()), float(c.sum())
    n = n_t + n_c
    u_t, u_c = _typical_size(t), _typical_size(c)
    lost = (n - u_t * len(t) - u_c * len(c)) + u_t + u_c - 2
    d = b / s_total * math.sqrt(max(0.0, 1 - icc * lost / (n - 2)))
    a, big_b = _a(t) + _a(c), u_t * (len(t) - 1) + u_c * (len(c) - 1)
    spread = (n - 2) * (1 - icc) ** 2 + a * icc**2 + 2 * big_b * icc * (1 - icc)
    of_d = spread * d**2 / (2 * (n - 2) * ((n - 2) - icc * (n - 2 - big_b)))
    variance = n / (n_t * n_c) * (1 + (_mean_size(t, c) - 1) * icc) + of_d
    return large_sample_interval(d, variance, "sd_total", df, level)


def d_within(
    b: float, s_within: float, treated: Sizes, control: Sizes, icc: float, df: float | None = None, level: float = 0.95
) -> Quantity:
    """Difference in SDs within classes: b/S_W; variance (N/(N_T·N_C))·(1 + (ñ-1)ρ)/(1-ρ) + d²/(2(N-M)).

    Hedges (2007), eq. 8-10. NaN with fewer than two classes in an arm, or where no class has two pupils. Checked
    against eefAnalytics' values.
    """
    alone = sum(treated) + sum(control) <= len(treated) + len(control)
    if min(len(treated), len(control)) < 2 or not s_within > 0 or icc >= 1 or alone:
        return Quantity(math.nan, note="refused_too_few_units")
    t, c = np.asarray(treated, dtype=float), np.asarray(control, dtype=float)
    n_t, n_c = float(t.sum()), float(c.sum())
    d = b / s_within
    inflation = (1 + (_mean_size(t, c) - 1) * icc) / (1 - icc)
    variance = (n_t + n_c) / (n_t * n_c) * inflation + d**2 / (2 * (n_t + n_c - len(t) - len(c)))
    return large_sample_interval(d, variance, "sd_within_classes", df, level)


def d_total_one_arm(
    b: float, s_pooled: float, treated: Sizes, n_control: int, icc: float, df: float | None = None, level: float = 0.95
) -> Quantity:
    """Difference in total SDs of the arm in groups (coaching groups), where the other arm's pupils are on their own.

    d = (b/S)·√γ, γ = 1 - (N_C + n - 2)ρ/(N - 2); variance (N/(N_T·N_C))·(1 + (n·N_C/N - 1)ρ) + d²/2h, with n the mean
    group size, S (`s_pooled`) the SD within arms over both, ρ the ICC of the arm in groups and h Hedges & Citkowicz's
    (2015) df. Checked against a simulation, and against `d_total` at ρ = 0.
    """
    n_t, size = float(sum(treated)), float(np.mean(treated))
    n = n_t + n_control
    if len(treated) < 2 or n_control < 2 or not s_pooled > 0:
        return Quantity(math.nan, note="refused_too_few_units")
    left = (n - 2) - (n_control + size - 2) * icc
    d = b / s_pooled * math.sqrt(left / (n - 2))
    h = left**2 / ((n - 2) * (1 - icc) ** 2 + (n_t - size) * icc * (size * icc + 2 * (1 - icc)))
    variance = n / (n_t * n_control) * (1 + (size * n_control / n - 1) * icc) + d**2 / (2 * h)
    return large_sample_interval(d, variance, "sd_total_one_arm", df, level)


def _typical_size(sizes: np.ndarray) -> float:
    n = sizes.sum()
    return float((n**2 - (sizes**2).sum()) / (n * (len(sizes) - 1)))


def _mean_size(t: np.ndarray, c: np.ndarray) -> float:
    n_t, n_c = t.sum(), c.sum()
    return float(n_c * (t**2).sum() / (n_t * (n_t + n_c)) + n_t * (c**2).sum() / (n_c * (n_t + n_c)))


def _a(sizes: np.ndarray) -> float:
    n, squares, cubes = sizes.sum(), (sizes**2).sum(), (sizes**3).sum()
    return float((n**2 * squares + squares**2 - 2 * n * cubes) / n**2)
