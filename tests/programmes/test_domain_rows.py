"""The page of the field's rows is whole, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

from werkbank.instruments.registry import names
from werkbank.programmes.forms import form_names
from werkbank.programmes.registry import template_names

PAGE = (Path(__file__).parents[2] / "docs" / "domain-rows.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| \d.*$", PAGE, re.MULTILINE)]


def test_every_row_is_there_with_its_state():
    assert [int(row[0]) for row in ROWS] == list(range(1, 124))
    assert {row[3] for row in ROWS} <= {"works", "uncertain", "partly", "not yet", "not software"}
    for state in ("works", "uncertain", "partly", "not yet"):
        count = sum(row[3] == state for row in ROWS) or "none"
        assert re.search(rf"\b{count}\s+{state.removesuffix('s')}|\b{count} {state}", PAGE)


def test_what_it_names_exists():
    logs = {name for row in ROWS for part in re.findall(r"logs? ((?:`[\w-]+`(?:, | and | or )?)+)", row[2])
            for name in re.findall(r"`([\w-]+)`", part)}  # fmt: skip
    keys = {name for row in ROWS for part in re.findall(r"[Kk]eys? ((?:`[\w-]+`(?:, | and )?)+)", row[2])
            for name in re.findall(r"`([\w-]+)`", part)}  # fmt: skip
    programmes = set(re.findall(r"`programme: ([\w-]+)`", PAGE))
    assert len(logs) > 15
    assert logs <= set(form_names())
    assert keys <= set(names())
    assert programmes <= set(template_names())
