"""The form, message by message: what it shows, where a problem stands, and that it writes what `new --from` writes."""

from __future__ import annotations

import json
import sys
import time

import pytest
import yaml
from tests.building.files_to_fill_in import MISTAKES, clean, csv
from tests.conftest import ROOT
from tests.drafting.files_to_draft import KINDS

from werkbank.building.form import Form
from werkbank.building.session import Session
from werkbank.catalogue import LANGUAGES, topic_sentences
from werkbank.drafting.making import new_from
from werkbank.running.checking import check_study
from werkbank.study import load_study


@pytest.fixture
def session(tmp_path):
    with Session(tmp_path, "nl") as begun:
        yield begun


def read(session, rows=None, name="metingen.csv"):
    return session.answer({"do": "read", "name": name}, csv(rows or clean()))


def fields(view):
    return {field["place"]: field for section in view["sections"] for group in section["groups"]
            for field in group["fields"]}  # fmt: skip


def chosen(session, do="suggest", **answers):
    return session.answer(
        {"do": do, "form": {"answers": {place.replace("__", "."): v for place, v in answers.items()}}}
    )


@pytest.mark.parametrize(("name", "language"), [(name, LANGUAGES[i % 2]) for i, name in enumerate(KINDS)])
def test_it_writes_what_new_from_writes_and_shows_every_guess(name, language, tmp_path):
    kind, source = KINDS[name], tmp_path / "source"
    source.mkdir()
    files = kind.write(source)
    given = {"design.raters_are_implementers": "true", **kind.said}
    with Session(tmp_path, language, "mine", files) as session:
        view = session.answer({"do": "suggest", "form": {"answers": given}})
        assert not view["problems"]
        folder = session.answer({"do": "write"})["folder"]
        made = new_from(tmp_path / "theirs" / "mine", files, language, given)
        text = (made.folder / "study.yaml").read_text(encoding="utf-8")
        assert view["text"] == text == (tmp_path / "mine" / "study.yaml").read_text(encoding="utf-8")
        assert folder == "mine"
        for file in files:
            assert (tmp_path / "mine" / "raw" / file.name).read_bytes() == file.read_bytes()
        json.dumps(view)  # plain values
    shown = fields(view)
    for guess in made.guesses:
        place = guess.place if guess.place in shown else f"{guess.place}.instrument"
        if guess.place.endswith((".answers", ".reversed", ".kind")) or guess.place in {"title", "files.header", "unit"}:
            continue  # these stand in the text of the study file, which is shown
        if place.endswith(".instrument") and place not in shown:
            continue  # a score that is a score has no questionnaire to choose
        assert shown[place]["note"], place
        assert shown[place]["state"] in {"guessed", "open"}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_at_its_field_with_its_row(name, session):
    mistake, rows = MISTAKES[name], clean()
    mistake.plant(rows)
    view = read(session, rows)
    found = session.answer({"do": "check"})
    assert not found["fit"]
    here = [problem["sentence"] for problem in found["problems"] if problem["place"] == mistake.place]
    assert here, found["problems"]
    assert all(word in here[0] for word in mistake.names), here
    assert mistake.place in fields(view)
    assert not any(session.folder.as_posix() in problem["sentence"] for problem in found["problems"])


def test_a_clean_file_is_fit_at_once_and_is_shown_as_it_is_read(session):
    view = read(session)
    (table,) = view["files"][0]["tables"]
    assert (table["rows"], table["columns"], len(table["cells"])) == (40, 37, 8)
    assert table["heads"][:5] == ["leerlingnr", "lk", "groep", "school", "conditie"]
    assert table["cells"][0][:5] == ["P01", "Bakker", "5A", "De Vlinder", "interventie"]
    found = session.answer({"do": "check"})
    assert found["fit"]
    assert found["pupils"] == 40
    assert found["foreseen"]


