"""The public surface: small, complete, documented."""

from __future__ import annotations

import ast
import inspect
import pickle
from pathlib import Path

import pytest

import werkbank


def test_public_names_are_few_sorted_and_all_found():
    assert len(werkbank.__all__) <= 26
    assert list(werkbank.__all__) == sorted(werkbank.__all__)
    assert set(werkbank.__all__) == set(werkbank._HOME)
    for name in werkbank.__all__:
        assert getattr(werkbank, name) is not None


def test_every_public_name_is_documented():
    for name in werkbank.__all__:
        text = inspect.getdoc(getattr(werkbank, name))
        assert text, name
        assert len(text) > 20, name


def test_every_public_name_is_used_by_a_test():
    here = Path(__file__).parent
    words = set()
    for path in here.rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        words |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        words |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        words |= {a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names}
    assert not [name for name in werkbank.__all__ if name not in words]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = werkbank.nothing_of_the_kind


def test_errors_are_one_family_and_carry_their_exit_codes():
    for name, code in (("UsageError", 2), ("UnfitError", 3), ("MissingPieceError", 4), ("ReportError", 1)):
        kind = getattr(werkbank, name)
        assert issubclass(kind, werkbank.WerkbankError)
        assert kind.exit_code == code
    assert werkbank.WerkbankError.exit_code == 1


def test_errors_cross_process_borders_whole():
    problem = werkbank.Problem("study_missing_key", "study.yaml", "title", 1)
    for error in (
        werkbank.UnfitError([problem], "en"),
        werkbank.ReportError("stopped", 7, "effects(bench)"),
        werkbank.MissingPieceError("no kernel"),
    ):
        back = pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled one line up
        assert type(back) is type(error)
        assert str(back) == str(error)
        assert vars(back) == vars(error)


def test_the_steps_of_the_docstring_fit_each_other():
    study = werkbank.load_study(werkbank.example_path("baumann"))
    assert isinstance(study, werkbank.Study)
    intake = werkbank.read_answers(study)
    assert isinstance(intake, werkbank.Intake)
    scores = werkbank.score_study(intake)
    assert isinstance(scores, werkbank.Scores)
    assert all(isinstance(f, werkbank.Fact) for f in werkbank.describe(study, scores.table, intake.pupils))
