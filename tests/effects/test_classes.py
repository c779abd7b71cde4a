"""The tests of assigned classes: the rule that leads, and lme4, pbkrtest and clubSandwich beside it."""

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import estimate
from werkbank.effects.classes import cr2_difference, mixed_difference

WEIGHTS = {"T": 1.0, "C": -1.0}


@pytest.fixture
def rows(pinned):
    data = pd.DataFrame(pinned["classes"]["data"]).rename(columns={"class": "unit"})
    return data.assign(arm=data["arm"].map({1: "T", 0: "C"}))


def test_mixed_model_matches_pbkrtest(pinned, rows):
    made, known = mixed_difference(rows, WEIGHTS, ["pre"]).test, pinned["classes"]["mixed"]
    assert (made.value, made.se) == pytest.approx((known["b"], known["se"]), rel=1e-5)
    assert (made.df, made.p) == pytest.approx((known["df"], known["p"]), rel=1e-3)


def test_cr2_matches_clubsandwich(pinned, rows):
    made, known = cr2_difference(rows, WEIGHTS, ["pre"]), pinned["classes"]["cr2"]
    assert (made.value, made.se, made.df, made.p) == pytest.approx(tuple(known.values()), rel=1e-6)


def test_equal_classes_without_pre_test_are_the_t_test_of_class_means(classroom):
    from werkbank.effects.comparison import post_difference
    from werkbank.effects.units import unit_means

    pupils, _, post = classroom(classes=14)
    far_apart = pupils["class"].str[1:].astype(int) % 5  # a variance of zero would be another model
    rows = pd.DataFrame({"unit": pupils["class"], "arm": pupils["arm"], "post": post + far_apart})
    mixed, means = mixed_difference(rows, WEIGHTS).test, post_difference(unit_means(rows, ["post"]), WEIGHTS)
    assert (mixed.value, mixed.se, mixed.df) == pytest.approx((means.value, means.se, means.df), rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "classes", "headline"),
    [
        ("randomised", 8, "unit_means_within"), ("randomised", 14, "unit_means_within"),
        ("randomised", 16, "unit_means_between"), ("controlled", 8, "unit_means_between"),
    ],
)  # fmt: skip
def test_the_slope_follows_the_lot_and_the_number_of_classes(
    make_study, classroom, long_scores, kind, classes, headline
):
    pupils, pre, post = classroom(classes=classes)
    made = estimate(make_study(by="class", kind=kind), long_scores({"pre": pre, "post": post}), pupils, 1)
    (test,) = [e for e in made if e.family and not e.method.startswith("p_")]
    assert test.method == headline
    methods = {e.method for e in made}
    assert {"ancova_unit_means", "mixed_kr", "cr2"} <= methods
    assert ("randomisation_test" in methods) == (kind == "randomised")
    size = next(e for e in made if e.method.startswith("g_adjusted"))
    assert (size.p, size.role) == (test.p, "confirmatory")


@pytest.mark.parametrize("classes", [8, 20])
def test_declared_covariates_are_in_every_row_of_one_analysis_set(make_study, classroom, long_scores, classes):
    pupils, pre, post = classroom(classes=classes)
    girl = np.where(pupils["arm"] == "T", np.resize([1, 1, 1, 0], len(pupils)), np.resize([1, 0, 0, 0], len(pupils)))
    pupils["sex"] = np.where(girl > 0, "g", "b")
    pupils.loc[pupils.index[:3], "sex"] = None
    lost = post.where(np.arange(len(post)) % 17 != 3)
    scores = long_scores({"pre": pre, "post": lost + 3.0 * girl})
    made = {e.method: e for e in estimate(make_study(by="class", covariates=["sex"]), scores, pupils, 1)}
    answers = {"unit_means_within", "unit_means_between", "mixed_kr", "cr2", "ancova_unit_means", "unit_means_pupils"}
    rows = [made[name] for name in answers & set(made)]
    assert len(rows) == 5
    n = int((lost.notna() & pupils["sex"].notna()).sum())
    assert {e.n for e in rows} == {n}
    assert made["multiple_imputation"].n == len(pupils) - 3
    # one arm has more girls, who score 3 points more: a row that forgets the covariate is half a girl's worth too high
    answers = [*answers & set(made), "multiple_imputation"]
    bare = {e.method: e for e in estimate(make_study(by="class"), scores, pupils, 1)}
    for name in answers:
        assert made[name].estimate < 1.2, name
        assert bare[name].estimate > 1.4, name


