"""Drop alerts: against R, and right for pupils who are stable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UsageError
from werkbank.underachievement.alerts import Rule, adjusted, watch


@pytest.fixture(scope="module")
def series(r):
    table = pd.DataFrame(r["monitoring"]["series"])
    date = pd.Timestamp("2020-01-01") + pd.to_timedelta(table["day"], unit="D")
    return table.assign(subject="taal", date=date).rename(columns={"score": "ability"})


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("linear", Rule()),
        ("level", Rule(growth="level")),
        ("linear_known", Rule(sem={"taal": 4.0})),
    ],
)
def test_prediction_and_p_match_r(key, rule, series, r):
    wanted = r["monitoring"][key]
    found = watch(series.sample(frac=1, random_state=5), rule)
    table = found.table.sort_values("pupil")
    assert table["z_last"].tolist() == pytest.approx(wanted["z_last"], rel=1e-8)
    assert table["z_before"].tolist() == pytest.approx(wanted["z_before"], rel=1e-8)
    assert table["predicted"].tolist() == pytest.approx(wanted["predicted"], rel=1e-9)
    assert table["p"].tolist() == pytest.approx(wanted["p"], rel=1e-6)
    assert table["p_adjusted"].tolist() == pytest.approx(wanted["BH"], rel=1e-6)
    assert found.error["sem"].tolist() == pytest.approx([wanted["sigma"]], rel=1e-9)
    if key == "linear":
        assert table.loc[table["state"] == "alert", "pupil"].tolist() == ["p03"]


def stable(rng, n, reliability, *, moments=7, subjects=("taal",), schools=1, days=(60, 260)):
    """Return pupils on their own straight lines, seen with error, at dates that differ between pupils."""
    error = np.sqrt(1 - reliability) * 15
    parts = []
    for subject in subjects:
        day = np.cumsum(rng.integers(*days, (n, moments)), axis=1)
        level = 100 + rng.normal(0, 15 * np.sqrt(reliability), n)[:, None]
        score = level + day / 365.25 * rng.normal(12, 3, n)[:, None] + rng.normal(0, error, (n, moments))
        part = {"pupil": np.repeat(np.arange(n), moments), "ability": score.ravel(), "subject": subject}
        part |= {"school": np.repeat(np.arange(n) % schools, moments)}
        parts.append(pd.DataFrame({**part, "date": pd.Timestamp("2018-01-01") + pd.to_timedelta(day.ravel(), "D")}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(("reliability", "days"), [(0.7, (20, 60)), (0.85, (60, 260)), (0.95, (300, 500))])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("confirm", [1, 2])
def test_p_of_stable_pupils_is_uniform(reliability, days, known, confirm):
    rng = np.random.default_rng(int(reliability * 100) + 7 * known + confirm)
    sem = {"taal": np.sqrt(1 - reliability) * 15} if known else None
    p = watch(stable(rng, 8_000, reliability, days=days), Rule(confirm=confirm, sem=sem)).table["p"]
    for rate in (0.01, 0.05, 0.25):
        assert abs((p <= rate).mean() - rate) < 3.5 * np.sqrt(rate * (1 - rate) / 8_000)


@pytest.mark.parametrize("known", [True, False])
def test_false_alarms_are_controlled_over_the_whole_school(known):
    rng = np.random.default_rng(20 + known)
    schools, rate = 400, 0.10
    scores = stable(rng, 400 * 30, 0.85, moments=6, schools=schools)
    sem = {"taal": np.sqrt(0.15) * 15} if known else None
    found = watch(scores, Rule(rate=rate, sem=sem))
    any_alert = found.table.groupby("school")["state"].agg(lambda s: (s == "alert").any()).mean()
    assert abs(any_alert - rate) < 3.5 * np.sqrt(rate * (1 - rate) / schools)
    assert found.n_expected == pytest.approx(rate * 12_000)  # what testing each pupil alone would give


@pytest.mark.long
def test_false_alarms_with_three_subjects_and_few_moments():
    rng = np.random.default_rng(99)
    schools, rate = 1500, 0.05
    scores = stable(rng, 1500 * 20, 0.9, moments=5, subjects=("taal", "rekenen", "lezen"), schools=schools)
    found = watch(scores, Rule(rate=rate))
    any_alert = found.table.groupby("school")["state"].agg(lambda s: (s == "alert").any()).mean()
    assert abs(any_alert - rate) < 3.5 * np.sqrt(rate * (1 - rate) / schools)


def test_of_the_alerts_on_real_drops_few_are_false():
    rng = np.random.default_rng(8)
    scores = stable(rng, 4000, 0.9, schools=20)
    last_two = scores.groupby("pupil").cumcount() >= 5
    falls = scores["pupil"] % 10 == 0
    scores.loc[last_two & falls, "ability"] -= 40
    table = watch(scores, Rule(rate=0.10)).table
    alerts = table[table["state"] == "alert"]
    assert (alerts["pupil"] % 10 != 0).mean() < 0.12
    assert (alerts["pupil"] % 10 == 0).sum() > 0.5 * 400


def test_one_low_score_is_never_an_alert(series):
    at_last = series.groupby("pupil")["day"].transform("max") == series["day"]
    one_low = series.assign(ability=series["ability"].where(~at_last, -1000.0))
    one_low = one_low[one_low["pupil"] != "p03"]
    assert (watch(one_low, Rule()).table["state"] != "alert").all()
    again = watch(one_low, Rule(confirm=1)).table["state"]
    assert set(again) == {"look again"}


def test_too_few_scores_are_not_judged_and_missing_ones_counted(series):
    short = series[series.groupby("pupil").cumcount() < 4]
    found = watch(short, Rule())
    assert found.table["state"].eq("not judged").all()
    assert (found.n_series, found.n_judged, found.n_alerts) == (12, 0, 0)
    gaps = series.assign(ability=series["ability"].where(series.index != 3))
    assert watch(gaps, Rule()).n_missing == 1
    assert watch(series.iloc[:0], Rule()).n_series == 0


def test_same_day_series_and_one_pupil_do_not_crash(series):
    one = series[series["pupil"] == "p01"]
    assert watch(one, Rule()).n_judged == 1
    only_two = one.head(2)
    assert watch(only_two, Rule(growth="level", sem={"taal": 5.0}, min_history=1, confirm=1)).n_judged == 1


def test_scores_without_any_scatter_give_no_z(series):
    for ability in (50.0, 3 + series["day"] / 7):
        assert watch(series.assign(ability=ability), Rule()).table["state"].eq("not judged").all()


def test_adjustment_stays_within_the_school():
    p = pd.Series([0.01, 0.04, 0.03, np.nan, 0.02])
    school = pd.Series(["a", "a", "b", "b", "b"])
    assert adjusted(p, school).tolist() == pytest.approx([0.02, 0.04, 0.03, np.nan, 0.03], nan_ok=True)


@pytest.mark.parametrize("wrong", [{"min_history": 2}, {"rate": 0.0}, {"growth": "level", "min_history": 1}])
def test_rules_that_cannot_work_are_refused(wrong):
    with pytest.raises(UsageError):
        Rule(**wrong)


def test_a_subject_without_sem_is_refused(series):
    with pytest.raises(UsageError, match="taal"):
        watch(series, replace(Rule(), sem={"rekenen": 3.0}))


def test_jsp_goes_through(shared):
    jsp = pd.read_csv(shared / "data" / "jsp.csv", dtype={"school": str, "class": str, "id": str})
    long = jsp.melt(["school", "id", "year"], ["math", "english"], "subject", "raw").rename(columns={"id": "pupil"})
    long["date"] = pd.to_datetime((1980 + long["year"]).astype(str) + "-06-01")
    by_moment = long.groupby(["subject", "year"])["raw"]
    long["norm"] = (long["raw"] - by_moment.transform("mean")) / by_moment.transform("std")
    rule = Rule(scale="norm", growth="level", min_history=2, confirm=1)
    found = watch(long, rule)
    assert found.n_series == 2 * 1192
    assert found.n_judged == 2 * 887  # the pupils with all three years
    assert 0 < found.n_alerts < found.n_expected
