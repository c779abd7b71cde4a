"""The chapter of a thesis: APA's form, every citation listed, what only the student knows outside the text."""

import io
import re

import pypdf
import pytest

from werkbank.catalogue import topic_sentences
from werkbank.reporting import numbers, thesis
from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph, Table, numbered, spanned
from werkbank.reporting.formats import Document, write
from werkbank.reporting.page import render
from werkbank.reporting.thesis import citing
from werkbank.reporting.thesis.missing import asked

STEPS = ("participants", "instruments", "procedure", "analysis", "results", "limitations", "references")
CASES = [("nabijheid", "nl"), ("nabijheid", "en"), ("baumann", "en"), ("one_class", "nl"), ("single", "en")]
PAGES, WORDS = 8, 2200


def section(report, name):
    return getattr(thesis, name)(report)


def chapter(report):
    return [shown for name in STEPS if (shown := section(report, name)) is not None]


def texts(shown):
    """Return the running text: what a budget of words counts, tables and references apart."""
    return [b.text for s in shown for b in s.blocks if isinstance(b, Paragraph | Heading)]


def said(*shown):
    return " ".join(texts(shown)).replace("\N{NO-BREAK SPACE}", " ")


def tables(shown):
    return [b for s in shown for b in s.blocks if isinstance(b, Table)]


def document(report):
    made = numbered(chapter(report))
    return Document(made, report.language, "Titel", simulated=True)


@pytest.mark.parametrize("case", CASES)
def test_a_chapter_has_no_boxes_and_says_nothing_twice(report, case):
    shown = chapter(report(*case))
    paragraphs = [b for s in shown for b in s.blocks if isinstance(b, Paragraph)]
    assert {b.tone for b in paragraphs} == {"plain"}
    whole = [b.text for b in paragraphs if len(b.text) > 60]
    assert len(whole) == len(set(whole))
    text = said(*shown)
    assert "None" not in text.split()
    for talk in ("results.json", "studiebestand", "study file", "Waarom deze stap", "niet bedoeld om", "manifest"):
        assert talk not in text


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_chapter_keeps_its_budget(report, language):
    made = document(report("nabijheid", language))
    pages = len(pypdf.PdfReader(io.BytesIO(write(made, "pdf"))).pages)
    words = len(" ".join(texts(made.sections)).split())
    assert pages <= PAGES
    assert words <= WORDS


@pytest.mark.parametrize("case", CASES)
def test_every_citation_is_listed_and_every_entry_cited(report, case):
    shown = chapter(report(*case))
    listed = [
        item
        for s in shown
        if s.id == "chapter-references"
        for b in s.blocks
        if isinstance(b, Bullets)
        for item in b.items
    ]
    text = said(*shown) + " ".join(note for t in tables(shown) for note in t.notes)
    references = [citing.Reference(item) for item in listed]
    for r in references:
        narrative = [f"{r.authors.replace(' & ', both)} ({r.year})" for both in (" en ", " and ", " & ")]
        assert r.cited in text or any(n in text for n in narrative), r.cited
    years = re.findall(r"((?:[A-Z][\w’'-]+)(?: et al\.)?)(?:,| \()\s?(\d{4})\b", text)
    for name, year in years:
        family = name.removesuffix(" et al.")
        assert any(family in r.text and year == r.year for r in references), (name, year)
    assert listed == sorted(listed, key=lambda item: item.replace("*", "").casefold())


@pytest.mark.parametrize("case", CASES)
def test_tables_and_figures_are_mentioned_before_they_appear(report, case):
    shown = numbered(chapter(report(*case)))
    before = ""
    names = {"nl": ("Tabel", "Figuur"), "en": ("Table", "Figure")}[case[1]]
    for s in shown:
        for b in s.blocks:
            if isinstance(b, Table) and s.id.startswith("chapter-") and b.id in APA:
                assert f"{names[0]}\N{NO-BREAK SPACE}{b.number}" in before, b.id
            if isinstance(b, Figure):
                assert f"{names[1]}\N{NO-BREAK SPACE}{b.number}" in before, b.id
            before += b.text if isinstance(b, Paragraph) else ""
    assert "[#" not in before


