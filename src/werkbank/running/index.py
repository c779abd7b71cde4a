"""The page that shows a batch: its schools in one picture, its reports with what became of them, and all numbers."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import has, say
from werkbank.errors import WerkbankError
from werkbank.results import Results
from werkbank.running.manifest import SHARE, put, seal
from werkbank.running.pages import FORMATS, HELP
from werkbank.study import load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.running.making import Made
    from werkbank.study import Study

FOLDER = Path(__file__).parent
SEARCH = """\
const field = document.getElementById("search"), rows = [...document.querySelectorAll("tbody tr")];
const count = document.getElementById("count");
field.addEventListener("input", () => {
  const wanted = field.value.toLocaleLowerCase();
  for (const row of rows) row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
  count.textContent = rows.filter((row) => !row.hidden).length + " / " + rows.length;
});
"""


def write_index(out: Path, made: Sequence[Made], language: str) -> None:
    """Write ``index.html`` and ``results.csv`` of a batch, and in ``share`` those of the copies to share."""
    study = _one_study(made)
    spoken = next((one.job.languages[0] for one in made if one.job.languages), study.language if study else language)
    title = study.title_in(spoken) if study else ""
    page = index_page(made, spoken, title=title, picture=_schools(made, study, spoken) if study else "")
    put(out / "index.html", page.encode())
    put(out / "results.csv", results_table(made).encode())
    _write_shared(out, made, spoken, title)
    seal(out, [one.job.folder for one in made if one.files])


def _one_study(made: Sequence[Made]) -> Study | None:
    """Return the study to which all reports belong; nothing where they are of several, or it cannot be read now."""
    with suppress(WerkbankError, OSError):
        return load_study(made[0].job.study) if len({one.job.study for one in made}) == 1 else None
    return None


def _schools(made: Sequence[Made], study: Study, language: str) -> str:
    """Return the picture of all schools as a section of the page; nothing where there is none to draw."""
    from werkbank.measurement.study_scores import instruments_of
    from werkbank.reporting.blocks import Heading, Paragraph, Section, section_html
    from werkbank.reporting.funnel import funnel

    found = []
    for one in made:
        if one.job.report == "school" and set(one.job.only) == {"school"} and "results.json" in one.files:
            text = (one.job.place / "results.json").read_text(encoding="utf-8")
            found.append((one.job.only["school"], Results.from_json(text)))
    if not found:
        return ""
    picture = funnel(study, instruments_of(study), found, language)
    if picture is None:
        return ""
    lead = Paragraph(say("batch.index.no_ranking", language))
    return section_html(Section("schools", language, (Heading(say("batch.index.schools", language)), lead, picture)))


def _write_shared(out: Path, made: Sequence[Made], language: str, title: str) -> None:
    # the reports of one teacher are known by that teacher's number
    open_ = [one for one in made if "teacher" not in one.job.only and any(_shared(one.files))]
    if not open_:
        return
    (out / SHARE).mkdir(exist_ok=True)
    page = index_page([_copy(one) for one in open_], language, title=title, shared=True)
    put(out / SHARE / "index.html", page.encode())
    put(out / SHARE / "results.csv", results_table(open_, shared=True).encode())


def _shared(files: Sequence[str]) -> list[str]:
    return [file for file in files if file.startswith(f"{SHARE}/")]


def _copy(one: Made) -> Made:
    """Return what a reader outside the school may know of how a job ended."""
    return replace(one, status="made", message="", files=tuple(_shared(one.files)))


def index_page(made: Sequence[Made], language: str, *, title: str = "", picture: str = "", shared: bool = False) -> str:
    """Return a page with every report, its status and its files; a browser may load nothing for it.

    `title` is the study's, `picture` a section with all schools; `shared`: the page stands in ``share`` and names only
    what stands there.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from werkbank.reporting.page.page import FOLDER as STYLE

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    digest = base64.b64encode(hashlib.sha256(SEARCH.encode()).digest()).decode()
    page: str = environment.get_template("index.html.j2").render(
        made=made,
        language=language,
        script=SEARCH,
        digest=digest,
        shared=shared,
        title=title,
        picture=picture,
        css=(STYLE / "report.css").read_text(encoding="utf-8"),
        pages=lambda one: [(file, _called(file, one, language, shared=shared)) for file in _pages(one)],
        say=lambda key, **values: say(f"batch.{key}", language, **values),
    )
    return page


def _pages(one: Made) -> list[str]:
    return [file for file in one.files if file.rpartition(".")[2] in FORMATS]


def _called(file: str, one: Made, language: str, *, shared: bool) -> str:
    """Return in words what a file is good for: its format, its language where there are several, whether it is shared.

    A report of a user's own, or several in one folder, are told by their names.
    """
    _, *parts, form = file.rpartition("/")[2].split(".")
    kind = "help" if HELP in parts else "file"
    told = say(f"batch.index.{kind}.{form}", language) if has(f"batch.index.{kind}.{form}", language) else file
    spoken = {other.rpartition("/")[2].split(".")[1] for other in _pages(one) if other.count(".") > 1}
    if parts and len(spoken) > 1 and has(f"batch.index.language.{parts[0]}", language):
        name = say(f"batch.index.language.{parts[0]}", language)
        told = say("batch.index.in_language", language, file=told, spoken=name)
    return told if shared or "/" not in file else say("batch.index.to_share", language, file=told)


def results_table(made: Sequence[Made], *, shared: bool = False) -> str:
    """Return the results of all reports that are there as one csv; the first column names the report's folder.

    `shared`: the results of their copies to share, of a report in two languages once.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    header: list[str] = []
    for one in made:
        shares = [f for f in _shared(one.files) if f.endswith(".csv")]
        names = [f for f in one.files if f == "results.csv"] if not shared else shares[:1]
        for name in names:
            with (one.job.place / name).open(encoding="utf-8", newline="") as file:
                rows = csv.reader(file)
                first = next(rows)
                if not header:
                    header = first
                    writer.writerow(["report", *header])
                writer.writerows([one.job.folder, *row] for row in rows)
    return table.getvalue()
