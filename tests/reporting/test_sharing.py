"""A shared copy of a report: complete sentences, no pupil, in both languages."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from tests.disclosure.conftest import BORN, NAME, small_study
from tests.reporting.conftest import made, reading

from werkbank.appraisal.wording import check_text
from werkbank.bench import Bench
from werkbank.disclosure.suppressing import suppress
from werkbank.reporting import evaluation as ev
from werkbank.reporting import robustness, school, style, thesis
from werkbank.reporting.blocks import Figure, Table
from werkbank.reporting.sharing import has_pupils, read_shared, shared_bench, shared_sections, write_shared
from werkbank.study import load_study
from werkbank.study.finding import example_path

PARTS = (
    ev.summary, ev.design, ev.flow, ev.measures, ev.before_after, ev.estimates, ev.robustness, ev.mechanisms,
    ev.meaning, school.one_page, school.who, school.details, school.trust, thesis.participants, thesis.instruments,
    thesis.procedure, thesis.results, thesis.limitations, robustness.reliable_change,
)  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_section_can_be_written_from_hidden_numbers(small, seed, language):
    copy = shared_bench(Bench.made(*small(seed), language))
    sections = shared_sections(copy, PARTS)
    text = json.dumps([s.to_json() for s in sections], ensure_ascii=False)
    for planted in (NAME, "Fleur", BORN, "nr-7013"):
        assert planted not in text
    assert copy.intake.answers.empty
    assert copy.scored.table.empty
    assert not check_text(text, copy.evidence.best_grade, language, equivalent=True)


def test_no_figure_of_single_pupils_and_no_extremes(small):
    sections = shared_sections(shared_bench(Bench.made(*small(3), "nl")), PARTS)
    blocks = [block for section in sections for block in section.blocks]
    assert not {b.id for b in blocks if isinstance(b, Figure)} & {"fig-before-after", "fig-change"}
    assert not {c.key for b in blocks if isinstance(b, Table) for c in b.columns} & {"min", "max"}


def test_shared_results_do_not_say_whose_they_are(small):
    report = Bench.made(*small(1), "nl")
    study = {**report.results.study, "school": {"name": "De Wilg", "shared": True}}
    copy = shared_bench(replace(report, given=replace(report.results, study=study)))
    assert "De Wilg" not in copy.results.to_json()


def test_the_grade_does_not_change_because_something_is_hidden(small):
    for seed in range(4):
        report = Bench.made(*small(seed), "nl")
        grades = {c.id: c.grade for c in report.results.claims}
        for claim in shared_bench(report).results.claims:
            assert claim.grade == grades[claim.id] or claim.sentence == "privacy.claim.too_few"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_copy_is_as_sure_as_its_report(small, language, monkeypatch):
    monkeypatch.setattr(style, "drawn", lambda *_: b"<svg/>")  # what is said is looked at, not the pictures
    told = set()
    for seed in range(8):
        report = Bench.made(*small(seed), language)
        openings = {reading(report).words.say(f"school.sure.{g}"): g
                    for g in ("description", "change", "association", "effect", "effect_partly")}  # fmt: skip
        one, other = (
            [openings[p] for p in openings for b in school.one_page(r).blocks if p in getattr(b, "text", "")]
            for r in (report, shared_bench(report))
        )
        assert other in (one, ["description"]), seed
        told |= set(one)
    assert len(told) > 1, "studies of one kind prove nothing"


def test_the_runner_reads_back_what_a_notebook_left(small, tmp_path):
    report = Bench.made(*small(1), "en+nl")
    for part in PARTS:
        part(report)
    write_shared(tmp_path / "share.json", report)
    for language in ("nl", "en"):
        found = read_shared(tmp_path / "share.json", language)
        alone = shared_sections(shared_bench(Bench.made(*small(1), language)), PARTS)
        assert found.sections == json.loads(json.dumps([section.to_json() for section in alone]))
    assert len(found.sections) == len(found.parts) == len(PARTS)
    assert found.results.to_json() == shared_bench(report).results.to_json()
    assert not {"files", "columns"} & found.results.study.keys()
    assert read_shared(tmp_path / "nothing.json", "nl") is None


def test_of_an_outcome_of_yes_or_no_nothing_is_shared_that_is_a_count(tmp_path, small):
    folder = tmp_path / "janee"
    folder.mkdir()
    study = small_study(folder, 2)
    frame = pd.read_csv(folder / "raw.csv", sep=";", dtype=str)
    frame["taal"] = [str(n % 5 % 2) for n in range(len(frame))]
    frame.to_csv(folder / "raw.csv", sep=";", index=False)
    parts = made(study)
    results = parts[2]
    assert any(f.what == "mean" and f.outcome == "taal" and f.value is not None for f in results.facts)
    copy = suppress(results)
    told = {f.what for f in copy.facts if f.outcome == "taal" and isinstance(f.value, float)}
    assert told <= {"rci_reliability", "attrition_overall", "attrition_differential", "floor", "ceiling", "mcar_df"}
    assert all(e.estimate is None and e.ci_low is None for e in copy.estimates if e.outcome == "taal")
    assert any(f.what == "mean" and f.outcome == "fijn" and f.value is not None for f in copy.facts)
    whole = suppress(small(2)[2])
    assert any(f.what == "mean" and f.outcome == "taal" and f.value is not None for f in whole.facts)
    for language, sentence in (("nl", "deze uitkomst delen we niet"), ("en", "this answer is not shared")):
        sections = shared_sections(shared_bench(Bench.made(*parts, language)), PARTS)
        text = json.dumps([section.to_json() for section in sections], ensure_ascii=False)
        assert sentence in text
        assert not check_text(text, "effect", language, equivalent=True)


@pytest.mark.parametrize(
    ("name", "inside"),
    [("voornemen", False), ("overzicht", False), ("leerlingen", True), ("klassenspel", True), ("volgsysteem", True)],
)
def test_a_report_without_pupils_has_nothing_to_keep_inside(name, inside):
    assert has_pupils(load_study(example_path(name))) is inside
