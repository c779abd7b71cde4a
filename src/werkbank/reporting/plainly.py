"""The answers of a study in everyday words: one sentence a question; what a school may not see is never in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.catalogue import has
from werkbank.disclosure.suppressing import few, few_behind
from werkbank.intake.moments import middles
from werkbank.reporting.blocks import Paragraph
from werkbank.study.model import WAVES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.reporting.fitted import Fitted
    from werkbank.reporting.report import Report
    from werkbank.results import Claim, Estimate

HERE = "school"
PROMINENT = 2  # findings that a page has room for
WEEKS = 9  # from which months are counted
SPELLED = 12  # up to which a number is written as a word


def small(report: Report, n: int | None) -> bool:
    """Whether `n` people are too few to be shown."""
    return few(n, report.study.privacy.min_cell)


def hidden_arm(report: Report, arm: str) -> bool:
    """Whether an arm is too small to be shown."""
    return small(report, report.results.count(what="pupils_enrolled", arm=arm))


def hidden_test(report: Report, test: Estimate) -> bool:
    """Whether a group behind `test` is too small to show: its difference would tell that group's mean."""
    return few_behind(report.results, test, test.arms or ("",), report.study.privacy.min_cell)


def doubtful(report: Report, key: str) -> bool:
    """Whether a score must not be used yet: wherever its number stands, that is said."""
    found = report.results.claims_where(topic="reliability", verdict="negative")
    return any(key in claim.values.get("outcomes", ()) for claim in found)


def doubts(report: Report, keys: Sequence[str]) -> list[str]:
    """Return for under a table or a picture which of its scores must not be used yet."""
    named = [report.words.outcome(key) for key in dict.fromkeys(keys) if doubtful(report, key)]
    return [report.words.say(f"{HERE}.table.doubtful", outcomes=report.words.listed(named))] if named else []


def answered(report: Report, claim: Claim) -> Estimate:
    """Return the headline test that an answer puts into words."""
    return next(t for t in report.evidence.tests if t.id == claim.test)


def first(report: Report) -> list[str]:
    """Return the scales of the first page: the primary ones, else all, but no more than it has room for."""
    return (report.primary or report.keys)[:PROMINENT]


def shown_answers(report: Report, key: str) -> list[Claim]:
    """Return the answers about one scale of which a difference may be shown, by comparison in the order of time."""
    claims = in_time(report.results.claims_where(kind="answer", outcome=key))
    told = [c for c in claims if c.grade != "description" and c.values.get("estimate") is not None]
    return [c for c in told if not hidden_test(report, answered(report, c))]


def in_time(claims: Sequence[Claim]) -> list[Claim]:
    """Return answers in the order in which they are told: each comparison by itself, its measurements in time.

    Whichever of them was the primary question: what was left of a difference can only be told after the difference.
    """
    compared = list(dict.fromkeys(c.contrast for c in claims))
    return sorted(claims, key=lambda c: (compared.index(c.contrast), WAVES.index(c.wave_to)))


def finding(report: Report, key: str, before: Sequence[Paragraph] = ()) -> Paragraph:
    """Return in one sentence what was found for one scale: at first, and what was left of it at every later wave.

    A refusal that one of the paragraphs `before` gave in full is not given again.
    """
    words = report.words
    claims = in_time(report.results.claims_where(kind="answer", outcome=key))
    if not claims:
        return Paragraph(words.say(f"{HERE}.finding.nothing", outcome=capital(words.outcome(key))))
    shown = shown_answers(report, key)
    if not shown:
        why = " ".join(_refusals(report, list(claims)))
        known = any(paragraph.text.endswith(why) for paragraph in before)
        why = words.say(f"{HERE}.refusal.again") if known else why
        return Paragraph(f"{ends(report, key, f'{HERE}.finding')}. {why}", "plain" if known else "refusal")
    told = []
    again = bool(before) and _told_before(report, key)
    spans = {} if again else after(report)
    for claim in claims:
        if claim in shown:
            earlier = [c for c in shown[: shown.index(claim)] if c.contrast == claim.contrast]
            told.append(_fact(report, claim, earlier, spans, again=again and len({c.contrast for c in claims}) == 1))
        else:
            told.append(words.say(f"{HERE}.finding.{silence(report, claim)}", **words.written(claim)))
    doubt = f" {words.say(f'{HERE}.finding.doubtful')}" * doubtful(report, key)
    return Paragraph(f"{ends(report, key, f'{HERE}.finding')}: {'; '.join(dict.fromkeys(told))}.{doubt}")


