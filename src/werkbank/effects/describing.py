"""What was seen, before anything is estimated: counts that add up, means, spread, and how alike the arms were."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from werkbank.effects.baseline import baseline
from werkbank.effects.cautions import cautions
from werkbank.effects.comparison import samples
from werkbank.effects.losing import at_every_level, schools_above
from werkbank.effects.participating import participating, variance_components
from werkbank.effects.questions import Question, equivalence_bound, identifier, outcome_waves, questions
from werkbank.effects.roles import role_arms, shown_arms
from werkbank.effects.units import Unit, unit_names, unit_of_analysis
from werkbank.results import Fact
from werkbank.statistics.missing import little_mcar
from werkbank.statistics.multilevel import icc, identifiable
from werkbank.statistics.quantity import not_computed
from werkbank.statistics.reliable import break_even_mean, expected_regression
from werkbank.statistics.sizes import Paired, Sample, hedges_g, sd
from werkbank.statistics.standards import baseline_equivalence
from werkbank.study.model import WAVES, Study


def describe(study: Study, scores_table: pd.DataFrame, pupils: pd.DataFrame) -> list[Fact]:
    """Describe the pupil flow, every outcome per arm and wave, and the arms' likeness beforehand.

    Returns
    -------
    list of Fact
        `pupils_enrolled`, `units_enrolled` (arm); `classes_with_both` (where pupils were assigned: classes in which
        control pupils may have noticed the programme); `pupils_measured` (arm, wave: at least one score);
        `missing_pattern` (arm; how many have a score at just these waves: ``pre+post``, ``none``); `mean`, `sd`, `min`,
        `max` (outcome, arm, wave; `n` is theirs); and for every pair of waves (`wave` is the later one)
        `pupils_analysed` + `pupils_without_pre` + `pupils_without_post` + `pupils_without_both` + `pupils_without_unit`
        + `pupils_without_block` + `pupils_planned_without_pre` + `_post` + `_both` (no score, and none was to be had)
        + `pupils_in_broken_block` (their pair or school
        lacks an arm) + `pupils_without_covariate` = enrolled, `units_analysed`, `r_pre_post`, `mean_change`,
        `sd_change` of the analysed pupils; where pupils were chosen on the outcome `regression_break_even_mean`, the
        mean of all pupils at which the whole change is regression to the mean, and with a norm `regression_expected`,
        the change that would come by itself. With `arm` the contrast's name: `baseline_difference` (Hedges' g before,
        of the analysed pupils), `baseline_equivalence`, and for arms drawn by lot `attrition_overall`, `_differential`,
        `_cautious`, `_optimistic` of pupils, the same with `attrition_units` of the classes (teachers, schools) that
        were assigned and with `attrition_schools` of the schools above them, which per arm are counted as
        `schools_enrolled` and `schools_analysed`. `dropout_difference` is Hedges' g before of
        those without the later score minus those with it (n = the former); `mcar_chi2`, `_df`, `_p` are Little's test
        over all waves, which takes pupils as independent. Per wave where classes count: `icc` with `icc_ci_low`,
        `_high`. `caution` and `covariate` are those of `cautions`, `before_mean`, `_sd` and `_difference` those of
        `baseline`; who took part, on both levels, those of `participating`, and
        `variance_component` those of `variance_components`. A single group has arm "". What
        cannot be computed (an SD of one pupil) has value None.
    """
    arms = _arms(study, pupils)
    facts = [*_flow(study, scores_table, pupils, arms), *participating(study, pupils, arms)]
    facts.append(_fact("equivalence_bound", "", "", "", "", equivalence_bound(study)))
    unit = unit_of_analysis(study, pupils)
    for outcome, key, waves in outcome_waves(study, scores_table):
        grouped = waves.index.difference(pupils.index[pupils["arm"].isin(unit.alone)]) if unit.alone else waves.index
        facts += _class_shares(unit, key, outcome.informant, waves.loc[grouped])
        mcar = little_mcar(waves.reindex(pupils.index)) if len(waves.columns) > 1 else not_computed("nothing_missing")
        if not mcar.note:
            parts = {"mcar_chi2": mcar.value, "mcar_df": mcar.df, "mcar_p": mcar.p}
            facts += [_fact(what, key, outcome.informant, "", "", x, len(waves)) for what, x in parts.items()]
        for arm, members in arms.items():
            for wave in waves:
                values = waves[wave].reindex(members).dropna()
                facts += [
                    _fact(what, key, outcome.informant, arm, wave, value, len(values))
                    for what, value in _spread(values)
                ]
    schools, seen = schools_above(unit, pupils), set[tuple[str, str, str]]()
    for question in questions(study, scores_table, pupils):
        for arm in question.weights or [""]:
            if (question.key, arm, question.wave_from + question.wave_to) not in seen:
                seen.add((question.key, arm, question.wave_from + question.wave_to))
                facts += _analysed(study, question, arm, schools)
        facts += [*_of_contrast(study, question, schools), *cautions(question), *baseline(question)]
        facts += variance_components(question)
    return facts


KINDS = {
    "flow": (
        "classes_with_both", "pupils_enrolled", "units_enrolled", "pupils_measured", "pupils_analysed",
        "pupils_without_pre", "pupils_without_post", "pupils_without_both", "pupils_without_unit",
        "pupils_planned_without_pre", "pupils_planned_without_post", "pupils_planned_without_both",
        "units_planned_without",
        "pupils_without_block", "pupils_in_broken_block", "pupils_without_covariate",
        "units_analysed", "schools_enrolled", "schools_analysed", "equivalence_bound",
    ),
    "missing": ("missing_pattern", "mcar_chi2", "mcar_df", "mcar_p"),
    "described": ("mean", "sd", "min", "max"),
    "change": ("r_pre_post", "mean_change", "sd_change"),
    "regression": ("regression_break_even_mean", "regression_expected"),
    "dropout": ("dropout_difference",),
    "icc": ("icc", "icc_ci_low", "icc_ci_high"),
    "baseline": ("baseline_difference", "baseline_equivalence"),
    "attrition": ("attrition_overall", "attrition_differential", "attrition_cautious", "attrition_optimistic"),
    # n of these is not a count of people that the flow knows: a kind of its own
    "attrition_units": (
        "attrition_units_overall", "attrition_units_differential", "attrition_units_cautious",
        "attrition_units_optimistic", "attrition_schools_overall", "attrition_schools_differential",
        "attrition_schools_cautious", "attrition_schools_optimistic",
    ),
}  # fmt: skip
KIND = {what: kind for kind, names in KINDS.items() for what in names}


def _fact(
    what: str, outcome: str, informant: str, arm: str, wave: str, value: float | str | None, n: int | None = None
) -> Fact:
    number = None if value is None or pd.isna(value) else value
    place = identifier(outcome or "flow", arm or "all", wave or "all", what)
    return Fact(place, what, number, outcome, informant, arm, wave, n, kind=KIND[what])


def _arms(study: Study, pupils: pd.DataFrame) -> dict[str, pd.Index]:
    if not study.compared:
        return {"": pupils.index}
    shown, roles = shown_arms(study, pupils), role_arms(study)
    return {arm: pupils.index[shown == arm] for arm in dict.fromkeys([*(roles or ()), *study.arms])}


def _flow(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame, arms: dict[str, pd.Index]) -> list[Fact]:
    unit = unit_of_analysis(study, pupils)
    names = unit_names(pupils, "class") if unit.of_pupil is None and study.control_arms else None
    scored = scores.loc[scores["score"].notna(), ["pupil", "wave"]].astype({"wave": str})
    facts, seen = [], set(scored["wave"].unique())
    if names is not None:
        share = pupils["arm"].astype(object).isin(study.control_arms).groupby(names).mean()
        facts.append(_fact("classes_with_both", "", "", "", "", int(share.between(0, 1, inclusive="neither").sum())))
    for arm, members in arms.items():
        facts.append(_fact("pupils_enrolled", "", "", arm, "", len(members)))
        if unit.of_pupil is not None and arm not in unit.alone:
            facts.append(_fact("units_enrolled", "", "", arm, "", int(unit.of_pupil.reindex(members).nunique())))
        of_arm = scored.loc[scored["pupil"].isin(members)]
        pattern = pd.Series("", index=members)
        for wave in [w for w in WAVES if w in seen]:
            there = of_arm.loc[of_arm["wave"] == wave, "pupil"].unique()
            facts.append(_fact("pupils_measured", "", "", arm, wave, len(there)))
            pattern[members.isin(there)] += f"+{wave}"
        counts = pattern.str.removeprefix("+").replace("", "none").value_counts(sort=False).sort_index()
        for name, count in counts.items():
            fact = _fact("missing_pattern", "", "", arm, str(name), int(count), len(members))
            facts.append(replace(fact, parts=tuple(w for w in WAVES if w in str(name).split("+"))))
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


def _analysed(study: Study, q: Question, arm: str, schools: pd.Series | None) -> list[Fact]:
    norm = study.norm(q.key)
    table = q.table.loc[q.table["arm"] == arm]
    used = q.analysed.loc[q.analysed["arm"] == arm]
    no_pre = table["pre"].isna() if q.wave_from else pd.Series(data=False, index=table.index)
    no_post, planned = table["post"].isna(), q.missing_by_plan.loc[table.index]
    asked = table.loc[~planned.any(axis=1)]
    lacking = {"pre": no_pre & ~no_post, "post": no_post & ~no_pre, "both": no_pre & no_post}
    declared = study.design.planned_missing is not None
    counts = {
        "pupils_analysed": len(used),
        **{f"pupils_without_{which}": int((lost & ~planned[which]).sum()) for which, lost in lacking.items()},
        **{f"pupils_planned_without_{which}": int(planned[which].sum()) for which in lacking if declared},
        **_without_a_place(q, table.loc[~(no_pre | no_post)], len(used)),
    }
    if q.unit.of_pupil is not None and arm not in q.unit.alone:
        counts["units_analysed"] = int(used["unit"].nunique())
        if declared:
            counts["units_planned_without"] = int(table["unit"].nunique() - asked["unit"].nunique())
    if schools is not None:
        counts["schools_enrolled"] = int(schools.reindex(asked.index).nunique())
        counts["schools_analysed"] = int(schools.reindex(used.index).nunique())
    wave = f"{q.wave_from}-{q.wave_to}" if q.wave_from == "baseline" else q.wave_to
    facts = [_fact(what, q.key, q.outcome.informant, arm, wave, count, len(table)) for what, count in counts.items()]
    if not q.wave_from:
        return _of_pair(q, facts)
    gone, stayed = (Sample.of(asked.loc[~no_pre & lost, "pre"]) for lost in (no_post, ~no_post))
    g = hedges_g([gone, stayed], limits=False).value
    facts.append(_fact("dropout_difference", q.key, q.outcome.informant, arm, wave, g, gone.n))
    pairs = Paired.of(used["pre"], used["post"])
    described = {"r_pre_post": pairs.r}
    if q.outcome.same_measure:
        described |= {"mean_change": pairs.change, "sd_change": pairs.sd_change}
        if q.selected:
            described["regression_break_even_mean"] = break_even_mean(pairs.mean_pre, pairs.change, pairs.r)
            if norm is not None:
                described["regression_expected"] = expected_regression(pairs.mean_pre, norm[0], pairs.r)
    facts += [_fact(what, q.key, q.outcome.informant, arm, wave, x, len(used)) for what, x in described.items()]
    return _of_pair(q, facts)


def _without_a_place(q: Question, measured: pd.DataFrame, used: int) -> dict[str, int]:
    """Count pupils with their scores whose unit, else block, else covariate is not known."""
    no_unit = measured["unit"].isna() if q.unit.of_pupil is not None else pd.Series(data=False, index=measured.index)
    no_block = measured["block"].isna() & ~no_unit if q.blocks.level else no_unit & False
    counts = {"pupils_without_unit": int(no_unit.sum())}
    if q.blocks.level:
        broken = q.in_broken_blocks.reindex(measured.index, fill_value=False)
        counts["pupils_without_block"] = int(no_block.sum())
        counts["pupils_in_broken_block"] = int(broken.sum())
    if q.covariates:
        counts["pupils_without_covariate"] = len(measured) - used - sum(counts.values())
    return counts


def _of_pair(q: Question, facts: list[Fact]) -> list[Fact]:
    return [replace(fact, wave_from=q.wave_from, wave_to=q.wave_to) for fact in facts]


def _of_contrast(study: Study, q: Question, schools: pd.Series | None) -> list[Fact]:
    """Describe how alike the arms were before, and how many were lost where arms were drawn by lot."""
    if not q.weights:
        return []
    n, found = len(q.analysed), dict[str, float | str]()
    if q.wave_from:
        g = hedges_g(samples(q.analysed, q.weights, "pre"), list(q.weights.values()), limits=False)
        found |= {"baseline_difference": g.value, "baseline_equivalence": baseline_equivalence(g.value)}
    if study.design.kind == "randomised":
        found |= at_every_level(q, schools)
    facts = [_fact(what, q.key, q.outcome.informant, q.contrast, q.wave_to, x, n) for what, x in found.items()]
    return [replace(fact, contrast=q.contrast, arms=q.arms) for fact in _of_pair(q, facts)]


def _class_shares(unit: Unit, key: str, informant: str, waves: pd.DataFrame) -> list[Fact]:
    """ICC of every wave from the null model, with its exact interval."""
    if unit.of_pupil is None:
        return []
    facts = []
    for wave in waves:
        values = pd.DataFrame({"y": waves[wave], "unit": unit.of_pupil}).dropna()
        kept, _ = identifiable({"unit": values["unit"].astype(str)}) if len(values) > 1 else ({}, {})
        if kept and sd(values["y"]) > 0:
            found = icc(values["y"], kept)
            shares = {"icc": found.icc["unit"], "icc_ci_low": found.ci_low, "icc_ci_high": found.ci_high}
            facts += [_fact(what, key, informant, "", wave, x, len(values)) for what, x in shares.items()]
    return facts
