"""Notes: counted for every reader, with pupils' numbers only for whoever checks the files."""

from __future__ import annotations

import pytest

from werkbank.intake.model import Note


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_report_counts_pupils_without_naming_them(language):
    note = Note("intake.class_changed", {"n": 2, "pupils": "LL0006, LL0063"})
    assert "LL0006" in note.sentence(language)
    told = note.sentence(language, names_pupils=False)
    assert "LL" not in told
    assert told.startswith("2 ")
    assert "werkbank check" in told
