"""Exports in their common shapes give one long table, and what cannot be read is told at once."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UnfitError
from werkbank.underachievement.alerts import Rule, watch
from werkbank.underachievement.readers import bands, from_long, from_sheets, from_wide

LONG = pd.DataFrame(
    {
        "Leerling": ["a", "a", "b"],
        "Datum": ["2024-01-20", "2024-06-10", "2024-01-22"],
        "Vak": "rekenen",
        "Vaardigheid": ["101", "110.5", None],
        "Niveau": ["A", "b ", "E"],
    }
)
NAMES = {"pupil": "Leerling", "date": "Datum", "subject": "Vak", "ability": "Vaardigheid", "band": "Niveau"}


def test_long_export():
    table = from_long(LONG, NAMES)
    assert table["ability"].tolist() == pytest.approx([101, 110.5, np.nan], nan_ok=True)
    assert table["date"].dt.month.tolist() == [1, 6, 1]
    assert table["band"].tolist() == ["A", "B", "E"]
    assert table["band"].min() == "E"


def test_all_problems_with_their_rows():
    wrong = LONG.assign(Datum=["2024-01-20", "20 januari", None], Vaardigheid=["x", "1", "2"], Niveau=["A", "IV", "B"])
    with pytest.raises(UnfitError) as caught:
        from_long(wrong, NAMES)
    assert {(p.code, p.row, p.value) for p in caught.value.problems} == {
        ("monitoring_not_a_date", 3, "20 januari"),
        ("monitoring_not_a_date", 4, ""),
        ("monitoring_not_a_number", 2, "x"),
        ("monitoring_unknown_band", 3, "IV"),
    }
    assert all(p.sentence(language) for p in caught.value.problems for language in ("nl", "en"))


def test_missing_columns():
    with pytest.raises(UnfitError) as caught:
        from_long(LONG, {"pupil": "Leerling", "date": "Dag"})
    assert [p.column for p in caught.value.problems] == ["subject", "Dag"]


def test_one_sheet_per_subject():
    sheet = LONG.drop(columns="Vak")
    names = {k: v for k, v in NAMES.items() if k != "subject"}
    table = from_sheets({"taal": sheet, "rekenen": sheet}, names)
    assert table.groupby("subject").size().to_dict() == {"rekenen": 3, "taal": 3}
    with pytest.raises(UnfitError) as caught:
        from_sheets({"taal": sheet, "rekenen": sheet.assign(Vaardigheid="?")}, names)
    assert {p.file for p in caught.value.problems} == {"rekenen"}


WIDE = pd.DataFrame(
    {
        "Leerling": ["a", "b"],
        "School": ["1", "1"],
        "rekenen M5 ability": [98, 101],
        "rekenen M5 band": ["II", "I"],
        "rekenen E5 ability": [105, None],
        "technisch lezen M5 ability": [55, 60],
        "opmerking": ["", "ziek"],
    }
)
DATES = {"M5": date(2024, 1, 20), "E5": date(2024, 6, 10)}


def test_wide_export():
    table = from_wide(WIDE, {"pupil": "Leerling", "school": "School"}, "{subject} {test} {measure}", DATES)
    assert len(table) == 5  # b was not tested at E5: no row
    assert set(table["subject"]) == {"rekenen", "technisch lezen"}
    row = table[(table["pupil"] == "b") & (table["subject"] == "rekenen")].iloc[0]
    assert (row["date"], row["ability"], row["band"]) == (pd.Timestamp("2024-01-20"), 101, "I")
    assert table.attrs["unread"] == ["opmerking"]
    assert watch(table, Rule()).n_series == 4


def test_wide_export_tells_what_does_not_fit():
    with pytest.raises(UnfitError) as caught:
        from_wide(WIDE, {"pupil": "Naam"}, "{subject}-{test}-{measure}", DATES)
    assert {p.code for p in caught.value.problems} == {"monitoring_column_missing", "monitoring_no_column_fits"}
    with pytest.raises(UnfitError) as caught:
        from_wide(WIDE, {"pupil": "Leerling"}, "{subject} {test} {measure}", {"M5": DATES["M5"]})
    assert [p.value for p in caught.value.problems] == ["E5"]


@pytest.mark.parametrize(("values", "best"), [(["A", "C", None], "A"), (["V", "I", ""], "I")])
def test_bands_are_an_order_and_never_a_number(values, best):
    found = bands(pd.Series(values))
    assert found.max() == best
    assert found.isna().sum() == 1
    with pytest.raises(TypeError):
        found.mean()