def test_what_is_chosen_holds_and_bears_no_mark(session):
    read(session)
    view = chosen(session, design__kind="randomised", strs__version="A", primary="strs", strs__missing="9, nvt")
    text = yaml.safe_load(view["text"])
    assert text["design"]["kind"] == "randomised"
    assert text["outcomes"][0]["version"] == "A"
    assert text["outcomes"][0]["missing"] == [9, "nvt"]
    assert text["outcomes"][0]["role"] == "primary"
    shown = fields(view)
    for place in ("design.kind", "strs.version", "primary"):
        assert (shown[place]["state"], shown[place]["note"]) == ("said", "")
    assert fields(chosen(session))["design.kind"]["state"] == "guessed"  # taken back


def test_another_questionnaire_asks_for_its_own_version_and_its_explanation(session):
    before = fields(read(session))
    assert [one["value"] for one in before["strs.version"]["options"]] == ["A", "B", "C"]
    assert any("1, 3, 4, 5" in line for line in before["strs.instrument"]["more"])
    after = fields(chosen(session, strs__instrument="rosenberg"))
    assert [one["value"] for one in after["strs.version"]["options"]] == ["", "0-3", "1-4"]
    assert "satisfied-first" in str(after["strs.order"]["options"])
    assert (
        yaml.safe_load(chosen(session, strs__instrument="rosenberg", strs__version="1-4")["text"])["outcomes"][0][
            "version"
        ]
        == "1-4"
    )
    own = chosen(session, strs__instrument="own")
    assert {"strs.range", "strs.better"} <= fields(own).keys()
    assert yaml.safe_load(own["text"])["outcomes"][0]["name"] == "strs"


def test_an_answer_that_cannot_be_stands_at_its_field_and_the_rest_holds(session):
    read(session)
    view = chosen(session, taaltoets__informant="test", strs__instrument="strs-sv", design__kind="randomised")
    (problem,) = view["problems"]
    assert problem["place"] == "strs.instrument"
    assert "strs-sf" in problem["sentence"]
    assert yaml.safe_load(view["text"])["design"]["kind"] == "randomised"
    assert fields(view)["strs.instrument"]["value"] == "strs-sv"


def test_an_outcome_can_be_left_out_and_taken_back(session):
    read(session)
    view = chosen(session, taaltoets__use="no")
    assert [one.get("name", one.get("instrument")) for one in yaml.safe_load(view["text"])["outcomes"]] == ["strs-sf"]
    assert "taaltoets_T0" in view["text"]  # named among what is not used
    assert fields(view)["taaltoets.use"]["value"] == "no"
    assert "taaltoets.better" in fields(chosen(session))


def test_a_column_that_is_not_used_can_be_said_to_be_known_beforehand(session):
    rows = [
        {**row, "kleur": "rood" if i % 3 else "blauw", "eigen": str(i % 7 + i / 10)} for i, row in enumerate(clean())
    ]
    shown = fields(read(session, rows))
    assert [one["value"] for one in shown["besides.kleur"]["options"]] == ["no", "covariate"]
    view = chosen(session, besides__kleur="covariate", besides__eigen="score")
    text = yaml.safe_load(view["text"])
    assert text["covariates"] == ["kleur"]
    assert text["outcomes"][-1]["column"] == "eigen"
    assert fields(view)["besides.kleur"]["value"] == "covariate"


def test_a_mended_file_takes_the_place_of_the_first_and_one_can_be_dropped(session):
    rows = clean()
    rows[4]["strs_3_T0"] = "7"
    read(session, rows)
    assert not session.answer({"do": "check"})["fit"]
    view = read(session, name="METINGEN.csv")
    assert [file["name"] for file in view["files"]] == ["metingen.csv"]
    assert session.answer({"do": "check"})["fit"]
    view = session.answer({"do": "drop", "name": "metingen.csv"})
    assert (view["files"], view["sections"], view["text"]) == ([], [], "")
    assert session.answer({"do": "check"}) == {"checked": False, "problems": [], "fit": False}
    assert session.answer({"do": "write"})["place"] == "files"


