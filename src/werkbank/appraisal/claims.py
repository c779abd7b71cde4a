"""From estimates to sentences that the design carries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import SIZES, Evidence, question
from werkbank.appraisal.quality import quality_panel
from werkbank.catalogue import has
from werkbank.effects.multiplicity import number_of_tests
from werkbank.effects.questions import equivalence_bound
from werkbank.measurement.study_scores import scale_of
from werkbank.results import Claim

if TYPE_CHECKING:
    from werkbank.results import Estimate, Results
    from werkbank.study import Study

ALPHA = 0.05


def appraise(study: Study, results: Results) -> list[Claim]:
    """Judge what a study allows one to say: the quality panel, then one claim for every question it asked.

    Parameters
    ----------
    study : Study
        What was declared: assignment, selection, raters, preregistration.
    results : Results
        Estimates and facts; claims already in it are not read.

    Returns
    -------
    list of Claim
        Of `kind` quality, by `topic`, with its `status`; grade (the strongest one) and reason (what keeps it from being
        higher); answer, to each headline test. `grade` is description, change, association or effect. Every number
        among the values is one of the results, or was computed here from them (smallest detectable effect, attrition).

    Notes
    -----
    A claim of effect needs assignment by lot, analysis by the unit that was assigned, two of them in each arm, and
    attrition within the cautious WWC boundary. That nothing relevant is there is claimed only where the interval of
    the equivalence test lies within its bounds (variant ``equivalent``). A claim's value `also` names whole sentences
    that must follow it: that those who gave or received the programme filled in the questionnaire, or that a difference
    that is clear lies within the bounds all the same.
    """
    evidence = Evidence(study, results)
    return [*quality_panel(evidence), *_design(evidence), *(_answer(evidence, test) for test in evidence.tests)]


def _design(evidence: Evidence) -> list[Claim]:
    grade = evidence.best_grade
    graded = [t for t in evidence.tests if evidence.grade(t) == grade]
    tests = evidence.tests if grade == "effect" else evidence.primary
    reasons = dict.fromkeys(reason for test in tests for reason in evidence.reasons(test))
    partly = "_partly" * (grade == "effect" and bool(reasons))
    verdict = f"{grade}{partly}"
    about = tuple(t.id for t in graded)
    made = [Claim("design/grade", about, grade, f"claims.grade.{verdict}", kind="grade", verdict=verdict)]
    for i, reason in enumerate(reasons, start=1):
        values = {"unit": evidence.unit}
        said = Claim(f"design/reason/{i}", (), grade, f"claims.reasons.{reason}", values, kind="reason", verdict=reason)
        made.append(said)
    return made


def _answer(evidence: Evidence, test: Estimate) -> Claim:
    grade = evidence.grade(test)
    size, corrected = evidence.beside(test, *SIZES), evidence.beside(test, "p_holm", "p_bh")
    about = tuple(e.id for e in (test, size, corrected) if e is not None)
    values: dict[str, Any] = {"outcome": test.outcome, "wave": test.wave_to, "role": evidence.role_of(test)}
    values |= {"unit": evidence.unit, "wave_from": test.wave_from} | _arms(evidence, test)
    if grade == "description":
        refusal = test.note if has(f"claims.answer.{test.note}", "en") else "not_computed"
        why = "refused_single" if test.note == "refused_too_few_units" and not test.contrast else refusal
        # the reason, where the refusal itself does not tell it
        known = refusal == "not_computed" and bool(test.note) and has(f"effects.notes.{test.note}", "en")
        values["also"] = [f"effects.notes.{test.note}"] * known
        return _said(test, about, grade, why, values)
    values |= {
        "estimate": test.estimate,
        "ci": [test.ci_low, test.ci_high],
        "p": test.p,
        "p_corrected": corrected.p if corrected is not None else test.p,
        "correction": corrected.method if corrected is not None else "",
        "n_tests": number_of_tests(corrected, evidence.results.estimates) if corrected is not None else 1,
        "level": round(100 * test.ci_level, 6),
        "size": size.estimate if size is not None else None,
        "size_ci": [size.ci_low, size.ci_high] if size is not None else [None, None],
        "method": size.method if size is not None else "",
        "n": test.n,
    }
    level = evidence.results.fact(what="invariance_level", outcome=test.outcome, wave=test.wave_to)
    if grade == "change" and level is not None and level.value not in {"strict", "scalar", "unknown"}:
        # a mean that moved on another yardstick is no growth: it is described, and growth language is refused
        values["also"] = _also(evidence, test, within=False)
        return _said(test, (*about, level.id), "description", "not_comparable", values)
    equivalence = _equivalence(evidence, test)
    sureness = _sureness(values)
    if sureness == "clear" and _rare(evidence, test):
        sureness = "rare"
    if sureness == "unclear" and equivalence:
        sureness = "equivalent"
    values |= equivalence
    told = sureness in {"clear", "rare"}
    within, crosses = bool(equivalence) and told, _crosses_zero(values["ci"])
    values["also"] = ["claims.also.wider"] * (told and crosses) + _also(evidence, test, within=within)
    side = ("higher" if (test.estimate or 0) > 0 else "lower") if sureness in {"clear", "rare", "fragile"} else ""
    made = _said(test, about, grade, sureness, values, side)
    return replace(made, sentence=f"{made.sentence}_apart") if sureness == "unclear" and not crosses else made


def _said(
    test: Estimate, about: tuple[str, ...], grade: str, verdict: str, values: dict[str, Any], side: str = ""
) -> Claim:
    """Return the answer to the question of `test`; an answer that only describes says why there is none."""
    variant = "_".join(part for part in (verdict, side) if part)
    sentence = f"claims.answer.{variant}" if grade == "description" else f"claims.answer.{grade}.{variant}"
    where: dict[str, Any] = {
        "outcome": test.outcome,
        "contrast": test.contrast,
        "wave_from": test.wave_from,
        "wave_to": test.wave_to,
    }
    made = Claim(f"answer/{test.id}", about, grade, sentence, values, kind="answer", verdict=verdict, side=side)
    return replace(made, role=values["role"], test=test.id, **where)


def _sureness(values: dict[str, Any]) -> str:
    """Say how sure an answer is, by its p: the level of the interval beside it is the user's choice."""
    if values["p"] is None or None in values["ci"]:
        return "untested"
    if values["p"] >= ALPHA:
        return "unclear"
    # a p below the boundary is not enough when several questions were asked: the corrected p decides
    return "clear" if (values["p_corrected"] or 0) < ALPHA else "fragile"


