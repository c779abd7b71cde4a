"""What was given out is remembered: the same again is the same, and what would tell beside it is held back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from tests.disclosure.test_batch_attack import study_of_schools

from werkbank.catalogue import say
from werkbank.disclosure import register
from werkbank.disclosure.register import Register, UnknownStateError
from werkbank.errors import UsageError
from werkbank.running import given_out, manifest
from werkbank.running.runner import run_held, run_languages
from werkbank.running.together import settle
from werkbank.running.verify import verify
from werkbank.study import load_study
from werkbank.study.finding import example_path

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
SETTLE = (
    "import sys; from pathlib import Path; from werkbank.study import load_study\n"
    "from werkbank.running.together import settle\n"
    "print(settle({Path(sys.argv[2]): load_study(sys.argv[1])}).said)"
)


@pytest.fixture(autouse=True)
def _code_stands_still(monkeypatch):
    monkeypatch.setattr(manifest, "_code", lambda: "0")


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A study, and two reports of it whose copies to share nobody has looked at yet."""
    folder = tmp_path_factory.mktemp("onderzoek")
    (folder / "studie").mkdir()
    study_of_schools(folder / "studie", 1, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "_code", lambda: "0")
        for language in ("nl", "en"):
            run_held(folder / "studie", "school", languages=(language,), out=folder / language, warm=True)
    return folder


@pytest.fixture
def place(origin, tmp_path):
    shutil.copytree(origin, tmp_path / "werk")
    return tmp_path / "werk"


def settled(place, language="nl", **more):
    """Let the copy of one report go; return what is said."""
    study = load_study(place / "studie")
    return settle({place / language: study}, **more).said.get(place / language, ())


def share_of(folder):
    (entry,) = json.loads((folder / manifest.NAME).read_text())["reports"].values()
    return entry["share"]


def let_go(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("share/*"))}


def goes(language):
    """Return what a copy of the school report is: a page, its reading help, and its results twice."""
    return {f"school.{language}.{end}" for end in ("html", "reading_help.html", "json", "csv")}


def registered(place):
    return register.read(load_study(place / "studie"))


def without_pupils(place, *pupils):
    raw = place / "studie" / "raw.csv"
    rows = raw.read_text(encoding="utf-8").splitlines()
    raw.write_text("\n".join(r for r in rows if r.partition(";")[0] not in pupils) + "\n", encoding="utf-8")


def test_a_delivery_is_remembered_and_the_same_again_is_the_same(place):
    shutil.copytree(place / "nl", place / "nog")
    assert settled(place) == ()
    first, state = let_go(place / "nl"), registered(place).state
    assert {*first} == goes("nl")
    assert settled(place, "en") == ()
    assert share_of(place / "en")["register"] == state, "a manifest names beside what it was decided"
    both = registered(place)
    assert settled(place, "nog") == settled(place) == ()
    assert let_go(place / "nog") == let_go(place / "nl") == first
    assert share_of(place / "nog") == share_of(place / "nl")
    assert registered(place) == both, "nothing new was given out"
    assert {one.verdict for one in verify([place], quick=True)} == {"intact"}


def test_the_register_holds_nobody(place):
    settled(place)
    text = (place / "studie" / register.FOLDER / register.NAME).read_text(encoding="utf-8")
    rows = [row.split(";") for row in (place / "studie" / "raw.csv").read_text().splitlines()[1:]]
    words = set(text.replace('"', " ").replace(",", " ").replace(":", " ").split())
    assert not words & {row[0] for row in rows}, "no number of a pupil"
    assert "p-" not in text, "no code of a pupil"
    entry = json.loads(text)["entries"][0]
    (one,) = registered(place).deliveries
    copy = json.loads((place / "nl" / "share" / "school.nl.json").read_text())
    shown = {item["value"] for item in copy["facts"]} | {i["n"] for i in copy["facts"] + copy["estimates"]}
    assert set(one.shown.values()) <= shown, "a number in it was given out"
    assert entry["on"] == given_out.today()
    assert (place / "studie" / register.FOLDER / register.NAME).stat().st_mode & 0o077 == 0


def test_one_pupil_less_is_held_back_and_said_and_shown_when_the_first_copy_is_withdrawn(place):
    settled(place)
    without_pupils(place, "p7")
    (made,) = run_languages(place / "studie", "school", languages=("nl",), out=place / "later", warm=True)
    share = share_of(place / "later")
    assert share["earlier"] > 10
    assert made.notes == (say("privacy.earlier", "nl", n=share["earlier"], study="studie"),)
    assert made.notes[0] in (place / "later" / "school.nl.html").read_text(encoding="utf-8")
    old, new = (json.loads((place / f / "share" / "school.nl.json").read_text()) for f in ("nl", "later"))
    for what in ("mean", "pupils_enrolled", "pupils_analysed", "pupils_measured"):
        both = [{f["id"]: f["value"] for f in of["facts"] if f["what"] == what} for of in (old, new)]
        differing = {i for i, value in both[1].items() if None not in {value, both[0][i]} and value != both[0][i]}
        assert not differing, "two numbers that differ by one pupil are not both given out"
    assert {one.verdict for one in verify([place / "later"], study=place / "studie")} == {"same"}
    study = load_study(place / "studie")
    assert [line.partition(".")[0] for line in given_out.listed(study, "nl")] == ["1", "2"]
    assert given_out.declare_withdrawn(study, ["1"], "nl") == 1
    (again,) = run_languages(place / "studie", "school", languages=("nl",), out=place / "later", warm=True)
    assert again.notes == ()
    assert share_of(place / "later")["earlier"] == 0
    with pytest.raises(UsageError, match="1"):
        given_out.declare_withdrawn(study, ["1"], "nl")


