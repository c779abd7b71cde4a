"""One school of a study: the whole study's answer, its own classes among all, and a page that tells how to read it."""

import dataclasses
import io
import re

import pytest
from tests.conftest import opened_example
from tests.reporting.test_school import all_text, blocks, said_on_page_one

import werkbank
from werkbank.appraisal import check_text
from werkbank.catalogue import say
from werkbank.reporting import school
from werkbank.reporting.blocks import Bullets, Figure, Paragraph, Table
from werkbank.reporting.formats import Document, write
from werkbank.reporting.funnel import funnel
from werkbank.reporting.reading_help import reading_help
from werkbank.reporting.sharing import not_to_leave, shared_bench, shared_sections

PARTS = (school.one_page, school.own_classes, school.who, school.details, school.trust, school.terms)


@pytest.fixture(scope="module")
def part():
    """A bench of one school, whose whole is computed once for all languages and schools."""
    kept = opened_example("nabijheid", "nl")

    def of(language, code="S01"):
        bench = werkbank.open("nabijheid", language=language, only={"school": code})
        bench.__dict__["whole"] = kept
        return bench

    return of


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_report_of_a_school_tells_the_answer_of_the_whole_and_shows_its_classes(part, language):
    bench = part(language)
    sections = [made for made in (p(bench) for p in PARTS) if made is not None]
    page, own = sections[:2]
    text = " ".join(said_on_page_one(page))
    assert "S01" in text
    whole = {e.id: e.estimate for e in bench.whole.part("effects").estimates}
    told = bench.about("within").results
    assert {e.id: e.estimate for e in told.estimates} == whole  # no test of its own
    assert len(text.split()) <= 230
    assert len(re.findall(r"\d+(?:[.,]\d+)?", text.replace("S01", ""))) <= 12
    assert not [p for s in sections for p in blocks(s, Paragraph) if p.tone == "refusal"]
    (table, beside), (picture,) = blocks(own, Table), blocks(own, Figure)
    assert [row["schools"] for row in beside.rows] == [6, 6]
    assert all(row["ci"][0] < row["drawn"] < row["ci"][1] for row in beside.rows)
    assert [row["unit"] for row in table.rows] == ["K001", "K002", "K003"]
    assert all(name in picture.alt for name in ("K001", "K002", "K003"))
    assert "K004" not in picture.alt + all_text(own)
    words = sum(len(all_text(s).split()) for s in sections)
    assert words <= 1000


def test_it_is_three_pages(part):
    from pypdf import PdfReader

    for language in ("nl", "en"):
        bench = part(language)
        sections = not_to_leave([made for made in (p(bench) for p in PARTS) if made is not None], language)
        title = "Relatiegerichte coaching in groep 5 tot en met 8"
        made = PdfReader(io.BytesIO(write(Document(tuple(sections), language, title, simulated=True), "pdf")))
        assert len(made.pages) <= 3
        assert say("school.heading.own_classes", language) in " ".join(made.pages[1].extract_text().split())


def test_a_copy_to_share_has_neither_the_school_nor_its_classes(part):
    bench = part("nl")
    for one in PARTS:
        one(bench)
    copy = shared_bench(bench.about("within"))
    assert not [f for f in copy.results.facts if f.what.startswith(("class_mean", "part_"))]
    text = " ".join(all_text(s) for s in shared_sections(copy, [p for p in PARTS if p.shared]))
    assert "S01" not in text
    assert "K00" not in text
    assert "2,5 punt hoger" in text


def test_schools_stand_by_their_size_and_never_by_their_mean(part):
    codes = [f"S0{n}" for n in range(1, 9)]
    benches = {code: part("nl", code).about("within") for code in codes}
    found = [(code, bench.results) for code, bench in benches.items()]
    bench = benches["S01"]
    picture = funnel(bench.study, bench.scored.instruments, found, "nl")
    assert picture is not None
    assert "van de 8 scholen" in picture.alt
    assert "geen" in say("batch.index.no_ranking", "nl")
    assert picture.image == funnel(bench.study, bench.scored.instruments, found[::-1], "nl").image
    assert funnel(bench.study, bench.scored.instruments, found[:2], "nl") is None


def test_everyone_has_no_own_classes(report):
    assert school.own_classes(report("nabijheid", "nl")) is None


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_reading_help_is_one_page_and_holds_no_claim(language):
    from pypdf import PdfReader

    section = reading_help(language)
    made = PdfReader(io.BytesIO(write(Document((section,), language, "Een onderzoek", simulated=False), "pdf")))
    assert len(made.pages) == 1
    told = [*(p.text for p in blocks(section, Paragraph)), *(i for b in blocks(section, Bullets) for i in b.items)]
    effect, relevant = say("reading_help.may.effect", language), say("reading_help.words.relevant.equivalent", language)
    for text in told:
        if effect not in text:
            assert check_text(text, "association", language, equivalent=text == relevant) == [], text
    assert "**" not in all_text(section)


def hidden(report, key):
    """Return a bench in which nothing of one outcome may be told."""
    claims = tuple(
        dataclasses.replace(c, verdict="hidden", grade="description", side="", values={"outcome": key})
        if c.kind == "answer" and c.outcome == key else c for c in report.results.claims
    )  # fmt: skip
    return dataclasses.replace(report, given=dataclasses.replace(report.results, claims=claims))


def test_what_is_hidden_is_not_called_unclear(report):
    text = " ".join(said_on_page_one(school.one_page(hidden(report("nabijheid", "nl"), "rekenen"))))
    assert "Bij nabijheid volgens de leerling vonden we geen duidelijk verschil." in text
    assert "Van rekentoets zijn niet alle cijfers te zien" in text


@pytest.mark.parametrize(
    ("language", "told"), [("nl", "Gebruik dit cijfer nog niet"), ("en", "Do not use this number")]
)
def test_a_score_that_must_not_be_used_says_so_wherever_its_number_is(report, language, told):
    bench = report("nabijheid", language)
    claims = [c for c in bench.results.claims if c.topic != "reliability"]
    key = "strs-sf.closeness"
    against = dataclasses.replace(
        next(c for c in bench.results.claims if c.topic == "reliability"), verdict="negative", status="attention",
        sentence="claims.quality.reliability.negative", values={"outcomes": [key]},
    )  # fmt: skip
    bench = dataclasses.replace(bench, given=dataclasses.replace(bench.results, claims=(against, *claims)))
    page, details = school.one_page(bench), school.details(bench)
    text = " ".join(said_on_page_one(page))
    assert text.count(told) == 1
    assert text.index(told) < text.index("**Conflict**")
    (picture,) = blocks(page, Figure)
    assert say("school.standing.doubtful", language) in picture.alt
    assert say("school.title.compared.doubtful", language, outcomes="x").partition("x")[2] in picture.alt
    assert say("school.next.fix_items", language) in text
    assert len(text.split()) <= 240
    for table in blocks(details, Table):
        assert any("nog niet" in note or "not use" in note for note in table.notes), table.id
