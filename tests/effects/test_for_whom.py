"""For whom: covariates and blocks of the lead in every row, slopes that differ by class beside, words, levels."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from werkbank.effects import estimate
from werkbank.effects.for_whom import moderator_values
from werkbank.statistics.interaction import interaction_between, interaction_within, moderated_classes
from werkbank.statistics.units import units_of

WEIGHTS = {"T": 1.0, "C": -1.0}


def by_method(made):
    return {e.method: e for e in made if e.kind in {"moderation", "headline"} and e.method != "p_holm"}


def with_columns(pupils, seed=3):
    rng = np.random.default_rng(seed)
    number = pupils["class"].str[1:].astype(int)
    return pupils.assign(
        iq=rng.normal(100, 15, len(pupils)),
        age=rng.normal(10, 1, len(pupils)),
        years=rng.normal(10, 4, number.max() + 1)[number],
        city=rng.normal(0, 1, number.max() + 1)[number],
    )


def test_pupils_assigned_one_by_one_have_the_covariates_and_blocks_of_the_lead(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=8, size=12)
    pupils = with_columns(pupils).assign(arm=np.resize(["T", "C"], 96))
    pupils["school"] = "s" + (pupils["class"].str[1:].astype(int) // 2).astype(str)
    study = make_study(blocks="school", covariates=["age"], moderators=[{"column": "iq"}])
    pupils["block"] = pupils["school"]
    made = by_method(estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1))
    t = (pupils["arm"] == "T").to_numpy(float)
    x = pupils["iq"] - pupils["iq"].mean()
    schools = pd.get_dummies(pupils["school"], dtype=float)
    X = np.column_stack([t, t * x, (1 - t) * x, pre, pupils["age"], schools])
    fit = sm.OLS(post.to_numpy(), X).fit(cov_type="HC2")
    row = np.zeros(X.shape[1])
    row[1], row[2] = 1, -1
    known = fit.t_test(row)
    got = made["moderation"]
    assert (got.estimate, got.se) == pytest.approx((known.effect[0], known.sd[0, 0]), rel=1e-8)
    mean = made["moderation_mean"]
    assert (mean.estimate, mean.se) == pytest.approx((fit.params[0], fit.bse[0]), rel=1e-8)
    assert "moderation_kr" not in made  # no classes were assigned


def test_teachers_characteristics_have_the_pupils_covariates_and_as_many_of_classes_as_df_allow(
    make_study, classroom, long_scores
):
    pupils, pre, post = classroom(classes=24, size=8)
    pupils = with_columns(pupils)
    study = make_study(
        by="class", covariates=["age", "city"], moderators=[{"column": "years", "at": "teacher"}, {"column": "iq"}]
    )
    made = {(e.method, e.moderator): e for e in estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)}
    rows = pupils.assign(unit=pupils["class"], pre=pre, post=post)
    units = units_of(rows, pupil_level=["age"], unit_level=["city", "years"])
    known = interaction_between(units, "years", WEIGHTS, [10.0])
    got = made["moderation", "years"]
    assert (got.estimate, got.se, got.df) == pytest.approx(
        (known.interaction.value, known.interaction.se, known.interaction.df), rel=1e-8
    )
    assert known.left_out == {}
    # of pupils: classes are columns, so that a class's own covariate is held constant; differences are at its mean
    means = rows.groupby("unit")[["pre", "city"]].mean().to_numpy()
    inside = interaction_within(
        moderated_classes(rows, "iq", covariates=["pre", "age"]), WEIGHTS, [float(rows["iq"].mean())], beside=means
    )
    got, at_mean = made["moderation", "iq"], made["moderation_mean", "iq"]
    assert (got.estimate, got.se) == pytest.approx((inside.interaction.value, inside.interaction.se), rel=1e-8)
    (effect,) = inside.effects.values()
    assert (at_mean.estimate, at_mean.se, at_mean.df) == pytest.approx((effect.value, effect.se, effect.df), rel=1e-8)


def test_a_covariate_that_a_row_cannot_take_is_said_in_the_row(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=20, size=8)
    pupils = with_columns(pupils)
    pupils["years"] = pupils["years"].where(pupils["class"] > "k01")  # two classes less: room for one covariate
    pupils["town"] = np.random.default_rng(1).normal(size=20)[pupils["class"].str[1:].astype(int)]
    study = make_study(by="class", covariates=["city", "town"], moderators=[{"column": "years", "at": "teacher"}])
    made = by_method(estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1))
    assert made["unit_means_between"].p is not None
    assert made["moderation_mean"].note == "moderation_without_covariates"


def test_differences_at_a_value_are_at_equal_class_means_where_the_lead_s_is(make_study, classroom, long_scores):
    # not drawn, one arm's classes 1 higher, and classes' slope steeper: without their means all of it would be effect
    bias = []
    for seed in range(20):
        pupils, pre, post = classroom(classes=16, size=12, effect=0.0, seed=seed)
        up = 1.0 * (pupils["arm"] == "T")
        pre = pre + up
        post = post + 0.6 * up + 0.8 * pre.groupby(pupils["class"]).transform("mean")
        study = make_study(by="class", kind="controlled", moderators=[{"column": "iq"}])
        made = by_method(estimate(study, long_scores({"pre": pre, "post": post}), with_columns(pupils), 1))
        bias.append(made["moderation_mean"].estimate)
        assert made["moderation_mean"].estimate == pytest.approx(made["unit_means_between"].estimate, abs=0.25)
    assert abs(np.mean(bias)) < 0.25  # .8 without


def test_beside_it_stands_a_mixed_model_with_slopes_that_differ_between_classes(make_study, classroom, long_scores):
    from werkbank.statistics import multilevel

    pupils, pre, post = classroom(classes=12, size=15)
    slopes = np.random.default_rng(4).normal(0, 0.4, 12)[pupils["class"].str[1:].astype(int)]
    post = post + slopes * pre
    study = make_study(by="class", moderators=[{"outcome": "y"}])
    made = by_method(estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1))
    t = (pupils["arm"] == "T").to_numpy(float)
    X = np.column_stack([np.ones(len(pre)), t, pre, t * pre])
    known = multilevel.test(multilevel.fit_slopes(post, X, pupils["class"], pre), [0.0, 0, 0, 1])
    got = made["moderation_kr"]
    assert (got.estimate, got.se, got.df, got.p) == pytest.approx(
        (known.estimate, known.se, known.df, known.p), rel=1e-6
    )
    assert got.df < 12  # slopes of classes, not pupils
    assert got.kind == "moderation"
    assert got.role == "exploratory"


def test_pairs_are_in_a_teacher_s_characteristic(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=24, size=8)
    pupils = with_columns(pupils)
    pupils["block"] = "b" + (pupils["class"].str[1:].astype(int) // 2).astype(str)
    apart = 3.0 * (pupils["class"].str[1:].astype(int) // 2)
    study = make_study(by="class", blocks="block", moderators=[{"column": "years", "at": "teacher"}, {"column": "iq"}])
    scores = long_scores({"pre": pre, "post": post + apart})
    made = {(e.method, e.moderator): e for e in estimate(study, scores, pupils, 1)}
    plain = long_scores({"pre": pre, "post": post})
    same = {(e.method, e.moderator): e for e in estimate(study, plain, pupils, 1)}
    for key in (("moderation", "years"), ("moderation_mean", "iq"), ("moderation_mean", "years")):
        assert made[key].estimate == pytest.approx(
            same[key].estimate, rel=1e-6
        )  # how far blocks lie apart is no matter
        assert made[key].se == pytest.approx(same[key].se, rel=1e-6)


@pytest.mark.parametrize("by", ["class", "pupil"])
def test_what_all_of_a_block_share_goes_with_the_blocks_differences(make_study, classroom, long_scores, by):
    pupils, _, post = classroom(classes=24, size=8)
    of = pupils["class"].str[1:].astype(int) // 2
    pupils["block"], pupils["by"] = "b" + of.astype(str), np.random.default_rng(3).normal(size=12)[of]
    if by == "pupil":
        pupils["arm"] = np.resize(["T", "C"], len(pupils))
    post = post + 5.0 * of + 0.8 * pupils["by"] * (pupils["arm"] == "T")
    study = make_study(by=by, blocks="block", moderators=[{"column": "by"}])
    made = {e.method: e for e in estimate(study, long_scores({"post": post}), pupils, 1)}
    cells = post.groupby([pupils["block"], pupils["arm"]]).mean().unstack("arm")  # noqa: PD010
    own = sm.OLS(
        (cells["T"] - cells["C"]).to_numpy(), sm.add_constant(pupils.groupby("block")["by"].first().to_numpy())
    ).fit(cov_type="HC2")
    assert made["moderation"].estimate == pytest.approx(own.params[1])
    assert made["moderation"].se == pytest.approx(own.bse[1])
    assert made["moderation"].df < 12 - 2
    middle = made["moderation_at_mean"].estimate
    assert made["moderation_mean"].estimate == pytest.approx(own.params @ [1, middle])
    assert made["moderation_mean"].se == pytest.approx(math.sqrt([1, middle] @ own.cov_params() @ [1, middle]))


def test_too_few_blocks_for_what_they_share_are_refused_in_words(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=8, size=8)
    of = pupils["class"].str[1:].astype(int) // 2
    pupils["block"], pupils["by"] = "b" + of.astype(str), of.astype(float)
    study = make_study(by="class", blocks="block", moderators=[{"column": "by"}])
    (refused,) = [
        e for e in estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1) if e.kind == "moderation"
    ]
    assert (refused.estimate, refused.note) == (None, "too_few_for_moderation")


def test_a_moderator_that_is_a_covariate_too_is_no_reason_to_refuse(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=12, size=10)
    pupils["sex"] = np.resize(["boy", "girl", "girl"], len(pupils))
    study = make_study(by="class", covariates=["sex"], moderators=[{"column": "sex"}])
    made = by_method(estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1))
    assert made["moderation"].p is not None
    assert made["moderation_kr"].p is not None


def test_words_name_their_groups_in_every_row(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=12, size=10)
    pupils["sex"] = np.resize(["girl", "boy", "girl"], len(pupils))
    study = make_study(by="class", moderators=[{"column": "sex"}])
    made = [e for e in estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1) if e.kind == "moderation"]
    groups = {e.method: e.group for e in made}
    assert groups == {
        "moderation": "girl - boy", "moderation_kr": "girl - boy", "moderation_low": "boy", "moderation_high": "girl",
        "moderation_at_low": "boy", "moderation_at_high": "girl",
    }  # fmt: skip


def test_a_teacher_s_share_of_a_word_is_a_number_and_no_group(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=12, size=10)
    pupils["sex"] = np.where(np.random.default_rng(1).random(len(pupils)) < 0.4, "girl", "boy")
    study = make_study(by="class", moderators=[{"column": "sex", "at": "teacher"}])
    scores = long_scores({"pre": pre, "post": post})
    values = moderator_values(study, study.moderators[0], scores, pupils)
    assert values.nunique() > 2
    made = [e for e in estimate(study, scores, pupils, 1) if e.kind == "moderation"]
    assert {e.group for e in made} == {""}


@pytest.mark.parametrize("by", ["class", "pupil", "binary", "single_group", "one_arm_in_groups"])
def test_every_interval_has_the_level_that_the_study_asks_for(make_study, classroom, long_scores, by):
    pupils, pre, post = classroom(classes=20, size=8)
    pupils = with_columns(pupils)
    asked = {"by": "class" if by == "class" else "pupil", "columns": {"pupil": "id", "class": "class", "arm": "arm"}}
    if by in {"pupil", "binary"}:
        pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    pupils["came"] = ((pupils["arm"] == "T") & (np.random.default_rng(1).random(len(pupils)) < 0.9)).astype(float)
    pupils["dose"] = pupils["age"]
    scores = pd.concat([long_scores({"pre": pre, "post": post}), long_scores({"pre": pre, "post": post**2}, "m")])
    asked["outcomes"] = [{"name": k, "column": k, "better": "higher", "role": "primary"} for k in ("y", "m")]
    if by in {"class", "pupil"}:
        asked |= {"moderators": [{"column": "iq"}], "received": "came", "dose": "dose", "mediators": ["m"]}
    elif by == "binary":
        scores = long_scores({"post": (post > 0).astype(float)})
    elif by == "single_group":
        pupils = pupils.drop(columns=["class", "teacher", "school"])
        asked |= {"kind": "single_group", "columns": {"pupil": "id"}}
    else:
        pupils.loc[pupils["arm"] == "C", "class"] = None
        asked["design"] = {"kind": "randomised", "assigned_by": "pupil", "individual_arms": ["C"]}
    study = {level: make_study(ci_level=level, **asked) for level in (0.95, 0.8)}
    wide, narrow = ({e.id: e for e in estimate(s, scores, pupils, 1)} for s in study.values())
    assert wide.keys() == narrow.keys()
    seen = set()
    for key, e in narrow.items():
        other = wide[key]
        if e.ci_low is None or e.method in {"tost", "moderation_region_low", "moderation_region_high"}:
            continue
        seen.add(e.method)
        assert e.ci_level == 0.8, e.method
        assert (e.estimate, e.p) == pytest.approx((other.estimate, other.p), nan_ok=True) or e.p is None
        assert e.ci_high - e.ci_low < other.ci_high - other.ci_low, e.method
    assert LEVELLED[by] <= seen


LEVELLED = {
    "class": {"moderation", "moderation_low", "cace", "dose_response", "mediation", "g_bootstrap", "moderation_kr"}
    | {"d_total_conditional"},
    "pupil": {"moderation", "moderation_low", "cace", "dose_response", "mediation", "g_bootstrap", "d_ppc2"}
    | {"hedges_g"},
    "binary": {"odds_ratio", "d_odds_ratio", "mean_ratio", "odds_ratio_means", "ratio_glm"},
    "single_group": {"mean_change", "d_z", "d_av", "d_rm", "smcr", "smcc"},
    "one_arm_in_groups": {"cr2_groups", "g_cr2", "improvement_index", "d_total_one_arm_conditional"},
}
