"""Files that are made to break a reader are refused in words, soon, and before they fill the memory."""

from __future__ import annotations

import io
import re
import time
import tracemalloc
import zipfile

import openpyxl
import pytest
from tests.intake.conftest import ONE_GROUP

from werkbank.intake.delimited import read_delimited

XLSX = "m.xlsx"


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_a_cell_at(address):
    old = zipfile.ZipFile(io.BytesIO(workbook(["id", "a", "b"], ["1", 1, 2])))
    made = io.BytesIO()
    row = re.sub("[A-Z]", "", address)
    cell = f'<row r="{row}"><c r="{address}"><v>1</v></c></row></sheetData>'.encode()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"</sheetData>", cell) if "sheet1" in name else data)
    return made.getvalue()


@pytest.mark.parametrize("address", ["XFD1048576", "ZZ900000"])
def test_a_lone_cell_far_away_is_refused_before_its_table_is_made(refused, address):
    content = with_a_cell_at(address)
    tracemalloc.start()
    began = time.monotonic()
    (problem,) = refused(ONE_GROUP, {XLSX: content})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (problem.code, problem.value) == ("sheet_spread", address)
    assert peak < 100_000_000
    assert time.monotonic() - began < 10


def test_a_cell_that_holds_a_book_makes_no_book_of_a_message(refused):
    problems = refused(ONE_GROUP, {"m.csv": "id,a,b\n1," + "x" * 1_000_000 + ",2\n"})
    assert all(len(problem.sentence("nl")) < 2000 for problem in problems)


@pytest.mark.parametrize("path", ["a\0b.csv", "x" * 5000 + ".csv"])
def test_a_path_that_can_be_no_file_is_a_problem(refused, path):
    codes = {p.code for p in refused(ONE_GROUP, {"m.csv": "id,a,b\n1,1,2\n"}, files=[{"path": path}])}
    assert codes <= {"path_unusable", "file_not_found"}


def test_links_in_a_circle_are_a_problem(make_study, tmp_path):
    from werkbank.errors import UnfitError
    from werkbank.intake.reading import read_answers

    study = make_study(ONE_GROUP, {"m.csv": "id,a,b\n1,1,2\n"}, files=[{"path": "een.csv"}])
    (tmp_path / "een.csv").symlink_to("twee.csv")
    (tmp_path / "twee.csv").symlink_to("een.csv")
    with pytest.raises(UnfitError) as caught:
        read_answers(study)
    assert {p.code for p in caught.value.problems} <= {"path_unusable", "file_not_found"}


def test_a_nul_in_text_is_refused(refused):
    assert refused(ONE_GROUP, {"m.csv": "id,a,b\n1,1\x00,2\n"})


def test_text_is_still_read():
    from werkbank.study import FileSpec

    assert len(read_delimited(b"id,a\n1,2\n", FileSpec(path="m.csv"), {"id", "a"})) == 2
