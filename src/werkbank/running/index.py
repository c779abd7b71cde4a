"""The page that lists a batch's reports, and the one table of all their numbers."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.running.batch import Made

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
    """Write ``index.html`` and ``results.csv`` of a batch, each in one step."""
    _write(out / "index.html", index_page(made, language))
    _write(out / "results.csv", results_table(made))


def index_page(made: Sequence[Made], language: str) -> str:
    """Return a page with every report, its status and its files; a browser may load nothing for it."""
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
        pages=lambda one: [f for f in one.files if f.rpartition(".")[2] in {"html", "pdf", "docx", "xlsx"}],
        say=lambda key, **values: say(f"batch.{key}", language, **values),
    )
    return page


def results_table(made: Sequence[Made]) -> str:
    """Return the results of all reports that are there as one csv; the first column names the report's folder."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    header: list[str] = []
    for one in made:
        if "results.csv" not in one.files:
            continue
        with (one.job.place / "results.csv").open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            names = next(rows)
            if not header:
                header = names
                writer.writerow(["report", *header])
            writer.writerows([one.job.folder, *row] for row in rows)
    return table.getvalue()


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
