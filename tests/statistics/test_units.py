"""Units by their codes: the same names and ranges whatever kind of column they come in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.statistics.units import coded, ranges


@pytest.mark.parametrize("categories", [["b", "a", "c", "unused"], ["unused", "c", "b", "a"]])
def test_a_categorical_column_has_the_codes_of_its_text(categories):
    text = pd.Series(["c", "a", "c", "b"])
    codes, names = coded(text)
    again, same = coded(text.astype(pd.CategoricalDtype(categories)))
    assert codes.tolist() == again.tolist() == [2, 0, 2, 1]
    assert list(names) == list(same) == ["a", "b", "c"]


def test_numbers_that_are_written_alike_are_one_name():
    codes, names = coded(pd.Series(pd.Categorical([1, "1", 2])))
    assert (codes.tolist(), list(names)) == ([0, 0, 1], ["1", "2"])


def test_ranges_are_those_of_groups():
    values, codes = np.array([3.0, 1.0, 5.0, 2.0]), np.array([1, 0, 1, 0])
    assert ranges(values, codes).tolist() == [1.0, 2.0]
