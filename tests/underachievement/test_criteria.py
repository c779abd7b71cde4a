"""Two findings are comparable when their criteria are: a study keeps to one method."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from werkbank.errors import UnfitError, UsageError
from werkbank.study.underachievement import Cutoff
from werkbank.underachievement.criteria import Criteria, Measure, Norm, same_method

BASE = Criteria("difference", Measure("iq", basis="ability"), Measure("lang"))


@pytest.mark.parametrize(
    ("change", "choice"),
    [
        ({"method": "absolute"}, "method"),
        ({"threshold": 1.5}, "threshold"),
        ({"tie": ">"}, "tie"),
        ({"able": Cutoff(rule="quantile", value=0.75)}, "able"),
        ({"expected": Measure("iq", Norm(100, 15, "national"), basis="ability")}, "expected reference"),
    ],
)
def test_a_switch_between_waves_is_refused_and_named(change, choice):
    with pytest.raises(UnfitError) as caught:
        same_method({"pre": BASE, "post": replace(BASE, **change)})
    assert [(p.details["wave"], p.details["choice"]) for p in caught.value.problems] == [("post", choice)]
    assert "post" in caught.value.problems[0].sentence("nl")


def test_another_column_date_or_reliability_is_no_switch():
    later = replace(BASE, actual=Measure("lang2", reliability=0.9, measured=date(2026, 1, 1)))
    assert same_method({"pre": BASE, "post": later}) == BASE


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Criteria("nomination", Measure("iq"), Measure("lang")),
        lambda: Criteria("difference", Measure("iq"), Measure("lang"), nominated_by="teacher"),
        lambda: Criteria("difference", Measure("iq"), Measure("lang"), random_intercept="class"),
        lambda: Criteria("absolute", Measure("iq"), Measure("lang"), able=Cutoff(rule="able_mean")),
        lambda: Measure("iq", reliability=1.2),
        lambda: Norm(100, 0, "national"),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError):
        wrong()


def test_a_share_lies_between_0_and_1():
    with pytest.raises(ValueError, match="cutoff_share"):
        Cutoff(rule="quantile", value=90)
