"""Groups against pupils on their own: what is counted, what is given, and what is not."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from werkbank.effects import describe, estimate, of_headline
from werkbank.effects.classes import groups_difference, mixed_difference
from werkbank.effects.comparison import adjusted_g
from werkbank.statistics.multilevel import cluster_robust, cr2_test
from werkbank.statistics.quantity import Quantity
from werkbank.statistics.sizes_in_clusters import d_total_one_arm

GROUPS, SIZE, ALONE = 8, 5, 40


@pytest.fixture
def coached(make_study, long_scores):
    """Return a study of 8 coaching groups of 5 against 40 pupils on their own; one treated pupil has no group."""

    def make(*, effect=0.8, wave_pre=True, binary=False, **more):
        rng = np.random.default_rng(6)
        n = GROUPS * SIZE + ALONE
        index = pd.Index([f"p{i:03d}" for i in range(n)], name="pupil")
        arm = np.repeat(["T", "C"], [GROUPS * SIZE, ALONE])
        group = np.append(np.repeat(np.arange(GROUPS), SIZE), np.full(ALONE, -1))
        pupils = pd.DataFrame({"class": [f"g{g}" if g >= 0 else None for g in group], "arm": arm}, index=index)
        pupils.iloc[0, 0] = None
        pre = pd.Series(rng.normal(size=n), index)
        shared = np.append(rng.normal(0, 0.5, GROUPS), 0.0)[group]
        post = 0.6 * pre + effect * (arm == "T") + shared + rng.normal(0, 0.7, n)
        design = {"kind": "randomised", "assigned_by": "pupil", "individual_arms": ["C"]}
        study = make_study(**more).model_copy()
        raw = study.model_dump(by_alias=True, exclude_none=True) | {"design": design}
        raw["columns"] = {"pupil": "id", "class": "class", "arm": "arm"}
        waves = {"post": (post > 0).astype(float) if binary else post}
        waves = {"pre": pre, **waves} if wave_pre else waves
        return type(study).model_validate(raw), long_scores(waves), pupils, pre, post

    return make


def test_the_headline_is_cr2_with_groups_and_single_pupils_as_clusters(coached):
    study, scores, pupils, pre, post = coached()
    made = {e.method: e for e in estimate(study, scores, pupils, 1)}
    used = pupils.index[1:]  # the treated pupil without a group is left out
    unit = pupils["class"].fillna(pd.Series(pupils.index, pupils.index)).loc[used]
    arm = (pupils.loc[used, "arm"] == "T").to_numpy(float)
    X = np.column_stack([arm, 1 - arm, pre[used]])
    known = cr2_test(cluster_robust(post[used], X, unit), [1, -1, 0])
    head = made["cr2_groups"]
    assert (head.estimate, head.se) == pytest.approx((known.estimate, known.se))
    assert GROUPS - 1 <= head.df <= known.df
    assert head.p >= known.p
    assert (head.family, head.n, head.n_clusters) == ("primary", GROUPS * SIZE + ALONE - 1, GROUPS)
    rows = pd.DataFrame({"arm": pupils.loc[used, "arm"], "post": post[used]})
    size = adjusted_g(Quantity(head.estimate, head.se), rows, {"T": 1.0, "C": -1.0})
    assert made["g_cr2"].estimate == pytest.approx(size.value)
    assert made["g_cr2"].p == pytest.approx(head.p)


def arms(rng, groups, size, alone, icc):
    """Groups that share something against pupils on their own, without any difference."""
    shared = np.repeat(rng.normal(0, np.sqrt(icc), groups), size)
    inside = rng.normal(0, np.sqrt(1 - icc), groups * size + alone)
    post = inside + np.append(shared, np.zeros(alone))
    unit = np.append(np.repeat([f"g{g}" for g in range(groups)], size), [f"= {i}" for i in range(alone)])
    return pd.DataFrame({"arm": np.repeat(["T", "C"], [groups * size, alone]), "unit": unit, "post": post})


def test_without_a_pre_test_equal_groups_are_welch_s_test():
    rows = arms(np.random.default_rng(3), 6, 4, 30, 0.3)
    found = groups_difference(rows, {"T": 1.0, "C": -1.0})
    means = rows.loc[rows["arm"] == "T"].groupby("unit")["post"].mean()
    known = stats.ttest_ind(means, rows.loc[rows["arm"] == "C", "post"], equal_var=False)
    assert (found.statistic, found.df, found.p) == pytest.approx((known.statistic, known.df, known.pvalue), rel=1e-9)


def test_a_true_null_is_rejected_about_as_often_as_said():
    rng, runs = np.random.default_rng(7), 300
    p = [groups_difference(arms(rng, 6, 4, 40, 0.25), {"T": 1.0, "C": -1.0}).p for _ in range(runs)]
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.09  # three Monte-Carlo SEs around .05


def test_its_sizes_are_hedges_and_citkowicz(coached):
    study, scores, pupils, _, post = coached()
    made = {e.method: e for e in estimate(study, scores, pupils, 1)}
    rows = pd.DataFrame({"arm": pupils["arm"], "unit": pupils["class"], "post": post}).iloc[1:]
    s = np.sqrt(sum((len(y) - 1) * y.var() for _, y in rows.groupby("arm")["post"]) / (len(rows) - 2))
    icc = mixed_difference(rows.loc[rows["arm"] == "T"], {"T": 1.0}).icc
    head, plain = made["cr2_groups"], made["d_total_one_arm_unconditional"]
    known = d_total_one_arm(head.estimate, s, [4, *[5] * 7], ALONE, icc, head.df)
    assert (plain.estimate, plain.ci_low, plain.ci_high) == pytest.approx((known.value, known.ci_low, known.ci_high))
    assert plain.standardiser == "sd_total_one_arm"
    assert made["d_total_one_arm_conditional"].estimate > plain.estimate  # less is left to divide by


def test_what_takes_all_units_to_be_of_one_kind_is_not_given(coached):
    study, scores, pupils, *_ = coached(moderators=[{"column": "class"}])
    made = estimate(study, scores, pupils, 1)
    assert {e.method for e in made} == {
        "cr2_groups", "g_cr2", "d_total_one_arm_unconditional", "d_total_one_arm_conditional", "tost",
        "improvement_index", "p_holm",
    }  # fmt: skip
    assert of_headline(study, scores, pupils, made, 1) is None
    after = {e.method for e in estimate(*coached(wave_pre=False)[:3], 1)}
    assert {"cr2_groups", "d_total_one_arm_unconditional"} <= after
    assert "d_total_one_arm_conditional" not in after
    odds = {e.method: e for e in estimate(*coached(binary=True)[:3], 1)}
    assert odds["odds_ratio"].n_clusters == GROUPS


def test_groups_are_counted_where_there_are_groups(coached):
    study, scores, pupils, *_ = coached()
    facts = {(f.what, f.arm): f.value for f in describe(study, scores, pupils)}
    assert facts["units_enrolled", "T"] == GROUPS
    assert ("units_enrolled", "C") not in facts
    assert facts["pupils_without_unit", "T"] == 1
    assert facts["pupils_analysed", "C"] == ALONE
    assert ("units_analysed", "C") not in facts
    (share,) = [f for f in describe(study, scores, pupils) if f.what == "icc" and f.wave == "post"]
    assert share.n == GROUPS * SIZE - 1


def test_one_group_is_refused(coached):
    study, scores, pupils, *_ = coached()
    alone = pupils.assign(**{"class": pupils["class"].where(pupils["class"].isna(), "g")})
    (made,) = [e for e in estimate(study, scores, alone, 1) if e.outcome == "y"]
    assert (made.estimate, made.note) == (None, "refused_too_few_units")
