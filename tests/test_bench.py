"""The object that a notebook holds: its tables, its numbers, and what it says when a study is not fit."""

from __future__ import annotations

import shutil
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.conftest import opened_example

import werkbank
from werkbank.bench import PARTS, Bench, Peek, UnfitBench
from werkbank.catalogue import formulas
from werkbank.errors import FirstMendError, UnfitError, UsageError
from werkbank.reporting import evaluation, school, showing
from werkbank.reporting.blocks import Section, Sections
from werkbank.results import PRIVATE_MIME
from werkbank.running.finishing import Finished
from werkbank.study.finding import EXAMPLES, ROOT, example_path, find_study

EXAMPLE = example_path("baumann").parent


@pytest.fixture(scope="module")
def bench():
    """Classes drawn by lot, with two primary scales and covariates."""
    return opened_example("nabijheid", "nl")


@pytest.fixture
def small():
    """A bench that a test may change."""
    return werkbank.open("baumann", language="en")


@pytest.fixture
def unfit(tmp_path):
    """A copy of a study whose design is none."""
    shutil.copytree(EXAMPLE, tmp_path / "kapot")
    file = tmp_path / "kapot" / "study.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("kind: randomised", "kind: drawn"), encoding="utf-8")
    return tmp_path / "kapot"


@pytest.fixture
def in_a_notebook(monkeypatch):
    """An IPython that holds what a test puts in its namespace; the cell that runs is the one named `cell`."""
    shell = SimpleNamespace(user_ns={"In": ["", "x"]}, execution_count=1, parent_header={})
    module = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setattr(showing, "shell", lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=lambda _: None))
    return shell


# --- tables


def test_its_tables_are_tidy_and_know_pupils_by_codes(bench):
    given = {"pupil", "class", "school", "arm", "wave", "informant", "outcome"}
    assert given | {"item", "value"} <= set(bench.answers)
    assert given | {"scale", "score"} <= set(bench.scores)
    assert bench.answers["pupil"].str.fullmatch(r"p-\w{8}").all()
    assert not bench.scores.duplicated(["pupil", "wave", "informant", "outcome", "scale"]).any()


def test_a_wide_table_has_a_row_a_pupil_with_the_scores_of_the_long_one(bench):
    wide = bench.wide("strs-sf.conflict")
    assert wide.index.name == "pupil"
    assert wide.index.is_unique
    assert {"pre", "post", "followup", "arm", "class", "teacher", "school", "sekse", "jaargroep"} <= set(wide)
    rows = bench.scores.query("outcome == 'strs-sf' and scale == 'conflict'").dropna(subset="score")
    for wave in ("pre", "post", "followup"):
        long = rows[rows["wave"] == wave].set_index("pupil")["score"]
        assert wide[wave].dropna().to_dict() == long.to_dict()


def test_a_row_a_class_holds_the_means_of_its_pupils(bench):
    pupils, classes = bench.wide("strs-sf.closeness"), bench.wide("strs-sf.closeness", "class")
    assert classes.index.name == "class"
    assert classes["n"].sum() == pupils["class"].notna().sum()
    for name, row in classes.iterrows():
        mine = pupils[pupils["class"] == name]
        assert row["post"] == pytest.approx(mine["post"].mean(), rel=1e-12)
        assert row["n"] == len(mine)
        assert set(mine["arm"]) == {row["arm"]}
    assert set(bench.wide("strs-sf.closeness", "school")) >= {"pre", "post", "n"}
    assert "arm" not in bench.wide("strs-sf.closeness", "school"), "a school of two arms has none"


def test_what_is_not_there_is_named_with_what_is(bench, small):
    with pytest.raises(KeyError, match=r"no outcome lezen; there are strs-sf.closeness, strs-sf.conflict"):
        bench.wide("lezen")
    with pytest.raises(KeyError, match=r"no rows by wave; there are pupil, class, teacher, school"):
        bench.wide("strs-sf.conflict", "wave")
    with pytest.raises(KeyError, match=r"no rows by class; there are pupil\W*$"):
        small.wide("lezen1", "class")
    with pytest.raises(KeyError, match="no_such_formula"):
        bench.formula_of("no_such_formula")


