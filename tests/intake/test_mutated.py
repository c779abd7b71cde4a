"""Fresh studies with one fault each: what is wrong is never read in silence, and what is clean is never refused."""

from __future__ import annotations

import pytest
import yaml
from tests.intake.making import HEAD, Made, clean, spoiled

from werkbank.errors import UnfitError
from werkbank.intake.reading import read_answers
from werkbank.study import load_study

ALARMS = {"near_names", "value_far", "usual_near", "waves_share_few", "informants_share_few", "files_share_few",
          "same_answers", "headings_alike", "ids_unseen", "headings_unseen", "item_constant"}  # fmt: skip


def read(folder, made: Made, **changes):
    (folder / "m.csv").write_text(made.text(), encoding="utf-8")
    text = yaml.safe_dump({**made.study(), **changes}, allow_unicode=True, sort_keys=False)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return read_answers(load_study(folder))


def content(intake):
    """Return what an analysis goes by: every pupil with class and arm, and every answer."""
    pupils = intake.pupils[["teacher", "class", "school", "arm", "leeftijd"]].astype(str)
    answers = intake.answers.astype({"pupil": str, "wave": str, "item": str})
    return pupils.sort_index().to_dict("index"), answers.set_index(["pupil", "wave", "item"])["value"].to_dict()


def notes(intake):
    return {note.key.removeprefix("intake."): note for note in intake.notes}


def none_is_refused(folder, seeds):
    for seed in seeds:
        made = clean(seed)
        intake = read(folder, made)
        assert not ALARMS & set(notes(intake)), seed
        pupils, answers = content(intake)
        assert len(pupils) == len({row[0] for row in made.rows})
        at = {name: n for n, name in enumerate(HEAD)}
        for row in made.rows:
            wave = {"T0": "pre", "T1": "post"}[row[at["meting"]]]
            assert answers[row[0], wave, "q1"] == float(row[at["q1"]])
            assert answers[row[0], wave, "taal"] == float(row[at["taal"]])


def none_is_silent(folder, seeds):
    """A study with a fault is refused, or read as the clean one with a line that says what was done."""
    kinds = set()
    for seed in seeds:
        truth, made = spoiled(seed)
        kinds.add(made.kind.split()[0])
        if made.rows == truth.rows:
            continue
        intake, problems = tried(folder, made)
        if intake is None:
            assert refused_in_words(problems), (seed, made.kind)
            if {problem.code for problem in problems} <= {"lookalikes", "lookalikes_unseen"}:
                assert settled_is_true(folder, truth, made), (seed, made.kind)
        else:
            assert set(notes(intake)) & ALARMS, (seed, made.kind)
    return kinds


def tried(folder, made):
    try:
        return read(folder, made), []
    except UnfitError as unfit:
        return None, unfit.problems


def refused_in_words(problems):
    return all(problem.file and problem.sentence("nl") and problem.sentence("en") for problem in problems)


def settled_is_true(folder, truth, made):
    """Once a study file says that the spellings are one, the study is the clean one, whatever spelling was kept."""
    ours, _ = content(read(folder, made, aliases={made.kind.split()[0]: "all"}))
    true, _ = content(read(folder, truth))
    roles = ("teacher", "class", "school", "arm")
    counted = [[len(pupils), *(len({p[role] for p in pupils.values()}) for role in roles)] for pupils in (ours, true)]
    return counted[0] == counted[1]


def test_a_clean_study_is_never_refused(tmp_path):
    none_is_refused(tmp_path, range(60))


def test_no_fault_is_read_in_silence(tmp_path):
    assert len(none_is_silent(tmp_path, range(80))) > 6


@pytest.mark.long
def test_two_hundred_clean_studies_are_never_refused(tmp_path):
    none_is_refused(tmp_path, range(60, 260))


@pytest.mark.long
def test_no_fault_of_five_thousand_is_read_in_silence(tmp_path):
    none_is_silent(tmp_path, range(80, 5080))
