"""What a report on underachievement reads: the declared choices and the results, looked up by measure and method."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkbank.disclosure.suppressing import HIDDEN
from werkbank.errors import Problem, UnfitError
from werkbank.reporting import numbers
from werkbank.reporting.blocks import Table
from werkbank.reporting.numbers import Column
from werkbank.study import text_in

if TYPE_CHECKING:
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.results import Estimate, Fact
    from werkbank.study.underachievement import Measured, Underachievement

ROOT = "underachievement"


@dataclass(frozen=True)
class Flagged:
    """The results of one report on underachievement."""

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

    @property
    def language(self) -> str:
        """The reader's language."""
        return self.report.language

    def say(self, key: str, **values: object) -> str:
        """Return a sentence of this report."""
        return self.report.words.say(f"underachieving.{key}", **values)

    @cached_property
    def _facts(self) -> dict[str, Fact]:
        return {f.id: f for f in self.report.results.facts}

    @cached_property
    def _estimates(self) -> dict[str, Estimate]:
        return {e.id: e for e in self.report.results.estimates}

    @cached_property
    def shares(self) -> list[Estimate]:
        """The share flagged of every measure, moment and method, in their order."""
        return list(self.report.results.where(method="underachievement_share"))

    @cached_property
    def last(self) -> dict[str, str]:
        """Measure -> the last moment at which it was judged."""
        return {e.outcome: e.wave_to for e in self.shares}

    @cached_property
    def methods(self) -> list[str]:
        """The methods in use, the one that counts first."""
        return list(dict.fromkeys(e.contrast for e in self.shares))

    @cached_property
    def any_hidden(self) -> bool:
        """Whether this is a copy to share, in which something is hidden."""
        items: tuple[Fact | Estimate, ...] = (*self._facts.values(), *self._estimates.values())
        return any(item.note == HIDDEN for item in items)

    def hidden(self, actual: str) -> str:
        """Return the sentence that says that a count of one measure is hidden."""
        return self.report.words.say("privacy.claim.outcome", test=self.at(actual))

    def value(self, actual: str, place: str, wave: str | None = None) -> float | None:
        """Return a fact's number: ``difference/flagged``, ``gates/signal``, ``cut_able``."""
        at = self.last[actual] if wave is None else wave
        fact = self._facts.get(f"{ROOT}/{actual}/{at or 'once'}/{place}")
        return fact.value if fact is not None and not isinstance(fact.value, str) else None

    def overall(self, place: str) -> Fact | None:
        """Return a fact that is of no single measure: ``breadth/all``, ``selective/producing``."""
        return self._facts.get(f"{ROOT}/{place}")

    def facts(self, actual: str, place: str) -> list[Fact]:
        """Return all facts of one measure under a place: ``overlap``, ``difference``."""
        start = f"{ROOT}/{actual}/{self.last[actual] or 'once'}/{place}/"
        return [f for i, f in self._facts.items() if i.startswith(start)]

    def estimate(self, actual: str, contrast: str, name: str, wave: str | None = None) -> Estimate | None:
        """Return an estimate by what it is of: a method, a pair of methods, a group."""
        at = self.last[actual] if wave is None else wave
        return self._estimates.get(f"{ROOT}/{actual}/{at or 'once'}/{contrast.replace(' ', '')}/{name}")

    def measure(self, said: Measured) -> str:
        """Return how a reader is shown a measure."""
        if said.label is not None:
            return text_in(said.label, self.language)
        return self.report.words.outcome(said.outcome) if said.outcome else str(said.column)

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

    def count(self, value: float | None) -> str:
        """Return a count as it is written."""
        return numbers.count(value, self.language)

    def share(self, value: float | None) -> str:
        """Return a share as it is written."""
        return numbers.share(value, self.language)

    def number(self, value: float | None, digits: int = 2) -> str:
        """Return a number as it stands in a sentence: no more decimals than it has."""
        decimals = next(
            (d for d in range(digits) if value is not None and round(value, d) == round(value, digits)), digits
        )
        return numbers.decimal(value, self.language, decimals)

    def bounded(self, value: float | None) -> str:
        """Return a correlation or reliability as it is written."""
        return numbers.bounded(value, self.language)

    def share_interval(self, low: float | None, high: float | None) -> str:
        """Return an interval of a share as it is written."""
        return numbers.share_interval(low, high, self.language)

    def table(
        self, name: str, title: str, topic: str, kinds: dict[str, Kind], rows: list[dict[str, Any]],
        notes: tuple[str, ...] = (),
    ) -> Table:  # fmt: skip
        """Return a table whose columns are called as the catalogue's `topic` says."""
        columns = tuple(Column(key, self.say(f"{topic}.{key}"), kind) for key, kind in kinds.items())
        return Table(name, title, columns, tuple({c.key: row.get(c.key) for c in columns} for row in rows), notes)


def slug(name: str) -> str:
    """Return a name as part of an id."""
    return "".join(c if c.isalnum() else "-" for c in name).lower()
