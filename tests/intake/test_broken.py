"""Broken inputs, each with its exact problem: code, file, column, row, value."""

from __future__ import annotations

import io
import re
import zipfile

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from tests.intake.conftest import LONG, ONE_GROUP, TWO_ARMS, WIDE

FILE = "raw/m.csv"


def changed(old, new, text=LONG):
    assert old in text
    return text.replace(old, new)


def found(problem):
    return (problem.code, problem.file, problem.column, problem.row, problem.value)


CELLS = {
    "text where a number belongs": (changed("01,x,T1,3", "01,x,T1,drie"), ("not_a_number", "q1", 3, "drie")),
    "NA is a word until the study file says what it means": (
        changed("02,c,T0,5,", "02,c,T0,5,NA"),
        ("missing_word", "q2", 4, "NA"),
    ),
    "above the range": (changed("01,x,T1,3", "01,x,T1,6"), ("out_of_range", "q1", 3, "6")),
    "below the range": (changed("01,x,T0,1,", "01,x,T0,0,"), ("out_of_range", "q1", 2, "0")),
    "a negative code": (changed("01,x,T0,1,", "01,x,T0,-9,"), ("out_of_range_usual", "q1", 2, "-9")),
    "a typographic minus": (changed("01,x,T0,1,", "01,x,T0,−9,"), ("out_of_range_usual", "q1", 2, "−9")),
    "a lost decimal comma": (changed("01,x,T0,1,", "01,x,T0,325,"), ("out_of_range", "q1", 2, "325")),
    "infinity": (changed("01,x,T0,1,", "01,x,T0,inf,"), ("not_a_number", "q1", 2, "inf")),
    "a date in an answer": (changed("01,x,T0,1,", "01,x,T0,3-mei,"), ("date_found", "q1", 2, "3-mei")),
    "a formula in text": (changed("01,x,T0,1,", "01,x,T0,=A1,"), ("formula_without_value", "q1", 2, "=A1")),
    "an unknown wave": (changed("01,x,T1", "01,x,T2"), ("unknown_wave", "wave", 3, "T2")),
    "a wave in another case": (changed("01,x,T1", "01,x,t1"), ("unknown_wave", "wave", 3, "t1")),
    "no wave": (changed("01,x,T1", "01,x,"), ("wave_missing", "wave", 3, "")),
    "an unknown arm": (changed("01,x,T1", "01,X,T1"), ("unknown_arm", "arm", 3, "X")),
    "two arms": (changed("01,x,T1", "01,c,T1"), ("pupil_in_two_arms", "arm", 3, "01")),
    "no arm": (changed("02,c", "02,"), ("arm_missing", "arm", 4, "02")),
    "a double row": (LONG + "01,x,T1,3,4\n", ("duplicate_pupil_wave", "id", 6, "01")),
    "no id": (changed("01,x,T1", " ,x,T1"), ("id_missing", "id", 3, "")),
    "an id in scientific notation": (LONG.replace("01,", "1.0E+05,"), ("id_damaged", "id", 2, "1.0E+05")),
    "an id with decimals": (LONG.replace("01,", "12345.0,"), ("id_damaged", "id", 2, "12345.0")),
    "an id that became a date": (LONG.replace("01,", "2-jan,"), ("id_damaged", "id", 2, "2-jan")),
    "an id that became an ISO date": (LONG.replace("01,", "2024-01-02,"), ("id_damaged", "id", 2, "2024-01-02")),
    "an id that became an English date": (LONG.replace("01,", "Jan-24,"), ("id_damaged", "id", 2, "Jan-24")),
    "an id with and without its zero": (changed("01,x,T1", "1,x,T1"), ("lookalikes", "id", 3, "1")),
    "a missing column": (changed("q2\n", "Q2\n"), ("column_missing", "q2", None, None)),
    "no column of an outcome": (LONG.replace("q1", "v1").replace("q2", "v2"), ("outcome_missing", "q1", None, None)),
    "a double column": (
        "\n".join(line + "," + line.split(",")[-1] for line in LONG.split()) + "\n",
        ("column_double", "q2", None, None),
    ),
    "a double column of arms": (
        re.sub(r"^(\w+,)(\w+,)", r"\1\2\2", LONG, flags=re.MULTILINE),
        ("column_double", "arm", None, None),
    ),
    "an empty item": (
        "id,arm,wave,q1,q2\n01,x,T0,1,\n01,x,T1,3,\n02,c,T0,5,\n02,c,T1,2,\n",
        ("column_empty", "q2", None, None),
    ),
    "a decimal comma that splits a cell": (changed("01,x,T1,3", "01,x,T1,3,5"), ("row_width", None, 3, None)),
    "a short row": (changed("02,c,T1,2,1", "02,c,T1,2"), ("row_width", None, 5, None)),
    "an open quotation mark": (changed("02,c,T0", '02,"c,T0'), ("quotes_broken", None, 4, None)),
    "only a header": ("id,arm,wave,q1,q2\n", ("no_rows", None, None, None)),
    "only empty rows": ("id,arm,wave,q1,q2\n,,,,\n,,,,\n", ("no_rows", None, None, None)),
    "an empty file": ("", ("file_empty", None, None, None)),
    "a byte order mark and nothing else": ("\ufeff", ("file_empty", None, None, None)),
    "zero bytes": (b"id,arm\0\0\0,wave\n1,x,T0\n", ("encoding_unreadable", None, None, "utf-8, cp1252, utf-16")),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_broken_file_is_refused_with_its_exact_problem(refused, name):
    content, (code, column, row, value) = CELLS[name]
    problems = refused(TWO_ARMS, {FILE: content})
    assert (code, FILE, column, row, value) in [found(p) for p in problems]
    assert len({p.code for p in problems}) == 1, [p.sentence() for p in problems]


def test_the_pupil_in_two_arms_names_both_rows_and_both_arms(refused):
    (problem,) = refused(TWO_ARMS, {FILE: changed("01,x,T1", "01,c,T1")})
    assert problem.details == {"arms": "x, c", "other": 2, "other_file": FILE}


def test_a_double_row_names_the_row_it_doubles(refused):
    (problem,) = refused(TWO_ARMS, {FILE: LONG + "01,x,T1,3,4\n"})
    assert problem.details == {"other": 3, "wave": "post"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"arms": {"xx": "intervention", "c": "control"}}, ("unknown_arm", FILE, "arm", 2, "x", "xx")),
        ({"waves": {"T0": "pre", "U9": "post"}}, ("unknown_wave", FILE, "wave", 3, "T1", "T0")),
        ({"columns": {"pupil": "idd"}}, ("column_missing", FILE, "idd", None, None, "id")),
        ({"columns": {"arm": "arn"}}, ("column_missing", FILE, "arn", None, None, "arm")),
        ({"covariates": ["waves"]}, ("column_missing", FILE, "waves", None, None, "wave")),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(refused, change, expected):
    problem = refused(TWO_ARMS, {FILE: LONG}, **change)[0]
    assert (*found(problem), problem.details["nearest"]) == expected


