"""The files of one run: every format is written from the sections that the executed notebook shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank import steps
from werkbank.catalogue import has, say
from werkbank.errors import ReportError

if TYPE_CHECKING:
    from werkbank.study.model import Study

FORMATS = ("html", "pdf", "docx", "xlsx")
USUAL = ("html",)
HELP = "reading_help"
BESIDE = "defence"  # how the file is called that is for the writer of a chapter alone


def pages(
    shown: list[dict[str, Any]],
    study: Study,
    language: str,
    formats: tuple[str, ...],
    footer: dict[str, str],
    *,
    inside: bool = False,
    notes: tuple[str, ...] = (),
    kind: str | None = None,
) -> dict[str, str | bytes]:
    """Return the report in each of `formats`, by format; `shown` are the sections of the executed notebook as JSON.

    `inside`: the report opens with the sentence that it is not meant to leave the school, and names the school;
    other copies name it only where the study file says so, and hold nothing that a user added. `notes` are sentences
    that follow the first heading. `kind` is what sort of report it is, when its notebook does not tell.

    Raises
    ------
    ReportError
        When the notebook shows no section.
    """
    from werkbank.reporting.blocks import APART, Section, is_chapter, numbered

    made: dict[str, str | bytes]
    sections = tuple(Section.from_json(item) for item in shown)
    if not sections:
        raise ReportError(say("cli.stopped.no_sections", language))
    apart = [item for item in shown if item["id"].startswith(APART)]
    if inside and apart and len(apart) < len(sections):
        # what is for the writer of a chapter alone is a file beside it
        rest = [item for item in shown if not item["id"].startswith(APART)]
        own = tuple(form for form in formats if form != "xlsx")
        made = pages(apart, study, language, own, footer | {"notebook": "defence"}, inside=True, notes=notes)
        return {
            **pages(rest, study, language, formats, footer, inside=True, notes=notes),
            **{f"{BESIDE}.{form}": content for form, content in made.items()},
        }
    if is_chapter(sections):
        sections = numbered(sections)
    if inside:
        from werkbank.reporting.sharing import has_pupils, not_to_leave, noted

        for note in notes:
            sections = noted(sections, note)
        sections = not_to_leave(sections, language) if has_pupils(study) else sections
    else:
        from werkbank.running.kept import without_own

        sections = without_own(sections)
    title, simulated = study.title_in(language), study.simulated
    named = f"report.kinds.{kind or Path(footer.get('notebook', '')).stem}"
    kind = say(named, language) if has(named, language) else None
    shown_school = study.school if study.school is not None and (inside or study.school.shared) else None
    school = None if shown_school is None else shown_school.name
    logo = study.logo if school else None
    made = {}
    for name in formats:
        steps.begin("format", form=name.upper())
        if name == "html":
            from werkbank.reporting.page import render

            made[name] = render(
                sections, language=language, title=title, simulated=simulated, provenance=footer, kind=kind,
                school=school, logo=logo,
            )  # fmt: skip
        else:
            from werkbank.reporting.formats import Document, write

            made[name] = write(Document(sections, language, title, simulated, footer, kind, school, logo), name)
    return made


def reading_help(
    study: Study, language: str, formats: tuple[str, ...], footer: dict[str, str], notebook: str
) -> dict[str, str | bytes]:
    """Return the page that goes with a school's report and tells how to read it, by format; nothing of other reports.

    It is about no study, holds no number of one, and may go wherever the report goes.
    """
    if notebook != "school":
        return {}
    from werkbank.reporting.reading_help import reading_help as section

    written = tuple(form for form in formats if form != "xlsx")
    return pages([section(language).to_json()], study, language, written, {"werkbank": footer["werkbank"]}, kind=HELP)
