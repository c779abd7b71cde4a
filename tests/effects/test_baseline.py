"""The table beforehand: who was analysed, per arm, and how far apart the arms stood."""

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import describe
from werkbank.statistics.sizes import Sample, hedges_g


@pytest.fixture
def measured():
    rng = np.random.default_rng(6)
    index = pd.Index([f"p{i}" for i in range(40)])
    pupils = pd.DataFrame({"arm": np.resize(["T", "C"], 40), "sex": np.resize(["f", "f", "m"], 40)}, index=index)
    pupils["age"] = rng.normal(9, 1, 40)
    waves = {"pre": pd.Series(rng.normal(20, 4, 40), index), "post": pd.Series(rng.normal(22, 4, 40), index)}
    waves["post"].iloc[:5] = np.nan
    parts = [
        pd.DataFrame({"pupil": index, "wave": w, "outcome": "x", "scale": "x", "score": s}) for w, s in waves.items()
    ]
    return pupils, waves, pd.concat(parts, ignore_index=True)


def of(facts, what, **at):
    return [f for f in facts if f.what == what and all(getattr(f, k) == v for k, v in at.items())]


def test_means_sds_and_differences_are_those_of_the_pupils_that_were_analysed(make_study, measured):
    pupils, waves, scores = measured
    outcomes = [{"name": "x", "column": "x", "better": "higher", "role": "primary"}]
    facts = describe(make_study(outcomes=outcomes, covariates=["sex", "age"]), scores, pupils)
    used = waves["post"].notna()
    columns = {("", ""): waves["pre"], ("age", ""): pupils["age"], ("sex", "m"): (pupils["sex"] == "m").astype(float)}
    assert {(f.item, f.category) for f in of(facts, "before_mean")} == set(columns)
    for (item, word), values in columns.items():
        groups = [Sample.of(values[used & (pupils["arm"] == arm)]) for arm in ("T", "C")]
        for arm, group in zip(("T", "C"), groups, strict=True):
            (mean,) = of(facts, "before_mean", item=item, category=word, arm=arm)
            (spread,) = of(facts, "before_sd", item=item, category=word, arm=arm)
            assert (mean.value, spread.value, mean.n) == (pytest.approx(group.mean), pytest.approx(group.sd), group.n)
        (g,) = of(facts, "before_difference", item=item, category=word)
        assert g.value == pytest.approx(hedges_g(groups).value, rel=1e-9)
        assert g.n == used.sum()


def test_the_difference_of_the_score_before_is_the_one_that_the_panel_judges(make_study, measured):
    pupils, _, scores = measured
    outcomes = [{"name": "x", "column": "x", "better": "higher", "role": "primary"}]
    facts = describe(make_study(outcomes=outcomes), scores, pupils)
    (here,), (there,) = of(facts, "before_difference"), of(facts, "baseline_difference")
    assert here.value == pytest.approx(there.value, rel=1e-12)


def test_arms_that_do_not_vary_have_no_difference(make_study, measured):
    pupils, _, scores = measured
    pupils["arm_like"] = (pupils["arm"] == "T").astype(float)
    outcomes = [{"name": "x", "column": "x", "better": "higher", "role": "primary"}]
    facts = describe(make_study(outcomes=outcomes, covariates=["arm_like"]), scores, pupils)
    assert [f.value for f in of(facts, "before_difference", item="arm_like")] == [None]


def test_levels_with_random_effects_are_those_that_can_be_told_apart(make_study, measured):
    pupils, _, scores = measured
    place = np.arange(40)
    pupils = pupils.assign(**{"class": [f"k{i // 5}" for i in place], "arm": ["TC"[(i // 5) % 2] for i in place]})
    outcomes = [{"name": "x", "column": "x", "better": "higher", "role": "primary"}]
    study = make_study(by="class", outcomes=outcomes)
    for schools, levels in (([f"s{i // 10}" for i in place], ("school", "class")), (["s0"] * 40, ("class",))):
        facts = describe(study, scores, pupils.assign(school=schools))
        assert {f.parts for f in of(facts, "random_effects")} == {levels}
