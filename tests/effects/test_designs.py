"""Designs that a school really has: blocks, sites, roles, many arms, shares, primary questions."""

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import describe, estimate
from werkbank.effects.questions import questions

PAIR = {"T": 1.0, "C": -1.0}


def by_method(estimates):
    return {e.method: e for e in estimates}


@pytest.fixture
def within_schools():
    """Return a maker of pupils drawn within schools, more of them where schools score high: (pupils, pre, post)."""

    def make(schools=12, size=30, effect=0.0, seed=1):
        rng = np.random.default_rng(seed)
        level = np.repeat(rng.normal(0, 1.0, schools), size)
        share = np.repeat(np.linspace(0.25, 0.75, schools)[np.argsort(np.argsort(level[::size]))], size)
        index = pd.Index([f"p{i:04d}" for i in range(schools * size)], name="pupil")
        arm = np.where(rng.random(len(index)) < share, "T", "C")
        pupils = pd.DataFrame({"school": np.repeat([f"s{k:02d}" for k in range(schools)], size), "arm": arm}, index)
        pre = pd.Series(level + rng.normal(size=len(index)), index)
        post = pd.Series(0.5 * pre + level + effect * (arm == "T") + rng.normal(size=len(index)), index)
        return pupils, pre, post

    return make


@pytest.fixture
def paired(classroom):
    """Return a maker of classes assigned in pairs that share a level: (pupils, pre, post)."""

    def make(pairs=6, size=12, effect=0.5, seed=1):
        pupils, pre, post = classroom(classes=2 * pairs, size=size, effect=effect, seed=seed)
        block = pupils["class"].str[1:].astype(int) // 2
        pupils["block"] = "b" + block.astype(str)
        return pupils, pre, post + 2.0 * block

    return make


def test_schools_in_which_lots_were_drawn_are_compared_within(make_study, within_schools, long_scores):
    from werkbank.statistics.sites import site_effects

    pupils, pre, post = within_schools()
    scores = long_scores({"pre": pre, "post": post})
    made = by_method(estimate(make_study(blocks=""), scores, pupils, 1))
    known = site_effects(pupils.assign(pre=pre, post=post), PAIR, site="school")
    lead = made["sites_fixed"]
    assert (lead.estimate, lead.se, lead.df) == pytest.approx(
        (known.in_these.test.value, known.in_these.test.se, known.in_these.test.df)
    )
    assert lead.p > 0.05
    assert made["sites_like_these"].df == 11
    assert made["sites_heterogeneity"].p == pytest.approx(known.heterogeneity.p)
    # a study file that says that lots were drawn over all schools at once is believed, wrong as that is here
    assert by_method(estimate(make_study(), scores, pupils, 1))["hc2"].p < 0.05


def test_declared_blocks_hold_whatever_the_schools_say(make_study, within_schools, long_scores):
    pupils, pre, post = within_schools()
    pupils["block"] = np.where(pupils["school"] < "s06", "north", "south")
    scores = long_scores({"pre": pre, "post": post})
    made = by_method(estimate(make_study(blocks="region"), scores, pupils, 1))
    assert made["sites_fixed"].n_clusters == 2
    assert "sites_like_these" not in made  # two regions say nothing of regions
    facts = describe(make_study(blocks="region"), scores, pupils)
    assert "blocks_undeclared" not in {f.category for f in facts if f.what == "caution"}


def test_schools_with_one_arm_and_pupils_without_school_are_counted(make_study, within_schools, long_scores):
    pupils, pre, post = within_schools()
    pupils.loc[pupils["school"] == "s00", "arm"] = "T"
    pupils.loc[pupils.index[-3:], "school"] = None
    scores = long_scores({"pre": pre, "post": post})
    study = make_study(blocks="")
    lead = by_method(estimate(study, scores, pupils, 1))["sites_fixed"]
    assert (lead.n, lead.n_clusters) == (360 - 30 - 3, 11)
    facts = describe(study, scores, pupils)
    assert "sites_with_one_arm" in {f.category for f in facts if f.what == "caution"}
    assert sum(f.value for f in facts if f.what == "pupils_without_block") == 3
    for arm in ("T", "C"):
        flow = [f for f in facts if f.arm == arm and f.outcome and f.what.startswith("pupils_")]
        assert sum(f.value for f in flow) == int((pupils["arm"] == arm).sum())


