"""Studies that might come of a plan, answered by the lead itself: how often p < alpha, and how wide intervals are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.effects.leading import answered
from werkbank.effects.units import unit_means
from werkbank.statistics.change import mean_change

if TYPE_CHECKING:
    from werkbank.planning.prospect import Prospect
    from werkbank.statistics.quantity import Quantity

BLOCK_SD = 0.3  # of levels between pairs or strata; the analysis is free of it


@dataclass(frozen=True)
class Simulated:
    """What came of simulated studies.

    `power` with its Monte-Carlo standard error `mcse`; mean `half_width` of the 95 % interval; `n` studies, of which
    `refused` had no test.
    """

    power: float
    mcse: float
    half_width: float
    n: int
    refused: int


def simulate(prospect: Prospect, effect: float, *, n: int, seed: int) -> Simulated:
    """Make `n` studies and answer each by the function that answers real ones.

    Parameters
    ----------
    effect : float
        The true difference (of the arms with positive weight), or the true change of a single group, in SDs of pupils.
    """
    tests = [lead(prospect, rows_of(prospect, effect, np.random.default_rng([seed, i]))) for i in range(n)]
    p = np.array([math.nan if test.p is None else test.p for test in tests])
    tested = ~np.isnan(p)
    if not tested.any():
        return Simulated(math.nan, math.nan, math.nan, n, n)
    share = float(np.mean(p[tested] < prospect.alpha))
    widths = [(t.ci_high - t.ci_low) / 2 for t in tests if t.ci_high is not None and t.ci_low is not None]
    mcse = math.sqrt(share * (1 - share) / tested.sum())
    return Simulated(share, mcse, float(np.mean(widths)), n, int((~tested).sum()))


def lead(prospect: Prospect, rows: pd.DataFrame) -> Quantity:
    """Answer one study by the lead of its design."""
    if not prospect.single:
        return answered(prospect.plan, rows).test
    means = rows if prospect.level == "pupil" else unit_means(rows, ["pre", "post"])
    return mean_change(means["pre"], means["post"])


def rows_of(p: Prospect, effect: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return the pupils of one study: arm, unit, block, pre, post, covariate; who is lost is not among them."""
    arm, names = (np.zeros(p.units[""], dtype=int), [""]) if p.single else p.arms()
    block = p.block_of() if p.blocks else np.zeros(len(arm), dtype=int)
    sizes = np.ones(len(arm), dtype=int)
    if p.level != "pupil":
        sizes = np.maximum(rng.binomial(p.size, 1 - p.lost, len(arm)), 1)
    of = np.repeat(np.arange(len(arm)), sizes)
    group = block if p.level == "pupil" else np.arange(len(arm))  # what pupils of one have in common
    y, columns = _scores(p, group, of, rng)
    y = y + BLOCK_SD * rng.normal(size=max(p.blocks, 1))[block][of] * bool(p.blocks and p.level != "pupil")
    given = np.array([float(p.single or p.weights.get(name, 0.0) > 0) for name in names])
    made = {
        "arm": np.array(names)[arm][of],
        "unit": [f"{u:05d}" for u in of],
        "block": [f"b{b:03d}" for b in block[of]],
    }
    return pd.DataFrame({**made, **columns, "post": y + effect * given[arm][of]})


def _scores(
    p: Prospect, group: np.ndarray, of: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return scores after, and before and on a covariate, all of spread 1 with the same share between groups."""
    between = 0.0 if p.level == "pupil" and not p.blocks else p.icc
    groups = int(group.max()) + 1 if len(group) else 0
    y_out, y_in = np.zeros(groups), np.zeros(len(of))
    left_in, left_out = 1.0, 1.0
    columns: dict[str, np.ndarray] = {}
    named = ["pre"] * (p.r is not None) + ["covariate"] * bool(p.explained)
    for name, (w, b) in zip(named, p.slopes, strict=True):
        x_out = rng.normal(0, math.sqrt(between), groups)
        x_in = rng.normal(0, math.sqrt(1 - between), len(of))
        y_out, y_in = y_out + b * x_out, y_in + w * x_in
        left_in, left_out = left_in - w * w, left_out - b * b
        columns[name] = x_out[group][of] + x_in
    y_out = y_out + rng.normal(0, math.sqrt(max(between * left_out, 0.0)), groups)
    y_in = y_in + rng.normal(0, math.sqrt(max((1 - between) * left_in, 0.0)), len(of))
    return y_out[group][of] + y_in, columns
