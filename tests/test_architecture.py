"""The house stays as DESIGN says: imports go one way, files and functions stay small, everything is annotated."""

from __future__ import annotations

import ast
import tokenize
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "werkbank"
FILES = sorted(SRC.rglob("*.py"))

# from left to right: a room may import what stands to its right, never to its left
ORDER = [
    {"__main__", "__init__"},
    {"cli"},
    {"running"},
    {"reporting"},
    {"appraisal"},
    {"effects", "underachievement", "cases", "synthesis", "planning"},
    {"measurement"},
    {"intake"},
    {"study"},
    {"instruments", "programmes"},
    {"results", "catalogue", "errors", "remembering"},
]
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
# rooms of one level are strangers, but for these
FRIENDS = {("planning", "effects"), ("underachievement", "effects")}
# the foundations lean on one another
FOUNDATIONS = ORDER[-1]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room(path: Path) -> str:
    inside = path.relative_to(SRC)
    return inside.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the rooms that a file imports anywhere in it, lazily or for types."""
    found = set()
    for node in ast.walk(tree(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "werkbank" else [module]
        found |= {name.split(".")[1] for name in names if name.startswith("werkbank.")}
    # `from werkbank import __version__` and the like name no room
    return {name for name in found if name in LEVEL or (SRC / name).is_dir() or (SRC / f"{name}.py").exists()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_imports_go_one_way(path):
    here = room(path)
    assert here in LEVEL, f"{here} has no place in the order of rooms"
    for there in imported(path) - {here}:
        assert there in LEVEL, f"{there} has no place in the order of rooms"
        allowed = LEVEL[there] > LEVEL[here] or (here, there) in FRIENDS or {here, there} <= FOUNDATIONS
        allowed = allowed or here == "__init__"
        assert allowed, f"{here} imports {there}, which stands to its left or beside it"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert path.name not in {"utils.py", "helpers.py", "misc.py", "common.py"}
    assert ast.get_docstring(tree(path)), "a module says what it owns"


def functions() -> list[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(path, node) for path in FILES for node in ast.walk(tree(path)) if isinstance(node, kinds)]


def test_every_function_says_what_it_returns():
    bare = [
        f"{path.relative_to(SRC)}:{node.lineno} {node.name}"
        for path, node in functions()
        if node.returns is None and node.name not in {"__init__", "__post_init__"}
    ]
    assert not bare


def test_nine_functions_in_ten_fit_a_screen():
    def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        documented = ast.get_docstring(node) is not None
        first = node.body[1 if documented and len(node.body) > 1 else 0]
        return (node.end_lineno or 0) - first.lineno + 1

    lengths = sorted(code_lines(node) for _, node in functions())
    assert lengths[int(0.9 * len(lengths))] <= 40


def lines_of_code(path: Path) -> int:
    """Count lines without docstrings, comments and blank lines (decision 004)."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        line
        for node in ast.walk(tree(path))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    with path.open(encoding="utf-8") as text:
        tokens = [t for t in tokenize.generate_tokens(text.readline) if t.type not in silent]
    return len({line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - docstrings)


def test_the_package_stays_small():
    assert sum(map(lines_of_code, FILES)) < 18_400


def test_randomness_is_always_seeded():
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "np.random.seed" not in text, path
        assert "default_rng()" not in text, path


def test_a_notebook_cell_is_short():
    import json

    for path in sorted((SRC.parents[1] / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                assert len("".join(cell["source"]).splitlines()) <= 12, path.name
                assert not cell["outputs"], f"{path.name} is committed with outputs"
                assert cell["execution_count"] is None, path.name
