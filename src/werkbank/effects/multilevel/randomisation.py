"""Randomisation test over the units that were assigned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from math import comb, prod
from typing import TYPE_CHECKING

import numpy as np

from werkbank.effects.multilevel.means import TOO_FEW, class_means
from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from werkbank.effects.multilevel.clusters import Floats


@dataclass(frozen=True)
class RandomisationTest:
    """How unusual the difference is among all ways to assign the same classes.

    `estimate` is the difference of (covariate-adjusted) class means; `p` two-sided; `smallest_p` the least p that this
    number of classes can give; `n_assignments` the assignments compared, all of them when `exact`.
    """

    estimate: float
    p: float
    smallest_p: float
    n_assignments: int
    exact: bool
    n_clusters: int
    note: str = ""


def randomisation_test(
    y: ArrayLike,
    treated: ArrayLike,
    clusters: ArrayLike,
    covariates: Mapping[str, ArrayLike] | None = None,
    *,
    strata: ArrayLike | None = None,
    seed: int = 0,
    max_exact: int = 200_000,
    draws: int = 19_999,
) -> RandomisationTest:
    """Test the sharp null, that the programme changed no pupil's outcome, by reassigning whole classes.

    Parameters
    ----------
    y, treated, clusters : array (n,)
        Outcome, arm (1/0) and assigned unit of each row.
    covariates : mapping, optional
        Name -> values (n,). Class means are first regressed on the covariates' class means, without the arm.
    strata : array (n,), optional
        Blocks (school, pair) within which classes were assigned; constant within a class.
    seed : int
        For the sample of assignments when there are too many to go through.
    max_exact : int
        Go through all assignments up to this number, otherwise `draws` random ones with p = (b + 1)/(draws + 1).

    Returns
    -------
    RandomisationTest
        p is NaN with a note when an arm has fewer than two classes.

    Raises
    ------
    UsageError
        Missing values, a class in both arms or in two strata.

    Notes
    -----
    Statistic: |difference of the arms' mean residuals|. Exact whatever the distribution, if classes were really
    assigned at random. Gail, Mark, Carroll, Green & Pee (1996); +1 rule: Phipson & Smyth (2010). With k of n classes
    treated the smallest two-sided p is 2/C(n, k) for equal arms and 1/C(n, k) otherwise.
    """
    columns = {"y": y, **(covariates or {})}
    if strata is not None:
        columns["stratum"] = np.unique(np.asarray(strata), return_inverse=True)[1]
    means = class_means(clusters, treated, columns)
    arms = means["treated"].to_numpy() > 0
    n = len(means)
    block = means["stratum"].to_numpy() if strata is not None else np.zeros(n)
    if (block % 1 > 0).any():
        raise UsageError("a class lies in two strata")
    blocks = [np.flatnonzero(block == b) for b in np.unique(block)]
    X = np.column_stack([*(block == b for b in np.unique(block)), *(means[name] for name in covariates or {})])
    rest = means["y"].to_numpy() - X @ np.linalg.lstsq(X.astype(float), means["y"].to_numpy(), rcond=None)[0]
    observed = float(rest[arms].mean() - rest[~arms].mean()) if arms.any() and not arms.all() else float("nan")
    if min(arms.sum(), n - arms.sum()) < 2:
        nan = float("nan")
        return RandomisationTest(observed, nan, nan, 0, exact=False, n_clusters=n, note=TOO_FEW)
    counts = [(len(b), int(arms[b].sum())) for b in blocks]
    total = prod(comb(size, k) for size, k in counts)
    mirrored = all(2 * k == size for size, k in counts)
    if total <= max_exact:
        chosen = _every(blocks, counts, n)
        p = float(_as_extreme(rest, chosen, observed).mean())
    else:
        chosen = _some(blocks, counts, n, draws, seed)
        p = float((_as_extreme(rest, chosen, observed).sum() + 1) / (draws + 1))
    least = (2 if mirrored else 1) / total
    exact = total <= max_exact
    return RandomisationTest(
        observed, p, least if exact else max(least, 1 / (draws + 1)), len(chosen), exact=exact, n_clusters=n
    )


def _as_extreme(rest: Floats, chosen: NDArray[np.bool_], observed: float) -> NDArray[np.bool_]:
    k = int(chosen[0].sum())
    in_arm = chosen @ rest
    difference = in_arm / k - (rest.sum() - in_arm) / (len(rest) - k)
    # equal up to rounding counts as equal, or p would depend on the order of summation
    return np.asarray(np.abs(difference) >= abs(observed) - 1e-9 * max(abs(observed), float(np.abs(rest).max())))


def _every(blocks: list[NDArray[np.intp]], counts: list[tuple[int, int]], n: int) -> NDArray[np.bool_]:
    chosen = np.zeros((1, n), dtype=bool)
    for block, (size, k) in zip(blocks, counts, strict=True):
        ways = subsets(size, k)
        chosen = np.repeat(chosen, len(ways), axis=0)
        chosen[:, block] = np.tile(ways, (len(chosen) // len(ways), 1))
    return chosen


@lru_cache(maxsize=8)
def subsets(size: int, k: int) -> NDArray[np.bool_]:
    """Return every way (rows) to choose k of `size` units."""
    ways = np.zeros((comb(size, k), size), dtype=bool)
    index = np.fromiter(chain.from_iterable(combinations(range(size), k)), dtype=np.intp).reshape(-1, k)
    ways[np.arange(len(ways))[:, None], index] = True
    return ways


def _some(
    blocks: list[NDArray[np.intp]], counts: list[tuple[int, int]], n: int, draws: int, seed: int
) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    chosen = np.zeros((draws, n), dtype=bool)
    for block, (size, k) in zip(blocks, counts, strict=True):
        picked = np.argsort(rng.random((draws, size)), axis=1)[:, :k]
        chosen[np.arange(draws)[:, None], block[picked]] = True
    return chosen
