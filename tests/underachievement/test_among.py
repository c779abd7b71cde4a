"""Of one school it is told beside everyone: the same flags as in the whole study, counted among its own pupils."""

from __future__ import annotations

import pytest
from tests.conftest import ROOT

import werkbank

BDF = ROOT / "data" / "examples" / "bdf"


@pytest.fixture(scope="module")
def everyone():
    return werkbank.open(BDF).examined


@pytest.mark.parametrize("school", ["1", "54"])
def test_a_school_is_judged_as_it_is_in_the_whole_study(school, everyone):
    bench = werkbank.open(BDF, only={"school": school})
    own = bench.examined
    assert 0 < len(own.pupils) < len(everyone.pupils)
    for key, finding in own.findings.items():
        whole = everyone.findings[key].table.loc[finding.table.index]
        assert finding.table.equals(whole)
        assert finding.n_flagged == int(whole["flag"].sum())
        assert finding.prediction == everyone.findings[key].prediction
        assert "against_everyone" in finding.notes
    assert own.cuts == everyone.cuts
    for actual, varied in own.varied.items():
        assert [(v.varied, v.value) for v in varied] == [(v.varied, v.value) for v in everyone.varied[actual]]
        assert all(v.finding.n == len(own.pupils) for v in varied)


def test_nobody_else_is_mentioned_where_everyone_is_told_of(everyone):
    assert not any("against_everyone" in finding.notes for finding in everyone.findings.values())
