"""What every section is written from: the study, what was read, the scores, the results, and the reader's language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from werkbank.appraisal import Evidence
from werkbank.reporting.blocks import Sections
from werkbank.reporting.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.intake import Intake
    from werkbank.measurement.study_scores import Scores
    from werkbank.reporting.blocks import Section
    from werkbank.results import Claim, Estimate, Results
    from werkbank.study import Study

Write = TypeVar("Write", bound="Callable[..., Section | None]")


@dataclass(frozen=True)
class Report:
    """One report in the making. Sections read it and compute nothing: every number is one of its results.

    `language` may name several, as ``nl+en``: then every section is written in each of them (see `spoken`).
    """

    intake: Intake
    scores: Scores
    results: Results
    language: str

    @cached_property
    def in_each_language(self) -> tuple[Report, ...]:
        """The same report once for each of its languages."""
        return tuple(replace(self, language=one) for one in self.language.split("+"))

    @property
    def study(self) -> Study:
        """What was declared."""
        return self.intake.study

    @cached_property
    def words(self) -> Words:
        """The study's names and numbers in the report's language."""
        return Words(self.study, self.scores.instruments, self.language)

    @cached_property
    def evidence(self) -> Evidence:
        """The results, looked up by question."""
        return Evidence(self.study, self.results)

    def claims(self, start: str) -> list[Claim]:
        """Return the claims whose id starts with `start`, in their order."""
        return [c for c in self.results.claims if c.id.startswith(start)]

    def questions(self, key: str) -> list[list[Estimate]]:
        """Return the estimates of one scale, those of one question (waves, contrast) together; corrected p's apart."""
        found: dict[tuple[str, str, str], list[Estimate]] = {}
        for e in self.results.where(outcome=key):
            if not e.method.startswith("p_"):
                found.setdefault((e.wave_from, e.wave_to, e.contrast), []).append(e)
        return list(found.values())

    @cached_property
    def keys(self) -> list[str]:
        """Every scored scale as results call it, primary outcomes first, otherwise in the study file's order."""
        seen = dict.fromkeys(f.outcome for f in self.results.facts if f.what == "mean")
        order = {"primary": 0, "secondary": 1, "exploratory": 2}
        return sorted(seen, key=lambda key: order[self.evidence.role(key)])


def spoken(write: Write) -> Write:
    """Let a section be written in every language of its report: what was computed is computed once for all of them.

    For a report in several languages the call gives `Sections`, which a notebook's cell shows.
    """

    @wraps(write)
    def in_each(report: Report, *rest: Any) -> Section | Sections | None:  # noqa: ANN401 - as the section takes it
        if "+" not in report.language:
            return write(report, *rest)
        made = [write(one, *rest) for one in report.in_each_language]
        return Sections(tuple(section for section in made if section is not None))

    return cast("Write", in_each)
