"""Counts that add up, and descriptions that are what they say."""

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import describe
from werkbank.results import Results
from werkbank.statistics.standards import attrition


def facts_of(facts, **wanted):
    return [f for f in facts if all(getattr(f, k) == v for k, v in wanted.items())]


@pytest.fixture
def lossy(classroom, long_scores):
    pupils, pre, post = classroom()
    rng = np.random.default_rng(8)
    pre, post = pre.where(rng.random(len(pre)) > 0.2), post.where(rng.random(len(post)) > 0.3)
    pupils.loc[pupils.index[::17], "class"] = None
    return pupils, pre, post, long_scores({"pre": pre, "post": post})


def test_the_pupil_flow_adds_up(make_study, lossy):
    pupils, pre, _, scores = lossy
    facts = describe(make_study(by="class"), scores, pupils)
    parts = (
        "pupils_analysed",
        "pupils_without_pre",
        "pupils_without_post",
        "pupils_without_both",
        "pupils_without_unit",
    )
    for arm in ("T", "C"):
        (enrolled,) = facts_of(facts, what="pupils_enrolled", arm=arm)
        assert enrolled.value == (pupils["arm"] == arm).sum()
        assert sum(facts_of(facts, what=what, arm=arm)[0].value for what in parts) == enrolled.value
        (measured,) = facts_of(facts, what="pupils_measured", arm=arm, wave="pre")
        assert measured.value == pre[pupils["arm"] == arm].notna().sum()
    assert sum(f.value for f in facts_of(facts, what="pupils_without_unit")) > 0
    Results({}, facts=tuple(facts))  # every id once


def test_means_and_correlation_are_numpys(make_study, lossy):
    pupils, pre, post, scores = lossy
    facts = describe(make_study(by="class"), scores, pupils)
    treated = pupils["arm"] == "T"
    (mean,) = facts_of(facts, what="mean", arm="T", wave="post")
    assert mean.value == pytest.approx(post[treated].mean())
    assert mean.n == post[treated].notna().sum()
    (spread,) = facts_of(facts, what="sd", arm="T", wave="post")
    assert spread.value == pytest.approx(post[treated].std())
    both = treated & pre.notna() & post.notna() & pupils["class"].notna()
    (r,) = facts_of(facts, what="r_pre_post", arm="T")
    assert r.value == pytest.approx(np.corrcoef(pre[both], post[both])[0, 1])
    (change,) = facts_of(facts, what="mean_change", arm="T")
    assert (change.value, change.n) == (pytest.approx((post - pre)[both].mean()), both.sum())


def test_baseline_difference_is_of_the_pupils_that_were_analysed(make_study, lossy):
    from werkbank.statistics.sizes import Sample, hedges_g

    pupils, pre, post, scores = lossy
    (fact,) = facts_of(describe(make_study(by="class"), scores, pupils), what="baseline_difference")
    used = pre.notna() & post.notna() & pupils["class"].notna()
    groups = [Sample.of(pre[used & (pupils["arm"] == arm)]) for arm in ("T", "C")]
    assert fact.value == pytest.approx(hedges_g(groups).value)
    assert (fact.arm, fact.n) == ("T - C", used.sum())


def test_single_group_has_no_arm(make_study, lossy):
    pupils, _, _, scores = lossy
    facts = describe(make_study(kind="single_group"), scores, pupils)
    assert {f.arm for f in facts} == {""}
    (enrolled,) = facts_of(facts, what="pupils_enrolled")
    assert enrolled.value == len(pupils)


def test_one_pupil_has_a_mean_and_no_spread(make_study, long_scores):
    pupils = pd.DataFrame({"arm": ["T", "C"]}, index=["a", "b"])
    scores = long_scores({"pre": pd.Series({"a": 1.0, "b": 2.0}), "post": pd.Series({"a": 2.0})})
    facts = describe(make_study(), scores, pupils)
    (spread,) = facts_of(facts, what="sd", arm="T", wave="pre")
    assert spread.value is None
    (nobody,) = facts_of(facts, what="mean", arm="C", wave="post")
    assert (nobody.value, nobody.n) == (None, 0)


