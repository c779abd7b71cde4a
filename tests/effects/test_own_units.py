"""The classes of one school among all: described, never tested, and no small one is shown."""

import numpy as np
import pytest

import werkbank
from werkbank.effects import unit_means

KEYS = {"strs-sf.closeness", "strs-sf.conflict"}


@pytest.fixture(scope="module")
def bench():
    return werkbank.open("nabijheid", language="nl")


def told(bench, **only):
    return unit_means(bench.study, bench.scored.table, bench.intake.pupils, only)


def test_means_are_those_of_the_classes(bench):
    facts = told(bench, school="S01")
    wide = bench.wide("strs-sf.closeness")
    closeness = [f for f in facts if f.outcome == "strs-sf.closeness"]
    own = {f.category: f for f in closeness if f.table == "own" and f.what == "class_mean"}
    by_class = wide.groupby("class", observed=True)["post"]
    assert set(own) == set(wide.loc[wide["school"].astype(str) == "S01", "class"].astype(str))
    for name, fact in own.items():
        assert fact.value == pytest.approx(by_class.mean()[name], abs=1e-9)
        assert fact.n == by_class.count()[name]
    (part,) = (f for f in closeness if f.what == "part_mean")
    inside = wide.loc[wide["school"].astype(str) == "S01", "post"]
    assert (part.value, part.n) == (pytest.approx(inside.mean(), abs=1e-9), inside.count())
    assert {f.outcome for f in facts} == KEYS
    assert {f.wave for f in facts} == {"post"}


def test_classes_add_up_to_everyone(bench):
    everyone = bench.wide("strs-sf.conflict").dropna(subset=["post", "class"])["post"]
    means = [f for f in told(bench, school="S02") if f.what == "class_mean" and f.outcome == "strs-sf.conflict"]
    left_out = len(everyone) - sum(f.n for f in means)
    assert 0 <= left_out < bench.study.privacy.min_cell * 3
    if not left_out:
        assert np.average([f.value for f in means], weights=[f.n for f in means]) == pytest.approx(everyone.mean())
    schools = bench.intake.pupils["school"].dropna().astype(str).unique()
    found = [f for school in schools for f in told(bench, school=school)]
    parts = [f for f in found if f.what == "part_mean" and f.outcome == "strs-sf.conflict"]
    assert np.average([f.value for f in parts], weights=[f.n for f in parts]) == pytest.approx(
        everyone.mean(), abs=1e-9
    )
    expected = {f.value for f in found if f.what == "part_expected" and f.outcome == "strs-sf.conflict"}
    assert len(expected) == 1
    assert expected.pop() == pytest.approx(everyone.mean(), abs=1e-9)


def test_others_have_no_names_and_stand_in_the_order_of_their_means(bench):
    facts = [f for f in told(bench, school="S03") if f.table == "others" and f.outcome == "strs-sf.conflict"]
    assert not any(f.category for f in facts)
    assert [f.value for f in facts] == sorted(f.value for f in facts)
    names = set(bench.intake.pupils["class"].dropna().astype(str))
    assert not any(name in f.id for f in facts for name in names)


def test_a_small_class_has_no_number(bench):
    privacy = bench.study.privacy.model_copy(update={"min_cell": 17})
    study = bench.study.model_copy(update={"privacy": privacy})
    facts = unit_means(study, bench.scored.table, bench.intake.pupils, {"school": "S01"})
    assert all(f.n is None or f.n >= 17 for f in facts)
    assert any(f.value is None and f.note == "too_few" for f in facts if f.table == "own")


def test_everyone_has_no_own_classes(bench):
    assert told(bench) == []
