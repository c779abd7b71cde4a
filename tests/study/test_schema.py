"""The committed JSON Schema is the model's, in the draft that editors read, and judges studies as the model does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from werkbank.study import load_study
from werkbank.study.finding import EXAMPLES, example_path
from werkbank.study.schema import DRAFT, schema_text
from werkbank.study.templates import FOLDER

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def validator():
    from jsonschema import Draft7Validator

    schema = json.loads(schema_text())
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def walk(node):
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(child)


def test_the_committed_schema_is_in_step():
    committed = (ROOT / "schema" / "study.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "run: make docs"


def test_no_field_and_no_block_is_without_its_meaning():
    schema = json.loads(schema_text())
    blocks = {"study": schema, **schema["definitions"]}
    bare = [name for name, block in blocks.items() if "properties" in block and not block.get("description")]
    empty = [
        f"{name}.{field}"
        for name, block in blocks.items()
        for field, held in block.get("properties", {}).items()
        if not held.get("description", "").strip()
    ]
    assert (bare, empty) == ([], [])
    page = (ROOT / "docs" / "study-yaml.md").read_text(encoding="utf-8")
    assert not [line for line in page.splitlines() if line.startswith("|") and line.endswith("|  |")]


def test_it_speaks_draft_07_only():
    schema = json.loads(schema_text())
    assert schema["$schema"] == DRAFT
    for node in walk(schema):
        if isinstance(node, dict):
            assert not {"$defs", "prefixItems", "unevaluatedProperties"} & set(node)
            assert "$ref" not in node or set(node) == {"$ref"}, "draft-07 ignores what stands beside a $ref"


class AsEditors(yaml.SafeLoader):
    """YAML as an editor holds it against the schema: YAML 1.2, in which 2025-09-15 is a text."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, form) for tag, form in ways if tag != "tag:yaml.org,2002:timestamp"]
        for first, ways in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def as_editors(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=AsEditors)  # noqa: S506 - a SafeLoader


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_valid(validator, name):
    assert not list(validator.iter_errors(as_editors(example_path(name))))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_every_template_is_valid_and_is_read(validator, path):
    assert not list(validator.iter_errors(as_editors(path)))
    kind, language, _ = path.name.split(".")
    study = load_study(path)
    assert (study.design.kind, study.language) == (kind, language)


@pytest.mark.parametrize(
    "wrong",
    [
        {"desgin": {"kind": "single_group"}},
        {"design": {"kind": "single"}},
        {"design": {"kind": "single_group", "assigned_by": "klas"}},
        {"waves": {"T0": "before"}},
        {"outcomes": []},
        {"outcomes": [{"name": "taal", "column": "taal", "range": [0, 60, 70], "better": "higher"}]},
        {"privacy": {"min_cell": 1}},
        {"files": ["raw/scores.csv"]},
    ],
    ids=str,
)
def test_an_editor_and_the_model_refuse_the_same(validator, tmp_path, wrong):
    from werkbank.errors import UnfitError

    good = {
        "title": "t",
        "design": {"kind": "single_group"},
        "files": [{"path": "raw/scores.csv"}],
        "outcomes": [{"name": "taal", "column": "taal", "range": [0, 60], "better": "higher"}],
    }
    assert not list(validator.iter_errors(good))
    assert list(validator.iter_errors({**good, **wrong}))
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**good, **wrong}), encoding="utf-8")
    with pytest.raises(UnfitError):
        load_study(tmp_path / "study.yaml")
