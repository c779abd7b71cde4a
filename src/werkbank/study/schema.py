"""The JSON Schema of study.yaml, in the draft that editors' YAML support reads (draft-07)."""

from __future__ import annotations

import json
from typing import Any

from werkbank.study.model import Study

DRAFT = "http://json-schema.org/draft-07/schema#"


def schema_text() -> str:
    """Return the JSON Schema of a study file as text; ``schema/study.schema.json`` holds the same."""
    schema = _draft_07(Study.model_json_schema(by_alias=True))
    return json.dumps({"$schema": DRAFT, **schema}, ensure_ascii=False, indent=2) + "\n"


def _draft_07(node: Any) -> Any:  # noqa: ANN401 - JSON values
    """Rewrite what pydantic says in draft 2020-12 and draft-07 says otherwise."""
    if isinstance(node, list):
        return [_draft_07(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {k: _draft_07(v) for k, v in node.items()}
    if "$defs" in made:
        made["definitions"] = made.pop("$defs")
    if "prefixItems" in made:
        # draft-07 calls a list of schemas by position `items`, and what may follow `additionalItems`
        made = {**made, "items": made["prefixItems"], "additionalItems": False}
        del made["prefixItems"]
    if isinstance(made.get("$ref"), str):
        reference = {"$ref": made.pop("$ref").replace("#/$defs/", "#/definitions/")}
        # beside a $ref draft-07 ignores everything, help texts too
        made = {"allOf": [reference], **made} if made else reference
    return made
