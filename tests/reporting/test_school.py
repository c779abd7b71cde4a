"""The school report: one page first, in plain words, and nobody in it can be recognised."""

import dataclasses
import io
import re
import shutil
import subprocess

import pytest
from tests.conftest import lacking
from tests.reporting.conftest import example, reading

from werkbank.appraisal import appraise, check_text
from werkbank.bench import Bench
from werkbank.catalogue import topic_sentences
from werkbank.reporting import school
from werkbank.reporting.blocks import FIRST_PAGE, Bullets, Figure, Heading, Paragraph, Table, section_html
from werkbank.reporting.formats import Document, write
from werkbank.reporting.page import render
from werkbank.reporting.sharing import not_to_leave, shared_bench, shared_sections
from werkbank.results import Fact


def blocks(section, kind):
    return [b for b in section.blocks if isinstance(b, kind)]


def paragraph(section, start):
    return next(p for p in blocks(section, Paragraph) if p.text.startswith(start))


def with_least(report, least):
    study = report.study.model_copy(update={"privacy": report.study.privacy.model_copy(update={"min_cell": least})})
    return dataclasses.replace(report, intake=dataclasses.replace(report.intake, study=study))


def said_on_page_one(section):
    """The words beside the figure."""
    for block in section.blocks:
        if isinstance(block, (Heading, Paragraph)):
            yield block.text
        elif isinstance(block, Bullets):
            yield from block.items


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", ["nabijheid", "baumann", "one_class", "single"])
def test_the_message_is_short(report, name, language):
    page = school.one_page(report(name, language))
    text = " ".join(said_on_page_one(page))
    assert len(text.split()) <= 230
    assert (
        len(re.findall(r"\d+(?:[.,]\d+)?", re.sub(r"test \d|toets \d|leestest \d", "", text, flags=re.IGNORECASE)))
        <= 12
    )
    assert len(blocks(page, Figure)) == (name != "one_class")
    parts = (school.who, school.details, school.trust, school.terms)
    later = [part(report(name, language)) for part in parts]
    words = text.split() + [word for section in later for word in all_text(section).split()]
    assert len(words) <= 1000


def all_text(section):
    return " ".join(re.sub(r"<[^>]+>", " ", section_html(section)).split())


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_first_page_answers_its_questions_in_order(report, language):
    shown = report("nabijheid", language)
    page = school.one_page(shown)
    heads = [re.match(r"\*\*(.+?)\*\*", p.text) for p in blocks(page, Paragraph)]
    say = reading(shown).words.say
    asked = [say(f"school.{part}.heading") for part in ("done", "sure", "not_shown")]
    assert [h[1] for h in heads if h][-3:] == asked
    assert [h.text for h in blocks(page, Heading)] == [say("school.heading.one_page"), say("school.next.heading")]
    assert page.id == FIRST_PAGE


def test_each_of_two_minutes_questions_is_answered_in_a_sentence_of_page_one(report):
    """Better or not, by how much of what, did it last, caused, why careful, not known, one pupil, who, what next."""
    shown = report("nabijheid", "nl")
    text = "\n".join(said_on_page_one(school.one_page(shown)))
    first, second = (t for t in shown.evidence.tests if t.outcome == "strs-sf.closeness")
    assert (first.wave_to, second.wave_to) == ("post", "followup")
    (index,) = shown.results.where(method="improvement_index", outcome=first.outcome, wave_to="post")
    for wanted in (
        "**Nabijheid** (hoe warm de leraar het contact vindt; schaal 7–35, hoger is beter)",
        f"op de nameting (na vier maanden) bij LLInC {nl(first.estimate)} punt hoger dan bij de controlegroep",
        f"op de vervolgmeting (na negen maanden) was het verschil nog {nl(second.estimate)} punt",
        "mogen we een duidelijk verschil aan de aanpak toeschrijven",
        "De leraren die de aanpak kregen, beoordeelden dit zelf",
        "punt lager, maar zeker weten we dat niet",
        "over één leerling zeggen ze niets",
        f"van elke honderd leerlingen bij LLInC scoorden er naar schatting {round(50 + index.estimate)} boven",
        "zonder verschil vijftig",
        "194 leerlingen (LLInC) en 179 leerlingen (controle)",
        "Doorgaan met aanpassing: bij conflict",
        "gesprekken van een coach met de leraar",
    ):
        assert wanted in text
    assert text.index("toeschrijven") < 1800