@pytest.mark.parametrize(("name", "content"), [
    ("metingen.csv", b""), ("metingen.xlsx", b"no workbook"), ("metingen.sav", b"\x00" * 99),
    ("a.csv", b"\xff\xfe\x00"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_says_why_where_it_was_chosen(name, content, session):
    view = session.answer({"do": "read", "name": name}, content)
    assert {problem["place"] for problem in view["problems"]} == {"files"}
    assert all(name in problem["sentence"] for problem in view["problems"])
    assert not view["text"]
    assert read(session, name="goed.csv")["problems"] == view["problems"]  # it is still there
    assert not session.answer({"do": "drop", "name": name})["problems"]
    assert session.answer({"do": "check"})["fit"]


@pytest.mark.parametrize("name", ["../../x.csv", "C:\\x\\x.csv", "/etc/x.csv"])
def test_a_file_name_leads_nowhere_else(name, session, tmp_path):
    assert read(session, name=name)["files"][0]["name"] == "x.csv"
    assert [path.name for path in (session.folder / "raw").iterdir()] == ["x.csv"]
    assert not list(tmp_path.rglob("x.csv"))


@pytest.mark.parametrize("name", ["", "..", "x.exe", ".csv", "x"])
def test_what_is_no_file_of_data_is_refused(name, session):
    told = read(session, name=name)
    assert told["place"] == "files"
    assert told["error"]


def test_a_study_is_saved_once_and_again_and_never_over_another(session, tmp_path):
    (tmp_path / "bestaat-al").mkdir()
    read(session)
    told = session.answer({"do": "write", "form": {"title": "Bestaat al"}})
    assert told["place"] == "title"
    assert not list((tmp_path / "bestaat-al").iterdir())
    first = session.answer({"do": "write", "form": {"title": "Één nieuwe: studie!"}})["folder"]
    assert first == "een-nieuwe-studie"
    chosen(session, "write", design__kind="randomised")
    study = load_study(tmp_path / "een-nieuwe-studie")
    assert (study.design.kind, study.title) == ("randomised", "Één nieuwe: studie!")
    assert check_study(study).questions
    assert {path.name for path in (tmp_path / "een-nieuwe-studie").iterdir()} == {
        "raw", "study.yaml", "study.schema.json", "README.md"
    }  # fmt: skip


def test_a_text_of_ones_own_is_what_counts_until_one_goes_back(session):
    drafted = read(session)["text"]
    own = drafted.replace("kind: controlled", "kind: nonsense")
    view = session.answer({"do": "suggest", "form": {"own": own}})
    assert view["text"] == own
    (problem,) = session.answer({"do": "check"})["problems"]
    assert problem["place"] == "design.kind"
    assert session.answer({"do": "suggest", "form": {"own": ""}})["text"] == drafted


def test_a_file_can_be_named_by_its_path(session, tmp_path):
    (tmp_path / "hier.csv").write_bytes(csv(clean()))
    assert session.answer({"do": "read", "path": "hier.csv"})["files"][0]["name"] == "hier.csv"
    assert "weg.csv" in session.answer({"do": "read", "path": "weg.csv"})["error"]


def test_the_language_changes_all_that_is_shown(session):
    read(session)
    nl, en = (session.answer({"do": "begin", "form": {"language": language}}) for language in ("nl", "en"))
    assert (nl["words"]["run"], en["words"]["run"]) == ("Maak rapport", "Make the report")
    assert fields(nl)["columns.pupil"]["label"] != fields(en)["columns.pupil"]["label"]
    assert "language: en" in en["text"]
    assert "guessed:" in en["text"]


def test_the_languages_have_the_same_words():
    def keys(node, path=""):
        if not isinstance(node, dict):
            return {path}
        return set().union(*(keys(below, f"{path}.{name}") for name, below in node.items()))

    words = {language: topic_sentences("building", language) for language in LANGUAGES}
    assert keys(words["nl"]) == keys(words["en"])


def test_every_word_of_the_script_is_there():
    import re

    script = (ROOT / "src/werkbank/building/static/form.js").read_text(encoding="utf-8")
    used = set(re.findall(r"\b(?:w|words)\.([a-z_]+)\b", script))
    assert used
    assert used <= topic_sentences("building", "nl")["page"].keys() | {"replace"}
    assert "innerHTML" not in script
    assert not re.search(r"https?://(?!127)", script)


def test_a_message_that_means_nothing_is_refused(session):
    for message in ({}, {"do": "close"}, {"do": ["read"]}, {"do": "_begin"}):
        assert session.answer(message)["error"]


def test_a_report_that_cannot_be_begun_names_its_problems(session):
    rows = clean()
    MISTAKES["an answer out of range"].plant(rows)
    read(session, rows)
    told = session.answer({"do": "run"})
    assert not told["running"]
    assert told["problems"][0]["place"] == "strs.missing"
    assert session.made is None


def until_over(session):
    steps = []
    for _ in range(600):
        told = session.answer({"do": "progress"})
        if not told["running"]:
            return told, steps
        steps.append((told["step"], told["part"]))
        time.sleep(0.05)
    raise AssertionError(steps)


def instead(monkeypatch, code):
    monkeypatch.setattr("werkbank.building.making.report_command", lambda *_: [sys.executable, "-c", code])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('{\"ok\": false, \"error\": \"het ging niet\", \"problems\": [{\"sentence\": \"daarom\"}]}')",
         "het ging niet daarom"),
        ("raise SystemExit('zomaar gestopt')", "zomaar gestopt"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)  # fmt: skip
def test_a_report_that_fails_says_so_and_can_be_asked_again(code, words, session, monkeypatch):
    instead(monkeypatch, code)
    read(session)
    for _ in range(2):
        assert session.answer({"do": "run"})["running"]
        told, _ = until_over(session)
        assert words in told["error"]
        assert not told["report"]


def test_steps_are_heard_in_words_and_the_bar_never_goes_back(session, monkeypatch):
    code = """
import json, time
from werkbank import steps
for name in ("reading", "scoring", "starting", "describing"):
    steps.begin(name)
    time.sleep(0.3)
print(json.dumps({"ok": True, "folder": "r", "files": ["r/share/evaluation.nl.html", "r/evaluation.nl.html"]}))
"""
    instead(monkeypatch, code)
    read(session)
    session.answer({"do": "run"})
    told, seen = until_over(session)
    assert told["report"] == "evaluation.nl.html"
    assert "antwoorden scoren" in [step for step, _ in seen]
    parts = [part for _, part in seen]
    assert parts == sorted(parts)
    assert 0.35 <= parts[-1] < 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such interrupt")
def test_a_form_that_is_closed_interrupts_its_report(tmp_path, monkeypatch):
    code = """
import pathlib, time
pathlib.Path("begun").touch()
try:
    time.sleep(60)
except KeyboardInterrupt:
    pathlib.Path("cleared").touch()
"""
    monkeypatch.chdir(tmp_path)
    instead(monkeypatch, code)
    with Session(tmp_path, "nl") as session:
        read(session)
        session.answer({"do": "run"})
        for _ in range(400):
            if (tmp_path / "begun").exists():
                break
            time.sleep(0.05)
        assert session.busy
    assert (tmp_path / "cleared").exists()
    assert not session.busy


def test_a_form_keeps_what_a_page_leaves_out():
    known = Form("nl", "Titel", {"a": "b"})
    assert Form.of({}, known) == known
    assert Form.of({"language": "xx", "answers": {"a": " "}}, known) == Form("nl", "Titel", {})


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("a class in two spellings", "aliases.class", "all"),
        ("an arm in two spellings", "aliases.arm", "all"),
        ("a row of averages", "skip.metingen.csv", "42"),
        ("a pupil without number", "skip.metingen.csv", "14"),
        ("a word among answers", "strs.missing", "soms"),
        ("a word for a score", "taaltoets.missing", "ziek"),
        ("999 for a score", "taaltoets.missing", "999"),
    ],
)
def test_one_answer_mends_what_only_its_user_can_know(name, place, value, session):
    rows = clean()
    MISTAKES[name].plant(rows)
    read(session, rows)
    mends = [problem["mend"] for problem in session.answer({"do": "check"})["problems"] if problem["mend"]]
    assert {(mend["place"], mend["value"]) for mend in mends} == {(place, value)}
    assert all(mend["label"] for mend in mends)
    view = session.answer({"do": "suggest", "form": {"answers": {place: value}}})
    assert fields(view)[place]["value"] == value
    found = session.answer({"do": "check"})
    assert found["fit"], found["problems"]
    assert found["pupils"] == 40 - (name == "a pupil without number")


