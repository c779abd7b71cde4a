"""Randomisation tests: exact counts, R on public files, and no more false alarms than promised."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UsageError
from werkbank.statistics.single_case.assignments import Alternations, BaselineStarts, PhaseChanges, Starts
from werkbank.statistics.single_case.randomisation import (
    Search,
    alternating_test,
    changing_criterion_test,
    multiple_baseline_test,
    phase_start_test,
    reversal_test,
)

NAN = math.nan
SCHEMES = {
    "completely_randomised": "completely_randomised",
    "max_two_in_a_row": "at_most_two_in_a_row",
    "randomised_pairs": "randomised_pairs",
}


def same(found, wanted):
    statistic = wanted.get("T_obs", wanted.get("T_obs_mean", found.statistic))
    assert found.statistic == pytest.approx(statistic, abs=1e-9)
    assert (found.count, found.as_extreme, found.exact) == (wanted["count"], wanted["n_ge"], True)
    assert found.p == pytest.approx(wanted["p"], rel=1e-10)
    assert found.p == found.as_extreme / found.count


def test_a_start_by_hand(worked):
    found = phase_start_test([2, 3, 1, 5, 6, 4, 7, 6], 4, [4, 5, 6])
    same(found, worked["hand_worked"]["rt_ab8"])
    assert found.p == 1 / 3
    assert phase_start_test([1] * 8, 5, [4, 5, 6]).p == worked["hand_worked"]["rt_ab_tie_rule"]["p"]


@pytest.mark.parametrize("row", range(7))
def test_how_many_reversals_there_are(worked, row):
    rows = worked["hand_worked"]["abab_counts"]
    if row < len(rows):
        allowed = PhaseChanges(rows[row]["N"], 4, rows[row]["min"])
        every = list(allowed)
        assert allowed.count == len(every) == len(set(every)) == rows[row]["count"]
        assert all(one in allowed for one in every)


def test_how_many_starts_there_are(worked):
    for row in worked["hand_worked"]["rt_ab_counts"]:
        allowed = PhaseChanges(row["N"], 2, row["min"])
        assert allowed.count == row["count"]
        assert list(allowed) == [(s,) for s in range(row["min"] + 1, row["N"] - row["min"] + 2)]
    assert PhaseChanges(6, 4, 2).count == 0
    assert (4, 3) not in PhaseChanges(9, 3, 1)


def test_how_many_alternations_there_are(worked):
    for row in worked["hand_worked"]["alt_counts"]:
        for key, scheme in (*SCHEMES.items(), ("max_two_in_a_row_equal_n", "at_most_two_in_a_row")):
            if key in row:
                allowed = Alternations(row["per_condition"], scheme)
                assert allowed.count == row[key]
                assert len(set(allowed)) == row[key]


def test_how_many_multiple_baselines_there_are(worked):
    counts = worked["hand_worked"]["mb_counts"]
    for k, wanted in counts["order_only_k_factorial"].items():
        n = int(k[1:])
        assert BaselineStarts(n, "order", tuple((s,) for s in range(n))).count == wanted
    pairs = tuple((2 * i, 2 * i + 1) for i in range(4))
    assert BaselineStarts(4, "regulated", pairs).count == counts["regulated_k4_2_starts_each"]
    fours = tuple(tuple(range(4 * i, 4 * i + 4)) for i in range(3))
    assert BaselineStarts(3, "regulated", fours).count == counts["regulated_k3_4_starts_each"]
    assert BaselineStarts(4, "independent", (tuple(range(5)),) * 4).count == counts["independent_k4_5_starts"]
    for allowed in (
        BaselineStarts(3, "regulated", ((3, 4), (5, 6), (7, 8))),
        BaselineStarts(3, "different", (tuple(range(3, 9)),)),
        BaselineStarts(3, "independent", ((1, 2), (1, 2, 3), (4,))),
    ):
        every = list(allowed)
        assert len(set(every)) == allowed.count == len(every)
        assert all(one in allowed for one in every)


def test_reversals_by_hand_and_with_one_possible_assignment(worked):
    y = [3, 4, 3, 7, 8, 8, 4, 3, 4, 8, 9, 8]
    same(reversal_test(y, [4, 7, 10], 2), worked["hand_worked"]["rt_abab12"])
    only = reversal_test(y, [4, 7, 10], 3)
    assert (only.note, only.count, only.statistic) == ("one_possible_assignment", 1, 4.5)
    assert math.isnan(only.p)


@pytest.mark.parametrize("key", SCHEMES)
def test_alternations_by_hand(worked, key):
    example = worked["hand_worked"]["rt_alt"]
    found = alternating_test(example["y"], example["x"], SCHEMES[key])
    same(found, example[key])
    both = alternating_test(example["y"], example["x"], SCHEMES[key], alternative="two_sided")
    assert both.p == 2 * found.p
    assert both.smallest_p == 2 * found.smallest_p


def test_the_same_data_give_the_p_of_their_design(worked):
    hand = worked["hand_worked"]
    data, starts = hand["mb3_data"], [4, 6, 8]
    for scheme, possible, key in (
        ("order", None, "mb3_ww"),
        ("regulated", [[3, 4], [5, 6], [7, 8]], "mb3_regulated"),
        ("different", [range(3, 9)], "mb3_restricted_marascuilo_busk"),
        ("independent", [range(3, 9)] * 3, "mb3_independent_min2"),
    ):
        found = multiple_baseline_test(data, starts, scheme, possible)
        same(found, hand[key])
        assert found.smallest_p == 1 / found.count


def series(tables, name):
    return {case: rows["y"].to_numpy() for case, rows in tables[name][0].groupby("case", sort=False)}


def test_starts_of_public_files_match_r(tables, pinned):
    for name, key in (
        ("gruenkewilbert2014_score", "gruenke_each_case_AB_min4"),
        ("huber2014_compliance", "huber_each_case_AB_min5"),
    ):
        data = series(tables, name)
        for case, wanted in pinned["randomisation"][key].items():
            same(phase_start_test(data[case], wanted["observed_start"], wanted["start_points"]), wanted)


def test_multiple_baselines_of_public_files_match_r(tables, pinned):
    r = pinned["randomisation"]
    data = list(series(tables, "gruenkewilbert2014_score").values())
    starts = r["gruenke_MB_independent_min4"]["observed_starts"]
    same(multiple_baseline_test(data, starts, "independent", [range(5, 16)] * 6), r["gruenke_MB_independent_min4"])
    ordered = multiple_baseline_test(data, starts, "order")
    same(ordered, r["gruenke_MB_order"])
    assert ordered.smallest_p == 2 / 720  # two cases start together
    data = list(series(tables, "mckissick_disruptions").values())
    same(multiple_baseline_test(data, [4, 6, 10], "order", better="lower"), r["mckissick_MB_order"])
    sets = [range(4, len(y) - 1) for y in data]
    same(
        multiple_baseline_test(data, [4, 6, 10], "independent", sets, better="lower"),
        r["mckissick_MB_independent_min3"],
    )


def test_a_multiple_baseline_of_which_nothing_was_staggered_is_refused(tables, pinned):
    data = list(series(tables, "huber2014_compliance").values())
    found = multiple_baseline_test(data, [11] * 4, "order")
    assert (found.note, found.count) == ("not_staggered", 24)
    assert found.statistic == pytest.approx(pinned["randomisation"]["huber_MB_order_common"]["T_obs"], abs=1e-9)
    assert math.isnan(found.p)


def test_reversals_of_public_files_match_r(tables, pinned):
    checked = 0
    for key, wanted in pinned["randomisation"].items():
        if key.startswith("schmidt"):
            name = "schmidt2007_disruptive" if "Disruptive" in key else "schmidt2007_on_task"
            case = key.split("_")[2]
            changes = [end + 1 for end in wanted["observed_phase_ends"]]
            same(reversal_test(series(tables, name)[case], changes, 3, better=tables[name][1]), wanted)
            checked += 1
    assert checked == 6


def test_classes_as_the_unit_of_start(shared, pinned):
    wanted = pinned["randomisation"]["leidig_engagement_class_order"]
    raw = pd.read_csv(shared / "data" / "sc_leidig2018_gbg.csv")
    days = raw.pivot_table(index="class", columns="mt", values="academic_engagement", dropna=False)
    data = [days.loc[name].to_numpy() for name in wanted["starts"]]
    found = multiple_baseline_test(data, list(wanted["starts"].values()), "order")
    same(found, wanted)
    assert found.smallest_p == 2 * 2 / 5040  # two pairs of classes began together


def test_a_criterion_by_hand():
    # baseline 1 1 1, then exactly on the criteria 3 and 5
    y = [1, 1, 1, 3, 3, 3, 5, 5, 5]
    found = changing_criterion_test(y, [4, 7], [3, 5], 2)
    assert (found.statistic, found.count) == (0, PhaseChanges(9, 3, 2).count)
    assert found.count == 10
    # nearer than 0 is impossible, and only the assignment itself reaches it but for a later start of the first phase
    distances = {}
    for first, second in PhaseChanges(9, 3, 2):
        criteria = [3] * (second - first) + [5] * (10 - second)
        distances[first, second] = np.mean([abs(v - c) for v, c in zip(y[first - 1 :], criteria, strict=True)])
    assert found.as_extreme == sum(d == 0 for d in distances.values())
    with pytest.raises(UsageError, match="one criterion"):
        changing_criterion_test(y, [4, 7], [3], 2)


def test_all_sums_are_those_of_going_through_all():
    rng = np.random.default_rng(6)
    for statistic, alternative in product(("mean", "nap", "median"), ("improvement", "two_sided")):
        data = [rng.integers(0, 9, 12).astype(float) for _ in range(3)]
        sets = [range(4, 10)] * 3
        starts = [int(rng.integers(4, 10)) for _ in range(3)]
        found = multiple_baseline_test(data, starts, "independent", sets, statistic=statistic, alternative=alternative)
        tables = [
            {s: phase_start_test(y, s, range(4, 10), statistic=statistic).statistic for s in range(4, 10)} for y in data
        ]
        centre = 0.5 if statistic == "nap" else 0.0
        means = np.array([np.mean([t[s] for t, s in zip(tables, one, strict=True)]) for one in product(*sets)])
        own = np.mean([t[s] for t, s in zip(tables, starts, strict=True)])
        if alternative == "two_sided":
            means, own = np.abs(means - centre), abs(own - centre)
        assert found.as_extreme == (means >= own - 1e-12).sum()
        assert found.exact


@pytest.mark.parametrize("statistic", ["mean", "median", "nap", "slope", "immediate"])
def test_every_statistic_turns_with_the_outcome(statistic):
    rng = np.random.default_rng(2)
    y = rng.normal(size=20)
    up = phase_start_test(y, 8, range(6, 15), statistic=statistic)
    down = phase_start_test(-y, 8, range(6, 15), statistic=statistic, better="lower")
    assert (up.statistic, up.p) == (down.statistic, down.p)


def test_slopes_and_immediate_changes_by_hand():
    y = [1, 1, 1, 1, 2, 3, 4, 5]
    assert phase_start_test(y, 5, [4, 5, 6], statistic="slope").statistic == 1
    assert phase_start_test(y, 5, [4, 5, 6], statistic="immediate").statistic == 2
    # a day without a value keeps its number
    assert phase_start_test([1, 1, 1, 1, 2, NAN, 4, 5], 5, [4, 5, 6], statistic="slope").statistic == 1


def test_more_than_can_be_gone_through_is_drawn_with_a_seed():
    rng = np.random.default_rng(9)
    y = rng.normal(size=40)
    every = reversal_test(y, [11, 21, 31], 5)
    some = Search(most=100, draws=1999, seed=3)
    drawn = reversal_test(y, [11, 21, 31], 5, search=some)
    assert (drawn.exact, drawn.compared, drawn.count) == (False, 1999, every.count)
    assert drawn.p == (drawn.as_extreme + 1) / 2000
    assert abs(drawn.p - every.p) < 4 * math.sqrt(every.p * (1 - every.p) / 1999)
    assert reversal_test(y, [11, 21, 31], 5, search=some) == drawn
    assert drawn.smallest_p == max(1 / every.count, 1 / 2000)
    # never 0
    clear = np.where((np.arange(40) // 10) % 2 == 1, 100.0, 0.0)
    assert reversal_test(clear, [11, 21, 31], 5, search=Search(most=100, draws=99)).p == 1 / 100


@pytest.mark.parametrize(
    "allowed",
    [
        PhaseChanges(9, 3, 2),
        Starts((4, 5, 6)),
        Alternations(3, "at_most_two_in_a_row"),
        Alternations(2, "completely_randomised"),
        Alternations(3, "randomised_pairs"),
        BaselineStarts(3, "order", ((4,), (5,), (6,))),
        BaselineStarts(2, "regulated", ((3, 4), (5, 6))),
        BaselineStarts(2, "different", ((3, 4, 5),)),
        BaselineStarts(2, "independent", ((3, 4), (5, 6, 7))),
    ],
    ids=str,
)
def test_every_assignment_is_drawn_as_often(allowed):
    rng = np.random.default_rng(0)
    drawn = Counter(allowed.draw(rng) for _ in range(200 * allowed.count))
    assert set(drawn) == set(allowed)
    chi2 = sum((n - 200) ** 2 / 200 for n in drawn.values())
    df = allowed.count - 1
    assert chi2 < df + 4 * math.sqrt(2 * df)


def test_what_was_not_drawn_from_the_set_is_refused():
    y = np.arange(10.0)
    assert phase_start_test(y, 3, [4, 5, 6]).note == "assignment_outside_the_set"
    assert reversal_test(y, [2, 5, 8], 2).note == "assignment_outside_the_set"
    assert phase_start_test(y, 4, [4]).note == "one_possible_assignment"
    data = [y, y + 1]
    assert multiple_baseline_test(data, [4, 9], "independent", [[4, 5], [6]]).note == "assignment_outside_the_set"
    assert multiple_baseline_test(data, [4, 4], "different", [[4, 5]]).note == "assignment_outside_the_set"
    assert multiple_baseline_test(data, [4, 5], "regulated", [[4, 5], [8]]).note == "assignment_outside_the_set"


def test_a_phase_without_values_is_refused_and_counts_against_the_result():
    y = [NAN, NAN, NAN, 1, 2, 8, 9, 9]
    assert phase_start_test(y, 4, [4, 5, 6]).note == "assignment_without_data"
    found = phase_start_test(y, 6, [4, 5, 6])
    assert (found.as_extreme, found.p) == (2, 2 / 3)


def test_calls_that_do_not_fit_the_design():
    y = [1.0, 2, 3, 4]
    with pytest.raises(UsageError, match="as many of both"):
        alternating_test(y, [0, 1, 1, 1], "completely_randomised")
    with pytest.raises(UsageError, match="two or more"):
        multiple_baseline_test([y], [2], "order")
    with pytest.raises(UsageError, match="possible starts"):
        multiple_baseline_test([y, y], [2, 3], "independent")
    with pytest.raises(UsageError, match="sets of starts"):
        multiple_baseline_test([y, y], [2, 3], "independent", [[2, 3]])
    with pytest.raises(UsageError, match="one start"):
        BaselineStarts(2, "order", ((1, 2), (3,)))
    with pytest.raises(UsageError, match="no statistic"):
        reversal_test(y, [2, 3, 4], 1, statistic="slope")
    with pytest.raises(UsageError, match="infinite"):
        phase_start_test([1, math.inf], 2, [1, 2])


def noise(rng, n, phi=0.5):
    e = rng.normal(size=n)
    for t in range(1, n):
        e[t] = phi * e[t - 1] + math.sqrt(1 - phi**2) * e[t]
    return e


def ab(rng):
    allowed = Starts(tuple(range(6, 26)))
    (start,) = allowed.draw(rng)
    return phase_start_test(noise(rng, 30), start, allowed.starts)


def ab_in_whole_points_with_gaps(rng):
    allowed = Starts(tuple(range(6, 26)))
    y = np.round(noise(rng, 30))
    y[rng.choice(30, 6, replace=False)] = NAN
    return phase_start_test(y, allowed.draw(rng)[0], allowed.starts, statistic="nap", alternative="two_sided")


def abab(rng):
    return reversal_test(noise(rng, 20), PhaseChanges(20, 4, 3).draw(rng), 3)


def criterion(rng):
    y = np.linspace(0, 6, 18) + noise(rng, 18)
    return changing_criterion_test(y, PhaseChanges(18, 4, 3).draw(rng), [2, 4, 6], 3)


def alternating(rng):
    allowed = Alternations(5, "at_most_two_in_a_row")
    return alternating_test(noise(rng, 10), allowed.draw(rng), "at_most_two_in_a_row")


def baselines(scheme, sets):
    def one(rng):
        starts = BaselineStarts(4, scheme, sets).draw(rng)
        data = [noise(rng, 20) for _ in range(4)]
        return multiple_baseline_test(data, starts, scheme, None if scheme == "order" else sets)

    return one


def drawn_assignments(rng):
    return reversal_test(
        noise(rng, 24), PhaseChanges(24, 4, 3).draw(rng), 3, search=Search(10, 99, int(rng.integers(99)))
    )


DESIGNS = {
    "ab": ab,
    "ab_whole_points_gaps_two_sided": ab_in_whole_points_with_gaps,
    "abab": abab,
    "changing_criterion": criterion,
    "alternating": alternating,
    "mb_order": baselines("order", ((5,), (8,), (11,), (14,))),
    "mb_independent": baselines("independent", (tuple(range(5, 15)),) * 4),
    "mb_different": baselines("different", (tuple(range(5, 12)),)),
    "mb_regulated": baselines("regulated", ((4, 5), (8, 9), (12, 13), (16, 17))),
    "abab_drawn": drawn_assignments,
}


def false_alarms(design, times, errors):
    rng = np.random.default_rng(20_26)
    p = np.array([DESIGNS[design](rng).p for _ in range(times)])
    assert not np.isnan(p).any()
    for a in (0.01, 0.05, 0.10, 0.25):
        assert (p <= a).mean() <= a + errors * math.sqrt(a * (1 - a) / times), (design, a)
    return p


@pytest.mark.parametrize("design", DESIGNS)
def test_no_more_false_alarms_than_promised(design):
    # three errors: of forty comparisons one goes beyond two by chance
    p = false_alarms(design, 200, 3)
    assert (p <= 0.5).mean() > 0.3  # it does find something unusual as often as it should


@pytest.mark.long
@pytest.mark.parametrize("design", DESIGNS)
def test_no_more_false_alarms_than_promised_in_ten_thousand(design):
    false_alarms(design, 10_000, 2)


def test_a_clear_effect_is_found():
    rng = np.random.default_rng(1)
    starts = [5, 8, 11, 14]
    data = [noise(rng, 20) + 5 * (np.arange(1, 21) >= s) for s in starts]
    assert multiple_baseline_test(data, starts, "order").p == 1 / 24
