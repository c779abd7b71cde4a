"""A pupil's page: one picture, three sentences, what now; nothing that is a diagnosis, and nothing for others."""

from __future__ import annotations

import re
from functools import cache

import pytest
from tests.cases.logs_made import school_days, study
from tests.cases.test_deciding import AGREED, BEFORE, DURING, colours
from tests.conftest import opened_example

import werkbank
from werkbank.catalogue import topic_sentences
from werkbank.cli import main
from werkbank.reporting import pupil
from werkbank.reporting.blocks import Figure, Heading, Paragraph
from werkbank.study.finding import example_path

DAYS = school_days(38)


def page(folder, name="L01", language="nl"):
    return blocks_of(werkbank.open(folder, language=language), name)


@cache
def example_page(name, language="nl"):
    return blocks_of(opened_example("leerlingen", language), name)


def blocks_of(bench, name):
    blocks = pupil.one_page(bench, pupil=name).blocks
    start = next(i for i, block in enumerate(blocks) if isinstance(block, Heading) and block.level == 3)
    return blocks[start + 1 :]


def texts(blocks, tone=None):
    return [block.text for block in blocks if isinstance(block, Paragraph) and tone in {None, block.tone}]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_one_picture_three_sentences_and_what_now(language):
    for name in ("L03", "L05", "L07", "L11"):
        shown = example_page(name, language)
        assert sum(isinstance(block, Figure) for block in shown) == 1
        assert all(block.alt and block.caption for block in shown if isinstance(block, Figure))
        assert len(texts(shown, "plain")) == 3
        assert len(texts(shown, "lead")) == 1


def test_what_was_built_into_the_example_is_what_it_says():
    now = {name: texts(example_page(name), "lead")[0] for name in ("L03", "L05", "L07", "L11")}
    assert now["L03"].startswith("Wat nu? Ga door, of bouw af")
    assert now["L07"].startswith("Wat nu? Pas aan")
    assert now["L11"].startswith("Wat nu? Voer de aanpak eerst uit")
    assert "op elke dag dat de leerling er was" in now["L05"]
    assert "1 dag afwezigheid" in now["L05"]
    done = texts(example_page("L05"), "plain")[0]
    assert "9 keer, samen 18 minuten" in done


def test_it_is_told_which_days_were_compared_and_when_the_lowest_were():
    said = texts(example_page("L03"))
    assert any("15 dagen vóór het programma en 23 erna" in text and "82%" in text for text in said)
    assert any("3 schooldagen achter elkaar" in text and "september 2025: vóór het programma" in text for text in said)
    eleven = " ".join(texts(example_page("L11")))
    assert "van 7 daarvan is niets ingevuld" in eleven
    assert "Meer dan de helft van wat gepland was, is niet gedaan" not in eleven  # of six of sixteen that is known


def test_a_pupils_sheet_has_nothing_of_another_on_it():
    import io
    import zipfile

    from pypdf import PdfReader

    from werkbank.reporting.formats import Document, write

    section = pupil.one_page(opened_example("leerlingen", "nl"))
    document = Document((section,), "nl", "Blad", simulated=False)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(write(document, "pdf"))).pages]
    whose = [set(re.findall(r"\bL\d\d\b", text)) for text in pages]
    assert whose == [{"L03"}, {"L05"}, {"L07"}, {"L11"}]
    assert all("blijft op school" in " ".join(text.split()) for text in pages)
    word = zipfile.ZipFile(io.BytesIO(write(document, "docx"))).read("word/document.xml").decode()
    assert word.count("<w:pageBreakBefore/>") == 3
    assert section._repr_mimebundle_()["text/html"].count('class="fresh"') == 3


def test_it_stays_at_school_also_with_consent():
    assert not pupil.one_page.shared
    with_consent, without = (texts(example_page(name), "note")[0] for name in ("L03", "L07"))
    assert "de ouders" in with_consent
    assert "verlaat de school niet" in with_consent
    assert "geen toestemming" in without


def test_a_worry_is_referred_and_not_named_a_disorder(tmp_path):
    rows = [[*row] for row in colours()]
    rows[7][-1] = "angst"
    folder = study(tmp_path / "a", "check-in", rows, more={"began": str(DAYS[5])}, agreed=[AGREED])
    told = texts(page(folder), "warning")
    assert any("intern begeleider" in text and "angst" in text and "geen diagnose" in text for text in told)


def test_no_sentence_names_a_disorder_or_a_cause():
    for language, words in (("nl", r"stoornis|autis|ADHD|depress|heeft geholpen|dankzij"),
                            ("en", r"disorder|autis|ADHD|depress|has helped|thanks to")):  # fmt: skip
        said = str(topic_sentences("pupil", language))
        assert not re.search(words, said, re.IGNORECASE)


def test_without_limits_there_is_no_verdict(tmp_path):
    folder = study(tmp_path / "a", "check-in", colours(), more={"began": str(DAYS[5])})
    shown = page(folder)
    assert "vooraf geen grenzen afgesproken" in texts(shown, "plain")[2]
    assert "spreek voor het vervolg vooraf af" in texts(shown, "lead")[0]


@pytest.mark.parametrize(
    ("words", "now"),
    [
        ([*BEFORE, *DURING], "Ga door"),
        ([*["groen"] * 5, *["rood"] * 25], "Stop met deze aanpak"),
        ([*BEFORE[:2], *["groen"] * 20], "Vul de lijst verder in"),
    ],
)
def test_what_now_follows_the_course(tmp_path, words, now):
    began = DAYS[2 if "Vul" in now else 5]
    folder = study(tmp_path / "a", "check-in", colours(words), more={"began": str(began)}, agreed=[AGREED])
    assert f"Wat nu? {now}" in texts(page(folder), "lead")[0]


def test_ten_entries_become_a_printed_page_with_one_command(tmp_path, monkeypatch):
    rows = [("L01", n, day, 2, "ja", "gedaan") for n, day in enumerate(DAYS[:10], 1)]
    folder = study(tmp_path / "a", "2x10", rows)
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(folder), "--report", "pupil", "--format", "pdf", "--out", "uit"]) == 0
    from pypdf import PdfReader

    first = PdfReader("uit/pupil.nl.pdf").pages[0].extract_text()
    assert "10 keer, samen 20 minuten" in first
    assert "De tien dagen zijn gedaan zoals bedoeld" in " ".join(first.split())
    assert not (tmp_path / "uit" / "share").exists()


def test_a_pupil_of_whom_there_is_nothing_is_told():
    blocks = pupil.one_page(werkbank.open(example_path("leerlingen")), pupil="L99").blocks
    assert "L99" in texts(blocks, "refusal")[0]


def test_a_study_of_which_nothing_is_filled_in_says_so(tmp_path):
    rows = [("L01", n, day, None, None, None) for n, day in enumerate(DAYS[:10], 1)]
    folder = study(tmp_path / "a", "2x10", rows)
    assert texts(pupil.one_page(werkbank.open(folder)).blocks, "refusal")
