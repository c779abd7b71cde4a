"""What a hurried examiner asks after the answers stands on the same page, from the results and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.reporting.conftest import reading

from werkbank.appraisal.other_ways import other_ways
from werkbank.disclosure.rounding import shown_p
from werkbank.reporting import evaluation, school
from werkbank.reporting.blocks import section_html
from werkbank.reporting.informants import apart


def text_of(section):
    return " ".join(re.sub(r"<[^>]+>", " ", section_html(section)).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.mark.parametrize("language", ["nl", "en"])
def test_loss_other_ways_informants_and_the_plan_stand_on_the_first_page(report, language):
    bench = report("nabijheid", language)
    told, text = reading(bench), text_of(evaluation.summary(bench))
    say = told.words.say
    for claim in told.results.claims_where(topic="attrition"):
        assert told.words.share(claim.values["share_overall"]) in text
        assert told.words.written(claim)["points_differential"] in text
    for test in told.evidence.primary:
        ways = other_ways(told.evidence, test)
        same = len(ways.others) - len(ways.apart)
        key = "same_but" if ways.apart else "same_of"
        question = told.words.test(test.outcome, test.wave_to, test.contrast)
        apart_ones = told.words.listed([told.words.method(e.method) for e in ways.apart])
        values = {"same": same, "n": len(ways.others), "question": question, "apart": apart_ones}
        assert say(f"report.summary.{key}", **values).replace("\N{NO-BREAK SPACE}", " ") in text
    assert say("report.summary.no_plan") in text
    assert say("report.informants.pupil") in text


def test_informants_are_told_apart_only_where_one_saw_what_another_did_not(report):
    told = reading(report("nabijheid", "nl"))
    found = apart(told)
    assert (found.wave, found.saw, found.did_not) == ("post", "teacher", "pupil")
    seen = {c.verdict for c in found.answers["pupil"]}
    assert seen <= {"unclear", "equivalent"}
    assert "Leerlingen zagen geen duidelijk verschil." in text_of(school.one_page(report("nabijheid", "nl")))
    assert apart(reading(report("baumann", "nl"))) is None


def test_what_began_unequal_by_lot_is_not_called_nothing_special(report):
    bench = report("nabijheid", "nl")
    far = [c for c in bench.results.claims_where(topic="baseline") if abs(c.values["g"]) > 0.25]
    assert far
    text = text_of(school.trust(bench))
    fine = text[text.index("niets bijzonders te melden") :]
    assert "vergelijkbaarheid vooraf" not in fine
    assert "vooraf verschilden de groepen" in text


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.00092, 0.0), (0.00049, 0.0), (0.001, 0.001), (0.04961, 0.049), (0.0504, 0.05), (0.05, 0.05), (0.2, 0.2)],
)
def test_a_p_stays_on_its_side_of_what_words_are_said_of(p, shown):
    assert shown_p(p) == pytest.approx(shown)


def test_an_estimate_of_a_copy_keeps_its_verdict(report):
    """However near to .05: what is clear in the school's own report is clear in the copy."""
    bench = report("nabijheid", "nl")
    first = bench.evidence.tests[0]
    assert replace(first, p=shown_p(0.04999)).p < 0.05
