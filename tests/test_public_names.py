"""The public surface: small, complete, documented."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import werkbank


def test_public_names_are_few_sorted_and_all_found():
    assert len(werkbank.__all__) <= 25
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
