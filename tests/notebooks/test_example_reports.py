"""The reports that are committed under reports/example/: in step with the numbers, whole, and not too large."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from lxml import html
from tests.reporting.formats import tagged
from tests.reporting.formats.conftest import squeezed

from werkbank.reporting import evaluation, school, thesis
from werkbank.reporting.sharing import shared_bench, shared_sections
from werkbank.reporting.blocks import section_html
from werkbank.reporting.numbers import MISSING
from werkbank.bench import Bench
from werkbank.results import Results

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "reports" / "example"
REPORTS = ("school", "thesis", "evaluation")
SEED = 20250901
LEFT_OUT = {"tab-files", "tab-jars", "tab-programme"}  # words and hashes, no results


def numbers_of(page: str) -> dict[str, list[str]]:
    """What stands in the number cells of each table, by the table's id: of one that opens, what is seen unopened."""
    tree = html.fromstring(page)
    for opened in tree.xpath('//details[@class="how"]/*[not(self::summary)]'):
        opened.getparent().remove(opened)
    tables = tree.xpath("//div[@class='table']")
    found = {t.get("id"): [c.text_content() for c in t.iter("td") if c.get("class") == "number"] for t in tables}
    return {name: cells for name, cells in found.items() if cells and name not in LEFT_OUT}


def near(old: str, new: str) -> bool:
    """Whether two cells hold the same number to the coarsest step of a copy, or the same text."""
    try:
        first, second = (float(cell.replace(",", ".").replace("−", "-")) for cell in (old, new))
    except ValueError:
        return old == new
    return abs(first - second) <= 0.05


@pytest.fixture(scope="module")
def fresh(demo):
    """The pages of the three reports, written from what a run of the demo found just now."""
    from werkbank.intake import read_answers
    from werkbank.measurement.study_scores import score_study
    from werkbank.study import load_study
    from werkbank.study.finding import example_path

    folder = demo[0] / "nabijheid"
    intake = read_answers(load_study(example_path("nabijheid")))
    results = Results.from_json((folder / "results.json").read_text(encoding="utf-8"))
    report = Bench.made(intake, score_study(intake), results, "nl")
    parts = (school.one_page, school.who, school.details, school.trust)
    school_parts = shared_sections(shared_bench(report), parts)
    chapter = (thesis.participants, thesis.instruments, thesis.results)
    thesis_parts = shared_sections(shared_bench(report), chapter)
    return {
        "school": "".join(map(section_html, school_parts)),
        "thesis": "".join(map(section_html, thesis_parts)),
        "evaluation": (folder / "evaluation.nl.html").read_text(encoding="utf-8"),
    }


@pytest.mark.parametrize("report", REPORTS)
def test_its_numbers_are_those_of_a_run_of_today(report, fresh):
    kept = numbers_of((PLACE / f"{report}.nl.html").read_text(encoding="utf-8"))
    now = numbers_of(fresh[report])
    assert now
    assert kept.keys() == now.keys(), "run `make example`"
    for name, cells in now.items():
        # in a copy to share, which n has to be hidden depends on what else its report holds
        pairs = [(old, new) for old, new in zip(kept[name], cells, strict=True) if MISSING not in (old, new)]
        # and so does the step to which a mean is rounded there: by hundredths, or by twentieths
        alike = near if report != "evaluation" else str.__eq__
        assert all(alike(old, new) for old, new in pairs), f"{name}: run `make example`"
        assert kept[name] == cells or report != "evaluation"


@pytest.mark.parametrize("report", REPORTS)
def test_its_pdf_shows_the_numbers_of_its_page(report):
    page = numbers_of((PLACE / f"{report}.nl.html").read_text(encoding="utf-8"))
    on_page = Counter(squeezed(cell) for cells in page.values() for cell in cells)
    tables = tagged.tree((PLACE / f"{report}.nl.pdf").read_bytes()).all("Table")
    in_pdf = Counter(squeezed(cell.text) for table in tables for cell in table.all("TH", "TD"))
    assert not on_page - in_pdf


def test_the_set_is_small_and_says_that_it_is_simulated():
    files = sorted(path for path in PLACE.iterdir() if path.name != "README.md")
    assert {path.name for path in files} == {f"{r}.nl.{form}" for r in REPORTS for form in ("html", "pdf")} | {
        "school.nl.png"
    }
    # half of it are the letters that each page carries, and a picture for each width of a screen
    assert sum(path.stat().st_size for path in files) < 6_000_000
    assert (PLACE / "school.nl.png").stat().st_size < 300_000
    for report in REPORTS:
        assert "Gesimuleerde gegevens" in (PLACE / f"{report}.nl.html").read_text(encoding="utf-8")


def test_the_message_is_page_one_of_three():
    from pypdf import PdfReader

    pages = [page.extract_text() for page in PdfReader(PLACE / "school.nl.pdf").pages]
    assert len(pages) <= 3
    headings = ("Wat vonden we?", "Wat is er gedaan?", "Hoe zeker is dit?", "Wat laat dit niet zien?", "Wat nu?")
    assert all(heading in pages[0] for heading in headings)
    assert "Wie deden mee" in pages[1].partition("Tabel 1")[0]


def test_the_readme_shows_it():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("school.nl.png", *(f"{report}.nl.pdf" for report in REPORTS)):
        assert f"reports/example/{name}" in readme