APA = {f"tab-{name}" for name in ("participants", "instruments", "described", "main", "variances", "sensitivity")}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_tables_have_the_form_of_apa(report, language):
    note, word = {"nl": ("*Noot.*", "Tabel"), "en": ("*Note.*", "Table")}[language]
    shown = tables(chapter(report("nabijheid", language)))
    assert {t.id for t in shown} == APA
    assert all(t.notes[0].startswith(note) for t in shown)
    main = next(t for t in shown if t.id == "tab-main")
    assert {"*b*", "*SE*", "*t*", "*df*", "*p*", "*g*"} <= {c.label for c in main.columns}
    assert [over for over, _ in spanned(main) if over] != []
    html = render(
        document(report("nabijheid", language)).sections, language=language, title="T", simulated=True, provenance={}
    )
    assert f'<strong class="number">{word} 1</strong> <em class="title">' in html
    assert 'class="colophon"' not in html
    assert re.search(r"\.chapter tbody tr \+ tr > \* \{ border-top: 0; \}", html)


def test_a_printed_chapter_has_no_broken_words_and_no_cover(report):
    made = document(report("nabijheid", "nl"))
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(write(made, "pdf"))).pages)
    assert "\N{ZERO WIDTH SPACE}" not in text
    assert "Inhoud" not in text
    assert "Methode" in text[:400]


def test_a_word_file_has_captions_in_two_lines_and_no_rules_between_rows(report):
    import docx

    file = docx.Document(io.BytesIO(write(document(report("nabijheid", "nl")), "docx")))
    captions = [p for p in file.paragraphs if p.style.name == "Caption"]
    bold = [p for p in captions if p.text.startswith(("Tabel", "Figuur"))]
    assert len(captions) == 2 * len(bold) > 0
    assert all(t.style.name == "Chapter Table" for t in file.tables)
    assert "insideH" not in file.styles["Chapter Table"].element.xml
    assert file.styles["Normal"].font.name == "Times New Roman"


def test_results_are_written_as_apa_writes_them(report):
    shown = report("nabijheid", "nl")
    test = shown.evidence.tests[0]
    text = said(section(shown, "results"))
    t, df = numbers.decimal(test.statistic, "nl"), numbers.degrees(test.df, "nl")
    assert f"*t*({df}) = {t}, *p* < ,001, *g* = " in text
    assert numbers.interval(test.ci_low, test.ci_high, "nl") in text
    assert f"*t*({numbers.degrees(test.df, 'en')})" in said(section(report("nabijheid", "en"), "results"))


def test_raw_and_standardised_stand_side_by_side(report):
    shown = report("nabijheid", "nl")
    main = next(t for t in tables([section(shown, "results")]) if t.id == "tab-main")
    rows = [row for row in main.rows if row["estimate"] not in ("", None)]
    assert len(rows) == len([t for t in shown.evidence.tests if t.estimate is not None])
    assert all(row["size"] is not None and row["se"] is not None for row in rows)
    assert any("op de meting in dezelfde rij" in note for note in main.notes)
    assert any("lager gunstiger" in note for note in main.notes)


def test_participants_are_told_on_both_levels_and_differences_are_said(report):
    shown = section(report("nabijheid", "nl"), "participants")
    (table,) = tables([shown])
    stubs = [row["stub"] for row in table.rows]
    assert {"Scholen", "Klassen", "Leraren", "Leerlingen", "Leerlingen per klas", "Jaargroep: 6"} <= set(stubs)
    assert "jaargroep 7 het verst uiteen (44% in LLInC tegenover 11% in controle)" in said(shown)


