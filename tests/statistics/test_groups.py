"""Codes of groups are those that pandas gives, whatever the column holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.statistics.groups import coded, indicators, ranges

COLUMNS = {
    "text": pd.Series(["b", "a", "b", "é", "10", "9"]),
    "objects": pd.Series(["b", "a", None, "b"], dtype=object),
    "numbers": pd.Series([10, 9, 10, 1]),
    "numbers and text": pd.Series([1, "1", 1.0, "a"], dtype=object),
    "strings with missing": pd.Series(["b", pd.NA, "a"], dtype="string"),
    "categories": pd.Series(["b", "a", "b"], dtype="category"),
    "nothing": pd.Series([], dtype=object),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_codes_are_those_of_sorted_text(name):
    column = COLUMNS[name]
    codes, labels = pd.factorize(column.astype(str), sort=True)
    found, texts = coded(column)
    assert found.tolist() == codes.tolist()
    assert texts == tuple(labels)
    assert coded(column.copy())[0] is found, "asked again, it is not made again"


def test_equal_numbers_that_are_written_differently_stay_apart():
    assert coded(pd.Series([1, 2]))[1] == ("1", "2")
    assert coded(pd.Series([1.0, 2.0]))[1] == ("1.0", "2.0")


def test_ranges_are_those_of_pandas():
    rng = np.random.default_rng(4)
    values = rng.normal(size=60)
    values[::7] = np.nan
    groups = pd.Series(rng.choice(list("abcde"), 60))
    codes, labels = coded(groups)
    by = pd.Series(values).groupby(groups)
    assert ranges(values, codes, len(labels)).tolist() == (by.max() - by.min()).tolist()


def test_indicators_know_groups_that_nobody_is_in():
    made = indicators(pd.Series(["a", "b", None, "a"]), ["b", "a", "c"])
    assert [column.tolist() for column in made] == [[0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0]]
