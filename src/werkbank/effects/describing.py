"""What was seen, before anything is estimated: counts that add up, means, spread, and how alike the arms were."""

from __future__ import annotations

import pandas as pd

from werkbank.effects.comparison import samples
from werkbank.effects.questions import Question, identifier, outcome_waves, questions
from werkbank.effects.sizes import Paired, hedges_g, sd
from werkbank.effects.units import unit_of_analysis
from werkbank.results import Fact
from werkbank.study.model import WAVES, Study


def describe(study: Study, scores_table: pd.DataFrame, pupils: pd.DataFrame) -> list[Fact]:
    """Describe the pupil flow, every outcome per arm and wave, and the arms' likeness beforehand.

    Returns
    -------
    list of Fact
        `pupils_enrolled`, `units_enrolled` (arm); `pupils_measured` (arm, wave: at least one score);
        `mean`, `sd`, `min`, `max` (outcome, arm, wave; `n` is theirs); and for every pair of waves (`wave` is the later
        one) `pupils_analysed` + `pupils_without_pre` + `pupils_without_post` + `pupils_without_both` +
        `pupils_without_unit` = enrolled, `units_analysed`, `r_pre_post`, `mean_change`, `sd_change` of the analysed
        pupils; `baseline_difference` (Hedges' g before, of the analysed pupils; `arm` holds the contrast's name).
        A single group has arm "". What cannot be computed (an SD of one pupil) has value None.
    """
    arms = _arms(study, pupils)
    facts = _flow(study, scores_table, pupils, arms)
    for outcome, key, waves in outcome_waves(study, scores_table):
        for arm, members in arms.items():
            for wave in waves:
                values = waves[wave].reindex(members).dropna()
                facts += [
                    _fact(what, key, outcome.informant, arm, wave, value, len(values))
                    for what, value in _spread(values)
                ]
    seen: set[tuple[str, str, str]] = set()
    for question in questions(study, scores_table, pupils):
        for arm in question.weights or [""]:
            if (question.key, arm, question.wave_from + question.wave_to) not in seen:
                seen.add((question.key, arm, question.wave_from + question.wave_to))
                facts += _analysed(question, arm)
        facts += _baseline_difference(question)
    return facts


def _fact(
    what: str, outcome: str, informant: str, arm: str, wave: str, value: float | None, n: int | None = None
) -> Fact:
    number = None if value is None or pd.isna(value) else value
    return Fact(
        identifier(outcome or "flow", arm or "all", wave or "all", what), what, number, outcome, informant, arm, wave, n
    )


def _arms(study: Study, pupils: pd.DataFrame) -> dict[str, pd.Index]:
    if study.design.kind == "single_group":
        return {"": pupils.index}
    return {arm: pupils.index[pupils["arm"].astype(object) == arm] for arm in study.arms}


def _flow(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame, arms: dict[str, pd.Index]) -> list[Fact]:
    unit = unit_of_analysis(study, pupils)
    scored = scores.loc[scores["score"].notna(), ["pupil", "wave"]].astype({"wave": str})
    facts = []
    for arm, members in arms.items():
        facts.append(_fact("pupils_enrolled", "", "", arm, "", len(members)))
        if unit.of_pupil is not None:
            facts.append(_fact("units_enrolled", "", "", arm, "", int(unit.of_pupil.reindex(members).nunique())))
        of_arm = scored.loc[scored["pupil"].isin(members)]
        for wave in [w for w in WAVES if w in set(scored["wave"])]:
            measured = int(of_arm.loc[of_arm["wave"] == wave, "pupil"].nunique())
            facts.append(_fact("pupils_measured", "", "", arm, wave, measured))
    return facts


def _spread(values: pd.Series) -> list[tuple[str, float | None]]:
    if values.empty:
        return [("mean", None)]
    return [
        ("mean", float(values.mean())),
        ("sd", sd(values)),
        ("min", float(values.min())),
        ("max", float(values.max())),
    ]


def _analysed(q: Question, arm: str) -> list[Fact]:
    table = q.table.loc[q.table["arm"] == arm]
    used = q.analysed.loc[q.analysed["arm"] == arm]
    no_pre = table["pre"].isna() if q.wave_from else pd.Series(data=False, index=table.index)
    no_post = table["post"].isna()
    counts = {
        "pupils_analysed": len(used),
        "pupils_without_pre": int((no_pre & ~no_post).sum()),
        "pupils_without_post": int((no_post & ~no_pre).sum()),
        "pupils_without_both": int((no_pre & no_post).sum()),
        "pupils_without_unit": len(table) - len(used) - int((no_pre | no_post).sum()),
    }
    if q.unit.of_pupil is not None:
        counts["units_analysed"] = int(used["unit"].nunique())
    wave = f"{q.wave_from}-{q.wave_to}" if q.wave_from == "baseline" else q.wave_to
    facts = [_fact(what, q.key, q.outcome.informant, arm, wave, count, len(table)) for what, count in counts.items()]
    if not q.wave_from:
        return facts
    pairs = Paired.of(used["pre"], used["post"])
    described = {"r_pre_post": pairs.r}
    if q.outcome.same_measure:
        described |= {"mean_change": pairs.change, "sd_change": pairs.sd_change}
    return facts + [_fact(what, q.key, q.outcome.informant, arm, wave, x, len(used)) for what, x in described.items()]


def _baseline_difference(q: Question) -> list[Fact]:
    if not (q.weights and q.wave_from):
        return []
    g = hedges_g(samples(q.analysed, q.weights, "pre"), list(q.weights.values()))
    n = len(q.analysed)
    return [_fact("baseline_difference", q.key, q.outcome.informant, q.contrast, q.wave_to, g.value, n)]
