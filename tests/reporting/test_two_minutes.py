"""What readers ask of the first pages, keyed by the results: each answer stands there in one sentence."""

import re

import pytest
from tests.reporting.conftest import reading
from tests.reporting.test_school import said_on_page_one

from werkbank.reporting import evaluation, school
from werkbank.reporting.blocks import section_html

OF = {"nl": ("hoger", "lager"), "en": ("higher", "lower")}


def sentences(text):
    return [part for part in re.split(r"(?<=[.!?:;])\s+|\n", text) if part]


def number(value, language, digits=1):
    text = f"{abs(value):.{digits}f}"
    return text.replace(".", ",") if language == "nl" else text


@pytest.fixture(params=["nl", "en"])
def page(request, report):
    bench = report("nabijheid", request.param)
    return bench, request.param, "\n".join(said_on_page_one(school.one_page(bench)))


def test_a_school_finds_ten_answers_on_page_one(page, subtests):
    bench, language, text = page
    say, results = reading(bench).words.say, bench.results
    post, later = (t for t in bench.evidence.tests if t.outcome == "strs-sf.closeness")
    _, conflict = (t for t in bench.evidence.tests if t.outcome == "strs-sf.conflict")
    (index,) = results.where(method="improvement_index", outcome=post.outcome, wave_to="post")
    pupils = [results.count(what="pupils_enrolled", arm=arm) for arm in bench.evidence.arms]
    low, high = 7, 35
    side = OF[language][post.estimate < 0]
    not_known = say("school.tail.compared.then_unclear").removeprefix(", ")
    keyed = {
        "better or worse": (number(post.estimate, language), side),
        "of what": (f"{low}–{high}",),
        "did it last": (number(later.estimate, language),),
        "caused": (say("school.sure.effect").rstrip("."),),
        "why careful": (say("school.rated.teacher.got", outcomes=say("school.rated.every")).partition(";")[0],),
        "conflict later": (number(conflict.estimate, language), not_known.rstrip(".")),
        "one pupil": (say("school.not_shown.averages").rstrip("."),),
        "of a hundred": (str(round(50 + index.estimate)),),
        "how many at the start": tuple(map(str, pupils)),
        "what next": (say("school.next.adapt", outcomes="conflict").rstrip("."),),
    }
    flat = re.split(r"(?<=\.)\s+|\n", text)  # whole sentences: one may hold a semicolon
    for asked, wanted in keyed.items():
        with subtests.test(asked):
            assert any(all(part in one for part in wanted) for one in flat), (asked, wanted)
    assert text.index(number(post.estimate, language)) < 1800
    assert text.index(say("school.sure.effect")) < 1800


@pytest.mark.parametrize("language", ["nl", "en"])
def test_an_examiner_finds_ten_answers_in_the_first_sections(report, language, subtests):
    """Within the summary and the design: what was compared, of whom, by lot, how much, how sure, rated by whom …"""
    bench = report("nabijheid", language)
    parts = (evaluation.summary, evaluation.design)
    text = " ".join(re.sub(r"<[^>]+>", " ", section_html(part(bench))) for part in parts)
    text = " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())
    (first,) = (t for t in bench.evidence.tests if (t.outcome, t.wave_to) == ("strs-sf.closeness", "post"))
    size = bench.evidence.beside(first, "g_adjusted_unit_means")
    words = reading(bench).words
    keyed = {
        "outcome": words.outcome(first.outcome),
        "estimate": number(first.estimate, language, 2),
        "lower limit": number(first.ci_low, language, 2),
        "upper limit": number(first.ci_high, language, 2),
        "standardised": number(size.estimate, language, 2),
        "by lot": words.say("report.design.kind_randomised", units=words.say("report.unit.class.many")).split(". ")[1],
        "arm": "LLInC",
        "control": words.arm("controle"),
        "waves": words.wave("followup"),
        "programme": bench.study.programme_in(language),
    }
    for asked, wanted in keyed.items():
        with subtests.test(asked):
            assert wanted.casefold() in text.casefold(), (asked, wanted)


@pytest.mark.parametrize("name", ["nabijheid", "baumann", "one_class", "single"])
def test_a_p_is_written_with_the_decimal_sign_of_its_language(sections, report, name):
    """Over all sections of the evaluation and the school report, in both languages."""
    strange = {"nl": re.compile(r"\bp\b\W{0,12}[=<>]\s*0?\.\d"), "en": re.compile(r"\bp\b\W{0,12}[=<>]\s*0?,\d")}
    parts = (school.one_page, school.who, school.details, school.trust, school.terms)
    for language, pattern in strange.items():
        made = [*sections(name, language), *(part(report(name, language)) for part in parts)]
        text = " ".join(re.sub(r"<[^>]+>", "", section_html(one)) for one in made if one is not None)
        assert not pattern.search(text.replace("\N{NO-BREAK SPACE}", " "))
