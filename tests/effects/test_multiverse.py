"""The multiverse: many defensible analyses, none of them counted twice, all by the unit that was assigned."""

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import estimate
from werkbank.effects.multiverse import _tamed, multiverse, multiverse_facts

PLACE = ("y", "T - C")


def scored(long_scores, waves):
    table = long_scores(waves)
    rng = np.random.default_rng(6)
    return table.assign(n_items=5, n_items_answered=rng.choice([3, 4, 5], len(table), p=[0.1, 0.2, 0.7]))


@pytest.fixture
def by_class(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=8, size=15)
    pupils["sex"] = np.resize(["g", "b", "g"], len(pupils))
    return make_study(by="class", covariates=["sex"]), scored(long_scores, {"pre": pre, "post": post}), pupils


def test_two_hundred_specifications_by_class(by_class):
    study, scores, pupils = by_class
    table = multiverse(study, scores, pupils, PLACE, seed=1)
    assert len(table) >= 200
    assert set(table["model"]) >= {"mixed_kr", "unit_means_within", "gain_difference_unit_means", "cr2"}
    assert not {"ancova", "gain_difference", "post_difference"} & set(table["model"])  # no pupil counts as a unit
    assert ((table["ci_low"] > 0) | (table["ci_high"] < 0)).equals(table["p"] < 0.05)
    assert table["effect"].is_monotonic_increasing
    assert not table.duplicated([c for c in table if c not in {"effect", "p", "ci_low", "ci_high", "n"}]).any()


def test_the_headline_is_one_of_them(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=4)
    scores = long_scores({"pre": pre, "post": post}).assign(n_items=5, n_items_answered=5)
    study = make_study(by="class")
    (size,) = [e for e in estimate(study, scores, pupils, 1) if e.method == "g_adjusted_unit_means"]
    table = multiverse(study, scores, pupils, PLACE, seed=1, most=5)
    same = table[(table["model"] == "unit_means_within") & (table["outliers"] == "kept") & ~table["normal_ranks"]]
    assert np.isclose(same["effect"], size.estimate).any()


def test_pupils_are_units_where_they_were_assigned(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    table = multiverse(make_study(), scored(long_scores, {"pre": pre, "post": post}), pupils, PLACE, seed=1, most=20)
    models = {"hc2", "ancova", "ancova_curved", "ancova_separate_slopes", "gain_difference", "post_difference"}
    assert set(table["model"]) == models


def test_equal_seeds_give_equal_tables_and_facts_sum_them_up(by_class):
    study, scores, pupils = by_class
    few = pupils[pupils["class"] < "k04"].drop(columns="sex")
    scores = scores[scores["pupil"].isin(few.index)]
    one, two = (multiverse(study, scores, few, PLACE, seed=3, most=5) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    facts = {f.what: f.value for f in multiverse_facts(one, "y", "T - C")}
    assert facts["multiverse_specifications"] == len(one)
    assert facts["multiverse_lowest"] <= facts["multiverse_median"] <= facts["multiverse_highest"]
    sign = np.sign(facts["multiverse_median"])
    assert facts["multiverse_same_sign"] == pytest.approx((np.sign(one["effect"]) == sign).mean())
    assert facts["multiverse_significant"] <= facts["multiverse_same_sign"]


def test_outliers_are_tamed_as_their_names_say():
    values = np.array([*np.linspace(-1, 1, 99), 50.0])
    assert np.isnan(_tamed(values, "dropped_3_sd")).sum() == 1
    reach = values.mean() + 3 * values.std(ddof=1)
    assert _tamed(values, "winsorised_3_sd").max() == pytest.approx(reach)
    assert _tamed(values, "winsorised_5_percent").max() == pytest.approx(np.quantile(values, 0.95))


def test_unknown_questions_and_single_groups_are_refused(by_class, make_study):
    study, scores, pupils = by_class
    with pytest.raises(KeyError):
        multiverse(study, scores, pupils, ("y", "no such contrast"), seed=1)
    with pytest.raises(KeyError):
        multiverse(make_study(kind="single_group"), scores, pupils, ("y", ""), seed=1)


def test_too_few_classes_are_refused(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=2)
    with pytest.raises(KeyError):
        multiverse(make_study(by="class"), scored(long_scores, {"pre": pre, "post": post}), pupils, PLACE, seed=1)
