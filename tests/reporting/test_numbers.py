"""Numbers as a Dutch and an English reader expect them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkbank.reporting import numbers
from werkbank.reporting.numbers import Column


@pytest.mark.parametrize(
    ("value", "digits", "nl", "en"),
    [
        (1.005, 2, "1,00", "1.00"),
        (-0.456, 2, "−0,46", "−0.46"),
        (-0.001, 2, "0,00", "0.00"),
        (2287, 0, "2.287", "2,287"),
        (None, 2, "–", "–"),
        (math.nan, 2, "–", "–"),
        (math.inf, 2, "–", "–"),
    ],
)
def test_decimal(value, digits, nl, en):
    assert numbers.decimal(value, "nl", digits) == nl
    assert numbers.decimal(value, "en", digits) == en


@pytest.mark.parametrize(
    ("p", "nl", "en"),
    [
        (0.0342, ",034", ".034"),
        (0.000999, "< ,001", "< .001"),
        (0.001, ",001", ".001"),
        (0.99999, "> ,999", "> .999"),
        (1.0, "> ,999", "> .999"),
        (None, "–", "–"),
    ],
)
def test_p_has_no_leading_zero_and_a_floor(p, nl, en):
    assert numbers.p_value(p, "nl") == nl
    assert numbers.p_value(p, "en") == en


def test_a_number_of_any_size_can_be_written():
    assert numbers.decimal(1.234e20, "nl") == "1,23 × 10^20"
    assert numbers.decimal(-6e205, "en") == "−6.00 × 10^205"
    assert numbers.decimal(999_999_999_999.0, "en", 0) == "999,999,999,999"


def test_p_in_a_sentence():
    assert numbers.p_phrase(0.2, "nl") == "*p* = ,200"
    assert numbers.p_phrase(1e-9, "en") == "*p* < .001"


@pytest.mark.parametrize(("r", "nl"), [(0.83, ",83"), (-0.05, "−,05"), (1.0, "1,00"), (None, "–")])
def test_bounded_numbers_lose_the_leading_zero(r, nl):
    assert numbers.bounded(r, "nl") == nl


def test_interval_uses_a_divider_that_is_no_decimal_sign():
    assert numbers.interval(0.12, 0.45, "nl") == "[0,12; 0,45]"
    assert numbers.interval(-0.12, 0.45, "en") == "[−0.12, 0.45]"
    assert numbers.interval(None, 0.45, "en") == "–"


def test_shares_and_degrees_of_freedom():
    assert numbers.share(0.834, "nl") == "83%"
    assert numbers.share(None, "nl") == "–"
    assert numbers.degrees(11.0, "nl") == "11"
    assert numbers.degrees(10.14, "nl") == "10,1"


def test_text_in_a_numeric_column_is_left_as_it_is():
    assert numbers.cell("ja", Column("x", "x", "count"), "nl") == "ja"
    assert numbers.cell(None, Column("x", "x", "interval"), "nl") == "–"
    assert numbers.cell(3.14159, Column("x", "x", "mean", 3), "nl") == "3,142"


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_what_is_written_reads_back_to_the_rounded_value(value, digits):
    for language, decimal, group in (("nl", ",", "."), ("en", ".", ",")):
        text = numbers.decimal(value, language, digits)
        back = float(text.replace(group, "").replace(decimal, ".").replace("−", "-"))
        assert math.isclose(back, round(value, digits), abs_tol=1e-9)
