"""Codes of groups are those that pandas gives, whatever the column holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.statistics import groups
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
    if name != "categories":
        assert coded(column.copy())[0] is found, "asked again, it is not made again"


@pytest.mark.parametrize("name", ["text", "objects"])
def test_a_long_column_has_the_same_codes_and_is_not_kept(name, monkeypatch):
    kept = coded(COLUMNS[name])
    monkeypatch.setattr(groups, "LONGEST", 2)
    found, texts = coded(COLUMNS[name])
    assert (found.tolist(), texts) == (kept[0].tolist(), kept[1])
    assert found is not kept[0]


@pytest.mark.parametrize("categories", [["b", "a", "c", "unused"], ["unused", "c", "b", "a"]])
def test_a_categorical_column_has_the_codes_of_its_text(categories):
    text = pd.Series(["c", "a", "c", "b"])
    codes, names = coded(text)
    again, same = coded(text.astype(pd.CategoricalDtype(categories)))
    assert codes.tolist() == again.tolist() == [2, 0, 2, 1]
    assert names == same == ("a", "b", "c")


def test_numbers_that_are_written_alike_are_one_name():
    codes, names = coded(pd.Series(pd.Categorical([1, "1", 2])))
    assert (codes.tolist(), names) == ([0, 0, 1], ("1", "2"))


def test_equal_numbers_that_are_written_differently_stay_apart():
    assert coded(pd.Series([1, 2]))[1] == ("1", "2")
    assert coded(pd.Series([1.0, 2.0]))[1] == ("1.0", "2.0")


def test_ranges_are_those_of_pandas():
    rng = np.random.default_rng(4)
    values = rng.normal(size=60)
    values[::7] = np.nan
    column = pd.Series(rng.choice(list("abcde"), 60))
    codes, labels = coded(column)
    by = pd.Series(values).groupby(column)
    assert ranges(values, codes, len(labels)).tolist() == (by.max() - by.min()).tolist()


def test_indicators_know_groups_that_nobody_is_in():
    made = indicators(pd.Series(["a", "b", None, "a"]), ["b", "a", "c"])
    assert [column.tolist() for column in made] == [[0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0]]
