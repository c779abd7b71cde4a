"""The measurement report says what the results hold, refuses growth where it must, and has no holes."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

import werkbank
from werkbank.bench import Bench
from werkbank.measurement.study_quality import study_quality
from werkbank.reporting import measurement
from werkbank.reporting.blocks import Figure, Paragraph, Section, Table, section_html

TESTS = Path(__file__).parents[1]
PARTS = ("overview", "instruments", "reliability", "items", "comparability", "distinct", "perspectives", "circle")


def simulated():
    place = TESTS / "measurement" / "conftest.py"
    spec = importlib.util.spec_from_file_location("simulated_studies", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(file, language):
    intake = werkbank.read_answers(werkbank.load_study(file))
    scores = werkbank.score_study(intake)
    facts = (*scores.facts, *study_quality(intake, scores))
    return Bench.made(intake, scores, werkbank.Results({}, facts=facts), language)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    dutch = made(simulated().relations(tmp_path_factory.mktemp("relations")), "nl")
    return {"nl": dutch, "en": Bench.made(dutch.intake, dutch.scored, dutch.results, "en")}


@pytest.fixture(scope="module")
def circle(tmp_path_factory):
    return made(simulated().circle(tmp_path_factory.mktemp("circle")), "nl")


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("part", PARTS[:-1])
def test_every_part_can_be_written_and_read_back(reports, language, part):
    section = getattr(measurement, part)(reports[language])
    assert section.language == language
    assert "{" not in section_html(section).replace("{}", "")
    assert Section.from_json(json.loads(json.dumps(section.to_json()))).id == part


def texts(section, tone):
    return [b.text for b in section.blocks if isinstance(b, Paragraph) and b.tone == tone]


def test_growth_is_refused_where_an_item_drifted_and_only_there(reports):
    refused = texts(measurement.comparability(reports["nl"]), "refusal")
    assert len(refused) == 1
    assert "item 14 verschoof" in refused[0]
    pasted = " ".join(texts(measurement.instruments(reports["nl"]), "plain"))
    assert "hield geen stand bij de nameting" in pasted
    assert pasted.count("zijn daarom niet vergeleken") == 1


def test_the_paragraph_to_paste_has_the_numbers_of_the_table(reports):
    section = measurement.instruments(reports["en"])
    (paragraph,) = [t for t in texts(section, "plain") if t.startswith("**Conflict")]
    (table,) = [b for b in section.blocks if isinstance(b, Table)]
    row = next(r for r in table.rows if r["scale"].startswith("conflict"))
    assert f"α = {row['alpha']:.2f}".replace("0.", ".") in paragraph
    assert f"(*n* = {row['n_alpha']})" in paragraph
    assert row["scale"] == "conflict (8; 8–40)"
    assert "version B" in paragraph


def test_every_number_of_a_table_is_a_result(reports):
    known = {f.value for f in reports["nl"].results.facts} | {f.n for f in reports["nl"].results.facts}
    for part in PARTS[1:-1]:
        for table in (b for b in getattr(measurement, part)(reports["nl"]).blocks if isinstance(b, Table)):
            for row in table.rows:
                numbers = [v for cell in row.values() for v in (cell if isinstance(cell, tuple) else (cell,))]
                strange = [v for v in numbers if v is not None and not isinstance(v, str) and v not in known]
                assert not strange, (table.id, strange)


def test_the_circle_is_drawn_where_there_is_one(reports, circle):
    assert measurement.circle(reports["nl"]) is None
    section = measurement.circle(circle)
    (figure,) = [b for b in section.blocks if isinstance(b, Figure)]
    assert figure.is_vector
    assert figure.alt.startswith("4 cirkeldiagrammen")
    assert figure.alt.count("leidend") == 4
    assert measurement.circle(circle).blocks[2].image == figure.image


@pytest.mark.parametrize(
    ("language", "alike", "loose"),
    [("nl", "verschillen niet meer dan het toeval", "te weinig met elkaar mee"),
     ("en", "differ no more than chance", "too little together")],
)  # fmt: skip
def test_a_reliability_of_class_means_without_value_says_why(reports, language, alike, loose):
    first, second, *_ = (f for f in reports["nl"].results.facts if f.what == "icc1")

    def without(fact):
        here = fact.id.rpartition("/")[0]
        if here == first.id.rpartition("/")[0] and fact.what in {"icc1", "icc_k", "alpha_between"}:
            return replace(fact, value=-0.02 if fact.what == "icc1" else None)
        return replace(fact, value=None) if fact.id == second.id.replace("icc1", "alpha_between") else fact

    found = werkbank.Results({}, facts=tuple(without(fact) for fact in reports["nl"].results.facts))
    report = Bench.made(reports["nl"].intake, reports["nl"].scored, found, language)
    (table,) = [b for b in measurement.reliability(report).blocks if getattr(b, "id", "") == "tab-classes"]
    assert len(table.notes) == 3
    assert alike in table.notes[1]
    assert loose in table.notes[2]


def test_ready_scores_only_is_a_report_too():
    report = made(werkbank.example_path("bdf"), "nl")
    for part in PARTS[:-1]:
        assert section_html(getattr(measurement, part)(report))
