"""What stands beside every headline test: equivalence, percentiles, and the strength of the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.statistics.certainty import EQUIVALENCE_BOUND, bayes_factor, tost
from werkbank.statistics.standards import improvement_index

if TYPE_CHECKING:
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate
    from werkbank.statistics.quantity import Quantity


def companions(
    q: Question, size: Quantity, test: Quantity, units: dict[str, int], n: int, n_clusters: int | None = None
) -> list[Estimate]:
    """Return the equivalence test, the improvement index and the Bayes factor of one question.

    `size` is the headline in SDs with its own SE and df; `test` the t test (change, post or ANCOVA) of the units that
    were assigned, counted per arm in `units`, on which the Bayes factor rests. The pre-test of an ANCOVA costs one df
    that the Bayes factor's formula does not know; without `units` there is none.
    """
    made = [q.estimate("tost", tost(size, EQUIVALENCE_BOUND), n, n_clusters, ci_level=0.90)]
    if q.weights:
        made.append(q.estimate("improvement_index", improvement_index(size), n, n_clusters))
    counts = list(units.values())
    if 0 < len(counts) <= 2:
        made.append(q.estimate("bayes_factor_jzs", bayes_factor(test.statistic, *counts), n, n_clusters))
    return made
