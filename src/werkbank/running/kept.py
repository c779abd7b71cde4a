"""What of an executed notebook is kept: sections of a report, what its user added, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.reporting.blocks import Heading, Own, Section, block_html, block_json, section_html
from werkbank.reporting.cleaning import of_markdown
from werkbank.reporting.outputs import adopted, is_handle, printed
from werkbank.reporting.own import Shown
from werkbank.results import MIME, OWN_MIME, PRIVATE_MIME
from werkbank.running import remarks
from werkbank.running.notebooks import INJECTED_ID, INSIDE_ID, is_shipped, numbered
from werkbank.warm.kernel import KERNEL_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

HIDE = "hide"  # a tag: nothing of this cell enters the report


@dataclass
class _Kept:
    """What one cell adds to a report, in its order, and how many of its outputs do not."""

    items: list[dict[str, Any] | Shown] = field(default_factory=list)
    left_out: int = 0


def _of_cell(cell: dict[str, Any], number: int) -> _Kept:
    kept = _Kept()
    if HIDE in cell["metadata"].get("tags", []) or cell.get("id") in {INSIDE_ID, INJECTED_ID}:
        return kept
    ours = is_shipped(cell)
    if cell["cell_type"] == "markdown" and not ours:
        kept.items = [found for found in [of_markdown("".join(cell["source"]))] if found]
    outputs = _joined(cell.get("outputs", []))
    drawn = any(kind.startswith("image/") for output in outputs for kind in output.get("data", {}))
    for output in outputs:
        data = output.get("data", {})
        if PRIVATE_MIME in data or output.get("name") == "stderr":
            continue
        if MIME in data:
            kept.items += [data[MIME]] if isinstance(data[MIME], dict) else data[MIME]
        elif OWN_MIME in data:
            kept.items.append(Shown.from_json(data[OWN_MIME]))
        elif not ours and (found := _adopted(output)) is not None and not (drawn and is_handle(data)):
            kept.items.append(found)
        elif ours or not (drawn and is_handle(data)):
            kept.left_out += 1
    if not ours:
        warned = [text for text, is_warning in remarks.of_cell(remarks.aside(cell)) if is_warning]
        notes = tuple(("warned", {"cell": number, "text": text}) for text in warned)
        kept.items = _noted(kept.items, notes)
    return kept


def _noted(items: list[Any], notes: tuple[Any, ...]) -> list[Any]:
    """Let notes on a cell follow the last thing that it shows."""
    if notes and items and isinstance(items[-1], Shown):
        return [*items[:-1], replace(items[-1], notes=(*items[-1].notes, *notes))]
    return [*items, *([Shown((), notes)] if notes else [])]


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return outputs in which pieces of one stream that follow each other are one."""
    made: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream" and made and made[-1].get("name") == output["name"]:
            made[-1] = {**output, "text": "".join(made[-1]["text"]) + "".join(output["text"])}
        else:
            made.append(output)
    return made


def _adopted(output: dict[str, Any]) -> Shown | None:
    if output["output_type"] == "stream":
        return printed("".join(output["text"]))
    return adopted(output.get("data", {}), output.get("metadata", {}))


def sections_of(notebook: dict[str, Any], language: str = "") -> list[dict[str, Any]]:
    """Return the report (as JSON) that an executed notebook shows, of several languages that in `language`.

    What a user added belongs to the section before it; what comes before the first section gets one of its own.
    """
    cells = numbered(notebook["cells"])
    return placed([item for number, cell in cells for item in _of_cell(cell, number).items], language)


def placed(items: Sequence[dict[str, Any] | Shown], language: str = "") -> list[dict[str, Any]]:
    """Return sections (as JSON) and what a user added, in the order shown, as the report that they make together."""
    spoken = language or next((item["language"] for item in items if isinstance(item, dict)), "en")
    made: list[dict[str, Any]] = []
    first: list[dict[str, Any]] = []
    count = 1
    for item in items:
        if isinstance(item, Shown):
            into = made[-1]["blocks"] if made else first
            into.append(block_json(item.own(spoken, count)))
            count += len(item.blocks)
        elif not language or item["language"] == language:
            made.append({**item, "blocks": [*item["blocks"]]})
    if made and first:
        heading = block_json(Heading(say("report.own.first", spoken)))
        made.insert(0, {"id": "own-first", "language": spoken, "blocks": [heading, *first]})
    return made


def without_own(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """Return sections without anything that a user added: a copy to share holds none of it, whoever wrote it there."""
    return tuple(replace(s, blocks=tuple(block for block in s.blocks if not isinstance(block, Own))) for s in sections)


def remarks_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an executed notebook said aside, as its manifest has it."""
    own = [one for one in numbered(notebook["cells"]) if one[1].get("id") not in {INSIDE_ID, INJECTED_ID}]
    return remarks.of_notebook(own)


def archived(notebook: dict[str, Any], told: dict[str, Any]) -> tuple[str, int]:
    """Return an executed notebook fit to be kept, as text, and the number of outputs that were left out.

    Sections are kept, and what a user added; outputs that mark themselves as rows of pupils are not, nor are timings,
    process numbers and this machine's paths. The injected cell shows the parameters as `told`.
    """
    left_out = 0
    inside = {"cell_type": "markdown", "id": INSIDE_ID, "metadata": {}}
    cells = [{**inside, "source": say("privacy.inside", told["language"])}]
    for number, cell in numbered(notebook["cells"]):
        if cell["id"] == INSIDE_ID:  # which a kept notebook has already
            continue
        kept = {name: cell[name] for name in ("cell_type", "id", "source")}
        kept["metadata"] = {"tags": list(cell["metadata"]["tags"])} if cell["metadata"].get("tags") else {}
        if cell["cell_type"] == "code":
            found = _of_cell(cell, number)
            left_out += found.left_out
            shown = [i for i in found.items if isinstance(i, Shown) or i["language"] == told["language"]]
            kept |= {"execution_count": cell["execution_count"]}
            kept["outputs"] = [_output(item, told["language"]) for item in shown]
            if cell["id"] == INJECTED_ID:
                kept["source"] = "\n".join(["# Parameters", *(f"{k} = {v!r}" for k, v in told.items())])
        cells.append(kept)
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": KERNEL_NAME},
        "language_info": {"name": "python"},
    }
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", left_out


def _output(item: dict[str, Any] | Shown, language: str) -> dict[str, Any]:
    if isinstance(item, Shown):
        data = {"text/html": block_html(item.own(language, 1), "own", language), OWN_MIME: item.to_json()}
    else:
        data = {"text/html": section_html(Section.from_json(item)), MIME: item}
    return {"output_type": "display_data", "metadata": {}, "data": data}
