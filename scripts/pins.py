"""Pin what the reports of the examples said: results of finished runs -> tests/pins, one small file for each example.

Run as ``python scripts/pins.py FOLDER``, where FOLDER holds ``<example>/<report>/results.json``. tests/test_pins.py
then asserts that every pinned number and text is still there; what was meant to change stands, with its reason, in
tests/pins/changed.yaml.

The pins that are committed were made from results of schema 1, before meaning stood in columns. Schema 2 kept every id
and every column of schema 1 as it was and added columns beside them, so that a result of schema 1 is one of schema 2
that leaves some columns open: these are not compared.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

PINS = Path(__file__).resolve().parents[1] / "tests" / "pins"
TABLES = ("estimates", "facts", "claims")


def main() -> None:
    """Read every run and write the pins anew."""
    (folder,) = sys.argv[1:]
    for example in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
        runs = {path.parent.name: json.loads(path.read_text("utf-8")) for path in example.glob("*/results.json")}
        target = PINS / f"{example.name}.json.gz"
        text = json.dumps(pinned({name: to_schema_2(runs[name]) for name in sorted(runs)}), ensure_ascii=False)
        target.write_bytes(gzip.compress(text.encode(), mtime=0))
        print(f"{target}: {', '.join(sorted(runs))}")


def to_schema_2(content: dict[str, Any]) -> dict[str, Any]:
    """Return results of schema 1 as results of schema 2 that leave open what schema 1 did not say in columns."""
    if content["schema_version"] not in {1, 2}:
        sys.exit(f"results of schema {content['schema_version']}; this script knows 1 and 2")
    return {**content, "schema_version": 2}


def pinned(runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return each result once, and for every report which of them it has: reports of one study share most.

    Returns
    -------
    dict
        ``results``, a list of [table, result]; and ``reports``, name -> places in that list.
    """
    results: list[tuple[str, dict[str, Any]]] = []
    place: dict[str, int] = {}
    reports: dict[str, list[int]] = {}
    for report, content in runs.items():
        reports[report] = []
        for table in TABLES:
            for item in content[table]:
                key = f"{table} {json.dumps(item, sort_keys=True)}"
                if key not in place:
                    place[key] = len(results)
                    results.append((table, item))
                reports[report].append(place[key])
    return {"results": results, "reports": reports}


if __name__ == "__main__":
    main()
