"""What is computed of logs, worked by hand."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.cases.logs_made import found, school_days, sheet, study
from tests.conftest import opened_example

from werkbank.cases.logs.following import lowest_run, trend
from werkbank.programmes.forms import form
from werkbank.study.logs import Calendar

DAYS = school_days(30)
COLOURS = ("rood", "oranje", "groen")


def test_school_days_leave_out_weekends_holidays_and_other_days_of_the_week():
    told = {"first": "2026-09-07", "last": "2026-09-30", "closed": ["2026-09-14 .. 2026-09-18", "2026-09-25"]}
    days = Calendar(**told).school_days()
    assert len(days) == 18 - 5 - 1
    assert [day.day for day in Calendar(**told, weekdays=["mon", "thu"]).school_days()] == [7, 10, 21, 24, 28]
    assert Calendar(**told).without_school(dt.date(2026, 9, 13)) == "weekend"
    assert Calendar(**told, weekdays=["mon"]).without_school(dt.date(2026, 9, 8)) == "weekday"


# --- dose and the row of ten days


def two_by_ten(states, first=0):
    return [
        ("L01", min(n, 10), DAYS[first + n - 1], 2 if s == "gedaan" else None, "ja" if s == "gedaan" else None, s)
        for n, s in enumerate(states, 1)
        if s
    ]


def test_ten_days_in_a_row(tmp_path):
    _, fact, *_ = found(study(tmp_path / "a", "2x10", two_by_ten(["gedaan"] * 10)))
    assert fact(what="log_grid", arm="L01").value == "D" * 10
    assert fact(what="log_strict", arm="L01").value == 1
    assert fact(what="log_minutes", arm="L01", category="total").value == 20
    assert fact(what="log_run", arm="L01").value == 10


def test_absence_is_taken_off_and_a_day_without_a_line_is_unknown(tmp_path):
    states = ["gedaan"] * 4 + ["leerling afwezig", "gedaan", "geweigerd", None, "niet gedaan", "gedaan"]
    estimate, fact, *_ = found(study(tmp_path / "a", "2x10", two_by_ten(states)))
    assert fact(what="log_grid", arm="L01").value == "DDDDADRUND"
    assert fact(what="log_strict", arm="L01").value == 0
    assert fact(what="log_run", arm="L01").value == 4
    share = estimate(method="log_adherence", other="grid", group="L01", n=9)  # 10 - 1 absent; 1 of 9 unknown
    assert (share.estimate, share.ci_low, share.ci_high) == pytest.approx((6 / 9, 6 / 9, 7 / 9))


def test_too_much_unknown_gives_bounds_and_no_share(tmp_path):
    states = ["gedaan"] * 5 + [None] * 4 + ["gedaan"]
    _, _, estimates, _ = found(study(tmp_path / "a", "2x10", two_by_ten(states)))
    for share in (e for e in estimates if e.method == "log_adherence"):
        assert share.estimate is None
        assert (share.ci_low, share.ci_high) == pytest.approx((0.6, 1.0))
        assert share.note == "logs.not_observed"


def test_a_holiday_is_no_day_of_the_row(tmp_path):
    first = DAYS.index(dt.date(2026, 10, 5))
    rows = two_by_ten(["gedaan"] * 10, first)
    assert rows[-1][2] == dt.date(2026, 10, 23)  # the week without school in between
    _, fact, *_ = found(study(tmp_path / "a", "2x10", rows))
    assert fact(what="log_strict").value == 1


def test_lines_after_the_tenth_day_and_two_pupils_at_once_are_told(tmp_path):
    rows = [*two_by_ten(["gedaan"] * 12), ("L02", 1, DAYS[3], 1, "ja", "gedaan")]
    _, fact, *_ = found(study(tmp_path / "a", "2x10", rows))
    assert fact(what="log_caution", category="outside").value == 2
    assert fact(what="log_caution", category="overlapping").value == 1
    assert fact(what="log_count", category="short", arm="L02").value == 1


BANKING = [
    ("L01", DAYS[0], 10, "ja", 0, "nee", "gedaan"),  # as described
    ("L01", DAYS[3], 4, "deels", 1, "nee", "gedaan"),  # too short
    ("L01", DAYS[7], 15, "ja", 0, "ja", "gedaan"),
    ("L01", DAYS[8], None, None, None, None, "leerling afwezig"),
    ("L02", DAYS[1], 20, "nee", 2, "ja", "gedaan"),  # too long
]


def test_sessions_minutes_gaps_and_fidelity(tmp_path):
    estimate, fact, *_ = found(study(tmp_path / "a", "banking-time", BANKING))
    assert fact(what="log_count", table="minutes", arm="L01", category="done").value == 3
    assert fact(what="log_minutes", arm="L01", category="total").value == 29
    assert fact(what="log_minutes", arm="L01", category="median").value == 10
    assert fact(what="log_minutes", arm="", category="total").value == 49
    assert fact(what="log_gap", arm="L01").value == 4
    assert estimate(method="wilson_share", other="five_to_fifteen", group="L01").estimate == pytest.approx(2 / 3)
    leads = estimate(method="wilson_share", criterion="child_leads", group="")
    assert (leads.estimate, leads.n) == (0.5, 4)
    whole = fact(what="log_fidelity", arm="L01")
    assert (whole.value, whole.n) == (pytest.approx((2 + 2 + 2) / 9), 9)
    assert estimate(method="log_adherence", group="L01").note == "logs.no_plan"


def test_sessions_a_week(tmp_path):
    _, fact, *_ = found(study(tmp_path / "a", "banking-time", BANKING))
    weeks = {day.isocalendar()[1] for day in school_days(40) if day <= dt.date(2026, 10, 30)}
    assert len(weeks) == 7  # eight, less one without school
    assert fact(what="log_weekly", arm="L01").value == pytest.approx(3 / 7)


def test_against_a_plan(tmp_path):
    folder = study(tmp_path / "a", "banking-time", BANKING, more={"planned": {"per_week": 2, "weeks": 2}})
    estimate, fact, *_ = found(folder)
    one, two = (estimate(method="log_adherence", group=who) for who in ("L01", "L02"))
    assert (one.estimate, one.n) == (1.0, 3)  # four, less one on which the pupil was not there
    # three planned times without a line are unknown, not "not done": the share has bounds
    assert (two.estimate, two.ci_low, two.ci_high, two.n) == (None, 0.25, 1.0, 4)
    unknown = {who: fact(what="log_count", arm=who, category="unknown").value for who in ("L01", "L02")}
    assert unknown == {"L01": 0, "L02": 3}


def test_what_was_planned_is_done_not_done_or_unknown():
    results = opened_example("leerlingen", "nl").results
    for whose in ("L03", "L07", "L11"):
        at = {"what": "log_count", "outcome": "banking-time", "arm": whose, "table": "minutes"}
        counts = {f.category: f.value for f in results.facts_where(**at)}
        known = sum(counts.get(name, 0) for name in ("done", "not_done", "refused", "unknown"))
        assert known == counts["expected"], whose
    assert counts["unknown"] == 7  # L11: sixteen planned, nine lines


def test_a_period_that_is_not_over_counts_to_its_latest_line(tmp_path):
    rows = [("L01", day, colour, None, None, None) for day, colour in zip(DAYS[:6], ["groen"] * 6, strict=True)]
    folder = study(tmp_path / "a", "check-in", rows)
    for today, last in ((DAYS[10], DAYS[5]), (dt.date(2026, 11, 27), dt.date(2026, 10, 30))):
        _, fact, *_ = found(folder, today)
        assert fact(what="log_period", category="last").value == last.isoformat()


# --- whom


def test_who_was_reached(tmp_path):
    contacts = {"L02": 1, "L03": 1, "L04": 2, "L05": 6}
    rows = [
        (who, DAYS[i], "gesprek", 5, "ja", "nee") for who, n in contacts.items() for i in range(n)
    ] + [("L01", DAYS[0], "gesprek", 5, "ja", "ja")]  # fmt: skip
    classmates = ["L01", "L02", "L03", "L04", "L05"]
    _, fact, *_ = found(study(tmp_path / "a", "contact", rows, class_list=classmates))
    assert fact(what="log_coverage", category="").value == 0.8  # 0 1 1 2 6
    assert fact(what="gini", category="").value == pytest.approx(0.52)
    assert fact(what="log_median", category="").value == 1
    assert fact(what="log_count", category="apart").value == 1  # a correction is no contact
    assert fact(what="log_since", arm="L01").value is None
    since = fact(what="log_since", arm="L05").value
    days = Calendar(first="2026-09-07", last="2026-10-30", closed=["2026-10-12 .. 2026-10-16", "2026-09-25"])
    assert since == len(days.school_days()) - 6


def test_coverage_needs_a_class_list(tmp_path):
    rows = [("L01", DAYS[0], "gesprek", 5, "ja", "nee")]
    _, fact, *_ = found(study(tmp_path / "a", "contact", rows, class_list=None))
    assert (fact(what="log_coverage").value, fact(what="log_coverage").note) == (None, "logs.no_class_list")


# --- colours and numbers


def colours(words):
    return [("L01", day, word, None, None, None) for day, word in zip(DAYS, words, strict=False) if word]


def test_colours_are_counted_in_order_and_refused_is_not_absent(tmp_path):
    words = ["rood", "rood", "oranje", "groen", "geweigerd", None, "leerling afwezig", "groen", "groen", "groen"]
    estimate, fact, *_ = found(study(tmp_path / "a", "check-in", colours(words), more={"last": str(DAYS[9])}))
    counts = {c: fact(what="log_count", table="colour", arm="L01", wave="", category=c).value
              for c in ("red", "orange", "green", "refused", "absent")}  # fmt: skip
    assert counts == {"red": 2, "orange": 1, "green": 4, "refused": 1, "absent": 1}
    green = estimate(method="wilson_share", other="green", group="L01")
    assert (green.estimate, green.n) == (pytest.approx(4 / 7), 7)
    assert fact(what="log_median", arm="L01").value == 3
    places = [1, 1, 2, 3, 3, 3, 3]
    days = [1, 2, 3, 4, 8, 9, 10]
    tau = estimate(method="log_trend", group="L01").estimate
    assert tau == pytest.approx(stats.kendalltau(days, places).statistic)
    # ups: of 21 pairs all but 1 (red, red) and 6 (green, green) rise; ties on one side only
    assert tau == pytest.approx(14 / math.sqrt(21 * 14))
    week = fact(what="log_caution", category="much_refused")  # 1 of 5 in the first week is not more than 20 %
    assert (week.wave, week.value, week.n) == ("2026-W38", 1, 4)
    assert fact(what="log_count", category="green", wave="2026-W38", arm="L01").value == 3


def test_red_for_days_on_end(tmp_path):
    words = ["rood", "rood", "rood", None, "rood", "groen"]
    _, fact, *_ = found(study(tmp_path / "a", "check-in", colours(words)))
    assert fact(what="log_run", category="red").value == 3
    assert fact(what="log_caution", category="low_run").value == 3
    assert lowest_run(pd.DataFrame({"place": [1, 1, 3, 1], "day": [1, 2, 3, 4]})) == [1, 2]
    assert lowest_run(pd.DataFrame({"place": [1, 3, 1], "day": [1, 2, 3]})) == [3]  # of equals the latest
    assert lowest_run(pd.DataFrame({"place": [2.0], "day": [1]})) == []


def test_when_the_days_on_end_were_is_told(tmp_path):
    words = ["rood", "rood", "rood", None, "rood", "groen"]
    folder = study(tmp_path / "a", "check-in", colours(words), more={"began": str(DAYS[2])})
    _, fact, *_ = found(folder)
    low = fact(what="log_caution", category="low_run")
    assert (low.wave, low.item, low.parts) == (str(DAYS[0]), str(DAYS[2]), ("A", "B"))


@pytest.mark.parametrize("seed", range(20))
def test_the_trend_is_kendalls(seed):
    rng = np.random.default_rng(seed)
    days, values = pd.Series(np.arange(12)), pd.Series(rng.integers(1, 4, 12))
    assert trend(days, values).value == pytest.approx(stats.kendalltau(days, values).statistic, abs=1e-12)


def test_a_trend_needs_days_that_differ():
    assert trend(pd.Series([1, 2]), pd.Series([1, 2])).note == "few_days"
    assert trend(pd.Series([1, 2, 3]), pd.Series([2, 2, 2])).note == "no_variation"


def test_phases_of_colours_overlap_with_ties_for_half(tmp_path):
    words = ["rood", "oranje", "rood", "groen", "oranje", "groen"]
    estimate, *_ = found(study(tmp_path / "a", "check-in", colours(words), more={"began": str(DAYS[3])}))
    # A: 1 2 1, B: 3 2 3 -> 8 pairs better, 1 tie
    assert estimate(method="nap", group="L01").estimate == pytest.approx(8.5 / 9)
    assert estimate(method="case_tau", group="L01").estimate == pytest.approx(8 / 9)


SCALE = [("L01", DAYS[i], "q1", value, None, None, None) for i, value in enumerate((3, 4, 4, 6))]


def test_a_scale_question_changes_and_says_no_more_without_a_reliability(tmp_path):
    estimate, fact, *_ = found(
        study(tmp_path / "a", "scale-1-10", [*SCALE, ("L01", DAYS[0], "q2", 9, None, None, None)])
    )
    at = {"arm": "L01", "wave": "q1"}
    assert [fact(what=f"log_{w}", **at).value for w in ("first", "last", "change", "low", "high")] == [3, 6, 3, 3, 6]
    assert fact(what="log_count", category="up", **at).value == 2
    assert fact(what="log_median", **at).value == 4
    assert estimate(method="log_rci", level="q1").note == "logs.no_reliability"
    known = study(tmp_path / "b", "scale-1-10", SCALE, more={"reliability": 0.8, "sd": 1.5})
    rci = found(known)[0](method="log_rci").estimate
    assert rci == pytest.approx(3 / (1.5 * math.sqrt(2 * 0.2)))


def test_moments_of_a_thermometer_are_not_put_together(tmp_path):
    rows = [
        ("L01", DAYS[0], "begin van de dag", 2, None, "gedaan", None, None),
        ("L01", DAYS[1], "begin van de dag", 4, "blij", "gedaan", None, None),
        ("L01", DAYS[1], "na een aanvaring", 9, "boos", "gedaan", None, "angst"),
    ]
    _, fact, *_ = found(study(tmp_path / "a", "thermometer", rows, more={"top": 10}))
    assert fact(what="log_median", wave="start_of_day").value == 3
    assert fact(what="log_median", wave="after_conflict").value == 9
    assert fact(what="log_pair", parts=("angry", "after_conflict")).value == 1
    assert fact(what="log_worry").category == "anxiety"


# --- counts


def tallies(pairs, source="observator"):
    return [("L01", DAYS[i], "ochtend", None, plus, minus, source) for i, (plus, minus) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("pairs", "ratio", "met", "note"),
    [
        ([(9, 3)], 3.0, 1, ""),
        ([(8, 3)], 8 / 3, 0, ""),
        ([(6, 0), (3, 3)], 3.0, 1, ""),  # added up: a mean of days would have no value
        ([(12, 0)], None, 1, "logs.no_negatives"),
        ([(0, 0)], None, None, "logs.no_interactions"),
        ([(2, 1)], 2.0, 0, "logs.few_interactions"),
    ],
)
def test_three_to_one(tmp_path, pairs, ratio, met, note):
    estimate, fact, *_ = found(study(tmp_path / "a", "tally-3-1", tallies(pairs)))
    told = estimate(method="positive_ratio", group="L01")
    assert told.estimate == (None if ratio is None else pytest.approx(ratio))
    assert told.note == note
    assert fact(what="log_met", arm="L01").value == met


def test_the_share_of_positive_has_wilsons_interval(tmp_path):
    estimate, fact, *_ = found(study(tmp_path / "a", "tally-3-1", tallies([(9, 3)], "zelf")))
    share = estimate(method="wilson_share", group="L01")
    assert (share.estimate, share.ci_low, share.ci_high) == pytest.approx((0.75, 0.46769466507, 0.91105833161))
    assert fact(what="log_caution", category="self_counted").value == 1
    assert fact(what="log_caution", category="interval_covers_less").value == 1


def test_conflicts_before_and_after(tmp_path):
    days = school_days(50)
    assert len(days) >= 50
    calendar = {"first": str(days[0]), "last": str(days[49]), "closed": ["2026-10-12 .. 2026-10-16", "2026-09-25"]}
    rows = [(f"i{i}", "L01", day, "1", None) for i, day in enumerate([*days[:6], days[30], days[40]])]
    folder = study(tmp_path / "a", "incidents", rows, more={"began": str(days[20])}, calendar=calendar)
    estimate, _, _, facts = found(folder, today=dt.date(2027, 1, 1))
    assert estimate(method="event_rate", level="A").estimate == pytest.approx(0.3)
    assert estimate(method="event_rate", level="B").estimate == pytest.approx(2 / 30)
    ratio = estimate(method="event_rate_ratio")
    assert (ratio.estimate, ratio.ci_low, ratio.ci_high, ratio.p) == pytest.approx(
        (0.22222222222, 0.021934726865, 1.2427640385, 0.06660352), abs=1e-7
    )
    assert not [f for f in facts if f.category == "few_events"]


def test_a_rate_needs_days_on_which_somebody_looked(tmp_path):
    rows = [("i1", "L01", DAYS[0], "1", None)]
    estimate, fact, *_ = found(study(tmp_path / "a", "incidents", rows, calendar=None))
    assert estimate(method="event_rate").note == "logs.no_observed_days"
    assert fact(what="log_caution", category="few_events").value == 1


def test_talks_after_incidents(tmp_path):
    talk = lambda one, day: (one, "L01", day, "ja", "ja", "nee", "ja", "nee", "ja", None, None)  # noqa: E731
    others = [{"log": "incidents", "path": "i.xlsx"}]
    folder = study(tmp_path / "a", "repair-talk", [talk("i1", DAYS[2]), talk("i3", DAYS[9])], others=others)
    incidents = [(f"i{n}", "L01", DAYS[n - 1], "1", None) for n in (1, 2, 3)]
    sheet(folder / "i.xlsx", list(form("incidents").columns), incidents)
    estimate, fact, *_ = found(folder)
    assert estimate(method="wilson_share", other="incidents").estimate == pytest.approx(2 / 3)
    assert fact(what="log_median", category="days_to_talk").value == (2 + 7) / 2
    assert fact(what="log_fidelity", arm="L01").value == pytest.approx(4 / 6)


def test_phases_of_a_relationship(tmp_path):
    states = ["opbouwen", "opbouwen", "onderhouden", "herstellen", "onderhouden"]
    mondays = [dt.date(2026, 9, 7) + dt.timedelta(7 * i) for i in range(5)]
    rows = [("L01", day, s, "ja", "nee", "ja", None, None) for day, s in zip(mondays, states, strict=True)]
    _, fact, *_ = found(study(tmp_path / "a", "emr", rows))
    assert [fact(what="log_count", category=s).value for s in ("establish", "maintain", "restore")] == [2, 2, 1]
    assert fact(what="log_moves", parts=("maintain", "restore")).value == 1
    assert fact(what="log_caution", category="few_moves").value == 3
    whole = fact(what="log_fidelity", arm="L01")
    assert (whole.value, whole.n) == (pytest.approx(2 / 3), 15)  # the fourth step was never filled in
    assert fact(what="log_count", category="open").value == 5


def test_what_came_before_what(tmp_path):
    rows = [
        (f"e{n}", "L01", DAYS[n // 2], before, "roepen", after, None, 30)
        for n, (before, after) in enumerate([*[("opdracht", "ontsnapping")] * 2, ("wachten", "genegeerd")])
    ]
    estimate, fact, *_ = found(study(tmp_path / "a", "abc", rows))
    assert fact(what="log_pair", parts=("task", "escape")).value == 2
    assert estimate(method="event_rate").estimate == pytest.approx(3 / 1.0)  # two half hours: one of them held two


# --- goals, lists, raters


def plan(goal, due, done, partner, gas=None, weight=None, before="ja"):
    return ("L01", goal, DAYS[0], due, done, partner, None, weight, gas, before)


def test_sub_goals_by_partner_and_attainment(tmp_path):
    rows = [
        plan("d1", DAYS[5], DAYS[4], "leerling", 1, 1),
        plan("d2", DAYS[5], DAYS[7], "school", 0, 2),
        plan("d3", DAYS[6], None, "school", -1, 1),
        plan("d4", dt.date(2027, 6, 1), None, "school"),
    ]
    estimate, fact, *_ = found(study(tmp_path / "a", "plan", rows))
    whole = estimate(method="wilson_share", level="")
    assert (whole.estimate, whole.n) == (pytest.approx(2 / 3), 3)
    assert estimate(method="wilson_share", level="school").estimate == pytest.approx(0.5)
    assert fact(what="log_count", category="on_time").value == 1
    assert (
        fact(what="log_median", category="days_late").value == ((DAYS[4] - DAYS[5]).days + (DAYS[7] - DAYS[5]).days) / 2
    )
    assert fact(what="log_caution", category="no_parent_task").value == 1
    assert estimate(method="goal_attainment").estimate == pytest.approx(50)


def test_attainment_needs_levels_from_before_and_two_goals(tmp_path):
    rows = [plan("d1", DAYS[5], None, "leerling", 1), plan("d2", DAYS[5], None, "leerling", 1),
            plan("d3", DAYS[5], None, "leerling", 0)]  # fmt: skip
    assert found(study(tmp_path / "a", "plan", rows))[0](method="goal_attainment").estimate == pytest.approx(
        59.1287092918
    )
    late = [rows[0], plan("d2", DAYS[5], None, "leerling", 1, before="nee")]
    told = found(study(tmp_path / "b", "plan", late))[0](method="goal_attainment")
    assert (told.estimate, told.note) == (None, "logs.levels_after_start")
    assert found(study(tmp_path / "c", "plan", rows[:1]))[0](method="goal_attainment").note == "logs.few_goals"


def test_each_partners_part(tmp_path):
    done = {"leerling": ["ja", "ja", "nee"], "ouder": ["ja", "nee", "nee"]}
    rows = [("L01", DAYS[i], who, None, said) for who, each in done.items() for i, said in enumerate(each)]
    estimate, *_ = found(study(tmp_path / "a", "small-plans", rows))
    assert estimate(level="pupil").estimate == pytest.approx(2 / 3)
    assert estimate(level="parent").estimate == pytest.approx(1 / 3)


def words(pairs):
    """Three words for each pupil, coded by two."""
    rows = []
    for n, pair in enumerate(pairs):
        for coder, value in enumerate(pair, 1):
            rows.append(("LK1", f"L{n // 3:02}", "leerling", n % 3 + 1, str(coder), value, "nee"))
    return rows


FIRST, SECOND = [1, 0, -1, 1, 1, 0, -1, -1, 1, 0], [1, 0, -1, 0, 1, 0, -1, 0, 1, 1]


def test_two_coders_of_words(tmp_path):
    rows = words(zip(FIRST, SECOND, strict=True))
    estimate, fact, *_ = found(study(tmp_path / "a", "three-words", rows, class_list=None))
    assert fact(what="log_agreement").value == pytest.approx(0.7)
    kappa = estimate(method="kappa")
    assert (kappa.estimate, kappa.n) == (pytest.approx(0.6511627907), 10)  # linear weights
    assert -1 < estimate(method="krippendorff").estimate < 1
    assert fact(what="log_sum", arm="L00", wave="1").value == 0
    assert fact(what="log_sum", arm="L02", wave="1").value == -1


def test_few_pairs_agree_in_per_cent_only_and_one_coder_not_at_all(tmp_path):
    rows = words(zip(FIRST[:6], SECOND[:6], strict=True))
    estimate, fact, *_ = found(study(tmp_path / "a", "three-words", rows, class_list=None))
    assert fact(what="log_agreement").value == pytest.approx(5 / 6)
    assert (estimate(method="kappa").estimate, estimate(method="kappa").note) == (None, "logs.few_pairs")
    alone = [row for row in rows if row[4] == "1"]
    told = found(study(tmp_path / "b", "three-words", alone, class_list=None))[1](what="log_agreement")
    assert (told.value, told.note) == (None, "logs.one_rater")


def test_signals_by_two_raters(tmp_path):
    pairs = [(3, 2), (2, 2), (4, 3), (1, 1), (3, 2), (4, 4), *[(2, 2)] * 4]
    rows = [
        (f"P{n}", str(rater), DAYS[0], value, value, value, value, value, None if n == 0 else value, 4, "nee", None)
        for n, pair in enumerate(pairs)
        for rater, value in enumerate(pair, 1)
    ]
    with pytest.raises(Exception, match="s6"):  # a signal that nobody filled in is asked for
        found(study(tmp_path / "a", "lh-signals", rows, class_list=None))
    rows = [(*row[:8], row[7], *row[9:]) for row in rows]
    estimate, fact, *_ = found(study(tmp_path / "b", "lh-signals", rows, class_list=None))
    assert fact(what="log_sum", arm="P2", wave="1").value == 24
    assert fact(what="log_count", category="bullying_not_excluded").value == 20
    assert fact(what="log_bias", item="s1_gives_up").value == pytest.approx(-3 / 10)
    assert estimate(method="icc_2_1", level="s1_gives_up").n == 10


def test_feedback_and_its_second_coder(tmp_path):
    kinds = ["proces", "proces", "product", "persoon"]
    rows = [(f"e{n}", "7a", DAYS[0], kind, "positief" if n < 3 else "corrigerend", "ja", "ja" if n == 0 else "nee", "1")
            for n, kind in enumerate(kinds)]  # fmt: skip
    estimate, *_ = found(study(tmp_path / "a", "feedback", rows))
    assert estimate(other="process", group="7a").estimate == 0.5
    assert estimate(other="credible", group="7a").estimate == 0.5
    assert estimate(other="person_correcting", group="7a").estimate == 1.0


def test_success_and_failure_are_never_put_together(tmp_path):
    rows = [(f"e{n}", "L01", DAYS[0], "succes" if n < 6 else "falen", "extern" if n < 5 else "intern", "ja", "nee",
             "uitspraak", "1") for n in range(8)]  # fmt: skip
    estimate, fact, *_ = found(study(tmp_path / "a", "attribution", rows))
    assert estimate(other="internal", level="success", group="L01").estimate == pytest.approx(1 / 6)
    few = estimate(other="internal", level="failure", group="L01")
    assert (few.estimate, few.note) == (None, "logs.few_events")
    assert fact(what="log_count", table="internal", arm="L01", category="failure").value == 2


def test_every_number_that_is_told_has_a_name_in_the_registry(tmp_path):
    from werkbank.catalogue import formulas

    _, _, estimates, facts = found(study(tmp_path / "a", "check-in", colours(["rood", "groen", "oranje"] * 5)))
    assert {e.method for e in estimates} <= set(formulas())
    assert {f.what for f in facts} <= set(formulas())
    assert len({e.id for e in estimates}) == len(estimates)
    assert len({f.id for f in facts}) == len(facts)


def test_causes_are_counted_over_pupils(tmp_path):
    rows = [("L01", "faalangst", "leerkracht"), ("L01", "het aanbod", "ouder"), ("L02", "faalangst", "leerling")]
    _, fact, *_ = found(study(tmp_path / "a", "causes", rows))
    whole = fact(what="log_count", arm="", category="fear_of_failure", table="cause")
    assert (whole.value, whole.n) == (2, 3)
    assert fact(what="log_pair", arm="", parts=("fear_of_failure", "pupil")).value == 1


def test_pupils_of_a_class_are_put_together_by_a_model_of_days_within_pupils(tmp_path):
    rng = np.random.default_rng(3)
    rows = [
        (f"L0{who}", day, COLOURS[min(place, 2)], None, None, None)
        for who in (1, 2, 3)
        for n, day in enumerate(DAYS[:20])
        for place in [int(rng.integers(0, 3)) + int(n >= 10 and rng.random() < 0.7)]
    ]
    folder = study(tmp_path / "a", "check-in", rows, more={"began": str(DAYS[10])})
    shift = found(folder)[0](method="log_ordered")
    assert (shift.n, shift.n_clusters, shift.df, shift.note) == (60, 3, 2, "logs.few_cases")
    assert shift.estimate > 0.5
    scale = [(f"L0{who}", day, "q1", who + 2 * (n >= 10) + n % 2, None, None, None) for who in (1, 2, 3)
             for n, day in enumerate(DAYS[:20])]  # fmt: skip
    folder = study(tmp_path / "b", "scale-1-10", scale, more={"began": str(DAYS[10])})
    effect = found(folder)[0](method="phase_effect")
    assert effect.estimate == pytest.approx(2, abs=1e-6)
    alone = [row for row in rows if row[0] == "L01"]
    _, _, estimates, _ = found(study(tmp_path / "c", "check-in", alone, more={"began": str(DAYS[10])}))
    assert not [e for e in estimates if e.method == "log_ordered"]
