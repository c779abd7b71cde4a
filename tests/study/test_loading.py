"""study.yaml: what is wrong is said all at once, with its line, and with the nearest name that would be right."""

from __future__ import annotations

import pytest

from werkbank.errors import UnfitError
from werkbank.study import load_study, text_in
from werkbank.study.finding import EXAMPLES, example_path

GOOD = """\
title: Proef
design: {kind: controlled, assigned_by: class}
files: [{path: raw/a.csv}]
columns: {pupil: id, class: groep, arm: conditie, wave: meting}
arms: {1: intervention, 0: control}
waves: {T0: pre, T1: post}
outcomes:
  - {instrument: strs-sf, version: B, informant: teacher, items: "strs_{item}", role: primary}
  - {name: interest, items: {pre: [a1, a2], post: [b1, b2]}, range: [1, 4], reversed: [b2], better: higher}
"""


def write(folder, text):
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


def problems_of(folder, text):
    with pytest.raises(UnfitError) as caught:
        load_study(write(folder, text))
    return caught.value.problems


def test_a_good_study_is_read_and_knows_its_folder(tmp_path):
    study = load_study(write(tmp_path, GOOD))
    assert study.arms == {"1": "intervention", "0": "control"}
    assert (study.treated_arms, study.control_arms) == (["1"], ["0"])
    assert study.folder == tmp_path
    assert study.outcome("interest").item_ids == ["a1", "a2"]
    assert study.outcome("interest").reversed_ids == ["a2"]
    assert study.privacy.min_cell == 6


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_study(name):
    study = load_study(example_path(name))
    assert study.title_in("nl") != study.title_in("en")


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "nearest"),
    [
        ("title: Proef", "titel: Proef", "study_unknown_key", 1, "title"),
        ("kind: controlled", "kind: gecontroleerd", "study_unknown_value", 2, "controlled"),
        ("assigned_by: class", "assigned_by: classe", "study_unknown_value", 2, "class"),
        ("path: raw/a.csv", "pad: raw/a.csv", "study_unknown_key", 3, "path"),
        ("wave: meting}", "waev: meting}", "study_unknown_key", 4, "wave"),
        ("1: intervention", "1: interventie", "study_unknown_value", 5, "intervention"),
        ("T1: post}", "T1: na}", "study_unknown_value", 6, None),
        ("informant: teacher", "informant: teachers", "study_unknown_value", 8, "teacher"),
        ("role: primary", "rol: primary", "study_unknown_key", 8, "role"),
        ("role: primary", "ROLE: primary", "study_unknown_key", 8, "role"),
    ],
)
def test_an_unknown_key_or_value_names_the_nearest_valid_one(tmp_path, old, new, code, line, nearest):
    found = [p for p in problems_of(tmp_path, GOOD.replace(old, new)) if p.code == code]
    assert [p.row for p in found] == [line]
    if nearest:
        assert found[0].details["nearest"] == nearest
        assert nearest in found[0].sentence("nl")
        assert nearest in found[0].sentence("en")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("range: [1, 4], ", "", "study_outcome_needs_range"),
        (", better: higher", "", "study_outcome_needs_better"),
        ("name: interest, ", "", "study_outcome_needs_name"),
        ("range: [1, 4]", "range: [4, 1]", "study_outcome_range_order"),
        ("post: [b1, b2]", "post: [b1]", "study_outcome_items_differ"),
        ("{pre: [a1, a2], post: [b1, b2]}", "'q_{item}'", "study_outcome_own_needs_list"),
        ("items: {pre: [a1, a2], post: [b1, b2]}, ", "", "study_outcome_kind"),
        ("name: interest", "name: strs-sf", "study_outcome_names_double"),
        ("kind: controlled", "kind: single_group", "study_single_group_with_control"),
        ("arm: conditie, ", "", "study_arm_column_missing"),
        ("1: intervention, ", "", "study_arms_missing"),
        ("class: groep, ", "", "study_assigned_unit_without_column"),
        ("assigned_by: class", "assigned_by: class, selected_on: pesten", "study_selected_on_unknown"),
        ("assigned_by: class", "assigned_by: class, individual_arms: ['0']", "study_individual_arms"),
        ("assigned_by: class", "assigned_by: pupil, individual_arms: ['0', '1']", "study_individual_arms"),
        ("assigned_by: class", "assigned_by: pupil, individual_arms: [nobody]", "study_individual_arms"),
        ("waves:", "contrasts: [{name: c, weights: {a: 1, b: 1}}]\nwaves:", "study_contrast_sum"),
        ("waves:", "evidence: [{label: x, g: 0.5, ci: [0.1, 0.4], source: y}]\nwaves:", "study_evidence_order"),
        ("waves:", "contrasts: [{name: c, weights: {a: 1, b: -1}}]\nwaves:", "study_contrast_arm_unknown"),
    ],
)
def test_declarations_that_contradict_each_other_are_refused(tmp_path, old, new, code):
    assert old in GOOD
    found = problems_of(tmp_path, GOOD.replace(old, new))
    assert code in [p.code for p in found]
    for problem in found:
        assert "→" in problem.sentence("nl")
        assert "→" in problem.sentence("en")


def test_all_problems_come_at_once(tmp_path):
    text = GOOD.replace("title:", "titel:").replace("T1: post", "T1: later").replace("controlled", "contrloled")
    assert len(problems_of(tmp_path, text)) >= 4


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("title: [a", "study_not_yaml"),
        ("", "study_not_mapping"),
        ("- a\n- b\n", "study_not_mapping"),
        ("a: &x [1]\nb: *x\n", "study_not_yaml"),
        ("title: a\ntitle: b\n", "study_not_yaml"),
        ("a: !!python/object/apply:os.system [ls]\n", "study_not_yaml"),
        ("a: " + "[" * 3000, "study_not_yaml"),
        ("x: 1\n" * 300_000, "study_too_large"),
    ],
)
def test_what_is_no_study_file_is_refused_in_words(tmp_path, text, code):
    assert [p.code for p in problems_of(tmp_path, text)] == [code]


def test_a_study_that_is_not_there(tmp_path):
    with pytest.raises(UnfitError) as caught:
        load_study(tmp_path / "nergens.yaml")
    assert "nergens.yaml" in str(caught.value)


def test_a_text_is_given_in_the_language_asked_for():
    assert text_in({"nl": "taal", "en": "language"}, "en") == "language"
    assert text_in({"nl": "taal"}, "en") == "taal"
    assert text_in("taal", "en") == "taal"
    assert text_in(None, "en", "-") == "-"
