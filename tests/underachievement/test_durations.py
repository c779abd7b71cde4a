"""Chronic or situational: by date, over consecutive moments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UnfitError
from werkbank.underachievement.durations import breadth, durations

DATES = ["2024-01-20", "2024-06-10", "2025-01-22", "2025-06-12"]


def flags(values, dates=DATES, pupil="p", subject="rekenen"):
    flag = pd.array([{"1": True, "0": False, "?": None}[v] for v in values], dtype="boolean")
    return pd.DataFrame(
        {"pupil": pupil, "subject": subject, "date": pd.to_datetime(dates[: len(values)]), "flag": flag}
    )


@pytest.mark.parametrize(
    ("values", "kind", "longest", "days"),
    [
        ("0000", "not flagged", 0, 0),
        ("1000", "situational", 1, 0),
        ("0001", "situational", 1, 0),  # one low score, however recent, is never chronic
        ("1010", "situational", 1, 0),
        ("1100", "situational", 2, 142),  # two in a row, but less than half a year apart
        ("0110", "chronic", 2, 226),
        ("1111", "chronic", 4, 509),
        ("1?10", "chronic", 2, 368),  # a moment nobody measured neither breaks nor lengthens
        ("????", None, 0, 0),
    ],
)
def test_kind_by_consecutive_moments_and_dates(values, kind, longest, days):
    row = durations(flags(values)).iloc[0]
    assert (row["kind"] if kind else row.isna()["kind"]) == (kind or True)
    assert (row["longest"], row["days"]) == (longest, days)
    assert row["n_unknown"] == values.count("?")
    assert row["n_flags"] == values.count("1")


@pytest.mark.parametrize(("last", "kind"), [("2024-07-20", "situational"), ("2024-07-21", "chronic")])
def test_half_a_year_is_183_days(last, kind):
    assert durations(flags("11", ["2024-01-20", last]))["kind"].tolist() == [kind]


def test_the_longest_run_in_days_may_not_hide_one_with_enough_moments():
    dates = ["2022-01-01", "2023-06-01", "2023-07-01", "2023-08-01", "2023-12-01", "2024-03-01"]
    row = durations(flags("110111", dates), min_moments=3).iloc[0]
    assert (row["longest"], row["kind"]) == (2, "chronic")


def test_order_of_rows_does_not_matter_and_series_stay_apart():
    table = pd.concat([flags("0110"), flags("1001", subject="taal"), flags("0000", pupil="q")])
    shuffled = table.sample(frac=1, random_state=2)
    found = durations(shuffled).set_index(["pupil", "subject"])["kind"]
    assert found.to_dict() == {
        ("p", "rekenen"): "chronic",
        ("p", "taal"): "situational",
        ("q", "rekenen"): "not flagged",
    }


def test_two_results_on_one_day_are_refused():
    with pytest.raises(UnfitError) as caught:
        durations(flags("11", ["2024-01-20", "2024-01-20"]))
    assert caught.value.problems[0].code == "underachievement_moment_twice"
    assert "rekenen" in str(caught.value)


@pytest.mark.parametrize("column", ["pupil", "subject", "date"])
def test_a_row_that_cannot_be_placed_is_refused(column):
    table = flags("11")
    table.loc[0, column] = None
    with pytest.raises(UnfitError) as caught:
        durations(table)
    assert [(p.code, p.column, p.details["n"]) for p in caught.value.problems] == [
        ("monitoring_row_incomplete", column, 1)
    ]
    assert column in str(caught.value)


def test_breadth_over_subjects():
    table = pd.concat(
        [
            flags("0110"),
            flags("0000", subject="taal"),
            flags("?", subject="lezen"),
            flags("0110", pupil="q"),
            flags("01", pupil="s"),
            flags("00", pupil="n"),
        ]
    )
    found = breadth(durations(table))
    assert found.loc["p", ["n_subjects", "n_flagged", "n_chronic"]].tolist() == [2, 1, 1]
    assert found["kind"].to_dict() == {"p": "chronic", "q": "chronic", "s": "situational", "n": "not flagged"}
    assert found["breadth"].to_dict() == {"p": "some", "q": "all", "s": "all", "n": "none"}


def test_no_rows_give_no_series():
    assert durations(flags("1").iloc[:0]).empty


def naive(series):
    """Return the kind by walking through the moments, the way one would on paper."""
    start, seen, run = None, False, 0
    for row in series.sort_values("date").dropna(subset=["flag"]).itertuples():
        start, run = (row.date if run == 0 else start, run + 1) if row.flag else (None, 0)
        seen |= bool(row.flag)
        if run >= 2 and (row.date - start).days >= 183:
            return "chronic"
    return "situational" if seen else "not flagged"


def test_many_series_agree_with_walking_through_them():
    rng = np.random.default_rng(6)
    n = 3000
    table = pd.DataFrame({"pupil": rng.integers(0, 400, n), "subject": "taal", "day": rng.integers(0, 1500, n)})
    table = table.drop_duplicates(["pupil", "day"])
    table["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(table["day"], "D")
    table["flag"] = pd.array(rng.choice([True, False, None], len(table), p=[0.5, 0.4, 0.1]), dtype="boolean")
    found = durations(table).set_index("pupil")["kind"].dropna()
    assert found.value_counts().min() >= 10
    for pupil, series in table.groupby("pupil"):
        if pupil in found:
            assert found[pupil] == naive(series)
