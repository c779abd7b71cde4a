"""More than two groups, schools, and roles: what stands beside the answers and is no other way to compute them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.effects.roles import shown_roles
from werkbank.reporting import fitted, numbers
from werkbank.reporting.blocks import Heading, Paragraph
from werkbank.reporting.table import table
from werkbank.reporting.tables import texts, units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Column, Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Estimate

HERE = "report.arms"
SITES = ("sites_fixed", "sites_like_these")  # the two questions, which are never mixed


def all_arms(report: Report) -> Blocks:
    """Whether all groups differ at all, the mean of each, and every two compared; per outcome and moment."""
    words, look = report.words, report.results.where
    for number, test in enumerate(look(method="omnibus"), start=1):
        asked = {"outcome": test.outcome, "wave_from": test.wave_from, "wave_to": test.wave_to}
        name = words.test(test.outcome, test.wave_to, "")
        if number == 1:
            yield Heading(words.say(f"{HERE}.heading"), 3)
            yield Paragraph(words.say(f"{HERE}.lead"))
        yield Paragraph(_omnibus(report, test, name))
        yield _means(report, look(method="adjusted_mean", **asked), name, number)
        yield _pairs(report, asked, name, number)


def _omnibus(report: Report, test: Estimate, name: str) -> str:
    words = report.words
    if test.p is None:
        return words.say(f"{HERE}.untested", question=name)
    values = {"df": numbers.degrees(test.df, report.language), "f": words.decimal(test.statistic)}
    values |= {"p": numbers.p_phrase(test.p, report.language), "among": str(len(test.arms) - 1)}
    return words.say(f"{HERE}.omnibus", question=name, **values)


def _means(report: Report, found: Sequence[Estimate], name: str, number: int) -> Table | None:
    words = report.words
    rows = [
        {"arm": words.arm(e.group), "n": e.n, "clusters": e.n_clusters, "mean": e.estimate}
        | {"ci": (e.ci_low, e.ci_high)}
        for e in found
    ]
    kinds = texts("arm") | {"n": "count"} | _clusters(report, found) | {"mean": "mean", "ci": "interval"}
    title = words.say(f"{HERE}.means_title", question=name)
    return table(report, f"arms-{number}", title, kinds, rows, labels=HERE, notes=fitted.notes(report, found[:1]))


def _pairs(report: Report, asked: dict[str, str], name: str, number: int) -> Table | None:
    words, look = report.words, report.results.where
    pairs, pooled = look(method="pairwise", **asked), look(method="pooled_contrast", **asked)
    holm = {e.contrast: e for e in look(method="p_holm_pairs", **asked)}
    rows: list[dict[str, Any]] = []
    for e in (*pooled, *pairs):
        together = e.method == "pooled_contrast"
        label = words.say(f"{HERE}.pooled") if together else " − ".join(words.arm(arm) for arm in e.arms)
        after = holm.get(e.contrast)
        rows.append(
            {"compared": label, "n": e.n, "clusters": e.n_clusters, "difference": e.estimate, "df": e.df, "p": e.p}
            | {"ci": (e.ci_low, e.ci_high), "p_holm": after.p if after is not None and not together else None}
        )
    kinds: dict[str, Kind | Column] = texts("compared") | {"n": "count"} | _clusters(report, pairs)
    kinds |= {"difference": "estimate", "ci": "interval", "df": "df", "p": "p"}
    kinds |= {"p_holm": "p"} if holm else {}
    notes = [words.say(f"{HERE}.pairs_note")]
    notes += [words.say(f"{HERE}.holm", n=len(holm), n_text=str(len(holm)))] if holm else []
    notes += [words.say(f"{HERE}.pooled_note")] if pooled and holm else []
    title = words.say(f"{HERE}.pairs_title", question=name)
    return table(report, f"pairs-{number}", title, kinds, rows, labels=HERE, notes=notes)


def _clusters(report: Report, found: Sequence[Estimate]) -> dict[str, Kind | Column]:
    return {"clusters": units(report, "clusters")} if any(e.n_clusters for e in found) else {}


def sites(report: Report) -> Blocks:
    """In these schools, and in schools like these: two questions, each with its own answer, and how schools differ."""
    words = report.words
    tests = [t for t in report.evidence.tests if t.method == "sites_fixed" and t.estimate is not None]
    rows: list[dict[str, Any]] = []
    for t in tests:
        like = report.evidence.beside(t, "sites_like_these")
        weighed = report.evidence.beside(t, "sites_one_stage")
        asked = [(SITES[0], t), (SITES[1], like)]
        if weighed is not None and weighed.estimate is not None:
            asked.append(("sites_one_stage", weighed))
        for method, e in asked:
            row: dict[str, Any] = {"question": words.test(t.outcome, t.wave_to, t.contrast)}
            row["about"] = words.say(f"report.sites.{method}")
            if e is not None:
                row |= {"sites": e.n_clusters, "difference": e.estimate, "ci": (e.ci_low, e.ci_high)}
                row |= {"df": e.df, "p": e.p}
            rows.append(row)
    if not rows:
        return
    kinds: dict[str, Kind | Column] = texts("question", "about") | {"sites": "count", "difference": "estimate"}
    kinds |= {"ci": "interval", "df": "df", "p": "p"}
    notes = [words.say("report.sites.note"), *fitted.notes(report, tests)]
    if any(report.evidence.beside(t, "sites_like_these") is None for t in tests):
        notes.append(words.say("report.sites.few"))
    yield Heading(words.say("report.sites.heading"), 3)
    yield table(report, "sites", "", kinds, rows, notes=notes)
    for t in tests:
        varies = report.evidence.beside(t, "sites_heterogeneity")
        if varies is not None and varies.estimate is not None and varies.p is not None:
            question = words.test(t.outcome, t.wave_to, t.contrast)
            values = {"sd": words.decimal(varies.estimate), "p": numbers.p_phrase(varies.p, report.language)}
            yield Paragraph(words.say("report.sites.varies", question=question, **values))


def roles(report: Report) -> Blocks:
    """Pupils of two roles under the same teachers: a description, with what spill-over would look like."""
    words = report.words
    found = [e for e in report.results.where(kind="role") if e.estimate is not None]
    if not found:
        return
    rows = [
        {"question": words.test(e.outcome, e.wave_to, e.contrast), "n": e.n, "clusters": e.n_clusters}
        | {"difference": e.estimate, "ci": (e.ci_low, e.ci_high)}
        for e in found
    ]
    kinds: dict[str, Kind | Column] = texts("question") | {"n": "count"} | _clusters(report, found)
    kinds |= {"difference": "estimate", "ci": "interval"}
    yield Heading(words.say("report.roles.heading"), 3)
    yield Paragraph(words.say("report.roles.lead"))
    notes = [words.say("effects.notes.roles_chosen"), words.say("report.roles.note")]
    yield table(report, "roles", "", kinds, rows, notes=notes)
    yield Paragraph(words.say("report.roles.spill_over"))
    yield from (Paragraph(_spill_over(report, e)) for e in _transfer(report))


def _transfer(report: Report) -> list[Estimate]:
    """Return the answers about pupils at whom the approach was not aimed."""
    tests = [t for t in report.evidence.tests if t.method == "role_means" and t.p is not None and t.arms]
    return [t for t in tests if shown_roles(report.study).get(t.arms[0]) == "transfer"]


def _spill_over(report: Report, test: Estimate) -> str:
    words = report.words
    found = "clear" if (test.ci_low or 0) * (test.ci_high or 0) > 0 else "open"
    return words.say(
        f"report.roles.spill_{found}", question=words.test(test.outcome, test.wave_to, ""),
        estimate=words.decimal(test.estimate), ci=numbers.interval(test.ci_low, test.ci_high, report.language),
    )  # fmt: skip
