"""Reliable change per pupil, counted: never a name, never a score, only how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.effects.questions import Question, identifier, questions
from werkbank.effects.reliable import all_methods
from werkbank.results import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from werkbank.study.model import Study


def reliable_changes(
    study: Study,
    scores_table: pd.DataFrame,
    pupils: pd.DataFrame,
    reliability: Mapping[str, float],
    better: Mapping[str, str],
    cutoffs: Mapping[str, float] | None = None,
) -> list[Fact]:
    """Count per arm how many pupils changed reliably, by three methods.

    Parameters
    ----------
    reliability : mapping
        Outcome key -> reliability (0-1). Outcomes that are not in it are left out. Say where it came from: a
        test-retest correlation is meant, alpha gives more changes than there are.
    better : mapping
        Outcome key -> higher or lower; for lower, improved means a lower score. Others are left out.
    cutoffs : mapping, optional
        Outcome key -> the score that separates the troubled from the others; without it nobody counts as recovered.

    Returns
    -------
    list of Fact
        Per outcome, arm and later wave ``rci_<method>_<category>`` (`n` = pupils judged), ``rci_reliability`` and
        ``rci_smallest_change`` (Jacobson & Truax, in raw points).
    """
    facts: dict[str, Fact] = {}
    for q in questions(study, scores_table, pupils):
        direction = better.get(q.key, "")
        if q.key in reliability and q.wave_from and q.outcome.same_measure and direction in {"higher", "lower"}:
            made = _of_question(q, reliability[q.key], -1 if direction == "lower" else 1, (cutoffs or {}).get(q.key))
            facts |= {fact.id: fact for fact in made}
    return list(facts.values())


def _of_question(q: Question, r: float, sign: int, cutoff: float | None) -> list[Fact]:
    facts = []
    rows = q.table.dropna(subset=["pre", "post"])
    for arm in q.weights or [""]:
        used = rows.loc[rows["arm"] == arm]
        pre, post = sign * used["pre"].to_numpy(float), sign * used["post"].to_numpy(float)
        if len(used) < 2:
            continue
        found = all_methods(pre, post, r)
        numbers: dict[str, float] = {"rci_reliability": r, "rci_smallest_change": found[0].smallest_change}
        for method in found:
            counts = method.counts(pre, post, None if cutoff is None else sign * cutoff)
            numbers |= {f"rci_{method.method}_{category}": count for category, count in counts.items()}
        wave = q.wave_to if q.wave_from != "baseline" else f"{q.wave_from}-{q.wave_to}"
        for what, value in numbers.items():
            place = identifier(q.key, arm or "all", wave, what)
            facts.append(Fact(place, what, value, q.key, q.outcome.informant, arm, wave, len(used)))
    return facts