def test_outcomes_and_the_first_of_them(bench):
    assert bench.outcomes[:2] == ["strs-sf.closeness", "strs-sf.conflict"]
    assert bench.primary in bench.outcomes
    assert bench.study.outcome(bench.primary.partition(".")[0]).role == "primary"
    without = werkbank.open("volgsysteem")
    assert without.outcomes == []
    with pytest.raises(KeyError, match="no outcome"):
        _ = without.primary


def test_the_formula_is_the_registrys_and_follows_what_it_refers_to(bench):
    assert formulas()["alpha"]["formula"] in bench.formula_of("alpha")
    lines = bench.formula_of("hc2_post", "alpha").split("\n")
    named = [formulas()[method]["name"] for method in ("hc2_post", "alpha", "hc2", "rule_unit_means")]
    assert len(lines) == len(named)
    assert all(line.startswith(f"{name}: ") for line, name in zip(lines, named, strict=True))
    used = {e.method for e in bench.results.estimates if e.family}
    assert any(formulas()[method]["name"] in bench.formula for method in used)


def test_frames_hold_the_results_in_columns_of_their_own_names(bench):
    for frame, kind, held in (
        (bench.estimates, werkbank.Estimate, bench.results.estimates),
        (bench.facts, werkbank.Fact, bench.results.facts),
        (bench.claims, werkbank.Claim, bench.results.claims),
    ):
        named = [field.name for field in fields(kind)]
        # a fact's value in words has a column of its own, so that the other one holds numbers
        assert list(frame.columns) == [one for name in named for one in ([name, "text"] if name == "value" else [name])]
        assert len(frame) == len(held) > 0
    headline = bench.estimates.query("kind == 'headline'").iloc[0]
    (same,) = [e for e in bench.results.estimates if e.id == headline["id"]]
    assert headline["estimate"] == same.estimate


def test_what_a_user_does_to_a_table_changes_no_result(small):
    untouched = werkbank.open("baumann", language="en")
    for table in (small.answers, small.scores, small.wide(small.primary), small.estimates, small.facts):
        for column in table.select_dtypes("number"):
            table[column] = np.nan
        table["wave"] = "post"
    assert small.results == untouched.results
    pd.testing.assert_frame_equal(small.scores, untouched.scores)
    assert small.estimates["estimate"].notna().any()


def test_a_bench_cannot_be_set_to_something_else(small):
    with pytest.raises(FrozenInstanceError):
        small.seed = 3
    assert isinstance(small, Bench)


def test_results_are_computed_once_and_shared_with_the_views_of_it(small, monkeypatch):
    times = []
    monkeypatch.setattr(Bench, "_effects", lambda self, real=Bench._effects: (times.append(1), real(self))[1])
    assert small.about("effects").results.estimates == small.results.estimates
    _ = small.part("effects"), small.about("effects", "ways").results, small.estimates, small.evidence
    assert len(times) == 1
    assert set(PARTS) >= {"effects", "ways"}


def test_the_seed_reaches_what_is_drawn():
    first, second = (werkbank.open("baumann", seed=seed).estimates.set_index("id") for seed in (1, 2))
    drawn = first.index[(first["ci_low"] != second["ci_low"]) & first["ci_low"].notna()]
    same = first.index[first["kind"] == "headline"]
    assert set(first.loc[drawn, "method"]) == {"g_bootstrap"}
    pd.testing.assert_series_equal(first.loc[same, "estimate"], second.loc[same, "estimate"])


def test_only_limits_everything_and_says_what_there_is():
    some = werkbank.open("nabijheid", language="nl", only={"school": "S01"})
    assert set(some.wide(some.primary)["school"].dropna()) == {"S01"}
    assert 0 < len(some.intake.pupils) < 100
    assert some.only == {"school": "S01"}
    with pytest.raises(UnfitError, match="S99"):
        werkbank.open("nabijheid", only={"school": "S99"})


# --- what it says


def test_it_says_what_was_read_in_its_language(bench):
    shown = bench._repr_mimebundle_()
    assert shown["text/plain"] == repr(bench)
    assert "373 leerlingen" in shown["text/html"]
    assert "24 klassen" in repr(bench)
    assert "jaargroep: gelezen als getallen" in repr(bench)
    assert PRIVATE_MIME in shown, "it names pupils who changed class by their codes"
    english = werkbank.open("nabijheid", language="en")
    assert "373 pupils" in repr(english)
    assert english.study.title_in("en") == repr(english).partition("\n")[0]


