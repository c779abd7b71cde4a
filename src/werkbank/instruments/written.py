"""YAML that a user wrote (study files, keys of one's own), read so that it can only ever be data of its own size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1_000_000  # a page of text; anything larger is none
MAX_NODES = 20_000


class NotYamlError(ValueError):
    """What is wrong, and in which row (None: unknown)."""

    def __init__(self, reason: str, row: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.row = reason, row


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401, FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} stands here twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


class _Plain(_Loader):
    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - yaml's own types
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not used here", problem_mark=mark)
        return super().compose_node(parent, index)


def read_yaml(path: Path, *, aliases: bool = False) -> tuple[Any, yaml.Node | None]:
    """Return what a file says, and its nodes, which know their lines.

    Raises
    ------
    NotYamlError
        When it is too large, not text, or not YAML; or YAML with tags, with a key that stands twice, or with aliases
        (``*name``), where they are not allowed or unfold to more than pages would hold.
    """
    try:
        text = path.read_text(encoding="utf-8-sig") if path.stat().st_size <= MAX_BYTES else None
        loader = (_Loader if aliases else _Plain)(text or "")
        node = loader.get_single_node()
        endless = node is not None and _unfolded(node, {}) > MAX_NODES
        raw = None if endless or node is None else loader.construct_document(node)
    except (yaml.YAMLError, OSError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        reason = str(what).splitlines()[0] if what else type(error).__name__
        raise NotYamlError(reason, mark.line + 1 if mark else None) from None
    if text is None or endless:
        raise NotYamlError("aliases (*name) unfold without end" if endless else f"> {MAX_BYTES // 1_000_000} MB")
    return raw, node


def _unfolded(node: yaml.Node, known: dict[int, float]) -> float:
    """Return how many nodes there are when every alias is written out; infinite for one that holds itself."""
    if id(node) not in known:
        known[id(node)] = math.inf
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        inside = [part for pair in parts for part in (pair if isinstance(pair, tuple) else (pair,))]
        known[id(node)] = 1 + sum(_unfolded(part, known) for part in inside)
    return known[id(node)]
