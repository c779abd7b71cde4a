"""From scores to estimates: which question, which unit, which numbers may be printed."""

import math

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import estimate, headline
from werkbank.effects.multiplicity import number_of_tests
from werkbank.effects.questions import questions
from werkbank.effects.units import unit_of_analysis
from werkbank.results import Results
from werkbank.study.reading import load_study

PUPIL_LEVEL = {"ancova", "ancova_covariates", "mean_change", "gain_difference", "hedges_g", "d_ppc2", "post_difference"}


def by_method(estimates):
    return {e.method: e for e in estimates}


def test_baumann_equals_the_r_oracles(reference, baumann, long_scores):
    study = load_study("data/examples/baumann")
    index = pd.Index([f"p{i}" for i in range(66)])
    pupils = pd.DataFrame({"arm": baumann["group"].to_numpy()}, index=index)
    tables = [
        long_scores(
            {w: pd.Series(baumann[c.replace(".", "_")].astype(float).to_numpy(), index) for w, c in o.column.items()},
            o.id,
        )
        for o in study.outcomes
    ]
    made = estimate(study, pd.concat(tables), pupils, seed=1)
    got = {e.id: e for e in made}
    for arm in ("DRTA", "Strat"):
        wanted, place = reference["baumann1"][f"{arm}_vs_Basal"], f"lezen1/pre-post/{arm.lower()}-basal/"
        assert got[place + "gain_difference"].estimate == pytest.approx(wanted["gain_lm"]["b"], abs=1e-6)
        assert got[place + "hedges_g"].estimate == pytest.approx(wanted["post"]["g"], abs=1e-6)
        assert got[place + "d_ppc2"].estimate == pytest.approx(wanted["morris"]["d_ppc2"], abs=1e-6)
    assert headline(study, made).id == "lezen1/pre-post/drta-basal/hc2"
    # emmeans' pairs of one ANCOVA of all three arms (62 df): its differences are those of the lead
    drta, strat = (got[f"lezen1/pre-post/{arm}-basal/ancova"] for arm in ("drta", "strat"))
    assert (drta.estimate - strat.estimate, drta.df) == pytest.approx((1.590, 62), abs=5e-4)
    assert got["lezen1/pre-post/drta-basal/hc2"].estimate == pytest.approx(drta.estimate, abs=1e-12)
    assert {e.outcome for e in made} == {"lezen1", "lezen2", "lezen3"}
    assert got["lezen3/post/drta-basal/hc2_post"].wave_from == ""
    Results({}, tuple(made))  # no id stands for two results