def test_counts_are_those_of_a_plain_count(make_study, lossy):
    pupils, pre, post, scores = lossy
    facts = describe(make_study(by="class"), scores, pupils)
    frame = pupils.assign(pre=pre.notna(), post=post.notna(), unit=pupils["class"].notna())
    for arm, part in frame.groupby("arm"):
        complete = part[part["pre"] & part["post"] & part["unit"]]
        wanted = {
            "units_enrolled": part["class"].nunique(),
            "pupils_analysed": len(complete),
            "units_analysed": complete["class"].nunique(),
            "pupils_without_pre": (part["post"] & ~part["pre"]).sum(),
            "pupils_without_post": (part["pre"] & ~part["post"]).sum(),
            "pupils_without_both": (~part["pre"] & ~part["post"]).sum(),
            "pupils_without_unit": (part["pre"] & part["post"] & ~part["unit"]).sum(),
        }
        for what, count in wanted.items():
            assert facts_of(facts, what=what, arm=arm)[0].value == count


def test_patterns_add_up_to_the_flow(make_study, lossy):
    pupils, _, _, scores = lossy
    facts = describe(make_study(by="class"), scores, pupils)
    for arm in ("T", "C"):
        patterns = facts_of(facts, what="missing_pattern", arm=arm)
        assert sum(f.value for f in patterns) == facts_of(facts, what="pupils_enrolled", arm=arm)[0].value
        assert {f.n for f in patterns} == {sum(f.value for f in patterns)}
        for wave in ("pre", "post"):
            having = sum(f.value for f in patterns if wave in f.wave.split("+"))
            assert having == facts_of(facts, what="pupils_measured", arm=arm, wave=wave)[0].value


def test_patterns_are_those_of_a_cross_table(make_study, lossy):
    pupils, pre, post, scores = lossy
    table = pd.crosstab([pre.notna().to_numpy(), post.notna().to_numpy()], pupils["arm"].to_numpy())
    names = {(True, True): "pre+post", (True, False): "pre", (False, True): "post", (False, False): "none"}
    facts = describe(make_study(by="class"), scores, pupils)
    found = {(f.wave, f.arm): f.value for f in facts_of(facts, what="missing_pattern")}
    assert found == {(names[i], arm): n for arm in table for i, n in table[arm].items() if n}


def test_who_was_never_measured_is_a_pattern(make_study, long_scores):
    pupils = pd.DataFrame({"arm": ["T", "C", "C"]}, index=["a", "b", "c"])
    scores = long_scores({"pre": pd.Series({"a": 1.0, "b": np.nan}), "post": pd.Series({"a": 2.0})})
    facts = facts_of(describe(make_study(), scores, pupils), what="missing_pattern")
    assert {(f.arm, f.wave): f.value for f in facts} == {("T", "pre+post"): 1, ("C", "none"): 2}


def test_descriptions_of_baumann_match_r(shared, baumann, make_study, long_scores):
    import json

    index = pd.Index([f"p{i}" for i in range(66)])
    pupils = pd.DataFrame({"arm": baumann["group"].to_numpy()}, index=index)
    waves = {"pre": "pretest_1", "post": "post_test_1"}
    scores = long_scores({w: pd.Series(baumann[c].astype(float).to_numpy(), index) for w, c in waves.items()})
    study = make_study(arms={"DRTA": "intervention", "Basal": "control"})
    facts = describe(study, scores, pupils)
    known = json.loads((shared / "oracles/reference.json").read_text())["prepost"]["baumann1"]["DRTA_vs_Basal"][
        "paired_treat"
    ]
    for what, wave, key in [
        ("mean", "pre", "mean_pre"),
        ("sd", "post", "sd_post"),
        ("r_pre_post", "post", "r_prepost"),
        ("mean_change", "post", "mean_gain"),
        ("sd_change", "post", "sd_gain"),
    ]:
        assert facts_of(facts, what=what, arm="DRTA", wave=wave)[0].value == pytest.approx(known[key], rel=1e-9)
    lowest, highest = (facts_of(facts, what=w, arm="DRTA", wave="pre")[0].value for w in ("min", "max"))
    treated = baumann.loc[baumann["group"] == "DRTA", "pretest_1"]
    assert (lowest, highest) == (treated.min(), treated.max())