def test_words_of_a_study_are_text_on_the_page(bench):
    titled = bench.study.model_copy(update={"title": "<b>vet</b> & co"})
    named = Bench(bench.intake.__class__(**{**vars(bench.intake), "study": titled}), bench.scored, "nl")
    assert "&lt;b&gt;vet&lt;/b&gt; &amp; co" in named._repr_mimebundle_()["text/html"]


def test_in_two_languages_every_part_is_written_twice(small):
    both = werkbank.open("baumann", language="nl+en")
    made = evaluation.design(both)
    assert isinstance(made, Sections)
    assert [section.language for section in made.parts] == ["nl", "en"]
    assert isinstance(evaluation.design(small), Section)
    assert repr(both).partition("\n")[0] == both.study.title_in("nl")


def test_a_peek_shows_the_first_rows_and_marks_them_as_private(small):
    seen = werkbank.peek(small.scores, 3)
    assert isinstance(seen, Peek)
    assert (len(seen.rows), seen.n) == (3, len(small.scores))
    shown = seen._repr_mimebundle_()
    assert PRIVATE_MIME in shown
    assert shown["text/html"].count("<tr") == 4
    assert f"({seen.n} rows)" in shown["text/plain"]


# --- a study that is not fit, or not there


def test_outside_a_notebook_an_unfit_study_raises_every_problem(unfit):
    with pytest.raises(UnfitError, match="drawn"):
        werkbank.open(unfit)


@pytest.mark.usefixtures("in_a_notebook")
@pytest.mark.parametrize("language", ["nl", "en"])
def test_in_a_notebook_it_is_shown_and_whatever_is_asked_says_to_mend_it(unfit, language):
    words = {"nl": ("kan nog niet", "Herstel eerst"), "en": ("not fit", "First mend")}[language]
    given = werkbank.open(unfit, language=language)
    assert isinstance(given, UnfitBench)
    shown = given._repr_mimebundle_()
    assert words[0] in shown["text/html"]
    assert "drawn" in shown["text/html"]
    assert shown["text/plain"] == repr(given)
    assert PRIVATE_MIME in shown
    for ask in (
        lambda: given.scores,
        lambda: given.wide("lezen1"),
        lambda: evaluation.summary(given),
        lambda: werkbank.finish(given),
    ):
        with pytest.raises(FirstMendError, match=words[1]) as caught:
            ask()
        assert caught.value._render_traceback_() == [str(caught.value)]
    assert not hasattr(given, "_ipython_display_")


def test_a_study_is_found_from_the_notebooks_folder_and_from_where_lab_was_started(tmp_path, monkeypatch):
    shutil.copytree(EXAMPLE, tmp_path / "mijn" / "studie")
    (tmp_path / "mijn" / "notebooks" / "diep").mkdir(parents=True)
    file = tmp_path / "mijn" / "studie" / "study.yaml"
    monkeypatch.delenv(ROOT, raising=False)
    for here in ("mijn", "mijn/notebooks", "mijn/notebooks/diep"):
        monkeypatch.chdir(tmp_path / here)
        assert find_study("studie").resolve() == file
        assert find_study("studie/study.yaml").resolve() == file
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="studie"):
        find_study("studie")
    monkeypatch.setenv(ROOT, str(tmp_path / "mijn"))
    assert find_study("studie").resolve() == file
    monkeypatch.setenv(ROOT, str(file.parent))
    monkeypatch.chdir(tmp_path / "mijn" / "notebooks")
    assert find_study(".").resolve() == file, "the study's own folder is where JupyterLab was started"
    assert find_study(file) == file


def test_an_own_study_comes_before_an_example_of_its_name(tmp_path, monkeypatch):
    monkeypatch.delenv(ROOT, raising=False)
    monkeypatch.chdir(tmp_path)
    assert {find_study(name) for name in EXAMPLES} == {example_path(name) for name in EXAMPLES}
    shutil.copytree(EXAMPLE, tmp_path / "baumann")
    assert find_study("baumann") == Path.cwd() / "baumann" / "study.yaml"


