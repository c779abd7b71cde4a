"""What is asked again of the same tables is made once, and of other tables anew."""

from __future__ import annotations

import pandas as pd

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

    empty = pd.Series(dtype=float)
    for _ in range(2):
        try:
            first(empty)
        except IndexError:
            continue
        raise AssertionError
