"""One report in the making: the bench whose numbers it tells, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkbank.measurement.study_scores import scale_of
from werkbank.reporting.words import Words

if TYPE_CHECKING:
    from werkbank.appraisal import Evidence
    from werkbank.bench import Bench
    from werkbank.instruments import Instrument
    from werkbank.intake import Intake
    from werkbank.measurement.study_scores import Scores
    from werkbank.results import Fact, Results
    from werkbank.study import Study
    from werkbank.study.model import Outcome


@dataclass(frozen=True)
class Report:
    """What the writer of a section reads. It computes nothing: every number is one of the bench's results."""

    bench: Bench
    language: str

    def __new__(cls, *asked: Any) -> Any:  # noqa: ANN401 - as below
        """Return a report of a bench; or, of four things, the bench that copies of older notebooks call a report."""
        if len(asked) == len(("intake", "scores", "results", "language")):
            from werkbank.bench import Bench

            return Bench.made(*asked)
        return super().__new__(cls)

    @property
    def study(self) -> Study:
        """What was declared."""
        return self.bench.study

    @property
    def intake(self) -> Intake:
        """What was read."""
        return self.bench.intake

    @property
    def scores(self) -> Scores:
        """The scores with their keys."""
        return self.bench.scored

    @property
    def results(self) -> Results:
        """Every number that may be printed."""
        return self.bench.results

    @property
    def evidence(self) -> Evidence:
        """The results, looked up by question."""
        return self.bench.evidence

    @cached_property
    def words(self) -> Words:
        """The study's names and numbers in the report's language."""
        return Words(self.study, self.scores.instruments, self.language)

    def declared(self, key: str) -> Outcome:
        """Return the outcome to which the scale belongs that results call `key`."""
        return self.study.outcome(scale_of(key)[0])

    def scale(self, key: str) -> tuple[Instrument, str]:
        """Return the instrument of the scale that results call `key`, and the scale's name there."""
        name, scale = scale_of(key)
        return self.scores.instruments[name], scale

    def better(self, key: str) -> str:
        """Return which end of a scale is better: higher, lower or neither."""
        instrument, scale = self.scale(key)
        return instrument.direction(scale)

    def score_range(self, key: str) -> tuple[float, float]:
        """Return the lowest and the highest score that a scale can give."""
        instrument, scale = self.scale(key)
        return instrument.score_range(scale)

    @cached_property
    def keys(self) -> list[str]:
        """Every scored scale as results call it, primary outcomes first, otherwise in the study file's order."""
        seen = dict.fromkeys(f.outcome for f in self.results.facts_where(what="mean"))
        order = {"primary": 0, "secondary": 1, "exploratory": 2}
        return sorted(seen, key=lambda key: order[self.evidence.role(key)])

    @cached_property
    def primary(self) -> list[str]:
        """The primary ones of `keys`."""
        return [key for key in self.keys if self.evidence.role(key) == "primary"]

    @cached_property
    def same_measure(self) -> list[str]:
        """The ones of `keys` that were measured alike each time: only theirs can be subtracted."""
        return [key for key in self.keys if self.declared(key).same_measure]


def place(fact: Fact) -> dict[str, str]:
    """Return the columns by which other quantities of the same outcome, people and moment are found."""
    return {"outcome": fact.outcome, "arm": fact.arm, "wave": fact.wave}
