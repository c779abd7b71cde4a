"""A notebook's own parameters cell and the model that guards it say the same."""

from __future__ import annotations

import ast
import json
import typing

import pytest

from werkbank.running.notebooks import code_hash, notebook_path, report_names
from werkbank.running.params import MODELS, checked


def declared(path) -> dict[str, tuple[str, object]]:
    """Return {name: (annotation, default)} of the cell tagged parameters."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    (cell,) = (c for c in cells if "parameters" in c["metadata"].get("tags", []))
    body = ast.parse("".join(cell["source"])).body
    assert all(isinstance(line, ast.AnnAssign) for line in body), "only annotated literals stand in a parameters cell"
    return {line.target.id: (ast.unparse(line.annotation), ast.literal_eval(line.value)) for line in body}


def spelled(annotation: object) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return f"Literal[{', '.join(map(repr, typing.get_args(annotation)))}]"
    return annotation.__name__


def test_every_shipped_notebook_has_a_model():
    assert set(report_names()) == set(MODELS)


@pytest.mark.parametrize("report", MODELS)
def test_the_parameters_cell_equals_the_model(report):
    model = {name: (spelled(f.annotation), f.default) for name, f in MODELS[report].model_fields.items()}
    cell = declared(notebook_path(report))
    assert list(cell) == list(model)
    for name, (annotation, default) in model.items():
        assert cell[name][1] == default
        assert cell[name][0] in {annotation, "str" if annotation.startswith("Literal") else annotation}


@pytest.mark.parametrize("name", ["x; import os", "klasse-5", "Seed", "__class__", ""])
def test_a_name_that_is_no_parameter_never_becomes_code(name):
    from werkbank.errors import UsageError

    with pytest.raises(UsageError):
        checked("evaluation", {name: 1})


def test_what_reaches_papermill_are_plain_values():
    plain = {"study": "nabijheid", "language": "nl", "seed": 7, "results": "", "only": {}}
    assert checked("evaluation", {"seed": 7}) == plain


def test_the_hash_of_a_notebook_is_of_its_code_only(notebook):
    first = notebook("# Kop", "x = 1", name="a")
    other = notebook("# Andere kop", "x = 1", name="b")
    third = notebook("# Kop", "x = 2", name="c")
    assert code_hash(first) == code_hash(other) != code_hash(third)