def test_estimates_survive_json(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    store = Results({}, tuple(made))
    assert Results.from_json(store.to_json()).estimates == store.estimates


def test_assigned_classes_never_carry_a_pupil_level_test(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert not PUPIL_LEVEL & {e.method for e in made}
    test = by_method(made)["unit_means_within"]
    assert (test.n, test.n_clusters, test.df) == (96, 8, pytest.approx(6))
    assert test.family == "primary"
    size = by_method(made)["g_adjusted_unit_means"]
    assert (size.ci_low > 0 or size.ci_high < 0) == (test.p < 0.05)
    assert size.standardiser == "sd_post_pooled"


def test_whole_classes_in_an_arm_are_recognised_though_not_declared(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    study = make_study(by="pupil")
    unit = unit_of_analysis(study, pupils)
    assert (unit.level, unit.reason) == ("class", "arms_hold_whole_units")
    mixed = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    assert unit_of_analysis(study, mixed).level == "pupil"
    made = estimate(study, long_scores({"pre": pre, "post": post}), mixed, 1)
    assert made[0].method == "hc2"
    assert made[0].n_clusters is None


def test_single_group_in_classes_is_tested_on_class_means(make_study, classroom, long_scores):
    pupils, pre, post = classroom(arms=("T",))
    study = make_study(kind="single_group")
    made = by_method(estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1))
    assert made["change_unit_means"].df == 7
    for name in ("d_z", "d_av", "d_rm", "smcr", "smcc"):
        bare = made[name]
        assert bare.estimate is not None
        assert (bare.se, bare.p, bare.ci_low, bare.ci_high) == (None, None, None, None)
        assert bare.note == "pupil_interval_withheld"
    assert "mean_change" not in made


def test_single_class_is_tested_on_pupils(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=1, size=20, arms=("T",))
    made = by_method(estimate(make_study(kind="single_group"), long_scores({"pre": pre, "post": post}), pupils, 1))
    assert made["mean_change"].df == 19
    assert made["d_z"].ci_low is not None


@pytest.mark.parametrize("arms", [("T", "C"), ("T", "C", "C", "C")])
def test_one_class_in_an_arm_is_refused(make_study, classroom, long_scores, arms):
    pupils, pre, post = classroom(classes=len(arms), arms=arms)
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert len(made) == 1
    assert made[0].note == "refused_too_few_units"
    assert (made[0].estimate, made[0].p, made[0].ci_low) == (None, None, None)
    assert made[0].n_clusters == len(arms)


def test_a_class_that_loses_all_its_pupils_counts_no_more(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=4)
    post = post[pupils["class"].ne("k00")]
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert made[0].note == "refused_too_few_units"


def test_classes_that_hold_both_arms_are_not_compared_as_independent(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    mixed = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), mixed, 1)
    assert [e.note for e in made] == ["units_in_more_than_one_arm"]


def test_classes_of_two_schools_with_one_name_are_two(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=8)
    pupils["school"] = np.where(pupils["class"] < "k04", "north", "south")
    pupils["class"] = pupils["class"].str.replace("k0[4567]", lambda m: f"k0{int(m[0][2]) - 4}", regex=True)
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert made[0].n_clusters == 8


def test_order_of_rows_is_irrelevant_and_pupils_are_paired_by_id(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=1, arms=("T",))
    study, scores = make_study(kind="single_group"), long_scores({"pre": pre, "post": post})
    first = estimate(study, scores, pupils, 1)
    second = estimate(study, scores.sample(frac=1, random_state=3), pupils.sample(frac=1, random_state=4), 1)
    for one, other in zip(first, second, strict=True):
        assert one.id == other.id
        assert one.estimate == pytest.approx(other.estimate, rel=1e-12)
        assert one.n == other.n


def test_pupils_without_a_wave_are_left_out_and_n_says_so(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=1, size=20, arms=("T",))
    scores = long_scores({"pre": pre.iloc[2:], "post": post.where(np.arange(20) < 15)})
    made = estimate(make_study(kind="single_group"), scores, pupils, 1)
    assert {e.n for e in made} == {13}


def test_three_waves_give_post_and_followup_apart_and_holm_counts_both(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    made = estimate(make_study(by="class"), long_scores({"followup": post, "pre": pre, "post": post}), pupils, 1)
    tests = [e for e in made if e.kind == "headline"]
    assert [(e.wave_from, e.wave_to, e.family) for e in tests] == [
        ("pre", "post", "primary"), ("pre", "followup", "secondary"),
    ]  # fmt: skip
    assert [(e.df, number_of_tests(e, made)) for e in made if e.method == "p_holm"] == [(None, 1), (None, 1)]


def test_two_baselines_show_the_change_without_the_programme(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=1, arms=("T",))
    scores = long_scores({"baseline": pre, "pre": pre + 0.1, "post": post})
    asked = [(q.wave_from, q.wave_to) for q in questions(make_study(kind="single_group"), scores, pupils)]
    assert asked == [("pre", "post"), ("baseline", "pre")]


def test_another_test_beforehand_adjusts_but_gives_no_gain(make_study, classroom, long_scores):
    outcome = {"name": "y", "column": "y", "better": "higher", "role": "primary", "same_measure": False}
    pupils, pre, post = classroom()
    made = estimate(make_study(by="class", outcomes=[outcome]), long_scores({"pre": pre, "post": post}), pupils, 1)
    methods = {e.method for e in made}
    assert {"unit_means_within", "g_adjusted_unit_means"} <= methods
    assert not {m for m in methods if m.startswith(("gain", "d_ppc2", "change", "d_z"))}
    single = make_study(kind="single_group", outcomes=[outcome])
    assert estimate(single, long_scores({"pre": pre, "post": post}), pupils, 1) == []


def test_an_outcome_without_pre_test_is_compared_afterwards(make_study, classroom, long_scores):
    pupils, _, post = classroom()
    made = by_method(estimate(make_study(by="class"), long_scores({"post": post}), pupils, 1))
    test, size = made["unit_means_post"], made["g_unit_means"]
    assert (test.df, test.n_clusters, test.wave_from) == (pytest.approx(6), 8, "")
    assert (size.ci_low > 0 or size.ci_high < 0) == (test.p < 0.05)
    assert size.estimate / size.se == pytest.approx(test.statistic, rel=1e-9)


def test_declared_covariates_are_in_the_headline_and_missing_ones_cost_rows(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)), sex=np.resize(["g", "b", "g"], len(pupils)))
    pupils.loc[pupils.index[:5], "sex"] = None
    made = by_method(estimate(make_study(covariates=["sex"]), long_scores({"pre": pre, "post": post}), pupils, 1))
    assert (made["hc2"].n, made["ancova_covariates"].n) == (91, 91)
    assert (made["hc2"].family, made["ancova_covariates"].family) == ("primary", "")
    assert made["hc2"].estimate == pytest.approx(made["ancova_covariates"].estimate)
    assert made["ancova_covariates"].role == "exploratory"
    assert "ancova" not in made


