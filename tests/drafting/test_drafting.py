"""A first study file from files: what is guessed is right and marked, what cannot be is asked, nothing is silent."""

from __future__ import annotations

import re
from functools import cache

import pytest
import yaml
from tests.conftest import ROOT
from tests.drafting.files_to_draft import KINDS, N, arm_of, csv, people

from werkbank.catalogue import LANGUAGES, topic_sentences
from werkbank.drafting.asking import on_terminal
from werkbank.drafting.making import new_from
from werkbank.drafting.settling import MOST_QUESTIONS, Question
from werkbank.errors import UnfitError, UsageError
from werkbank.running.checking import check_study
from werkbank.study import load_study

MARK = {"nl": ("geraden:", "niet te zien:"), "en": ("guessed:", "cannot be seen:")}
SHIPPED = ROOT / "data" / "examples"


def drafted(folder, kind, language="en", given=None, ask=None):
    source = folder / "source"
    source.mkdir(exist_ok=True)
    files = kind.write(source)
    return new_from(folder / f"study-{language}-{len(given or {})}", files, language, given, ask), files


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Give what was drafted from a kind of file in a language, once for all tests that only look at it."""
    return cache(lambda name, language="en": drafted(tmp_path_factory.mktemp("once"), KINDS[name], language))


@pytest.mark.parametrize("name", KINDS)
def test_a_file_leads_to_a_study_that_check_accepts(name, tmp_path, once):
    kind = KINDS[name]
    made, files = once(name)
    assert {place: made.settled.get(place) for place in kind.truth} == kind.truth
    for file in files:
        assert (made.folder / "raw" / file.name).read_bytes() == file.read_bytes()
    if kind.said:
        with pytest.raises(UnfitError):
            check_study(load_study(made.folder))
        made, _ = drafted(tmp_path, kind, given=kind.said)
    checked = check_study(load_study(made.folder))
    assert checked.questions
    n_pupils = len(checked.intake.pupils)
    assert n_pupils in {N, 60}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", KINDS)
def test_every_guess_stands_marked_above_its_line(name, language, once):
    made, _ = once(name, language)
    text = (made.folder / "study.yaml").read_text(encoding="utf-8")
    comments = " ".join(line.strip().removeprefix("# ") for line in text.splitlines() if line.strip().startswith("# "))
    for guess in made.guesses:
        line = " ".join(guess.line(language).split())
        assert line in comments, guess.place
        assert line.startswith(MARK[language]), line
        assert ("; anders:" in line or "; otherwise:" in line) or guess.open or guess.value in {"none", "unknown"}
    raw = yaml.safe_load(text)
    assert raw["language"] == language
    assert all(len(line) <= 120 for line in text.splitlines() if line.strip().startswith("#"))


def test_nothing_of_the_design_stands_there_without_a_mark(once):
    for name in KINDS:
        made, _ = once(name)
        study = yaml.safe_load((made.folder / "study.yaml").read_text(encoding="utf-8"))
        marked = {guess.place for guess in made.guesses}
        assert "design.kind" in marked
        assert study["design"]["kind"] != "randomised"
        assert {f"arms.{code}" for code in study.get("arms", {})} <= marked
        assert ("assigned_by" not in study["design"]) or "design.assigned_by" in marked
        directions = {place.split(".")[0] for place in marked if place.endswith(".better")}
        assert {o["name"] for o in study["outcomes"] if "better" in o} <= directions


def test_what_was_answered_is_a_fact_and_bears_no_mark(tmp_path):
    given = {"design.kind": "randomised", "strs.version": "B", "primary": "none", "columns.school": "none"}
    made, _ = drafted(tmp_path, KINDS["wide, a questionnaire in version A"], given=given)
    assert not given.keys() & {guess.place for guess in made.guesses}
    study = load_study(made.folder)
    assert study.design.kind == "randomised"
    assert study.outcomes[0].version == "B"
    assert study.outcomes[0].role == "secondary"
    assert study.columns.school is None


def test_at_most_seven_questions_and_enter_leaves_the_guess(tmp_path):
    asked = []

    def ask(question):
        asked.append(question)
        return ""

    for name in KINDS:
        asked.clear()
        folder = tmp_path / re.sub(r"\W", "", name)
        folder.mkdir()
        made, _ = drafted(folder, KINDS[name], ask=ask)
        assert len(asked) <= MOST_QUESTIONS
        assert len({question.place for question in asked}) == len(asked)
        assert all(question.sentence for question in asked)
        guessed = {guess.place for guess in made.guesses}
        assert {q.place for q in asked} - {"control"} <= guessed, name


def test_a_terminal_takes_a_name_its_beginning_or_enter(tmp_path):
    typed, told = iter(["nonsense", "b", "rand", ""]), []
    ask = on_terminal("nl", told.append, lambda _: next(typed, ""))
    made, _ = drafted(tmp_path, KINDS["two arms that say nothing"], "nl", ask=ask)
    study = load_study(made.folder)
    assert any("nonsense" in line for line in told)
    assert study.design.kind == "randomised"
    assert study.arms == {"A": "intervention", "B": "control"}
    assert study.design.assigned_by == "class"
    guessed = {guess.place for guess in made.guesses}
    assert "design.assigned_by" in guessed  # Enter
    assert not guessed & {"design.kind", "control", "arms.A", "arms.B"}


def test_several_outcomes_are_named_beforehand_by_an_option_or_on_a_terminal(tmp_path):
    kind = KINDS["workbook with scores"]
    typed = {}

    def answer(question):
        typed[question.place] = question
        return ", ".join(question.choices[:2]) if question.several else ""

    (tmp_path / "asked").mkdir()
    made, _ = drafted(tmp_path / "asked", kind, ask=answer)
    assert typed["primary"].several
    names = typed["primary"].choices[:2]
    assert [one.id for one in load_study(made.folder).outcomes if one.role == "primary"] == list(names)
    assert "primary" not in {guess.place for guess in made.guesses}
    (tmp_path / "said").mkdir()
    given = {"primary": f"{names[1]},{names[0]},{names[0]}", "design.received_by": "teacher,pupil"}
    made, _ = drafted(tmp_path / "said", kind, given=given)
    study = load_study(made.folder)
    assert {one.id for one in study.outcomes if one.role == "primary"} == set(names)
    assert study.design.received_by == ["teacher", "pupil"]


def test_a_terminal_takes_several_by_their_beginnings():
    typed, told = iter(["strs, onzin", "str, taal"]), []
    ask = on_terminal("nl", told.append, lambda _: next(typed))
    assert ask(Question("primary", "Welke?", ("strs", "taaltoets", "none"), "", several=True)) == "strs, taaltoets"
    assert any("onzin" in line for line in told)


def test_an_end_of_input_leaves_the_guesses(tmp_path):
    def ended(_):
        raise EOFError

    made, _ = drafted(tmp_path, KINDS["workbook with scores"], ask=on_terminal("en", lambda _: None, ended))
    assert {"design.kind", "primary"} <= {guess.place for guess in made.guesses}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"design.knd": "randomised"}, "design.kind"),
        ({"design.kind": "random"}, "randomised"),
        ({"strs.version": "Z"}, "A, B"),
        ({"arms.interventie": "treated"}, "intervention"),
        ({"columns.pupil": "leerling"}, "leerlingnr"),
    ],
)
def test_an_answer_that_answers_nothing_is_refused_and_leaves_nothing(given, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        drafted(tmp_path, KINDS["wide, a questionnaire in version A"], given=given)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_folder_that_exists_stays_as_it_is(tmp_path):
    kind = KINDS["workbook with scores"]
    made, files = drafted(tmp_path, kind)
    before = (made.folder / "study.yaml").read_bytes()
    with pytest.raises(UsageError):
        new_from(made.folder, files, "en")
    assert (made.folder / "study.yaml").read_bytes() == before


def test_files_that_cannot_be_read_leave_nothing(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "b.doc").write_bytes(b"x")
    for file, error in (("a.csv", UnfitError), ("b.doc", UsageError), ("c.csv", UsageError)):
        with pytest.raises(error):
            new_from(tmp_path / "study", [tmp_path / file], "nl")
        assert not (tmp_path / "study").exists()
    with pytest.raises(UsageError, match=r"a\.csv"):
        new_from(tmp_path / "study", [tmp_path / "a.csv", tmp_path / "a.csv"], "nl")


def test_a_typing_error_is_left_for_check_with_its_cell(tmp_path):
    frame = people()
    frame["conditie"] = arm_of(frame.pop("c"))
    for wave in ("T0", "T1"):
        frame = frame.assign(**{f"strs_{i}_{wave}": [1 + (i * k + k // 7) % 5 for k in range(N)] for i in range(1, 16)})
    frame["strs_3_T1"] = frame["strs_3_T1"].astype(object)
    frame.loc[4, "strs_3_T1"], frame.loc[9, "conditie"], frame.loc[11, "strs_4_T0"] = "vier", "controel", 44
    made = new_from(tmp_path / "study", [csv(frame, tmp_path / "metingen.csv")], "en", {"strs.version": "B"})
    assert made.settled["strs.instrument"] == "strs-sf"
    assert set(load_study(made.folder).arms) == {"controle", "interventie"}
    with pytest.raises(UnfitError) as unfit:
        check_study(load_study(made.folder))
    found = {(problem.column, problem.row, problem.value) for problem in unfit.value.problems}
    assert found == {("strs_3_T1", 6, "vier"), ("conditie", 11, "controel"), ("strs_4_T0", 13, "44")}


def test_a_single_letter_is_no_control_arm_among_others(tmp_path):
    frame = people()
    frame["arm"] = arm_of(frame.pop("c"), ("A", "B", "C", "D"))
    frame = frame.assign(taal_T0=range(N), taal_T1=range(7, N + 7))
    made = new_from(tmp_path / "study", [csv(frame, tmp_path / "x.csv")], "en")
    assert {made.settled[f"arms.{code}"] for code in "ABCD"} == {"?"}


def test_one_and_two_without_labels_are_left_open(tmp_path):
    frame = people()
    frame["conditie"] = arm_of(frame.pop("c"), (1, 2))
    frame = frame.assign(taal_T0=range(N), taal_T1=range(7, N + 7))
    made = new_from(tmp_path / "study", [csv(frame, tmp_path / "x.csv")], "nl")
    assert {made.settled["arms.1"], made.settled["arms.2"]} == {"?"}
    with pytest.raises(UnfitError, match=r"arms\.1"):
        load_study(made.folder)


def test_files_of_classes_that_number_alike_keep_their_pupils_apart(tmp_path):
    paths = []
    for n, name in enumerate(("klas5a", "klas5b", "klas6a")):
        frame = people(12, 2).drop(columns=["klas", "school", "c"])
        frame["leerlingnr"] = range(1, 13)
        frame = frame.assign(taal_T0=range(20 + n, 32 + n), taal_T1=range(25, 37))
        paths.append(csv(frame, tmp_path / f"{name}.csv"))
    made = new_from(tmp_path / "study", paths, "nl")
    assert made.settled["columns.pupil"] == "class+leerlingnr"
    assert len(check_study(load_study(made.folder)).intake.pupils) == 36


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        (
            "bdf",
            {"columns.pupil": "pupilNR", "columns.class": "classNR", "waves.PRET": "pre", "lang.informant": "test"},
        ),
        ("baumann", {"columns.arm": "group", "arms.Basal": "?", "waves.pretest": "pre"}),
        (
            "nabijheid",
            {"columns.wave": "meting", "design.assigned_by": "class", "strs.version": "B", "rekenen.informant": "test"},
        ),
    ],
)
def test_the_examples_are_read_as_their_study_files_have_them(name, truth, tmp_path):
    files = sorted((SHIPPED / name / "raw").iterdir())
    made = new_from(tmp_path / "study", files, "nl")
    assert {place: made.settled.get(place) for place in truth} == truth


@pytest.mark.parametrize(("name", "words"), [("klassenspel", "single_case"), ("volgsysteem", "monitoring")])
def test_what_needs_another_study_file_says_so(name, words, tmp_path):
    made = new_from(tmp_path / "study", sorted((SHIPPED / name / "raw").iterdir()), "en")
    assert words in (made.folder / "study.yaml").read_text(encoding="utf-8")


def test_each_sentence_of_a_guess_says_why_and_what_else():
    def sentences(node):
        for value in node.values():
            yield from sentences(value) if isinstance(value, dict) else [value]

    for language in LANGUAGES:
        starts, otherwise = MARK[language], {"nl": "; anders:", "en": "; otherwise:"}[language]
        for sentence in sentences(topic_sentences("drafting", language)["guess"]):
            assert sentence.startswith(starts)
            assert otherwise in sentence or sentence.startswith(starts[1])


def test_a_range_is_two_numbers(tmp_path):
    kind = KINDS["own items, 0 and 1, 99 for missing, one reversed"]
    with pytest.raises(UsageError, match="1-5"):
        drafted(tmp_path, kind, given={"motivatie.range": "vijf"})
    made, _ = drafted(tmp_path, kind, given={"motivatie.range": "0-5"})
    assert load_study(made.folder).outcomes[0].range == (0, 5)


def test_the_command_asks_on_a_terminal_and_writes_what_was_answered(tmp_path):
    from tests.test_commands_that_talk import on_terminal

    source = tmp_path / "source"
    source.mkdir()
    (file,) = KINDS["two arms that say nothing"].write(source)
    words = ["new", "studie", "--from", str(file)]
    code, shown, _ = on_terminal(words, tmp_path, typed="B\nrandomised\n\n")
    assert code == 0, shown
    assert "Welke conditie kreeg het programma niet?" in shown
    assert "hoogstens 7" in shown
    study = load_study(tmp_path / "studie")
    assert study.arms == {"A": "intervention", "B": "control"}
    assert study.design.kind == "randomised"
    text = (tmp_path / "studie" / "study.yaml").read_text(encoding="utf-8")
    assert "niet geloot" not in text
    assert "geschikt" in shown
