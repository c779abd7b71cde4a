"""The tests of assigned classes against lme4, pbkrtest and clubSandwich, and the rule for the headline."""

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
    ("classes", "headline"), [(8, "ancova_unit_means"), (12, "ancova_unit_means"), (20, "mixed_kr")]
)
def test_the_headline_follows_the_number_of_classes(make_study, classroom, long_scores, classes, headline):
    pupils, pre, post = classroom(classes=classes)
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    (test,) = [e for e in made if e.family and not e.method.startswith("p_")]
    assert test.method == headline
    assert {"ancova_unit_means", "mixed_kr", "cr2", "randomisation_test", "randomisation_smallest_p"} <= {
        e.method for e in made
    }
    size = next(e for e in made if e.method.startswith("g_adjusted"))
    assert (size.p, size.role) == (test.p, "confirmatory")


def test_declared_covariates_join_the_mixed_model(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=20)
    pupils["sex"] = np.resize(["g", "b", "g"], len(pupils))
    pupils.loc[pupils.index[:3], "sex"] = None
    made = estimate(make_study(by="class", covariates=["sex"]), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert made[0].method == "mixed_kr_covariates"
    assert made[0].n == len(pupils) - 3


def test_smallest_p_of_the_randomisation_test(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=6)
    made = {e.method: e for e in estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)}
    assert made["randomisation_smallest_p"].estimate == pytest.approx(2 / 20)
    assert made["randomisation_test"].p >= 0.1
    controlled = estimate(make_study(kind="controlled", by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    (test,) = [e for e in controlled if e.method == "randomisation_test"]
    assert test.note == "reassignment_not_randomised"


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
    assert not {"randomisation_test", "d_total_conditional", "bayes_factor_jzs"} & methods


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
