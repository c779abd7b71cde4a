"""Several data sets with the same classes, such as completed copies: their variances are searched for side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.multilevel.design import checked, factors, in_orthogonal_basis, least_squares
from werkbank.statistics.multilevel.jets import gradient_and_hessian
from werkbank.statistics.multilevel.likelihood import deviance, reduced
from werkbank.statistics.multilevel.mixed import MixedFit, estimated
from werkbank.statistics.multilevel.optimum import NEXT_TO_NOTHING, STARTS, maximise
from werkbank.statistics.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from werkbank.statistics.multilevel.clusters import Floats, Groups, Sums
    from werkbank.statistics.multilevel.jets import Jet

STEPS, HALVINGS = 60, 30


@one_thread
def fit_several(
    ys: ArrayLike,
    Xs: ArrayLike,
    groups: Groups,
    names: Sequence[str] | None = None,
    *,
    waves: ArrayLike | None = None,
    waves_of: Sequence[str] = (),
) -> list[MixedFit]:
    """Fit the same model by REML to several data sets whose rows lie in the same groups.

    Parameters
    ----------
    ys : array (k, n)
        The outcome of each data set; missing values are refused.
    Xs : array (k, n, p)
        Their fixed effects.
    groups, names, waves, waves_of
        As for `fit`, of all data sets alike.

    Returns
    -------
    list of MixedFit
        What `fit` gives for each; a search that does not end side by side is done again alone.

    Raises
    ------
    UsageError
        As `fit`.
    """
    ready = []
    coded = None
    for y, X in zip(np.asarray(ys, dtype=float), np.asarray(Xs, dtype=float), strict=True):
        outcome, matrix, columns = checked(y, X, names)
        coded = coded or factors(groups, waves, waves_of, len(outcome))
        b0, rest, R = least_squares(matrix, outcome, columns)
        scale = float(np.sqrt(np.mean(rest**2)))
        ready.append((in_orthogonal_basis(matrix, rest, R, scale, coded), R, b0, scale, columns))
    fits = []
    thetas, found = maximise_several([sums for sums, *_ in ready])
    for theta, whole, (sums, R, b0, scale, columns) in zip(thetas, found, ready, strict=True):
        best, converged = (theta, True) if whole else maximise(sums, reml=True)
        fits.append(estimated(sums, best, R, b0, scale, columns, "reml", converged=converged))
    return fits


def maximise_several(several: Sequence[Sums]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the variance ratios (k, q) of least deviance, and for which data sets (k,) the search ended.

    The steps are those of `optimum.maximise`, taken by all data sets together.
    """
    sums = replace(
        several[0],
        cross=np.stack([s.cross for s in several]),
        size_cross=np.stack([s.size_cross for s in several]),
        kind_u=np.stack([s.kind_u for s in several]),
        parent_u=np.stack([s.parent_u for s in several]),
    )
    k, q = len(several), len(sums.terms)

    def value(theta: Floats, *, derivatives: bool) -> Jet:
        return deviance(*reduced(sums, theta, derivatives=derivatives), sums.n, reml=True)[0]

    starts = np.stack([np.full((k, q), start) for start in STARTS])
    theta = starts[np.argmin([value(start, derivatives=False)[0] for start in starts], axis=0), np.arange(k)]
    worse = np.zeros(k, dtype=bool)
    done = np.zeros(k, dtype=bool)
    for _ in range(STEPS):
        jet = value(theta, derivatives=True)
        slope, curvature = (np.moveaxis(part, -1, 0) for part in gradient_and_hessian(jet))
        free = (theta > NEXT_TO_NOTHING) | (slope < 0)
        step = np.where(free, _newton(slope, curvature, free), -theta)
        promise = -(step * slope).sum(axis=1)
        done = (promise < 1e-13 * np.maximum(1.0, np.abs(jet[0]))) | (worse & (promise < 1e-6))
        theta = np.where(done[:, None] & ~free, 0.0, theta)
        if done.all():
            break
        step[done] = 0.0
        length = np.ones(k)
        for _ in range(HALVINGS):
            trial = np.maximum(theta + length[:, None] * step, 0.0)
            worse = value(trial, derivatives=False)[0] > jet[0]
            if not (worse & ~done).any():
                break
            length[worse] /= 2
        theta = np.where((worse | done)[:, None], theta, trial)
    return theta, done & (theta.max(axis=1) < 1e6)


def _newton(slope: Floats, curvature: Floats, free: NDArray[np.bool_]) -> Floats:
    """Return each data set's Newton step in its free ratios, downhill also where the deviance is not convex."""
    gradient = np.where(free, slope, 0.0)
    hessian = np.where(free[:, :, None] & free[:, None, :], curvature, np.eye(slope.shape[1]))
    values, vectors = np.linalg.eigh(hessian)
    curved = np.maximum(np.abs(values), 1e-10 * np.maximum(1.0, np.abs(values).max(axis=1, keepdims=True)))
    step: Floats = -np.einsum("rij,rj->ri", vectors, np.einsum("rji,rj->ri", vectors, gradient) / curved)
    return step