def test_smallest_p_of_the_randomisation_test(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=6)
    made = {e.method: e for e in estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)}
    assert made["randomisation_smallest_p"].estimate == pytest.approx(2 / 20)
    assert made["randomisation_test"].p >= 0.1
    controlled = estimate(make_study(kind="controlled", by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert not [e for e in controlled if e.method.startswith("randomisation")]


def test_unequal_numbers_of_classes_have_no_randomisation_test(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=9)
    made = {e.method: e for e in estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)}
    assert "randomisation_test" not in made
    # the smaller of Bell-McCaffrey's and Welch's df is below those of Student
    assert made["unit_means_within"].df < 7


def test_the_lead_is_the_rule_of_unit_means_on_the_same_pupils(make_study, classroom, long_scores):
    from werkbank.statistics.unit_means import adjust, compare
    from werkbank.statistics.units import units_of

    for classes, slope in ((8, "within"), (18, "between")):
        pupils, pre, post = classroom(classes=classes)
        made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
        rows = pd.DataFrame({"arm": pupils["arm"], "unit": pupils["class"], "pre": pre, "post": post})
        known = compare(adjust(units_of(rows), slope), WEIGHTS).test
        lead = made[0]
        assert (lead.estimate, lead.se, lead.df, lead.p) == pytest.approx(
            (known.value, known.se, known.df, known.p), rel=1e-12
        )
        size = next(e for e in made if e.method == "g_adjusted_unit_means")
        tost = next(e for e in made if e.method == "tost")
        assert (size.df, size.p, tost.df, tost.se) == pytest.approx((lead.df, lead.p, lead.df, size.se))


def test_two_against_more_and_few_that_were_not_drawn_have_a_difference_and_no_test(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=5, arms=("T", "C", "C"))
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert (made[0].note, made[0].p, made[0].ci_low) == ("two_against_more", None, None)
    assert made[0].estimate is not None
    pupils, pre, post = classroom(classes=4)
    study = make_study(by="class", kind="controlled")
    (lead, *rest) = estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)
    assert (lead.method, lead.note, lead.p) == ("unit_means_post", "not_drawn_too_few_units", None)
    means = post.groupby(pupils["class"]).mean().groupby(lambda name: int(name[1:]) % 2).mean()
    assert lead.estimate == pytest.approx(means[0] - means[1])
    assert not [e for e in rest if e.method.startswith("p_")]


def test_three_arms_in_one_contrast(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=15, arms=("T", "U", "C"))
    study = make_study(
        by="class",
        arms={"T": "intervention", "U": "intervention", "C": "control"},
        contrasts=[{"name": "both", "weights": {"T": 0.5, "U": 0.5, "C": -1}}],
    )
    made = estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)
    methods = {e.method for e in made}
    assert "mixed_kr" in methods
    assert not {"randomisation_test", "d_total_conditional", "bayes_factor_jzs", "bayes_factor_log"} & methods


def test_a_school_level_is_used_where_it_can_be_told_from_classes(classroom):
    pupils, _, post = classroom(classes=16)
    rows = pd.DataFrame({"unit": pupils["class"], "arm": pupils["arm"], "post": post})
    schools = rows["unit"].str[1:].astype(int) // 4
    with_schools = mixed_difference(rows.assign(school=schools.astype(str)), WEIGHTS).test
    assert with_schools.df != pytest.approx(mixed_difference(rows, WEIGHTS).test.df, rel=1e-3)
    alike = mixed_difference(rows.assign(school="one"), WEIGHTS).test
    assert alike.df == pytest.approx(mixed_difference(rows, WEIGHTS).test.df)


@pytest.mark.parametrize(
    ("measure", "b", "se"),
    [("arithmeticTotal", -0.535, 0.875), ("woodcockTotal", 0.012, 0.312), ("pvAvg", 0.069, 0.048)],
)
def test_mental_abacus_gives_the_published_null(shared, measure, b, se):
    # Barner et al. (2017): 164 pupils in 21 classes; lme4 on post ~ group + pre + grade + (1 | class)
    data = pd.read_csv(shared / "data/mental_abacus.csv")
    wide = data.pivot_table(index="subid", columns="year", values=measure)
    rows = data.drop_duplicates("subid").set_index("subid")[["class_num", "grade", "group"]].join(wide).dropna()
    rows = rows.rename(columns={"class_num": "unit", "group": "arm", 2015: "pre", 2016: "post"})
    treated = next(arm for arm in rows["arm"].unique() if arm != "CNTL")
    made = mixed_difference(rows, {treated: 1.0, "CNTL": -1.0}, ["pre", "grade"]).test
    assert made.value == pytest.approx(b, abs=6e-4)
    assert made.se == pytest.approx(se, rel=0.03)  # Kenward-Roger's is a little larger than lme4's
    assert made.p > 0.05