def test_pairs_of_classes_are_tested_on_their_differences(make_study, paired, long_scores):
    from scipy import stats

    pupils, _, post = paired()
    made = by_method(estimate(make_study(by="class", blocks="block"), long_scores({"post": post}), pupils, 1))
    means = post.groupby([pupils["block"], pupils["arm"]]).mean().unstack()  # noqa: PD010 - pairs by arm
    known = stats.ttest_rel(means["T"], means["C"])
    lead = made["block_differences"]
    assert (lead.statistic, lead.df, lead.p) == pytest.approx((known.statistic, known.df, known.pvalue))
    assert made["randomisation_smallest_p"].estimate == pytest.approx(2 / 2**6)
    # left out, the blocks' own levels swamp what the programme did
    bare = estimate(make_study(by="class"), long_scores({"post": post}), pupils.drop(columns="block"), 1)
    assert by_method(bare)["unit_means_post"].p > 0.1


def test_a_pair_that_lost_a_class_leaves_whole_and_is_said(make_study, paired, long_scores):
    pupils, pre, post = paired()
    post = post[pupils["class"] != "k00"]
    study, scores = make_study(by="class", blocks="block"), long_scores({"pre": pre, "post": post})
    lead = by_method(estimate(study, scores, pupils, 1))["block_differences"]
    assert (lead.n_clusters, lead.df) == (10, 4)
    assert "blocks_dropped" in {f.category for f in describe(study, scores, pupils) if f.what == "caution"}


def test_few_strata_are_these_blocks_and_many_are_blocks_like_these(make_study, classroom, long_scores):
    for strata, method in ((3, "fixed_blocks"), (8, "block_differences")):
        pupils, _, post = classroom(classes=4 * strata, size=8)
        pupils["block"] = "b" + (pupils["class"].str[1:].astype(int) // 4).astype(str)
        made = estimate(make_study(by="class", blocks="block"), long_scores({"post": post}), pupils, 1)
        assert made[0].method == method
        assert by_method(made)["randomisation_test"].p < 1


def test_every_row_of_a_blocked_question_knows_its_blocks(make_study, paired, long_scores):
    pupils, pre, post = paired(pairs=8)
    post = post.where(np.arange(len(post)) % 13 != 5)
    study, scores = make_study(by="class", blocks="block"), long_scores({"pre": pre, "post": post})
    made = by_method(estimate(study, scores, pupils, 1))
    rows = ("block_differences", "mixed_kr", "cr2", "gain_difference_unit_means", "multiple_imputation")
    # two points between neighbouring blocks: a row without them has an SE of more than 1
    assert all(made[name].se < 0.5 for name in rows)
    assert not {"hedges_g", "g_bootstrap", "d_total_conditional", "unit_means_pupils"} & set(made)


@pytest.fixture
def coached(make_study, long_scores):
    """Return a maker of coached and control teachers with target and other pupils: (study, scores, pupils)."""

    def make(teachers=12, effect=0.0, seed=2, *, nominated=True):
        rng = np.random.default_rng(seed)
        where = np.repeat(np.arange(teachers), 6)
        index = pd.Index([f"p{i:03d}" for i in range(len(where))], name="pupil")
        role = np.tile(["target", "target", "transfer", "transfer", "transfer", "transfer"], teachers)
        pupils = pd.DataFrame({"teacher": [f"t{k:02d}" for k in where], "arm": np.where(where % 2, "C", "T")}, index)
        pupils["role"] = np.where((pupils["arm"] == "T") | nominated, role, None)
        own = rng.normal(0, 0.5, teachers)[where]
        pre = pd.Series(rng.normal(size=len(index)) - (role == "target"), index)
        post = 0.5 * pre + own + effect * ((pupils["arm"] == "T") & (role == "target")) + rng.normal(0, 0.5, len(index))
        columns = {"pupil": "id", "teacher": "teacher", "arm": "arm", "role": "role"}
        study = make_study(by="teacher", columns=columns)
        return study, long_scores({"pre": pre, "post": post}), pupils

    return make


def test_roles_beside_the_arm_compare_like_with_like(coached):
    study, scores, pupils = coached(effect=2.0)
    made = estimate(study, scores, pupils, 1)
    leads = {e.contrast: e for e in made if e.kind == "headline"}
    assert set(leads) == {"target - C", "transfer - C"}
    assert {e.n for e in leads.values()} == {24, 48}  # 12 teachers' pupils of that role
    assert leads["target - C"].p < 0.01 < leads["transfer - C"].p
    (between,) = [e for e in made if e.method == "role_pairs"]
    assert (between.df, between.n_clusters) == (5, 6)
    assert "not_like_with_like" not in {f.category for f in describe(study, scores, pupils)}


def test_control_teachers_who_named_nobody_are_compared_whole(coached):
    study, scores, pupils = coached(nominated=False)
    leads = {e.contrast: e for e in estimate(study, scores, pupils, 1) if e.kind == "headline"}
    assert leads["target - C"].n == 12 + 36
    assert "not_like_with_like" in {f.category for f in describe(study, scores, pupils)}


def test_three_arms_share_a_slope_and_are_tested_at_once(make_study, classroom, long_scores):
    from werkbank.statistics.omnibus import omnibus
    from werkbank.statistics.unit_means import adjust
    from werkbank.statistics.units import units_of

    pupils, pre, post = classroom(classes=12, arms=("T", "U", "C"))
    study = make_study(by="class", arms={"T": "intervention", "U": "intervention", "C": "control"})
    made = estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)
    rows = pupils.assign(unit=pupils["class"], pre=pre, post=post)
    known = omnibus(adjust(units_of(rows), "within"))
    (test,) = [e for e in made if e.method == "omnibus"]
    assert (test.estimate, test.df, test.p) == pytest.approx((known.statistic, known.df, known.p))
    pairs = {e.contrast: e for e in made if e.method == "pairwise"}
    leads = {e.contrast: e for e in made if e.kind == "headline"}
    assert set(pairs) == {"U - T", "C - T", "C - U"}
    # what was asked is the same comparison, the other way round
    assert pairs["C - T"].estimate == pytest.approx(-leads["T - C"].estimate)
    assert pairs["C - T"].p == pytest.approx(leads["T - C"].p)
    means = {e.group: e.estimate for e in made if e.method == "adjusted_mean"}
    assert means["T"] - means["C"] == pytest.approx(leads["T - C"].estimate)
    holm = [e.p for e in made if e.method == "p_holm_pairs"]
    assert min(holm) == pytest.approx(min(1.0, 3 * min(e.p for e in pairs.values())))
    (pooled,) = [e for e in made if e.method == "pooled_contrast"]
    assert pooled.estimate == pytest.approx((means["T"] + means["U"]) / 2 - means["C"])


