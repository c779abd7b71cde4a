"""How a chapter says things: its sections, its sentences with their citations, and what the student told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import has
from werkbank.effects.questions import contrasts
from werkbank.reporting import numbers
from werkbank.reporting.blocks import APART, CHAPTER
from werkbank.reporting.plainly import capital
from werkbank.reporting.sections import maker
from werkbank.reporting.thesis.citing import resolved
from werkbank.results import Fact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.report import Report
    from werkbank.results import Claim, Estimate

HERE = "thesis"
section = maker(HERE, "effects", "diagnostics", family=CHAPTER)
beside = maker(HERE, "effects", "diagnostics", family=APART)


def told(report: Report, key: str, /, **values: object) -> str:
    """Return a sentence of the chapter, its citations written out."""
    return resolved(report.words.say(f"{HERE}.{key}", **values), report.language)


def in_words(report: Report, n: int) -> str:
    """Return a small number in words, as a sentence has it, and a larger one in figures."""
    return report.words.say(f"{HERE}.n.{n}") if has(f"{HERE}.n.{n}", report.language) else report.words.decimal(n, 0)


def asked(report: Report, test: Estimate | Fact | Claim) -> str:
    """Return a question as a sentence names it: the outcome and, between brackets, when and of which comparison."""
    wave = test.wave if isinstance(test, Fact) else test.wave_to
    return question_of(report, test.outcome, wave, test.contrast)


def question_of(report: Report, outcome: str, wave: str, contrast: str) -> str:
    """Return the question of these three as a sentence names it."""
    words = report.words
    several = len(contrasts(report.study)) > 1 and contrast
    inside = [words.wave(wave), *[words.contrast(contrast)] * bool(several)]
    return (
        f"{words.outcome(outcome)} ({', '.join(part for part in inside if part)})"
        if any(inside)
        else words.outcome(outcome)
    )


def with_source(name: str, cite: str) -> str:
    """Return a name with its citation, in one pair of brackets where the name ends in one."""
    if not cite:
        return name
    return f"{name[:-1]}; {cite[1:]}" if name.endswith(")") else f"{name} {cite}"


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


def spoken(report: Report, statistic: Estimate, *, symbol: str = "b", t: bool = True) -> str:
    """Return an estimate as a sentence of results has it: *b* = 2,37, 95%-BI […], *t*(19,8) = 5,72, *p* < ,001."""
    language, words = report.language, report.words
    parts = [f"*{symbol}* = {words.decimal(statistic.estimate)}"]
    if statistic.ci_low is not None:
        level = words.level(statistic.ci_level)
        parts.append(
            told(report, "stat.ci", level=level, ci=numbers.interval(statistic.ci_low, statistic.ci_high, language))
        )
    if t and statistic.statistic is not None:
        df = numbers.degrees(statistic.df, language)
        parts.append(f"*t*({df}) = {words.decimal(statistic.statistic)}")
    if t and statistic.p is not None:
        parts.append(numbers.p_phrase(statistic.p, language))
    return ", ".join(parts).replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
