"""What the results say about a study: which tests it asked, how much was lost, and what grade that allows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from werkbank.appraisal.grading import grade_of, reasons_against
from werkbank.appraisal.precision import attrition
from werkbank.appraisal.wording import GRADES
from werkbank.effects.asking import role_of_outcome, role_of_question
from werkbank.effects.questions import contrasts
from werkbank.effects.roles import shown_roles
from werkbank.measurement.study_scores import scale_of

if TYPE_CHECKING:
    from werkbank.results import Estimate, Fact, Results
    from werkbank.study import Study

# the effect size that goes with a headline test, the first that exists
SIZES = (
    "g_adjusted", "g_hc2", "g_adjusted_unit_means", "g_unit_means", "g_cr2", "hedges_g", "smcr_unit_means", "smcr",
)  # fmt: skip
LEVELS = ("class", "teacher", "school")
NEVER_MEANT = {"pupil", "test", "unknown"}  # by "those who took part filled it in", unless they are named
REFUSED = (
    "refused_too_few_units",
    "units_in_more_than_one_arm",
    "control_had_it",
)  # notes of what was not estimated at all
BY_PLAN = {
    "pupils": tuple(f"pupils_planned_without_{which}" for which in ("pre", "post", "both")),
    "units": ("units_planned_without",),
}
# why a difference has no test: too few units, too little spread, or groups that cannot be told apart
UNTESTED = {
    "few": (
        "two_against_more", "too_few_units", "too_few_for_slope", "not_drawn_too_few_units", "no_degrees_of_freedom",
    ),
    "spread": ("no_residual_variation", "no_variation", "no_variance"),
    "apart": ("not_estimable", "leverage_of_one"),
}  # fmt: skip


def question(of: Estimate) -> dict[str, str]:
    """Return the columns by which everything is found that belongs to the same question."""
    return {"outcome": of.outcome, "contrast": of.contrast, "wave_from": of.wave_from, "wave_to": of.wave_to}


class LostUnits(NamedTuple):
    """Whole classes, teachers or schools: how many are left of those assigned, and which shares (0-1) were lost."""

    left: int
    assigned: int
    overall: float
    differential: float


@dataclass(frozen=True)
class Evidence:
    """A study beside its results; every number is one of theirs, and None where there is none."""

    study: Study
    results: Results

    @cached_property
    def arms(self) -> list[str]:
        """The arms in the study file's order; a single group is the one arm without a name."""
        if not self.study.compared:
            return [""]
        made = shown_roles(self.study)
        if set(made) == set(self.study.arms):
            return list(made)
        # of teachers whose pupils have roles: their own arm is that of pupils without one, if there are any
        return [
            a for a in made if a not in self.study.treated_arms or self.results.count(what="pupils_enrolled", arm=a)
        ]

    @cached_property
    def waves(self) -> list[str]:
        """The waves at which anyone was measured, in the order of time."""
        return list(dict.fromkeys(f.wave for f in self.results.facts_where(what="pupils_measured")))

    @cached_property
    def unit(self) -> str:
        """What was analysed: pupil, or class, teacher or school."""
        declared = self.study.design.assigned_by
        if declared != "pupil" or not self.results.facts_where(what="units_enrolled"):
            return declared
        named = self.study.columns.named()
        return next((level for level in LEVELS if level in named), "class")

    @property
    def one_arm_grouped(self) -> bool:
        """Whether pupils in groups are compared with pupils on their own."""
        return bool(self.study.design.individual_arms)

    @cached_property
    def tests(self) -> list[Estimate]:
        """The headline test of every question, refusals included, primary outcomes first."""
        found = self.results.where(kind="headline")
        order = {"primary": 0, "secondary": 1, "exploratory": 2}
        return sorted(found, key=lambda e: order[self.role_of(e)])

    @cached_property
    def primary(self) -> list[Estimate]:
        """The headline tests of primary questions; all of them when none is primary."""
        return [t for t in self.tests if self.role_of(t) == "primary"] or self.tests

    def role(self, key: str) -> str:
        """Return the role of the outcome that results call `key`."""
        return role_of_outcome(self.study, key)

    def role_of(self, test: Estimate) -> str:
        """Return the role of the question that `test` answers."""
        first = self.results.where(kind="headline", outcome=test.outcome, contrast=test.contrast)
        first_wave = first[0].wave_to if first else test.wave_to
        return role_of_question(self.study, test.outcome, test.wave_to, test.contrast, first_wave)

    def rated_by_implementers(self, key: str) -> bool:
        """Whether those who took part in the programme, who gave it or received it, filled in what is called `key`."""
        return bool(self.part_of_rater(scale_of(key)[0]))

    @cached_property
    def against(self) -> list[Fact]:
        """The lowest item-rest correlations that are below zero: an item that runs against the rest of its scale."""
        lowest = self.results.facts_where(what="item_rest_lowest")
        return [fact for fact in lowest if isinstance(fact.value, float) and fact.value < 0]

    def doubtful(self, key: str) -> bool:
        """Whether a score must not be used yet, because an item of its scale runs against the others."""
        return any(fact.outcome == key for fact in self.against)

    def part_of_rater(self, outcome: str) -> str:
        """Return what part those had in the programme who filled in an outcome: gave, got, took_part, or none ("").

        Who gave it and who received it is as the study file says. Where that leaves the informant out, but those who
        took part are said to have rated, they took part in a way that is not told; pupils and tests are not meant then.
        """
        who, design = self.study.outcome(outcome).informant, self.study.design
        if who in design.given_by:
            return "gave"
        if who in design.received_by:
            return "got"
        return "took_part" if design.raters_are_implementers is True and who not in NEVER_MEANT else ""

    def beside(self, test: Estimate, *methods: str) -> Estimate | None:
        """Return the first estimate of one of `methods` that answers the same question as `test`."""
        return next((e for method in methods for e in self.results.where(method=method, **question(test))), None)

    def weights(self, contrast: str) -> dict[str, float]:
        """Return the arms that a contrast compares, with their weights."""
        return contrasts(self.study).get(contrast, {})

    def lost(self, test: Estimate) -> tuple[float, float] | None:
        """Return overall and differential attrition of pupils in the arms that `test` compares."""
        arms = list(self.weights(test.contrast)) or [""]
        return self._lost(test, arms, "pupils")

    def lost_units(self, test: Estimate) -> dict[str, LostUnits]:
        """Return the same of whole units by their level: the one that was assigned, and schools above it.

        Empty where pupils were assigned and all are of one school, or no school is known.
        """
        levels = {"school": "schools"} | ({self.unit: "units"} if "units" in self._levels_of_loss() else {})
        found = {}
        for level, what in levels.items():
            enrolled, analysed = self._counts(test, list(self.weights(test.contrast)), what)
            rates = attrition(enrolled, analysed) if enrolled and analysed else None
            if rates is not None:
                found[level] = LostUnits(sum(analysed.values()), sum(enrolled.values()), *rates)
        return found

    def _lost(self, test: Estimate, arms: list[str], what: str) -> tuple[float, float] | None:
        enrolled, analysed = self._counts(test, arms, what)
        return attrition(enrolled, analysed) if enrolled and analysed else None

    def _counts(self, test: Estimate, arms: list[str], what: str) -> tuple[dict[str, int], dict[str, int]]:
        """Return by arm how many were assigned and how many analysed; nothing where one of these is not known."""
        asked = {k: v for k, v in question(test).items() if k != "contrast"}
        at_assignment = asked if what == "schools" else {}
        enrolled = {a: self.results.count(what=f"{what}_enrolled", arm=a, **at_assignment) for a in arms}
        analysed = {a: self.results.count(what=f"{what}_analysed", arm=a, **asked) for a in arms}
        for arm, n in enrolled.items():  # who was not to be measured was not lost
            planned = [self.results.count(what=name, arm=arm, **asked) or 0 for name in BY_PLAN.get(what, ())]
            enrolled[arm] = None if n is None else n - sum(planned)
        if any(n is None for n in (*enrolled.values(), *analysed.values())):
            return {}, {}
        return {a: n or 0 for a, n in enrolled.items()}, {a: n or 0 for a, n in analysed.items()}

    def reasons(self, test: Estimate) -> list[str]:
        """Return what keeps `test` from the grade "effect": keys under ``claims.reasons``, empty when nothing does."""
        arms = list(self.weights(test.contrast))
        untested = next((why for why, notes in UNTESTED.items() if test.note in notes), "")
        return reasons_against(
            self.study,
            contrast=test.contrast,
            unit=self.unit,
            estimated=test.estimate is not None,
            tested=test.df is not None and test.p is not None,
            untested=untested,
            lost=[self._lost(test, arms, what) for what in self._levels_of_loss()] if test.contrast else [],
        )

    def _levels_of_loss(self) -> list[str]:
        return ["pupils"] if self.unit == "pupil" or self.one_arm_grouped else ["units", "pupils"]

    def grade(self, test: Estimate) -> str:
        """Return what may be said about `test`: description, change, association or effect.

        An effect needs assignment by lot, analysis by the unit that was assigned with at least two of them in each
        arm, a test, and attrition within the cautious WWC boundary (for classes and for pupils).
        """
        return grade_of(self.reasons(test))

    @cached_property
    def best_grade(self) -> str:
        """The strongest grade of any test: what the report as a whole may say."""
        return max((self.grade(t) for t in self.tests), key=GRADES.index, default="description")