def _told_before(report: Report, key: str) -> bool:
    """Whether a scale before this one has an answer that is shown, so that its sentence said what is compared."""
    order = [*first(report), *(k for k in report.keys if k not in first(report))]
    return any(shown_answers(report, one) for one in order[: order.index(key)])


def of_hundred(report: Report, keys: Sequence[str]) -> list[str]:
    """Say of the first clear difference how many of a hundred pupils are beyond the mean of those compared with.

    That share is Cohen's U3, 50 more than the WWC's improvement index: scores are taken to be bell-shaped, so that of
    counts, of yes or no and of a change in one group nothing is said; nor is it where a score must not be used yet.
    """
    words = report.words
    for key in [] if any(doubtful(report, key) for key in keys) else keys:
        for claim in shown_answers(report, key):
            index = report.evidence.beside(answered(report, claim), "improvement_index")
            if claim.verdict != "clear" or report.declared(key).kind != "score":
                continue
            if index is None or index.estimate is None:
                continue
            of = round(50 + abs(index.estimate))
            if 50 < of < 100:
                test = words.test(key, claim.wave_to, claim.contrast)
                told = {**written(report, claim), "test": test, "of": str(of)}
                return [capital(words.say(f"{HERE}.hundred.{claim.side}", **told))]
    return []


def after(report: Report) -> dict[str, str]:
    """Return the names of waves with how long after the first one they were, where the study file tells when."""
    words, study = report.words, report.study
    days = {study.waves[code]: day for code, day in middles(study.waves).items()} | study.measured
    begin, *later = report.evidence.waves or [""]
    told = {}
    for wave in later:
        if begin in days and wave in days and (weeks := (days[wave] - days[begin]).days / 7) >= 1:
            unit, n = ("month", round(weeks * 12 / 52.18)) if weeks >= WEEKS else ("week", round(weeks))
            number = words.say(f"{HERE}.when.number.{n}") if n <= SPELLED else str(n)
            span = words.say(f"{HERE}.when.{unit}", n=n, n_text=number)
            told[wave] = words.say(f"{HERE}.when.wave", wave=words.wave(wave), span=span)
    return told


def silence(report: Report, claim: Claim) -> str:
    """Return why an answer is not told: a group that is too small to show, or there is none (silent)."""
    hidden = claim.verdict == "hidden" or hidden_test(report, answered(report, claim))
    return "too_small" if hidden else "silent"


def _refusals(report: Report, claims: list[Claim]) -> list[str]:
    """Return why there is no answer, a reason once for all waves that it holds for."""
    words = report.words
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        small_group = claim.verdict != "hidden" and hidden_test(report, answered(report, claim))
        found.setdefault("too_small" if small_group else claim.verdict, []).append(claim)
    said = []
    for why, of in found.items():
        values = words.written(of[0]) | {"min_cell": report.study.privacy.min_cell}
        values["wave"] = words.listed(list(dict.fromkeys(words.wave(c.wave_to) for c in of)))
        reason = f"{HERE}.refusal.{why}_{answered(report, of[0]).note}"  # the true one, where it is known
        said.append(words.say(reason if has(reason, report.language) else f"{HERE}.refusal.{why}", **values))
    return said


def _fact(report: Report, claim: Claim, earlier: list[Claim], spans: Mapping[str, str], *, again: bool) -> str:
    """Return what one test found, and how sure that is, as a part of a sentence.

    `spans` are how long after the first measurement each was, where that is told; `again`: a sentence before this one
    has said what was compared with what.
    """
    words, test = report.words, answered(report, claim)
    values = written(report, claim)
    values["wave"] = spans.get(claim.wave_to, values["wave"])
    d = claim.values["estimate"]
    before = next((c.values["estimate"] for c in reversed(earlier) if c.verdict == "clear"), None)
    side = side_of(report, claim)
    if before is not None and claim.verdict == "clear" and 0 < d / before < 1:
        way = f"left.{'compared' if test.contrast else 'change'}"
    else:
        kind = ("later" if earlier else "again" if again else "compared") if test.contrast else "change"
        way = f"fact.{kind}.{side}"
    told = words.say(f"{HERE}.{way}", d=amount(report, claim), **values)
    if claim.verdict == "clear":
        return told
    sure = f"{'then' if before is not None else 'first'}_" * (claim.verdict == "unclear") + claim.verdict
    kind = "compared" if test.contrast else "change"
    return told + words.say(f"{HERE}.tail.{kind}.{sure}", **written(report, claim))


