"""Every bad input is said: one problem a cause, with its file, in the reader's language, with a way out that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.intake import bad_inputs as bad

from werkbank.errors import UnfitError
from werkbank.running.checking import check_study
from werkbank.study import load_study

# words of the libraries, which no Dutch reader should meet
FOREIGN = re.compile(
    r"\b(should|input|must|expected|required|error|unexpected|given|invalid|field|traceback)\b", re.IGNORECASE
)


def check(folder, changes=None, text=None, extra=None):
    study, files = bad.written(changes or {})
    for name, content in {**files, **(extra or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    study_text = yaml.safe_dump(study, allow_unicode=True, sort_keys=False) if text is None else text
    (folder / "study.yaml").write_text(study_text, encoding="utf-8")
    return check_study(load_study(folder))


def problems(folder, *args, **more):
    with pytest.raises(UnfitError) as caught:
        check(folder, *args, **more)
    for problem in caught.value.problems:
        assert problem.file, problem.code
        dutch, english = (problem.sentence(language).replace(str(folder), "") for language in ("nl", "en"))
        assert not FOREIGN.search(re.sub(r"‘[^’]*’|\S+: \S+", "", dutch)), dutch
        assert dutch != english
        assert " → " in dutch
        assert max(len(dutch), len(english)) < 1200
    return caught.value.problems


@pytest.mark.parametrize("name", bad.DECLARED)
def test_what_the_study_file_says_wrongly(name, tmp_path):
    changes, codes = bad.DECLARED[name]
    assert [problem.code for problem in problems(tmp_path, changes)] == codes


@pytest.mark.parametrize("name", bad.CONTENT)
def test_what_the_file_holds_wrongly(name, tmp_path):
    content, codes = bad.CONTENT[name]
    found = [problem.code for problem in problems(tmp_path, {"m.csv": content})]
    assert len(found) < 4, "one problem a cause"
    assert codes is None or found == codes


@pytest.mark.parametrize("name", bad.FILES)
def test_a_file_that_is_not_what_its_name_says(name, tmp_path):
    path, content, codes = bad.FILES[name]
    found = problems(tmp_path, {"files": [{"path": path}]}, extra={path: content})
    assert [problem.code for problem in found] == codes


@pytest.mark.parametrize("name", bad.WRITTEN)
def test_a_study_file_that_cannot_be_read(name, tmp_path):
    text, codes = bad.WRITTEN[name]
    assert {problem.code for problem in problems(tmp_path, text=text)} == set(codes)


@pytest.mark.parametrize("name", bad.KEYS)
def test_a_key_that_is_none_is_said_in_dutch_with_its_place(name, tmp_path):
    changes = {"outcomes": [{"instrument": "eigen", "informant": "pupil", "items": "q{item}"}]}
    found = problems(tmp_path, changes, extra={"instruments/eigen.yaml": bad.KEYS[name]})
    assert {(problem.code, problem.file) for problem in found} == {("instrument_invalid", "instruments/eigen.yaml")}


@pytest.mark.parametrize("name", bad.SAID)
def test_what_is_read_with_a_question(name, tmp_path):
    changes, keys = bad.SAID[name]
    found = check(tmp_path, changes)
    notes = {note.key.removeprefix("intake."): note for note in found.notes}
    assert set(keys) <= set(notes)
    assert all(note.sentence("nl") != note.sentence("en") for key, note in notes.items() if not key.startswith("file_"))
    assert all(found.foreseen(language) for language in ("nl", "en"))


def test_nothing_is_asked_of_the_clean_study(tmp_path):
    found = check(tmp_path)
    assert [note.key for note in found.notes if note.asks] == ["intake.units_per_arm"]


def test_what_is_no_ordinary_file_is_a_problem(tmp_path):
    for path, code in bad.not_ordinary(tmp_path).items():
        (problem,) = problems(tmp_path, {"files": [{"path": path}]})
        assert (problem.code, problem.file) == (code, path)


def test_a_pattern_finds_ordinary_data_files_only(tmp_path):
    bad.not_ordinary(tmp_path)
    found = check(tmp_path, {"files": [{"path": "m*.csv"}]})
    assert [file.path for file in found.files] == ["m.csv"]


def test_a_file_without_the_right_to_read_it_is_a_problem(tmp_path, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    check(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", refuse_data(refuse))
    (problem,) = problems(tmp_path)
    assert (problem.code, problem.file) == ("file_no_access", "m.csv")


def refuse_data(refuse):
    read = Path.read_bytes
    return lambda path: refuse(path) if path.suffix == ".csv" else read(path)


# what is proposed, and what the study file then says
WAYS_OUT = {
    "a title above the header": ("header: 3", "files: [{path: m.csv, header: 3}]"),
    "questions below the header": ("skip: [2]", "files: [{path: m.csv, skip: [2]}]"),
    "the header again": ("skip: [42]", "files: [{path: m.csv, skip: [42]}]"),
    "a mean below": ("skip: [82]", "files: [{path: m.csv, skip: [82]}]"),
    "a row of nobody": ("where: '`nr` is not empty'", "where: '`nr` is not empty'"),
    "nines": ("missing: [9]", "rules: {q1: {missing: [9]}}"),
    "numbers that begin anew": (
        "pupil: [klas, nr]",
        "columns: {pupil: [klas, nr], class: klas, school: school, arm: arm, wave: meting}",
    ),
    "a class in two spellings": ("aliases: {class: all}", "aliases: {class: all}"),
}


@pytest.mark.parametrize("name", WAYS_OUT)
def test_the_way_out_that_is_said_leads_out(name, tmp_path):
    (problem,) = problems(tmp_path, {"m.csv": bad.CONTENT[name][0]})
    said, settled = WAYS_OUT[name]
    assert all(said in problem.sentence(language) for language in ("nl", "en"))
    found = check(tmp_path, {"m.csv": bad.CONTENT[name][0], **yaml.safe_load(settled)})
    assert len(found.intake.pupils) == 40


MARKED = [name for name, (_, keys) in bad.SAID.items() if keys[0].startswith("marked_")]


@pytest.mark.parametrize("name", MARKED)
def test_the_condition_that_a_note_proposes_leaves_the_marked_rows_out_and_counts_them(name, tmp_path):
    changes, (key,) = bad.SAID[name]
    (note,) = [note for note in check(tmp_path, changes).notes if note.key == f"intake.{key}"]
    proposed = yaml.safe_load(note.sentence("nl").partition("schrijf dan ")[2])
    found = check(tmp_path, changes | proposed)
    (left,) = [note for note in found.notes if note.key == "intake.where"]
    assert left.values["n"] == note.values["n"] > 0
    assert not [note for note in found.notes if note.key == f"intake.{key}"]
