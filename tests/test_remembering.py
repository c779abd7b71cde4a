"""What is asked again of the same tables is made once, and of other tables anew."""

from __future__ import annotations

import pandas as pd
import pytest

from werkbank.remembering import remembered


def test_the_same_tables_are_asked_once_and_equal_ones_anew():
    asked = []

    @remembered(2)
    def total(table, name, *, twice=False):
        asked.append(name)
        return table[name].sum() * (2 if twice else 1)

    table = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert [total(table, "a"), total(table, "a"), total(table, str(table.columns[0]))] == [3, 3, 3]
    assert asked == ["a"]
    assert total(table, "a", twice=True) == 6
    assert total(table.copy(), "a") == 3
    assert asked == ["a", "a", "a"]
    assert total(table, "a") == 3  # two newer ones took its place
    assert len(asked) == 4


CHANGES = {
    "a number": lambda table: table.__setitem__("a", [1, 5]),
    "a number in place": lambda table: table.iloc.__setitem__((0, 0), 9),
    "a word": lambda table: table.loc.__setitem__((1, "b"), "z"),
    "a code": lambda table: table.loc.__setitem__((1, "c"), "x"),
    "what codes mean": lambda table: table.__setitem__("c", table["c"].cat.rename_categories({"y": "w"})),
    "a new column": lambda table: table.__setitem__("d", 1),
    "a label": lambda table: setattr(table, "index", [0, 7]),
    "a gap": lambda table: table.loc.__setitem__((1, "b"), None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_table_that_was_changed_is_asked_anew(name):
    asked = []

    @remembered(4)
    def seen(table):
        asked.append(table.to_string())
        return table.copy()

    table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": pd.Categorical(["x", "y"])})
    seen(table)
    seen(table)
    CHANGES[name](table)
    assert seen(table).equals(table)
    assert len(asked) == 2


def test_who_changes_a_table_that_was_given_changes_nobody_elses():
    @remembered(1)
    def first(table):
        return table.head(1)

    table = pd.DataFrame({"a": [1, 2]})
    given = first(table)
    given["a"] = 9
    assert list(first(table)["a"]) == [1]


def test_what_a_generator_gives_can_be_gone_through_twice():
    @remembered(1)
    def rows(table):
        yield from table.index

    table = pd.DataFrame(index=[1, 2])
    assert list(rows(table)) == list(rows(table)) == [1, 2]


def test_an_error_is_not_kept():
    @remembered(1)
    def first(table):
        return table.iloc[0]

    for _ in range(2):
        with pytest.raises(IndexError):
            first(pd.Series(dtype=float))
