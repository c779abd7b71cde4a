"""The self-check against the single-case standards, on public designs and at every border."""

from __future__ import annotations

import math

import pytest

from werkbank.errors import UsageError
from werkbank.statistics.single_case.design_standards import (
    WWC_4,
    WWC_5,
    Agreement,
    CaseDesign,
    demonstrations,
    self_check,
)


def verdicts(check):
    return {criterion.name: criterion.verdict for criterion in check.criteria}


def agreed(cases, share=0.3, agreement=0.9):
    return [Agreement(case.label, i, share, agreement) for case in cases for i in range(len(case.points))]


def test_a_reversal_with_three_points_in_its_second_baseline():
    cases = [
        CaseDesign("Albert", (9, 13, 3, 6)),
        CaseDesign("Faith", (9, 8, 3, 5)),
        CaseDesign("Lilly", (8, 14, 3, 5)),
    ]
    check = self_check("reversal", cases, agreement=agreed(cases), manipulated=True)
    assert check.verdict == "with_reservations"
    assert verdicts(check)["points_in_first_baseline"] == "meets"
    assert verdicts(check)["points_per_phase"] == "with_reservations"
    assert demonstrations("reversal", cases) == 3
    assert check.version == "WWC 5.0"


def test_points_of_the_public_files_are_those_counted(tables, pinned):
    for name, key in (("gruenkewilbert2014_score", "gruenkewilbert2014"), ("schmidt2007_on_task", "schmidt2007")):
        for case, rows in tables[name][0].groupby("case"):
            change = (rows["condition"] != rows["condition"].shift()).cumsum()
            assert rows["y"].groupby(change).count().tolist() == pinned["points_per_phase"][key][case]


def test_a_multiple_baseline_with_a_short_first_baseline():
    cases = [
        CaseDesign("Period 1", (3, 7), 4),
        CaseDesign("Period 2", (5, 7), 6),
        CaseDesign("Period 3", (9, 4), 10),
    ]
    check = self_check("multiple_baseline", cases, agreement=agreed(cases), manipulated=True)
    assert check.verdict == "with_reservations"
    first = next(c for c in check.criteria if c.name == "points_in_first_baseline")
    assert (first.found, first.asked, first.case) == (3, 6, "Period 1")
    assert verdicts(check)["concurrent_baselines"] == "meets"
    assert demonstrations("multiple_baseline", cases) == 3


def test_without_stagger_there_is_no_multiple_baseline():
    cases = [CaseDesign(name, (10, n), 11) for name, n in (("a", 27), ("b", 19), ("c", 66), ("d", 66))]
    check = self_check("multiple_baseline", cases, agreement=agreed(cases), manipulated=True)
    assert demonstrations("multiple_baseline", cases) == 1
    assert check.verdict == "does_not_meet"


def test_baselines_after_each_other_are_not_concurrent():
    cases = [
        CaseDesign("a", (6, 6), 7),
        CaseDesign("b", (6, 6), 20, last_baseline=6),  # its baseline ended long before it started
        CaseDesign("c", (6, 6), 30, last_baseline=29),
    ]
    assert verdicts(self_check("multiple_baseline", cases))["concurrent_baselines"] == "meets"
    cases[2] = CaseDesign("c", (6, 6), 30, last_baseline=12)
    check = self_check("multiple_baseline", cases)
    assert verdicts(check)["concurrent_baselines"] == "does_not_meet"
    assert next(c for c in check.criteria if c.name == "concurrent_baselines").case == "b"


@pytest.mark.parametrize(
    ("points", "four", "five"),
    [
        (2, "does_not_meet", "does_not_meet"),
        (3, "with_reservations", "with_reservations"),
        (4, "with_reservations", "with_reservations"),
        (5, "meets", "with_reservations"),
        (6, "meets", "meets"),
    ],
)
def test_the_borders_of_the_first_baseline(points, four, five):
    cases = [CaseDesign("a", (points, 6, 6, 6))]
    for version, wanted in ((WWC_4, four), (WWC_5, five)):
        assert verdicts(self_check("reversal", cases, thresholds=version))["points_in_first_baseline"] == wanted


def test_designs_that_show_an_effect_too_seldom():
    assert demonstrations("ab", [CaseDesign("a", (6, 6))]) == 1
    assert self_check("ab", [CaseDesign("a", (6, 6))]).verdict == "does_not_meet"
    assert demonstrations("reversal", [CaseDesign("a", (6, 6, 6))]) == 2
    assert self_check("reversal", [CaseDesign("a", (6, 6, 6))]).verdict == "does_not_meet"
    assert demonstrations("changing_criterion", [CaseDesign("a", (6, 6, 6, 6))]) == 3
    assert demonstrations("ab", [CaseDesign("a", (6,))]) == 0


@pytest.mark.parametrize(
    ("each", "row", "verdict"),
    [
        (5, [0, 1, 0, 1, 1, 0, 1, 0, 0, 1], "meets"),
        (4, [0, 1, 0, 1, 1, 0, 1, 0], "with_reservations"),
        (5, [0, 0, 0, 1, 1, 0, 1, 1, 0, 1], "does_not_meet"),
        (3, [0, 1, 0, 1, 1, 0], "does_not_meet"),
    ],
)
def test_alternating_treatments(each, row, verdict):
    cases = [CaseDesign("a", (each, each))]
    check = self_check("alternating", cases, conditions=[row], agreement=agreed(cases), manipulated=True)
    assert check.verdict == verdict
    assert verdicts(self_check("alternating", cases))["alike_in_a_row"] == "unknown"


def test_second_observers():
    cases = [CaseDesign("a", (6, 6, 6, 6))]

    def with_agreement(given):
        return self_check("reversal", cases, agreement=given, manipulated=True)

    assert with_agreement(None).verdict == "unknown"
    assert with_agreement(agreed(cases)).verdict == "meets"
    assert verdicts(with_agreement(agreed(cases)[:3]))["agreement_share"] == "does_not_meet"
    assert verdicts(with_agreement(agreed(cases, share=0.19)))["agreement_share"] == "does_not_meet"
    assert verdicts(with_agreement(agreed(cases, agreement=0.79)))["agreement"] == "does_not_meet"
    chance_corrected = [Agreement("a", i, 0.2, agreement=0.75, kappa=0.6) for i in range(4)]
    assert with_agreement(chance_corrected).verdict == "meets"
    not_computed = [Agreement("a", i, 0.2) for i in range(4)]
    assert verdicts(with_agreement(not_computed))["agreement"] == "unknown"
    assert verdicts(with_agreement([]))["agreement"] == "does_not_meet"
    with pytest.raises(UsageError, match="twice"):
        with_agreement([*agreed(cases), Agreement("a", 0, 0.5)])


def test_what_is_unknown_or_not_decided_by_the_researcher():
    cases = [CaseDesign("a", (6, 6, 6, 6))]
    unknown = self_check("reversal", cases, agreement=agreed(cases))
    assert unknown.verdict == "unknown"
    assert math.isnan(unknown.criteria[0].found)
    assert self_check("reversal", cases, agreement=agreed(cases), manipulated=False).verdict == "does_not_meet"
    with pytest.raises(UsageError, match="phase"):
        self_check("ab", [])
    with pytest.raises(UsageError, match="phase"):
        self_check("ab", [CaseDesign("a", ())])
