"""Programme templates: facts with a source, nothing filled in that was not found, warnings where they are true."""

from __future__ import annotations

import shutil

import pytest
import yaml
from tests.cases.logs_made import study as logs_study

import werkbank
from werkbank.catalogue import LANGUAGES, has
from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.programmes.forms import Form, form, form_names
from werkbank.programmes.registry import TIDIER, explained, listed, techniques, template, template_names
from werkbank.reporting import evaluation, tables
from werkbank.study import load_study, programmes
from werkbank.study.finding import example_path

ASKED = {
    "banking-time", "llinc", "emr", "bridge", "2x10", "begrp", "playing-2-gether", "key2teach", "check-ins",
    "repair-talks", "goal-cards", "helplessness", "underachievement", "whitley",
}  # fmt: skip


def test_every_programme_of_the_field_has_a_template():
    assert set(template_names()) == ASKED


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_template_is_whole_in_both_languages(name):
    one = template(name)
    assert set(one.logs) <= set(form_names())
    assert one.level in {"relation", "class", "school"}
    for language in LANGUAGES:
        lines = explained(name, language)
        assert lines[-1].startswith(("Bron", "Source"))
        assert all(line.strip() for line in lines)
    assert one.tidier("fidelity_actual") is None  # how it went is never known beforehand


def test_what_was_not_found_is_not_filled_in():
    for name in ASKED:
        one = template(name)
        assert not set(one.not_found) & set(one.planned)
    assert template("2x10").planned == {"sessions": 10, "minutes": 2}
    assert template("banking-time").planned == {"minutes_low": 5, "minutes_high": 15}
    assert "sessions" in template("llinc").not_found
    assert template("key2teach").tidier("procedures") is None


def test_techniques_are_one_vocabulary_by_the_guides_recommendations():
    numbers = {one.recommendation.split(".")[0] for one in techniques()} - {""}
    assert numbers == {"1", "2", "3", "4", "5", "6"}
    assert template("emr").recommendations == ("6",)
    assert template("banking-time").recommendations == ("1", "2")


def declared(folder, programme, **more):
    folder.mkdir()
    told = yaml.safe_load(example_path("nabijheid").read_text(encoding="utf-8"))
    told |= {"programme": programme, **more}
    shutil.copytree(example_path("nabijheid").parent / "raw", folder / "raw")
    (folder / "study.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return folder


def test_a_name_fills_in_the_description_and_says_from_where(tmp_path):
    found = load_study(declared(tmp_path / "a", "LLInC"))
    assert found.programme.template == "llinc"
    assert programmes.prefilled(found.programme) == ["name", "why", "procedures", "provider"]
    own = load_study(declared(tmp_path / "b", {"template": "llinc", "provider": "een orthopedagoog"}))
    assert own.programme.provider == "een orthopedagoog"
    assert "provider" not in programmes.prefilled(own.programme)
    assert own.programme_in("nl").startswith("LLInC")


def test_a_name_of_ones_own_stays_what_it_is(tmp_path):
    found = load_study(declared(tmp_path / "a", "Samen sterk"))
    assert found.programme == "Samen sterk"
    assert programmes.told(found, "nl") == []


@pytest.mark.parametrize("programme", [{"template": "llink"}, {"procedures": "van alles"}])
def test_an_unknown_template_and_no_name_are_refused(tmp_path, programme):
    with pytest.raises(UnfitError) as error:
        load_study(declared(tmp_path / "a", programme))
    wanted = {"study_programme_unknown", "study_programme_without_name"}
    assert {p.code for p in error.value.problems} & wanted


def test_warnings_hold_where_the_design_makes_them_true(tmp_path):
    told = yaml.safe_load(example_path("nabijheid").read_text(encoding="utf-8"))
    plain = {**told["design"], "selected_on": None, "raters_are_implementers": False, "received_by": ["pupil"]}
    chosen = {**plain, "selected_on": "strs-sf", "raters_are_implementers": True}
    named = {**plain, "raters_are_implementers": None, "received_by": ["teacher"]}
    without = programmes.warnings(load_study(declared(tmp_path / "a", "llinc", design=plain)))
    both = programmes.warnings(load_study(declared(tmp_path / "b", "llinc", design=chosen)))
    assert "selected_on_outcome" not in without
    assert "rater_gives" not in without
    assert {"selected_on_outcome", "rater_gives"} <= set(both)
    assert "rater_gives" in programmes.warnings(load_study(declared(tmp_path / "c", "llinc", design=named)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_describes_the_programme_and_warns(tmp_path, language):
    bench = werkbank.open(declared(tmp_path / "a", "llinc"), language=language)
    text = str(evaluation.design(bench).blocks)
    assert ("Uit de sjabloon" if language == "nl" else "From the template") in text


def test_the_command_lists_and_explains(capsys):
    assert main(["programmes", "--language", "nl"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in [*template_names(), *form_names()])
    assert main(["programmes", "2x10", "--language", "en"]) == 0
    assert "10 times" in capsys.readouterr().out
    assert main(["programmes", "2x11"]) == 2
    assert listed("en")


def test_logs_are_data_that_agree_with_themselves():
    for name in form_names():
        one = form(name)
        assert one.name == name
        for language in LANGUAGES:
            assert has(f"logs.log.{name}", language)
    raw = {"name": "x", "rhythm": "event", "double": ["pupil"], "columns": {"pupil": None}, "computes": []}
    assert Form.model_validate(raw).columns["pupil"].kind == "pupil"
    for wrong in ({"double": ["nobody"]}, {"columns": {"pupil": None, "a": {"kind": "choice"}}},
                  {"computes": [{"do": "dose"}, {"do": "dose"}]}):  # fmt: skip
        with pytest.raises(ValueError, match=r"no column|a choice|one name"):
            Form.model_validate({**raw, **wrong})


def test_the_checklist_has_the_items_of_the_programme(tmp_path):
    rows = [("7a", "07-09-2026", item, done, "1") for item in template("banking-time").fidelity for done in ["ja"]]
    folder = logs_study(tmp_path / "a", "fidelity", rows, programme="banking-time")
    bench = werkbank.open(folder)
    shares = bench.results.where(method="wilson_share", grouped_by="class")
    assert {e.level for e in shares} == set(template("banking-time").fidelity)


def test_the_items_of_a_description_are_those_of_the_report():
    assert TIDIER == tables.TIDIER