def test_scores_that_do_not_vary_crash_nothing(make_study, classroom, long_scores):
    pupils, pre, _ = classroom()
    flat = pre * 0 + 3
    for study in (make_study(by="class"), make_study(kind="single_group")):
        made = estimate(study, long_scores({"pre": flat, "post": flat}), pupils, 1)
        assert all(e.p is None for e in made)
        assert all(e.note for e in made)
        assert all(e.estimate is None or math.isfinite(e.estimate) for e in made)


@pytest.mark.parametrize("unit", ["pupil", "class"])
def test_every_interval_agrees_with_its_own_test(make_study, classroom, long_scores, unit):
    for seed in range(10):
        pupils, pre, post = classroom(seed=seed, effect=0.3)
        if unit == "pupil":
            pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
        for e in estimate(make_study(by=unit), long_scores({"pre": pre, "post": post}), pupils, 1):
            if e.p is not None and e.ci_low is not None and e.method != "tost":
                assert (e.ci_low > 0 or e.ci_high < 0) == (e.p < 0.05)
                assert e.statistic is None or np.sign(e.statistic) == np.sign(e.estimate)


def test_every_method_note_and_standardiser_has_its_words(make_study, classroom, long_scores):
    from werkbank.catalogue import topic_sentences

    made = []
    for by, arms in (("class", ("T", "C")), ("pupil", ("T",))):
        pupils, pre, post = classroom(arms=arms)
        study = make_study(by=by) if len(arms) > 1 else make_study(kind="single_group")
        made += estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)
    for language in ("nl", "en"):
        words = topic_sentences("effects", language)
        assert {e.method for e in made} <= set(words["methods"])
        assert {e.note for e in made} - {""} <= set(words["notes"])
        assert {e.standardiser for e in made} - {""} <= set(words["standardisers"])
    nl, en = topic_sentences("effects", "nl"), topic_sentences("effects", "en")
    assert {k: set(v) for k, v in nl.items()} == {k: set(v) for k, v in en.items()}
    assert all(e.estimand for e in made)