def test_a_wave_column_that_lacks_is_named_and_not_guessed(refused):
    (problem,) = refused(TWO_ARMS, {FILE: LONG}, columns={"wave": "meting"})
    assert found(problem)[:3] == ("column_missing", FILE, "meting")


DECIMALS = {
    "one thing or a thousand times as much": ("1.234", "2", None, ("decimal_ambiguous", "1.234")),
    "the same with a comma": ("1,234", "2", None, ("decimal_ambiguous", "1,234")),
    "a thousands sign beside decimals": ("1.234,5", "2,5", None, ("decimal_mixed", "1.234,5")),
    "two signs in one file": ("3,25", "3.5", None, ("decimal_mixed", "3.5")),
    "a sign other than declared": ("3,25", "2", ".", ("decimal_mixed", "3,25")),
    "a thousands sign beside a declared comma": ("1.234", "2", ",", ("decimal_mixed", "1.234")),
    "millions": ("1.234.567", "2", None, ("decimal_mixed", "1.234.567")),
}


@pytest.mark.parametrize("name", DECIMALS)
def test_a_number_that_can_be_read_in_two_ways_is_refused(refused, name):
    first, second, sign, (code, value) = DECIMALS[name]
    files = [{"path": FILE, "decimal": sign}] if sign else [{"path": FILE}]
    content = f"id;a;b\n1;{first};{second}\n2;{first};5\n"
    problems = refused(ONE_GROUP, {FILE: content}, files=files)
    assert {p.code for p in problems} == {code}
    assert value in {p.value for p in problems}
    assert all(p.file == FILE and p.row in {2, 3} and p.column in {"a", "b"} for p in problems)


