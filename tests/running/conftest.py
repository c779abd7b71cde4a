"""A tiny study and tiny notebooks: what the runner needs to be tried in every way it can fail."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from werkbank.running import manifest
from werkbank.running.jobs import jobs_asked
from werkbank.running.verify import verify

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


SCHOOLS = ("007", "../etc", "De Regenboog", "<b>&", "S1", "s1")
SPLIT = """\
title: Klein onderzoek
design: {kind: single_group}
files: [{path: raw/scores.csv}]
columns: {pupil: leerling, school: school, wave: meting}
waves: {T0: pre, T1: post}
outcomes: [{name: taal, column: taal, range: [0, 60], better: higher}]
distinct: [[S1, s1]]
"""
READ = (
    "import werkbank\nintake = werkbank.read_answers(werkbank.load_study(study), only)\n"
    "from werkbank.results import Fact, Results\nfrom pathlib import Path\n"
    "found = Results({'title': 'klein'}, facts=(Fact('n', 'count', len(intake.pupils)),))\n"
    "if results:\n    Path(results).write_text(found.to_json(), encoding='utf-8')"
)


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


@pytest.fixture
def split(tmp_path):
    """A study with schools whose names are trouble, and a pupil without a school."""
    folder = tmp_path / "studie"
    (folder / "raw").mkdir(parents=True)
    rows = [
        f'p{n}{k},"{school}",{wave},{20 + n + k}'
        for n, school in enumerate((*SCHOOLS, ""))
        for k in range(2 + n % 2)
        for wave in ("T0", "T1")
    ]
    text = "\n".join(["leerling,school,meting,taal", *rows]) + "\n"
    (folder / "raw" / "scores.csv").write_text(text, encoding="utf-8")
    (folder / "study.yaml").write_text(SPLIT, encoding="utf-8")
    return folder / "study.yaml"


@pytest.fixture
def small(notebook):
    return notebook("# Rapport", PARAMETERS + "\nonly: dict = {}", "# Deel", SECTION, READ)


def jobs(split, report, out, **more):
    told = []
    shared = {"out": str(out), "report": str(report), "formats": ("html",), **more}
    found = jobs_asked(split, "school", "nl", shared, told.append)
    assert "leerling" in told[0]
    return found


def whole(out) -> dict[str, bool]:
    """Every report folder in a batch's folder, and whether its manifest and files agree."""
    found = {}
    for place in sorted(p for p in out.iterdir() if p.is_dir() and not p.name.startswith(".")):
        sealed = (place / manifest.NAME).exists()
        found[place.name] = sealed and all(one.good for one in verify([place], quick=True))
    return found


def command(split, small, out, *more):
    return [
        sys.executable, "-m", "werkbank", "batch", str(split), "--by", "school", "--report", str(small),
        "--out", str(out), "--workers", "2", *more,
    ]  # fmt: skip
