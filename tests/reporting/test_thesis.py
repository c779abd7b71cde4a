"""The thesis chapter: every step with its why, statistics as APA writes them, and sources that exist."""

import re

import pytest

from werkbank.reporting import numbers, thesis
from werkbank.reporting.blocks import Bullets, Paragraph, Table

STEPS = ("participants", "instruments", "procedure", "analysis", "results", "limitations", "references")


def section(report, name):
    return getattr(thesis, name)(report)


def said(shown):
    return " ".join(b.text for b in shown.blocks if isinstance(b, Paragraph)).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("case", [("nabijheid", "nl"), ("baumann", "en"), ("one_class", "nl"), ("single", "en")])
def test_every_step_opens_with_why(report, name, case):
    shown = section(report(*case), name)
    assert shown.blocks[1].tone == "note"
    assert shown.blocks[1].text.startswith(("Waarom deze stap", "Why this step"))
    assert "None" not in said(shown).split()


def test_results_are_written_as_apa_writes_them(report):
    shown = report("nabijheid", "nl")
    test = shown.evidence.tests[0]
    text = said(section(shown, "results"))
    t, df = numbers.decimal(test.statistic, "nl"), numbers.degrees(test.df, "nl")
    assert f"*t*({df}) = {t}, *p* < ,001" in text
    assert numbers.interval(test.ci_low, test.ci_high, "nl") in text
    assert f"*t*({numbers.degrees(test.df, 'en')})" in said(section(report("nabijheid", "en"), "results"))


def test_alpha_has_no_leading_zero(report):
    assert re.search(r"Cronbachs α was ,\d\d op de voormeting", said(section(report("nabijheid", "nl"), "instruments")))


def test_a_refused_analysis_stays_refused(report):
    shown = section(report("one_class", "nl"), "results")
    assert any(b.tone == "refusal" for b in shown.blocks if isinstance(b, Paragraph))
    assert not [b for b in shown.blocks if isinstance(b, Table) and b.id == "tab-main"]


def test_the_panel_and_the_limits_are_there(report):
    shown = section(report("nabijheid", "nl"), "limitations")
    assert [b.id for b in shown.blocks if isinstance(b, Table)] == ["tab-quality"]
    assert any("vragenlijsten in" in item for b in shown.blocks if isinstance(b, Bullets) for item in b.items)


def test_every_source_is_whole_and_belongs_to_something_that_exists():
    from werkbank.catalogue import topic_sentences

    texts = [source["text"] for source in thesis.sources()]
    assert texts == sorted(texts, key=str.casefold)
    assert all(re.search(r"\(\d{4}\)\. .+\.|\(\d{4}\)\. \*.+\*", text) for text in texts)
    topics = {"reporting", "units", "detectable", "alpha", "omega", "mcar_p", "invariance_level"}
    known = set(topic_sentences("effects", "en")["methods"]) | topics
    assert {name for source in thesis.sources() for name in source["for"]} <= known


def test_only_sources_of_what_was_used_are_listed(report):
    clustered, plain = (
        " ".join(
            item for b in section(report(name, "nl"), "references").blocks if isinstance(b, Bullets) for item in b.items
        )
        for name in ("nabijheid", "baumann")
    )
    assert "Kenward" in clustered
    assert "Campbell" in clustered
    assert "Kenward" not in plain
    assert "Vickers" in plain