def test_the_study_file_settles_what_a_number_means(read, matrix):
    content = "id;a;b\n1;1.234;2\n2;2.500;5\n"
    point = read(ONE_GROUP, {FILE: content}, files=[{"path": FILE, "decimal": "."}])
    assert matrix(point).loc[("1", "pre"), "taal"] == 1.234
    proven = read(ONE_GROUP, {FILE: content.replace(";5\n", ";0.5\n")})  # 0.5 proves the point for the whole file
    assert matrix(proven).loc[("1", "pre"), "taal"] == 1.234


FILES = {
    "a file that is not there": ("raw/n.csv", {}, ("file_not_found", "raw/n.csv", None)),
    "a file outside the folder": ("../m.csv", {}, ("file_outside", "../m.csv", None)),
    "a file at an absolute path": ("/etc/hostname", {}, ("file_outside", "/etc/hostname", None)),
    "a kind that is not read": ("raw/m.docx", {}, ("file_type_unknown", "raw/m.docx", ".docx")),
    "an unknown encoding": (FILE, {"encoding": "utf-99"}, ("encoding_unknown", FILE, "utf-99")),
    "an encoding that does not fit": (FILE, {"encoding": "ascii"}, ("encoding_unreadable", FILE, "ascii")),
    "a workbook in name only": ("raw/m.xlsx", {}, ("file_other_kind", "raw/m.xlsx", "m.xlsx")),
    "an SPSS file in name only": ("raw/m.sav", {}, ("file_other_kind", "raw/m.sav", "m.sav")),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_says_why(refused, name):
    path, spec, expected = FILES[name]
    content = WIDE.replace("01", "é1")
    others = dict.fromkeys(("raw/m.docx", "raw/m.xlsx", "raw/m.sav", FILE), content)
    (problem,) = refused(ONE_GROUP, others, files=[{"path": path, **spec}])
    assert (problem.code, problem.file, problem.value) == expected


def test_a_link_that_leads_outside_the_folder_is_refused(refused, tmp_path):
    (tmp_path / "link.csv").symlink_to("/etc/hostname")
    (problem,) = refused(ONE_GROUP, {}, files=[{"path": "link.csv"}])
    assert problem.code == "file_outside"


def test_two_delimiters_that_do_equally_well_are_not_chosen_between(refused):
    content = "x;y,z\n1;2,3\n4;5,6\n"
    (problem,) = refused(ONE_GROUP, {FILE: content})
    assert problem.code == "delimiter_unclear"
    assert problem.details["valid"] == ",  ;"


TITLES = {
    "a title of one cell": ("Vragenlijst groep 6\n", 2),
    "two lines and a gap": ("Vragenlijst,groep 6\nafgenomen: mei\n\n", 4),
    "as wide as the table": ("Vragenlijst groep 6,,\n", 2),
}


@pytest.mark.parametrize("name", TITLES)
@pytest.mark.parametrize("sign", [",", ";"])
def test_a_title_above_the_column_names_is_told_as_such(refused, name, sign):
    above, row = TITLES[name]
    (problem,) = refused(ONE_GROUP, {FILE: (above + WIDE).replace(",", sign)})
    assert (problem.code, problem.row) == ("header_lower", row)
    assert problem.value.startswith("Vragenlijst")


def test_answers_that_are_called_as_columns_are_no_header(refused):
    outcomes = [{**TWO_ARMS["outcomes"][0], "items": ["1", "2"]}]
    rows = "nr,groep,moment,v1,v2\n01,x,T0,1,2\n02,c,T0,2,1\n"
    codes = {problem.code for problem in refused(TWO_ARMS, {FILE: rows}, outcomes=outcomes)}
    assert codes
    assert "header_lower" not in codes


def workbook(rows, **more_sheets):
    book = openpyxl.Workbook()
    book.active.title = "data"
    for row in rows:
        book.active.append(row)
    for title, content in more_sheets.items():
        sheet = book.create_sheet(title)
        for row in content:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


XLSX = "m.xlsx"
ROWS = [["id", "a", "b"], ["01", 1, 2], ["02", 3, 4]]


def test_a_title_above_the_column_names_of_a_workbook_is_told_as_such(refused):
    (problem,) = refused(ONE_GROUP, {XLSX: workbook([["Groep 6", None, None], *ROWS])}, files=[{"path": XLSX}])
    assert (problem.code, problem.row, problem.value) == ("header_lower", 2, "Groep 6")


def test_a_workbook_of_two_sheets_needs_a_sheet(refused):
    content = workbook(ROWS, oud=ROWS)
    (problem,) = refused(ONE_GROUP, {XLSX: content})
    assert (problem.code, problem.details["valid"]) == ("sheet_needed", "data, oud")
    (problem,) = refused(ONE_GROUP, {XLSX: content}, files=[{"path": XLSX, "sheet": "Data"}])
    assert (problem.code, problem.value) == ("sheet_unknown", "Data")


def test_merged_cells_are_refused_with_their_range(refused):
    book = openpyxl.Workbook()
    for row in [["meting 1", None, None], *ROWS]:
        book.active.append(row)
    book.active.merge_cells("A1:C1")
    out = io.BytesIO()
    book.save(out)
    (problem,) = refused(ONE_GROUP, {XLSX: out.getvalue()})
    assert (problem.code, problem.row, problem.value) == ("cells_merged", 1, "A1:C1")


def test_a_formula_saved_without_its_result_is_refused(refused):
    (problem,) = refused(ONE_GROUP, {XLSX: workbook([*ROWS, ["03", "=B2+1", 5]])})
    assert found(problem) == ("formula_without_value", XLSX, "a", 4, "=B2+1")


def test_a_date_in_a_workbook_is_not_an_answer_and_not_an_id(refused):
    import datetime as dt

    day = dt.datetime(2024, 5, 3)  # noqa: DTZ001 - a spreadsheet's dates have no time zone
    problems = refused(ONE_GROUP, {XLSX: workbook([*ROWS, ["03", day, 5], [day, 1, 1]])})
    assert [(p.code, p.column, p.row) for p in problems] == [("id_damaged", "id", 5), ("date_found", "a", 4)]


def test_an_error_value_of_a_workbook_is_not_missing(refused):
    (problem,) = refused(ONE_GROUP, {XLSX: workbook([*ROWS, ["03", "#N/A", 5]])})
    assert found(problem) == ("missing_word", XLSX, "a", 4, "#N/A")


def rezipped(content, name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        new.writestr(name, data)
    return out.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_read(refused, monkeypatch):
    monkeypatch.setattr("werkbank.intake.workbooks.MAX_UNPACKED", 5_000_000)
    bomb = rezipped(workbook(ROWS), "xl/media/image1.png", b"\0" * 6_000_000)
    assert len(bomb) < 50_000
    (problem,) = refused(ONE_GROUP, {XLSX: bomb})
    assert problem.code == "file_too_large"


@pytest.mark.parametrize("told", [True, False])
def test_a_giant_sheet_is_refused_whether_or_not_it_tells_its_size(refused, monkeypatch, told):
    monkeypatch.setattr("werkbank.intake.room.MAX_CELLS", 100_000)
    dimension = '<dimension ref="A1:XFD1048576"/>' if told else ""
    cells = "".join(f'<row r="{r}"><c r="{get_column_letter(16_384)}{r}"/></row>' for r in range(1, 20))
    xml = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"{dimension}<sheetData>{cells}</sheetData></worksheet>"
    )
    (problem,) = refused(ONE_GROUP, {XLSX: rezipped(workbook(ROWS), "xl/worksheets/sheet1.xml", xml)})
    assert problem.code == ("sheet_too_large" if told else "sheet_spread")


def test_a_protected_workbook_is_called_protected(refused):
    (problem,) = refused(ONE_GROUP, {XLSX: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600})
    assert problem.code == "workbook_protected"


def test_a_file_that_is_too_large_on_disk_is_refused(refused, monkeypatch):
    monkeypatch.setattr("werkbank.intake.opening.MAX_BYTES", 10)
    (problem,) = refused(ONE_GROUP, {FILE: WIDE})
    assert problem.code == "file_too_large"


def test_a_table_with_too_many_cells_is_refused(refused, monkeypatch):
    monkeypatch.setattr("werkbank.intake.room.MAX_CELLS", 8)
    (problem,) = refused(ONE_GROUP, {FILE: WIDE})
    assert (problem.code, problem.details["cells"]) == ("sheet_too_large", 9)


WORDS = {"oneens": 1, "eens": 2, "Helemaal mee eens": 3}


def test_an_unknown_word_comes_with_the_nearest(refused):
    outcome = {"name": "x", "items": ["a", "b"], "range": [1, 3], "better": "higher", "answers": WORDS}
    content = "id,a,b\n1,eens,helemaal mee oneens\n2,oneens,4\n"
    files = [{"path": FILE, "wave": "pre"}]
    problems = refused(ONE_GROUP, {FILE: content}, outcomes=[outcome], files=files)
    assert [found(p) for p in problems] == [
        ("unknown_word", FILE, "b", 2, "helemaal mee oneens"),
        ("unknown_word", FILE, "b", 3, "4"),
    ]
    assert problems[0].details["nearest"] == "Helemaal mee eens"


def test_a_word_that_stands_for_a_number_outside_the_range_is_refused(refused):
    outcome = {"name": "x", "column": {"pre": "a"}, "range": [1, 2], "better": "higher", "answers": WORDS}
    (problem,) = refused(ONE_GROUP, {FILE: "id,a\n1,helemaal mee eens\n"}, outcomes=[outcome])
    assert found(problem) == ("out_of_range", FILE, "a", 2, "helemaal mee eens")


def test_rows_of_several_files_need_an_id(refused):
    problems = refused(ONE_GROUP, {"a.csv": WIDE, "b.csv": WIDE}, columns={"pupil": None})
    assert "pupil_column_needed" in {p.code for p in problems}


def test_a_score_without_a_wave_is_not_guessed_to_be_of_one(refused):
    outcome = {"name": "taal", "column": "a", "better": "higher"}
    (problem,) = refused(ONE_GROUP, {FILE: WIDE}, outcomes=[outcome])
    assert found(problem)[:3] == ("wave_unclear", FILE, "a")


def test_a_file_of_one_wave_that_holds_another_is_refused(refused):
    problems = refused(TWO_ARMS, {FILE: LONG}, files=[{"path": FILE, "wave": "T0"}])
    assert ("wave_conflict", FILE, "wave", 3, "T1") in [found(p) for p in problems]


def test_a_file_of_an_unknown_wave_is_refused(refused):
    problems = refused(TWO_ARMS, {FILE: LONG}, files=[{"path": FILE, "wave": "T7"}])
    assert ("unknown_wave", "files", "T7") in [(p.code, p.column, p.value) for p in problems]


def test_items_per_wave_of_an_unknown_wave_are_refused(refused):
    outcome = {"name": "x", "items": {"pre": ["a"], "nameting": ["b"]}, "range": [1, 5], "better": "higher"}
    problems = refused(ONE_GROUP, {FILE: WIDE}, outcomes=[outcome])
    assert [(p.code, p.column, p.value) for p in problems] == [("unknown_wave", "outcomes.0.items", "nameting")]


def test_a_list_of_the_wrong_length_for_an_instrument_is_refused(refused):
    outcome = {"instrument": "strs-sf", "version": "B", "informant": "teacher", "items": ["a", "b"]}
    problems = refused(ONE_GROUP, {FILE: WIDE}, outcomes=[outcome])
    assert [(p.code, p.details["found"], p.details["expected"]) for p in problems] == [("items_count", 2, 15)]


def test_an_instrument_without_its_version_is_refused_together_with_the_rest(refused):
    outcome = {"instrument": "strs-sf", "informant": "teacher", "items": "s_{item}"}
    problems = refused(ONE_GROUP, {FILE: WIDE}, outcomes=[outcome, {**ONE_GROUP["outcomes"][0], "range": [1, 2]}])
    assert [p.code for p in problems] == ["version_needed", "out_of_range", "out_of_range"]


def test_the_same_answers_in_two_files_are_refused(refused):
    problems = refused(ONE_GROUP, {"een.csv": WIDE, "twee.csv": WIDE + "03,1,1\n"})
    assert [(p.code, p.file, p.row, p.value, p.details["other_file"]) for p in problems[:2]] == [
        ("duplicate_across_files", "twee.csv", 2, "01", "een.csv"),
        ("duplicate_across_files", "twee.csv", 3, "02", "een.csv"),
    ]


def test_an_assigned_class_lies_in_one_arm_and_is_known_for_every_pupil(refused):
    content = "id,arm,wave,q1,q2,klas\n1,x,T0,1,1,a\n2,c,T0,1,1,a\n3,c,T0,1,1,\n"
    problems = refused(TWO_ARMS, {FILE: content}, columns={"class": "klas"}, design={"assigned_by": "class"})
    assert [(p.code, p.value) for p in problems] == [("unit_missing", "3"), ("unit_in_two_arms", "a")]


def test_all_problems_of_all_files_come_at_once(refused):
    one, two = changed("01,x,T1,3", "01,y,T1,9"), LONG.replace("0", "1").replace("T1,1", "T1,zes")
    problems = refused(TWO_ARMS, {"een.csv": one, "twee.csv": two})
    assert {(p.code, p.file) for p in problems} >= {
        ("out_of_range_usual", "een.csv"),
        ("unknown_arm", "een.csv"),
        ("not_a_number", "twee.csv"),
    }


def test_a_column_of_which_all_is_outside_has_a_wrong_range(refused):
    rows = "".join(f"{n},x,T0,{n + 100},1\n" for n in range(10, 60))
    problems = refused(TWO_ARMS, {FILE: "id,arm,wave,q1,q2\n" + rows + LONG.partition("\n")[2]})
    (problem,) = problems
    assert (problem.code, problem.row, problem.details.get("more")) == ("range_wrong", None, None)


def test_after_twenty_causes_of_a_kind_the_rest_is_counted(refused):
    names = [f"k{n}" for n in range(50)]
    columns = {"name": "fijn", "items": names, "range": [1, 5], "better": "higher"}
    content = "id,arm,wave," + ",".join(names[:1]) + "\n01,x,T0,1\n02,c,T0,2\n"
    problems = refused(TWO_ARMS, {FILE: content}, outcomes=[columns])
    assert [p.code for p in problems] == ["column_missing"] * 20 + ["and_more"]
    assert problems[-1].details["n"] == 29


def test_who_changes_arms_by_design_is_not_told_to_alter_the_rows(refused):
    (problem,) = refused(TWO_ARMS, {FILE: changed("01,x,T1", "01,c,T1")})
    for language in ("nl", "en"):
        assert "control_received_after" in problem.sentence(language)
