"""The section on assumptions prints its facts, and says when ranks and means disagree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from werkbank.bench import Bench
from werkbank.effects import diagnose
from werkbank.reporting.assumptions import assumptions
from werkbank.reporting.blocks import Paragraph, Table


def looked_at(bench):
    facts = diagnose(bench.study, bench.scored.table, bench.intake.pupils)
    return Bench.made(bench.intake, bench.scored, bench.results.with_more(facts=facts), bench.language)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", ["baumann", "nabijheid"])
def test_a_row_a_question_with_the_facts_in_it(report, name, language):
    bench = looked_at(report(name, language))
    (table,) = [b for b in assumptions(bench).blocks if isinstance(b, Table)]
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
