"""What a review shows besides numbers: how its studies were found, what programmes share, and what was written."""

from __future__ import annotations

import re

import pytest
from tests.synthesis.test_network import copy, network
from tests.synthesis.test_pooling import review, rows_of

import werkbank
from werkbank.catalogue import LANGUAGES, say
from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.programmes.registry import elements, template, template_names
from werkbank.reporting import synthesis
from werkbank.reporting.blocks import Figure, Paragraph, Table
from werkbank.reporting.elements import matrix
from werkbank.reporting.literature import literature
from werkbank.study import load_study
from werkbank.synthesis.reading import review_of

FLOW = {"identified": 100, "other": 5, "removed": 20, "excluded": 60, "not_retrieved": 1,
        "ineligible": {"geen controlegroep": 8}, "included": 12}  # fmt: skip


def blocks(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_flow_is_drawn_with_every_count_and_adds_up(tmp_path, language):
    bench = werkbank.open(review(tmp_path / "a", rows_of(12), flow=FLOW), language=language)
    made = synthesis.flow(bench)
    (figure,), (table,) = blocks(made, Figure), blocks(made, Table)
    assert figure.narrow
    counts = [int(n) for n in re.findall(r": (\d+)", figure.alt)]
    # in and beside each step: found, doubles; screened, excluded; sought, not had; read, not fit; used, their reports
    assert counts == [100, 5, 20, 85, 60, 25, 1, 24, 8, 12, 16]
    assert "geen controlegroep" in figure.alt
    assert [row["n"] for row in table.rows] == [100, 5, 20, 60, 1, 8, 12]
    assert not blocks(made, Paragraph)


def test_where_nothing_fell_off_no_box_stands_and_studies_without_numbers_are_said(tmp_path):
    bench = werkbank.open(review(tmp_path / "a", rows_of(12), flow={"identified": 15, "included": 15}))
    made = synthesis.flow(bench)
    assert [int(n) for n in re.findall(r": (\d+)", blocks(made, Figure)[0].alt)] == [15, 15, 15, 15, 15, 15]
    assert "12" in blocks(made, Paragraph)[0].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_tile_has_its_words(language):
    figure = matrix(language)
    having = elements()
    assert {(t, p) for t, owners in having.items() for p in owners} == {
        (t, name) for name in template_names() for t in template(name).techniques
    }
    tiles = re.findall(r"([^:;]+) \((\d+)\): ([^;.]+)", figure.alt)
    assert [int(n) for _, n, _ in tiles] == [len(owners) for owners in having.values()]
    for code, owners in having.items():
        words = say(f"programmes.technique.{code}", language)
        named = next(names for technique, _, names in tiles if technique.strip() == words)
        assert len(named.split(", ")) == len(owners)
    assert figure.narrow


def test_the_matrix_and_the_literature_are_commands(capsys):
    assert main(["programmes", "--matrix", "--language", "nl"]) == 0
    assert "herstelgesprek (2): EMR" in capsys.readouterr().out
    assert main(["programmes", "emr", "--matrix"]) == 2
    capsys.readouterr()
    assert main(["evidence", "--literature", "--language", "nl"]) == 0
    assert "Niet gevonden: titel, tijdschrift, bladzijden" in capsys.readouterr().out
    assert main(["evidence", "--literature", "--json"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("one", literature(), ids=lambda one: one.id)
def test_a_work_is_whole_or_says_what_is_missing(one):
    assert set(one.told) == set(LANGUAGES)
    has_year = re.search(r"\((?:19|20)\d\d", one.reference) is not None
    assert has_year != ("year" in one.open)
    if not one.open:
        assert re.search(r"\(\d{4}\)\. \S.+\. \S", one.reference)


def network_of(folder, *declared):
    """Write a network in which each school declares what is given."""
    here = network(folder)
    for i, more in enumerate(declared):
        copy(here, f"school{i}", -0.2, 0.2)
        path = here / f"school{i}" / "share" / "evaluation.nl.json"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"title": "School"', f'"title": "School", {more}', 1) if more else text)
    return here


PO, VO = '"school_type": "po"', '"school_type": "vo"'


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ((PO, PO, VO), ["synthesis_mixture"]),
        (('"ages": [8, 12]', '"ages": [9, 11]', '"ages": [10, 12]'), []),
        (('"ages": [4, 8]', '"ages": [9, 12]', '"ages": [8, 10]'), ["synthesis_mixture"]),
        ((PO, PO, PO), []),
    ],
)
def test_school_types_and_ages_are_never_mixed_in_silence(tmp_path, declared, code):
    study = load_study(network_of(tmp_path, *declared))
    try:
        review_of(study)
        found = []
    except UnfitError as error:
        found = [problem.code for problem in error.problems]
    assert found == code


def test_what_only_some_schools_tell_is_said_of_the_others(tmp_path):
    made = review_of(load_study(network_of(tmp_path, PO, PO, "")))
    (note,) = made.notes
    assert note.key == "intake.synthesis.unsaid.school_type"
    assert note.sentence("nl").startswith("school2: of het om primair")


def test_schools_whose_result_was_held_back_are_counted_on_the_page(tmp_path):
    here = network_of(tmp_path, PO, PO, PO, PO)
    copy(here, "klein", None, None)
    made = synthesis.effects(werkbank.open(here, language="nl"))
    assert any(p.text.startswith("Van 1 school is het resultaat") for p in blocks(made, Paragraph))
    each = synthesis.each(werkbank.open(here, language="nl"))
    assert "uw school naast de andere" in blocks(each, Paragraph)[0].text
    assert len(blocks(each, Table)[0].rows) == 4


def test_of_three_schools_none_is_drawn_towards_the_others(tmp_path):
    bench = werkbank.open(network_of(tmp_path, PO, PO, PO), language="nl")
    (said,) = blocks(synthesis.each(bench), Paragraph)
    assert said.text == say("synthesis.each.few", "nl")
