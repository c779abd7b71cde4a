"""The attack: whatever a shared copy shows, each hidden count could still be anything from 1 to min_cell - 1."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.disclosure.test_protecting import attacked

from werkbank.disclosure import HIDDEN, suppress, suppress_together
from werkbank.disclosure.flow import kind, slots, system
from werkbank.results import Estimate, Fact, Results

MIN_CELL = 6
SEEDS = [*range(4), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 60))]


def visible(copy, original, part=""):
    """Return the counts that stand in a copy: by the name that the true system gives them."""
    names = slots(original)
    items = [*copy.facts, *copy.estimates]
    return {
        part + names[item.id, slot]
        for item in items
        for slot in ("value", "n")
        if (item.id, slot) in names and getattr(item, slot, None) is not None
    }


def withstands(counts, shown):
    small = [name for name, value in counts.values.items() if 0 < value < MIN_CELL]
    for name in small:
        assert name not in shown, name
        low, high = attacked(counts, shown, name)
        assert low <= 1 + 1e-6, (name, low)
        assert high >= MIN_CELL - 1 - 1e-6, (name, high)
    return small


@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_count_of_a_study_can_be_worked_out(small, seed):
    *_, results = small(seed)
    counts = system(results, MIN_CELL)
    shown = visible(suppress(results, MIN_CELL), results) & counts.costs.keys()
    withstands(counts, shown)
    assert len(shown) > 2, "a copy that shows nothing proves nothing"


def test_the_attack_finds_what_is_not_hidden(small):
    *_, results = small(0)
    counts = system(results, MIN_CELL)
    with pytest.raises(AssertionError):
        withstands(counts, counts.costs.keys())


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_rests_on_fewer_than_the_smallest_count(small, seed):
    *_, results = small(seed)
    copy = suppress(results, 10)
    was = {f.id: f for f in (*results.facts, *results.estimates)}
    for f in copy.facts:
        if f.value is not None and kind(f.what) in {"statistic", "share"}:
            assert was[f.id].n >= 10, f.id
        assert f.what not in {"min", "max", "rows_read"}
    for e in copy.estimates:
        if e.estimate is not None:
            assert was[e.id].n >= 10, e.id


def test_two_schools_and_all_together_do_not_give_one_another_away():
    def school(n, measured):
        return Results(
            {"arms": {}},
            facts=(
                Fact("flow/all/all/pupils_enrolled", "pupils_enrolled", n),
                Fact("flow/all/pre/pupils_measured", "pupils_measured", measured, wave="pre"),
            ),
        )

    parts = {"a": school(30, 30), "b": school(4, 4), "c": school(20, 20), "all": school(54, 54)}
    pupils = {name: {f"{name}{i}" for i in range(n)} for name, n in (("a", 30), ("b", 4), ("c", 20))}
    copies = suppress_together(parts, MIN_CELL, {**pupils, "all": set().union(*pupils.values())})
    values = {name: copy.facts[0].value for name, copy in copies.items()}
    assert values["b"] is None
    assert sum(value is None for value in values.values()) >= 2, "the others' sum would give it away"


CHANGES = {f"rci_jacobson_truax_{name}": name for name in ("recovered", "improved", "unchanged", "deteriorated")}
TYPES = dict.fromkeys(("harmonious", "complicated", "distant", "conflictual"), "typology")


@pytest.mark.parametrize(
    ("kind", "categories"),
    [("reliable_change", [*CHANGES.items()]), ("typology", [(what, name) for name, what in TYPES.items()])],
)
def test_a_table_of_categories_is_hidden_as_a_whole(kind, categories):
    def judged(*counts):
        facts = [Fact(f"taal/x/post/{name}/{what}", what, count, "taal", arm="x", wave="post", n=sum(counts), kind=kind,
                      category=name) for (what, name), count in zip(categories, counts, strict=True)]  # fmt: skip
        return [f.value for f in suppress(Results({}, facts=tuple(facts)), MIN_CELL).facts]

    assert judged(10, 12, 20, 9) == [10, 12, 20, 9]
    assert judged(10, 12, 20, 2) == [None] * 4  # their n less the others would tell
    assert judged(0, 12, 20, 9) == [None] * 4  # none of them recovered: that says something of everyone


def test_shares_lie_between_five_and_ninety_five_percent():
    shares = {"a": (0.02, 1000), "b": (0.02, 100), "c": (0.99, 1000), "d": (0.5, 40), "e": (0.0, 500)}
    facts = tuple(Fact(f"{key}/floor", "floor", v, key, n=n, kind="scale") for key, (v, n) in shares.items())
    values = [f.value for f in suppress(Results({}, facts=facts), MIN_CELL).facts]
    assert values == [0.05, None, 0.95, 0.5, None]


def test_what_nobody_has_classified_as_harmless_is_not_shared():
    facts = (Fact("a", "number_of_something_new", 40, n=400), Fact("b", "something_without_n", 0.4))
    copy = suppress(Results({}, facts=facts), MIN_CELL)
    assert [(f.value, f.note) for f in copy.facts] == [(None, HIDDEN)] * 2


def test_degrees_of_freedom_go_with_a_hidden_n():
    facts = tuple(
        Fact(f"t/{what}", what, value, *where, n=n)
        for what, value, where, n in (
            ("pupils_analysed", 27, ("t", "", "", "post"), 30),
            ("pupils_without_pre", 0, ("t", "", "", "post"), 30),
            ("pupils_without_post", 3, ("t", "", "", "post"), 30),
            ("pupils_without_both", 0, ("t", "", "", "post"), 30),
            ("pupils_without_unit", 0, ("t", "", "", "post"), 30),
        )
    )
    test = Estimate("e", "t", "mean_change", 1.0, df=26.0, p=0.04, wave_from="pre", wave_to="post", n=27)
    kept = suppress(Results({}, (test,), facts), MIN_CELL).estimates[0]
    assert (kept.n is None) == (kept.df is None)
    other = replace(test, n=26)  # a number that belongs to no known count
    lost = suppress(Results({}, (other,), facts), MIN_CELL).estimates[0]
    assert (lost.n, lost.df, lost.estimate) == (None, None, 1.0)
