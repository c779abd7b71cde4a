"""Files that close with a hash of all that is above it (a lot, a registration): written, and read without it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import yaml

from werkbank.instruments.written import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

SEAL = "seal"


def seal_of(said: BaseModel) -> str:
    """Return the hash that closes the file of what is said, and by which pages and documents name it."""
    text = json.dumps(_content(said), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def written(said: BaseModel, notice: str) -> str:
    """Return the text of the file: a notice, what is said, and the hash."""
    body = yaml.safe_dump(_content(said), sort_keys=False, allow_unicode=True, width=120)
    return f"# {notice}\n{body}{SEAL}: {seal_of(said)}\n"


def opened(path: Path) -> tuple[Any, str]:
    """Return what such a file says, not yet checked, and the hash that it closes with ("" without one).

    Raises
    ------
    NotYamlError
        Where the file is no YAML.
    """
    raw, _ = read_yaml(path)
    return raw, raw.pop(SEAL, "") if isinstance(raw, dict) else ""


def _content(said: BaseModel) -> dict[str, Any]:
    return said.model_dump(mode="json", exclude_none=True)
