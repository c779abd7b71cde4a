"""Whether three or more arms differ at all, when their spread and their numbers of units may differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from werkbank.statistics.hc2 import arm_covariances
from werkbank.statistics.unit_means import refused

if TYPE_CHECKING:
    from werkbank.statistics.hc2 import Floats
    from werkbank.statistics.unit_means import Adjusted


@dataclass(frozen=True)
class Omnibus:
    """An F test that all arms have the same adjusted mean; NaN with the reason in `note` when there is none."""

    statistic: float
    df_numerator: int
    df: float
    p: float
    note: str = ""


def omnibus(adjusted: Adjusted) -> Omnibus:
    """Test that the adjusted means of all arms are equal: the Welch-James test in Johansen's form.

    Notes
    -----
    With m the adjusted means, S_k what arm k's units add to their HC2 covariance, S = Σ S_k and C the differences
    between arms (q = A - 1 rows): T = (Cm)'(CSC')⁻¹Cm; F = T/c on q and q(q + 2)/(3B) df, with P_k = S_k C'(CSC')⁻¹C,
    B = ½ Σ [tr(P_k²) + tr(P_k)²]/(n_k - 1) and c = q + 2B - 6B/(q + 2). Johansen (1980), Biometrika 67, 85-92. Without
    a slope between units it is Welch's (1951) test of the unit means, for two arms the square of Welch's t. Refused
    for the reasons of `compare`.
    """
    k = len(adjusted.units.arms)
    note = "one_arm" if k < 2 else refused(adjusted, np.r_[np.ones(k), np.zeros(adjusted.fit.b.shape[-1] - k)])
    if note:
        return Omnibus(math.nan, k - 1, math.nan, math.nan, note)
    statistic, df = omnibus_many(adjusted)
    if not math.isfinite(float(statistic)):
        return Omnibus(math.nan, k - 1, math.nan, math.nan, "no_residual_variation")
    return Omnibus(float(statistic), k - 1, float(df), float(special.fdtrc(k - 1, df, statistic)))


def omnibus_many(adjusted: Adjusted) -> tuple[Floats, Floats]:
    """Return F and its denominator df for all studies side by side; see `omnibus`."""
    m, k = adjusted.means, len(adjusted.units.arms)
    C = np.column_stack([-np.ones(k - 1), np.eye(k - 1)])
    parts = C @ arm_covariances(adjusted.fit) @ C.T
    whole, q = parts.sum(axis=-3), k - 1
    inverse = np.linalg.pinv(whole, hermitian=True)
    gap = m @ C.T
    T = np.einsum("...i,...ij,...j->...", gap, inverse, gap)
    P = parts @ inverse[..., None, :, :]
    terms = np.einsum("...ij,...ji->...", P, P) + np.einsum("...ii->...", P) ** 2
    B = (terms / adjusted.fit.free).sum(axis=-1) / 2
    none = np.einsum("...ii->...", whole) <= 0
    scale = q + 2 * B - 6 * B / (q + 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(none, np.nan, T / scale), np.asarray(q * (q + 2) / (3 * B))
