"""Correction for the number of tests: Holm for what was to be confirmed, Benjamini-Hochberg for what was explored."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from werkbank.catalogue import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from werkbank.results import Estimate


def holm(p: Sequence[float]) -> NDArray[np.float64]:
    """Holm (1979) adjusted p values, in the order given; controls the chance of any false finding in the family.

    max over smaller p of min(1, (m - rank + 1)·p). NaN stays NaN and does not count in m. Checked against R's
    p.adjust(method = "holm").
    """
    values = np.asarray(p, dtype=float)
    adjusted = np.full(values.shape, math.nan)
    order = [i for i in np.argsort(values, kind="stable") if not math.isnan(values[i])]
    m = len(order)
    steps = [min(1.0, (m - rank) * values[i]) for rank, i in enumerate(order)]
    adjusted[order] = np.maximum.accumulate(steps) if m else []
    return adjusted


def benjamini_hochberg(p: Sequence[float]) -> NDArray[np.float64]:
    """Benjamini-Hochberg (1995) adjusted p values; controls the share of false findings among the findings.

    min over larger p of min(1, m·p / rank). NaN stays NaN and does not count. Checked against R's
    p.adjust(method = "BH").
    """
    values = np.asarray(p, dtype=float)
    adjusted = np.full(values.shape, math.nan)
    order = [i for i in np.argsort(values, kind="stable")[::-1] if not math.isnan(values[i])]
    m = len(order)
    steps = [min(1.0, m * values[i] / (m - k)) for k, i in enumerate(order)]
    adjusted[order] = np.minimum.accumulate(steps) if m else []
    return adjusted


def corrected(tests: Sequence[Estimate]) -> list[Estimate]:
    """Return one estimate per test with its corrected p: method ``p_holm``, or ``p_bh`` in an exploratory family.

    `tests` are the headline tests alone, one per outcome, contrast and pair of waves: robustness checks of the same
    question are no further questions. `estimate` and `p` are both the corrected p; `df` is the number of tests in the
    family. The uncorrected p stays with its own estimate.
    """
    families: dict[str, list[Estimate]] = defaultdict(list)
    for test in tests:
        if test.p is not None:
            families[test.family].append(test)
    made = []
    for members in families.values():
        exploratory = all(test.role == "exploratory" for test in members)
        method, adjust = ("p_bh", benjamini_hochberg) if exploratory else ("p_holm", holm)
        adjusted = adjust([float(test.p or 0.0) for test in members])
        for test, p in zip(members, adjusted, strict=True):
            place = test.id.rsplit("/", 1)[0]
            bare = replace(test, se=None, statistic=None, ci_low=None, ci_high=None, note="")
            estimand = say(f"effects.methods.{method}.estimand", "en")
            numbers = {"estimate": float(p), "p": float(p), "df": float(len(members))}
            made.append(replace(bare, id=f"{place}/{method}", method=method, estimand=estimand, **numbers))  # type: ignore[arg-type]
    return made
