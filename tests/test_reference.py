"""docs/reference.md: its tables are those of the code, and its examples print what it says."""

from __future__ import annotations

import warnings
from dataclasses import fields

import pytest
from scripts.reference import EXAMPLE, PAGE, TABLES, columns, page, printed

import werkbank

EXAMPLES = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))


def names(described):
    return [name for listed, *_ in columns(described) for name in listed.split(", ")]


def test_the_page_is_in_step_with_the_docstrings():
    assert page() == PAGE.read_text(encoding="utf-8"), "run `make docs`"


@pytest.mark.parametrize("kind", [werkbank.Estimate, werkbank.Fact, werkbank.Claim])
def test_every_column_of_results_is_documented_once(kind):
    assert sorted(names(kind)) == sorted(field.name for field in fields(kind))
    frame = getattr(werkbank.open("baumann"), f"{kind.__name__.lower()}s")
    assert set(names(kind)) == set(frame.columns) - {"text"}


@pytest.mark.parametrize("study", ["nabijheid", "baumann"])
def test_every_column_of_the_data_is_documented_with_its_kind(study):
    bench = werkbank.open(study)
    for name, table in (("bench.answers", bench.answers), ("bench.scores", bench.scores)):
        listed = columns(TABLES[name])
        assert [one for names, *_ in listed for one in names.split(", ")] == list(table.columns)
        for said, kind, meaning in listed:
            assert {str(table[one].dtype) for one in said.split(", ")} <= {kind, "object"}, said
            assert meaning.endswith(".")
    known = {*names(TABLES["bench.wide(outcome, by)"]), *bench.intake.pupils.columns} | {"pre", "post", "followup"}
    assert set(bench.wide(bench.primary)) <= known


@pytest.mark.parametrize(("code", "said"), EXAMPLES, ids=[code.split()[1] for code, _ in EXAMPLES])
def test_an_example_prints_what_stands_below_it(code, said):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the libraries that it uses
        assert printed(code) == said


def test_the_three_libraries_have_an_example():
    assert [code.split()[1] for code, _ in EXAMPLES] == ["seaborn", "pingouin", "werkbank"]
