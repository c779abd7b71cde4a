"""What a plan says that one will be allowed to say, and what the report of the study then says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.appraisal import appraise
from werkbank.appraisal.planned import claims_of_plan, foreseen
from werkbank.effects import describe, estimate
from werkbank.planning.asking import asked
from werkbank.results import Results
from werkbank.study.model import Study


def planned(i):
    """Return the study file of a plan, drawn from the kinds of plans that people make."""
    rng = np.random.default_rng([31, i])
    kind = ["randomised", "controlled", "single_group"][rng.choice(3, p=[0.55, 0.3, 0.15])]
    level = ["class", "pupil", "teacher"][rng.choice(3, p=[0.6, 0.25, 0.15])]
    arms = {} if kind == "single_group" else {"T": "intervention", "C": "control"}
    fewest, most = (20, 60) if level == "pupil" else (1, 9)
    units = {arm: int(rng.integers(fewest, most)) for arm in arms} or int(rng.integers(max(fewest, 2), most))
    if rng.random() < 0.4 and arms:
        units["C"] = units["T"]
    lost = {arm: float(rng.choice([0.0, 0.05, 0.15, 0.35])) for arm in arms} or 0.1
    columns = {"pupil": "id", **({level: level} if level != "pupil" else {}), **({"arm": "arm"} if arms else {})}
    return Study.model_validate(
        {
            "title": "plan",
            "design": {"kind": kind, "assigned_by": level, "blocks": False},
            "columns": columns,
            "arms": arms,
            "outcomes": [{"name": "y", "column": "y", "better": "higher", "role": "secondary"}],
            "planning": {"units": units, "pupils": int(rng.integers(12, 26)), "r": 0.6, "lost_pupils": lost},
        }
    )


def happened(study, i):
    """Return what then happens: as many units and pupils as planned, each pupil lost or not by chance."""
    rng = np.random.default_rng([32, i])
    (one,) = asked(study)
    p, level = one.middle, study.design.assigned_by
    rows = []
    for arm, n in study.planning.units.items() if study.arms else [("", study.planning.units)]:
        lost = study.planning.of_arm(study.planning.lost_pupils, arm)
        for unit in range(n):
            u = rng.normal(0, p.icc**0.5) if level != "pupil" else 0.0
            for _ in range(study.planning.pupils if level != "pupil" else 1):
                pre = rng.normal()
                rows.append((arm, f"{arm}{unit}", pre + u, 0.6 * pre + u + rng.normal(0, 0.8), rng.random() < lost))
    table = pd.DataFrame(rows, columns=["arm", "unit", "pre", "post", "lost"])
    table.index = pd.Index([f"p{n:05d}" for n in range(len(table))], name="pupil")
    pupils = pd.DataFrame(index=table.index)
    for role in ("class", "teacher", "school"):
        pupils[role] = table["unit"] if role == level else pd.Series(None, table.index, dtype=object)
    if study.arms:
        pupils["arm"] = table["arm"]
    table.loc[table["lost"], "post"] = np.nan
    parts = [
        pd.DataFrame({"pupil": s.index, "wave": wave, "outcome": "y", "scale": "y", "score": s.to_numpy()})
        for wave, s in (("pre", table["pre"]), ("post", table["post"].dropna()))
    ]
    return pd.concat(parts, ignore_index=True), pupils


def final_grade(study, i):
    """Return the grade that the report of what happened gives."""
    scores, pupils = happened(study, i)
    found = Results(
        {}, estimates=tuple(estimate(study, scores, pupils, 1)), facts=tuple(describe(study, scores, pupils))
    )
    return [claim.grade for claim in appraise(study, found) if claim.kind == "answer"]


def predicted_and_final(numbers):
    """Return of each study whether the plan foretold the grade of its report."""
    told = []
    for i in numbers:
        study = planned(i)
        told.append([one.grade for one in foreseen(study)] == final_grade(study, i))
    return told


def test_a_plan_foretells_the_grade_of_the_report():
    assert np.mean(predicted_and_final(range(12))) >= 0.9


@pytest.mark.long
@pytest.mark.parametrize("first", [0, 1000, 5000])
def test_a_plan_foretells_the_grade_in_two_hundred_studies(first):
    assert np.mean(predicted_and_final(range(first, first + 200))) >= 0.95


def test_the_words_are_those_of_the_report():
    study = planned(0)
    made = claims_of_plan(study)
    assert {claim.kind for claim in made} <= {"foreseen", "foreseen_reason"}
    for claim in made:
        assert claim.sentence.startswith(("claims.grade.", "claims.reasons."))


@pytest.mark.parametrize(
    ("change", "grade", "state", "reason"),
    [
        ({}, "effect", "tested", ""),
        ({"design": {"kind": "controlled", "assigned_by": "class"}}, "association", "tested", ""),
        ({"planning": {"units": 1}}, "description", "refused", "too_few_units"),
        ({"planning": {"units": {"T": 2, "C": 5}}}, "association", "described", "two_against_more"),
        ({"planning": {"units": 6, "lost_units": {"T": 2}}}, "association", "tested", ""),
        ({"planning": {"units": 6, "lost_pupils": {"T": 0.4, "C": 0.1}}}, "association", "tested", ""),
    ],
)
def test_what_keeps_a_plan_from_an_effect(change, grade, state, reason):
    raw = {
        "title": "plan", "design": {"kind": "randomised", "assigned_by": "class"},
        "columns": {"pupil": "id", "class": "klas", "arm": "arm"}, "arms": {"T": "intervention", "C": "control"},
        "outcomes": [{"name": "y", "column": "y", "better": "higher"}], "planning": {"units": 6, "r": 0.6},
    }  # fmt: skip
    (one,) = foreseen(Study.model_validate({**raw, **change}))
    assert (one.grade, one.state, one.reason) == (grade, state, reason)


def test_roles_are_asked_as_the_report_asks_them():
    raw = {
        "title": "plan", "design": {"kind": "randomised", "assigned_by": "teacher"},
        "columns": {"pupil": "id", "teacher": "lk", "arm": "arm", "role": "rol"},
        "arms": {"T": "intervention", "C": "control"}, "roles": {"doel": "target", "rest": "transfer"},
        "outcomes": [{"name": "y", "column": "y", "better": "higher"}],
        "planning": {"units": {"T": 8, "C": 8}, "pupils_in_role": {"target": 2, "transfer": 4}, "r": 0.5},
    }  # fmt: skip
    study = Study.model_validate(raw)
    by = {one.counted.contrast: one for one in foreseen(study)}
    assert by["target - C"].grade == "effect"
    assert (by["target - transfer"].state, by["target - transfer"].reason) == ("described", "roles_chosen")
    sizes = {one.contrast: one.middle.size for one in asked(study)}
    assert sizes["target - C"] < sizes["transfer - C"]
