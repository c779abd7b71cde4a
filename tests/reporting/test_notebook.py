"""The evaluation notebook as it lies in the project: clean, short, and running top to bottom."""

import ast
from pathlib import Path

import nbformat
import pytest

from werkbank.reporting import appendices, assumptions, evaluation, robustness
from werkbank.reporting.blocks import Section
from werkbank.results import Results

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(ROOT / "notebooks" / "evaluation.ipynb", as_version=4)


def code(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def test_it_is_valid_and_its_ids_stay(notebook):
    nbformat.validate(notebook)
    ids = [c.id for c in notebook.cells]
    assert len(ids) == len(set(ids))
    assert all(i.replace("-", "").isalpha() for i in ids)


def test_cells_are_short_and_each_part_has_a_note(notebook):
    assert all(len(c.source.splitlines()) <= 12 for c in code(notebook))
    notes = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    assert notes[0].startswith("# ")
    assert not any(n.startswith("#") for n in notes[1:])  # a part says its own heading, in the report's language
    assert len(notes) == len(code(notebook))


def test_parameters_are_literals_in_one_cell(notebook):
    cells = [c for c in code(notebook) if "parameters" in c.metadata.get("tags", [])]
    assert len(cells) == 1
    for line in ast.parse(cells[0].source).body:
        assert isinstance(line, ast.AnnAssign)
        ast.literal_eval(line.value)


def test_every_cell_runs_and_every_section_is_shown(notebook, tmp_path):
    space, shown, silent = {}, [], []
    for cell in code(notebook):
        if "by-hand" in cell.metadata.get("tags", []):
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, cell.id, "exec"), space)  # noqa: S102 - what a kernel does, without starting one
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), cell.id, "eval"), space))  # noqa: S307 - as above
            silent += [cell.id] * (shown[-1] is None)
        if "parameters" in cell.metadata.get("tags", []):
            space |= {"study": "baumann", "language": "en", "results": str(tmp_path / "results.json")}
    sections = [s for s in shown if isinstance(s, Section)]
    public = {
        f
        for module in (appendices, assumptions, evaluation, robustness)
        for f in vars(module).values()
        if hasattr(f, "reads")
    }
    parts = [c.id for c in code(notebook) if any(f".{f.__name__}(bench" in c.source for f in public)]
    assert len(parts) == len(public)
    assert {"all-mechanisms"} == {part for part in silent if part in parts}, "this study asks of nobody for whom"
    assert len(sections) == len(public) - 1
    assert {s.language for s in sections} == {"en"}
    kept = Results.from_json((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert kept.estimates
    assert kept.claims
    assert kept.study["design"] == {
        "kind": "randomised", "assigned_by": "pupil", "individual_arms": [], "given_by": [], "received_by": [],
        "blind": {},
    }  # fmt: skip