def test_two_arms_have_no_omnibus(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    made = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert not [e for e in made if e.kind == "arms"]


def test_an_arm_of_one_class_stops_nobody_else(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=9)
    pupils["arm"] = np.where(pupils["class"] == "k08", "U", pupils["arm"])
    study = make_study(by="class", arms={"T": "intervention", "U": "intervention", "C": "control"})
    leads = {
        e.contrast: e
        for e in estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)
        if e.kind == "headline"
    }
    assert leads["T - C"].p is not None
    assert leads["U - C"].note == "refused_too_few_units"


@pytest.mark.parametrize("by", ["pupil", "class"])
def test_shares_and_counts_have_ratios_at_equal_scores_before(make_study, classroom, long_scores, by):
    pupils, pre, post = classroom(classes=12, size=15)
    if by == "pupil":
        pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    passed = (post > 0.2).astype(float)
    made = by_method(estimate(make_study(by=by), long_scores({"pre": pre, "post": passed}), pupils, 1))
    assert {"mean_ratio", "odds_ratio_means", "ratio_glm", "odds_ratio"} <= set(made)
    assert made["mean_ratio"].df == pytest.approx(made["hc2" if by == "pupil" else "unit_means_within"].df, rel=0.5)
    counts = pd.Series(np.random.default_rng(2).poisson(np.exp(0.3 * pre.to_numpy())), pre.index).astype(float)
    outcome = {"name": "y", "column": "y", "better": "lower", "role": "primary", "kind": "count"}
    scores = long_scores({"pre": pre, "post": counts})
    made = by_method(estimate(make_study(by=by, outcomes=[outcome]), scores, pupils, 1))
    assert {"mean_ratio", "ratio_glm"} <= set(made)
    assert not {"odds_ratio", "odds_ratio_means"} & set(made)
    assert made["ratio_glm"].df is not None  # t, never z
    plain = {**outcome, "kind": "score"}
    assert "mean_ratio" not in by_method(estimate(make_study(by=by, outcomes=[plain]), scores, pupils, 1))


