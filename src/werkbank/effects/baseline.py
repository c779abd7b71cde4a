"""How the arms compared stood beforehand: every covariate and the score before, of the pupils who were analysed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from werkbank.effects.cautions import answerable
from werkbank.effects.comparison import samples
from werkbank.effects.questions import identifier
from werkbank.results import Fact
from werkbank.statistics.sizes import Sample, hedges_g

if TYPE_CHECKING:
    from werkbank.effects.questions import Question


def baseline(q: Question) -> list[Fact]:
    """Describe what one comparison adjusts for, per arm, and how far the arms stood apart.

    Returns
    -------
    list of Fact
        ``before_mean`` and ``before_sd`` of every arm compared, and ``before_difference`` (Hedges' g, no `arm`), for
        the pre-test (`item` "") and every covariate that is adjusted for anywhere (`item` its name; `category` the word
        that an indicator stands for, whose mean is a share). Pupils count, not classes: this describes who they were
        and tests nothing. A value is None where it cannot be computed (nobody varies).

    Notes
    -----
    Of the analytic sample, as the What Works Clearinghouse asks (Procedures Handbook 5.0). Text is coded as in
    `covariates.prepared`: an indicator for every word but the first.
    """
    if not answerable(q):
        return []
    made = []
    rows, names = q.analysed, q.adjusting.of
    for column in q.adjusting.adjusted_for:
        item = names.get(column, "")
        word = column.removeprefix(f"{item} = ") if item and column.startswith(f"{item} = ") else ""
        for arm in q.arms:
            found = Sample.of(rows.loc[rows["arm"] == arm, column])
            made += [_fact(q, what, x, item, word, found.n, arm) for what, x in _spread(found).items()]
        g = hedges_g(samples(rows, q.weights, column), list(q.weights.values()), limits=False).value
        made.append(_fact(q, "before_difference", g, item, word, len(rows)))
    return made


def _spread(found: Sample) -> dict[str, float]:
    return {"before_mean": found.mean, "before_sd": found.sd}


def _fact(q: Question, what: str, value: float, item: str, word: str, n: int, arm: str = "") -> Fact:
    place = identifier(q.key, q.contrast, f"{q.wave_from}-{q.wave_to}".strip("-"), what, item or "pre", word, arm)
    return Fact(
        place, what, None if math.isnan(value) else float(value), q.key, q.outcome.informant, arm, q.wave_to, n,
        kind="before", item=item, category=word, contrast=q.contrast, arms=q.arms, wave_from=q.wave_from,
        wave_to=q.wave_to,
    )  # fmt: skip
