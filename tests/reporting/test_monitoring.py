"""The report on pupil monitoring: the stated false-alarm rate, counts, and pupils only when asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

import werkbank
from werkbank.bench import Bench
from werkbank.reporting import monitoring, underachievement
from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Section, Table
from werkbank.underachievement import following

PARTS = (monitoring.summary, monitoring.method, monitoring.alerts, monitoring.growth, monitoring.levels)
each = pytest.mark.parametrize("language", ["nl", "en"])


@cache
def made(language):
    study = werkbank.load_study(werkbank.example_path("volgsysteem"))
    followed = following.follow(study)
    intake = werkbank.read_answers(study)
    found = werkbank.Results({}, facts=tuple(following.facts(followed)))
    intake = replace(intake, files=followed.files)
    return Bench.made(intake, werkbank.score_study(intake), found, language), followed


@cache
def sections(language):
    report, _ = made(language)
    return (*(part(report) for part in PARTS), underachievement.talk(report), monitoring.pupils(report))


def texts(shown):
    for section in shown:
        for b in section.blocks:
            match b:
                case Heading() | Paragraph():
                    yield b.text
                case Bullets():
                    yield from b.items
                case Table():
                    yield from (b.title, *b.notes, *(c.label for c in b.columns))
                    yield from (v for row in b.rows for v in row.values() if isinstance(v, str))


@each
def test_sections_are_whole_and_every_number_is_a_result(language):
    known = {v for f in made(language)[0].results.facts for v in (f.value, f.n)}
    for section in sections(language):
        assert isinstance(section.blocks[0], Heading)
        assert Section.from_json(section.to_json()).to_json() == section.to_json()
        for table in (b for b in section.blocks if isinstance(b, Table)):
            assert all(v in known for row in table.rows for v in row.values() if not isinstance(v, str))
    assert not [text for text in texts(sections(language)) if re.search(r"\bnan\b|\bNone\b|\{\w+\}", text)]


@each
def test_the_false_alarm_rate_stands_beside_what_it_prevents(language):
    said = " ".join(texts(sections(language)[:1]))
    assert "5%" in said
    assert {"nl": "ongeveer 12 meldingen", "en": "about 12 alerts"}[language] in said
    assert {"nl": "geen diagnose", "en": "not a diagnosis"}[language] in said


@each
def test_no_pupil_is_shown_unless_asked_for(language):
    report, followed = made(language)
    pupils = set(followed.scores["pupil"])
    words = {word for text in texts(sections(language)) for word in re.findall(r"\w+", text)}
    assert not words & pupils
    asked = monitoring.pupils(report, shown=True)
    assert {"nl": "Vertrouwelijk", "en": "Confidential"}[language] in asked.blocks[1].text
    table = next(b for b in asked.blocks if isinstance(b, Table))
    assert len(table.rows) == followed.watched.n_alerts


def test_one_low_score_is_never_called_a_signal():
    report, followed = made("nl")
    block = followed.block.model_copy(update={"confirm": 1})
    study = report.study.model_copy(update={"monitoring": block})
    said = monitoring.summary(replace(report, intake=replace(report.intake, study=study)))
    assert "Eén lage score is nooit een signaal" in said.blocks[-1].text


def test_subjects_are_named_in_the_language_of_the_report():
    for language, named in (("nl", "rekenen"), ("en", "arithmetic")):
        places = [text for text in texts(sections(language)) if named in text]
        assert any(place == f"S1, {named}" for place in places)
    assert not any("rekenen" in text for text in texts(sections("en")))
