"""The page that lists a batch's reports, and the one table of all their numbers."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.running.manifest import SHARE, put, seal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.running.making import Made

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
    put(out / "index.html", index_page(made, language).encode())
    put(out / "results.csv", results_table(made).encode())
    _write_shared(out, made, language)
    seal(out, [one.job.folder for one in made if one.files])


def _write_shared(out: Path, made: Sequence[Made], language: str) -> None:
    # the reports of one teacher are known by that teacher's number
    open_ = [one for one in made if "teacher" not in one.job.only and any(_shared(one.files))]
    if not open_:
        return
    (out / SHARE).mkdir(exist_ok=True)
    put(out / SHARE / "index.html", index_page([_copy(one) for one in open_], language, shared=True).encode())
    put(out / SHARE / "results.csv", results_table(open_, shared=True).encode())


def _shared(files: Sequence[str]) -> list[str]:
    return [file for file in files if file.startswith(f"{SHARE}/")]


def _copy(one: Made) -> Made:
    """Return what a reader outside the school may know of how a job ended."""
    return replace(one, status="made", message="", files=tuple(_shared(one.files)))


def index_page(made: Sequence[Made], language: str, *, shared: bool = False) -> str:
    """Return a page with every report, its status and its files; a browser may load nothing for it.

    `shared`: the page stands in ``share`` and names only what stands there.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

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
        pages=lambda one: [f for f in one.files if f.rpartition(".")[2] in {"html", "pdf", "docx", "xlsx"}],
        say=lambda key, **values: say(f"batch.{key}", language, **values),
    )
    return page


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
