"""The school report: one page first, in plain words, and nobody in it can be recognised."""

import dataclasses

import pytest

from werkbank.appraisal import appraise, check_text
from werkbank.bench import Bench
from werkbank.catalogue import topic_sentences
from werkbank.reporting import school
from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph, Table
from werkbank.results import Fact


def blocks(section, kind):
    return [b for b in section.blocks if isinstance(b, kind)]


def paragraph(section, start):
    return next(p for p in blocks(section, Paragraph) if p.text.startswith(start))


def with_least(report, least):
    study = report.study.model_copy(update={"privacy": report.study.privacy.model_copy(update={"min_cell": least})})
    return dataclasses.replace(report, intake=dataclasses.replace(report.intake, study=study))


def test_one_page_answers_its_questions_in_order(report):
    page = school.one_page(report("nabijheid", "nl"))
    assert [h.text for h in blocks(page, Heading)] == [
        "Op één bladzijde", "Wat is er gedaan, en met wie?", "Wat is er veranderd?", "Hoe zeker is dit?",
        "Wat laat dit niet zien?", "Wat nu?",
    ]  # fmt: skip
    assert len(blocks(page, Figure)) == 1
    assert sum(len(p.text.split()) for p in blocks(page, Paragraph)) < 350


def test_a_result_says_in_its_own_paragraph_who_filled_it_in(report):
    page = school.one_page(report("nabijheid", "nl"))
    lead, *_ = blocks(page, Paragraph)
    assert "ingevuld door wie de aanpak gaf" in lead.text
    for name in ("**Nabijheid**", "**Conflict**"):
        assert "wie de aanpak gaf, vulde dit zelf in" in paragraph(page, name).text
    others = school.details(report("nabijheid", "nl"))
    assert "vulde dit zelf in" not in paragraph(others, "**Rekentoets**").text


def test_numbers_are_those_of_the_results_in_plain_words(report):
    shown = report("nabijheid", "nl")
    test = shown.evidence.tests[0]
    text = paragraph(school.one_page(shown), "**Nabijheid**").text
    assert f"{test.estimate:.1f}".replace(".", ",") + " punt hoger dan bij controle" in text
    low, high = (f"{x:.1f}".replace(".", ",") for x in (test.ci_low, test.ci_high))
    assert f"waarschijnlijk tussen {low} en {high} punt" in text


def test_what_is_equivalent_is_the_only_thing_called_no_relevant_difference(report):
    shown = school.details(report("nabijheid", "en"))
    assert "no relevant difference" in paragraph(shown, "**Arithmetic test**").text
    assert "no relevant" not in paragraph(shown, "**Closeness according to the pupil**").text


def test_one_class_an_arm_is_refused_in_plain_words(report):
    page = school.one_page(report("one_class", "nl"))
    refusal = next(p for p in blocks(page, Paragraph) if p.tone == "refusal")
    assert "minstens twee klassen" in refusal.text
    assert "Met meer klassen kan dat wel" in refusal.text
    assert "geen antwoord" in blocks(page, Paragraph)[0].text
    assert any("meer klassen" in item for b in blocks(page, Bullets) for item in b.items)
    assert not [t for t in blocks(school.details(report("one_class", "nl")), Table) if t.id == "tab-differences"]


def test_groups_below_the_least_count_are_hidden_everywhere(report):
    shown = with_least(report("nabijheid", "nl"), 180)  # the control group has 179 pupils
    page, who, details = school.one_page(shown), school.who(shown), school.details(shown)
    assert "te klein om te laten zien" in paragraph(page, "Het gaat om").text
    assert "laten we de uitkomst niet zien" in paragraph(page, "**Nabijheid**").text
    assert "te klein" in paragraph(page, "Kort gezegd").text
    picture = blocks(page, Figure)[0]
    assert "controle, nabijheid: geen scores" in picture.alt
    for table in (*blocks(who, Table), *blocks(details, Table)):
        counts = [row[c.key] for row in table.rows for c in table.columns if c.kind == "count"]
        assert all(n is None or n >= 180 for n in counts), table.id
        assert any("niemand te herkennen" in note for note in table.notes)
    quality = blocks(school.trust(shown), Table)[0]
    assert not [row for row in quality.rows if "179" in row["finding"]]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_only_the_verdict_on_an_effect_holds_causal_words(language):
    def walk(node, path):
        for key, value in node.items():
            if isinstance(value, dict):
                yield from walk(value, (*path, key))
            else:
                yield ".".join((*path, key)), value

    for topic in ("school", "thesis"):
        for key, sentence in walk(topic_sentences(topic, language), ()):
            grade = "effect" if ".effect." in f".{key}." else "association"
            assert check_text(sentence, grade, language, equivalent=".equivalent" in key) == [], key


@pytest.mark.parametrize(
    ("language", "told"), [("nl", "misschien niet hetzelfde"), ("en", "may not have meant the same")]
)
def test_a_mean_that_moved_on_another_yardstick_is_refused_in_plain_words(report, language, told):
    known = report("single", language)
    bare = dataclasses.replace(known.results, claims=())
    (test,) = known.evidence.tests
    level = Fact("level", "invariance_level", "configural", test.outcome, wave=test.wave_to)
    found = bare.with_more(facts=[level])
    found = found.with_more(claims=appraise(known.study, found))
    page = school.one_page(Bench.made(known.intake, known.scored, found, language))
    (refused,) = [p for p in blocks(page, Paragraph) if p.tone == "refusal"]
    assert told in refused.text
    assert not check_text(refused.text, "description", language)