def nl(number):
    return f"{abs(number):.1f}".replace(".", ",")


@pytest.mark.parametrize(("name", "language"), [("nabijheid", "nl"), ("nabijheid", "en"), ("baumann", "nl")])
def test_picture_and_sentence_show_the_same_numbers(report, name, language):
    page = school.one_page(report(name, language))
    text, (picture,) = " ".join(said_on_page_one(page)), blocks(page, Figure)
    unit = {"nl": "punt", "en": "points"}[language]
    drawn = re.findall(rf"([\d.,]+) {unit} (?:hoger|lager|higher|lower), ", picture.alt)
    assert len(drawn) >= 2
    assert all(f"{number} {unit}" in text for number in drawn)


def test_who_took_part_and_rated_is_named_and_nobody_else(report):
    page = school.one_page(report("nabijheid", "nl"))
    text = " ".join(said_on_page_one(page))
    assert "wie de aanpak gaf" not in text
    assert text.count("De leraren die de aanpak kregen") == 1
    assert "aanpak kregen" not in paragraph(school.details(report("nabijheid", "nl")), "**Rekentoets**").text


def test_the_means_say_why_they_differ_from_the_message(report):
    details = school.details(report("nabijheid", "nl"))
    assert "niet gecorrigeerd" in blocks(details, Paragraph)[0].text
    assert [f.id for f in blocks(details, Figure)] == ["fig-means"]
    change = school.details(report("single", "en"))
    assert "both times" in blocks(change, Paragraph)[0].text


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", ["nabijheid", "baumann", "one_class", "single"])
def test_the_message_is_one_page_of_three(report, name, language):
    from pypdf import PdfReader

    shown = report(name, language)
    parts = (school.one_page, school.who, school.details, school.trust, school.terms)
    for sections in (
        not_to_leave([part(shown) for part in parts], language),
        shared_sections(shared_bench(shown), parts),
    ):
        document = Document(
            tuple(sections), language, "Relatiegerichte coaching in groep 5 tot en met 8", simulated=True
        )
        pages = [" ".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(write(document, "pdf"))).pages]
        assert len(pages) <= 3
        say = reading(shown).words.say
        assert say("school.heading.one_page") in pages[0]
        assert say("school.next.heading") in pages[0]
        assert say("school.heading.who") in pages[1]
        assert (
            "Aantallen onder" in pages[0]
            or "Counts below" in pages[0]
            or say("privacy.inside").split("**")[1] in pages[0]
        )


def test_a_copy_to_share_keeps_its_message(report):
    shown = report("nabijheid", "nl")
    whole, copy = (school.one_page(bench) for bench in (shown, shared_bench(shown)))
    assert [p.text for p in blocks(whole, Paragraph)][:2] == [p.text for p in blocks(copy, Paragraph)][:2]
    (drawn,), (again,) = blocks(whole, Figure), blocks(copy, Figure)
    assert (drawn.alt, drawn.caption) == (again.alt, again.caption)
    # what leaves is rounded, so that lines and dots shift by less than a millimetre; nothing is added or lost
    shape, places = zip(*(split(picture.image) for picture in (drawn, again)), strict=True)
    assert shape[0] == shape[1]
    assert max(abs(a - b) for a, b in zip(*places, strict=True)) < 72 / 25.4
    assert split(drawn.narrow)[0] == split(again.narrow)[0]


def split(svg):
    """Return a drawing without its numbers, and its numbers (points)."""
    number = rb"-?\d+(?:\.\d+)?"
    return re.sub(number, b"#", svg), [float(found) for found in re.findall(number, svg)]


def test_what_is_equivalent_is_the_only_thing_called_no_relevant_difference(report):
    shown = school.details(report("nabijheid", "en"))
    assert "no relevant difference" in paragraph(shown, "**Arithmetic test**").text
    assert "no relevant" not in paragraph(shown, "**Closeness according to the pupil**").text


