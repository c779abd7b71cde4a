"""Write into docs/privacy.md what a copy to share loses of the examples' reports: cells, tables, sentences.

Run as ``python scripts/privacy_costs.py``: each report is made in Dutch, its page is held against that in ``share``.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from pathlib import Path

from lxml import html

from werkbank.running.runner import run_languages
from werkbank.study.finding import example_path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "privacy.md"
MARKED = re.compile(r"(<!-- costs[^>]*-->\n).*?(<!-- end of costs -->)", re.DOTALL)
REPORTS = (
    ("nabijheid", "school"), ("nabijheid", "evaluation"), ("baumann", "evaluation"), ("bdf", "evaluation"),
    ("bdf", "underachievement"), ("volgsysteem", "monitoring"),
)  # fmt: skip
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def parts(page: Path) -> tuple[int, int, Counter[str]]:
    """Return how many cells of tables hold a number, how many tables do, and the sentences, whatever their numbers."""
    read = html.fromstring(page.read_text(encoding="utf-8"))
    tables = [[cell for cell in table.iter("td") if NUMBER.search(cell.text_content())] for table in read.iter("table")]
    said = [block.text_content() for block in read.iter("p", "li", "figcaption")]
    sentences = [one.strip() for text in said for one in re.split(r"(?<=[.?!])\s+", " ".join(text.split()))]
    return sum(map(len, tables)), sum(map(bool, tables)), Counter(NUMBER.sub("#", one) for one in sentences if one)


def row(example: str, report: str) -> str:
    """Return a line of the table: what is lost, of how many."""
    with tempfile.TemporaryDirectory() as folder:
        run_languages(example_path(example), report, languages=("nl",), formats=("html",), out=folder)
        own, copy = (Path(folder, *at, f"{report}.nl.html") for at in ((), ("share",)))
        (cells, tables, said), (cells_left, tables_left, said_left) = parts(own), parts(copy)
    lost = [
        (cells - cells_left, cells),
        (tables - tables_left, tables),
        ((said - said_left).total(), said.total()),
    ]
    told = [f"{100 * gone / max(of, 1):.0f} % of {of}" for gone, of in lost]
    return f"| {example} | {report} | {' | '.join(told)} |"


def main() -> None:
    """Write the table."""
    lines = ["| example | report | cells | tables | sentences |", "|---|---|---|---|---|"]
    lines += [row(*one) for one in REPORTS]
    text = PAGE.read_text(encoding="utf-8")
    made = "\n".join(lines)
    PAGE.write_text(MARKED.sub(lambda found: f"{found[1]}\n{made}\n\n{found[2]}", text), encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
