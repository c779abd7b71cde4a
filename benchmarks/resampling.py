"""How much faster joint resampling is than a loop over pingouin, and the randomisation test than scipy's.

``python benchmarks/resampling.py`` prints ratios of processor time in one run; both sides make as many draws.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pingouin as pg
from scipy import stats

from werkbank.effects.resampling import bootstrapped_g
from werkbank.statistics.multilevel import randomisation_test

if TYPE_CHECKING:
    from collections.abc import Callable

PUPILS, OUTCOMES, DRAWS = 400, 10, 2000
PER_CLASS, REASSIGNED = 20, 9999


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """Return the least processor time of `times` runs."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def bootstrap() -> tuple[float, float]:
    """Time the intervals of ten outcomes: jointly, and one after another by pingouin."""
    rng = np.random.default_rng(1)
    arm = np.arange(PUPILS) % 2 == 0
    y = rng.normal(size=(PUPILS, OUTCOMES)) + 0.3 * arm[:, None]

    def loop() -> None:
        for k in range(OUTCOMES):
            pg.compute_bootci(y[arm, k], y[~arm, k], func="hedges", paired=False, method="per", n_boot=DRAWS, seed=1)

    return seconds(lambda: bootstrapped_g(y, arm, seed=1, draws=DRAWS), 5), seconds(loop)


def permutation(classes: int, *, exact: bool = False) -> tuple[float, float, float]:
    """Time the randomisation test over classes: ours, scipy's with a plain statistic, scipy's with a vectorised one.

    Pupils go in on our side and class means on scipy's. Both go through all assignments when `exact`, else both make
    as many draws.
    """
    rng = np.random.default_rng(2)
    unit = np.repeat(np.arange(classes), PER_CLASS)
    arm = unit % 2 == 0
    y = rng.normal(size=len(unit)) + rng.normal(0, 0.4, classes)[unit]
    means = np.bincount(unit, y) / PER_CLASS
    samples = means[::2], means[1::2]
    settings = {"permutation_type": "independent", "n_resamples": np.inf if exact else REASSIGNED}
    own = {} if exact else {"max_exact": 1, "draws": REASSIGNED}

    def plain() -> float:
        return stats.permutation_test(samples, lambda a, b: a.mean() - b.mean(), vectorized=False, **settings).pvalue

    def vectorised() -> float:
        statistic = lambda a, b, axis: a.mean(axis) - b.mean(axis)  # noqa: E731
        return stats.permutation_test(samples, statistic, vectorized=True, **settings).pvalue

    if exact and not np.isclose(vectorised(), randomisation_test(y, arm, unit).p):
        raise RuntimeError("both go through the same assignments, and must agree")
    return seconds(lambda: randomisation_test(y, arm, unit, seed=1, **own), 9), seconds(plain), seconds(vectorised, 3)


if __name__ == "__main__":
    joint, looped = bootstrap()
    print(
        f"bootstrap, {OUTCOMES} outcomes, {DRAWS} draws: {joint:.4f} s; pingouin {looped:.2f} s; {looped / joint:.0f}x"
    )
    for classes, exact in ((12, True), (20, True), (24, False), (40, False), (60, False)):
        ours, plain, vectorised = permutation(classes, exact=exact)
        how = "all assignments" if exact else f"{REASSIGNED:,} draws"
        print(f"randomisation, {classes} classes, {how}: {1000 * ours:.2f} ms")
        print(f"  scipy, statistic as one writes it: {plain:.2f} s, {plain / ours:.0f}x")
        print(f"  scipy, vectorised statistic: {vectorised:.3f} s, {vectorised / ours:.0f}x")
