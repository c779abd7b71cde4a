"""How a chapter says things: its sections, its sentences with their citations, and what the student told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.reporting.blocks import APART, CHAPTER
from werkbank.reporting.plainly import capital
from werkbank.reporting.sections import maker
from werkbank.reporting.thesis.citing import resolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.report import Report
    from werkbank.results import Estimate

HERE = "thesis"
section = maker(HERE, "effects", "diagnostics", family=CHAPTER)
beside = maker(HERE, "effects", "diagnostics", family=APART)


def told(report: Report, key: str, **values: object) -> str:
    """Return a sentence of the chapter, its citations written out."""
    return resolved(report.words.say(f"{HERE}.{key}", **values))


def student(report: Report, name: str) -> str:
    """Return what the study file answers to one of the questions that only the student can answer, as sentences."""
    return sentence(report.words.text(report.study.thesis.texts[name]))


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop."""
    text = capital(" ".join(text.split()))
    return text if not text or text[-1] in ".!?" else f"{text}."


def joined(parts: Sequence[str]) -> str:
    """Return the sentences of a paragraph, without those that are empty."""
    return " ".join(part for part in parts if part)


def persons(report: Report, n: int) -> str:
    """Return how many pupils (or teachers) there are, with the noun."""
    return report.words.count("pupil", n)


def unit_values(report: Report) -> dict[str, str]:
    """Return the names of what was assigned, for a sentence: one, many."""
    unit = report.study.unit if report.evidence.unit == "pupil" else report.evidence.unit
    return {f"unit_{form}": report.words.say(f"report.unit.{unit}.{form}") for form in ("one", "many")}


def named_wave(report: Report, test: Estimate) -> str:
    """Return which question is meant: outcome and wave, and the comparison where there are more."""
    return report.words.test(test.outcome, test.wave_to, test.contrast)


def spoken(report: Report, statistic: Estimate, *, symbol: str = "b", t: bool = True) -> str:
    """Return an estimate as a sentence of results has it: *b* = 2,37, 95%-BI […], *t*(19,8) = 5,72, *p* < ,001."""
    from werkbank.reporting import numbers

    language, words = report.language, report.words
    parts = [f"*{symbol}* = {words.decimal(statistic.estimate)}"]
    if statistic.ci_low is not None:
        level = words.level(statistic.ci_level)
        parts.append(told(report, "stat.ci", level=level, ci=numbers.interval(statistic.ci_low, statistic.ci_high, language)))
    if t and statistic.statistic is not None:
        df = numbers.degrees(statistic.df, language)
        parts.append(f"*t*({df}) = {words.decimal(statistic.statistic)}")
    if t and statistic.p is not None:
        parts.append(numbers.p_phrase(statistic.p, language))
    return ", ".join(parts).replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
