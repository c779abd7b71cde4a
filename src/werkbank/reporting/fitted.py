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
MODELS = ("mixed_kr", "cr2", "ancova", "ancova_covariates")
BARE = ("hc2_post", "unit_means_post", "post_difference", "post_difference_unit_means", "mean_change",
        "change_unit_means")  # fmt: skip
ALL_ARMS = ("omnibus", "adjusted_mean", "pooled_contrast", "pairwise")
NOWHERE = ("no_variation", "nothing_known", "follows_from_others")  # why a covariate is in no row at all


@dataclass(frozen=True)
class Fitted:
    """What one estimate adjusts for, and its levels with random effects (of a mixed model)."""

    pre: bool
    covariates: tuple[str, ...]
    random: tuple[str, ...] = ()

    @property
    def variant(self) -> str:
        """Which sentence tells it: both, pre, covariates or none."""
        return {(True, True): "both", (True, False): "pre", (False, True): "covariates"}.get(
            (self.pre, bool(self.covariates)), "none"
        )


def fitted(report: Report, e: Estimate) -> Fitted:
    """Return what went into the model of an estimate, from the facts that were kept of its question.

    Of a lead without a slope (not drawn, too few units) nothing; of a model of pupils beside it also the covariates
    that the lead itself could not take.
    """
    if e.method in BARE or e.note == "not_drawn_too_few_units":
        return Fitted(pre=False, covariates=())
    facts, at = report.results.facts_where, question(e)
    if e.method in ALL_ARMS:  # of no contrast, or of one of their own: those of the same moment
        at = {key: value for key, value in at.items() if key != "contrast"}
    known = facts(what="covariate", **at)
    used = {str(f.item) for f in known if f.value == "used" or (e.method in MODELS and f.value not in NOWHERE)}
    flat = facts(what="caution", category="pre_without_variation", **at)
    levels = facts(what="random_effects", **at) if e.method == "mixed_kr" else []
    return Fitted(
        pre=bool(e.wave_from) and not flat,
        covariates=tuple(name for name in report.study.covariates if name in used),
        random=tuple(levels[0].parts) if levels else (),
    )


def told(report: Report, found: Fitted) -> str:
    """Return in a sentence what was adjusted for, and which groups have random effects."""
    words = report.words
    said = [words.say(f"report.adjusted.{found.variant}", covariates=words.listed(list(found.covariates)))]
    if found.random:
        names = [words.say(f"report.unit.{level}.many") for level in found.random]
        said.append(words.say("report.adjusted.random", levels=words.listed(names)))
    return " ".join(said)


def notes(report: Report, tests: Sequence[Estimate]) -> list[str]:
    """Say under a table what its rows adjust for: once where they are alike, else with the questions that it is of."""
    words = report.words
    sets: dict[Fitted, dict[str, None]] = {}
    for e in tests:
        sets.setdefault(fitted(report, e), {})[words.test(e.outcome, e.wave_to, e.contrast)] = None
    if len(sets) == 1:
        return [told(report, found) for found in sets]
    return [
        words.say("report.adjusted.of", questions=words.listed(list(asked)), said=told(report, found))
        for found, asked in sets.items()
    ]


def of_method(report: Report, method: str) -> str:
    """Return what one method adjusted for in this report, or "" where the method does not adjust or it differs."""
    if method not in (*LEADS, *MODELS):
        return ""
    sets = dict.fromkeys(fitted(report, e) for e in report.results.where(method=method) if e.estimate is not None)
    if not sets:
        return ""
    return told(report, *sets) if len(sets) == 1 else report.words.say("report.adjusted.differs")


def corrected(report: Report, method: str) -> bool:
    """Whether any p was corrected by this method: in a family of one test nothing is."""
    return any(number_of_tests(e, report.results.estimates) > 1 for e in report.results.where(method=method))
