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
    prints these counts says so. Ready scores have the reliability that the study file gives them. Scales without a
    reliability between 0 and 1 are left out: with 1 every change would be reliable.
    """
    first = {f.outcome: f.value for f in scores.facts if f.what == "alpha" and f.wave in {"pre", "baseline"}}
    known = {key: float(a) for key, a in first.items() if isinstance(a, float) and 0 < a < 1}
    better = {}
    for key in known:
        name, scale = scale_of(key)
        better[key] = scores.instruments[name].direction(scale)
    for outcome in study.outcomes:
        if outcome.reliability is not None and outcome.reliability < 1 and outcome.better is not None:
            known[outcome.id], better[outcome.id] = outcome.reliability, outcome.better
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

    Notes
    -----
    Mean, SD and reliability of the differences are those of all pupils with both scores, whatever their arm: two pupils
    with the same two scores have the same verdict.
    """
    facts: dict[str, Fact] = {}
    for q in questions(study, scores_table, pupils):
        direction = better.get(q.key, "")
        if q.key in reliability and q.wave_from and q.outcome.same_measure and direction in {"higher", "lower"}:
            norm, first = study.norm(q.key), q.everyone["pre"].dropna()
            cut = None if norm is None or not sd(first) > 0 else cutoff((float(first.mean()), sd(first)), norm)
            made = _of_question(q, reliability[q.key], -1 if direction == "lower" else 1, cut)
            facts |= {fact.id: fact for fact in made}
    return list(facts.values())


def _of_question(q: Question, r: float, sign: int, cut: float | None) -> list[Fact]:
    facts: list[Fact] = []
    rows = q.everyone.dropna(subset=["pre", "post"])
    if len(rows) < 2:
        return facts
    everyone = all_methods(sign * rows["pre"].to_numpy(float), sign * rows["post"].to_numpy(float), r)
    for arm in q.weights or [""]:
        here = (rows["arm"] == arm).to_numpy()
        used = rows.loc[here]
        pre, post = sign * used["pre"].to_numpy(float), sign * used["post"].to_numpy(float)
        if len(used) < 2:
            continue
        found = [replace(method, index=method.index[here]) for method in everyone]
        numbers: dict[tuple[str, str], float | None] = {("", "reliability"): r}  # (criterion, category) -> value
        smallest = found[0].smallest_change
        numbers["", "smallest_change"] = smallest if np.isfinite(smallest) else None
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
