"""A report that may leave the school: the same sections, written from suppressed results and nothing else.

A shared copy never meets a pupil: it has no answers, no scores, no rows and no notes of intake, so that no section, not
even one that is written later, can show one.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.disclosure.cells import smallest_cells
from werkbank.disclosure.suppressing import suppress
from werkbank.errors import ReportError
from werkbank.reporting.blocks import Heading, Paragraph, Sections, Table, is_chapter, opens_with_its_message
from werkbank.reporting.table import without_empty
from werkbank.results import Results

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from werkbank.bench import Bench
    from werkbank.reporting.blocks import Section
    from werkbank.reporting.numbers import Column
    from werkbank.reporting.sections import Part
    from werkbank.study import Study

OWN = ("files", "columns", "birth_date", "school")  # of the study file: where the answers lie, and whose they are


def shared_bench(
    bench: Bench, min_cell: int | None = None, also: Collection[str] = (), bare: AbstractSet[str] = frozenset()
) -> Bench:
    """Return the bench as it may be shared: suppressed results, and nobody's answers.

    `min_cell` is the study's own when left out; `also` and `bare` are counts that must be hidden because of other
    reports (`suppressing.suppress`). Figures of single pupils or classes have nothing to draw and are left out; so is
    the list of what was decided at intake, whose counts are not part of the results.
    """
    cells = smallest_cells(bench.study, bench.results, bench.scored.table, bench.intake.pupils)
    results = suppress(bench.results, min_cell or bench.study.privacy.min_cell, also, bare, cells)
    results = replace(results, study={k: v for k, v in results.study.items() if k not in OWN})
    nobody = replace(
        bench.intake, answers=bench.intake.answers.iloc[:0], pupils=bench.intake.pupils.iloc[:0], notes=(), files=()
    )
    unscored = replace(bench.scored, table=bench.scored.table.iloc[:0])
    return replace(bench, intake=nobody, scored=unscored, given=results, copy_to_share=True, shown={})


def shared_sections(bench: Bench, parts: Iterable[Part]) -> tuple[Section, ...]:
    """Return `parts` of a shared bench in its one language, the first of which says what is hidden."""
    made = [part(bench) for part in parts]
    sections = [_tidied(section) for section in made if section is not None and not isinstance(section, Sections)]
    if is_chapter(sections):  # whose method says what is not given
        return tuple(sections)
    return marked(sections, say("privacy.shared", bench.language, min_cell=bench.study.privacy.min_cell))


@dataclass(frozen=True)
class Shared:
    """A shareable copy: its sections as JSON, its results, and by name the functions that wrote the sections."""

    sections: list[dict[str, Any]]
    results: Results
    parts: tuple[str, ...]


def written_again(bench: Bench, parts: Sequence[str], also: Collection[str], bare: AbstractSet[str]) -> Shared:
    """Return the copy of a report, in its one language, that also hides these counts (`suppressing.suppress`).

    Raises
    ------
    ReportError
        When a part was written by a function that cannot be found again: by a notebook of one's own.
    """
    if not all(name.startswith("werkbank.reporting.") for name in parts):
        raise ReportError(say("cli.stopped.own_parts", bench.language))
    functions = [getattr(import_module(m), f) for m, _, f in (name.partition(":") for name in parts)]
    copy = shared_bench(bench, None, also, bare)
    return Shared([section.to_json() for section in shared_sections(copy, functions)], copy.results, tuple(parts))


def write_shared(path: Path, bench: Bench, *_: object) -> None:
    """Write the shareable copy of the parts that were shown to `path`: sections and results, as JSON for the runner.

    Copies of older notebooks list the parts themselves.
    """
    parts = {name: part for name, (part, _) in bench.shown.items() if part.shared}
    copy = shared_bench(bench)
    each = [shared_sections(replace(copy, language=one), parts.values()) for one in bench.language.split("+")]
    sections = [section.to_json() for made in each for section in made]
    content = {"parts": list(parts), "sections": sections, "results": json.loads(copy.results.to_json())}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_shared(path: Path, language: str) -> Shared | None:
    """Return what `write_shared` left at `path` in `language`; None without that file, or where no part may leave."""
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    sections = [section for section in content["sections"] if section["language"] == language]
    if not sections:  # of a report that is about pupils one by one nothing leaves
        return None
    return Shared(sections, Results.from_json(json.dumps(content["results"])), tuple(content["parts"]))


def marked(sections: Sequence[Section], sentence: str) -> tuple[Section, ...]:
    """Return sections of which the first opens, under its heading, with a note; a message's page ends in it."""
    if not sections:
        return ()
    first, *rest = sections
    if is_chapter(sections):  # it has no boxes
        *others, last = sections
        return (*others, replace(last, blocks=(*last.blocks, Paragraph(sentence, "note"))))
    if opens_with_its_message(sections):
        return (replace(first, blocks=(*first.blocks, Paragraph(sentence, "note"))), *rest)
    at = 1 if first.blocks and isinstance(first.blocks[0], Heading) else 0
    note = Paragraph(sentence, "note")
    return (replace(first, blocks=(*first.blocks[:at], note, *first.blocks[at:])), *rest)


def noted(sections: Sequence[Section], note: str) -> tuple[Section, ...]:
    """Return sections that also tell why there is no copy to share: last, where the first page is the message."""
    if not opens_with_its_message(sections) or len(sections) == 1:
        return marked(sections, note)
    *others, last = sections
    return (*others, replace(last, blocks=(*last.blocks, Paragraph(note, "note"))))


def has_pupils(study: Study) -> bool:
    """Whether a study reads anything of people: a plan and a table of published numbers hold nothing to keep inside."""
    pooled = study.synthesis is not None and bool(study.synthesis.results)
    return bool(study.files or study.logs) or pooled or study.monitoring is not None or study.single_case is not None


def not_to_leave(sections: Sequence[Section], language: str) -> tuple[Section, ...]:
    """Return the sections of a report that stays inside, the first of which says so."""
    return marked(sections, say("privacy.inside", language))


def _tidied(section: Section) -> Section:
    return replace(section, blocks=tuple(_as_exact(b) if isinstance(b, Table) else b for b in section.blocks))


def _as_exact(table: Table) -> Table:
    """Return a table without empty rows, of which no column has more decimals than its rounded numbers."""
    kept = without_empty(table) if table.rows else table
    columns = tuple(_no_finer(column, kept.rows) for column in kept.columns)
    return replace(kept, columns=columns)


def _no_finer(column: Column, rows: Sequence[Mapping[str, Any]]) -> Column:
    if column.kind not in {"mean", "estimate", "interval"}:
        return column
    cells = [row.get(column.key) for row in rows]
    numbers = [one for cell in cells for one in (cell if isinstance(cell, list | tuple) else [cell])]
    decimals = [
        len(repr(float(one)).partition(".")[2]) * (not float(one).is_integer())
        for one in numbers
        if isinstance(one, int | float) and math.isfinite(one)
    ]
    usual = 2 if column.digits is None else column.digits
    return replace(column, digits=min(usual, max(decimals, default=usual)))
