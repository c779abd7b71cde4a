"""Fresh studies with one fault each: what is wrong is never read in silence, and what is clean is never refused."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.cases import KINDS, any_kind, names, sound
from tests.intake.verdict import found_wrong, judged, many, spss_in_process

COMMON = {"derandomize": True, "database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_answered_rightly(kind, tmp_path):
    """A few of each kind, of which hypothesis shows the smallest that is answered wrongly."""

    @settings(max_examples=3, **COMMON)
    @given(st.randoms(use_true_random=False))
    def holds(chance):
        case = KINDS[kind](chance)
        assert not judged(case, tmp_path / "made"), case.kind

    with spss_in_process():
        holds()


def test_a_clean_study_is_never_refused(tmp_path):
    assert found_wrong(many(clean, range(20)), tmp_path / "made") == []


def clean(seed):
    return sound(random.Random(f"clean {seed}"))  # noqa: S311 - a study, not a secret


@pytest.mark.long
def test_two_hundred_clean_studies_are_never_refused(tmp_path):
    assert found_wrong(many(clean, range(200)), tmp_path / "made") == []


@pytest.mark.long
def test_no_fault_of_five_thousand_is_read_in_silence(tmp_path):
    assert found_wrong(many(any_kind, range(5000)), tmp_path / "made") == []


def test_the_judge_finds_what_is_wrong(tmp_path, monkeypatch):
    """A judge that agrees with everything would let every test above pass."""
    from werkbank.intake import folding, lookalikes

    made = [names(random.Random(f"blind {seed}")) for seed in range(10)]  # noqa: S311 - as above
    cases = [case for case in made if not case.noted]  # what cannot be seen is removed before names are compared
    with monkeypatch.context() as blind:
        blind.setattr(lookalikes, "keys", lambda name: frozenset({name}))
        blind.setattr(lookalikes, "code_key", lambda _: None)
        assert all(judged(case, tmp_path / "made") for case in cases)
    assert lookalikes.keys is folding.keys
    assert [judged(case, tmp_path / "made") for case in cases] == [""] * len(cases)
