"""What the study cannot show, and the list of what the chapter cites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import has
from werkbank.reporting.blocks import Bullets, Paragraph
from werkbank.reporting.plainly import capital
from werkbank.reporting.thesis.citing import listed
from werkbank.reporting.thesis.telling import HERE, joined, section, sentence, told, unit_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.reporting.blocks import Section
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim

ROOM = "werkbank.reporting.thesis."


@section(shared=True)
def limitations(report: Report) -> Blocks:
    """What this design and these data cannot carry, in prose."""
    words = report.words
    find = report.results.claims_where
    (grade,) = find(kind="grade")
    pressing = [c for c in find(kind="quality") if c.status in {"attention", "unknown"}]
    found = dict.fromkeys(_limit(report, c) for c in (*find(kind="reason"), *pressing))
    small = (
        told(report, "limit.small", **unit_values(report))
        if report.evidence.unit != "pupil" and report.evidence.tests
        else ""
    )
    shared = report.results.count(what="units_schools_shared") or 0
    near = (
        told(report, "limit.near", n=shared, schools=words.count("school", shared))
        if shared and report.evidence.unit != "school"
        else ""
    )
    yield Paragraph(joined([sentence(words.claim(grade)), *found, near, small]))


def _limit(report: Report, claim: Claim) -> str:
    key = f"limit.{claim.topic or 'reason'}.{claim.verdict}"
    if has(f"{HERE}.{key}", report.language):
        keys = [k for k in report.keys if report.evidence.rated_by_implementers(k)]
        outcomes = report.words.listed([report.words.outcome(k) for k in keys])
        return told(report, key, outcomes=outcomes, **unit_values(report))
    return sentence(capital(report.words.claim(claim)))


@section(shared=True)
def references(report: Report) -> Blocks:
    """The sources that the chapter cites, each once."""
    found = listed(report, _texts(report))
    yield Bullets(tuple(reference.text for reference in found)) if found else None


def _texts(report: Report) -> Iterator[str]:
    """Yield every text of the parts shown so far; of all parts when none was."""
    shown = [
        made for name, (_, made) in report.bench.shown.items() if name.startswith(ROOM) and "references" not in name
    ]
    sections = [one for made in shown for one in made if one.language == report.language]
    for part in sections or _every(report):
        for block in part.blocks:
            match block:
                case Paragraph():
                    yield block.text
                case _:
                    yield from getattr(block, "notes", ())


def _every(report: Report) -> Iterator[Section]:
    from dataclasses import replace

    from werkbank.reporting.thesis import found, method, modelling

    bench = replace(report.bench, language=report.language, shown={})
    for write in (
        method.participants,
        method.instruments,
        method.procedure,
        modelling.analysis,
        found.results,
        limitations,
    ):
        made = write(bench)
        if made is not None:
            yield made  # type: ignore[misc]  # of one language
