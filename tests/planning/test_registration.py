"""A registered plan: what it says, whether there were data, what became of it, and what may be confirmatory."""

from __future__ import annotations

import zipfile

import pytest
import yaml

import werkbank
from werkbank.appraisal.registered import deviations
from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.reporting import evaluation
from werkbank.reporting.blocks import Table
from werkbank.study import load_study
from werkbank.study.registration import read_registration

BASE = {
    "title": "Belofte",
    "language": "nl",
    "design": {"kind": "randomised", "assigned_by": "class"},
    "columns": {"pupil": "nr", "class": "klas", "arm": "arm"},
    "files": [{"path": "d.csv"}],
    "arms": {"coaching": "intervention", "controle": "control"},
    "outcomes": [
        {
            "name": "taal",
            "column": {"pre": "t0", "post": "t1"},
            "range": [0, 60],
            "better": "higher",
            "role": "primary",
        },
        {"name": "sfeer", "column": {"pre": "s0", "post": "s1"}, "range": [0, 9], "better": "higher"},
    ],
    "registration": {"stopping": "Na de zomer.", "hypotheses": ["Coaching helpt de taal."]},
}


def write(folder, **changes):
    (folder / "study.yaml").write_text(yaml.safe_dump({**BASE, **changes}, allow_unicode=True), encoding="utf-8")
    return folder


def data(folder, *, after=True):
    rows = ["nr,klas,arm,t0,t1,s0,s1"]
    for k in range(8):
        for j in range(6):
            arm = "coaching" if k % 2 else "controle"
            t1, s1 = (25 + (5 * k + 3 * j) % 13, (k + 2 * j) % 9) if after else ("", "")
            rows.append(f"p{k}{j},k{k},{arm},{20 + (7 * j + k) % 11},{t1},{(3 * j + k) % 8},{s1}")
    (folder / "d.csv").write_text("\n".join(rows), encoding="utf-8")


def registered(folder, **changes):
    assert main(["register", str(write(folder, **changes)), "--language", "nl"]) == 0
    design = {**BASE["design"], **changes.get("design", {}), "preregistration": "registration.yaml"}
    return {**changes, "design": design}


def test_a_plan_is_registered_before_there_are_data_in_page_word_and_file(tmp_path, capsys):
    registered(tmp_path)
    assert "lot" not in capsys.readouterr().err
    page = (tmp_path / "registration.nl.html").read_text("utf-8")
    with zipfile.ZipFile(tmp_path / "registration.nl.docx") as packed:
        word = packed.read("word/document.xml").decode()
    made = read_registration(tmp_path / "registration.yaml", "x")
    assert made.data.state == "none"
    for text in (page, word):
        assert "Er waren geen gegevens." in text
        assert "Coaching helpt de taal." in text
        assert "Na de zomer." in text
        assert made.study_sha256 in text
    assert main(["register", str(tmp_path)]) == 2  # once


def test_hypotheses_follow_from_the_primary_questions_where_none_are_written(tmp_path):
    registered(tmp_path, registration={})
    assert "taal (nameting) verschilt tussen coaching en controle" in (tmp_path / "registration.nl.html").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(("after", "state", "in_time"), [(False, "before", True), (True, "outcomes", False)])
def test_data_that_are_there_are_told(tmp_path, capsys, after, state, in_time):
    data(tmp_path, after=after)
    if not after:  # a column without any answer is not read: a form that is still empty
        pre = [{**o, "column": {"pre": o["column"]["pre"]}} for o in BASE["outcomes"]]
        assert main(["register", str(write(tmp_path, outcomes=pre))]) == 0
    else:
        registered(tmp_path)
    made = read_registration(tmp_path / "registration.yaml", "x")
    assert (made.data.state, made.in_time) == (state, in_time)
    assert made.data.files[0].file == "d.csv"
    assert ("niet bevestigend" in capsys.readouterr().out) is not in_time


def test_files_that_cannot_be_read_prove_nothing(tmp_path):
    (tmp_path / "d.csv").write_text("nr,klas\n", encoding="utf-8")
    registered(tmp_path)
    assert read_registration(tmp_path / "registration.yaml", "x").data.state == "unread"


def test_a_plan_that_was_kept_says_so_and_stays_confirmatory(tmp_path):
    changes = registered(tmp_path)
    data(tmp_path)
    bench = werkbank.open(write(tmp_path, **changes), language="nl")
    assert deviations(bench.study) == []
    head = bench.results.where(kind="headline", outcome="taal")[0]
    assert head.role == "confirmatory"
    (claim,) = bench.results.claims_where(kind="quality", topic="preregistration")
    assert (claim.verdict, claim.status) == ("kept", "met")
    shown = evaluation.summary(bench)
    answers = next(block for block in shown.blocks if isinstance(block, Table))
    assert all(row["standing"] in {"bevestigend", "verkennend"} for row in answers.rows)


