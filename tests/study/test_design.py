"""What the study file can say of a design: blocks, roles, primary questions, kinds of scores, waves."""

from __future__ import annotations

import pytest
import yaml
from tests.study.test_loading import GOOD, problems_of, write

from werkbank.intake.reading import read_answers
from werkbank.study import load_study

BASE = yaml.safe_load(GOOD)
ROWS = [
    ("p1", "a", "s1", "x", "doel"),
    ("p2", "a", "s1", "x", "rest"),
    ("p3", "b", "s1", "c", "doel"),
    ("p4", "c", "s2", "x", "rest"),
    ("p5", "d", "s2", "c", "doel"),
]
SCORES = {
    "title": "proef",
    "design": {"kind": "randomised", "assigned_by": "class"},
    "files": [{"path": "d.csv"}],
    "columns": {"pupil": "id", "class": "klas", "school": "school", "arm": "arm"},
    "arms": {"x": "intervention", "c": "control"},
    "outcomes": [{"name": "taal", "column": {"pre": "t0", "post": "t1"}, "better": "higher"}],
}


def study_with(folder, **changes):
    lines = ["id,klas,school,arm,rol,t0,t1", *(",".join((*row, "1", "0")) for row in ROWS)]
    (folder / "d.csv").write_text("\n".join(lines), encoding="utf-8")
    return load_study(write(folder, yaml.safe_dump({**SCORES, **changes})))


def notes_of(intake):
    for note in intake.notes:
        assert note.sentence("nl") != note.sentence("en")
    return {note.key.removeprefix("intake."): note.values for note in intake.notes}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"primary": [{"outcome": "pesten"}]}, "study_primary_outcome_unknown"),
        ({"primary": [{"outcome": "interest", "contrast": "ab"}]}, "study_primary_contrast_unknown"),
        ({"primary": [{"outcome": "interest", "wave": "na"}]}, "study_unknown_value"),
        ({"roles": {"doel": "target"}}, "study_roles_without_column"),
        ({"design": {**BASE["design"], "blocks": "school"}}, "study_blocks_without_column"),
        ({"design": {**BASE["design"], "blocks": "class"}}, "study_blocks_are_units"),
        ({"design": {**BASE["design"], "blocks": "groep"}}, "study_blocks_are_units"),
        ({"equivalence": 0}, "study_wrong_type"),
        ({"ci_level": 95}, "study_wrong_type"),
        ({"waves": {"T0": "pre", "T1": "followup100"}}, "study_unknown_value"),
        ({"analysis": {"crossed": ["teacher"]}}, "study_unknown_key"),
    ],
)
def test_a_design_that_contradicts_itself_is_refused(tmp_path, changes, code):
    found = problems_of(tmp_path, yaml.safe_dump({**BASE, **changes}, sort_keys=False))
    assert code in [problem.code for problem in found]
    assert all(problem.sentence("nl") != problem.sentence("en") for problem in found)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"items": ["a", "b"], "range": [0, 5], "column": None, "kind": "count"}, "study_outcome_ready_only"),
        ({"items": ["a", "b"], "range": [0, 5], "column": None, "reliability": 0.8}, "study_outcome_ready_only"),
        ({"kind": "binary", "range": [1, 2]}, "study_outcome_binary_range"),
        ({"kind": "count", "range": [-1, 9]}, "study_outcome_count_range"),
        ({"reliability": 1.2}, "study_wrong_type"),
    ],
)
def test_a_score_of_another_kind_is_declared_as_it_is(tmp_path, changes, code):
    outcome = {"name": "verzuim", "column": "v", "better": "lower", **changes}
    found = problems_of(tmp_path, yaml.safe_dump({**BASE, "outcomes": [outcome]}, sort_keys=False))
    assert code in [problem.code for problem in found]


