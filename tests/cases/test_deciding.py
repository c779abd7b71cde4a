"""What now: by hand, and by simulation that nobody is told to go on where nothing changed."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from tests.cases.logs_made import found, school_days, study

from werkbank.cases.logs.deciding import improvement, judge

DAYS = school_days(38)
BEFORE, DURING = ["oranje", "rood", "oranje", "rood", "rood"], ["groen", "oranje", "groen", "groen", "groen"] * 5
AGREED = {"made": str(DAYS[0]), "log": "check-in", "column": "colour", "better": "higher", "goal": 3, "stop": 1}


def test_improvement_by_hand():
    a, b = np.array([1.0, 2, 1, 2, 1]), np.array([2.0, 3, 3, 2, 3])
    # pairs: 3 ones against 5 better: 15; 2 twos against 3 threes: 6, and 4 ties: (21 + 2)/25
    nap, z = improvement(a, b)
    assert nap == pytest.approx(0.92)
    assert z == pytest.approx(0.42 / math.sqrt(11 / 300 * 1.2 / 0.8))  # days that alternate count as alike at .20


def test_days_that_are_alike_count_for_less():
    a, b = np.array([1.0, 1, 1, 3, 3, 3]), np.array([4.0, 4, 4, 6, 6, 6])
    rest = np.array([-1, -1, -1, 1, 1, 1])  # about the medians, 2 and 5
    r = 2 * (rest[1:] @ rest[:-1]) / (2 * rest @ rest)
    assert r == pytest.approx(0.5)
    assert improvement(a, b)[1] == pytest.approx(0.5 / math.sqrt(13 / 432 * 1.5 / 0.5))


@pytest.mark.parametrize(
    ("a", "b", "limits", "verdict"),
    [
        ([1, 2, 1, 2, 1], [3, 3, 3, 3, 3], {}, ("go_on", "improved")),
        ([1, 2, 1, 2, 1], [3, 3, 3, 3, 3], {"goal": 3}, ("go_on", "goal")),
        ([3, 2, 3, 3, 3], [1, 1, 1, 1, 2], {}, ("stop", "worse")),
        ([2, 1, 2, 1, 2], [2, 1, 2, 1, 1], {}, ("adapt", "no_clear_change")),
        ([2, 1, 2, 1, 1], [2, 1, 1, 1, 1], {"stop": 1}, ("stop", "limit")),
        ([3, 3, 3, 2, 3], [3, 3, 3, 3, 3], {"goal": 3}, ("adapt", "was_there")),
        ([1, 2, 3, 4, 5], [6, 6, 7, 8, 9], {}, ("adapt", "grew_before")),
        ([1, 2, 1, 2], [3, 3, 3, 3, 3], {}, ("not_yet", "few_days")),
    ],
)
def test_verdicts(a, b, limits, verdict):
    judged = judge(np.array(a, float), np.array(b, float), **limits)
    assert (judged.verdict, judged.reason) == verdict


def colours(words=(*BEFORE, *DURING)):
    return [("L01", day, word, None, None, None) for day, word in zip(DAYS, words, strict=False)]


def verdict(folder, today=dt.date(2026, 11, 27)):
    fact = found(folder, today)[1](what="log_verdict", arm="L01")
    return fact.value, fact.category


def test_limits_are_those_of_before(tmp_path):
    began = {"began": str(DAYS[5])}
    assert verdict(study(tmp_path / "a", "check-in", colours(), more=began, agreed=[AGREED])) == ("go_on", "goal")
    late = {**AGREED, "made": str(DAYS[5])}
    assert verdict(study(tmp_path / "b", "check-in", colours(), more=began, agreed=[late])) == (
        "none",
        "agreed_too_late",
    )
    assert verdict(study(tmp_path / "c", "check-in", colours(), agreed=[AGREED])) == ("none", "no_baseline")


def test_it_looks_once_at_the_review(tmp_path):
    began = {"began": str(DAYS[5])}
    folder = study(tmp_path / "a", "check-in", colours()[:20], more=began, agreed=[AGREED])
    assert verdict(folder, DAYS[20]) == ("not_yet", "before_review")
    assert verdict(folder) == ("go_on", "goal")  # the day is past, and no more was filled in
    soon = {**AGREED, "review": str(DAYS[12])}
    turned = [*BEFORE, *["groen"] * 8, *["rood"] * 12]  # what came after the review is another talk
    assert verdict(study(tmp_path / "b", "check-in", colours(turned), more=began, agreed=[soon])) == ("go_on", "goal")


def test_a_plan_that_was_not_carried_out_is_not_judged(tmp_path):
    session = ("L01", str(DAYS[6]), 10, "gedaan")
    others = [{"log": "sessions", "path": "s.csv", "planned": {"sessions": 10}}]
    folder = study(tmp_path / "a", "check-in", colours(), more={"began": str(DAYS[5])}, others=others,
                   agreed=[{**AGREED, "dose": "sessions"}])  # fmt: skip
    head, line = "leerling;datum;minuten;status", ";".join(map(str, session))
    (folder / "s.csv").write_text(f"{head}\n{line}", encoding="utf-8")
    assert verdict(folder) == ("first_do", "hardly_known")  # nobody says that the nine others were not given
    left_out = [f"L01;{day};;niet gedaan" for day in DAYS[7:14]]
    (folder / "s.csv").write_text("\n".join([head, line, *left_out]), encoding="utf-8")
    assert verdict(folder) == ("first_do", "hardly_done")


def test_the_days_that_were_compared_are_counted(tmp_path):
    soon = {**AGREED, "review": str(DAYS[12])}
    folder = study(tmp_path / "a", "check-in", colours(), more={"began": str(DAYS[5])}, agreed=[soon])
    estimate, fact, *_ = found(folder)
    n = [fact(what="log_count", category="judged", wave=phase).value for phase in "AB"]
    assert n == [5, 8]
    assert estimate(method="log_improvement").n == 13


# --- simulation: how often "go on" where nothing changed, or it got worse


def simulated(rng, m, n, phi, kind, drop):
    """Return days that are `phi` like the day before, as colours, lopsided colours, or 0 to 10; `drop` in B, in SD."""
    shocks = rng.standard_normal(m + n + 20)
    state = np.empty(m + n + 20)
    state[0] = shocks[0]
    for t in range(1, len(state)):
        state[t] = phi * state[t - 1] + math.sqrt(1 - phi**2) * shocks[t]
    state = state[20:]
    state[m:] -= drop * np.linspace(0, 2, n)
    cuts = {"colours": [-0.5, 0.5], "lopsided": [-1.3, -0.8]}
    values = np.digitize(state, cuts[kind]) + 1.0 if kind in cuts else np.clip(np.round(5 + 2 * state), 0, 10)
    return values[:m], values[m:]


def wrong(size, seed, cells):
    """Return the share of wrong verdicts to go on in each cell."""
    rng = np.random.default_rng(seed)
    return {cell: np.mean([judge(*simulated(rng, *cell)).verdict == "go_on" for _ in range(size)]) for cell in cells}


def cells(phis, lengths, kinds, drops):
    return [(m, n, phi, kind, drop) for phi in phis for m, n in lengths for kind in kinds for drop in drops]


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.6])
def test_go_on_is_seldom_said_where_nothing_changed(phi):
    few = cells([phi], [(5, 10), (10, 30)], ["colours", "numbers"], [0.0, 0.5])
    shares = wrong(400, 11, few)
    assert max(shares.values()) <= 0.10 + 2 * math.sqrt(0.1 * 0.9 / 400), shares
    assert np.mean(list(shares.values())) <= 0.10


def test_go_on_is_said_where_much_changed():
    rng = np.random.default_rng(5)
    right = [
        judge(a, b + 4).verdict == "go_on" for a, b in (simulated(rng, 8, 25, 0.3, "numbers", 0) for _ in range(200))
    ]
    assert np.mean(right) > 0.7


@pytest.mark.long
def test_go_on_is_seldom_said_at_length():
    every = cells([0.0, 0.2, 0.4, 0.6], [(5, 5), (5, 10), (5, 30), (10, 30), (15, 30)],
                  ["colours", "lopsided", "numbers"], [0.0, 0.5])  # fmt: skip
    shares = wrong(1500, 12, every)
    assert max(shares.values()) <= 0.10, {cell: x for cell, x in shares.items() if x > 0.08}