def equal_in(found: Fitted) -> str:
    """Return in what those compared are alike: both (score before and covariates), pre, covariates or none."""
    return {(True, True): "both", (True, False): "pre", (False, True): "covariates"}.get(
        (found.pre, bool(found.covariates)), "none"
    )


def written(report: Report, claim: Claim) -> dict[str, Any]:
    """Return a claim's values in words, with a lone control group called what it is."""
    words, values = report.words, report.words.written(claim)
    for name in ("treated", "control"):
        codes = list(claim.values.get(name) or ())
        lone = len(codes) == 1 and is_control(report, codes[0])
        values |= {name: words.say(f"{HERE}.control_group")} if lone else {}
    return values


def is_control(report: Report, arm: str) -> bool:
    """Whether an arm is the one control group of a study."""
    roles = report.study.arms
    return roles.get(arm) == "control" and list(roles.values()).count("control") == 1


def side_of(report: Report, claim: Claim) -> str:
    """Return on which side a difference lies, or that it rounds to nothing."""
    d = claim.values["estimate"]
    if round(d, _digits(report, claim)) == 0:
        return "level"
    return "higher" if d > 0 else "lower"


def amount(report: Report, claim: Claim) -> str:
    """Return how large a difference is, without its sign, as every place of the report writes it."""
    return report.words.decimal(abs(claim.values["estimate"]), _digits(report, claim))


def _digits(report: Report, claim: Claim) -> int:
    return digits_of(report, claim.outcome, claim.values["estimate"], *claim.values["ci"])


def digits_of(report: Report, key: str, *found: float | None) -> int:
    """Return as few decimals as suffice: one on a long scale, two on a short one, more when an end would become 0."""
    low, high = report.score_range(key)
    start = 1 if high - low > 10 else 2
    return next((k for k in (start, 2, 3) if all(round(x, k) for x in found if x)), 3)


def good(report: Report, claim: Claim) -> bool | None:
    """Whether a difference is on the side that was hoped for; None where neither side is better."""
    wanted = report.better(claim.outcome)
    return None if wanted not in {"higher", "lower"} else (claim.values["estimate"] > 0) is (wanted == "higher")


def rated_keys(report: Report, keys: list[str]) -> list[str]:
    """Return the scales with an answer that were filled in by people who gave the programme or received it."""
    return [k for k in keys if report.evidence.rated_by_implementers(k) and shown_answers(report, k)]


def rated(report: Report, keys: list[str]) -> list[str]:
    """Return who filled in questionnaires about a programme in which they took part themselves, a sentence each."""
    words, of = report.words, dict[str, list[str]]()
    for key in rated_keys(report, keys):
        outcome = report.declared(key)
        of.setdefault(f"{outcome.informant}.{report.evidence.part_of_rater(outcome.id)}", []).append(words.outcome(key))
    every = words.say(f"{HERE}.rated.every") if len(keys) > 1 else ""  # where nothing else is told of beside it
    return [
        words.say(f"{HERE}.rated.{who}", outcomes=every if len(named) == len(keys) and every else words.listed(named))
        for who, named in of.items()
    ]


def ends(report: Report, key: str, place: str) -> str:
    """Return from where to where a scale runs and which end is better; `place` is where the catalogue says it."""
    words, (low, high) = report.words, report.score_range(key)
    values = {"outcome": capital(words.outcome(key))}
    values["better"] = words.say(f"instruments.direction.{report.better(key)}")
    known = ""
    if place.endswith(".finding") and (meaning := words.meaning(key)):
        known, values["meaning"] = "_meaning", meaning
    if abs(low) == float("inf") or abs(high) == float("inf"):
        return words.say(f"{place}.no_range{known}", **values)
    return words.say(f"{place}.range{known}", low=_tidy(report, low), high=_tidy(report, high), **values)


def capital(text: str) -> str:
    """Return a text as a sentence begins."""
    return text[:1].upper() + text[1:]


def _tidy(report: Report, number: float) -> str:
    return report.words.decimal(number, 0 if number == round(number) else 1)
