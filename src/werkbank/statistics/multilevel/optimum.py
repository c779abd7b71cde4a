"""The search for the variance ratios of least deviance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.multilevel.likelihood import profile

if TYPE_CHECKING:
    from werkbank.statistics.multilevel.clusters import Floats, Sums
    from werkbank.statistics.multilevel.likelihood import Profile

# the places from which the search starts: from one only, it can end in the lesser of two maxima
STARTS = (0.0, 0.05, 0.4, 3.0)
NEXT_TO_NOTHING = 1e-5


def maximise(sums: Sums, *, reml: bool, max_steps: int = 60) -> tuple[Floats, bool]:
    """Find the variance ratios θ >= 0 of least deviance: projected Newton steps with the exact Hessian."""
    q = len(sums.terms)
    starts = [np.full(q, start) for start in STARTS]
    theta = min(starts, key=lambda t: profile(sums, t, reml=reml, derivatives=False).deviance)
    current = profile(sums, theta, reml=reml, derivatives=True)
    for _ in range(max_steps):
        # a variance that is next to nothing and wants to be less goes to 0 at once: left among the others, it would be
        # cut off at 0 in every step, and what remains of a Newton step without one part need not go downhill
        free = (theta > NEXT_TO_NOTHING) | (current.gradient < 0)
        step = -theta
        step[free] = _newton(current.hessian[np.ix_(free, free)], current.gradient[free])
        promise = -float(step @ current.gradient)
        if promise < 1e-13 * max(1.0, abs(current.deviance)):
            return np.where(free, theta, 0.0), bool(theta.max() < 1e6)
        better = _descend(sums, theta, step, current, reml=reml)
        if better is None:
            # no point along the step is better in floating point: what is left of the gradient is rounding
            return theta, promise < 1e-6
        theta, current = better
    return theta, False


def _newton(hessian: Floats, gradient: Floats) -> Floats:
    """Return the Newton step, downhill also where the deviance is not convex."""
    if not len(gradient):
        return gradient
    values, vectors = np.linalg.eigh(hessian)
    curved = np.maximum(np.abs(values), 1e-10 * max(1.0, float(np.abs(values).max())))
    return np.asarray(-vectors @ ((vectors.T @ gradient) / curved))


def _descend(sums: Sums, theta: Floats, step: Floats, current: Profile, *, reml: bool) -> tuple[Floats, Profile] | None:
    length = 1.0
    for _ in range(40):
        trial = np.maximum(theta + length * step, 0.0)
        found = profile(sums, trial, reml=reml, derivatives=True)
        if current.deviance - found.deviance > max(0.0, 1e-4 * float(current.gradient @ (theta - trial))):
            return trial, found
        length /= 2
    return None
