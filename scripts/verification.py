"""Assemble verification/registry.yaml from the rows of each room, and docs/verification.md from that.

Run as ``make docs``; tests/test_registry.py asserts that what is committed is in step.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
ROWS = ROOT / "verification" / "rows"
REGISTRY = ROOT / "verification" / "registry.yaml"
PAGE = ROOT / "docs" / "verification.md"
RUNS = ROOT / "verification" / "runs.yaml"

KINDS = {
    "r": "R",
    "published": "published value",
    "identity": "identity or invariance",
    "simulation": "simulation",
    "package": "another package",
    "hand": "worked by hand",
}
HEAD = "# Made by scripts/verification.py from verification/rows/: change those, then run `make docs`.\n"
INTRODUCTION = """\
# What every number was checked against

<!-- Made from verification/registry.yaml: change verification/rows/, then run `make docs`. -->

Each statistic that can reach a report has a row here: its formula and source, the independent oracles that it agrees
with, how closely, and the edge cases that are tested. Each oracle and edge case names the test that asserts it;
`tests/test_registry.py` walks them all, and asserts that the reports of the examples hold no statistic without a row.

There are {n} statistics, held against {oracles} oracles: {kinds}. What takes hours, and is therefore run by hand
(`make test-long`), stands at the end, with its size, seeds and what came of it.
"""


def assembled() -> list[dict[str, Any]]:
    """Return every row of every room, each with the file of rows that it stands in."""
    rows: list[dict[str, Any]] = []
    for path in sorted(ROWS.glob("*.yaml")):
        rows += [{**row, "rows": path.stem} for row in yaml.safe_load(path.read_text(encoding="utf-8"))]
    return rows


def registry_text(rows: list[dict[str, Any]]) -> str:
    """Return the text of verification/registry.yaml."""
    return HEAD + yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, width=120)


def page_text(rows: list[dict[str, Any]]) -> str:
    """Return the text of docs/verification.md."""
    oracles = [oracle for row in rows for oracle in row["oracles"]]
    counted = [f"{sum(o['kind'] == kind for o in oracles)} {name}" for kind, name in KINDS.items()]
    parts = [INTRODUCTION.format(n=len(rows), oracles=len(oracles), kinds=", ".join(counted))]
    for room in dict.fromkeys(row["rows"] for row in rows):
        parts.append(f"## {room.replace('_', ' ').capitalize()}\n")
        parts += [_entry(row) for row in rows if row["rows"] == room]
    parts.append("## Long runs\n")
    parts += [_run(run) for run in long_runs()]
    return "\n".join(parts)


def long_runs() -> list[dict[str, Any]]:
    """Return what was run at full size: what, its test, seeds, size and result."""
    found: list[dict[str, Any]] = yaml.safe_load(RUNS.read_text(encoding="utf-8"))
    return found


def _run(run: dict[str, Any]) -> str:
    lines = [f"- {name.capitalize()}: {run[name]}" for name in ("size", "seeds", "result")]
    return "\n".join([f"### {run['what']}", "", *lines, f"- Test: `{run['test']}`", ""])


def _entry(row: dict[str, Any]) -> str:
    lines = [
        f"### `{row['id']}`: {row['name']}",
        "",
        f"- Function: `{row['function']}`",
        f"- Formula: `{row['formula']}`",
        f"- Source: {row['source']}",
        f"- Tolerance: {float(row['tolerance']):g}",
        *(f"- {KINDS[o['kind']].capitalize()}: {o['what']} (`{o['test']}`)" for o in row["oracles"]),
    ]
    edges = [f"{name.replace('_', ' ')} (`{test}`)" for name, test in (row.get("edge_cases") or {}).items()]
    return "\n".join([*lines, *([f"- Edge cases: {'; '.join(edges)}"] if edges else []), ""])


def main() -> None:
    """Write both files."""
    rows = assembled()
    REGISTRY.write_text(registry_text(rows), encoding="utf-8")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page_text(rows), encoding="utf-8")
    print(f"{len(rows)} rows: {REGISTRY.relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
