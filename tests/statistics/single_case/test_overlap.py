"""Overlap indices equal fractions worked by hand, and R on every series of five public files."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from werkbank.errors import UsageError
from werkbank.statistics.single_case import older_indices as older
from werkbank.statistics.single_case.overlap import (
    baseline_corrected_tau,
    kendall_trend,
    nap,
    newcombe,
    tau,
    tau_b,
    tau_u,
    theil_sen,
    trend_tau,
)
from werkbank.statistics.single_case.series import NOTES, compare, comparisons, rises

NAN = math.nan
WORKED = [
    "parker2011",
    "parker2011_tauU",
    "bob",
    "tarlow",
    "all_tied",
    "separated",
    "reversed",
    "decrease",
    "tauU_above_1",
    "ird_floor",
]
FILES = [
    "gruenkewilbert2014_score",
    "huber2014_compliance",
    "mckissick_disruptions",
    "schmidt2007_disruptive",
    "schmidt2007_on_task",
    "leidig2018_engagement",
    "leidig2018_disruption",
]


def of_example(example):
    return compare(example["A"], example["B"], better="higher" if example["direction"] == "increase" else "lower")


def series_of(tables, pinned, name):
    """Every pair of phases of a file with what R says of it."""
    table, better = tables[name]
    for case, rows in table.groupby("case", sort=False):
        wanted = pinned["indices"][name][case]
        found = comparisons(rows["condition"].tolist(), rows["y"], better=better, times=rows["time"])
        for i, one in enumerate(found, 1):
            yield one, wanted.get(f"pair{i}", wanted)


@pytest.mark.parametrize("name", WORKED)
def test_exact_fractions_worked_by_hand(worked, name):
    example = worked["hand_worked"][name]
    c = of_example(example)
    found = {
        "NAP": nap(c).value,
        "Tau": tau(c).value,
        "Tau_U_A_minus_trendA": tau_u(c).value,
        "Tau_U_same_over_all_pairs": tau_u(c, "minus_trend_a_over_all_pairs").value,
        "Tau_U_full": tau_u(c, "plus_trend_b_minus_trend_a").value,
        "Tau_BC_mn": baseline_corrected_tau(c).value,
        "PND": older.pnd(c).value,
        "PEM_half": older.pem(c).value,
        "PEM_strict": older.pem(c, ties_for_half=False).value,
        "PAND": older.pand(c).value,
        "IRD": older.ird(c).value,
    }
    for index, value in found.items():
        assert value == pytest.approx(float(Fraction(example[index])), abs=1e-12), index
    assert tau_b(c) == pytest.approx(example["Tau_b"], abs=1e-10)
    assert [nap(c).positive, nap(c).negative, nap(c).tied] == example["pairs_pos_neg_tie"]


@pytest.mark.parametrize("name", WORKED)
def test_standard_errors_and_interval_of_worked_examples(worked, name):
    example = worked["hand_worked"][name]
    c, wanted = of_example(example), example["NAP_dec"]
    assert nap(c).se == pytest.approx(wanted["se_unbiased"], abs=1e-9)
    assert nap(c, "hanley").se == pytest.approx(wanted["se_hanley"], abs=1e-9)
    assert nap(c, "null").se == pytest.approx(wanted["se_null"], abs=1e-9)
    assert (nap(c).ci_low, nap(c).ci_high) == pytest.approx(wanted["ci_newcombe"], abs=1e-6)
    assert (tau(c).ci_low, tau(c).ci_high, tau(c).se) == pytest.approx(
        (2 * nap(c).ci_low - 1, 2 * nap(c).ci_high - 1, 2 * nap(c).se)
    )


@pytest.mark.parametrize("name", FILES)
def test_every_series_matches_r(tables, pinned, name):
    checked = 0
    for c, wanted in series_of(tables, pinned, name):
        checked += 1
        assert (c.m, c.n, list(c.missing)) == (wanted["m"], wanted["n"], wanted["missing_A_B"])
        found, a, b = nap(c), *c.turned
        assert [found.positive, found.negative, found.tied] == wanted["pairs_AB_pos_neg_tie"]
        assert (rises(a), rises(b)) == (wanted["S"]["A"], wanted["S"]["B"])
        pairs = {
            "NAP": (found.value, wanted["NAP"]["est"]),
            "se": (found.se, wanted["NAP"]["se_unbiased"]),
            "hanley": (nap(c, "hanley").se, wanted["NAP"]["se_hanley"]),
            "null": (nap(c, "null").se, wanted["NAP"]["se_null"]),
            "Tau": (tau(c).value, wanted["Tau"]),
            "trend A": (trend_tau(a), wanted["Tau_trendA"]),
            "Tau-U": (tau_u(c).value, wanted["Tau_U_A_vs_B_minus_trendA"]),
            "over pairs": (
                tau_u(c, "minus_trend_a_over_all_pairs").value,
                wanted["Tau_U_A_vs_B_minus_trendA_over_pairs"],
            ),
            "full": (
                tau_u(c, "plus_trend_b_minus_trend_a").value,
                wanted["Tau_U_A_vs_B_plus_trendB_minus_trendA"],
            ),
            "PND": (older.pnd(c).value, wanted["PND"]),
            "PEM": (older.pem(c).value, wanted["PEM_half_ties"]),
            "PEM strict": (older.pem(c, ties_for_half=False).value, wanted["PEM_strict"]),
            "PAND": (older.pand(c).value, wanted["PAND"]),
            "IRD": (older.ird(c).value, wanted["IRD_robust"]),
        }
        for index, (mine, r) in pairs.items():
            assert mine == pytest.approx(r, abs=1e-9), index
        assert (found.ci_low, found.ci_high) == pytest.approx(wanted["NAP"]["ci_newcombe"], abs=1e-6)
    assert checked == {"huber2014_compliance": 4, "mckissick_disruptions": 3}.get(
        name, 6 if "leidig" not in name else 35
    )


@pytest.mark.parametrize("name", FILES)
def test_baseline_corrected_tau_of_every_series_matches_r(tables, pinned, name):
    for c, series in series_of(tables, pinned, name):
        wanted = series["Tau_BC"]
        real, rows = baseline_corrected_tau(c), compare(c.a, c.b, better=c.better)
        always, if_tested = baseline_corrected_tau(rows), baseline_corrected_tau(rows, only_if_p=0.05)
        pairs = {
            "theil_sen_slope_time": real.slope,
            "theil_sen_slope_index": always.slope,
            "tau_b_trendA": c.sign * real.trend_tau_b,
            "p_trendA_continuity": real.trend_p,
            "unconditional_over_mn": always.value,
            "unconditional_over_mn_realtime": real.value,
            "unconditional_kendall_b": always.tau_b,
            "uncorrected_kendall_b": tau_b(c),
            "conditional_tarlow": if_tested.tau_b,
            "se_tarlow": if_tested.se_tarlow,
        }
        for key, mine in pairs.items():
            assert mine == pytest.approx(wanted[key], abs=1e-9), key
        assert if_tested.corrected == wanted["correction_applied_at_.05"]


def test_means_over_the_pupils_of_a_published_study(tables, pinned):
    for name, published in (("leidig2018_engagement", 0.759), ("leidig2018_disruption", 0.827)):
        values = [nap(c).value for c, _ in series_of(tables, pinned, name)]
        assert len(values) == 35
        assert round(float(np.mean(values)), 3) == published
        assert np.mean(values) == pytest.approx(pinned["indices"][name]["summary"]["mean_NAP"], abs=1e-9)


def test_pairs_of_a_reversal_are_not_the_pooled_phases(tables, pinned):
    table, better = tables["schmidt2007_disruptive"]
    rows = table[table["case"] == "Faith"]
    pairs = comparisons(rows["condition"].tolist(), rows["y"], better=better, times=rows["time"])
    wanted = pinned["indices"]["schmidt2007_disruptive"]["Faith"]["combined"]
    assert np.mean([nap(c).value for c in pairs]) == pytest.approx(wanted["NAP_mean_of_pairs"], abs=1e-9)
    pooled = compare(rows["y"][rows["treated"] == 0], rows["y"][rows["treated"] == 1], better=better)
    assert nap(pooled).value == pytest.approx(wanted["NAP_pooled_all_A_vs_all_B"], abs=1e-9)
    back = comparisons(rows["condition"].tolist(), rows["y"], better=better, reversal=True)
    assert [(c.m, c.n) for c in back] == [(8, 3)]


def test_the_interval_has_width_at_complete_separation(worked):
    example = worked["hand_worked"]["newcombe_at_1"]
    assert newcombe(1.0, 3, 4) == pytest.approx(example["ci"], abs=1e-9)
    assert newcombe(0.0, 3, 4) == pytest.approx([0, 1 - example["ci"][0]], abs=1e-9)


def test_limits_solve_newcombes_equation():
    value, m, n = 0.8, 6, 9
    h = (m + n) / 2 - 1
    for x in newcombe(value, m, n):
        own = x * (1 - x) * (1 + h * (1 - x) / (2 - x) + h * x / (1 + x)) / (m * n)
        assert abs(value - x) == pytest.approx(1.959963984540054 * math.sqrt(own), rel=1e-9)


def test_turning_the_outcome_turns_the_index():
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 6, 7).astype(float), rng.integers(2, 9, 9).astype(float)
    up, down = compare(a, b), compare(-a, -b, better="lower")
    for index in (nap, tau, tau_u, older.pnd, older.pem, older.pand, older.ird, baseline_corrected_tau):
        assert index(up).value == pytest.approx(index(down).value, abs=1e-12), index
    worse = compare(a, b, better="lower")
    assert nap(worse).value == pytest.approx(1 - nap(up).value)
    assert tau(worse).value == pytest.approx(-tau(up).value)


def test_a_monotone_change_of_units_changes_no_order():
    a, b = [1.0, 3.0, 2.0, 4.0], [3.0, 5.0, 6.0]
    for index in (nap, tau, tau_u, older.pnd, older.pand, older.ird):
        assert index(compare(np.exp(a), np.exp(b))).value == index(compare(a, b)).value


def test_pand_is_the_best_of_all_removals():
    rng = np.random.default_rng(11)
    for _ in range(20):
        a, b = rng.integers(0, 5, 4).astype(float), rng.integers(1, 6, 5).astype(float)
        values, in_b = np.concatenate([a, b]), np.repeat([False, True], [4, 5])
        kept = max(
            k
            for k in range(10)
            for stay in combinations(range(9), k)
            if all(values[i] < values[j] for i in stay for j in stay if in_b[j] and not in_b[i])
        )
        assert older.pand(compare(a, b)).value == kept / 9


def test_without_any_effect_pand_and_ird_are_not_zero():
    flat = compare([3.0] * 4, [3.0] * 14)
    assert older.pand(flat).value == 14 / 18
    assert older.ird(flat).value == pytest.approx(10 / 28)


def test_values_that_tie_before_binary_rounding_tie():
    # .1 + .2 and .3 differ in the last bit
    assert nap(compare([0.1 + 0.2, 0.3], [0.3, 0.3])).value == 0.5
    # the trend .2 a day leaves residuals that are equal in fractions only
    assert baseline_corrected_tau(compare([2, 3, 5, 3], [4, 5, 5, 7, 6])).value == -0.5


def test_an_empty_phase_gives_no_index():
    for c in (compare([], [1.0, 2.0]), compare([NAN, NAN], [1.0, 2.0]), compare([1.0], [NAN])):
        for index in (nap, tau, tau_u, baseline_corrected_tau, older.pnd, older.pem, older.pand, older.ird):
            found = index(c)
            assert math.isnan(found.value)
            assert found.note == "empty_phase"
            assert found.note in NOTES
        assert math.isnan(tau_b(c))


def test_one_point_in_a_phase_is_described_and_not_tested(worked):
    example = worked["hand_worked"]["one_point_A"]
    found = nap(compare([example["A"]], example["B"]))
    assert found.value == pytest.approx(float(Fraction(example["NAP"])))
    assert (found.se, found.ci_low, found.note) == (None, None, "one_point_in_a_phase")
    assert tau(compare([4.0], [3.0, 5.0, 6.0])).value == pytest.approx(1 / 3)
    assert baseline_corrected_tau(compare([4.0, 5.0], [6.0])).note == "too_few_points_for_a_trend"
    assert math.isnan(trend_tau(np.array([1.0])))
    assert math.isnan(theil_sen(np.array([1.0]), np.array([1.0])))


def test_days_without_a_value_keep_their_number_and_leave_no_trace_elsewhere():
    c = compare([1, NAN, 2, 3], [NAN, 5, 6])
    assert (c.m, c.n, c.missing) == (3, 2, (1, 1))
    assert c.times.tolist() == [1, 3, 4, 6, 7]
    assert c.missing_shares == (0.25, 1 / 3)
    assert nap(c).value == nap(compare([1, 2, 3], [5, 6])).value
    # the slope uses the days: 1 to 2 took two of them
    assert baseline_corrected_tau(c).slope == pytest.approx(2 / 3)
    assert baseline_corrected_tau(compare([1, 2, 3], [5, 6])).slope == 1


def test_no_standard_error_is_zero_in_small_phases():
    for m, n in ((2, 2), (2, 3), (3, 3)):
        for values in product(range(3), repeat=m + n):
            found = nap(compare(values[:m], values[m:]))
            assert found.se > 0
            assert found.note == ""
            assert 0 <= found.ci_low <= found.value <= found.ci_high <= 1


def test_a_line_that_leaves_the_scale_is_told():
    c = compare([1, 2, 3, 4], [5, 5, 5])
    assert baseline_corrected_tau(c, scale=(0, 5)).leaves == (6.0, 7.0)
    assert baseline_corrected_tau(c, scale=(0, 10)).leaves == ()


def test_a_trend_test_needs_something_that_varies():
    assert all(math.isnan(x) for x in kendall_trend(np.array([3.0, 3.0, 3.0])))
    assert kendall_trend(np.array([1.0, 2.0, 1.0]))[1] == 1.0


def test_series_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="times"):
        compare([1, 2], [3], times=[1, 2])
    with pytest.raises(UsageError, match="rise"):
        compare([1, 2], [3], times=[1, 1, 2])
    with pytest.raises(UsageError, match="infinite"):
        compare([1, math.inf], [3])
    with pytest.raises(UsageError, match="higher"):
        compare([1], [3], better="up")
    with pytest.raises(UsageError, match="phases"):
        comparisons(["A", "B"], [1.0])


def test_every_reason_is_given_somewhere():
    from pathlib import Path

    import werkbank.statistics.single_case as room

    code = "".join(
        path.read_text(encoding="utf-8") for path in Path(room.__file__).parent.glob("*.py") if path.stem != "series"
    )
    code += '"empty_phase"'  # series.Comparison itself gives this one
    assert not {note for note in NOTES if f'"{note}"' not in code}
