"""Randomisation test over the units that were assigned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb, prod
from typing import TYPE_CHECKING

import numpy as np

from werkbank.errors import UsageError
from werkbank.statistics.multilevel.means import TOO_FEW, mean_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from werkbank.statistics.multilevel.clusters import Floats

LISTED = 1000  # assignments that are listed once, and kept
AT_ONCE = 2**20  # random numbers of a sample that are held at a time
MOST_SUMS = 2**19  # of one half, in memory at once
BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(float)


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
    max_exact: int = 10**10,
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
        Count among all assignments up to this number (36 classes in two equal arms), otherwise among `draws` random
        ones with p = (b + 1)/(draws + 1).

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
    treated the smallest two-sided p is 2/C(n, k) for equal arms and 1/C(n, k) otherwise. All assignments are counted
    by halves (Horowitz & Sahni 1974; as in Pagano & Tritchler 1983, without listing them).
    """
    columns = {"y": y, **(covariates or {})}
    if strata is not None:
        columns["stratum"] = np.unique(np.asarray(strata), return_inverse=True)[1]
    means = mean_rows(clusters, treated, columns)[2]
    arms, y_means, n = means[:, 0] > 0, means[:, 1], len(means)
    members = [np.ones(n, dtype=bool)]
    if strata is not None:
        if (means[:, -1] % 1 > 0).any():
            raise UsageError("a class lies in two strata")
        members = [means[:, -1] == b for b in np.unique(means[:, -1])]
    blocks = [np.flatnonzero(of) for of in members]
    X = np.column_stack([*members, means[:, 2 : 2 + len(covariates or {})]]).astype(float)
    rest = y_means - X @ np.linalg.lstsq(X, y_means, rcond=None)[0]
    observed = float(rest[arms].mean() - rest[~arms].mean()) if arms.any() and not arms.all() else float("nan")
    if min(arms.sum(), n - arms.sum()) < 2:
        nan = float("nan")
        return RandomisationTest(observed, nan, nan, 0, exact=False, n_clusters=n, note=TOO_FEW)
    values, counts = [rest[b] for b in blocks], [int(arms[b].sum()) for b in blocks]
    total = prod(comb(len(v), k) for v, k in zip(values, counts, strict=True))
    mirrored = all(2 * k == len(v) for v, k in zip(values, counts, strict=True))
    # sums of the treated that are as extreme; equal up to rounding counts as equal
    k, away = int(arms.sum()), abs(observed) - 1e-9 * max(abs(observed), float(np.abs(rest).max()))
    low, high = ((side * away + rest.sum() / (n - k)) / (1 / k + 1 / (n - k)) for side in (-1, 1))
    exact = total <= max_exact and (total <= LISTED or max(_halves(counts, values)[1]) <= MOST_SUMS)
    if exact:
        p = _every(values, counts, low, high) / total if away > 0 else 1.0
    else:
        rng = np.random.default_rng(seed)
        sums = np.sum([_some(v, k, draws, rng) for v, k in zip(values, counts, strict=True)], axis=0)
        p = float((((sums <= low) | (sums >= high)).sum() + 1) / (draws + 1))
    least = (2 if mirrored else 1) / total
    smallest, compared = (least, total) if exact else (max(least, 1 / (draws + 1)), draws)
    return RandomisationTest(observed, p, smallest, compared, exact=exact, n_clusters=n)


def _halves(counts: list[int], values: list[Floats]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where to cut the units in two (block, place in it), and how many sums each half has."""
    sizes = np.array([len(v) for v in values])
    block = int(np.searchsorted(np.cumsum(sizes), sizes.sum() / 2))
    place = round(sizes.sum() / 2 - sizes[:block].sum())
    k = counts[block]
    sums = [
        prod(comb(len(v), m) for v, m in zip(values[part], counts[part], strict=True))
        * sum(comb(size, j) for j in range(min(k, size) + 1))
        for part, size in ((slice(block), place), (slice(block + 1, None), int(sizes[block]) - place))
    ]
    return (block, place), (sums[0], sums[1])


def _every(values: list[Floats], counts: list[int], low: float, high: float) -> int:
    """Count the assignments whose sum of the treated is at most `low` or at least `high`.

    The units are cut in two halves: each assignment is a sum of one plus a sum of the other, so that sorting the
    second answers for each of the first how many are extreme, and none needs to be looked at by itself.
    """
    if len(values) == 1 and comb(len(values[0]), counts[0]) <= LISTED:
        sums = _choices(len(values[0]), counts[0]) @ values[0]
        return int(((sums <= low) | (sums >= high)).sum())
    (block, place), _ = _halves(counts, values)
    whole = [np.zeros(1), np.zeros(1)]
    for i, (v, k) in enumerate(zip(values, counts, strict=True)):
        if i != block:
            side = int(i > block)
            whole[side] = np.add.outer(whole[side], _sums(v, k)[k]).ravel()
    k, found = counts[block], 0
    first, second = (_sums(part, k) for part in (values[block][:place], values[block][place:]))
    for j in range(k + 1):
        left = np.sort(np.add.outer(whole[0], first[j]).ravel())
        right = np.sort(np.add.outer(whole[1], second[k - j]).ravel())
        found += int(np.searchsorted(right, low - left, side="right").sum())
        found += int((len(right) - np.searchsorted(right, high - left)).sum())
    return found


@cache
def _choices(n: int, k: int) -> Floats:
    """Return every choice of k of n as a row of zeros and ones; there are so few that they are kept."""
    rows = np.array(list(combinations(range(n), k)))
    chosen = np.zeros((len(rows), n))
    np.put_along_axis(chosen, rows, 1.0, axis=1)
    return chosen


def _sums(values: Floats, most: int) -> list[Floats]:
    """Return the sums of every choice of 0, 1 … `most` of the values."""
    sums: list[Floats] = [np.zeros(1), *[np.empty(0)] * most]
    for v in values:
        sums = [sums[0], *(np.append(sums[j], sums[j - 1] + v) for j in range(1, most + 1))]
    return sums


def _some(values: Floats, k: int, draws: int, rng: np.random.Generator) -> Floats:
    """Return the sums of `draws` random choices of k of the values."""
    n = len(values)
    if n > 63 or comb(n, k) < 0.02 * 2**n:
        sums = np.empty(draws)
        step = max(1, AT_ONCE // n)
        for start in range(0, draws, step):  # the same draws as all at once, which of 24,000 units take gigabytes
            ranks = rng.random((min(step, draws - start), n))
            chosen = ranks <= np.partition(ranks, k - 1, axis=1)[:, k - 1 : k]
            sums[start : start + step] = chosen @ values
        return sums
    # fair coins, given that k of them fell heads, choose k at random; eight coins at a time are looked up
    chosen = np.empty(0, dtype=np.uint64)
    while len(chosen) < draws:
        tosses = round(1.1 * draws * 2**n / comb(n, k)) + 64
        coins = rng.integers(2**64 - 1, size=tosses, dtype=np.uint64, endpoint=True) >> np.uint64(64 - n)
        chosen = np.append(chosen, coins[np.bitwise_count(coins) == k])
    eights = chosen[:draws].astype("<u8").view(np.uint8).reshape(draws, 8)
    padded = np.append(values, np.zeros(64 - n)).reshape(8, 8)
    return np.asarray(sum((BITS @ padded[i])[eights[:, i]] for i in range(-(-n // 8))))