def test_primary_questions_win_over_the_role_of_an_outcome(make_study, classroom, long_scores):
    from werkbank.effects import headline

    pupils, pre, post = classroom()
    outcomes = [
        {"name": "y", "column": "y", "better": "higher", "role": "primary"},
        {"name": "z", "column": "z", "better": "higher"},
    ]
    waves = {"pre": pre, "post": post, "followup": post + pre}
    scores = pd.concat([long_scores(waves), long_scores(waves, "z")])
    study = make_study(by="class", outcomes=outcomes, primary=[{"outcome": "z", "wave": "followup"}])
    made = estimate(study, scores, pupils, 1)
    families = {(e.outcome, e.wave_to): e.family for e in made if e.kind == "headline"}
    assert families == {
        ("y", "post"): "secondary", ("y", "followup"): "secondary",
        ("z", "post"): "secondary", ("z", "followup"): "primary",
    }  # fmt: skip
    first = headline(study, made)
    assert (first.outcome, first.wave_to) == ("z", "followup")


def test_the_bound_and_the_level_that_a_study_sets_are_used(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    scores = long_scores({"pre": pre, "post": post})
    usual = by_method(estimate(make_study(by="class"), scores, pupils, 1))
    wide = by_method(estimate(make_study(by="class", ci_level=0.9, equivalence=2.0), scores, pupils, 1))
    assert wide["unit_means_within"].ci_level == 0.9
    assert wide["unit_means_within"].ci_low > usual["unit_means_within"].ci_low
    assert wide["unit_means_within"].p == usual["unit_means_within"].p
    assert wide["tost"].p < 0.05 < usual["tost"].p
    assert wide["tost"].ci_level == 0.9


def test_covariates_that_say_nothing_are_dropped_by_name(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=8)
    rng = np.random.default_rng(5)
    age = rng.integers(96, 140, len(pupils)).astype(float)
    pupils = pupils.assign(months=age, years=age / 12, one=7, empty=np.nan, size=pupils["class"].str[1:].astype(float))
    study = make_study(by="class", covariates=["months", "years", "one", "empty", "size"])
    scores = long_scores({"pre": pre, "post": post})
    (q,) = questions(study, scores, pupils)
    assert len(q.analysed) == len(pupils)  # a column that nobody has costs nobody a place
    uses = {f.item: f.value for f in describe(study, scores, pupils) if f.what == "covariate"}
    assert uses == {
        "months": "used", "years": "follows_from_others", "one": "no_variation", "empty": "nothing_known",
        "size": "within_slope_only",
    }  # fmt: skip
    made = by_method(estimate(study, scores, pupils, 1))
    assert made["unit_means_within"].p is not None
    assert made["mixed_kr"].p is not None


@pytest.mark.parametrize("name", ["pre", "post", "unit", "role"])
def test_a_covariate_may_be_called_as_a_column_of_ours(make_study, classroom, long_scores, name):
    pupils, pre, post = classroom(classes=6)
    age = pd.Series(np.random.default_rng(5).normal(size=len(pupils)), pupils.index)
    scores = long_scores({"pre": pre, "post": post + age})
    leads = []
    for called in ("age", name):
        study = make_study(by="class", covariates=[called])
        leads.append(estimate(study, scores, pupils.assign(**{called: age}), 1)[0])
    assert leads[1].estimate == pytest.approx(leads[0].estimate, rel=1e-12)
    assert leads[1].p == pytest.approx(leads[0].p, rel=1e-9)


def test_a_programme_that_is_a_covariate_is_refused_with_that_reason(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=12)
    pupils["method"] = np.where(pupils["arm"] == "T", "new", "old")
    study = make_study(by="class", kind="controlled", covariates=["method"])
    (lead, *_) = estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)
    assert (lead.note, lead.p) == ("not_estimable", None)


