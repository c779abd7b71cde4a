"""What a report on underachievement reads: what the study file asked for, and what was found by measure and method."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkbank.disclosure.suppressing import HIDDEN
from werkbank.errors import Problem, UnfitError
from werkbank.reporting import numbers
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Column, Kind
    from werkbank.reporting.report import Report
    from werkbank.results import Estimate, Fact
    from werkbank.study.underachievement import Measured, Underachievement

KIND = "underachievement"


@dataclass(frozen=True)
class Flagged:
    """The results of one report on underachievement, of each measure at the last moment unless another is asked for."""

    report: Report

    @property
    def block(self) -> Underachievement:
        """What the study file asked for.

        Raises
        ------
        UnfitError
            When it asked for nothing.
        """
        found = self.report.study.underachievement
        if found is None:
            raise UnfitError([Problem("underachievement_not_declared", file=self.report.study.file)])
        return found

    def say(self, key: str, **values: object) -> str:
        """Return a sentence of this report."""
        return self.report.words.say(f"underachieving.{key}", **values)

    @cached_property
    def shares(self) -> tuple[Estimate, ...]:
        """The share flagged of every measure, moment and method, in their order."""
        return self.report.results.where(kind=KIND, estimand="share")

    @cached_property
    def last(self) -> dict[str, str]:
        """Measure -> the last moment at which it was judged."""
        return {e.outcome: e.wave_to for e in self.shares}

    @cached_property
    def methods(self) -> list[str]:
        """The methods in use, the one that counts first."""
        return list(dict.fromkeys(e.criterion for e in self.shares))

    @property
    def of_all(self) -> str:
        """How keys end of sentences on all pupils: without a cut nobody is called able."""
        return "_all" if self.block.able is None else ""

    @property
    def main(self) -> str:
        """The method that counts."""
        return self.methods[0]

    @property
    def nominations(self) -> list[str]:
        """The methods by which people named pupils."""
        return [name for name in self.methods if name.startswith("nomination_")]

    @cached_property
    def any_hidden(self) -> bool:
        """Whether this is a copy to share, in which something is hidden."""
        results = self.report.results
        return bool(results.facts_where(note=HIDDEN) or results.where(note=HIDDEN))

    def hidden(self, actual: str) -> str:
        """Return the sentence that says that a count of one measure is hidden."""
        return self.report.words.say("privacy.claim.outcome", test=self.at(actual))

    def value(
        self, actual: str, category: str, method: str = "", table: str = "found", wave: str | None = None
    ) -> float | None:
        """Return what was counted of one measure: ``value("taal", "flagged", "difference")``."""
        at = {"outcome": actual, "wave": self.last[actual] if wave is None else wave, "criterion": method}
        return self.report.results.number(kind=KIND, table=table, category=category, **at)

    def facts(self, table: str, actual: str = "", method: str = "") -> tuple[Fact, ...]:
        """Return a table of counts: of one measure (and method), or of all pupils."""
        at = {"outcome": actual, "wave": self.last.get(actual, ""), "criterion": method}
        return self.report.results.facts_where(kind=KIND, table=table, **at)

    def estimate(
        self, actual: str, name: str, method: str, other: str = "", wave: str | None = None
    ) -> Estimate | None:
        """Return an estimate of one method, or of how far two agree."""
        at = {"outcome": actual, "wave_to": self.last[actual] if wave is None else wave}
        return self.report.results.estimate(kind=KIND, estimand=name, criterion=method, other=other, group="", **at)

    def measure(self, said: Measured) -> str:
        """Return how a reader is shown a measure."""
        words = self.report.words
        return words.text(said.label) if said.label else words.outcome(said.outcome) if said.outcome else said.id

    def actual(self, name: str) -> str:
        """Return how a reader is shown what was achieved."""
        return next((self.measure(m) for m in self.block.actual if m.id == name), name)

    def at(self, name: str) -> str:
        """Return what was achieved with its last moment."""
        wave = self.last[name]
        return self.say(
            "measure.at" if wave else "measure.once", measure=self.actual(name), wave=self.report.words.wave(wave)
        )

    def method(self, name: str) -> str:
        """Return a method's name."""
        return self.say(f"name.{name}_{self.block.random_intercept}" if name == "random_intercept" else f"name.{name}")

    def table(
        self, name: str, title: str, topic: str, kinds: Mapping[str, Kind | Column], rows: Iterable[Mapping[str, Any]],
        *notes: str,
    ) -> Table | None:  # fmt: skip
        """Return a table whose columns are called as the catalogue's ``underachieving.<topic>`` says."""
        return table(self.report, name, title, kinds, rows, labels=f"underachieving.{topic}", notes=notes)

    def count(self, value: float | None) -> str:
        """Return a count as it is written."""
        return numbers.count(value, self.report.language)

    def number(self, value: float | None, digits: int = 2) -> str:
        """Return a number as it stands in a sentence: no more decimals than it has."""
        decimals = next(
            (d for d in range(digits) if value is not None and round(value, d) == round(value, digits)), digits
        )
        return self.report.words.decimal(value, decimals)


def slug(name: str) -> str:
    """Return a name as part of an id."""
    return "".join(c if c.isalnum() else "-" for c in name).lower()
