"""The notebooks behind the reports: where they are, what they are called, what their code is."""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = Path(__file__).resolve().parents[1]


def notebook_folder() -> Path:
    """Return the folder of the shipped notebooks: in the project, or in the installed package."""
    installed = _PACKAGE / "_notebooks"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "notebooks"


def is_own(notebook: Path) -> bool:
    """Whether a notebook is one of ours, which can write in several languages at once."""
    return notebook.parent == notebook_folder()


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


@cache
def shipped_cells() -> frozenset[tuple[str, str]]:
    """Return the id and source of every cell of the shipped notebooks: what is not among them is a user's own."""
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(notebook_folder().glob("*.ipynb"))]
    return frozenset((cell["id"], "".join(cell["source"])) for notebook in notebooks for cell in notebook["cells"])


def only_by_hand(cell: Mapping[str, Any]) -> bool:
    """Whether a cell is for looking by hand (tagged ``by-hand``) and as it was shipped: a run leaves it out.

    Once it was changed it is its user's, and what it shows is kept.
    """
    tagged = "by-hand" in cell["metadata"].get("tags", [])
    return tagged and (cell.get("id", ""), "".join(cell["source"])) in shipped_cells()


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
