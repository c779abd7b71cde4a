"""A picture of equal data is drawn once; one of other data, or in another language, is drawn."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from werkbank.reporting import style

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Figure


widths: list[float] = []  # in which something was drawn


def picture(drawing: style.Drawing, values: object) -> Figure:
    widths.append(drawing.width)
    return drawing.figure("fig-x", [str(values)], "x")


def figure(values: object, language: str = "nl") -> Figure | None:
    return style.twice(lambda drawing: picture(drawing, values), language)


@pytest.fixture(autouse=True)
def _nothing_drawn(monkeypatch):
    monkeypatch.setattr(style, "_pictures", {})
    widths.clear()


def test_equal_data_are_drawn_once():
    table = pd.DataFrame({"a": [1.0, 2.0]})
    for values in (["a", 1.5], np.arange(3.0), {"x": (table, "b")}):
        widths.clear()
        first = figure(values)
        assert widths == [style.WIDTH, style.PHONE]
        assert figure(copy.deepcopy(values)) is first
        assert len(widths) == 2


def test_other_data_or_another_language_are_drawn():
    asked = [([1.0],), ([2.0],), ([1],), ([1.0], "en"), (pd.Series([1.0]),), (pd.Series([1.0], name="x"),)]
    assert len({id(figure(*one)) for one in asked}) == len(asked)
    assert len(widths) == 2 * len(asked)


def test_what_cannot_be_compared_is_drawn_each_time():
    for _ in range(2):
        figure(lambda: 1)
    assert len(widths) == 4


def test_no_more_are_kept_than_one_report_has(monkeypatch):
    monkeypatch.setattr(style, "PICTURES", 2)
    for value in (1, 2, 3, 3, 1):
        figure(value)
    assert len(widths) == 8
