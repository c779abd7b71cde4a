"""How a number is written: decimal sign per language, APA's leading zero, a true minus sign, no false precision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from babel.numbers import format_decimal, get_decimal_symbol

MISSING = "–"
LARGE = 1e12  # nobody counts the digits of more
_MINUS = "\N{MINUS SIGN}"
Kind = Literal["text", "count", "mean", "estimate", "p", "share", "interval", "reliability", "df", "number"]


@dataclass(frozen=True)
class Column:
    """A column of a table: `kind` decides how its numbers are written, per language; `label` is its header.

    Neighbours that share `over` stand under it, in a header of two rows.
    """

    key: str
    label: str
    kind: Kind = "text"
    digits: int | None = None
    over: str = ""


def decimal(value: float | None, language: str, digits: int = 2) -> str:
    """Return `value` with a fixed number of decimals: ``−1,23`` in Dutch, ``−1.23`` in English.

    A number that is missing or not finite is an en dash; what rounds to zero has no sign. From a thousand billion on it
    is written with its power of ten: ``1,23 × 10^20``.
    """
    if _absent(value):
        return MISSING
    if abs(float(value)) >= LARGE:  # type: ignore[arg-type]
        power = math.floor(math.log10(abs(float(value))))  # type: ignore[arg-type]
        return f"{_written(round(float(value) / 10.0**power, 2), language, 2)} × 10^{power}"  # type: ignore[arg-type]
    rounded = round(float(value), digits) + 0.0  # type: ignore[arg-type]
    return _written(rounded, language, digits)  # adding 0.0 turned -0.0 into 0.0


@lru_cache(maxsize=10_000)  # counts, ticks and rounded means recur
def _written(rounded: float, language: str, digits: int) -> str:
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(rounded, pattern, locale=language)).replace("-", _MINUS)


def count(n: float | None, language: str) -> str:
    """Return a count, which never has decimals: ``2.287`` in Dutch, ``2,287`` in English."""
    return decimal(n, language, digits=0)


def share(value: float | None, language: str, digits: int = 0) -> str:
    """Return a proportion (0 to 1) as a percentage: ``83%``."""
    return MISSING if _absent(value) else f"{decimal(100 * float(value), language, digits)}%"  # type: ignore[arg-type]


def bounded(value: float | None, language: str, digits: int = 2) -> str:
    """Return a number that cannot exceed 1 (r, alpha, omega, ICC) without its leading zero: ``,83`` or ``.83``."""
    text = decimal(value, language, digits)
    sign = get_decimal_symbol(language)
    return text.replace(f"0{sign}", sign, 1) if text.lstrip(_MINUS).startswith(f"0{sign}") else text


def p_value(p: float | None, language: str) -> str:
    """Return a p-value with three decimals between APA's floor and ceiling: ``,034``, ``< ,001`` in Dutch."""
    if _absent(p):
        return MISSING
    if float(p) < 0.001:  # type: ignore[arg-type]
        return f"< {get_decimal_symbol(language)}001"
    if float(p) > 0.9995:  # type: ignore[arg-type]
        return f"> {get_decimal_symbol(language)}999"
    return bounded(p, language, digits=3)


def p_phrase(p: float | None, language: str, symbol: str = "p") -> str:
    """Return a p-value as it stands in a sentence: ``p = ,034`` or ``p < ,001``."""
    text = p_value(p, language)
    return f"*{symbol}* {text}" if text[0] in "<>" else f"*{symbol}* = {text}"


def interval(low: float | None, high: float | None, language: str, digits: int = 2) -> str:
    """Return an interval, its ends divided by what cannot be a decimal sign: ``[0,12; 0,45]``, ``[0.12, 0.45]``."""
    if _absent(low) or _absent(high):
        return MISSING
    return _between(decimal(low, language, digits), decimal(high, language, digits), language)


def bounded_interval(low: float | None, high: float | None, language: str, digits: int = 2) -> str:
    """Return the interval of a number that cannot exceed 1: ``[,73; ,81]``."""
    if _absent(low) or _absent(high):
        return MISSING
    return _between(bounded(low, language, digits), bounded(high, language, digits), language)


def share_interval(low: float | None, high: float | None, language: str) -> str:
    """Return the interval of a proportion as percentages: ``[28%; 40%]``."""
    if _absent(low) or _absent(high):
        return MISSING
    return _between(share(low, language), share(high, language), language)


def _between(low: str, high: str, language: str) -> str:
    return f"[{low}{', ' if language == 'en' else '; '}{high}]"


def degrees(df: float | None, language: str) -> str:
    """Return degrees of freedom: whole where they are whole, else with one decimal."""
    if _absent(df):
        return MISSING
    return decimal(df, language, 0 if abs(float(df) - round(float(df))) < 1e-9 else 1)  # type: ignore[arg-type]


def cell(value: object, column: Column, language: str) -> str:
    """Return what a reader sees in a table's cell; ``column.kind`` decides how it is written."""
    if value == "" or (value is None and column.kind != "interval"):  # "": nothing applies
        return "" if value == "" else MISSING
    if column.kind == "interval" or isinstance(value, (tuple, list)):
        low, high = value if isinstance(value, (tuple, list)) else (None, None)
        if column.kind == "share":
            return share_interval(low, high, language)
        write = bounded_interval if column.kind == "reliability" else interval
        return write(low, high, language, 2 if column.digits is None else column.digits)
    if isinstance(value, str) or column.kind == "text":
        return str(value)
    if column.kind == "number":
        return as_given(float(value), language, column.digits or 0)  # type: ignore[arg-type]
    return _write(float(value), column, language)  # type: ignore[arg-type]


def _write(value: float, column: Column, language: str) -> str:
    digits = column.digits
    match column.kind:
        case "count":
            return count(value, language)
        case "p":
            return p_value(value, language)
        case "share":
            return share(value, language, digits or 0)
        case "reliability":
            return bounded(value, language, 2 if digits is None else digits)
        case "df":
            return degrees(value, language)
        case _:
            return decimal(value, language, 2 if digits is None else digits)


def as_given(value: float, language: str, digits: int) -> str:
    """Return a number of a user's own table: no signs between thousands, which a year has not, and never a false 0.

    What `digits` decimals would show as zero, and what has more than 15 digits, is written as ``1,2e-05``.
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    if (value and abs(value) < 0.5 * 10**-digits) or abs(value) >= 1e15:
        shown = f"{value:.2e}"
    else:
        shown = f"{round(value, digits) + 0.0:.{digits}f}"
    return shown.replace(".", get_decimal_symbol(language)).replace("-", _MINUS)


def _absent(value: float | None) -> bool:
    return value is None or not math.isfinite(float(value))
