"""The section on assumptions prints its facts, and says when ranks and means disagree."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from werkbank.bench import Bench
from werkbank.effects import diagnose
from werkbank.reporting import numbers
from werkbank.reporting.assumptions import assumptions
from werkbank.reporting.blocks import Paragraph, Table


@cache
def looked_at(bench):
    facts = diagnose(bench.study, bench.scored.table, bench.intake.pupils)
    return Bench.made(bench.intake, bench.scored, bench.results.with_more(facts=facts), bench.language)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", ["baumann", "nabijheid"])
def test_a_row_a_question_with_the_facts_in_it(report, name, language):
    bench = looked_at(report(name, language))
    table, more = [b for b in assumptions(bench).blocks if isinstance(b, Table)]
    for what in ("influence_largest", "slopes_differ", "values_distinct"):
        facts = bench.results.facts_where(what=what)
        assert facts
        shown = {row.get(what) for row in more.rows} - {None}
        assert shown == {f.value for f in facts if f.value is not None}
    seen = [f.value for f in bench.results.facts_where(what="residual_normality_w")]
    assert seen
    assert [row["residual_normality_w"] for row in table.rows] == seen
    assert "pingouin" in table.notes[0]


def test_ranks_that_say_otherwise_are_named(report):
    bench = looked_at(report("nabijheid", "en"))
    turned = [replace(f, value=0.6) if f.what == "rank_p" else f for f in bench.results.facts]
    shown = assumptions(Bench.made(bench.intake, bench.scored, replace(bench.results, facts=tuple(turned)), "en"))
    assert any("By ranks" in b.text for b in shown.blocks if isinstance(b, Paragraph))


def test_where_nothing_is_compared_it_says_so(report):
    shown = assumptions(looked_at(report("single", "nl")))
    assert len(shown.blocks) == 2
    assert shown.blocks[1].text.startswith("Er is geen primaire vraag")


def test_what_asks_for_attention_is_said_of_its_question(report):
    bench = looked_at(report("nabijheid", "nl"))
    loud = {"slopes_differ_p": 0.01, "influence_largest": 1.4, "share_at_top": 0.4, "rank_p": 0.9}
    turned = [replace(f, value=loud.get(f.what, f.value)) for f in bench.results.facts]
    shown = assumptions(Bench.made(bench.intake, bench.scored, replace(bench.results, facts=tuple(turned)), "nl"))
    said = " ".join(b.text for b in shown.blocks if isinstance(b, Paragraph))
    for part in ("hangt de score achteraf", "verschuift één eenheid", "hopen zich op"):
        assert part in said
    calm = {"slopes_differ_p": 0.5, "influence_largest": 0.4, "share_at_top": 0.02, "share_at_bottom": 0.02}
    turned = [replace(f, value=calm.get(f.what, f.value)) for f in bench.results.facts]
    shown = assumptions(Bench.made(bench.intake, bench.scored, replace(bench.results, facts=tuple(turned)), "nl"))
    said = " ".join(b.text for b in shown.blocks if isinstance(b, Paragraph))
    assert not any(part in said for part in ("hangt de score achteraf", "verschuift één eenheid", "hopen zich op"))


def test_the_thesis_looks_at_them_too(report):
    """A chapter says in its method what was looked at, and in its results what was seen: the tables are elsewhere."""
    from werkbank.reporting import thesis

    bench = looked_at(report("nabijheid", "nl"))
    method, results = ([b.text for b in part(bench).blocks if isinstance(b, Paragraph)]
                       for part in (thesis.analysis, thesis.results))  # fmt: skip
    assert any("Van de residuen zijn de verdeling (Shapiro-Wilk)" in text for text in method)
    normal = [f.value for f in bench.results.facts_where(what="residual_normality_p") if f.value is not None]
    first = {(t.outcome, t.wave_to) for t in bench.evidence.primary if bench.evidence.role_of(t) == "primary"}
    largest = bench.results.facts_where(what="influence_largest")
    moved = [f.value for f in largest if f.value is not None and (f.outcome, f.wave_to or f.wave) in first]
    assert min(normal) >= 0.05
    (seen,) = [text for text in results if "weken de residuen aantoonbaar af" in text]
    assert numbers.p_value(min(normal), "nl").replace(" ", "\N{NO-BREAK SPACE}") in seen
    assert f"met hoogstens {numbers.decimal(max(moved), 'nl')} standaardfout" in seen
