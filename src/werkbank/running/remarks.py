"""What a run says aside, on stderr: warnings and lines of a log, told apart and kept without this machine's paths."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

MOST = 100  # of one cell; the rest is counted in a last line
_WARNING = re.compile(r"^(?P<file>.*?):\d+: (?P<category>\w*(?:Warning|Deprecation)): ?(?P<text>.*)$")
# a folder and what lies above it, in Unix' way or Windows'; the last name stays
_FOLDERS = re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:[\\/]|/)(?:[^\s/\\:'\"]+[/\\])+")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
# of what a next version of a library will do, not of what this one did
_LATER = {"DeprecationWarning", "PendingDeprecationWarning", "FutureWarning", "ImportWarning", "ResourceWarning"}
_DRAWING = re.compile(r"[/\\](?:matplotlib|matplotlib_inline|seaborn|PIL|fontTools|IPython)[/\\]")
_PICTURES = re.compile(r"[/\\]werkbank[/\\]reporting[/\\]")


def about_numbers(text: str) -> str:
    """Return the first warning in a cell's stderr that may be about numbers; nothing when there is none.

    It is not when a drawing library gave it, when our own drawing code was warned of a layout or a sign without a
    glyph (a UserWarning), or when it tells of a later version of a library. A line of a log is no warning of Python's.
    """
    for line in text.split("\n"):
        found = _WARNING.match(line)
        if found is None or found["category"] in _LATER or _DRAWING.search(found["file"]):
            continue
        if found["category"] == "UserWarning" and _PICTURES.search(found["file"]):
            continue
        return line.strip()
    return ""


def of_cell(texts: list[str]) -> list[tuple[str, bool]]:
    """Return what a cell wrote on stderr as lines, each with whether it is a warning of Python's.

    The line of code that Python prints below a warning is left out; a line that is there several times stands once.
    """
    found: dict[str, bool] = {}
    below = False
    for line in "".join(texts).split("\n"):
        warning = _WARNING.match(line)
        if line.strip() and not (below and line.startswith("  ")):
            found.setdefault(without_paths(line), warning is not None)
        below = warning is not None
    kept = list(found.items())
    more = len(kept) - MOST
    return [*kept[:MOST], (f"(+ {more})", False)] if more > 0 else kept


def of_notebook(cells: list[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return every remark of an executed notebook as its manifest has it: the number of the cell, and the text.

    `cells` are those that the user knows, each with its number: without the one that holds the parameters of the run.
    """
    return [{"cell": number, "text": text} for number, cell in cells for text, _ in of_cell(aside(cell))]


def aside(cell: dict[str, Any]) -> list[str]:
    """Return what a cell wrote on stderr, piece by piece."""
    outputs = cell.get("outputs", [])
    return ["".join(output["text"]) for output in outputs if output.get("name") == "stderr"]


def without_paths(text: str) -> str:
    """Return a line without folders of this machine, and without addresses in its memory."""
    text = re.sub(r"^\S+\.py:\d+: ", "", text.strip())  # a warning begins with a file of this run
    home = str(Path.home())
    text = text.replace(home, "~") if len(home) > 1 else text
    return _ADDRESS.sub("0x…", _FOLDERS.sub("…/", text))