def test_classes_of_unequal_size_show_the_mean_over_pupils_beside(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=8, size=20, effect=0.0)
    number = pupils["class"].str[1:].astype(int)
    # the programme works in large classes alone, and small ones are many
    kept = pupils.index[(number < 2) | (pupils.groupby("class").cumcount() < 4)]
    post = post + 3.0 * ((number < 2) & (pupils["arm"] == "T"))
    scores = long_scores({"pre": pre[kept], "post": post[kept]})
    made = by_method(estimate(make_study(by="class"), scores, pupils.loc[kept], 1))
    assert made["unit_means_pupils"].estimate > made["unit_means_within"].estimate + 0.3
    even = by_method(estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1))
    assert "unit_means_pupils" not in even


def test_pupils_without_a_pre_test_are_students_or_welchs_test(make_study, classroom, long_scores):
    from scipy import stats

    pupils, _, post = classroom(classes=8, size=10)
    pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    made = by_method(estimate(make_study(), long_scores({"post": post}), pupils, 1))
    sides = [post[pupils["arm"] == arm] for arm in ("T", "C")]
    known = stats.ttest_ind(*sides)
    lead, size = made["hc2_post"], made["g_hc2"]
    assert (lead.statistic, lead.df, lead.p) == pytest.approx((known.statistic, known.df, known.pvalue))
    assert (size.estimate, size.p) == pytest.approx((made["hedges_g"].estimate, lead.p))
    pupils["arm"] = np.resize(["T", "C", "C"], len(pupils))
    sides = [post[pupils["arm"] == arm] for arm in ("T", "C")]
    known = stats.ttest_ind(*sides, equal_var=False)
    lead = estimate(make_study(), long_scores({"post": post}), pupils, 1)[0]
    assert lead.statistic == pytest.approx(known.statistic)
    assert lead.df <= known.df + 1e-9


def test_what_few_schools_with_both_arms_hold_is_no_block_and_is_said(make_study, within_schools, long_scores):
    pupils, pre, post = within_schools()
    mixed = pupils["school"] < "s04"  # a third of the pupils
    pupils["arm"] = np.where(mixed, pupils["arm"], np.where(pupils["school"].str[-1].astype(int) % 2, "T", "C"))
    study, scores = make_study(blocks=""), long_scores({"pre": pre, "post": post})
    made = by_method(estimate(study, scores, pupils, 1))
    assert made["hc2"].n == len(pupils)  # two thirds would be lost for a guess
    facts = describe(study, scores, pupils)
    said = {f.category: f.value for f in facts if f.what == "caution"}
    assert said["blocks_undeclared_partly"] == "school"
    assert [f.value for f in facts if f.what == "equivalence_bound"] == [0.20]


def test_an_answer_that_hangs_on_one_class_shows_it(make_study, classroom, long_scores):
    from werkbank.statistics.unit_means import adjust, compare
    from werkbank.statistics.units import units_of

    pupils, pre, post = classroom(classes=8, effect=0.0)
    post = post + 4.0 * (pupils["class"] == "k00")
    made = by_method(estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1))
    rows = pupils.assign(unit=pupils["class"], pre=pre, post=post)
    without = {
        name: compare(adjust(units_of(rows[rows["unit"] != name]), "within"), PAIR).test
        for name in rows["unit"].unique()
    }
    lowest, highest = made["one_left_out_lowest"], made["one_left_out_highest"]
    assert lowest.estimate == pytest.approx(without["k00"].value)
    assert lowest.p == pytest.approx(without["k00"].p)
    assert highest.estimate == pytest.approx(max(test.value for test in without.values()))
    assert (lowest.kind, lowest.n_clusters, lowest.n) == ("check", 7, 84)


def test_a_pair_is_left_out_whole(make_study, paired, long_scores):
    pupils, pre, post = paired()
    pre = pre * 0 + 1.0  # without variation: the pairs' differences alone
    study = make_study(by="class", blocks="block")
    made = by_method(estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1))
    means = post.groupby([pupils["block"], pupils["arm"]]).mean().unstack()  # noqa: PD010 - pairs by arm
    gaps = means["T"] - means["C"]
    others = [gaps.drop(pair).mean() for pair in gaps.index]
    ends = [made[f"one_left_out_{end}"] for end in ("lowest", "highest")]
    assert [e.estimate for e in ends] == pytest.approx([min(others), max(others)])
    assert [(e.n_clusters, e.df) for e in ends] == [(10, 4), (10, 4)]
