"""Log response ratios and within-case differences equal R and hand-worked logarithms."""

from __future__ import annotations

import math

import pytest
from tests.statistics.single_case.test_overlap import FILES, series_of

from werkbank.errors import UsageError
from werkbank.statistics.single_case.magnitude import baseline_smd, log_response_ratio
from werkbank.statistics.single_case.series import compare


@pytest.mark.parametrize("name", FILES)
def test_log_response_ratios_of_every_series_match_r(tables, pinned, name):
    checked = 0
    for c, series in series_of(tables, pinned, name):
        if "LRRi" not in series:
            assert "refused" in series["LRR"]  # a rating scale: its zero is arbitrary
            continue
        length = None if series["LRR_D"] == "none" else series["LRR_D"]
        for key, desired in (("LRRi", "increase"), ("LRRd", "decrease")):
            wanted = series[key]
            found = log_response_ratio(c, series["LRR_scale"], desired=desired, observation_length=length)
            assert (found.value, found.uncorrected, found.se, found.percent) == pytest.approx(
                [wanted[k] for k in ("est", "est_uncorrected", "se", "pct_change")], rel=1e-9, abs=1e-9
            )
            assert (found.ci_low, found.ci_high) == pytest.approx(wanted["ci_normal"], abs=1e-8)
            assert found.truncated == wanted["mean_truncated"]
        checked += 1
    assert checked or "leidig" in name


@pytest.mark.parametrize("name", FILES)
def test_differences_in_baseline_sds_match_r(tables, pinned, name):
    for c, series in series_of(tables, pinned, name):
        found, wanted = baseline_smd(c), series["SMD_baseline"]
        assert (found.value, found.se) == pytest.approx((wanted["est"], wanted["se"]), abs=1e-8)


def test_a_halved_count_by_hand():
    found = log_response_ratio(compare([8, 10, 12], [4, 5, 6], better="lower"), "count", observation_length=1)
    assert found.value == pytest.approx(math.log(0.5), abs=1e-12)
    assert found.se == pytest.approx(math.sqrt(2 / 75), abs=1e-12)
    assert found.percent == pytest.approx(-50)


@pytest.mark.parametrize(
    ("name", "desired", "better", "scale", "length"),
    [
        ("lrr_zero_B", "decrease", "lower", "count", 1),
        ("lrr_percent_i", "increase", "higher", "percentage", None),
        ("lrr_percent_d", "decrease", "higher", "percentage", None),
        ("lrr_plain", "decrease", "lower", "count", 1),
    ],
)
def test_worked_response_ratios(worked, name, desired, better, scale, length):
    wanted = worked["hand_worked"][name]
    c = compare(wanted["A"], wanted["B"], better=better)
    found = log_response_ratio(c, scale, desired=desired, observation_length=length)
    assert (found.value, found.se, found.uncorrected) == pytest.approx(
        (wanted["est"], wanted["se"], wanted["est_uncorrected"]), abs=1e-9
    )
    assert found.truncated == wanted["mean_truncated"]


def test_of_percentages_the_two_forms_are_not_each_others_negative_and_of_proportions_alike():
    percent, share = compare([40, 50, 60], [80, 90, 70]), compare([0.4, 0.5, 0.6], [0.8, 0.9, 0.7])
    up, down = (log_response_ratio(percent, "percentage", desired=d).value for d in ("increase", "decrease"))
    assert abs(up + down) > 0.4
    assert log_response_ratio(share, "proportion", desired="decrease").value == pytest.approx(down)
    count = [log_response_ratio(percent, "count", desired=d).value for d in ("increase", "decrease")]
    assert count[0] == -count[1]


def test_units_do_not_matter_to_a_ratio():
    one, other = compare([8, 10, 12], [4, 5, 7]), compare([80, 100, 120], [40, 50, 70])
    assert log_response_ratio(one, "other").value == pytest.approx(log_response_ratio(other, "other").value)
    assert baseline_smd(one).value == pytest.approx(baseline_smd(other).value)


def test_what_has_no_ratio():
    assert log_response_ratio(compare([3, 4, 5], [0, 0, 0]), "count").note == "mean_of_zero"
    assert log_response_ratio(compare([3, -4], [1, 2]), "count").note == "negative_values"
    assert log_response_ratio(compare([3], [1, 2]), "count").note == "too_few_points"
    assert log_response_ratio(compare([], [1, 2]), "count").note == "empty_phase"
    with pytest.raises(UsageError, match="scale"):
        log_response_ratio(compare([3, 4], [1, 2]), "rating")
    with pytest.raises(UsageError, match="positive"):
        log_response_ratio(compare([3, 4], [1, 2]), "count", observation_length=0)
    with pytest.raises(UsageError, match="above"):
        log_response_ratio(compare([30, 140], [1, 2]), "percentage")


def test_a_baseline_without_variation_has_no_sd():
    assert baseline_smd(compare([3, 3, 3], [4, 5])).note == "baseline_constant"
    assert baseline_smd(compare([3, 4], [4, 5])).note == "too_few_points"
    assert baseline_smd(compare([], [4, 5])).note == "empty_phase"