def test_a_changed_analysis_yields_the_table_of_deviations(tmp_path):
    changes = registered(tmp_path)
    data(tmp_path)
    text = (tmp_path / "d.csv").read_text("utf-8").splitlines()
    lines = [text[0] + ",iq", *(f"{row},{90 + n % 17}" for n, row in enumerate(text[1:]))]
    (tmp_path / "d.csv").write_text("\n".join(lines), encoding="utf-8")
    taal, sfeer = BASE["outcomes"]
    outcomes = [{**taal, "role": "secondary"}, {**sfeer, "role": "primary"}]
    told = {**changes, "outcomes": outcomes, "covariates": ["iq"], "equivalence": 0.3, "where": "iq > 80",
            "labels": {"arm": {"coaching": "hulp"}}}  # fmt: skip
    bench = werkbank.open(write(tmp_path, **told), language="nl")
    found = {(one.field, one.item): (one.how, one.then, one.now) for one in deviations(bench.study)}
    assert found == {
        ("outcomes.role", "taal"): ("changed", "primary", "secondary"),
        ("outcomes.role", "sfeer"): ("changed", "secondary", "primary"),
        ("covariates", ""): ("added", "", "iq"),
        ("equivalence", ""): ("added", "", "0.3"),
        ("where", ""): ("added", "", "iq > 80"),
    }
    assert {e.role for e in bench.results.estimates} == {"exploratory"}
    table = next(b for b in evaluation.design(bench).blocks if isinstance(b, Table) and b.id == "tab-deviations")
    assert {"field": "rol van de uitkomst: taal", "then": "primair", "now": "secundair"} in table.rows
    assert {"field": "covariaten", "then": "–", "now": "iq"} in table.rows
    assert not any("labels" in str(row) for row in table.rows)


def test_a_deviation_of_one_outcome_leaves_the_other_confirmatory(tmp_path):
    changes = registered(tmp_path, primary=[{"outcome": "taal"}, {"outcome": "sfeer"}])
    data(tmp_path)
    taal, sfeer = BASE["outcomes"]
    bench = werkbank.open(write(tmp_path, **changes, outcomes=[taal, {**sfeer, "range": [0, 10]}]))
    roles = {e.outcome: e.role for e in bench.results.where(kind="headline")}
    assert roles == {"taal": "confirmatory", "sfeer": "exploratory"}


def test_an_outcome_that_came_or_went_is_told_once(tmp_path):
    changes = registered(tmp_path)
    data(tmp_path)
    bench = werkbank.open(write(tmp_path, **changes, outcomes=[{**BASE["outcomes"][0], "name": "lezen"}]))
    found = {(one.field, one.item, one.how) for one in deviations(bench.study)}
    assert found == {("outcomes", "taal", "removed"), ("outcomes", "sfeer", "removed"), ("outcomes", "lezen", "added")}


def test_a_late_registration_makes_nothing_confirmatory(tmp_path):
    data(tmp_path)
    changes = registered(tmp_path)
    bench = werkbank.open(write(tmp_path, **changes))
    assert {e.role for e in bench.results.estimates} == {"exploratory"}
    assert bench.results.claims_where(kind="quality", topic="preregistration")[0].verdict == "late"


@pytest.mark.parametrize(("old", "new"), [("role: primary", "role: secondary"), ("state: none", "state: before")])
def test_an_altered_registration_is_refused(tmp_path, old, new):
    changes = registered(tmp_path)
    path = tmp_path / "registration.yaml"
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UnfitError) as error:
        load_study(write(tmp_path, **changes))
    assert [problem.code for problem in error.value.problems] == ["registration_altered"]
    assert all(problem.sentence(language) for problem in error.value.problems for language in ("nl", "en"))


def test_an_address_elsewhere_stays_what_it_was(tmp_path):
    study = load_study(write(tmp_path, design={**BASE["design"], "preregistration": "osf.io/abcde"}))
    assert study.registered is None


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_report_with_a_registration_is_made_whole(tmp_path, language):
    changes = registered(tmp_path)
    data(tmp_path)
    write(tmp_path, **changes, equivalence=0.25)
    out = tmp_path / "uit"
    assert main(["run", str(tmp_path), "--language", language, "--out", str(out)]) == 0
    page = (out / f"evaluation.{language}.html").read_text("utf-8")
    assert {"nl": "Afwijkingen van wat geregistreerd is", "en": "Deviations from what was registered"}[language] in page
    assert {"nl": "kleinste verschil dat ertoe doet", "en": "smallest difference that matters"}[language] in page
