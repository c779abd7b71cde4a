"""How often two tests of less usual designs see a difference that is not there: odds ratios, and groups against pupils.

``python benchmarks/small_designs.py --reps 2000`` prints a row a cell; seeds are fixed. Monte-Carlo SE .005 at .05.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from werkbank.effects.binary import odds_ratio
from werkbank.effects.classes import groups_difference

WEIGHTS = {"T": 1.0, "C": -1.0}


def yes_or_no(rng: np.random.Generator, classes: int, icc: float, most: int, share: float) -> float | None:
    """Return p of the odds ratio of classes of 10 to `most` pupils, whose shares follow a beta distribution."""
    unit = np.repeat(np.arange(classes), rng.integers(10, most + 1, classes))
    of_class = rng.beta(share * (1 - icc) / icc, (1 - share) * (1 - icc) / icc, classes)
    post = (rng.random(len(unit)) < of_class[unit]).astype(float)
    rows = pd.DataFrame({"arm": np.where(unit % 2 == 0, "T", "C"), "unit": unit, "post": post})
    return odds_ratio(rows, WEIGHTS, by_unit=True)[0].p


def coached(rng: np.random.Generator, groups: int, icc: float, most: int, alone: int) -> float | None:
    """Return p of CR2 for groups of 3 to `most` pupils against `alone` pupils on their own, at equal pre-test."""
    unit = np.repeat(np.arange(groups), rng.integers(3, most + 1, groups))
    shared = rng.normal(0, np.sqrt(icc), groups)[unit]
    n = len(unit) + alone
    pre = rng.normal(size=n)
    rest = np.append(shared + rng.normal(0, np.sqrt(1 - icc), len(unit)), rng.normal(0, np.sqrt(1 - icc), alone))
    arm = np.repeat(["T", "C"], [len(unit), alone])
    names = np.append(unit.astype(str), [f"= {i}" for i in range(alone)])
    rows = pd.DataFrame({"arm": arm, "unit": names, "pre": pre, "post": 0.6 * pre + 0.8 * rest})
    return groups_difference(rows, WEIGHTS, ["pre"]).p


def main() -> None:
    """Print the share of p < .05 in every cell, and of studies without a test."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--reps", type=int, default=2000)
    reps = parser.parse_args().reps
    sizes = ((0.05, 10), (0.05, 30), (0.25, 30))
    cells = [(yes_or_no, (k, icc, most, share)) for k in (6, 8, 12, 20) for icc, most in sizes for share in (0.5, 0.2)]
    pupils = ((0.05, 5, 40), (0.05, 9, 100), (0.25, 5, 40), (0.25, 9, 100))
    cells += [(coached, (k, *of)) for k in (6, 8, 12, 20) for of in pupils]
    for seed, (design, cell) in enumerate(cells):
        rng = np.random.default_rng(seed)
        found = [design(rng, *cell) for _ in range(reps)]
        tested = [p for p in found if p is not None]
        share = np.mean(np.array(tested) < 0.05)
        print(design.__name__, *cell, f"{share:.4f}", f"untested {1 - len(tested) / reps:.4f}", flush=True)


if __name__ == "__main__":
    main()
