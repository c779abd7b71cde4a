"""What is foreseen of a question is what a report then does, in designs of every kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.appraisal import Evidence
from werkbank.appraisal.counting import counted
from werkbank.appraisal.foreseen import Counted, foresee
from werkbank.effects import describe, estimate
from werkbank.measurement.study_scores import instruments_of
from werkbank.results import Results
from werkbank.study.model import Study

ROLES = {"T": "intervention", "C": "control", "D": "target", "E": "transfer"}


def study_of(rng):
    """Return a study of a random design, with its pupils and scores: unequal, small and incomplete as it comes."""
    kind = str(rng.choice(["single_group", "controlled", "randomised"], p=[0.2, 0.4, 0.4]))
    by = str(rng.choice(["pupil", "class", "teacher", "school"]))
    arms = [] if kind == "single_group" else ["T", "C"] + ["D"] * int(rng.random() < 0.2)
    waves = ["pre", "post"] if rng.random() < 0.8 else ["post"]
    n_units = int(rng.integers(1, 9))
    n = n_units * int(rng.integers(2, 7))
    unit = rng.integers(0, n_units, n)
    arm = (unit if by != "pupil" or rng.random() < 0.5 else np.arange(n)) % max(len(arms), 1)
    if rng.random() < 0.15:
        arm = rng.integers(0, max(len(arms), 1), n)  # arms that do not follow units
    index = pd.Index([f"p{i:03d}" for i in range(n)], name="pupil")
    names = np.array([f"u{u}" for u in unit], dtype=object)
    pupils = pd.DataFrame(dict.fromkeys(("class", "teacher", "school"), names), index)
    pupils["arm"] = np.array(arms or [""], dtype=object)[arm]
    outcome = {"name": "y", "column": "y", "better": "higher", "role": "primary", "same_measure": rng.random() > 0.2}
    study = Study.model_validate({
        "title": "test",
        "design": {"kind": kind, "assigned_by": by, "blocks": False},
        "files": [{"path": "x.csv"}],
        "columns": {"pupil": "id", "class": "c", "teacher": "t", "school": "s", **({"arm": "a"} if arms else {})},
        "arms": {arm: ROLES[arm] if arm != "D" else "intervention" for arm in arms},
        "outcomes": [outcome],
    })  # fmt: skip
    parts = []
    for wave in waves:
        values = np.full(n, 3.0) if rng.random() < 0.1 else rng.normal(size=n)
        values[rng.random(n) < 0.15] = np.nan
        parts.append(pd.DataFrame({"pupil": index, "wave": wave, "outcome": "y", "scale": "y", "score": values}))
    return study, pupils, pd.concat(parts, ignore_index=True)


def both(study, pupils, scores):
    """Return what was foreseen of every question, and what was answered: place -> (state, grade)."""
    counts = counted(study, instruments_of(study), scores, pupils)
    ahead = {
        (f.counted.outcome, f.counted.contrast, f.counted.wave_from, f.counted.wave_to): (f.state, f.grade)
        for f in foresee(study, counts)
        if not f.counted.absent
    }
    made = estimate(study, scores, pupils, 1)
    results = Results(study="test", estimates=tuple(made), facts=tuple(describe(study, scores, pupils)), claims=())
    evidence = Evidence(study, results)
    found = {}
    for test in evidence.tests:
        state = "refused" if test.estimate is None else "tested" if test.p is not None else "described"
        found[test.outcome, test.contrast, test.wave_from, test.wave_to] = (state, evidence.grade(test))
    return ahead, found


@pytest.mark.parametrize("seed", range(60))
def test_a_report_does_what_was_foreseen(seed):
    ahead, found = both(*study_of(np.random.default_rng(seed)))
    # of another test afterwards in a single group no report computes anything
    assert {k: v for k, v in ahead.items() if k in found} == found
    assert {state for place, (state, _) in ahead.items() if place not in found} <= {"refused"}


def test_the_designs_tried_come_to_every_end():
    ends = {end for seed in range(60) for end in both(*study_of(np.random.default_rng(seed)))[0].values()}
    assert {state for state, _ in ends} == {"tested", "described", "refused"}
    assert {grade for _, grade in ends} == {"description", "change", "association", "effect"}


def planned(**changes):
    at = {"outcome": "y", "informant": "pupil", "contrast": "T - C", "wave_from": "pre", "wave_to": "post"}
    units = {"units": {"T": 4, "C": 4}, "pupils": {"T": 80, "C": 80}}
    before = {"enrolled_units": {"T": 4, "C": 4}, "enrolled_pupils": {"T": 84, "C": 84}}
    return Counted(**{**at, "role": "primary", "unit": "class", **units, **before, **changes})


@pytest.mark.parametrize(
    ("changes", "state", "reason", "grade"),
    [
        ({}, "tested", "", "effect"),
        ({"units": {"T": 1, "C": 4}}, "refused", "too_few_units", "description"),
        ({"units": {"T": 2, "C": 4}}, "tested", "", "association"),  # half of the classes lost
        ({"pupils": {"T": 30, "C": 80}}, "tested", "", "association"),
        ({"shared": True}, "refused", "units_in_more_than_one_arm", "description"),
        ({"lead": "two_against_more"}, "described", "two_against_more", "association"),
        ({"lead": "not_estimable", "value": False}, "refused", "not_estimable", "description"),
        ({"contrast": "", "units": {"": 5}}, "tested", "", "change"),
        ({"contrast": "", "units": {"": 5}, "same_measure": False}, "refused", "other_measure", "description"),
        ({"absent": "no_scores"}, "refused", "no_scores", "description"),
    ],
)
def test_counts_alone_say_what_will_be_allowed(changes, state, reason, grade):
    study, *_ = study_of(np.random.default_rng(3))
    drawn = study.model_copy(
        update={"design": study.design.model_copy(update={"kind": "randomised", "assigned_by": "class"})}
    )
    (found,) = foresee(drawn, [planned(**changes)])
    assert (found.state, found.reason, found.grade) == (state, reason, grade)
