"""What an estimate says in everyday words, and whether a school may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.disclosure.suppressing import few, few_behind
from werkbank.reporting.blocks import Paragraph

if TYPE_CHECKING:
    from werkbank.reporting.report import Report
    from werkbank.results import Claim, Estimate

HERE = "school"


def small(report: Report, n: int | None) -> bool:
    """Whether `n` people are too few to be shown."""
    return few(n, report.study.privacy.min_cell)


def hidden_arm(report: Report, arm: str) -> bool:
    """Whether an arm is too small to be shown."""
    return small(report, report.results.count(what="pupils_enrolled", arm=arm))


def hidden_test(report: Report, test: Estimate) -> bool:
    """Whether a group behind `test` is too small to show: its difference would tell that group's mean."""
    return few_behind(report.results, test, test.arms or ("",), report.study.privacy.min_cell)


def answered(report: Report, claim: Claim) -> Estimate:
    """Return the headline test that an answer puts into words."""
    return next(t for t in report.evidence.tests if t.id == claim.test)


def short(report: Report) -> list[Paragraph]:
    """Return the answer to the first question in a sentence, for who reads no further."""
    e, words = report.evidence, report.words
    if not e.tests:
        return []
    test = e.tests[0]
    claim = next(c for c in report.results.claims_where(kind="answer") if c.test == test.id)
    sureness = "refused" if claim.grade == "description" else claim.verdict
    if sureness == "clear":
        sureness += f".{claim.side}"
    hidden = hidden_test(report, test)
    values = words.written(claim) | {"better": words.say(f"instruments.direction.{report.better(test.outcome)}")}
    if (d := claim.values.get("estimate")) is not None:
        values["d"] = words.decimal(abs(d), digits_of(report, test.outcome, d, *claim.values["ci"]))
    said = [words.say(f"{HERE}.short.{'hidden' if hidden else f'{claim.grade}.{sureness}'}", **values)]
    if e.rated_by_implementers(test.outcome) and not hidden and sureness != "refused":
        said.append(words.say(f"{HERE}.short.rated"))
    return [Paragraph(" ".join(said), "lead")]


def outcome(report: Report, key: str) -> Paragraph:
    """Return what became of one scale: every test of it, how sure each is, and who filled it in."""
    words, e = report.words, report.evidence
    claims = report.results.claims_where(kind="answer", outcome=key)
    if not claims:
        return Paragraph(words.say(f"{HERE}.changed.nothing", outcome=capital(words.outcome(key))))
    said = [ends(report, key, f"{HERE}.changed")]
    for claim in claims:
        said += _answer(report, claim)
    # what holds of several waves is said once, after the last of them
    said = [text for i, text in enumerate(said) if text not in said[i + 1 :]]
    if e.rated_by_implementers(key) and any(c.grade != "description" for c in claims):
        said.append(words.say(f"{HERE}.changed.rated"))
    refused = all(c.grade == "description" for c in claims)
    return Paragraph(" ".join(said), "refusal" if refused else "plain")


def _answer(report: Report, claim: Claim) -> list[str]:
    """Return the sentences that say in everyday words what one test found, and how sure that is."""
    words = report.words
    values = words.written(claim) | {"min_cell": report.study.privacy.min_cell}
    test = answered(report, claim)
    if hidden_test(report, test):
        return [words.say(f"{HERE}.changed.hidden", **values)]
    if claim.grade == "description":
        return [words.say(f"{HERE}.refusal.{claim.verdict}", **values)]
    kind = "compared" if test.contrast else "change"
    d, (low, high) = claim.values["estimate"], claim.values["ci"]
    digits = digits_of(report, test.outcome, d, low, high)
    side = "level" if round(d, digits) == 0 else "higher" if d > 0 else "lower"
    said = [words.say(f"{HERE}.fact.{kind}.{side}", d=words.decimal(abs(d), digits), **values)]
    if low is not None and high is not None:
        reach = "both_sides" if low <= 0 <= high else "one_side"
        ends = (abs(low), abs(high)) if reach == "both_sides" else sorted((abs(low), abs(high)))
        written = {k: words.decimal(v, digits) for k, v in zip(("low", "high"), ends, strict=True)}
        said.append(words.say(f"{HERE}.between.{kind}.{reach}", **written))
    said.append(words.say(f"{HERE}.verdict.{claim.grade}.{claim.verdict}", **values))
    if "claims.also.within_bounds" in claim.values["also"]:
        said.append(words.say(f"{HERE}.changed.within_bounds", **values))
    return said


def digits_of(report: Report, key: str, *found: float | None) -> int:
    """Return as few decimals as suffice: one on a long scale, two on a short one, more when an end would become 0."""
    low, high = report.score_range(key)
    start = 1 if high - low > 10 else 2
    return next((k for k in (start, 2, 3) if all(round(x, k) for x in found if x)), 3)


def ends(report: Report, key: str, place: str) -> str:
    """Return from where to where a scale runs and which end is better; `place` is where the catalogue says it."""
    words, (low, high) = report.words, report.score_range(key)
    values = {"outcome": capital(words.outcome(key))}
    values["better"] = words.say(f"instruments.direction.{report.better(key)}")
    if abs(low) == float("inf") or abs(high) == float("inf"):
        return words.say(f"{place}.no_range", **values)
    return words.say(f"{place}.range", low=_tidy(report, low), high=_tidy(report, high), **values)


def capital(text: str) -> str:
    """Return a text as a sentence begins."""
    return text[:1].upper() + text[1:]


def _tidy(report: Report, number: float) -> str:
    return report.words.decimal(number, 0 if number == round(number) else 1)
