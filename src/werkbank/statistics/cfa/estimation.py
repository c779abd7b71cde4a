"""Maximum likelihood for a factor model: robust starts, Newton steps, and a verdict that no optimiser can flatter.

A solution counts as converged when the Newton decrement (what one more step would still gain) is nil *and* the
observed information is positive definite there: then the point is a proper, isolated maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.cfa.moments import Array, Likelihood, Patterns, Saturated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.statistics.cfa.structure import Entry, Model

ENOUGH = 1e-14  # the Newton decrement, relative to n, at which nothing is left to gain
NEARLY = 1e-8  # and at which rounding may be what stops the climb
SINGULAR = 1e-9  # smallest eigenvalue of an information matrix scaled to unit diagonal
MOST_STEPS = 100


@dataclass(frozen=True)
class Maximum:
    """Where the search ended. `reason` is empty for a proper maximum, else names what is wrong."""

    x: Array
    iterations: int
    reason: str


def evaluate(model: Model, data: Mapping[str, Patterns], x: Array) -> dict[str, Likelihood]:
    """Return the likelihood of every group; LinAlgError when a covariance matrix is not positive definite."""
    return {name: Likelihood.at(data[name], *group.moments(x)) for name, group in model.groups.items()}


def score(model: Model, at: Mapping[str, Likelihood], x: Array) -> Array:
    """Return the derivative of the log-likelihood to all parameters (q,)."""
    total: Array = np.sum([group.score(x, at[name]) for name, group in model.groups.items()], axis=0)
    return total


def information(model: Model, at: Mapping[str, Likelihood], x: Array, *, observed: bool) -> Array:
    """Return the information matrix of all parameters (q, q)."""
    parts = [group.information(x, at[name], observed=observed) for name, group in model.groups.items()]
    total: Array = np.sum(parts, axis=0)
    return total


def smallest_eigenvalue(matrix: Array) -> float:
    """Return the smallest eigenvalue of a symmetric matrix after scaling its diagonal to 1."""
    scale = np.sqrt(np.abs(matrix.diagonal()))
    if not np.all(np.isfinite(matrix)) or np.any(scale == 0):
        return 0.0
    return float(np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0])


def maximise(model: Model, data: Mapping[str, Patterns], x: Array) -> Maximum:
    """Climb from `x` by Fisher scoring, then Newton; every step raises the likelihood or is halved."""
    at = evaluate(model, data, x)
    if not _identified(model, data, at, x):
        return Maximum(x, 0, "under_identified")
    n, decrement = sum(group.n for group in data.values()), np.inf
    for iteration in range(MOST_STEPS):
        slope = score(model, at, x)
        step = _step(model, at, x, slope, near=decrement < 1e-2 * n)
        decrement = float(slope @ step)
        moved = _line_search(model, data, x, step, _total(at), decrement) if decrement > ENOUGH * n else None
        if moved is None:  # nothing left to gain, or no way up
            return Maximum(x, iteration, _doubt(model, at, x) if decrement < NEARLY * n else "not_converged")
        x, at = moved
    return Maximum(x, MOST_STEPS, "not_converged")


def _identified(model: Model, data: Mapping[str, Patterns], at: Mapping[str, Likelihood], x: Array) -> bool:
    """Return whether the information matrix has full rank near `x`.

    It is looked at beside the start, not there: equal waves (no change, equal variances) are a special point at which
    a model may lose a rank that it has everywhere else.
    """
    per_row = information(model, at, x, observed=False).diagonal() / sum(group.n for group in data.values())
    if np.any(per_row <= 0):
        return False
    shift = np.random.default_rng(0).uniform(-1, 1, len(x)) / np.sqrt(per_row)
    for size in (0.2, 0.02, 0.0):
        try:
            beside = evaluate(model, data, x + size * shift)
        except np.linalg.LinAlgError:  # too far: no covariance matrix there
            continue
        return smallest_eigenvalue(information(model, beside, x + size * shift, observed=False)) > SINGULAR
    return False


def _total(at: Mapping[str, Likelihood]) -> float:
    return sum(group.value for group in at.values())


def _step(model: Model, at: Mapping[str, Likelihood], x: Array, slope: Array, *, near: bool) -> Array:
    curvature = information(model, at, x, observed=near)
    if near and smallest_eigenvalue(curvature) < SINGULAR:
        curvature = information(model, at, x, observed=False)
    if smallest_eigenvalue(curvature) < SINGULAR:
        curvature = curvature + 1e-8 * np.diag(curvature.diagonal())
    return np.asarray(np.linalg.solve(curvature, slope), dtype=float)


def _line_search(
    model: Model, data: Mapping[str, Patterns], x: Array, step: Array, value: float, decrement: float
) -> tuple[Array, dict[str, Likelihood]] | None:
    for halvings in range(40):
        length = 0.5**halvings
        try:
            at = evaluate(model, data, x + length * step)
        except np.linalg.LinAlgError:
            continue
        rounding = 1e-13 * abs(value)  # a gain below this cannot be seen in a sum of this size
        if _total(at) >= value + 1e-4 * length * decrement - rounding:
            return x + length * step, at
    return None


def _doubt(model: Model, at: Mapping[str, Likelihood], x: Array) -> str:
    lowest = smallest_eigenvalue(information(model, at, x, observed=True))
    return "" if lowest > SINGULAR else "information_not_positive_definite"


def start(model: Model, free: Mapping[str, Saturated], *, shrink: float = 1.0) -> Array:
    """Return start values from the unrestricted moments: one principal factor per factor, averaged where equal.

    `shrink` below 1 takes smaller loadings: towards 0, every start implies a positive definite covariance matrix.
    """
    guesses: dict[str, list[float]] = {label: [] for label in model.labels}
    for name, group in model.groups.items():
        guess = _Guess.of([e for e in model.entries if e.group == name], group.columns, free[name], shrink)
        for e in model.entries:
            if e.label and e.group == name:
                guesses[e.label].append(guess.at(e))
    return np.array([np.mean(values) for values in guesses.values()])


@dataclass(frozen=True)
class _Guess:
    """Start values of one group: loadings by factor and item, and the factors' standard deviations."""

    place: Mapping[str, int]
    free: Saturated
    loadings: Mapping[str, Mapping[str, float]]
    sizes: Mapping[str, float]

    @classmethod
    def of(cls, own: list[Entry], columns: tuple[str, ...], free: Saturated, shrink: float) -> _Guess:
        place = {column: i for i, column in enumerate(columns)}
        of_factor: dict[str, list[Entry]] = {}
        for e in own:
            if e.matrix == "loading":
                of_factor.setdefault(e.column, []).append(e)
        loadings, sizes = {}, {}
        for factor, items in of_factor.items():
            where = [place[e.row] for e in items]
            sd = np.sqrt(free.sigma.diagonal()[where])
            weights = shrink * sd * _principal_factor(free.sigma[np.ix_(where, where)] / np.outer(sd, sd))
            loadings[factor] = {e.row: float(w) for e, w in zip(items, weights, strict=True)}
            # a factor scaled by a marker has the marker's loading as its SD; else its SD starts at 1
            sizes[factor] = next((loadings[factor][e.row] for e in items if not e.label), 1.0)
        return cls(place, free, loadings, sizes)

    def at(self, e: Entry) -> float:
        """Return the start value of an entry."""
        if e.matrix == "loading":
            return self.loadings[e.column][e.row] / self.sizes[e.column]
        if e.matrix == "intercept":
            return float(self.free.mu[self.place[e.row]])
        if e.matrix == "factor_covariance":
            return self.sizes[e.row] * self.sizes[e.column] * (1.0 if e.row == e.column else self._correlation(e))
        if e.matrix == "residual_covariance" and e.row == e.column:
            variance = float(self.free.sigma[self.place[e.row], self.place[e.row]])
            explained = max(items.get(e.row, 0.0) ** 2 for items in self.loadings.values())
            return max(variance - explained, 0.2 * variance)
        return 0.0

    def _correlation(self, e: Entry) -> float:
        one, other = self.loadings[e.row], self.loadings[e.column]
        w, v = np.array(list(one.values())), np.array(list(other.values()))
        between = self.free.sigma[np.ix_([self.place[i] for i in one], [self.place[i] for i in other])]
        return float(np.clip(w @ between @ v / ((w @ w) * (v @ v)), -0.8, 0.8))


def _principal_factor(r: Array) -> Array:
    communality = np.clip((np.abs(r) - np.eye(len(r))).max(axis=0, initial=0.0), 0.1, 0.9)
    loading = np.sqrt(communality)
    for _ in range(15):
        values, vectors = np.linalg.eigh(r - np.diag(1 - communality))
        loading = vectors[:, -1] * np.sqrt(max(values[-1], 0.01))
        communality = np.clip(loading**2, 0.05, 0.9)
    kept: Array = np.copysign(np.sqrt(communality), loading * np.copysign(1.0, loading.sum()))
    return kept