def test_one_class_an_arm_is_refused_in_plain_words(report):
    page = school.one_page(report("one_class", "nl"))
    refusal = next(p for p in blocks(page, Paragraph) if p.tone == "refusal")
    assert "minstens twee klassen" in refusal.text
    assert "Met meer klassen kan het wel" in refusal.text
    assert "geen antwoord" in refusal.text
    assert refusal is blocks(page, Paragraph)[0]
    assert not [t for t in blocks(school.details(report("one_class", "nl")), Table) if t.id == "tab-differences"]


def test_groups_below_the_least_count_are_hidden_everywhere(report):
    shown = with_least(report("nabijheid", "nl"), 180)  # the control group has 179 pupils
    page, who, details = school.one_page(shown), school.who(shown), school.details(shown)
    assert "te klein om te laten zien" in paragraph(page, "**Wat is er gedaan?**").text
    assert "laten we de uitkomst niet zien" in paragraph(page, "**Nabijheid**").text
    assert not blocks(page, Figure)
    picture = blocks(details, Figure)[0]
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


def printed(folder, sections, language, chromium):
    """Give the pages of a report as Word and a browser would print them."""
    from pypdf import PdfReader

    title = "Relatiegerichte coaching in groep 5 tot en met 8"
    (folder / "r.docx").write_bytes(write(Document(tuple(sections), language, title, simulated=True), "docx"))
    page = render(sections, language=language, title=title, simulated=True, provenance={"seed": "1"})
    (folder / "h.html").write_text(page, encoding="utf-8")
    office = ["soffice", "--headless", f"-env:UserInstallation={(folder / 'office').as_uri()}", "--convert-to", "pdf"]
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    browser = [chromium, "--headless", "--no-sandbox", "--disable-gpu", *quiet, f"--user-data-dir={folder / 'profile'}"]
    browser += ["--no-pdf-header-footer", f"--print-to-pdf={folder / 'h.pdf'}", (folder / "h.html").as_uri()]
    for command in ([*office, "--outdir", str(folder), str(folder / "r.docx")], browser):
        subprocess.run(command, check=True, capture_output=True, timeout=180)
    for name in ("r.pdf", "h.pdf"):
        yield [" ".join(p.extract_text().split()) for p in PdfReader(folder / name).pages]


@pytest.mark.long
@pytest.mark.parametrize(("name", "language"), [("nabijheid", "nl"), ("nabijheid", "en"), ("one_class", "nl")])
def test_the_message_is_one_page_from_word_and_from_a_browser(report, name, language, chromium, tmp_path):
    if shutil.which("soffice") is None:
        lacking("no LibreOffice on this machine: Word files are not printed")
    shown = report(name, language)
    parts = (school.one_page, school.who, school.details, school.trust, school.terms)
    say = reading(shown).words.say
    for i, sections in enumerate(
        (not_to_leave([part(shown) for part in parts], language), shared_sections(shared_bench(shown), parts))
    ):
        (tmp_path / str(i)).mkdir()
        for pages in printed(tmp_path / str(i), sections, language, chromium):
            assert len(pages) <= 3
            assert say("school.next.heading") in pages[0]
            assert say("school.heading.who") in pages[1]


def test_means_that_point_the_other_way_than_the_answer_are_explained():
    bench = Bench.made(*example("nabijheid"), "nl")
    said = " ".join(block.text for block in school.details(bench).blocks if isinstance(block, Paragraph))
    turned = []
    for test in (t for t in bench.evidence.tests if t.outcome.startswith("strs-sf.")):
        at = {"what": "mean", "outcome": test.outcome, "wave": test.wave_to}
        means = [bench.results.number(arm=arm, **at) for arm in test.arms]
        if (means[0] - means[1]) * test.estimate < 0:
            turned.append(f"{test.outcome}@{test.wave_to}")
    assert turned == ["strs-sf.conflict@followup"]
    assert "conflict (vervolgmeting)" in said
