"""Scores that can be compared over time, growth, and no learning space."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UnfitError
from werkbank.underachievement.monitoring import ceiling_runs, common_scale, growth


def test_growth_matches_r(r):
    table = pd.DataFrame(r["monitoring"]["series"]).rename(columns={"score": "ability"})
    table["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(table["day"], unit="D")
    found = growth(table.assign(subject="taal"), "ability").sort_values("pupil")
    assert found["slope"].tolist() == pytest.approx(r["monitoring"]["growth"]["slope"], rel=1e-8)
    assert found["slope_se"].tolist() == pytest.approx(r["monitoring"]["growth"]["se"], rel=1e-8)
    known = growth(table.assign(subject="taal"), "ability", sem={"taal": 2.0}).sort_values("pupil")
    ratio = known["slope_se"].to_numpy() / found["slope_se"].to_numpy()
    assert ratio.std() == pytest.approx(0, abs=1e-12)


def test_growth_is_a_straight_line_through_each_pupils_scores(r):
    table = pd.DataFrame(r["monitoring"]["series"])
    table["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(table["day"], unit="D")
    found = growth(table.assign(subject="taal", ability=table["score"]), "ability").set_index("pupil")["slope"]
    for pupil, s in table.groupby("pupil"):
        assert found[pupil] == pytest.approx(np.polyfit(s["day"] / 365.25, s["score"], 1)[0], rel=1e-9)


def test_one_score_has_no_slope():
    one = pd.DataFrame({"pupil": ["p"], "subject": "taal", "date": pd.to_datetime(["2024-01-01"]), "ability": [3.0]})
    assert growth(one, "ability")[["slope", "slope_se"]].isna().all(axis=None)


def scores(**columns):
    base = {"pupil": ["p", "q", "p", "q"], "subject": "rekenen", "ability": 1.0, "norm": 0.0, "raw": 5.0}
    dates = pd.to_datetime(["2024-01-20", "2024-01-20", "2024-06-10", "2024-06-10"])
    return pd.DataFrame(
        {**base, "date": dates, "test": ["M5", "M5", "E5", "E5"], "level": ["5", "5", "5", "5"], **columns}
    )


@pytest.mark.parametrize(
    ("scale", "columns", "code"),
    [
        ("ability", {"ability_scale": ["2.0", "2.0", "3.0", "3.0"]}, "monitoring_scales_differ"),
        ("norm", {"level": ["5", "7", "5", "7"]}, "monitoring_norm_across_levels"),
        ("raw", {}, "monitoring_raw_across_tests"),
        ("raw", {"test": "M5", "level": ["5", "7", "5", "7"]}, "monitoring_raw_across_tests"),
    ],
)
def test_scores_of_different_tests_are_not_mixed(scale, columns, code):
    with pytest.raises(UnfitError) as caught:
        common_scale(scores(**columns), scale)
    assert {p.code for p in caught.value.problems} == {code}
    assert "rekenen" in caught.value.problems[0].sentence("en")


@pytest.mark.parametrize(
    ("scale", "columns"),
    [
        ("ability", {"level": ["5", "7", "5", "7"], "ability_scale": "3.0"}),  # out of level on one scale: as it should
        ("norm", {}),
        ("raw", {"test": "M5"}),
    ],
)
def test_what_is_on_one_scale_passes(scale, columns):
    common_scale(scores(**columns), scale)


def test_missing_columns_are_all_named():
    with pytest.raises(UnfitError) as caught:
        common_scale(pd.DataFrame({"pupil": []}), "ability")
    assert [p.column for p in caught.value.problems] == ["subject", "date", "ability"]


def test_ceiling_needs_a_period_without_errors():
    dates = pd.to_datetime(["2024-01-20", "2024-06-10", "2025-01-20"])
    raw = {"always": [27, 30, 28], "once": [30, 20, 30], "short": [29, 29, 10], "low": [5, 5, 5]}
    table = pd.concat(
        [pd.DataFrame({"pupil": p, "subject": "rekenen", "date": dates, "raw": v, "max": 30}) for p, v in raw.items()]
    )
    found = ceiling_runs(table).set_index("pupil")
    assert found["ceiling"].to_dict() == {"always": True, "once": False, "short": False, "low": False}
    assert found.loc["always", ["n_flags", "longest", "days"]].tolist() == [3, 3, 366]


@pytest.mark.parametrize("points", [1, 20, 300])
def test_ceiling_does_not_depend_on_the_number_of_points(points):
    dates = pd.to_datetime(["2024-01-20", "2024-09-10"])
    table = pd.DataFrame({"pupil": "p", "subject": "rekenen", "date": dates, "raw": points * 0.9, "max": points})
    assert ceiling_runs(table)["ceiling"].tolist() == [True]
    assert ceiling_runs(table.assign(raw=points * 0.89))["ceiling"].tolist() == [False]
