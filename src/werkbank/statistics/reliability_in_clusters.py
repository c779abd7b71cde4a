"""Reliability of pupils who sit in classes, at two levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.statistics.reliability import REASON, Matrix, alpha_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class ClusterReliability:
    """Reliability at two levels: pupils within their class, and class means.

    `icc1` is the share of the variance of one pupil's score that lies between classes, `icc_k` the reliability of the
    mean of a class of the typical size `n0`; the alphas are those of the within- and between-class covariance matrices.
    Neither reliability of class means ever lies outside 0-1: where the variance between classes gives no such number,
    it is NaN.
    """

    n: int
    n_clusters: int
    n0: float = math.nan
    alpha_within: float = math.nan
    alpha_between: float = math.nan
    icc1: float = math.nan
    icc_k: float = math.nan
    note: str = ""


def cluster_reliability(items: ArrayLike | pd.DataFrame, clusters: ArrayLike) -> ClusterReliability:
    """Reliability of pupils' differences within classes and of class means.

    Parameters
    ----------
    items : respondents x items
        Keyed answers; complete respondents with a known class are used.
    clusters : array
        The class of each respondent.

    Returns
    -------
    ClusterReliability
        NaN with a reason for fewer than two classes or no class of two pupils. `icc1` can be negative when class means
        differ less than chance would make them; it is not cut off at 0, and then `icc_k` and `alpha_between` are NaN
        (``no_between_variance``). Only `alpha_between` is NaN (``no_between_alpha``) where the items' own variances
        between classes are zero or less, or too large beside their covariances: with few classes a difference of mean
        squares can be negative, and an alpha of such a matrix lies anywhere.

    Notes
    -----
    Analysis of variance with n0 = (N - Σn²/N)/(J - 1): between covariance (MS_B - MS_W)/n0 for every pair of items;
    ICC(1) and ICC(k) of the mean score are (MSB - MSW)/(MSB + (n0-1) MSW) and (MSB - MSW)/MSB (Bliese 2000), the
    alphas those of the two matrices (Geldhof et al. 2014, by moments instead of ML). Checked against lme4 on balanced
    data and R multilevel.
    """
    x, codes = _complete_clusters(items, clusters)
    sizes = np.bincount(codes) if len(codes) else np.zeros(0, int)
    n, j = len(x), len(sizes)
    if j < 2 or n <= j:
        return ClusterReliability(n, j, note=REASON + ("too_few_clusters" if j < 2 else "singleton_clusters"))
    means = np.stack([np.bincount(codes, column) for column in x.T], axis=1) / sizes[:, None]
    inside, outside = x - means[codes], means - x.mean(axis=0)
    within = inside.T @ inside / (n - j)
    between_ms = (outside * sizes[:, None]).T @ outside / (j - 1)
    n0 = (n - float((sizes.astype(float) ** 2).sum()) / n) / (j - 1)
    between = (between_ms - within) / n0
    msb, msw = float(between_ms.sum()), float(within.sum())  # of the sum score; the k's cancel in the ratios
    if msb <= 0 and msw <= 0:
        return ClusterReliability(n, j, n0, note=REASON + "no_variance")
    differ = msb > msw
    of_means = alpha_of(between) if differ and (np.diag(between) > 0).all() else math.nan
    known = 0 <= of_means <= 1
    missing = "no_between_alpha" if differ else "no_between_variance"
    return ClusterReliability(
        n,
        j,
        n0,
        alpha_within=alpha_of(within) if msw > 0 else math.nan,
        alpha_between=of_means if known else math.nan,
        icc1=(msb - msw) / (msb + (n0 - 1) * msw),
        icc_k=(msb - msw) / msb if differ else math.nan,
        note="" if known or (differ and x.shape[1] == 1) else REASON + missing,
    )


def _complete_clusters(items: ArrayLike | pd.DataFrame, clusters: ArrayLike) -> tuple[Matrix, NDArray[np.int64]]:
    x = np.asarray(items, float)
    codes = pd.factorize(np.asarray(clusters, object))[0]
    use = ~np.isnan(x).any(axis=1) & (codes >= 0)
    return x[use], np.unique(codes[use], return_inverse=True)[1]
