"""Questions without a programme: of whom, at which moment, in which groups, and what becomes of each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.effects.associating import related, related_estimates, related_facts
from werkbank.effects.multiplicity import adjusted
from werkbank.errors import UnfitError
from werkbank.study.model import Study

N, CLASSES = 200, 10


@pytest.fixture
def people():
    rng = np.random.default_rng(5)
    groups = np.arange(N) % CLASSES
    pupils = pd.DataFrame(
        {"class": groups.astype(str), "school": (groups % 5).astype(str), "sex": rng.choice(["m", "v"], size=N),
         "style": rng.normal(size=CLASSES)[groups], "flat": 1.0},
        index=[f"p{i}" for i in range(N)],
    )  # fmt: skip
    x = rng.normal(size=N)
    return pupils, {"a": x, "b": rng.normal(size=N), "y": 0.5 * x + rng.normal(size=N)}


def long(pupils, scores, wave="pre"):
    parts = [
        pd.DataFrame({"pupil": pupils.index, "wave": wave, "outcome": name, "scale": name, "score": values})
        for name, values in scores.items()
    ]
    return pd.concat(parts, ignore_index=True)


def study_of(asked, **more):
    columns = {"pupil": "p", "class": "class", "school": "school"} | more.pop("columns", {})
    outcomes = [{"name": n, "column": n, "better": "higher", "informant": "pupil"} for n in ("y", "a", "b")]
    return Study.model_validate({
        "title": "t", "design": {"kind": "association"}, "files": [{"path": "f.csv"}],
        "columns": {k: v for k, v in columns.items() if v}, "outcomes": outcomes, "associations": asked, **more,
    })  # fmt: skip


def test_every_association_is_corrected_within_its_family(people):
    pupils, scores = people
    study = study_of([{"outcome": "y", "predictors": ["a", "b"], "moderators": ["style"]}])
    made = related_estimates(study, long(pupils, scores), pupils)
    for family, how, method in (
        ("association_secondary", "holm", "association_p_holm"),
        ("association_further", "fdr_bh", "association_p_bh"),
    ):
        tests = [e for e in made if e.family == family and e.kind != "correction"]
        corrected = {e.id: e.p for e in made if e.family == family and e.kind == "correction"}
        assert len(tests) == len(corrected) == 4
        smaller = adjusted([e.p for e in tests], how)
        assert [corrected[f"{e.id}/{method}"] for e in tests] == pytest.approx(list(smaller))
    one = related_estimates(
        study_of([{"outcome": "y", "predictors": ["a"], "level": "pupil"}]), long(pupils, scores), pupils
    )
    test, smaller = (next(e for e in one if e.method == m) for m in ("association_overall", "association_p_holm"))
    assert test.p == smaller.p


def test_counts_add_up_and_correlations_are_numpys(people):
    pupils, scores = people
    scores["y"][:7], scores["a"][3:12] = np.nan, np.nan
    pupils.loc[pupils.index[40:42], "class"] = np.nan
    pupils.loc[pupils.index[50], "sex"] = np.nan
    asked = [{"outcome": "y", "predictors": ["a", "b", "style"]}]
    facts = related_facts(study_of(asked, covariates=["sex"]), long(pupils, scores), pupils)
    found = {f.what: f.value for f in facts}
    lost = {f.category: f.value for f in facts if f.what == "association_lost"}
    assert lost == {"group": 2, "outcome": 7, "a": 5, "sex": 1}
    assert found["association_used"] + sum(lost.values()) == found["association_enrolled"] == N
    assert (found["association_level"], found["association_groups"]) == ("class", CLASSES)
    kept = [i for i in range(N) if i >= 12 and i not in {40, 41, 50}]
    r = next(f for f in facts if f.what == "association_r" and f.parts == ("y", "a"))
    assert r.value == pytest.approx(np.corrcoef(scores["y"][kept], scores["a"][kept])[0, 1], abs=1e-12)
    twice = long(pupils, scores | {"b": 2 * scores["a"]})
    facts = related_facts(study_of(asked), twice, pupils)
    assert next(f.value for f in facts if f.parts == ("a", "b")) == pytest.approx(1.0)


def test_groups_are_the_smallest_that_have_a_column(people):
    pupils, scores = people

    def level(asked, **columns):
        study = study_of([{"outcome": "y", "predictors": ["a"], **asked}], columns=columns)
        here = pupils.drop(columns=[name for name, column in columns.items() if column is None])
        (q,) = related(study, long(here, scores), here)
        return q.level, q.n_groups, q.above != ""

    assert level({}) == ("class", 10, True)
    assert level({"level": "school"}) == ("school", 5, False)
    assert level({"level": "pupil"}) == ("pupil", None, False)
    assert level({}, **{"class": None}) == ("school", 5, False)
    assert level({}, **{"class": None, "school": None}) == ("pupil", None, False)


def test_a_predictor_that_does_not_differ_says_so(people):
    pupils, scores = people
    study = study_of([{"outcome": "y", "predictors": ["a", "flat"]}])
    made = related_estimates(study, long(pupils, scores), pupils)
    (flat,) = [e for e in made if e.other == "flat"]
    assert (flat.note, flat.estimate, flat.p) == ("association_predictor_constant", None, None)
    assert all(e.p is not None for e in made if e.method in {"association_within", "association_between"} and e != flat)
    facts = related_facts(study, long(pupils, scores), pupils)
    assert next(f.value for f in facts if f.parts == ("y", "flat")) is None


def test_two_words_are_compared_and_more_are_refused(people):
    pupils, scores = people
    (q,) = related(study_of([{"outcome": "y", "predictors": ["sex"]}]), long(pupils, scores), pupils)
    assert q.words == {"sex": ("m", "v")}
    assert set(q.table["sex"]) == {0.0, 1.0}
    three = pupils.assign(sex=["m", "v", "x", "y"] * 50)
    with pytest.raises(UnfitError) as error:
        list(related(study_of([{"outcome": "y", "predictors": ["sex"]}]), long(pupils, scores), three))
    assert [p.code for p in error.value.problems] == ["association_words"]


def test_the_moment_is_the_first_at_which_all_was_measured(people):
    pupils, scores = people
    table = pd.concat([long(pupils, {"y": scores["y"]}), long(pupils, scores, "post")])
    asked = {"outcome": "y", "predictors": ["a"]}
    (q,) = related(study_of([asked]), table, pupils)
    assert (q.wave, q.predictors_wave) == ("post", "post")
    later = pd.concat([long(pupils, {"a": scores["a"]}), long(pupils, {"y": scores["y"]}, "post")])
    with pytest.raises(UnfitError) as error:
        list(related(study_of([asked]), later, pupils))
    assert [p.code for p in error.value.problems] == ["association_not_measured"]
    (q,) = related(study_of([asked | {"wave": "post", "predictors_wave": "pre"}]), later, pupils)
    (head, *_) = related_estimates(study_of([asked | {"wave": "post", "predictors_wave": "pre"}]), later, pupils)
    assert (q.wave, q.predictors_wave, head.wave_from, head.wave_to) == ("post", "pre", "pre", "post")


def test_an_outcome_of_several_scales_stands_for_each(people):
    pupils, scores = people
    made = long(pupils, scores)
    two = made.loc[made["outcome"] == "a"].assign(scale="warm")
    table = pd.concat([made.loc[made["outcome"] != "a"], two, two.assign(scale="cold", score=scores["b"] + 1)])
    names = [q.names for q in related(study_of([{"outcome": "y", "predictors": ["a"]}]), table, pupils)]
    assert names == [("a.warm", "a.cold")]
    keys = [q.key for q in related(study_of([{"outcome": "a", "predictors": ["y"]}]), table, pupils)]
    assert keys == ["a.warm", "a.cold"]
    with pytest.raises(UnfitError) as error:
        list(related(study_of([{"outcome": "y", "predictors": ["a.hot"]}]), table, pupils))
    (problem,) = error.value.problems
    assert (problem.code, problem.details["valid"]) == ("association_scale_unknown", "a.warm, a.cold")


def test_arms_are_held_constant_where_there_are_any(people):
    pupils, scores = people
    pupils = pupils.assign(arm=np.where(pupils["class"].astype(int) < 5, "T", "C"))
    scores["y"] = scores["y"] + 5 * (pupils["arm"] == "T").to_numpy()
    arms = {"T": "intervention", "C": "control"}
    design = {"kind": "controlled", "assigned_by": "class"}
    study = study_of([{"outcome": "y", "predictors": ["a"]}], design=design, arms=arms, columns={"arm": "arm"})
    (q,) = related(study, long(pupils, scores), pupils)
    assert q.covariates == ("arm",)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ([{"outcome": "y", "predictors": ["y"]}], "association_of_itself"),
        ([{"outcome": "y", "predictors": ["a", "a"]}], "association_twice"),
        ([{"outcome": "y", "predictors": ["a"], "moderators": ["a"]}], "association_twice"),
        ([{"outcome": "y", "predictors": ["a"], "curved": ["b"]}], "association_curved"),
        ([{"outcome": "z", "predictors": ["a"]}], "association_outcome_unknown"),
        ([{"outcome": "y", "predictors": ["a"], "level": "teacher"}], "association_level_without_column"),
        ([], "association_without_questions"),
    ],
)
def test_what_contradicts_itself_is_refused(asked, code):
    with pytest.raises(ValueError, match=code):
        study_of(asked)


def test_a_programme_is_no_part_of_it():
    with pytest.raises(ValueError, match="association_with_programme"):
        study_of([{"outcome": "y", "predictors": ["a"]}], programme="llinc")
