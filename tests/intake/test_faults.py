"""Small studies on which werkbank once went wrong, each with the outcome that is right (the folder is not in git)."""

from __future__ import annotations

import json

import pytest

from werkbank.cli import main

REFUSED = {
    "y2_class_case_differs": ("lookalikes", ("‘5a’", "‘5A’", "aliases", "distinct")),
    "y4_teacher_assigned_spelling": ("lookalikes", ("‘Bakker’", "‘Juf Bakker’")),
    "i1_ids_P1_vs_P01": ("lookalikes", ("‘P01’", "‘P1’")),
    "i4_names_double_space": ("lookalikes_unseen", ("40",)),
    "i6_names_surname_first": ("lookalikes", ("Zoë van Dam 1", "Dam, Zoë van 1")),
    "ta_id_onbekend": ("id_unknown", ("rij 5", "50")),
    "z1_sav_per_school_arm_labels_swapped": ("labels_conflict", ("A.sav", "interventie", "controle")),
    "s3_sav_label_says_missing": ("label_says_missing", ("weet niet / n.v.t.",)),
    "ra_received_1yes_2no": ("received_unclear", ("answers",)),
    "y1_answers_collide": ("study_answers_collide", ()),
    "td_cov_99_pupil": ("value_usual", ("999", "leeftijd", "4 keer")),
    "v7_score_without_range_999": ("value_usual", ("999", "taaltoets")),
    "v6_birth_date_year_typo": ("birth_date_odd", ("2026", "rij")),
    "x6_average_row_blank_id": ("id_summary", ("Gemiddelde", "skip: [82]")),
    "p1_file_listed_twice_by_alias": ("file_double", ()),
    "a4_scale_0_based": ("scale_differs", ("0: 1", "4: 5")),
    "l2_limesurvey_na": ("missing_word", ('missing: ["N/A"]',)),
    "g3_google_forms_resubmitted": ("duplicate_pupil_wave", ("latest",)),
    "f1_thirty_files_own_numbering": ("numbers_restart", ("pupil: [groep, leerlingnr]",)),
    "mon_file_gone": ("file_not_found", ("weg.csv",)),
    "mon_id_case": ("lookalikes", ("‘L001’", "‘l001’")),
    "mon_score_999": ("value_usual", ("999",)),
    "mon_day_first_false": ("monitoring_not_a_date", ("1408 keer", "day_first")),
}
READ = {
    "clean_base": "",
    "q2_qualtrics_numeric_with_label": "intake.labelled_numbers",
    "g2_google_forms_nfd": "intake.headings_unseen",
    "m1_ms_forms_xlsx": "",
    "nbsp": "intake.headings_unseen",
    "w2_wave_is_date_xlsx": "",
    "f3_thirty_files_glob": "",
    "rc_received_words": "",
    "constitem": "intake.item_constant",
    "x2_filter_hidden_rows": "intake.rows_hidden",
    "mon_base": "",
    "design_blocks_ignored": "intake.blocks_question",
    "design_lots_within_schools": "intake.blocks_question",
}


@pytest.fixture
def folder(shared):
    return shared / "faults"


@pytest.fixture
def found(capsys):
    def check(study):
        code = main(["check", "--json", str(study), "--language", "nl"])
        return code, json.loads(capsys.readouterr().out)

    return check


@pytest.mark.parametrize("name", REFUSED)
def test_what_was_wrong_in_silence_is_refused_in_words(name, folder, found):
    code, told = found(folder / name)
    kind, words = REFUSED[name]
    assert (code, told["fit"]) == (3, False)
    mine = [problem for problem in told["problems"] if problem["code"] == kind]
    assert mine
    assert all(problem["file"] for problem in told["problems"])
    assert len(told["problems"]) <= 6, "one problem a cause"
    sentences = " ".join(problem["sentence"] for problem in mine)
    assert [word for word in words if word not in sentences] == []


@pytest.mark.parametrize("name", READ)
def test_what_schools_send_is_read_and_said(name, folder, found):
    code, told = found(folder / name)
    assert (code, told["problems"]) == (0, [])
    assert READ[name] in {"", *(note["key"] for note in told["notes"])}


SETTLED = {
    "y2_class_case_differs": "aliases: {class: all}",
    "y4_teacher_assigned_spelling": "aliases: {teacher: all}",
    "i1_ids_P1_vs_P01": "aliases: {pupil: all}",
    "i4_names_double_space": "aliases: {pupil: all}",
    "i6_names_surname_first": "aliases: {pupil: all}",
    "td_cov_99_pupil": "rules: {leeftijd: {missing: [999]}}",
    "v7_score_without_range_999": "rules: {taaltoets: {missing: [999]}}",
    "ra_received_1yes_2no": "rules: {mee: {answers: {1: 1, 2: 0}}}",
    "g3_google_forms_resubmitted": "latest: Tijdstempel",
    "mon_id_case": "aliases: {pupil: all}",
    "mon_score_999": "rules: {vaardigheid: {missing: [999]}}",
}


@pytest.mark.parametrize("name", SETTLED)
def test_the_way_out_leads_out(name, folder, found, tmp_path):
    text = (folder / name / "study.yaml").read_text(encoding="utf-8")
    made = tmp_path / "copied"
    made.mkdir()
    (made / "raw").mkdir()
    for file in (folder / name / "raw").iterdir():
        (made / "raw" / file.name).write_bytes(file.read_bytes())
    (made / "study.yaml").write_text(f"{text}\n{SETTLED[name]}\n", encoding="utf-8")
    code, told = found(made)
    assert (code, told["problems"]) == (0, [])
    assert told["pupils"] in {0, 40}


def test_a_class_said_of_its_file_needs_no_column(folder, found, tmp_path):
    """The case names a teacher and a school, which its files lack: without these lines it is fit."""
    name = "wa_class_only_in_filename"
    code, told = found(folder / name)
    assert (code, {problem["column"] for problem in told["problems"]}) == (3, {"lk", "school"})
    text = (folder / name / "study.yaml").read_text(encoding="utf-8")
    (tmp_path / "raw").mkdir()
    for file in (folder / name / "raw").iterdir():
        (tmp_path / "raw" / file.name).write_bytes(file.read_bytes())
    text = text.replace("  teacher: lk\n", "").replace("  school: school\n", "")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    code, told = found(tmp_path)
    assert (code, told["pupils"]) == (0, 40)