@pytest.mark.parametrize(("language", "words"), [("nl", "Er is geen onderzoek ‘nergens’"), ("en", "There is no study")])
def test_a_study_that_is_not_there_says_where_was_looked(language, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=words) as caught:
        werkbank.open("nergens", language=language)
    assert tmp_path.as_posix() in str(caught.value)
    assert all(name in str(caught.value) for name in EXAMPLES)


# --- what is shown, and the files at the end


def test_before_anything_is_shown_there_is_nothing_to_finish(small, in_a_notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="No part has been shown"):
        werkbank.finish(small)
    in_a_notebook.user_ns["bench"] = small
    werkbank.show("mine")
    with pytest.raises(UsageError, match="No part has been shown"):
        werkbank.finish(small)
    assert not list(tmp_path.iterdir())


def test_by_hand_the_files_lie_where_lab_was_started(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ROOT, str(tmp_path / "lab"))
    school.one_page(small)
    made = werkbank.finish(small)
    assert isinstance(made, Finished)
    place = (tmp_path / "lab").resolve() / "reports" / "baumann" / "by-hand"
    assert [path.relative_to(place).as_posix() for path in made.files] == [
        "school.en.html", "school.en.pdf", "school.en.docx", "school.results.json", "school.results.csv",
    ]  # fmt: skip
    assert all(path.is_file() and path.as_posix() in repr(made) for path in made.files)
    assert PRIVATE_MIME in made._repr_mimebundle_()
    before = made.files[0].read_bytes()
    again = werkbank.open("baumann", language="en")
    school.one_page(again)
    werkbank.finish(again)
    assert made.files[0].read_bytes() == before


def test_by_hand_nothing_is_written_among_the_projects_own_notebooks(tmp_path, monkeypatch):
    from werkbank.running import finishing
    from werkbank.running.notebooks import notebook_folder

    monkeypatch.delenv(ROOT, raising=False)
    monkeypatch.chdir(notebook_folder())
    assert finishing._base() == notebook_folder().parent
    monkeypatch.chdir(tmp_path)
    assert finishing._base() == tmp_path.resolve()
    assert not list(notebook_folder().glob("reports/*/by-hand/*"))


def test_run_by_the_runner_it_leaves_results_and_a_copy_to_share(small, in_a_notebook, tmp_path):
    in_a_notebook.user_ns["bench"] = small
    school.one_page(small)
    werkbank.show("eigen7")
    assert werkbank.finish(small, str(tmp_path / "results.json")) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.json", "share.json"]
    shared = (tmp_path / "share.json").read_text(encoding="utf-8")
    assert "werkbank.reporting.school:one_page" in shared
    assert "eigen7" not in shared


def test_a_cell_that_runs_again_replaces_what_it_showed(small, in_a_notebook):
    in_a_notebook.user_ns |= {"bench": small, "_": small, "same": small}

    def cell(name, run, *texts):
        in_a_notebook.parent_header = {"metadata": {"cellId": name}}
        in_a_notebook.execution_count = run
        for text in texts:
            werkbank.show(text)

    def shown():
        held = [(key, made) for key, (_, made) in small.shown.items() if key.startswith(showing.OWN)]
        return [block.text for _, each in held for made in each for block in made.blocks]

    cell("a", 1, "one", "two")
    school.one_page(small)
    cell("b", 3, "three")
    cell("a", 4, "one changed")
    assert shown() == ["one changed", "three"]
    assert [key.startswith(showing.OWN) for key in small.shown] == [True, False, True], "at their place"
    # without an id a cell is known by what is written in it
    in_a_notebook.parent_header = {}
    in_a_notebook.user_ns["In"] = ["", "werkbank.show('x')"]
    in_a_notebook.execution_count = 5
    werkbank.show("x")
    in_a_notebook.execution_count = 6
    werkbank.show("x")
    assert shown() == ["one changed", "three", "x"]
    assert small.about("effects").shown is small.shown or not small.about("effects").shown


def test_many_ways_are_walked_once_for_a_bench_and_its_views(small, monkeypatch):
    from werkbank import bench as module

    walked = []
    monkeypatch.setattr(module, "of_headline", lambda *_: walked.append(1))
    assert small.about("effects", "ways").ways is small.ways is small.about("effects").ways is None
    assert len(walked) == 1