def test_the_model_is_written_out_and_the_corrections_named(report):
    text = said(section(report("nabijheid", "nl"), "analysis"))
    assert "*Yⱼ* = β₀ + β₁ *LLInCⱼ* + β₂ *voormetingⱼ* + β₃ *sekseⱼ* + β₄ *jaargroepⱼ* + *eⱼ*" in text
    assert "De twee primaire toetsen en de zes secundaire toetsen" in text
    assert "Holm (1979)" in text
    assert "Achteraf berekend" in text


def test_informants_who_disagree_are_compared(report):
    text = said(section(report("nabijheid", "nl"), "results"))
    assert "leraren rapporteerden een verschil" in text
    assert "leerlingen niet aantoonbaar" in text


def test_what_only_the_student_knows_is_in_the_text_or_in_the_list(report):
    bench = report("nabijheid", "nl")
    procedure = said(section(bench, "procedure"))
    assert "Ouders konden hun kind afmelden" in procedure
    left = section(bench, "todo")
    items = [item for b in left.blocks if isinstance(b, Bullets) for item in b.items]
    assert str(len(items)) in said(left)
    assert any("Ethische toetsing" in item for item in items)
    assert not any("Toestemming" in item for item in items)
    assert "Ethische toetsing" not in said(*chapter(bench))


def test_a_study_that_says_all_has_nothing_left(report):
    from werkbank.reporting.report import Report

    bench = report("single", "en")
    assert not [item for item in asked(Report(bench, "en")) if "lot:" in item]  # of one group nobody drew


def test_the_page_for_the_writer_answers_each_question_and_names_the_choice_that_moves(report):
    shown = section(report("nabijheid", "nl"), "defence")
    text = " ".join(item for b in shown.blocks if isinstance(b, Bullets) for item in b.items)
    for question in ("Wie bepaalde", "Zaten beide condities", "Waarom zoveel klassen", "Kan de beoordelaar"):
        assert question in text
    assert text.count("Welke ene keuze") == len(report("nabijheid", "nl").evidence.primary)
    assert shown.id == "apart-defence"
    # what the chapter and the evaluation count, the page counts too
    assert "In 11 van 11" in text
    assert "In 10 van 11" in text
    assert "interval door bootstrap" in text


def test_a_refused_analysis_stays_refused(report):
    shown = section(report("one_class", "nl"), "results")
    assert not [b for b in shown.blocks if isinstance(b, Table) and b.id == "tab-main"]
    assert "niet mogelijk" in said(shown)


def test_every_source_is_whole_and_belongs_to_something_that_exists():
    texts = [source["text"] for source in thesis.sources()]
    assert texts == sorted(texts, key=str.casefold)
    assert all(re.search(r"\(\d{4}\)\. .+\.|\(\d{4}\)\. \*.+\*", text) for text in texts)
    topics = {"reporting", "units", "detectable", "alpha", "omega", "mcar_p", "invariance_level"}
    known = set(topic_sentences("effects", "en")["methods"]) | topics
    assert {name for source in thesis.sources() for name in source["for"]} <= known
    ids = [source["id"] for source in thesis.sources()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Holm, S. (1979). A.", "Holm, 1979"),
        ("Bell, R. M., & McCaffrey, D. F. (2002). A.", "Bell & McCaffrey, 2002"),
        ("Spilt, J. L., Koomen, H. M. Y., Thijs, J. T., & van der Leij, A. (2012). A.", "Spilt et al., 2012"),
        ("van der Leij, A., & Thijs, J. (2012). A.", "van der Leij & Thijs, 2012"),
        ("What Works Clearinghouse. (2022). A.", "What Works Clearinghouse, 2022"),
    ],
)
def test_a_reference_knows_how_it_is_cited(text, cited):
    assert citing.Reference(text).cited == cited


def test_characteristics_have_their_names_in_the_language_of_the_chapter(report):
    for language, names in (("nl", {"Sekse: jongen", "Jaargroep: 5"}), ("en", {"Sex: boy", "Grade: 5"})):
        (shown,) = [b for b in thesis.participants(report("nabijheid", language)).blocks if isinstance(b, Table)]
        assert names <= {row[shown.columns[0].key] for row in shown.rows}
