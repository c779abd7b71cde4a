"""An executed report: no error, sections in order, words for every figure, numbers from the results only."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest

from werkbank.reporting.blocks import Figure, Heading, Section, Table
from werkbank.results import MIME
from werkbank.results import Results

ROOT = Path(__file__).parents[2]


@pytest.fixture
def executed(made):
    folder, language, _ = made
    return json.loads((folder / f"evaluation.{language}.ipynb").read_text(encoding="utf-8"))


@pytest.fixture
def sections(executed):
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", [])]
    return [Section.from_json(output["data"][MIME]) for output in outputs]


def blocks(sections, kind):
    return [block for section in sections for block in section.blocks if isinstance(block, kind)]


def numbers(node) -> set[float]:
    """Return every number in a JSON value."""
    if isinstance(node, bool) or node is None or isinstance(node, str):
        return set()
    if isinstance(node, int | float):
        return {float(node)}
    children = node.values() if isinstance(node, dict) else node
    return set().union(*(numbers(child) for child in children)) if children else set()


def test_demo_says_where_the_reports_are_and_nothing_else_goes_wrong(demo):
    folder, done = demo
    assert done.stderr == ""
    pages = [line.strip() for line in done.stdout.splitlines() if line.strip().endswith(".html")]
    assert len(pages) == 4
    assert all((folder.parent / page).is_file() for page in pages)
    assert sorted(path.name for path in folder.iterdir()) == ["baumann", "nabijheid"]


def test_every_code_cell_ran_without_error_or_warning(executed):
    for cell in executed["cells"]:
        if cell["cell_type"] == "code":
            assert cell["execution_count"] is not None
            assert all(output["output_type"] == "display_data" for output in cell["outputs"])


def test_sections_are_in_the_language_and_their_headings_in_order(made, sections):
    assert len(sections) >= 5
    assert {section.language for section in sections} == {made[1]}
    assert len({section.id for section in sections}) == len(sections)
    levels = [1, *(heading.level for heading in blocks(sections, Heading))]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    assert all(isinstance(section.blocks[0], Heading) for section in sections)


def test_every_figure_has_words_for_those_who_do_not_see_it(sections):
    figures = blocks(sections, Figure)
    assert figures
    for figure in figures:
        assert len(figure.alt) > 20
        assert figure.alt != figure.caption, "a caption says what it is, the text alternative what is seen"
        assert figure.is_vector


def test_every_number_in_a_table_is_one_of_the_results(made, sections):
    folder, _, _ = made
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    known = numbers(results)
    printed = {(table.id, number) for table in blocks(sections, Table) for number in numbers(list(table.rows))}
    assert printed
    strangers = [
        (table, number)
        for table, number in sorted(printed)
        if not any(math.isclose(number, one, rel_tol=1e-12, abs_tol=1e-12) for one in known)
    ]
    assert not strangers


def test_results_are_readable_and_shared_by_the_languages(made):
    folder, _, _ = made
    results = Results.from_json((folder / "results.json").read_text(encoding="utf-8"))
    assert results.estimates
    assert results.facts
    assert results.claims
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(manifest["reports"]) == ["evaluation.en", "evaluation.nl"]


def test_a_report_made_again_is_the_same_to_the_byte(demo, tmp_path):
    import werkbank

    folder = tmp_path / "uit"
    again = werkbank.run_report(werkbank.example_path("baumann"), language="en", out=folder)
    made = [path for path in again.files if path.name != "manifest.json"]  # the first one also names the Dutch report
    assert any(path.parent.name == "share" for path in made)
    for path in made:
        assert path.read_bytes() == (demo[0] / "baumann" / path.relative_to(folder)).read_bytes(), path


def test_no_file_names_this_machine(demo):
    names = {str(Path.home()) + "/", str(ROOT), str(demo[0].parent)}
    for path in demo[0].rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not any(name in text for name in names), path.name