def test_a_row_that_is_no_number_is_refused_at_its_field(session):
    read(session)
    view = session.answer({"do": "suggest", "form": {"answers": {"skip.metingen.csv": "veertien"}}})
    assert [problem["place"] for problem in view["problems"]] == ["skip.metingen.csv"]
    assert fields(view)["skip.metingen.csv"]["value"] == "veertien"


def test_lots_within_schools_can_be_said(session):
    shown = fields(read(session))
    assert [one["value"] for one in shown["design.blocks"]["options"]] == ["false", "school"]
    view = chosen(session, design__blocks="school", design__kind="randomised")
    assert yaml.safe_load(view["text"])["design"]["blocks"] == "school"
    assert session.answer({"do": "check"})["fit"]


def test_a_programme_and_names_for_readers_are_written_where_they_are_said(session):
    answers = {"programme": "LLInC", "labels.arm.controle": "wachtlijst", "labels.wave.T0": "september"}
    session.answer({"do": "read", "name": "metingen.csv"}, csv(clean()))
    bare = session.answer({"do": "suggest"})
    assert "programme" not in bare["text"]
    assert next(one for one in bare["sections"] if one["id"] == "naming")["folded"]
    shown = session.answer({"do": "suggest", "form": {"answers": answers}})
    assert "programme: llinc" in shown["text"]
    assert "    controle: wachtlijst" in shown["text"]
    fields = {
        field["place"]: field for one in shown["sections"] for group in one["groups"] for field in group["fields"]
    }
    assert len(fields["programme"]["more"]) == 2  # its title, and where it is known from
    assert "een coach" in fields["programme.provider"]["help"]
    assert fields["labels.wave.T0"]["value"] == "september"
    assert session.answer({"do": "check"})["fit"]


