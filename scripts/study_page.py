"""Write docs/study-yaml.md: every field of study.yaml, its type, its default and what it means, from the JSON Schema.

Run as ``make docs``; tests/test_site.py asserts that what is committed is in step.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "schema" / "study.schema.json"
PAGE = ROOT / "docs" / "study-yaml.md"
OPENING = """# Every field of study.yaml

<!-- made by scripts/study_page.py from the JSON Schema: change the model in src/werkbank/study, and run `make docs` -->

You write what your study needs, and `werkbank new NAME --from FILE` writes most of it for you. A name that is not in
these tables is an error, and the message says which name comes nearest. Fields in **bold** are needed where their block
is used. An editor that reads a [JSON Schema](../schema/study.schema.json) completes all of this while you type.

What decides the analysis stands in [the reference](reference.md#what-decides-the-analysis); a block for each kind of
file in [Files that schools have](files-that-schools-have.md).

## The study
"""
PLAIN = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true, false",
    "null": "null",
    "object": "names with values",
}


def kind(field: dict[str, Any]) -> str:
    """Return in words what may stand in a field."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return ", ".join(f"`{value if isinstance(value, str) else json.dumps(value)}`" for value in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    several = field.get("anyOf") or field.get("oneOf") or field.get("allOf")
    if several:
        return " or ".join(dict.fromkeys(kind(one) for one in several if one.get("type") != "null"))
    return _of_one_type(field)


def _of_one_type(field: dict[str, Any]) -> str:
    """Return in words what a field of a single JSON type holds."""
    if field.get("type") == "array":
        items = field.get("items", {})  # one kind, or one for each place
        return f"list of: {kind(items if isinstance(items, dict) else items[0])}"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        names = field.get("propertyNames", {}).get("enum")
        of = f"names ({', '.join(f'`{name}`' for name in names)})" if names else "names"
        return f"{of} with: {kind(field['additionalProperties'])}"
    said = str(field.get("format", field.get("type", "anything")))
    return PLAIN.get(said, said)


def default(field: dict[str, Any]) -> str:
    """Return the value of a field that is not there, where it is one."""
    value = field.get("default")
    return "" if value in (None, [], {}) else f"`{json.dumps(value, ensure_ascii=False).strip(chr(34))}`"


def table(of: dict[str, Any]) -> str:
    """Return the fields of the study or of a block as Markdown."""
    needed = of.get("required", [])
    rows = ["| field | what may stand there | when left out | meaning |", "|---|---|---|---|"]
    for name, field in of["properties"].items():
        said = f"**`{name}`**" if name in needed else f"`{name}`"
        meaning = field.get("description", "")
        rows.append(f"| {said} | {_cell(kind(field))} | {_cell(default(field))} | {_cell(meaning)} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def page() -> str:
    """Return the page as the schema has it now."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts = [OPENING, table(schema), ""]
    for name, block in schema["definitions"].items():
        parts += [f"## {name}", ""]
        if said := block.get("description"):
            parts += [_cell(said), ""]
        parts += [table(block) if "properties" in block else kind(block), ""]
    return "\n".join(parts)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
