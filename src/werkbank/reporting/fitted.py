"""What the model behind an estimate had in it: what sentences about it may say, and must."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.appraisal.evidence import question
from werkbank.effects.multiplicity import number_of_tests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.report import Report
    from werkbank.results import Estimate

# leads, and models beside them, that adjust for what there is
LEADS = (
    "hc2", "unit_means_within", "unit_means_between", "block_differences", "fixed_blocks", "sites_fixed", "role_means",
    "cr2_groups",
)  # fmt: skip
MODELS = ("mixed_kr", "sites_mixed", "sites_one_stage", "cr2", "ancova", "ancova_covariates")
UNIT_PRE = ("mixed_kr", "cr2")  # which take, beside the pupil's score before, the mean of the unit
BARE = ("hc2_post", "unit_means_post", "post_difference", "post_difference_unit_means", "mean_change",
        "change_unit_means")  # fmt: skip
ALL_ARMS = ("omnibus", "adjusted_mean", "pooled_contrast", "pairwise")
GAINS = ("gain_difference", "gain_difference_unit_means", "d_ppc2_unit_means")  # the score before is in the outcome
# of sizes and courses that never know a covariate
UNADJUSTED = ("hedges_g", "d_ppc2", "g_bootstrap", "odds_ratio", "d_odds_ratio", "waves_model")
NOWHERE = ("no_variation", "nothing_known", "follows_from_others")  # why a covariate is in no row at all
BLOCKED = ("block_differences", "fixed_blocks", "sites_fixed")  # leads that compare within blocks
GROUPS = ("class", "teacher", "school")


@dataclass(frozen=True)
class Fitted:
    """What one estimate adjusts for, and its levels with random effects (of a mixed model).

    `before` says how the score before is in it: ``pre``; ``unit_pre`` (beside it the mean of the pupil's unit);
    ``gain``; ``flat`` where there was one that could not be used; "" where there was none. `within` names the blocks
    in which arms are compared.
    """

    before: str
    covariates: tuple[str, ...]
    random: tuple[str, ...] = ()
    within: str = ""

    @property
    def pre(self) -> bool:
        """Whether the score before is adjusted for."""
        return self.before in {"pre", "unit_pre"}

    @property
    def variant(self) -> str:
        """Which sentence tells it."""
        with_covariates = "_covariates" * bool(self.covariates)
        return f"{self.before or 'none'}{with_covariates}"


def fitted(report: Report, e: Estimate) -> Fitted:
    """Return what went into the model of an estimate, from the facts that were kept of its question.

    Of a lead without a slope (not drawn, too few units) nothing; of a model of pupils beside it also the covariates
    that the lead itself could not take.
    """
    facts, at = report.results.facts_where, question(e)
    if e.method in ALL_ARMS:  # of no contrast, or of one of their own: those of the same moment
        at = {key: value for key, value in at.items() if key != "contrast"}
    idle = ("pre_without_variation", *["pre_same_within_units"] * (e.method not in MODELS))
    flat = any(facts(what="caution", category=name, **at) for name in idle)
    if e.method in BARE or e.note == "not_drawn_too_few_units":
        return Fitted("flat" if e.wave_from and e.contrast else "", ())
    known = facts(what="covariate", **at)
    used = {str(f.item) for f in known if f.value == "used" or (e.method in MODELS and f.value not in NOWHERE)}
    levels = facts(what="random_effects", **at) if e.method == "mixed_kr" else []
    before = "flat" if flat else "unit_pre" if e.method in UNIT_PRE else "pre"
    before = before if e.wave_from else ""
    return Fitted(
        before="gain" if e.method in GAINS else before,
        covariates=tuple(name for name in report.study.covariates if name in used),
        random=tuple(levels[0].parts) if levels else (),
        within="" if e.method in ALL_ARMS else _within(report, e),
    )


def _within(report: Report, e: Estimate) -> str:
    """Return the blocks in which the arms of a question are compared, as the study file or the data have them."""
    lead = next((t for t in report.evidence.tests if question(t) == question(e)), None)
    if lead is None or lead.method not in BLOCKED:
        return ""
    undeclared = report.results.facts_where(what="caution", category="blocks_undeclared", **question(e))
    declared = report.study.design.blocks
    return declared if isinstance(declared, str) else next((str(f.value) for f in undeclared), "")


def blocks(report: Report, name: str) -> str:
    """Return what blocks are called: schools, or the blocks of a column."""
    say = report.words.say
    return say(f"report.unit.{name}.many") if name in GROUPS else say("report.adjusted.blocks", column=name)


def waited(report: Report) -> list[str]:
    """Say from when on the control group had been given the programme as well, if it was on a waiting list."""
    after = report.study.design.control_received_after
    return [] if after is None else [report.words.say("report.design.waited", after=report.words.wave(after))]


def drawn_within(report: Report) -> list[str]:
    """Return in a sentence within which blocks the study file says that arms were formed, if in any."""
    design = report.study.design
    if not design.blocks or design.kind == "single_group":
        return []
    return [report.words.say(f"report.design.blocks_{design.kind}", blocks=blocks(report, design.blocks))]


def told(report: Report, found: Fitted) -> str:
    """Return in a sentence what was adjusted for, within what was compared, and which groups have random effects."""
    words = report.words
    unit = words.say(f"report.unit.{report.evidence.unit}.one")
    said = [words.say(f"report.adjusted.{found.variant}", covariates=words.covariates(found.covariates), unit=unit)]
    if found.within:
        said.append(words.say("report.adjusted.within", blocks=blocks(report, found.within)))
    if found.random:
        names = [words.say(f"report.unit.{level}.many") for level in found.random]
        said.append(words.say("report.adjusted.random", levels=words.listed(names)))
    return " ".join(said)


def notes(report: Report, tests: Sequence[Estimate]) -> list[str]:
    """Say under a table what its rows adjust for: once where they are alike, else with the questions that it is of."""
    words = report.words
    return _grouped(report, [(e, words.test(e.outcome, e.wave_to, e.contrast)) for e in tests])


def beside(report: Report, lead: Estimate | None, found: Sequence[Estimate]) -> list[str]:
    """Say which rows of a table beside a lead adjust for something else than that lead, and for what."""
    same = None if lead is None or lead.estimate is None else fitted(report, lead)
    rows = [e for e in found if e.method in (*MODELS, *GAINS) and e.estimate is not None]
    other = [(e, report.words.method(e.method)) for e in rows if fitted(report, e) != same]
    return _grouped(report, other, always=True)


def _grouped(report: Report, named: Sequence[tuple[Estimate, str]], *, always: bool = False) -> list[str]:
    words = report.words
    sets: dict[Fitted, dict[str, None]] = {}
    for e, name in named:
        sets.setdefault(fitted(report, e), {})[name] = None
    if len(sets) == 1 and not always:
        return [told(report, found) for found in sets]
    return [
        words.say("report.adjusted.of", questions=words.listed(list(names)), said=told(report, found))
        for found, names in sets.items()
    ]


def of_method(report: Report, method: str) -> str:
    """Return what one method adjusted for in this report, or "" where the method does not adjust or it differs."""
    if method not in (*LEADS, *MODELS, *GAINS):
        return ""
    sets = dict.fromkeys(fitted(report, e) for e in report.results.where(method=method) if e.estimate is not None)
    if not sets:
        return ""
    return told(report, *sets) if len(sets) == 1 else report.words.say("report.adjusted.differs")


def corrected(report: Report, method: str) -> bool:
    """Whether any p was corrected by this method: in a family of one test nothing is."""
    return any(number_of_tests(e, report.results.estimates) > 1 for e in report.results.where(method=method))
