"""One report in the making: the bench whose numbers it tells, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkbank.reporting.words import Words

if TYPE_CHECKING:
    from werkbank.appraisal import Evidence
    from werkbank.bench import Bench
    from werkbank.intake import Intake
    from werkbank.measurement.study_scores import Scores
    from werkbank.results import Claim, Estimate, Results
    from werkbank.study import Study


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
