"""Corrected p values against R's p.adjust."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkbank.effects.multiplicity import adjusted, corrected, number_of_tests, of_interactions
from werkbank.results import Estimate


@pytest.mark.parametrize("data", ["bh1995", "ties", "small", "one"])
def test_holm_and_bh_match_r(reference, data):
    known = reference["multiplicity"][data]
    p = known["p"] if isinstance(known["p"], list) else [known["p"]]
    assert adjusted(p, "holm") == pytest.approx(known["holm"], rel=1e-12)
    assert adjusted(p, "fdr_bh") == pytest.approx(known["BH"], rel=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrected_values_keep_their_order_and_never_shrink(p):
    for method in ("holm", "fdr_bh"):
        made = adjusted(p, method)
        assert all(a >= x or a == pytest.approx(x) for a, x in zip(made, p, strict=True))
        assert all(made <= 1)
        order = sorted(range(len(p)), key=p.__getitem__)
        assert list(made[order]) == sorted(made)


def test_what_has_no_p_is_not_counted():
    made = adjusted([0.01, math.nan, 0.04], "holm")
    assert made[0] == pytest.approx(0.02)
    assert math.isnan(made[1])


def test_families_are_corrected_apart():
    at = {"contrast": "t - c", "wave_from": "pre", "wave_to": "post", "n": 10, "kind": "headline"}
    tests = [
        Estimate(f"y{i}/pre-post/t-c/ancova", f"y{i}", "ancova", 1.0, family=family, p=p, role=role, **at)
        for i, (family, p, role) in enumerate(
            [("primary", 0.03, "confirmatory"), ("primary", 0.04, "confirmatory"), ("more", 0.02, "exploratory")]
        )
    ]
    made = {e.id: e for e in corrected(tests)}
    assert made["y0/pre-post/t-c/p_holm"].p == pytest.approx(0.06)
    assert {e.df for e in made.values()} == {None}  # a corrected p has no df of its own
    assert number_of_tests(made["y0/pre-post/t-c/p_holm"], made.values()) == 2
    assert number_of_tests(made["y2/pre-post/t-c/p_bh"], made.values()) == 1
    assert made["y2/pre-post/t-c/p_bh"].p == pytest.approx(0.02)
    assert made["y2/pre-post/t-c/p_bh"].n == 10
    assert {e.kind for e in made.values()} == {"correction"}


def test_differences_by_characteristic_are_one_exploratory_family():
    methods = ("moderation", "moderation", "moderation", "moderation_low", "ancova")
    tests = [
        Estimate(f"y/post/{i}/{method}", "y", method, 1.0, p=p, se=0.1, ci_low=0.0, note="region_all", n=10)
        for i, (method, p) in enumerate(zip(methods, (0.01, 0.02, 0.9, 0.001, 0.001), strict=True))
    ]
    made = of_interactions(tests)
    assert [e.id for e in made] == [f"{e.id}/p_bh_interaction" for e in tests[:3]]
    assert [e.p for e in made] == pytest.approx([0.03, 0.03, 0.9])
    assert {(e.df, e.se, e.ci_low, e.note, e.n) for e in made} == {(None, None, None, "", 10)}
    assert number_of_tests(made[0], made) == 3
    assert of_interactions(tests[2:]) == []
