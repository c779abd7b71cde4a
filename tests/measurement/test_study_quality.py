"""The facts about a whole study are those of the functions that compute them, each with its n and its place."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from werkbank.errors import UnfitError
from werkbank.intake import read_answers
from werkbank.measurement.circumplex import SECTORS, clustered_correlation, dimensions, sector_scores
from werkbank.measurement.items import item_statistics
from werkbank.measurement.perspectives import compare_perspectives
from werkbank.measurement.scoring import item_matrix
from werkbank.measurement.study_quality import _complementary, fact_id, study_quality
from werkbank.measurement.study_scores import score_study
from werkbank.results import Results
from werkbank.statistics.reliability import difference_reliability
from werkbank.study import load_study
from werkbank.study.finding import example_path


@pytest.fixture(scope="module")
def relation(simulate, tmp_path_factory):
    intake = read_answers(load_study(simulate.relations(tmp_path_factory.mktemp("relations"))))
    scores = score_study(intake)
    found = study_quality(intake, scores)
    Results({}, facts=(*scores.facts, *found)).to_json()  # ids are unique, and values can be written
    return intake, scores, {fact.id: fact for fact in found}


@pytest.fixture(scope="module")
def round_study(simulate, tmp_path_factory):
    intake = read_answers(load_study(simulate.circle(tmp_path_factory.mktemp("circle"))))
    scores = score_study(intake)
    return intake, scores, {fact.id: fact for fact in study_quality(intake, scores)}


def of(scores, outcome, scale, wave):
    table = scores.table
    here = (table["outcome"] == outcome) & (table["scale"] == scale) & (table["wave"] == wave)
    return table[here]


def test_a_scale_at_a_wave(relation):
    _, scores, facts = relation
    mine = of(scores, "strs-sf", "closeness", "pre")["score"]
    alpha = {f.id: f.value for f in scores.facts}["strs-sf.closeness/pre/alpha"]
    at = "strs-sf.closeness/pre"
    assert facts[f"{at}/scale_mean"].value == pytest.approx(mine.mean())
    assert facts[f"{at}/scale_mean"].n == mine.count()
    assert facts[f"{at}/scale_sd"].value == pytest.approx(mine.std())
    sem = facts[f"{at}/standard_error_of_measurement"].value
    assert sem == pytest.approx(mine.std() * math.sqrt(1 - alpha))
    low, high = scores.instruments["strs-sf"].score_range("closeness")
    assert facts[f"{at}/floor"].value == pytest.approx((mine == low).mean())
    assert facts[f"{at}/ceiling"].value == pytest.approx((mine == high).mean())
    assert facts[f"{at}/icc1"].n == 20


def test_an_item(relation):
    intake, scores, facts = relation
    matrix = item_matrix(intake.answers, "strs-sf", scores.instruments["strs-sf"], "conflict", "post", "teacher")
    row = item_statistics(matrix).loc["14"]
    for what, column in (("item_mean", "mean"), ("item_sd", "sd"), ("item_rest", "item_rest")):
        assert facts[f"strs-sf.conflict/post/item-14/{what}"].value == pytest.approx(row[column])
    assert facts["strs-sf.conflict/post/item-14/alpha_if_deleted"].value == pytest.approx(row["alpha_if_deleted"])


def test_stability_is_that_of_the_control_arm_and_knows_classes(relation):
    _, scores, facts = relation
    first, second = (of(scores, "strs-sf", "closeness", w).set_index("pupil") for w in ("pre", "post"))
    pairs = first[first["arm"] == "controle"][["class", "score"]].join(second["score"].rename("later"))
    r = clustered_correlation(pairs["score"], pairs["later"], pairs["class"])
    at = "strs-sf.closeness/pre-post"
    assert facts[f"{at}/retest"].arm == "controle"
    assert facts[f"{at}/retest"].n == len(pairs) == 120
    assert facts[f"{at}/retest"].value == pytest.approx(r.estimate)
    assert facts[f"{at}/retest_ci_low"].value == pytest.approx(r.ci_low)
    assert facts[f"{at}/retest_ci_high"].value == pytest.approx(r.ci_high)
    alphas = {f.wave: f.value for f in scores.facts if f.what == "alpha" and f.outcome == "strs-sf.closeness"}
    spread = (pairs["score"].std(), pairs["later"].std())
    expected = difference_reliability(alphas["pre"], alphas["post"], r.estimate, *spread)
    assert facts[f"{at}/difference_reliability"].value == pytest.approx(expected)


def test_scales_of_one_informant_are_paired_and_corrected(relation):
    _, scores, facts = relation
    alphas = {f.id: f.value for f in scores.facts if f.what == "alpha"}
    at = "strs-sf.closeness~strs-sf.conflict/pre"
    raw, corrected = facts[f"{at}/r_scales"].value, facts[f"{at}/r_disattenuated"].value
    product = alphas["strs-sf.closeness/pre/alpha"] * alphas["strs-sf.conflict/pre/alpha"]
    assert corrected == pytest.approx(raw / math.sqrt(product))
    assert facts[f"{at}/r_scales"].outcome == "strs-sf.closeness ~ strs-sf.conflict"


def test_teacher_and_pupil_side_by_side(relation):
    _, scores, facts = relation
    teacher, pupil = (of(scores, *key, "pre") for key in (("strs-sf", "closeness"), ("closeness", "closeness")))
    expected = compare_perspectives(teacher, pupil, "pre")
    at = "strs-sf.closeness~closeness/pre"
    assert facts[f"{at}/perspectives_r"].value == pytest.approx(expected.r)
    assert facts[f"{at}/perspectives_r"].n == 240
    assert facts[f"{at}/perspectives_r_class_means"].n == 20
    # a sum and a mean have no level in common
    assert f"{at}/icc_2_1" not in facts


def test_types_of_relation_add_up(relation):
    _, _, facts = relation
    counts = [f for f in facts.values() if f.what == "typology" and f.wave == "pre"]
    moved = [f for f in facts.values() if f.what == "typology_moved"]
    assert sum(f.value for f in counts) == counts[0].n == 240
    assert sum(f.value for f in moved) == 240
    assert len(moved) == 16
    # the drifting item makes relations stormier: the report refuses to call that change
    calm = [sum(f.value for f in facts.values() if f.id == f"strs-sf/{w}/warm_calm/typology") for w in ("pre", "post")]
    assert calm[1] < calm[0]


def test_a_ready_score_has_no_items_to_describe(relation):
    facts = [f for f in relation[2].values() if f.outcome == "cijfer"]
    assert {f.what for f in facts} == {"scale_mean", "scale_sd", "icc1", "icc_k", "retest", "retest_ci_low",
                                       "retest_ci_high"}  # fmt: skip


def test_the_circle_is_told_for_every_wave(round_study):
    intake, scores, facts = round_study
    sectors = sector_scores(scores.table, scores.instruments["qti-48"]).xs("post", level="wave")
    means = sectors.groupby("class")[list(SECTORS)].mean().mean()
    for name in SECTORS:
        assert facts[f"qti-48/post/{name}/sector_mean"].value == pytest.approx(means[name])
    both = dimensions(means.to_frame().T).iloc[0]
    assert facts["qti-48/post/communion"].value == pytest.approx(both["communion"])
    assert facts["qti-48/post/agency"].value == pytest.approx(both["agency"])
    assert facts["qti-48/post/circular_order"].n == 20  # class means
    assert facts["qti-48/post/circular_order_p"].value < 0.01
    arms = [facts[f"qti-48/{wave}/coaching/communion"].value for wave in ("pre", "post")]
    assert arms[1] - arms[0] > 0.2
    assert intake.study.title_in("nl").startswith("Leraarsgedrag")


def test_teachers_beside_their_class_are_compared_by_class(simulate, tmp_path):
    path = simulate.circle(tmp_path)
    second = '\n  - {name: zelf, instrument: qti-48, informant: teacher, items: "t{item}"}\n'
    path.write_text(path.read_text(encoding="utf-8").rstrip() + second, encoding="utf-8")
    table = pd.read_csv(tmp_path / "raw.csv")
    of_class = table.groupby(["klas", "meting"])
    own = {c.replace("q", "t"): of_class[c].transform("median").round() for c in table if c[0] == "q"}
    table.assign(**own).to_csv(tmp_path / "raw.csv", index=False)
    intake = read_answers(load_study(path))
    facts = {f.id: f for f in _complementary(intake, score_study(intake))}
    r = facts["qti-48~zelf/pre/complementarity_communion"]
    low, high = (facts[f"{r.id}_ci_{end}"].value for end in ("low", "high"))
    assert 0 < low < r.value < high
    assert facts[f"{r.id}_p"].value < 0.05


def test_a_study_without_outcomes_is_refused_with_a_way_out():
    intake = read_answers(load_study(example_path("volgsysteem")))
    with pytest.raises(UnfitError) as refused:
        study_quality(intake, score_study(intake))
    (problem,) = refused.value.problems
    assert "geen meting te beschrijven → voeg outcomes toe" in problem.sentence("nl")
    assert "no measurement to describe → add outcomes" in problem.sentence("en")


def test_ids_have_no_spaces():
    assert fact_id("a ~ b", "pre", "", "groep 1", "mean") == "a~b/pre/groep1/mean"
