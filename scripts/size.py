"""Report how large the package is: files, lines of code (decision 004's count), the longest files and functions."""

from __future__ import annotations

import ast
import tokenize
from pathlib import Path

SRC = Path(__file__).resolve().parents[1] / "src" / "werkbank"
SHOWN = 8


def lines_of_code(path: Path) -> int:
    """Count lines without docstrings, comments and blank lines (decision 004)."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        line
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    with path.open(encoding="utf-8") as text:
        tokens = [t for t in tokenize.generate_tokens(text.readline) if t.type not in silent]
    return len({line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - docstrings)


def main() -> None:
    """Print the report."""
    files = {path.relative_to(SRC): lines_of_code(path) for path in SRC.rglob("*.py")}
    rooms: dict[str, list[int]] = {}
    for path, lines in files.items():
        rooms.setdefault(path.parts[0], []).append(lines)
    print(f"{sum(files.values()):6,} lines of code in {len(files)} files")
    for name, lines in sorted(rooms.items(), key=lambda item: -sum(item[1])):
        print(f"{sum(lines):6,}  {len(lines):3}  {name}")
    print("longest files:")
    for path, lines in sorted(files.items(), key=lambda item: -item[1])[:SHOWN]:
        print(f"{lines:6,}  {path}")


if __name__ == "__main__":
    main()