def test_what_is_declared_can_be_asked(tmp_path):
    waves = {"T0": "pre", **{f"T{n}": f"followup{n}" for n in range(2, 31)}}
    primary = [{"outcome": "strs-sf.closeness"}, {"outcome": "verzuim", "wave": "followup12"}]
    absent = {"name": "verzuim", "column": "v", "better": "lower", "kind": "count", "reliability": 0.9}
    changes = {"waves": waves, "primary": primary, "equivalence": 0.1, "ci_level": 0.9}
    study = load_study(write(tmp_path, yaml.safe_dump({**BASE, **changes, "outcomes": [*BASE["outcomes"], absent]})))
    assert [(asked.outcome, asked.wave) for asked in study.primary] == [
        ("strs-sf.closeness", "post"),
        ("verzuim", "followup12"),
    ]
    assert (study.equivalence, study.ci_level, study.waves["T30"]) == (0.1, 0.9, "followup30")
    assert study.outcome("verzuim").possible == (0, float("inf"))
    assert (study.outcome("verzuim").reliability, study.block_column) == (0.9, None)


@pytest.mark.parametrize("blocks", ["school", "rol"])
def test_blocks_and_roles_stand_beside_the_pupils(tmp_path, blocks):
    design = {**SCORES["design"], "assigned_by": "pupil", "blocks": blocks}
    roles = {"columns": {**SCORES["columns"], "role": "rol"}, "roles": {"doel": "target", "rest": "transfer"}}
    intake = read_answers(study_with(tmp_path, design=design, **roles))
    expected = [row[2] if blocks == "school" else row[4] for row in ROWS]
    assert intake.pupils["block"].tolist() == expected
    assert intake.pupils["role"].tolist() == ["target", "transfer", "target", "transfer", "target"]
    assert "blocks_question" not in notes_of(intake)


def test_both_arms_in_one_school_are_a_question_until_it_is_answered(tmp_path):
    asked = notes_of(read_answers(study_with(tmp_path)))["blocks_question"]
    assert (asked["n"], asked["n_all"], asked["column"], asked["level"]) == (2, 2, "school", "school")
    answered = read_answers(study_with(tmp_path, design={**SCORES["design"], "blocks": False}))
    assert "blocks_question" not in notes_of(answered)
    assert "block" not in answered.pupils


def test_a_class_in_two_blocks_is_refused(tmp_path):
    from werkbank.errors import UnfitError

    with pytest.raises(UnfitError) as caught:
        read_answers(study_with(tmp_path, design={**SCORES["design"], "blocks": "rol"}))
    assert [(p.code, p.value) for p in caught.value.problems] == [("unit_in_two_blocks", "a")]


def test_a_share_of_yes_can_only_be_zero_or_one(tmp_path):
    outcome = {"name": "taal", "column": {"pre": "t0", "post": "t1"}, "better": "higher", "kind": "binary"}
    assert len(read_answers(study_with(tmp_path, outcomes=[outcome])).answers) == 10


def test_a_count_is_a_whole_number(tmp_path):
    from werkbank.errors import UnfitError

    outcome = {"name": "verzuim", "column": {"pre": "t0", "post": "t1"}, "better": "lower", "kind": "count"}
    study = study_with(tmp_path, outcomes=[outcome])
    file = tmp_path / "d.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("rest,1,0", "rest,1.5,0", 1), encoding="utf-8")
    with pytest.raises(UnfitError) as caught:
        read_answers(study)
    assert [(p.code, p.row) for p in caught.value.problems] == [("not_whole", 3)]


@pytest.mark.parametrize("told", [{"given_by": ["teacher"]}, {"received_by": ["teacher", "pupil"]}])
def test_raters_who_took_part_and_did_not_are_refused(tmp_path, told):
    said = {**SCORES["design"], "raters_are_implementers": False}
    outcomes = [{**SCORES["outcomes"][0], "informant": "teacher", "range": [0, 9]}]
    assert study_with(tmp_path, design=said | {"given_by": ["coach"]}, outcomes=outcomes).design.given_by == ["coach"]
    found = problems_of(tmp_path, yaml.safe_dump({**SCORES, "design": said | told, "outcomes": outcomes}))
    assert [problem.code for problem in found] == ["study_raters_contradict"]
