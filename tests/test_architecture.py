"""The house stays as DESIGN says: imports go one way, files and functions stay readable, everything is annotated."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

SRC = Path(__file__).parents[1] / "src" / "werkbank"
FILES = sorted(SRC.rglob("*.py"))

# from left to right: a room may import what stands to its right, never to its left; rooms of one level are strangers
ORDER = [
    {"__main__", "__init__"},
    {"cli"},
    {"building"},
    {"running"},
    {"reporting", "warm"},
    {"bench", "disclosure"},
    {"appraisal"},
    {"effects", "underachievement", "cases", "synthesis", "planning"},
    {"measurement", "drafting"},
    {"intake"},
    {"study"},
    {"instruments", "programmes"},
    {"results"},
    {"remembering"},
    {"statistics"},
    {"progress"},
    {"interrupts", "steps", "usage"},
    {"errors", "ticking"},
    {"catalogue"},
]
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
# but for these
FRIENDS = {(room, "effects") for room in ("cases", "synthesis", "planning", "underachievement")} | {
    ("planning", "cases")
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return ".".join(("werkbank", *path.relative_to(SRC).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {name_of(path): path for path in FILES}


def imported(path: Path) -> set[str]:
    """Return the modules of werkbank that a file imports anywhere in it, lazily or for types."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            base = node.module or ""
            whole = [f"{base}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else base for name in whole}
    return (found & MODULES.keys()) - {name_of(path)}


def room(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def test_imports_go_one_way():
    against = [
        f"{here} imports {there}, which stands to its left or beside it"
        for here, path in MODULES.items()
        for there in imported(path)
        if (a := room(here)) != (b := room(there)) and "__init__" not in {a, b}
        if not LEVEL[b] > LEVEL[a] and (a, b) not in FRIENDS
    ]
    assert not against


def test_modules_stand_in_no_circle():
    left = {module: imported(path) for module, path in MODULES.items()}
    while ends := [module for module, needs in left.items() if not needs & left.keys()]:
        for module in ends:
            del left[module]
    # what is left waits for another that is left: the circles, and whoever imports one of them
    assert not left


def test_a_file_says_what_it_owns():
    for path in FILES:
        assert path.name not in {"utils.py", "helpers.py", "misc.py", "common.py"}
        assert ast.get_docstring(tree(path)), f"{path} says what it owns"


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