def test_who_gave_a_programme_without_a_name_is_refused_at_its_field(session):
    session.answer({"do": "read", "name": "metingen.csv"}, csv(clean()))
    shown = session.answer({"do": "suggest", "form": {"answers": {"programme.provider": "een coach"}}})
    assert [one["place"] for one in shown["problems"]] == ["programme.provider"]
    assert "programme" not in shown["text"]


def test_several_outcomes_can_have_been_chosen_beforehand_or_none(session):
    read(session)
    view = session.answer({"do": "suggest"})
    naming = next(one for one in view["sections"] if one["id"] == "naming")
    primary = next(field for group in naming["groups"] for field in group["fields"] if field["place"] == "primary")
    assert (primary["kind"], primary["nothing"], primary["state"]) == ("checks", "none", "guessed")
    places = [one["value"] for one in primary["options"]]
    assert len(places) == 2
    view = chosen(session, primary=", ".join(places))
    study = yaml.safe_load(view["text"])
    assert [outcome["role"] for outcome in study["outcomes"]] == ["primary", "primary"]
    assert fields(view)["primary"]["state"] == "said"
    assert session.answer({"do": "check"})["fit"]
    view = chosen(session, primary="none")
    assert {outcome["role"] for outcome in yaml.safe_load(view["text"])["outcomes"]} == {"secondary"}
    view = chosen(session, primary=f"none, {places[0]}")  # both cannot be
    assert [problem["place"] for problem in view["problems"]] == ["primary"]


def test_to_whom_the_programme_was_given_is_written_where_it_is_said(session):
    text = read(session)["text"]
    assert "received_by" not in yaml.safe_load(text)["design"]
    view = chosen(session, **{"design.received_by": "teacher, parent"})
    assert yaml.safe_load(view["text"])["design"]["received_by"] == ["teacher", "parent"]
    assert session.answer({"do": "check"})["fit"]
    view = chosen(session, **{"design.received_by": "teacher, coach"})
    assert [problem["place"] for problem in view["problems"]] == ["design.received_by"]
    assert "coach" in view["problems"][0]["sentence"]
