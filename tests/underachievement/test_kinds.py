"""Kinds of underachievement and the three gates."""

from __future__ import annotations

import pandas as pd
import pytest

from werkbank.errors import UnfitError
from werkbank.underachievement.kinds import gates, profile_counts, relative_or_absolute, selective
from werkbank.underachievement.methods import find


def test_bdf_has_67_relative_and_20_absolute(bdf, criteria):
    kinds = relative_or_absolute(find(bdf, criteria["difference"])).value_counts()
    assert kinds.to_dict() == {"not flagged": 2200, "relative": 67, "absolute": 20}


def test_absolute_are_those_below_the_mean_by_r(bdf, criteria, reference):
    kinds = relative_or_absolute(find(bdf, criteria["difference"]))
    wanted = reference["bdf_lang"]["top10"]
    both = set(wanted["difference"]["ids"]) & set(wanted["absolute_mean"]["ids"])
    assert set(kinds.index[kinds == "absolute"]) == both


def test_not_judged_stays_without_a_kind(bdf, criteria):
    kinds = relative_or_absolute(find(bdf.assign(lang=bdf["lang"].where(bdf.index > 3)), criteria["difference"]))
    assert kinds.isna().sum() == 3


@pytest.fixture
def six():
    pupils = pd.Index(list("abcdef"), name="pupil")
    discrepancy = pd.Series([True, True, True, True, False, None], pupils, dtype="boolean")
    duration = pd.Series(["chronic", "chronic", "chronic", "situational", "chronic", None], pupils)
    causes = pd.DataFrame(
        {"disorder": [False, None, True, False, False, False], "bullying": [False, False, None, False, False, False]},
        index=pupils,
    ).astype("boolean")
    both = pd.Series([True, True, True, True, True, False], pupils)
    return discrepancy, duration, causes, both


def test_three_gates_count_what_passes_each(six):
    found = gates(*six)
    assert (found.n, found.n_both, found.share_both) == (6, 5, pytest.approx(5 / 6))
    assert (found.n_discrepancy, found.n_duration, found.n_signal) == (4, 3, 1)
    assert found.table["signal"].tolist() == [True, pd.NA, False, False, False, pd.NA]


def test_gates_agree_with_a_pupil_by_pupil_reading(six):
    discrepancy, duration, causes, both = six
    found = gates(*six).table["signal"]
    for pupil in both.index:
        gap, long = discrepancy[pupil], duration[pupil] == "chronic"
        cause = ["open" if pd.isna(c) else bool(c) for c in causes.loc[pupil]]
        if pd.isna(gap) or (gap and long and "open" in cause and True not in cause):
            assert found[pupil] is pd.NA
        else:
            assert found[pupil] == (gap and long and cause == [False, False])


def test_causes_that_were_not_excluded_are_counted(six):
    found = gates(*six)
    assert found.n_not_established == 1  # c has a disorder: that is established, whatever else is open
    assert found.not_established == {"disorder": 1, "bullying": 1}


def test_one_low_score_never_becomes_a_signal(six):
    discrepancy, _, causes, both = six
    once = pd.Series("situational", both.index)
    assert gates(discrepancy, once, causes.fillna(value=False), both).n_signal == 0


def test_a_pupil_without_exclusion_record_is_not_established(six):
    discrepancy, duration, causes, both = six
    found = gates(discrepancy, duration, causes.drop(index="a"), both)
    assert found.n_signal == 0
    assert found.n_not_established == 2


def test_selective_patterns_need_results_of_both_kinds():
    scores = pd.DataFrame(
        {
            "pupil": ["p"] * 4 + ["q"] * 4 + ["r"] * 3,
            "z": [1.0, 1.2, -0.4, -0.2, 0.1, 0.2, 0.0, 0.1, 2.0, 2.0, -2.0],
            "at_stake": [True, True, False, False] * 2 + [True, True, False],
        }
    )
    found = selective(scores, "producing")
    assert found["gap"].round(2).to_dict() == {"p": 1.4, "q": 0.1, "r": 4.0}
    assert found["pattern"].tolist() == [True, False, pd.NA]
    liked = selective(scores.rename(columns={"at_stake": "liked"}), "consuming", min_gap=2, min_each=1)
    assert liked["pattern"].tolist() == [False, False, True]


def test_profiles_are_labels_that_must_exist():
    assert profile_counts(["underground", "underground", "at_risk"])["underground"] == 2
    assert len(profile_counts([])) == 6
    with pytest.raises(UnfitError, match="lazy"):
        profile_counts(["lazy"])