def test_lots_bring_attrition_and_both_boundaries(make_study, lossy):
    pupils, _, _, scores = lossy
    facts = describe(make_study(by="class"), scores, pupils)
    flow = ("pupils_enrolled", "pupils_analysed")
    counts = {arm: [facts_of(facts, what=what, arm=arm)[0].value for what in flow] for arm in "TC"}
    (overall,) = facts_of(facts, what="attrition_overall")
    (apart,) = facts_of(facts, what="attrition_differential")
    assert overall.value == pytest.approx(1 - sum(b for _, b in counts.values()) / sum(a for a, _ in counts.values()))
    assert apart.value == pytest.approx(abs(counts["T"][1] / counts["T"][0] - counts["C"][1] / counts["C"][0]))
    assert facts_of(facts, what="attrition_cautious")[0].value in {"low", "high"}
    assert facts_of(facts, what="baseline_equivalence")[0].value in {"satisfied", "with_adjustment", "not_satisfied"}
    assert not facts_of(describe(make_study(kind="controlled", by="class"), scores, pupils), what="attrition_overall")


def test_the_share_of_classes_is_that_of_the_null_model(make_study, lossy):
    from werkbank.statistics import multilevel

    pupils, pre, _, scores = lossy
    facts = describe(make_study(by="class"), scores, pupils)
    used = pre.notna() & pupils["class"].notna()
    known = multilevel.icc(pre[used], {"unit": pupils.loc[used, "class"]})
    (share,) = facts_of(facts, what="icc", wave="pre")
    assert share.value == pytest.approx(known.icc["unit"])
    assert (share.n, share.arm) == (used.sum(), "")
    (low,) = facts_of(facts, what="icc_ci_low", wave="pre")
    assert low.value == pytest.approx(known.ci_low)


def test_pupils_chosen_on_the_outcome_get_a_break_even_mean(make_study, lossy):
    pupils, _, _, scores = lossy
    study = make_study(by="class", design={"kind": "randomised", "assigned_by": "class", "selected_on": "y"})
    facts = describe(study, scores, pupils)
    (mean,) = facts_of(facts, what="regression_break_even_mean", arm="T")
    (r,), (change,) = (facts_of(facts, what=w, arm="T") for w in ("r_pre_post", "mean_change"))
    from werkbank.statistics.reliable import expected_regression

    used = pupils["arm"].eq("T")
    before = mean.value - change.value / (1 - r.value)
    assert expected_regression(before, mean.value, r.value) == pytest.approx(change.value)
    assert used.any()
    assert not facts_of(describe(make_study(by="class"), scores, pupils), what="regression_break_even_mean")


def test_a_norm_tells_what_comes_back_by_itself_and_who_recovered(make_study, classroom, long_scores):
    from werkbank.effects import reliable_changes
    from werkbank.statistics.reliable import jacobson_truax

    pupils, pre, post = classroom(effect=2.0)
    scores = long_scores({"pre": pre, "post": post})
    outcome = {"name": "y", "column": "y", "better": "higher", "role": "primary", "norms": {"y": [1.0, 0.8]}}
    design = {"kind": "randomised", "assigned_by": "class", "selected_on": "y"}
    study = make_study(by="class", outcomes=[outcome], design=design)
    treated = pupils["arm"] == "T"
    (expected,) = facts_of(describe(study, scores, pupils), what="regression_expected", arm="T")
    r = np.corrcoef(pre[treated], post[treated])[0, 1]
    assert expected.value == pytest.approx((1 - r) * (1.0 - pre[treated].mean()))
    facts = reliable_changes(study, scores, pupils, {"y": 0.8}, {"y": "higher"})
    cut = facts_of(facts, what="rci_cutoff", arm="T")[0].value
    assert (cut - pre.mean()) / pre.std() == pytest.approx((1.0 - cut) / 0.8)
    (recovered,) = facts_of(facts, what="rci_jacobson_truax_recovered", arm="T")
    improved = jacobson_truax(pre, post, 0.8).index[treated] > 1.96
    assert recovered.value == (improved & (pre[treated] < cut) & (post[treated] >= cut)).sum() > 0