def _crosses_zero(ci: list[float | None]) -> bool:
    low, high = ci
    return low is not None and high is not None and low <= 0 <= high


def _equivalence(evidence: Evidence, test: Estimate) -> dict[str, Any]:
    """Return what the equivalence test found where it says that nothing relevant is there, else nothing."""
    tost = evidence.beside(test, "tost")
    if tost is None or tost.p is None or tost.ci_low is None or tost.ci_high is None:
        return {}
    bound = equivalence_bound(evidence.study)
    within = tost.ci_low > -bound and tost.ci_high < bound and tost.p < ALPHA
    found = {"bound": bound, "p_equivalence": tost.p, "equivalence_ci": [tost.ci_low, tost.ci_high]}
    return found if within else {}


def _also(evidence: Evidence, test: Estimate, *, within: bool) -> list[str]:
    part, who = evidence.part_of_rater(name := scale_of(test.outcome)[0]), evidence.study.outcome(name).informant
    said = (
        ["within_bounds"] * within
        + ["doubtful"] * evidence.doubtful(test.outcome)
        + [f"rated.{who}.{part}"] * bool(part)
        + ["seeing"] * (not part and any(x == who and b is False for x, b in evidence.study.design.blind.items()))
    )
    level = evidence.results.fact(what="invariance_level", outcome=test.outcome, wave=test.wave_to)
    said += ["growth_not_shown"] * (not test.contrast and level is not None and level.value == "unknown")
    return [f"claims.also.{name}" for name in said]


def _rare(evidence: Evidence, test: Estimate) -> bool:
    """Whether shares are rare and their odds do not confirm the difference, which then is called unsure."""
    return bool(evidence.results.facts_where(what="caution", category="rare_shares", **question(test)))


def _arms(evidence: Evidence, test: Estimate) -> dict[str, Any]:
    weights = evidence.weights(test.contrast)
    return {"treated": [a for a, w in weights.items() if w > 0], "control": [a for a, w in weights.items() if w < 0]}
