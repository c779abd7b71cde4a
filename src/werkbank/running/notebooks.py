"""The notebooks behind the reports: where they are, what they are called, what their code is."""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from werkbank.catalogue import say
from werkbank.errors import UsageError, nearest

INJECTED_ID = "injected-parameters"  # of the cell that papermill adds
INSIDE_ID = "stays-inside"  # of the cell with which a kept notebook opens
NUMBER = "werkbank_number"  # in a cell's metadata while it runs: its place in its user's notebook
_PACKAGE = Path(__file__).resolve().parents[1]
SHIPPED = Path(__file__).with_name("shipped_cells.txt")


def notebook_folder() -> Path:
    """Return the folder of the shipped notebooks: in the project, or in the installed package."""
    installed = _PACKAGE / "_notebooks"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "notebooks"


def is_own(notebook: Path) -> bool:
    """Whether a notebook is one of ours, which can write in several languages at once."""
    return notebook.parent == notebook_folder()


def cell_hash(cell: dict[str, Any]) -> str:
    """Return what tells one cell from another: its kind and what is written in it, outer space apart."""
    text = f"{cell['cell_type']}\n{''.join(cell['source']).strip()}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@cache
def _shipped_hashes() -> frozenset[str]:
    return frozenset(SHIPPED.read_text(encoding="ascii").split())


def is_shipped(cell: dict[str, Any]) -> bool:
    """Whether a cell stands in one of our notebooks, of this version or an earlier one, as it was shipped.

    A cell that its user changed is theirs, wherever the notebook lies.
    """
    return cell_hash(cell) in _shipped_hashes()


def report_names() -> list[str]:
    """Return the names of the reports that can be made: the file names of the shipped notebooks."""
    return sorted(path.stem for path in notebook_folder().glob("*.ipynb"))


def notebook_path(report: str | Path, language: str = "en") -> Path:
    """Return the notebook behind a report.

    Parameters
    ----------
    report : str or path
        One of `report_names()`, or the path of a notebook of one's own (it ends in ``.ipynb``).
    language : str
        Of the message when there is no such report.

    Raises
    ------
    UsageError
        Naming the nearest report that exists.
    """
    if str(report).endswith(".ipynb"):
        if not Path(report).is_file():
            raise UsageError(say("cli.problem.no_notebook", language, path=Path(report).as_posix()))
        return Path(report)
    names = report_names()
    if report not in names:
        raise UsageError(say("cli.problem.no_report", language, name=report, **nearest(str(report), names)))
    return notebook_folder() / f"{report}.ipynb"


def numbered(cells: list[Any]) -> list[tuple[int, Any]]:
    """Return cells with the number by which their user knows them: the place in the notebook as it was written.

    A run leaves out cells for looking by hand, and puts some of its own among the others: those have no number.
    """
    found, number = [], 0
    for cell in cells:
        if cell.get("id") not in {INSIDE_ID, INJECTED_ID}:
            number = cell["metadata"].get(NUMBER, number + 1)
        found.append((number, cell))
    return found


def only_by_hand(cell: dict[str, Any]) -> bool:
    """Whether a cell is for looking by hand (tagged ``by-hand``) and as it was shipped: a run keeps nothing of it.

    A run of our own notebook leaves it out; in a user's copy it does run, because their cells may use what it made.
    Once it was changed it is its user's, and what it shows is kept.
    """
    return "by-hand" in cell["metadata"].get("tags", []) and is_shipped(cell)


def code_hash(notebook: Path) -> str:
    """Return the SHA-256 of a notebook's code cells: what was run, whatever outputs or metadata an editor left."""
    cells: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return hashlib.sha256("\n\0\n".join(code).encode()).hexdigest()


def declared_parameters(notebook: Path) -> set[str]:
    """Return the names that a notebook's parameters cell assigns."""
    try:
        cells: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        marked = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
        lines = [line for cell in marked for line in ast.parse("".join(cell["source"])).body]
    except (ValueError, KeyError, TypeError, AttributeError, SyntaxError):
        return set()  # what is wrong with it is told when it is run
    targets = [line.target if isinstance(line, ast.AnnAssign) else line.targets[0]
               for line in lines if isinstance(line, ast.AnnAssign | ast.Assign)]  # fmt: skip
    return {target.id for target in targets if isinstance(target, ast.Name)}