@pytest.mark.parametrize("norms", [{"other": [1, 1]}, {"y": [1, 0]}])
def test_a_norm_is_of_a_scale_and_varies(make_study, norms):
    from pydantic import ValidationError

    with pytest.raises(ValidationError, match="outcome_norms"):
        make_study(outcomes=[{"name": "y", "column": "y", "better": "higher", "norms": norms}])


def test_reliable_change_is_counted_in_the_good_direction(make_study, classroom, long_scores):
    from werkbank.effects import reliable_changes
    from werkbank.statistics.reliable import jacobson_truax

    pupils, pre, post = classroom(effect=1.5)
    scores, study = long_scores({"pre": pre, "post": post}), make_study(by="class")
    higher = reliable_changes(study, scores, pupils, {"y": 0.8}, {"y": "higher"})
    lower = reliable_changes(study, scores, pupils, {"y": 0.8}, {"y": "lower"})
    treated = pupils["arm"] == "T"
    # one SD for all arms: the same two scores have the same verdict
    known = jacobson_truax(pre[treated], post[treated], 0.8, sd_pre=pre.std()).counts(pre[treated], post[treated])
    assert len({f.value for f in facts_of(higher, what="rci_smallest_change")}) == 1
    for category in ("improved", "unchanged", "deteriorated"):
        (fact,) = facts_of(higher, what=f"rci_jacobson_truax_{category}", arm="T")
        assert (fact.value, fact.n) == (known[category], 48)
    (worse,) = facts_of(lower, what="rci_jacobson_truax_deteriorated", arm="T")
    assert worse.value == known["improved"]
    assert reliable_changes(study, scores, pupils, {}, {"y": "higher"}) == []
    assert reliable_changes(study, scores, pupils, {"y": 0.8}, {"y": "neither"}) == []
    for arm in ("T", "C"):
        for method in ("jacobson_truax", "edwards_nunnally", "hageman_arrindell"):
            parts = [f.value for f in higher if f.arm == arm and f.what.startswith(f"rci_{method}")]
            assert parts[0] is None  # nobody said which score separates the troubled from the others
            assert sum(parts[1:]) == 48


@pytest.mark.parametrize(("given", "judged"), [(0.8, True), (1.0, False), (None, False)])
def test_a_ready_score_has_the_reliability_that_the_study_file_gives(make_study, classroom, long_scores, given, judged):
    from werkbank.effects import by_own_alpha
    from werkbank.measurement.study_scores import Scores

    pupils, pre, post = classroom(effect=1.5)
    outcome = {"name": "y", "column": "y", "better": "higher", "reliability": given}
    scores = Scores(long_scores({"pre": pre, "post": post}), {}, (), ())
    facts = by_own_alpha(make_study(by="class", outcomes=[outcome]), scores, pupils)
    assert {f.value for f in facts_of(facts, what="rci_reliability")} == ({0.8} if judged else set())


def test_a_method_without_a_verdict_counts_nobody(make_study, long_scores):
    from werkbank.effects import reliable_changes

    index = pd.Index([f"p{i}" for i in range(20)], name="pupil")
    pupils = pd.DataFrame({"arm": np.resize(["T", "C"], 20)}, index=index)
    pre = pd.Series(np.linspace(1, 5, 20), pupils.index)
    facts = reliable_changes(
        make_study(), long_scores({"pre": pre, "post": pre + 1}), pupils, {"y": 0.8}, {"y": "higher"}
    )
    values = {f.what: f.value for f in facts if f.arm == "T"}
    assert values["rci_hageman_arrindell_improved"] is None  # equal changes: their differences have no reliability
    assert values["rci_jacobson_truax_unchanged"] is not None


