"""The analysis: the model as it was fitted, what is estimated, families and corrections, checks, precision."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from werkbank.appraisal.evidence import SIZES
from werkbank.catalogue import has
from werkbank.effects.multiplicity import number_of_tests
from werkbank.effects.questions import equivalence_bound
from werkbank.reporting import fitted, tables
from werkbank.reporting.blocks import Paragraph
from werkbank.reporting.plainly import capital
from werkbank.reporting.thesis import laid_out
from werkbank.reporting.thesis.telling import asked, in_words, joined, question_of, section, student, told, unit_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.fitted import Fitted
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Estimate

AT_UNITS = ("unit_means_within", "unit_means_between", "unit_means_post")
AT_PUPILS = ("hc2", "hc2_post")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@section(shared=True, level=3)
def analysis(report: Report) -> Blocks:
    """Which analysis and why; the model written out; sizes, families, missing scores, checks, what could be seen."""
    tests = [t for t in report.evidence.tests if t.estimate is not None]
    if not tests:
        refused = [report.words.claim(c) for c in report.results.claims_where(kind="quality", topic="unit")]
        yield Paragraph(joined([*refused, told(report, "analysis.none")]))
    sets: dict[tuple[str, Fitted], list[Estimate]] = {}
    for t in tests:
        sets.setdefault((t.method, fitted.fitted(report, t)), []).append(t)
    for number, ((method, found), own) in enumerate(sets.items()):
        yield from _model(report, method, found, own, alone=len(sets) == 1, first=not number)
    left = _left_out(report)
    yield Paragraph(left) if left else None
    if tests:
        yield Paragraph(_conventions(report, tests))
        yield Paragraph(_checks(report, tests))
    yield Paragraph(joined([_software(report), _hidden(report)]))


def _model(
    report: Report, method: str, found: Fitted, tests: Sequence[Estimate], *, alone: bool, first: bool
) -> Blocks:
    """Write one model out: why, its equation, and what its symbols are."""
    words = report.words
    values = unit_values(report) | {
        "of": "" if alone else words.listed(list(dict.fromkeys(asked(report, t) for t in tests)))
    }
    if not alone:
        yield Paragraph(told(report, "model.of", of=values["of"]))
    grouped = report.evidence.unit != "pupil"
    if first and grouped and tests[0].contrast:
        yield Paragraph(told(report, "model.units", **values))
    equation = _equation(report, method, found)
    if not equation:
        estimand = words.estimand(method)
        named = told(report, "model.named", name=words.method(method), estimand=estimand)
        adjusted = fitted.told(report, found) if tests[0].contrast else ""
        yield Paragraph(joined([named, adjusted, _errors(report, method)]))
        return
    waves = words.listed([words.wave(w) for w in dict.fromkeys(t.wave_to for t in tests)])
    yield Paragraph(
        told(report, "model.lead_units" if method in AT_UNITS else "model.lead_pupils", waves=waves, **values)
    )
    yield Paragraph(equation)
    key = "symbols_units" if method in AT_UNITS else "symbols_pupils"
    said = [told(report, f"model.{key}", arm=_treated(report), waves=waves, **values)]
    if found.pre:
        said.append(told(report, f"model.pre_{'units' if method in AT_UNITS else 'pupils'}", **values))
    if found.covariates:
        at = "units" if method in AT_UNITS else "pupils"
        said_of = {"covariates": words.covariates(found.covariates), "n": len(found.covariates)}
        said.append(told(report, f"model.covariates_{at}", **said_of, **values))
    if method == "unit_means_within":
        said.append(told(report, "model.within", **values))
    if found.before == "flat":
        said.append(told(report, "model.flat"))
    said.append(_errors(report, method))
    yield Paragraph(joined(said))


def _left_out(report: Report) -> str:
    """Name every declared covariate that a main analysis does not adjust for, and why."""
    words = report.words
    why: dict[tuple[str, str], dict[str, None]] = {}
    for f in report.results.facts_where(what="covariate"):
        if f.value is not None and f.value != "used":
            why.setdefault((f.item, str(f.value)), {})[question_of(report, f.outcome, f.wave_to, f.contrast)] = None
    said = [
        told(
            report,
            "model.left_out",
            name=words.covariate(name),
            questions=words.listed(list(of)),
            why=words.say(f"report.covariates.{status}"),
        )
        for (name, status), of in why.items()
    ]
    known = {f.item for f in report.results.facts_where(what="covariate")}
    never = [name for name in report.study.covariates if name not in known]
    if never and not report.bench.copy_to_share:
        said.append(told(report, "model.never", names=words.covariates(never)))
    return " ".join(said)


def _treated(report: Report) -> str:
    return report.words.listed([report.words.arm(a) for a in report.study.treated_arms]) or "X"


def _equation(report: Report, method: str, found: Fitted) -> str:
    """Return the model of a comparison of two arms as a formula; of others there is none that fits a line."""
    if method not in (*AT_UNITS, *AT_PUPILS) or len(report.evidence.arms) != 2 or found.within:
        return ""
    at_units = method in AT_UNITS
    sub = "ⱼ" if at_units else "ᵢ"
    names = [told(report, "model.term", arm=_treated(report))]
    names += [told(report, "model.term_pre")] * found.pre
    names += [report.words.covariate(name) for name in found.covariates]
    terms = [f"β{str(i).translate(SUBSCRIPTS)}\N{NO-BREAK SPACE}*{name}{sub}*" for i, name in enumerate(names, start=1)]
    return f"*Y{sub}* = β₀ + {' + '.join(terms)} + *e{sub}*"


def _errors(report: Report, method: str) -> str:
    key = f"model.errors.{method}"
    return told(report, key, **unit_values(report)) if has(f"thesis.{key}", report.language) else ""


def _conventions(report: Report, tests: Sequence[Estimate]) -> str:
    """Say how sizes, families and equivalence were dealt with."""
    e = report.evidence
    sizes = dict.fromkeys(s.method for s in (e.beside(t, *SIZES) for t in tests) if s is not None)
    said = (
        [told(report, f"size.{'change' if any(m.startswith('smcr') for m in sizes) else 'compared'}")] if sizes else []
    )
    said.append(_corrections(report, tests))
    if any(report.results.where(method="tost")):
        said.append(told(report, "analysis.tost", bound=report.words.decimal(equivalence_bound(report.study))))
    return joined(said)


def _corrections(report: Report, tests: Sequence[Estimate]) -> str:
    """Name the families and the one correction within each."""
    found = {}
    for t in tests:
        c = report.evidence.beside(t, *tables.CORRECTED) if t.family else None
        if c is not None:
            found[t.family] = (c.method, number_of_tests(c, report.results.estimates))
    several = {name: x for name, x in found.items() if x[1] > 1}
    if not several:
        return told(report, "analysis.uncorrected")
    each = [
        told(report, "analysis.family", n=n, n_text=in_words(report, n), name=_family(report, name))
        for name, (_, n) in several.items()
    ]
    how = report.words.listed(
        list(dict.fromkeys(told(report, f"analysis.correction.{m}") for m, _ in several.values()))
    )
    return told(report, "analysis.families", families=capital(report.words.listed(each)), how=how, n=len(several))


def _family(report: Report, name: str) -> str:
    return told(report, f"family.{name}") if has(f"thesis.family.{name}", report.language) else name


def _checks(report: Report, tests: Sequence[Estimate]) -> str:
    """Name what was done beside the main analysis: missing scores, other models, assumptions, precision."""
    methods = {e.method for t in tests for e in laid_out.alternatives(report, t)}
    words, values = report.words, unit_values(report)
    said = [told(report, "analysis.complete")]
    named = [
        told(report, f"check.{m}", **values)
        for m in laid_out.BESIDE
        if m in methods and has(f"thesis.check.{m}", report.language)
    ]
    levels = next((f.parts for f in report.results.facts_where(what="random_effects") if f.parts), ())
    if named:
        *others, last = named
        both = told(report, "analysis.and")
        said.append(told(report, "analysis.checks", checks=f"{'; '.join(others)}; {both} {last}" if others else last))
    if "mixed_kr" in methods and levels:
        names = words.listed([words.say(f"report.unit.{level}.many") for level in levels])
        said.append(told(report, "analysis.levels", levels=names))
    if any(f.value is not None for f in report.results.facts_where(what="residual_normality_w")):
        said.append(told(report, "analysis.assumptions", **values))
    found = [c for c in report.results.claims_where(kind="quality", topic="detectable") if "mdes" in c.values]
    if found:
        each = [
            told(
                report,
                "analysis.mdes_one",
                test=question_of(report, *(str(c.values[k]) for k in ("outcome", "wave", "contrast"))),
                mdes=words.decimal(c.values["mdes"]),
            )
            for c in found
        ]
        said.append(told(report, "analysis.mdes", each=words.listed(each)))
    return joined(said)


def _software(report: Report) -> str:
    return joined([told(report, "analysis.software", version=version("werkbank")), student(report, "availability")])


def _hidden(report: Report) -> str:
    """Say what a copy that may leave the school does not give."""
    if not report.bench.copy_to_share:
        return ""
    return told(report, "analysis.hidden", min_cell=report.study.privacy.min_cell)