@pytest.mark.parametrize("how", ["lost", "damaged", "cut", "older", "read_only", "key"])
def test_a_register_that_says_nothing_holds_new_copies_back_until_the_user_says_how_to_go_on(place, how, monkeypatch):
    study = load_study(place / "studie")
    path = place / "studie" / register.FOLDER / register.NAME
    if how == "older":
        register.write(study, Register())
        empty = path.read_bytes()
    settled(place)
    if how == "lost":
        path.unlink()
    elif how == "damaged":
        path.write_bytes(path.read_bytes().replace(b'"school.nl"', b'"school.en"', 1))
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "older":
        path.write_bytes(empty)
        settled_state = registered_or_why(study)
        assert settled_state == "older"
    elif how == "read_only":
        monkeypatch.setattr(register, "_put", refusing)
    else:
        monkeypatch.setenv("WERKBANK_KEYS", str(place / "sleutels"))
    why = {"cut": "damaged"}.get(how, how)
    assert settled(place, "en") == (given_out.said(why, study, study.language),)
    assert let_go(place / "en") == {}
    assert share_of(place / "en")["held"] == why
    page = (place / "en" / "school.en.html").read_text(encoding="utf-8")
    assert given_out.said(why, study, "en").partition(":")[0] in page
    assert {one.verdict for one in verify([place / "en"], quick=True)} == {"intact"}
    if how == "read_only":
        monkeypatch.undo()
    else:
        given_out.declare_withdrawn(study, [], "nl", everything=True)
    assert settled(place, "en") == ()
    assert {*let_go(place / "en")} == goes("en")
    assert given_out.said(why, study, "en").partition(":")[0] not in (place / "en" / "school.en.html").read_text()


def registered_or_why(study):
    try:
        return register.read(study)
    except UnknownStateError as error:
        return error.why


def refusing(*_):
    raise PermissionError(13, "Permission denied")


def test_a_folder_that_cannot_be_made_holds_back_and_another_may_be_named(place, monkeypatch):
    (place / "studie" / register.FOLDER).write_text("a file in its place", encoding="utf-8")
    study = load_study(place / "studie")
    assert settled(place) == (given_out.said("read_only", study, "nl"),)
    assert let_go(place / "nl") == {}
    monkeypatch.setenv(register.ENVIRONMENT, str(place / "registers"))
    assert settled(place) == ()
    assert {*let_go(place / "nl")} == goes("nl")
    assert (place / "registers" / "studie" / register.NAME).is_file()


def test_two_runs_at_once_are_both_remembered_one_beside_the_other(place):
    command = [sys.executable, "-c", SETTLE, str(place / "studie")]
    both = [subprocess.Popen([*command, str(place / one)], stdout=subprocess.PIPE, text=True) for one in ("nl", "en")]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    assert [process.communicate()[0] for process in both] == ["{}\n", "{}\n"]
    found = registered(place)
    assert sorted(one.report for one in found.deliveries) == ["school.en", "school.nl"]
    assert [one.before for one in found.deliveries] == list(found.states[:2])
    assert ({*let_go(place / "nl")}, {*let_go(place / "en")}) == (goes("nl"), goes("en"))


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 6))])
def test_whenever_a_run_is_killed_no_copy_is_out_that_the_register_does_not_know(place, seed):
    """Killed as soon as the register is there (0), or at a moment of its own; the next call completes all."""
    command = [sys.executable, "-c", SETTLE, str(place / "studie"), str(place / "nl")]
    path = place / "studie" / register.FOLDER / register.NAME
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + (60 if seed == 0 else 0.7 * seed)
        while process.poll() is None and time.monotonic() < until and not (seed == 0 and path.is_file()):
            time.sleep(0.001)
        process.kill()
    out = let_go(place / "nl")
    assert not out or [one.report for one in registered(place).deliveries] == ["school.nl"]
    assert settled(place) == ()
    assert {*let_go(place / "nl")} == goes("nl")
    assert [one.report for one in registered(place).deliveries] == ["school.nl"]
    assert out.items() <= let_go(place / "nl").items()
    assert not list((place / "nl").glob(".share/*"))


def test_examples_that_anyone_has_are_not_remembered(tmp_path):
    from werkbank.study.finding import example_path

    study = load_study(example_path("baumann"))
    assert register.folder_of(study) is None
    with pytest.raises(UsageError):
        given_out.declare_withdrawn(study, ["1"], "nl")
    shutil.copytree(example_path("baumann").parent, tmp_path / "baumann")
    assert register.folder_of(load_study(tmp_path / "baumann")) == tmp_path / "baumann" / register.FOLDER


def test_the_command_lists_and_withdraws(place):
    settled(place)
    environment = {**os.environ, "LC_ALL": "nl_NL"}
    command = [sys.executable, "-m", "werkbank", "withdrawn", str(place / "studie")]

    def ran(*more):
        done = subprocess.run([*command, *more], capture_output=True, text=True, check=False, env=environment)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    code, told = ran()
    assert (code, "1. " in told, "school.nl" in told, "alle leerlingen" in told) == (0, True, True, True)
    assert ran("7")[0] == 2
    assert ran("1") == (0, say("privacy.register.withdrawn", "nl", n=1) + "\n")
    assert ran() == (0, say("privacy.register.none", "nl") + "\n")


def test_a_review_has_no_pupils_and_its_copy_goes_twice(tmp_path):
    shutil.copytree(example_path("overzicht").parent, tmp_path / "overzicht")
    for out in ("een", "twee"):
        (made,) = run_languages(tmp_path / "overzicht", "synthesis", out=tmp_path / out, warm=True)
        assert (made.folder / "share" / "synthesis.nl.html") in made.files
    first, second = ((tmp_path / out / "share" / "synthesis.nl.html").read_bytes() for out in ("een", "twee"))
    assert first == second
