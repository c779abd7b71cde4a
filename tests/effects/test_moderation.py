"""Interactions and Johnson-Neyman regions, against R."""

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import describe, estimate
from werkbank.effects.moderation import moderated


@pytest.mark.parametrize("pair", ["DRTA_vs_Basal", "Strat_vs_Basal", "Strat_vs_DRTA"])
def test_interaction_and_region_match_r(reference, baumann, pair):
    treated, control = pair.split("_vs_")
    known = reference["baumann1"][pair]["ancova"]
    table = pd.DataFrame({"arm": baumann["group"], "pre": baumann["pretest_1"], "post": baumann["post_test_1"]})
    made = moderated(table, {treated: 1.0, control: -1.0}, "pre")
    slope = known["slope"]
    assert (made.interaction.value, made.interaction.se, made.interaction.p) == pytest.approx(
        (slope["b_interaction"], slope["se"], slope["p"]), rel=1e-7
    )
    region = known["johnson_neyman"]
    if region.get("n_roots") == 2:
        assert made.region == pytest.approx((region["root1"], region["root2"]), rel=1e-7)
        assert made.between == (region["quadratic_coef"] < 0)
    else:
        assert made.region is None


def test_the_difference_turns_significant_at_the_region_s_borders(baumann):
    table = pd.DataFrame({"arm": baumann["group"], "pre": baumann["pretest_1"], "post": baumann["post_test_1"]})
    weights = {"DRTA": 1.0, "Basal": -1.0}
    low, high = moderated(table, weights, "pre").region
    at = moderated(table, weights, "pre", at=[low, high, (low + high) / 2]).effects
    assert at[low].p == pytest.approx(0.05, abs=1e-9)
    assert at[high].p == pytest.approx(0.05, abs=1e-9)
    assert at[(low + high) / 2].p < 0.05


def test_simple_slopes_are_those_of_a_shifted_moderator(classroom):
    pupils, pre, post = classroom(classes=14)
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"arm": pupils["arm"], "pre": pre, "post": post})
    table["efficacy"] = rng.normal(size=len(table))
    weights = {"T": 1.0, "C": -1.0}
    made = moderated(table, weights, "efficacy", at=[-1.0, 1.0])
    assert made.effects[1.0].value - made.effects[-1.0].value == pytest.approx(2 * made.interaction.value)
    shifted = moderated(table.assign(efficacy=table["efficacy"] * 10 + 3), weights, "efficacy", at=[13.0])
    assert shifted.effects[13.0].p == pytest.approx(made.effects[1.0].p, rel=1e-5)


def test_a_moderator_that_does_not_vary_within_the_arms_cannot_be_told():
    table = pd.DataFrame({"arm": list("TTTCCC"), "pre": [1.0, 2, 3, 1, 2, 4], "post": [2.0, 3, 5, 1, 2, 3]})
    made = moderated(table.assign(m=[1, 1, 1, 0, 0, 0]), {"T": 1.0, "C": -1.0}, "m")
    assert made.interaction.note == "not_estimable"
    assert made.region is None


def test_for_whom_is_answered_only_when_it_is_asked(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    scores = long_scores({"pre": pre, "post": post})
    assert not [e for e in estimate(make_study(by="class"), scores, pupils, 1) if e.kind == "moderation"]
    asked = estimate(make_study(by="class", moderators=[{"outcome": "y"}]), scores, pupils, 1)
    (test,) = [e for e in asked if e.method == "moderation"]
    assert (test.role, test.n, test.n_clusters) == ("exploratory", 96, 8)


def test_slopes_within_classes_and_means_of_classes_are_the_statistics_own(make_study, classroom, long_scores):
    from werkbank.statistics.interaction import interaction_between, interaction_within, moderated_classes
    from werkbank.statistics.units import units_of

    weights = {"T": 1.0, "C": -1.0}
    pupils, pre, post = classroom(classes=14)
    rng = np.random.default_rng(3)
    pupils["iq"] = rng.normal(100, 15, len(pupils))
    pupils["years"] = rng.normal(10, 4, 14)[pupils["class"].str[1:].astype(int)]
    study = make_study(by="class", moderators=[{"column": "iq"}, {"column": "years", "at": "teacher"}])
    made = {(e.method, e.moderator): e for e in estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)}
    rows = pupils.assign(unit=pupils["class"], pre=pre, post=post)
    inside = interaction_within(moderated_classes(rows, "iq"), weights, [100.0])
    outside = interaction_between(units_of(rows, unit_level=["years"]), "years", weights, [10.0])
    for name, known in (("iq", inside.interaction), ("years", outside.interaction)):
        got = made["moderation", name]
        assert (got.estimate, got.se, got.df, got.p) == pytest.approx((known.value, known.se, known.df, known.p))
    assert made["moderation", "years"].df < 14  # a moderator of classes has the df of classes
    assert made["moderation_low", "iq"].df == pytest.approx(inside.df_effects)


def test_three_arms_of_a_spill_over_design(make_study, classroom, long_scores):
    # target and transfer pupils sit in the same classes; each is compared with the control classes
    pupils, pre, post = classroom(classes=8)
    pupils["arm"] = np.where(pupils["arm"] == "C", "C", np.resize(["target", "transfer"], len(pupils)))
    study = make_study(by="class", arms={"target": "target", "transfer": "transfer", "C": "control"})
    made = estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)
    tests = {e.contrast: e for e in made if e.family and not e.method.startswith("p_")}
    assert set(tests) == {"target - C", "transfer - C"}
    assert all(e.n_clusters == 8 for e in tests.values())


def test_classes_with_both_arms_are_counted_where_pupils_were_assigned(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=8)
    mixed = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    mixed.loc[mixed["class"] == "k00", "arm"] = "T"
    facts = describe(make_study(), long_scores({"pre": pre, "post": post}), mixed)
    (count,) = [f for f in facts if f.what == "classes_with_both"]
    assert count.value == 7
