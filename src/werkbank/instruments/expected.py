"""What should have stood in a file that a user wrote, as keys of whole sentences: never the words of a library."""

from __future__ import annotations

import re
from typing import Any

# what pydantic calls an error, by how that begins -> a sentence of problems.reason
EXPECTED = {
    "string_pattern": "name", "string_too_short": "longer", "string_too_long": "shorter", "string": "text",
    "int": "whole", "float": "number", "bool": "yes_no", "list": "list", "tuple": "list", "too_short": "more",
    "too_long": "fewer", "missing_positional": "more", "missing": "key_missing", "extra_forbidden": "key_extra",
    "dict": "block", "model": "block", "date": "date", "literal_error": "one_of",
    "greater_than_equal": "at_least", "greater_than": "above", "less_than_equal": "at_most", "less_than": "below",
}  # fmt: skip
# what the YAML library says, by a part of it -> as above
YAML = {
    "mapping values are not allowed": "yaml_colon", "\\t": "yaml_tab", "expected ':'": "yaml_no_colon",
    "block end": "yaml_indent", "expected ','": "yaml_quote",
    "did not find expected": "yaml_indent", "end of stream": "yaml_quote", "stream end": "yaml_quote",
    "twice": "yaml_twice", "duplicate": "yaml_twice", "undefined alias": "yaml_star", "alias": "yaml_star",
    "cannot start any token": "yaml_sign", "control characters": "yaml_sign", "not allowed": "yaml_sign",
    "codec can't decode": "yaml_letters", "could not determine a constructor": "yaml_tag", "unhashable": "yaml_sign",
}  # fmt: skip
# what a scoring key says of itself -> as above, with what it names
KEY = {
    r"reversed item (?P<names>.*) is not among the scale's items": "key_reversed",
    r"an item stands twice in this scale": "key_twice",
    r"this scale has (?P<expected>\d+) items, and (?P<found>\d+) are given": "key_size",
    r"the range must run from low to high": "key_range",
    r"recode must give a score for every whole answer from low to high": "key_recode",
    r"scale (?P<scale>.*) has item (?P<names>.*), which the form does not have": "key_item",
    r"(?P<names>.*) is both a scale and a composite": "key_both",
    r"(?P<scale>.*) is made of (?P<names>.*), which is not a scale": "key_made_of",
}
LIMITS = ("gt", "ge", "lt", "le", "min_length", "max_length")


def should_be(error: dict[str, Any]) -> dict[str, Any]:
    """Return what should have stood where pydantic found an error: a `reason_key`, and what its sentence names."""
    said = str(error.get("msg", "")).removeprefix("Value error, ")
    for form, key in KEY.items():
        if found := re.fullmatch(form, said):
            return {"reason_key": key, "reason": said, **found.groupdict()}
    context = error.get("ctx", {})
    limit = next((f"{context[name]:g}" for name in LIMITS if isinstance(context.get(name), int | float)), "")
    key = next((key for start, key in EXPECTED.items() if error["type"].startswith(start)), "other")
    valid = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    return {"reason_key": key, "reason": said, "limit": limit, "valid": valid}


def unreadable(reason: str) -> dict[str, str]:
    """Return why a file is no YAML, from what the library says of it."""
    return {"reason_key": next((key for part, key in YAML.items() if part in reason), "yaml_other"), "reason": reason}
