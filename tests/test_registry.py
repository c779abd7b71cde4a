"""No statistic without its row: formula, source, two oracles, a tolerance, and tests that exist."""

from __future__ import annotations

import ast
import importlib.util
import math
import pkgutil
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def script():
    spec = importlib.util.spec_from_file_location("verification", ROOT / "scripts" / "verification.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFICATION = script()
ROWS = VERIFICATION.assembled()
NEEDED = {"id", "name", "function", "formula", "source", "tolerance", "oracles"}


@cache
def named_in(file: str) -> set[str]:
    """Return the node ids (without parameters) of a test file, found without running it."""
    path = ROOT / file
    if not path.is_file():
        return set()
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
    return found


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    return name.split("[")[0] in named_in(file)


def test_no_two_rows_are_of_one_statistic():
    ids = [row["id"] for row in ROWS]
    assert sorted(ids) == sorted(set(ids))


def test_a_row_is_whole(subtests):
    for row in ROWS:
        with subtests.test(row["id"]):
            assert set(row) >= NEEDED
            assert all(str(row[name]).strip() for name in NEEDED)
            tolerance = float(row["tolerance"])
            assert math.isfinite(tolerance)
            assert tolerance >= 0
            oracles = {(oracle["kind"], oracle["what"]) for oracle in row["oracles"]}
            assert len(oracles) >= 2, "one agreement may be chance"
            assert {kind for kind, _ in oracles} <= set(VERIFICATION.KINDS)


def test_the_tests_it_names_exist(subtests):
    for row in ROWS:
        with subtests.test(row["id"]):
            named = [*(oracle["test"] for oracle in row["oracles"]), *(row.get("edge_cases") or {}).values()]
            missing = [test for test in named if not exists(test)]
            assert not missing


def test_the_function_it_names_exists(subtests):
    for row in ROWS:
        with subtests.test(row["id"]):
            assert callable(pkgutil.resolve_name(row["function"]))


def test_the_registry_and_its_page_are_in_step():
    assert VERIFICATION.REGISTRY.read_text(encoding="utf-8") == VERIFICATION.registry_text(ROWS), "run: make docs"
    registry = yaml.safe_load(VERIFICATION.REGISTRY.read_text(encoding="utf-8"))
    assert VERIFICATION.PAGE.read_text(encoding="utf-8") == VERIFICATION.page_text(registry), "run: make docs"


def test_a_long_run_says_what_it_was_and_which_test_repeats_it(subtests):
    for run in VERIFICATION.long_runs():
        with subtests.test(run["what"]):
            assert set(run) == {"what", "test", "size", "seeds", "result"}
            assert exists(run["test"])


@pytest.mark.parametrize("name", ["baumann", "bdf", "nabijheid"])
def test_whatever_an_example_reports_has_a_row(name):
    import werkbank

    study = werkbank.load_study(werkbank.example_path(name))
    intake = werkbank.read_answers(study)
    scores = werkbank.score_study(intake)
    facts = [*scores.facts, *werkbank.describe(study, scores.table, intake.pupils)]
    estimates = werkbank.estimate(study, scores.table, intake.pupils, 1)
    assert estimates
    known = {row["id"] for row in ROWS}
    assert {estimate.method for estimate in estimates} - known == set()
    assert {fact.what for fact in facts} - known == set()
