"""The report on underachievement: choices, chance and guards in both languages; pupils only when asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import werkbank
from werkbank.bench import Bench
from werkbank.reporting import agreeing, numbers, underachievement
from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph, Section, Table
from werkbank.reporting.numbers import Column
from werkbank.underachievement import stating
from werkbank.underachievement.study import examine

PARTS = (
    underachievement.summary, underachievement.method, underachievement.flagged, underachievement.kinds,
    agreeing.agreement, agreeing.fairness, underachievement.talk, underachievement.pupils,
)  # fmt: skip
each = pytest.mark.parametrize("language", ["nl", "en"])


@cache
def bdf():
    study = werkbank.load_study(werkbank.example_path("bdf"))
    intake = werkbank.read_answers(study)
    scores = werkbank.score_study(intake)
    examined = examine(study, scores.table, intake.pupils)
    results = werkbank.Results({}, tuple(stating.estimates(examined, 6)), tuple(stating.facts(examined)))
    return intake, scores, results, examined


@cache
def sections(language):
    *parts, _ = bdf()
    report = Bench.made(*parts, language)
    return (*(part(report) for part in PARTS), underachievement.provenance(report))


def blocks(language, kind):
    return [b for s in sections(language) for b in s.blocks if isinstance(b, kind)]


def texts(shown):
    for section in shown:
        for b in section.blocks:
            match b:
                case Heading() | Paragraph():
                    yield b.text
                case Bullets():
                    yield from b.items
                case Figure():
                    yield from (b.alt, b.caption)
                case Table():
                    yield from (b.title, *b.notes, *(c.label for c in b.columns))
                    yield from (v for row in b.rows for v in row.values() if isinstance(v, str))


@each
def test_sections_are_whole(language):
    for section in sections(language):
        assert isinstance(section.blocks[0], Heading)
        assert Section.from_json(section.to_json()).to_json() == section.to_json()
    ids = [b.id for b in blocks(language, Table) + blocks(language, Figure)]
    assert len(ids) == len(set(ids))
    for text in texts(sections(language)):
        assert not re.search(r"\bnan\b|\bNone\b|\{\w+\}", text), text


@each
def test_every_number_in_a_table_is_a_result(language):
    _, _, results, _ = bdf()
    known = {v for e in results.estimates for v in (e.estimate, e.ci_low, e.ci_high, e.n, e.n_clusters)}
    known |= {v for f in results.facts for v in (f.value, f.n)}
    for table in blocks(language, Table):
        for row in table.rows:
            for value in row.values():
                for number in value if isinstance(value, tuple) else (value,):
                    assert isinstance(number, str) or number in known, (table.id, row)


@each
def test_the_choices_name_reference_threshold_tie_and_who_is_able(language):
    choices = next(t for t in blocks(language, Table) if t.id == "tab-choices")
    said = " ".join(row["choice"] for row in choices.rows)
    cut = {
        "nl": "op of boven het 0,9-kwantiel van verbaal IQ: 14,5",
        "en": "at or above the 0.9 quantile of verbal IQ: 14.5",
    }
    assert cut[language] in said
    wanted = {
        "nl": ["vergeleken met alle leerlingen", "precies op de drempel telt mee", "aangenomen", "40,93"],
        "en": ["compared with all pupils", "exactly at the threshold counts", "assumed", "40.93"],
    }
    assert all(words in said for words in wanted[language])


@each
def test_observed_stands_beside_chance_and_nobody_is_a_signal_yet(language):
    said = " ".join(texts(sections(language)[:1]))
    assert all(number in said for number in ("87", "257", "34%", "35%"))
    assert {"nl": "geen enkele leerling als signaal", "en": "no pupil counts as a signal"}[language] in said
    assert {"nl": "Laag presteren is niet onderpresteren", "en": "Low achievement is not"}[language] in said


@each
def test_the_upset_figure_says_what_is_seen(language):
    figure = next(f for f in blocks(language, Figure) if f.id == "fig-upset-taal")
    assert all(n in figure.alt for n in ("51", "20", "11", "5"))
    assert "170" in figure.caption


@each
def test_no_pupil_is_in_the_shared_bench(language):
    intake, *_ = bdf()
    pupils = set(intake.pupils.index)
    words = {word for text in texts(sections(language)) for word in re.findall(r"\w+", text)}
    assert not words & pupils


@each
def test_pupil_pages_say_that_they_are_private(language):
    *parts, _ = bdf()
    shown = underachievement.pupils(Bench.made(*parts, language), shown=True)
    assert {"nl": "Vertrouwelijk", "en": "Confidential"}[language] in shown.blocks[1].text
    tables = [b for b in shown.blocks if isinstance(b, Table)]
    assert [len(t.rows) for t in tables] == [87, 94]
    gaps = [row["gap"] for row in tables[0].rows]
    assert gaps == sorted(gaps, reverse=True)
    assert min(gaps) >= 1


@each
def test_talk_asks_and_does_not_conclude(language):
    talk = next(s for s in sections(language) if s.id == "talk")
    form = next(b for b in talk.blocks if isinstance(b, Table))
    assert {row["seen"] for row in form.rows} == {"…"}
    questions = next(b for b in talk.blocks if isinstance(b, Bullets)).items
    assert all(q.endswith("?") for q in questions)


def test_an_interval_of_a_share_is_in_percent():
    assert numbers.cell((0.281, 0.4), Column("ci", "", "share"), "nl") == "[28%; 40%]"
    assert numbers.cell((None, None), Column("ci", "", "share"), "nl") == numbers.MISSING


@cache
def of_all(language):
    """Return the report of a study without a cut for ability, with a second measure of what could be expected."""
    intake, scores, _, _ = bdf()
    study = intake.study
    block = study.underachievement.model_copy(
        update={
            "able": None,
            "alternatives": [
                type(study.underachievement.expected).model_validate(
                    {"column": "IQ.perf", "label": {"nl": "performaal IQ", "en": "performance IQ"}}
                )
            ],
        }
    )
    changed = study.model_copy(update={"underachievement": block})
    pupils = intake.pupils.assign(**{"IQ.perf": intake.pupils["IQ.verb"] + np.arange(len(intake.pupils)) % 5})
    examined = examine(changed, scores.table, pupils)
    results = werkbank.Results({}, tuple(stating.estimates(examined, 6)), tuple(stating.facts(examined)))
    report = Bench.made(replace(intake, study=changed, pupils=pupils), scores, results, language)
    return [part(report) for part in PARTS], results


@each
def test_without_a_cut_for_ability_nobody_is_called_able(language):
    shown, _ = of_all(language)
    said = " ".join(texts(shown)).lower()
    for word in {"nl": ("begaafd",), "en": ("able pupil", " able ", "able and")}[language]:
        assert word not in said, [t for t in texts(shown) if word in t.lower()]


@each
def test_what_hangs_on_a_choice_is_shown_with_the_other_measure(language):
    shown, results = of_all(language)
    tables = {b.id: b for s in shown for b in s.blocks if isinstance(b, Table)}
    rows = tables["tab-varied-taal"].rows
    assert any({"nl": "performaal IQ", "en": "performance IQ"}[language] in str(row["choice"]) for row in rows)
    made = results.where(outcome="taal", estimand="varied")
    assert [row["share"] for row in rows[1:]] == [e.estimate for e in made]
    assert len({row["kept"] for row in rows[1:]}) > 3


@each
def test_without_another_measure_the_report_says_that_it_cannot_tell(language):
    said = list(texts(sections(language)))
    told = {
        "nl": "geen andere maat voor wat te verwachten was",
        "en": "names no other measure of what could be expected",
    }
    assert sum(told[language] in text for text in said) == 1
    assert not any("`" in text or "werkbank run" in text for text in said)


@each
def test_no_sentence_takes_a_count_for_the_number_who_underachieve(language):
    for shown in (sections(language), of_all(language)[0]):
        said = " ".join(texts(shown))
        for claim in {
            "nl": ("Als niemand onderpresteerde", "toeval alleen"),
            "en": ("If nobody underachieved", "chance alone"),
        }[language]:
            assert claim not in said


@each
def test_the_interval_says_which_schools_it_knows(language):
    choices = next(t for t in blocks(language, Table) if t.id == "tab-choices")
    assert any("Korn-Graubard" in str(row["choice"]) for row in choices.rows)
