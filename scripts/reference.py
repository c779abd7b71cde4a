"""Write into docs/reference.md what the code knows: the columns of a bench's tables, what its examples print.

Run as ``make docs``; tests/test_reference.py asserts that what is committed is in step.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from pathlib import Path

from werkbank.bench import Bench
from werkbank.results import Claim, Estimate, Fact

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"
TABLES = {
    "bench.answers": Bench.answers,
    "bench.scores": Bench.scores,
    "bench.wide(outcome, by)": Bench.wide,
    "bench.estimates": Estimate,
    "bench.facts": Fact,
    "bench.claims": Claim,
}
MARKED = re.compile(r"(<!-- tables: [^>]* -->\n).*?(<!-- end of tables -->)", re.DOTALL)
EXAMPLE = re.compile(r"```python\n(import .*?)```\n\n```text\n(.*?)```", re.DOTALL)


def columns(described: object) -> list[tuple[str, str, str]]:
    """Return the columns that a docstring lists: their names, kind and meaning."""
    text = inspect.getdoc(described) or ""
    listed = re.split(r"^(?:Attributes|Columns)\n-+\n", text, flags=re.MULTILINE)[1]
    listed = re.split(r"\n\n\w+\n-+\n", listed)[0]
    found: list[tuple[str, str, str]] = []
    for line in listed.split("\n"):
        if line.startswith(" "):
            names, kind, meaning = found[-1]
            found[-1] = (names, kind, f"{meaning} {line.strip()}".strip())
        elif line.strip():
            names, _, kind = line.partition(" : ")
            found.append((names, kind, ""))
    return found


def tables() -> str:
    """Return every table's columns as Markdown."""
    made = []
    for name, described in TABLES.items():
        rows = columns(described)
        if described is Fact:
            at = next(i for i, row in enumerate(rows) if row[0] == "value") + 1
            rows.insert(at, ("text", "str", "The value where it is in words; `value` is then NaN."))
            rows[at - 1] = ("value", "float or None", rows[at - 1][2])
        lines = [f"| {_code(names)} | {kind} | {_cell(meaning)} |" for names, kind, meaning in rows]
        made.append("\n".join([f"#### `{name}`", "", "| column | kind | |", "|---|---|---|", *lines, ""]))
    return "\n".join(made)


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _cell(meaning: str) -> str:
    return meaning.replace("``", "`").replace("|", "\\|")


def printed(code: str) -> str:
    """Return what an example prints, run by itself, without what a notebook shows as a figure or table."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, PAGE.name, "exec"), {})  # noqa: S102 - the page's own examples
    return "".join(line for line in said.getvalue().splitlines(keepends=True) if not line.startswith("Shown("))


def page() -> str:
    """Return the page with its tables as the code documents them."""
    return MARKED.sub(lambda found: f"{found[1]}\n{tables()}\n{found[2]}", PAGE.read_text(encoding="utf-8"))


def main() -> None:
    """Write the page, with what its examples print now."""
    text = EXAMPLE.sub(lambda e: f"```python\n{e[1]}```\n\n```text\n{printed(e[1])}```", page())
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
