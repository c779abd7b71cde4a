"""What people send that is not as it should be: each a study of forty pupils in four classes with one thing wrong.

A case changes the study file and the files, and names what must be said: codes of problems, or keys of notes.
"""

from __future__ import annotations

import copy
import datetime as dt
import io
import os
import random

import openpyxl

HEAD = ["nr", "lk", "klas", "school", "arm", "meting", "leeftijd", "q1", "q2", "q3", "taal"]
STUDY = {
    "title": "Coaching in vier klassen",
    "design": {"kind": "controlled", "assigned_by": "class", "blocks": False, "raters_are_implementers": False},
    "files": [{"path": "m.csv"}],
    "columns": {"pupil": "nr", "teacher": "lk", "class": "klas", "school": "school", "arm": "arm", "wave": "meting"},
    "arms": {"int": "intervention", "con": "control"},
    "waves": {"T0": "pre", "T1": "post"},
    "outcomes": [
        {"name": "fijn", "informant": "pupil", "items": ["q1", "q2", "q3"], "range": [1, 5], "better": "higher"},
        {"name": "taal", "informant": "test", "column": "taal", "range": [0, 60], "better": "higher"},
    ],
    "covariates": ["leeftijd"],
}
WORDS = {"1": "helemaal oneens", "2": "oneens", "3": "neutraal", "4": "eens", "5": "helemaal eens"}


def rows():
    """Return two rows for each of forty pupils."""
    chance = random.Random(5)  # noqa: S311 - invented data
    made = []
    for n in range(40):
        k = n // 10
        for wave in ("T0", "T1"):
            who = [f"P{n + 1:02d}", f"lk{k}", ["5A", "5B", "6A", "6B"][k], ["Wilg", "Es"][k % 2], ["int", "con"][k % 2]]
            answers = [str(chance.randint(1, 5)) for _ in range(3)]
            made.append([*who, wave, str(8 + n % 4), *answers, str(chance.randint(10, 50))])
    return made


def text(made, head=None):
    """Return rows as delimited text."""
    return "\n".join(";".join(map(str, row)) for row in [head or HEAD, *made]) + "\n"


def put(column, value, which=None):
    """Return the text with `value` (or what it makes of the old one) in a column of some rows."""
    at, made = HEAD.index(column), rows()
    for row in made:
        if which is None or which(row):
            row[at] = value(row[at]) if callable(value) else value
    return text(made)


def first(n=1):
    """Return a test for the first `n` rows it is given."""
    left = [n]

    def which(_row):
        left[0] -= 1
        return left[0] >= 0

    return which


def workbook(made=None):
    """Return the rows as a workbook."""
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in [HEAD, *(made or rows())]:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def stamped():
    """Return the rows with times for waves."""
    return put("meting", lambda wave: {"T0": "2-9-2026 10:11:12", "T1": "5-12-2026 9:00:00"}[wave])


WINDOWS = {"2026-09-01 .. 2026-10-15": "pre", "2026-11-15 .. 2026-12-24": "post"}
PLAIN = text(rows())
ONE = STUDY["outcomes"][0]
TWO = STUDY["outcomes"][1]


def outcomes(one=None, two=None):
    """Return the outcomes with changes; None takes a line out."""
    made = [{**ONE, **(one or {})}, {**TWO, **(two or {})}]
    return {"outcomes": [{k: v for k, v in o.items() if v is not None} for o in made]}


def at_file(**more):
    """Return the files with more said of the one."""
    return {"files": [{"path": "m.csv", **more}]}


def with_column(name, values):
    """Return the rows with a column of their own, in which `values` says what stands in row n."""
    return text([[*row, values(n)] for n, row in enumerate(rows())], [*HEAD, name])


