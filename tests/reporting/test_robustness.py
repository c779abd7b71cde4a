"""Reliable change and the multiverse as a reader sees them: every number one of the results."""

from dataclasses import replace

import pytest
from tests.reporting.conftest import reading

from werkbank.bench import Bench
from werkbank.disclosure.suppressing import HIDDEN
from werkbank.effects import by_own_alpha, of_headline
from werkbank.reporting import figures, robustness
from werkbank.reporting.blocks import Bullets, Figure, Paragraph, Table


@pytest.fixture(scope="module")
def judged(report):
    """Give a report that knows its reliable changes."""

    def make(name, language):
        known = report(name, language)
        facts = by_own_alpha(known.study, known.scored, known.intake.pupils)
        return Bench.made(known.intake, known.scored, known.results.with_more(facts=facts), language)

    return make


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_categories_are_counted_for_every_arm_and_method(judged, language):
    section = robustness.reliable_change(judged("nabijheid", language))
    tables = of(section, Table)
    assert {"tab-reliable-change-strs-sf-closeness", "tab-reliable-change-strs-sf-conflict"} <= {t.id for t in tables}
    for table in tables:
        for row in table.rows:
            assert row["improved"] + row["unchanged"] + row["deteriorated"] == row["n"]
            assert "recovered" not in row
    (figure,) = of(section, Figure)
    first = next(row for row in tables[0].rows if "Jacobson" in row["method"])
    assert str(first["improved"]) in figure.alt
    assert ("alfa" if language == "nl" else "alpha") in tables[0].notes[0]


@pytest.mark.parametrize("name", ["baumann", "single"])  # ready scores; an item that runs against the rest
def test_without_a_positive_alpha_nothing_is_reliable_and_that_is_said(judged, name):
    section = robustness.reliable_change(judged(name, "en"))
    assert len(of(section, Paragraph)) == 1
    assert not of(section, Table)


def test_the_better_side_follows_the_direction(judged, monkeypatch):
    seen = []
    monkeypatch.setattr(figures, "scatter", lambda clouds, _: seen.extend(clouds))
    shown = judged("nabijheid", "en")
    for key in ("strs-sf.closeness", "strs-sf.conflict"):
        robustness._scatter(reading(shown), key)
    assert [c.higher_is_better for c in seen] == [True, True, False, False]
    for cloud in seen:
        moved = cloud.post - cloud.pre if cloud.higher_is_better else cloud.pre - cloud.post
        assert (moved > cloud.smallest).sum() == cloud.counts["improved"]
        assert (moved < -cloud.smallest).sum() == cloud.counts["deteriorated"]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_multiverse_is_shown_with_its_shares(report, language):
    shown = report("baumann", language)
    study, scores, pupils = shown.study, shown.scored.table, shown.intake.pupils
    ways = of_headline(study, scores, pupils, shown.results.estimates, seed=1)
    section = robustness.many_ways(shown)
    (figure,), (shares,) = of(section, Figure), of(section, Bullets)
    assert str(len(ways.table)) in figure.alt
    assert "100%" in shares.items[1]
    assert str(len(ways.table)) in of(section, Paragraph)[-1].text  # fewer than 200: how many there are
    assert {f.what for f in ways.facts} >= {"multiverse_same_sign", "multiverse_significant"}


@pytest.mark.parametrize("name", ["single", "one_class"])
def test_without_a_tested_comparison_there_are_no_other_ways(report, name):
    shown = report(name, "nl")
    ways = of_headline(shown.study, shown.scored.table, shown.intake.pupils, shown.results.estimates, seed=1)
    assert ways is None
    assert len(of(robustness.many_ways(shown), Paragraph)) == 1


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_method_without_a_verdict_is_named_and_a_hidden_count_is_not(judged, language):
    bench = judged("nabijheid", language)

    def told(**changed):
        facts = [
            replace(f, **changed) if f.criterion == "hageman_arrindell" and f.category in robustness.CATEGORIES else f
            for f in bench.results.facts
        ]
        shown = Bench.made(bench.intake, bench.scored, replace(bench.results, facts=tuple(facts)), language)
        section = robustness.reliable_change(shown)
        several = [item for bullets in of(section, Bullets) for item in bullets.items]  # what more than one table says
        return [*(note for t in of(section, Table) for note in t.notes), *several]

    word = {"nl": "geeft geen oordeel", "en": "gives no verdict"}[language]
    assert any("Hageman" in note and word in note for note in told(value=None))
    assert not any(word in note for note in told(value=None, note=HIDDEN))
    assert not any(word in note for note in told())
