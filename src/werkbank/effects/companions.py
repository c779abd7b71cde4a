"""What stands beside every headline test: equivalence, percentiles, and the strength of the evidence."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.statistics.certainty import PRIOR, log_bayes_factor, tost
from werkbank.statistics.quantity import at_level
from werkbank.statistics.standards import improvement_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.effects.questions import Question
    from werkbank.results import Estimate
    from werkbank.statistics.quantity import Quantity

READABLE = math.log(1e6)  # a factor beyond a million (or one in a million) says no more than its logarithm


def companions(
    q: Question, size: Quantity, test: Quantity, counts: Sequence[int], n: int, n_clusters: int | None = None
) -> list[Estimate]:
    """Return the equivalence test, the improvement index and the Bayes factor of one question.

    `size` is the headline in SDs with its own SE and df; `test` the headline itself, on whose t and `counts` (units per
    arm, or blocks) the Bayes factor rests. Its formula knows Student's df: with others (Welch's, or those that a
    pre-test costs) it is called approximate. Without `counts` there is none.
    """
    made = [q.estimate("tost", tost(size, q.bound), n, n_clusters, ci_level=0.90)]
    if q.weights:
        asked = at_level(size, q.ci_level) or size  # percentiles of its limits, which must be those that are asked for
        made.append(q.estimate("improvement_index", improvement_index(asked), n, n_clusters))
    if 0 < len(counts) <= 2:
        students = sum(counts) - len(counts)
        rough = test.df is not None and abs(test.df - students) > 1e-6
        for name, found in evidence(test, counts).items():
            noted = replace(found, note="bayes_approximate") if rough and found.note == PRIOR else found
            if test.p is None and test.note:  # the reason why there is no test is the lead's
                noted = replace(found, note=test.note)
            made.append(q.estimate(name, noted, n, n_clusters))
    return made


def evidence(test: Quantity, counts: Sequence[int]) -> dict[str, Quantity]:
    """Return the natural logarithm of the Bayes factor and, unless it is beyond all reading, the factor itself."""
    log = log_bayes_factor(test.statistic, *counts)
    found = {"bayes_factor_log": log}
    if not math.isfinite(log.value) or abs(log.value) <= READABLE:
        found["bayes_factor_jzs"] = replace(log, value=math.exp(log.value))
    return found
