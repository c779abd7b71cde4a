"""Who by plan was not measured is counted apart and is no loss: Solomon within arms, forms that rotate."""

import numpy as np
import pytest

import werkbank
from werkbank.appraisal.evidence import Evidence
from werkbank.effects import describe, estimate
from werkbank.results import Results

PLAN = {"column": "form", "waves": {"2": ["pre"]}}
COUNTS = ("analysed", "without_pre", "without_post", "without_both", "without_unit", "planned_without_pre",
          "planned_without_post", "planned_without_both")  # fmt: skip


@pytest.fixture
def solomon(make_study, long_scores, classroom):
    """Half of the pupils of every class have no score before, by plan; a few of all lack one by themselves."""

    def make(*, by="pupil", plan=None, whole=False):
        pupils, pre, post = classroom(classes=12, size=10)
        rng = np.random.default_rng(5)
        if by == "pupil":
            pupils = pupils.assign(arm=np.resize(["T", "T", "C", "C"], len(pupils)))
        of_class = pupils["class"].str[1:].astype(int) // 2 % 3 == 0
        pupils["form"] = np.where(of_class if whole else np.arange(len(pupils)) % 2 == 1, 2.0, 1.0)
        pre = pre.where((pupils["form"] == 1) & (rng.random(len(pre)) > 0.05))
        post = post.where(rng.random(len(post)) > 0.05)
        base = make_study(by=by).model_dump(by_alias=True, exclude_none=True)
        study = werkbank.Study.model_validate(base | {"design": base["design"] | {"planned_missing": plan}})
        scores = long_scores({"pre": pre, "post": post}).assign(n_items=1, n_items_answered=1)
        made = estimate(study, scores, pupils, 1)
        return study, pupils, pre, post, Results({}, tuple(made), tuple(describe(study, scores, pupils)))

    return make


def counted(results, arm):
    return {what: f.value for what in COUNTS for f in results.facts_where(what=f"pupils_{what}", arm=arm, wave="post")}


@pytest.mark.parametrize("by", ["pupil", "class"])
def test_the_flow_adds_up_with_those_who_were_not_to_be_measured(solomon, by):
    _, pupils, _, _, results = solomon(by=by, plan=PLAN)
    for arm in ("T", "C"):
        assert sum(counted(results, arm).values()) == (pupils["arm"] == arm).sum()
    assert {f.value for f in results.facts_where(what="units_planned_without")} <= {0}


def test_who_was_not_to_be_measured_is_counted_apart_and_not_lost(solomon):
    study, pupils, pre, post, results = solomon(plan=PLAN)
    plain_study, *_, plain = solomon()
    (lead,) = [e for e in results.estimates if e.kind == "headline"]
    (same,) = [e for e in plain.estimates if e.kind == "headline"]
    assert (lead.estimate, lead.se, lead.n) == (same.estimate, same.se, same.n)
    for arm in ("T", "C"):
        here = pupils["arm"] == arm
        by_plan = here & (pupils["form"] == 2) & post.notna()
        found = counted(results, arm)
        assert found["planned_without_pre"] == by_plan.sum()
        assert found["without_pre"] == (here & (pupils["form"] == 1) & pre.isna() & post.notna()).sum()
        assert found["without_both"] == (here & pre.isna() & post.isna()).sum()
    asked = pupils.index[~((pupils["form"] == 2) & post.notna())]
    lost = 1 - (pre.notna() & post.notna()).sum() / len(asked)
    assert results.number(what="attrition_overall", wave="post") == pytest.approx(lost)
    assert Evidence(study, results).lost(lead)[0] == pytest.approx(lost)
    assert Evidence(plain_study, plain).lost(same)[0] > 0.5


def test_whole_classes_that_were_not_to_be_measured_are_not_lost(solomon):
    study, pupils, _, post, results = solomon(by="class", plan=PLAN, whole=True)
    for arm in ("T", "C"):
        here = pupils.loc[(pupils["arm"] == arm) & (pupils["form"] == 2)]
        whole = here.groupby("class").apply(lambda rows: post[rows.index].notna().all())
        found = results.fact(what="units_planned_without", arm=arm, wave="post")
        assert found.value == whole.sum()
    (lead,) = [e for e in results.estimates if e.kind == "headline"]
    assert "class" not in Evidence(study, results).lost_units(lead) or (
        Evidence(study, results).lost_units(lead)["class"].assigned < 12
    )


def test_a_plan_speaks_of_waves_that_there_are(make_study):
    base = make_study().model_dump(by_alias=True, exclude_none=True)
    with pytest.raises(ValueError, match="waves"):
        werkbank.Study.model_validate(
            base | {"design": base["design"] | {"planned_missing": {"column": "form", "waves": {"2": ["before"]}}}}
        )
