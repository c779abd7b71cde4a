"""Sections -> one self-contained HTML page."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import has, say
from werkbank.reporting import fonts
from werkbank.reporting.blocks import body_first, contents, is_chapter, opens_with_its_message, section_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Template

    from werkbank.reporting.blocks import Section

FOLDER = Path(__file__).parent


def render(
    sections: Sequence[Section],
    *,
    language: str,
    title: str,
    simulated: bool,
    provenance: Mapping[str, str],
    kind: str | None = None,
    school: str | None = None,
    logo: bytes | None = None,
) -> str:
    """Return a report as one HTML page: accessible, printable, without any outside request or script.

    Parameters
    ----------
    sections : sequence of Section
        What the executed notebook showed, in its order.
    language : str
        ``nl`` or ``en``: the page's ``lang`` and the words around the sections.
    title : str
        The study's title.
    simulated : bool
        Whether the banner that says so stands on the page, and on every printed page.
    provenance : mapping of str to str
        What the footer says about where the page comes from (version, hashes, seed). A key that the catalogue knows
        as ``report.page.provenance.<key>`` is shown by its name there. Nothing else enters the page: equal input is
        equal bytes.
    kind : str, optional
        What sort of report this is, in its language; an evaluation report when left out.
    school, logo : str and bytes, optional
        Whose report it is, and a PNG picture that stands for it (shown only with the name, its text alternative).
    """
    shown = {_provenance_label(key, language): value for key, value in provenance.items() if value}
    sections = body_first(sections)
    return _template().render(
        body=[section_html(section) for section in sections],
        contents=contents(sections),
        css=fonts.style_sheet() + _looks(sections),
        message=opens_with_its_message(sections),
        chapter=is_chapter(sections),
        language=language,
        title=title,
        kind=kind or say("report.page.report", language),
        simulated=simulated,
        provenance=shown,
        school=school,
        logo=b64encode(logo).decode("ascii") if school and logo else None,
        logo_alt=say("formats.logo", language, school=school),
        say=lambda key: say(f"report.page.{key}", language),
    )


def _looks(sections: Sequence[Section]) -> str:
    names = ["report.css", *["chapter.css"] * is_chapter(sections)]
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


def _provenance_label(key: str, language: str) -> str:
    name = f"report.page.provenance.{key}"
    return say(name, language) if has(name, language) else key


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")