def test_reliability_is_the_alpha_before_the_programme():
    import werkbank
    from werkbank.effects import by_own_alpha

    study = werkbank.load_study(werkbank.example_path("nabijheid"))
    intake = werkbank.read_answers(study)
    scores = werkbank.score_study(intake)
    facts = by_own_alpha(study, scores, intake.pupils)
    alphas = {f.outcome: f.value for f in scores.facts if f.what == "alpha" and f.wave == "pre"}
    used = {f.outcome: f.value for f in facts if f.what == "rci_reliability"}
    assert used == {key: alphas[key] for key in used}
    assert {"strs-sf.closeness", "strs-sf.conflict"} <= set(used)
    assert "rekenen" not in used  # a ready score has no alpha


def a_trial_of_schools(lost, size=12, per_school=2):
    """44 schools, half of them treated; those in `lost` have no score afterwards."""
    n = 44 * size
    index = pd.Index([f"p{i}" for i in range(n)])
    school = np.repeat(np.arange(44), size)
    classes = [f"{s}-{i % per_school}" for i, s in enumerate(school)]
    pupils = pd.DataFrame(
        {"arm": np.where(school % 2 == 0, "T", "C"), "school": [f"s{s}" for s in school], "class": classes}, index=index
    )
    rng = np.random.default_rng(6)
    pre = pd.Series(rng.normal(size=n), index)
    post = (pre + rng.normal(size=n)).where(~np.isin(school, lost))
    return pupils, pre, post


def test_whole_schools_that_left_are_counted_and_judged(make_study, long_scores):
    pupils, pre, post = a_trial_of_schools([0, 2, 4, 6, 8, 1])
    facts = describe(make_study(by="school"), long_scores({"pre": pre, "post": post}), pupils)
    left = {arm: facts_of(facts, what="units_analysed", arm=arm)[0].value for arm in "TC"}
    assert left == {"T": 17, "C": 21}
    (overall,) = facts_of(facts, what="attrition_units_overall")
    (apart,) = facts_of(facts, what="attrition_units_differential")
    assert (overall.value, apart.value) == pytest.approx((6 / 44, 4 / 22))
    assert facts_of(facts, what="attrition_units_cautious")[0].value == "high"
    assert not facts_of(facts, what="attrition_schools_overall")  # schools were assigned: said once


def test_schools_above_the_classes_that_were_assigned_count_too(make_study, long_scores):
    pupils, pre, post = a_trial_of_schools([0, 1, 2, 3])
    facts = describe(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils)
    for level, n in (("units", 88), ("schools", 44)):
        assert facts_of(facts, what=f"attrition_{level}_overall")[0].value == pytest.approx(4 / 44)
        enrolled = [f.value for f in facts_of(facts, what=f"{level}_enrolled")]
        assert sum(enrolled) == n
    assert [f.value for f in facts_of(facts, what="schools_analysed")] == [20, 20]


def test_loss_is_known_of_three_arms_and_without_a_measurement_before(make_study, long_scores):
    index = pd.Index([f"p{i}" for i in range(60)])
    pupils = pd.DataFrame({"arm": np.repeat(["T", "C"], 30)}, index=index)
    post = pd.Series(np.random.default_rng(2).normal(size=60), index)
    post.iloc[:9] = np.nan
    facts = describe(make_study(), long_scores({"post": post}), pupils)
    assert facts_of(facts, what="attrition_differential")[0].value == pytest.approx(0.3)
    assert not facts_of(facts, what="baseline_difference")
    assert attrition((30, 20, 10), (27, 20, 5)).differential == pytest.approx(0.5)
