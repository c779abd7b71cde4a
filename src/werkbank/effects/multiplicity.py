"""Correction for the number of tests: Holm for what was to be confirmed, Benjamini-Hochberg for what was explored."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from werkbank.catalogue import say
from werkbank.effects.kinds import KIND
from werkbank.effects.questions import place
from werkbank.statistics.pingouin_parts import part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from werkbank.results import Estimate


def adjusted(p: Sequence[float], method: Literal["holm", "fdr_bh"]) -> NDArray[np.float64]:
    """Return p values corrected for their number, in the order given; NaN stays NaN and does not count.

    ``holm`` (Holm 1979) controls the chance of any false finding in the family, ``fdr_bh`` (Benjamini & Hochberg 1995)
    the share of false findings among the findings. Computed by pingouin; checked against R's p.adjust.
    """
    return np.asarray(part("multicomp").multicomp(np.asarray(p, dtype=float), method=method)[1], dtype=float)


def corrected(tests: Sequence[Estimate]) -> list[Estimate]:
    """Return one estimate per test with its corrected p: method ``p_holm``, or ``p_bh`` in an exploratory family.

    `tests` are the headline tests alone, one per outcome, contrast and pair of waves: robustness checks of the same
    question are no further questions. `estimate` and `p` are both the corrected p, which has no df of its own; how
    many tests it is corrected for says `number_of_tests`. The uncorrected p stays with its own estimate.
    """
    families: dict[str, list[Estimate]] = defaultdict(list)
    for test in tests:
        if test.p is not None:
            families[test.family].append(test)
    made = []
    for members in families.values():
        exploratory = all(test.role == "exploratory" for test in members)
        method = "p_bh" if exploratory else "p_holm"
        smaller = adjusted([float(test.p or 0.0) for test in members], "fdr_bh" if exploratory else "holm")
        for test, p in zip(members, smaller, strict=True):
            key = place(test.outcome, test.wave_from, test.wave_to, test.contrast, method)
            made.append(_corrected(test, key, method, float(p)))
    return made


def of_interactions(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return ``p_bh_interaction`` for every test of a difference by characteristic, as one exploratory family.

    Its columns are those of the test (`moderator`). Nothing for a single one.
    """
    asked = [e for e in estimates if e.method == "moderation" and e.p is not None]
    if len(asked) < 2:
        return []
    smaller = adjusted([float(e.p or 0.0) for e in asked], "fdr_bh")
    method = "p_bh_interaction"
    return [_corrected(e, f"{e.id}/{method}", method, float(p)) for e, p in zip(asked, smaller, strict=True)]


def number_of_tests(one: Estimate, estimates: Iterable[Estimate]) -> int:
    """Return for how many tests a corrected p is corrected: the members of its family, corrected in the same way."""
    return sum(e.method == one.method and e.family == one.family for e in estimates)


def _corrected(test: Estimate, key: str, method: str, p: float) -> Estimate:
    estimand = say(f"effects.methods.{method}.estimand", "en")
    bare = replace(test, se=None, statistic=None, ci_low=None, ci_high=None, note="", kind=KIND[method], metric="p")
    return replace(bare, id=key, method=method, other=test.method, estimand=estimand, estimate=p, p=p, df=None)