# what the study file says: name -> (changes, codes of the problems)
DECLARED = {
    "a rule for a column that is not there": ({"rules": {"leeftyd": {"missing": [999]}}}, ["rule_names_no_column"]),
    "the latest by a column that is not there": ({"latest": "tijd"}, ["latest_names_no_column"]),
    "roles in a column that is not there": (
        {"columns": {**STUDY["columns"], "role": "rol"}, "roles": {"doel": "target", "over": "transfer"}},
        ["column_missing"],
    ),
    "two codes for one wave": ({"waves": {"T0": "pre", "T1": "pre"}}, ["waves_collide"]),
    "no title": ({"title": ""}, ["study_title_empty"]),
    "the title of the template": ({"title": "Titel van het onderzoek"}, ["study_placeholder"]),
    "a title to be filled in": ({"title": "<uw titel>"}, ["study_placeholder"]),
    "a label to be filled in": (outcomes({"label": "vul hier de naam in"}), ["study_placeholder"]),
    "a range of text": (outcomes({"range": "1-5"}), ["study_wrong_type"]),
    "a range with a question mark": (outcomes({"range": [1, "?"]}), ["study_wrong_type"]),
    "a range from high to low": (outcomes({"range": [5, 1]}), ["study_outcome_range_order"]),
    "no range": (outcomes({"range": None}), ["study_outcome_needs_range"]),
    "files as a word": ({"files": "m.csv"}, ["study_wrong_type"]),
    "files as words": ({"files": ["m.csv"]}, ["study_wrong_type"]),
    "columns as a list": ({"columns": ["nr", "klas"]}, ["study_wrong_type"]),
    "arms as a list": ({"arms": ["int", "con"]}, ["study_wrong_type"]),
    "a Dutch design": ({"design": {**STUDY["design"], "kind": "gerandomiseerd"}}, ["study_unknown_value"]),
    "a Dutch key": ({"kolommen": {}}, ["study_unknown_key"]),
    "an unknown instrument": (
        {"outcomes": [{"instrument": "strs-fs", "informant": "teacher", "items": "q{item}"}]}, ["unknown_instrument"],
    ),
    "a reversed item that is none": (outcomes({"reversed": ["q9"]}), ["instrument_invalid"]),
    "an item that is not there": (outcomes({"items": ["q1", "q2", "q4"]}), ["column_missing"]),
    "a score that is not there": (outcomes(None, {"column": "rekenen"}), ["outcome_missing"]),
    "the wrong delimiter": (at_file(delimiter=","), ["delimiter_wrong"]),
    "no path": ({"files": [{"path": ""}]}, ["study_wrong_type"]),
    "a folder": ({"files": [{"path": "."}]}, ["file_is_folder"]),
    "an address on the web": ({"files": [{"path": "https://example.org/m.csv"}]}, ["file_not_found"]),
    "a pattern that is none": ({"files": [{"path": "**.csv"}]}, ["files_none"]),
    "a pattern outside": ({"files": [{"path": "../*.csv"}]}, ["files_none"]),
    "a path longer than a disk allows": ({"files": [{"path": "a" * 5000 + ".csv"}]}, ["path_unusable"]),
    "times for waves": ({"m.csv": stamped()}, ["wave_is_time"]),
    "windows that share days": (
        {"m.csv": stamped(), "waves": {"2026-09-01 .. 2026-12-05": "pre", "2026-11-15 .. 2026-12-24": "post"}},
        ["waves_overlap"],
    ),
    "a form outside the windows": (
        {"m.csv": stamped(), "waves": {"2026-09-01 .. 2026-10-15": "pre"}}, ["time_in_no_wave"],
    ),
}  # fmt: skip
# what the file holds: name -> (content, codes)
CONTENT = {
    "nothing": ("", ["file_empty"]),
    "only a header": (";".join(HEAD), ["no_rows"]),
    "a title above the header": ("Export van 3 september\n\n" + PLAIN, ["header_lower"]),
    "questions below the header": (
        text([["Wie?", "lk", "kl", "sch", "groep", "wanneer", "jaar", "Vr 1", "Vr 2", "Vr 3", "score"], *rows()]),
        ["header_second"],
    ),
    "the header again": (text([*rows()[:40], HEAD, *rows()[40:]]), ["header_again"]),
    "a mean below": (text([*rows(), ["Gemiddelde", "", "", "", "", "", "9", "3.1", "3", "3", "30"]]), ["id_summary"]),
    "a total in another column": (
        text([*rows(), ["", "Totaal", "", "", "", "", "", "3", "3", "3", "30"]]), ["id_summary"],
    ),
    "a row of nobody": (text([*rows(), ["", "", "", "", "", "", "9", "3", "3", "3", "30"]]), ["id_missing"]),
    "a short row": (PLAIN + "P50;lk0;5A\n", ["row_width"]),
    "an open quotation mark": (PLAIN.replace("Wilg", '"Wilg', 1), ["quotes_broken"]),
    "answers in words": (put("q1", WORDS.get), ["answers_in_words"]),
    "words before, numbers after": (put("q1", WORDS.get, lambda row: row[5] == "T0"), ["answers_in_words"]),
    "one word": (put("q1", "geel", first()), ["not_a_number"]),
    "scores with a unit": (put("taal", lambda v: f"{v} jaar"), ["not_a_number"]),
    "scores in words": (put("taal", lambda v: "goed" if int(v) % 2 else "matig"), ["answers_in_words"]),
    "an answer that says there is none": (put("q1", "n.v.t.", first(3)), ["missing_word"]),
    "a scale from nought": (
        text([[*row[:7], *(str(int(v) - 1) for v in row[7:10]), row[10]] for row in rows()]), ["scale_differs"],
    ),
    "nines": (put("q1", "9", first(3)), ["out_of_range_usual"]),
    "a score of 999": (put("taal", "999", first()), ["out_of_range_usual"]),
    "scores of another test": (put("taal", lambda v: str(int(v) * 5)), ["range_wrong"]),
    "a date for an answer": (put("q1", "3-mei", first()), ["date_found"]),
    "a formula": (put("taal", "=SOM(A1:A3)", first()), ["formula_without_value"]),
    "a formula that failed": (put("taal", "#DEEL/0!", first()), ["formula_failed"]),
    "two decimal signs": (put("taal", lambda v: f"{v}.5" if int(v) % 2 else f"{v},5"), ["decimal_mixed"]),
    "an arm that is not declared": (put("arm", "wachtlijst", first(2)), ["unknown_arm"]),
    "no arm": (put("arm", "", first(2)), ["arm_missing"]),
    "a pupil in two arms": (put("arm", "con", first()), ["pupil_in_two_arms"]),
    "a class in two arms": (put("arm", "con", first(2)), ["unit_in_two_arms"]),
    "a wave that is not declared": (put("meting", "T2", first()), ["unknown_wave"]),
    "no wave": (put("meting", "", first()), ["wave_missing"]),
    "a form twice": (PLAIN + PLAIN.splitlines()[1] + "\n", ["duplicate_pupil_wave"]),
    "numbers that begin anew": (
        text([[str(n // 2 % 10 + 1), *row[1:]] for n, row in enumerate(rows())]), ["numbers_restart"],
    ),
    "a class in two spellings": (put("klas", lambda v: v.lower(), first(4)), ["lookalikes"]),
    "a pupil who is not known": (put("nr", "onbekend", first()), ["id_unknown"]),
    "a workbook called csv": (workbook(), ["file_other_kind"]),
    "a document": (b"%PDF-1.4 \x00\x01\x02", None),
    "signs that are no letters": (bytes(range(256)) * 4, None),
}  # fmt: skip
# other files beside the study: name -> (path, content, codes)
FILES = {
    "text called xlsx": ("m.xlsx", PLAIN, ["file_other_kind"]),
    "a web page called xls": ("m.xls", "<html><table><tr><td>nr</td></tr></table></html>", ["file_web_page"]),
    "an archive called xlsx": ("m.xlsx", b"PK\x03\x04rubbish", ["file_unreadable"]),
    "the sign that Excel is open": ("~$m.xlsx", b"x" * 165, ["file_locked_copy"]),
    "a sheet of Numbers": ("m.numbers", "x", ["file_type_unknown"]),
    "a portable file that is none": ("m.por", "x", ["file_unreadable"]),
    "an SPSS file that is none": ("m.sav", b"\x00\x01\x02\x03", ["file_unreadable"]),
}
# a study file as it was written: name -> (text, codes)
WRITTEN = {
    "a tab": ("title: x\n\tlanguage: nl\n", ["study_not_yaml"]),
    "a colon in a title": ("title: Effect: van coaching\n", ["study_not_yaml"]),
    "lines that jump": ("title: x\ndesign:\n  kind: controlled\n assigned_by: class\n", ["study_not_yaml"]),
    "a list": ("- a\n- b\n", ["study_not_mapping"]),
    "an empty file": ("", ["study_not_mapping"]),
    "a name twice": ("title: x\ntitle: y\n", ["study_not_yaml"]),
    "a tag": ("title: !!python/object/apply:os.system ['ls']\n", ["study_not_yaml"]),
    "a backtick": ("title: x\nwhere: `a` == 1\n", ["study_not_yaml"]),
    "a per cent sign": ("title: x\nsource: %5\n", ["study_not_yaml"]),
    "a workbook": ("PK\x03\x04 \x00 binary", ["study_not_yaml"]),
    "an open bracket": ("title: [x\n", ["study_not_yaml"]),
    "nothing but a title": ("title: x\n", ["study_missing_key"]),
}
# a scoring key of one's own: name -> what it says
KEYS = {
    "half a key": "name: eigen\nitems: 3\n",
    "no key": "name: [\n",
    "a list": "- 1\n",
    "a reversed item that is none": (
        "name: eigen\ntitle: x\nrange: [1, 5]\nitems: ['1', '2']\nsource: x\ninformant: [pupil]\n"
        "scales:\n  a: {items: ['1', '2'], reversed: ['9'], better: higher}\n"
    ),
}
# what is read and said: name -> (changes, keys of notes)
SAID = {
    "an alias that is not needed": ({"aliases": {"class": {"7a": "7A"}}}, ["alias_unused"]),
    "a row to skip that is not there": (at_file(skip=[900]), ["skip_beyond"]),
    "nobody said who filled it in": (outcomes({"informant": None}, {"informant": None}), ["informant_not_said"]),
    "texts in one language": ({"title": {"nl": "Coaching"}}, ["text_lacks_en"]),
    "an arm that does not occur": ({"arms": {**STUDY["arms"], "derde": "intervention"}}, ["arm_absent"]),
    "a wave that does not occur": ({"waves": {**STUDY["waves"], "T2": "followup"}}, ["wave_absent"]),
    "one class in each arm": (
        {"m.csv": text([row for row in rows() if row[2] in {"5A", "5B"}])}, ["units_too_few"],
    ),
    "ages and a word": ({"m.csv": put("leeftijd", "acht", first(2))}, ["covariate_words"]),
    "everyone of one age": ({"m.csv": put("leeftijd", "9")}, ["covariate_constant"]),
    "nobody's age": ({"m.csv": put("leeftijd", "")}, ["covariate_empty"]),
    "some ages": ({"m.csv": put("leeftijd", "", first(4))}, ["covariate_unknown"]),
    "numbers as a covariate": ({"covariates": ["nr"]}, ["covariate_all_different"]),
    "the arm as a covariate": ({"covariates": ["arm"]}, ["covariate_is_arm"]),
    "an item empty at a wave": ({"m.csv": put("q2", "", lambda row: row[5] == "T1")}, ["item_empty"]),
    "an item on which all agree": ({"m.csv": put("q2", "3", lambda row: row[5] == "T1")}, ["item_constant"]),
    "a pre-test that does not vary": ({"m.csv": put("taal", "30", lambda row: row[5] == "T0")}, ["score_constant"]),
    "a range that was left": (outcomes(None, {"range": [0, 1000]}), ["range_wide"]),
    "a filter of SPSS": ({"m.csv": with_column("filter_$", lambda n: int(n % 5 != 0))}, ["marked_filter"]),
    "forms that were not finished": ({"m.csv": with_column("Finished", lambda n: n % 5 != 0)}, ["marked_unfinished"]),
    "forms half done": ({"m.csv": with_column("Progress", lambda n: 100 if n % 5 else 40)}, ["marked_unfinished"]),
    "forms not sent": ({"m.csv": with_column("submitdate", lambda n: "2026" if n % 5 else "")}, ["marked_unfinished"]),
    "previews": (
        {"m.csv": with_column("Status", lambda n: "IP Address" if n % 5 else "Survey Preview")}, ["marked_preview"],
    ),
    "rows that were struck out": ({"m.csv": with_column("uitsluiten", lambda n: int(n == 3))}, ["marked_excluded"]),
    "windows": ({"m.csv": stamped(), "waves": WINDOWS}, ["waves_by_time"]),
    "words and numbers, declared": (
        {"m.csv": put("q1", WORDS.get, lambda row: row[5] == "T0"),
         **outcomes({"answers": {word: int(n) for n, word in WORDS.items()}})},
        ["words", "words_and_numbers"],
    ),
    "numbers with words": (
        {"m.csv": put("q1", lambda v: f"{v} - {WORDS[v]}")}, ["labelled_numbers"],
    ),
    "words with numbers": ({"m.csv": put("q1", lambda v: f"{WORDS[v]} ({v})")}, ["labelled_numbers"]),
}  # fmt: skip


def written(changes):
    """Return the study and its files with changes, which may be of either."""
    study = copy.deepcopy(STUDY)
    files = {"m.csv": changes.get("m.csv", PLAIN)}
    study |= {key: value for key, value in changes.items() if key != "m.csv"}
    return study, files


def not_ordinary(folder):
    """Return paths in `folder` that are no ordinary files: name -> code."""
    (folder / "loop.csv").symlink_to("loop.csv")
    (folder / "map.csv").mkdir()
    os.mkfifo(folder / "pijp.csv")
    return {"loop.csv": "path_unusable", "map.csv": "file_is_folder", "pijp.csv": "file_is_no_file"}


def days():
    """Return a workbook with dates for waves."""
    made = [
        [*row[:5], dt.date(2026, 9, 2) if row[5] == "T0" else dt.date(2026, 12, 3), *map(int, row[6:])]
        for row in rows()
    ]
    return workbook(made)
