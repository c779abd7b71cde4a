"""Reliable change per pupil, counted: never a name, never a score, only how many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.effects.questions import Question, identifier, questions
from werkbank.measurement.study_scores import scale_of
from werkbank.results import Fact
from werkbank.statistics.reliable import all_methods, cutoff
from werkbank.statistics.sizes import sd

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from werkbank.measurement.study_scores import Scores
    from werkbank.study.model import Study


def by_own_alpha(study: Study, scores: Scores, pupils: pd.DataFrame) -> list[Fact]:
    """Count reliable changes with the alpha that each scale had in this study before the programme.

    Alpha knows no fluctuation from day to day, so that it calls more changes reliable than there are; a report that
    prints these counts says so. Scales without an alpha between 0 and 1 (ready scores) are left out.
    """
    first = {f.outcome: f.value for f in scores.facts if f.what == "alpha" and f.wave in {"pre", "baseline"}}
    known = {key: float(a) for key, a in first.items() if isinstance(a, float) and 0 < a < 1}
    better = {}
    for key in known:
        name, scale = scale_of(key)
        better[key] = scores.instruments[name].direction(scale)
    return reliable_changes(study, scores.table, pupils, known, better)


def reliable_changes(
    study: Study,
    scores_table: pd.DataFrame,
    pupils: pd.DataFrame,
    reliability: Mapping[str, float],
    better: Mapping[str, str],
) -> list[Fact]:
    """Count per arm how many pupils changed reliably, by three methods.

    Parameters
    ----------
    reliability : mapping
        Outcome key -> reliability (0-1). Outcomes that are not in it are left out. Say where it came from: a
        test-retest correlation is meant, alpha gives more changes than there are.
    better : mapping
        Outcome key -> higher or lower; for lower, improved means a lower score. Others are left out.

    Returns
    -------
    list of Fact
        Per outcome, arm and later wave ``rci_<method>_<category>`` (`n` = pupils judged; None where a method gives no
        verdict, and for recovered where the study file has no norm of the scale), ``rci_reliability``,
        ``rci_smallest_change`` (Jacobson & Truax, in raw points) and, with a norm, ``rci_cutoff``.
    """
    facts: dict[str, Fact] = {}
    for q in questions(study, scores_table, pupils):
        direction = better.get(q.key, "")
        if q.key in reliability and q.wave_from and q.outcome.same_measure and direction in {"higher", "lower"}:
            norm, first = study.norm(q.key), q.table["pre"].dropna()
            cut = None if norm is None or not sd(first) > 0 else cutoff((float(first.mean()), sd(first)), norm)
            made = _of_question(q, reliability[q.key], -1 if direction == "lower" else 1, cut)
            facts |= {fact.id: fact for fact in made}
    return list(facts.values())


def _of_question(q: Question, r: float, sign: int, cut: float | None) -> list[Fact]:
    facts = []
    rows = q.table.dropna(subset=["pre", "post"])
    for arm in q.weights or [""]:
        used = rows.loc[rows["arm"] == arm]
        pre, post = sign * used["pre"].to_numpy(float), sign * used["post"].to_numpy(float)
        if len(used) < 2:
            continue
        found = all_methods(pre, post, r)
        numbers: dict[tuple[str, str], float | None] = {("", "reliability"): r}  # (criterion, category) -> value
        numbers["", "smallest_change"] = found[0].smallest_change
        numbers |= {} if cut is None else {("", "cutoff"): cut}
        for method in found:
            counts = method.counts(pre, post, None if cut is None else sign * cut)
            known = {"recovered": cut is not None}
            judged = bool(np.isfinite(method.index).all())
            for category, count in counts.items():
                sure = judged and known.get(category, True)
                numbers[method.method, category] = count if sure else None
        wave = q.wave_to if q.wave_from != "baseline" else f"{q.wave_from}-{q.wave_to}"
        for (criterion, category), value in numbers.items():
            what = "_".join(part for part in ("rci", criterion, category) if part)
            place = identifier(q.key, arm or "all", wave, what)
            at: dict[str, Any] = {
                "wave_from": q.wave_from,
                "wave_to": q.wave_to,
                "criterion": criterion,
                "category": category,
            }
            fact = Fact(place, what, value, q.key, q.outcome.informant, arm, wave, len(used), **at)
            facts.append(replace(fact, kind="reliable_change"))
    return facts
