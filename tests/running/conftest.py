"""A tiny study and tiny notebooks: what the runner needs to be tried in every way it can fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = 'study: str = "nabijheid"\nlanguage: str = "nl"\nseed: int = 20250901\nresults: str = ""'
SECTION = (
    "from werkbank.reporting.blocks import Heading, Section\n"
    'Section("begin", language, (Heading("Begin" if language == "nl" else "Beginning"),))'
)
RESULTS = (
    "from pathlib import Path\n"
    "from werkbank.results import Fact, Results\n"
    'store = Results({"title": "klein"}, facts=(Fact("n", "count", 12),))\n'
    'if results:\n    Path(results).write_text(store.to_json(), encoding="utf-8")'
)
STUDY = """\
title: Klein onderzoek
design: {kind: single_group}
files: [{path: raw/scores.csv}]
columns: {pupil: leerling, wave: meting}
waves: {T0: pre, T1: post}
outcomes: [{name: taal, column: taal, range: [0, 60], better: higher}]
"""


def cell(source: str, i: int) -> dict:
    if source.startswith("# "):
        return {"cell_type": "markdown", "id": f"m{i}", "metadata": {}, "source": source}
    metadata = {"tags": ["parameters"]} if source.startswith("study: str") else {}
    return {
        "cell_type": "code", "id": f"c{i}", "metadata": metadata, "source": source, "outputs": [],
        "execution_count": None,
    }  # fmt: skip


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook of these cells; its metadata name a kernel that no machine has."""

    def write(*sources: str, name: str = "klein") -> Path:
        kernel = {"name": "no-such-kernel", "display_name": "x", "language": "python"}
        cells = [cell(source, i) for i, source in enumerate(sources)]
        content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        path = tmp_path / f"{name}.ipynb"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


@pytest.fixture
def study(tmp_path):
    """Twelve pupils, one score, two waves."""
    folder = tmp_path / "klein onderzoek {x}"  # a space and braces: papermill formats paths that it is given
    (folder / "raw").mkdir(parents=True)
    rows = [f"p{i:02},{wave},{20 + i + step}" for i in range(12) for wave, step in (("T0", 0), ("T1", 3))]
    (folder / "raw" / "scores.csv").write_text("\n".join(["leerling,meting,taal", *rows]) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder / "study.yaml"
