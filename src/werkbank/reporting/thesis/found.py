"""Results: what was measured, whether the analysis may be trusted, the answers, and whether they hold otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import SIZES, question
from werkbank.appraisal.other_ways import other_ways
from werkbank.reporting import arms, numbers, pictures, tables
from werkbank.reporting.blocks import Heading, Paragraph
from werkbank.reporting.informants import apart, tested
from werkbank.reporting.plainly import answered, capital
from werkbank.reporting.thesis import laid_out
from werkbank.reporting.thesis.telling import asked, in_words, joined, question_of, section, spoken, told, unit_values
from werkbank.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim

LOW = 0.05
NBSP = "\N{NO-BREAK SPACE}"


@section(shared=True)
def results(report: Report) -> Blocks:
    """Descriptive statistics, assumptions, primary and secondary questions, other analyses, informants, for whom."""
    yield from _described(report)
    claims = list(report.results.claims_where(kind="answer"))
    yield from _answers(report, claims)
    yield tables.evidence(report)
    yield from arms.all_arms(report)
    yield from arms.sites(report)
    yield from arms.roles(report)
    yield from _held(report)
    further = joined([_informants(report), *_for_whom(report)])
    if further:
        yield Heading(told(report, "heading.further"), 3)
        yield Paragraph(further)


def _described(report: Report) -> Blocks:
    yield Heading(told(report, "heading.described"), 3)
    table, spread = laid_out.described(report), laid_out.variances(report)
    said = [told(report, "results.described")] if table else []
    yield (
        Paragraph(joined([*said, _assumed(report), told(report, "results.variances") if spread else ""]))
        if (said or spread)
        else None
    )
    yield table
    yield spread


def _assumed(report: Report) -> str:
    """Say what was seen of the assumptions of the primary analyses."""
    look, words = report.results.facts_where, report.words
    normal = [f for f in look(what="residual_normality_p") if isinstance(f.value, float)]
    if not normal:
        return ""
    low = [f for f in normal if isinstance(f.value, float) and f.value < LOW]
    lowest = min(float(f.value or 0) for f in normal)
    said = (
        [told(report, "assumed.odd", questions=words.listed([question_of(report, f.outcome, f.wave, "") for f in low]))]
        if low
        else [
            told(
                report, "assumed.normal", p=numbers.p_value(lowest, report.language).replace(" ", "\N{NO-BREAK SPACE}")
            )
        ]
    )
    asked_first = {(t.outcome, t.wave_to) for t in report.evidence.primary if report.evidence.role_of(t) == "primary"}
    largest = [f for f in look(what="influence_largest") if (f.outcome, f.wave_to or f.wave) in asked_first]
    moved = [float(f.value) for f in largest if isinstance(f.value, float)]
    if moved:
        said.append(told(report, "assumed.influence", most=words.decimal(max(moved)), **unit_values(report)))
    skewed = [c for c in report.results.facts_where(what="caution", category="skewed_units") if c.value]
    if skewed:
        names = words.listed(list(dict.fromkeys(asked(report, c) for c in skewed)))
        said.append(told(report, "assumed.skewed", questions=names, **unit_values(report)))
    return " ".join(said)


def _answers(report: Report, claims: Sequence[Claim]) -> Blocks:
    tests = report.evidence.tests
    table, figure = laid_out.main(report, tests), pictures.forest(report, headed=False)
    primary = [c for c in claims if c.role == "primary"] or list(claims)
    others = [c for c in claims if c not in primary]
    yield Heading(told(report, "heading.primary"), 3)
    mention = [told(report, "results.main")] * (table is not None) + [told(report, "results.forest")] * (
        figure is not None
    )
    yield Paragraph(joined(mention)) if mention else None
    for claim in primary:
        yield Paragraph(_answer(report, claim))
    clear = [c for c in claims if c.grade == "effect" and c.verdict == "clear"]
    yield Paragraph(told(report, "verdict.effect.cause", n=len(clear), **unit_values(report))) if clear else None
    rated = list(dict.fromkeys(key for claim in claims for key in claim.values.get("also", ())))
    for key in rated if any(tested(c) for c in claims) else ():
        with_it = [c for c in claims if key in c.values.get("also", ()) and tested(c)]
        if key.startswith("claims.also.rated.") or not with_it:
            continue  # said once, of who rated, in the method and the limitations
        for c in with_it:
            yield Paragraph(report.words.say(key, **report.words.written(c)))
    yield table
    yield figure
    if others:
        yield Heading(told(report, "heading.secondary"), 3)
        yield Paragraph(_briefly(report, others))


def _values(report: Report, claim: Claim) -> dict[str, Any]:
    words, test = report.words, answered(report, claim)
    values = words.written(claim)
    size = report.evidence.beside(test, *SIZES)
    said = spoken(report, test)
    if size is not None and size.estimate is not None:
        said += f", {spoken(report, size, symbol='g', t=False)}"
    return values | {
        "outcome_first": capital(values["outcome"]), "treated_first": capital(values.get("treated", "")), "said": said,
        "test_first": capital(words.test(test.outcome, test.wave_to, test.contrast)),
    }  # fmt: skip


def _answer(report: Report, claim: Claim) -> str:
    """Return one answer with its statistics, as they stand in a results section."""
    words = report.words
    if not tested(claim):
        return words.claim(claim)
    verdict = claim.sentence.rpartition(".")[2]
    return told(report, f"verdict.{claim.grade}.{verdict}", **_values(report, claim))


def _briefly(report: Report, claims: Sequence[Claim]) -> str:
    """Say of secondary questions which had an answer, each with its numbers, and which had none."""
    said = [_answer(report, c) for c in claims if not tested(c) or c.verdict in {"clear", "fragile", "equivalent"}]
    open_ones = [c for c in claims if tested(c) and c.verdict not in {"clear", "fragile", "equivalent"}]
    if open_ones:
        names = [question_of(report, c.outcome, str(c.values["wave"]), c.contrast) for c in open_ones]
        said.append(told(report, "results.open", questions=report.words.listed(names), n=len(names)))
    return " ".join(said)


def _held(report: Report) -> Blocks:
    """Whether the primary conclusions hold in other analyses: a sentence, and the table."""
    table = laid_out.sensitivity(report)
    if table is None:
        return
    words = report.words
    yield Heading(told(report, "heading.sensitivity"), 3)
    said, holds = [told(report, "results.sensitivity")], list[Estimate]()
    for t in report.evidence.primary:
        if t.estimate is None or t.p is None or report.evidence.role_of(t) != "primary":
            continue
        ways = other_ways(report.evidence, t)  # also those that do not fit the table's columns
        others = ways.others
        differ = [laid_out.method_in_sentence(report, e.method) for e in ways.apart]
        values = {"test": asked(report, t), "n": len(others), "n_text": in_words(report, len(others))}
        if others and not differ:
            holds.append(t)
        elif differ:
            said.append(told(report, "results.differs", methods=words.listed(differ), **values))
    if holds:
        names = words.listed([asked(report, t) for t in holds])
        said.append(told(report, "results.holds", n=len(holds), tests=names))
    said += _little(report)
    yield Paragraph(" ".join(said))
    yield table


def _little(report: Report) -> list[str]:
    """Say what a test of scores missing at random found for the primary scales."""
    found = [(f, f.value) for f in report.results.facts_where(what="mcar_p") if isinstance(f.value, float)]
    own = [(f, p) for f, p in found if report.evidence.role(f.outcome) == "primary"]
    if not own:
        return []
    each = [
        f"{report.words.outcome(f.outcome)}, {numbers.p_phrase(p, report.language).replace(' ', NBSP)}" for f, p in own
    ]
    said = [told(report, "results.mcar", each=report.words.listed(each))]
    return [*said, told(report, "results.not_mcar")] if any(p < LOW for _, p in own) else said


def _informants(report: Report) -> str:
    """Compare informants who do not see the same: some see a difference, others show none."""
    found = apart(report)
    if found is None:
        return ""
    words = report.words

    def shown(who: str) -> str:
        each = []
        for c in found.answers[who]:
            size = report.evidence.beside(answered(report, c), *SIZES)
            if size is not None:
                each.append(f"{words.outcome(c.outcome)}, {spoken(report, size, symbol='g', t=False)}")
        return words.listed(each)

    return told(
        report, "results.informants", wave=words.wave(found.wave), seen=shown(found.saw), unseen=shown(found.did_not),
        who=told(report, f"informant_many.{found.saw}"), others=told(report, f"informant_many.{found.did_not}"),
    )  # fmt: skip


def _for_whom(report: Report) -> list[str]:
    """Tell the exploratory questions of the first primary ones: moderators and dose."""
    said = []
    primary = [t for t in report.evidence.primary if report.evidence.role_of(t) == "primary"]
    for kind, method in (("moderation", "moderation"), ("dose", "dose_response")):
        for t in primary:
            for e in report.results.where(kind=kind, method=method, **question(t)):
                if e.estimate is not None and e.p is not None:
                    values = {"test": asked(report, t), "said": spoken(report, e)}
                    values["by"] = tables.called(report, e) or ""
                    said.append(
                        told(
                            report, f"results.{kind}_{'clear' if _adjusted_p(report, e) < LOW else 'unclear'}", **values
                        )
                    )
    return [told(report, "results.exploratory"), *said] if said else []


def _adjusted_p(report: Report, e: Estimate) -> float:
    found = report.results.where(method="p_bh_interaction", other=e.method, moderator=e.moderator, **question(e))
    p = found[0].p if found else e.p
    return 1.0 if p is None else p
