"""Figures of rows: what is drawn is what is said, and nothing is drawn of what is not there."""

import re

import numpy as np
import pytest
from tests.reporting.conftest import reading

from werkbank.reporting import pictures
from werkbank.reporting.diagrams import Pattern, missing
from werkbank.reporting.figures import MOST_ROWS, Ends, Panel, dumbbells, ends
from werkbank.reporting.sharing import shared_bench
from werkbank.reporting.style import LOOKS


def panel(count, means=(3.0, 3.2)):
    lines = np.random.default_rng(2).normal(3, 1, (count, 2))
    return Panel("nieuw", "taal", ("voor", "na"), tuple(lines.T), lines, means, (count, count))


def marks(figure):
    """How many signs in an arm's colour the drawing has."""
    return sum(len(re.findall(rb"<use [^>]*stroke: " + look.colour.encode(), figure.image)) for look in LOOKS)


def test_every_class_has_its_two_marks_and_every_arm_its_mean():
    one, two = (dumbbells([[panel(n), panel(n)]], "nl", "class") for n in (4, 5))
    assert marks(two) - marks(one) == 2 * 2, "a class more in each arm: an open and a closed mark each"
    assert "nieuw, taal: gemiddeld van 3,00 naar 3,20." in one.alt
    assert "klas" in one.caption


def test_a_class_that_was_measured_once_is_not_drawn():
    whole, lacking = panel(5), panel(5)
    lacking.lines[2, 1] = np.nan
    assert marks(dumbbells([[whole]], "nl", "class")) - marks(dumbbells([[lacking]], "nl", "class")) == 2


@pytest.mark.parametrize("count", [0, MOST_ROWS])
def test_no_classes_and_too_many_classes_are_not_drawn(count):
    assert dumbbells([[panel(count)]], "nl", "class") is None


def test_an_arm_without_a_mean_is_drawn_without_one():
    shown = dumbbells([[panel(3, means=(None, 3.0))]], "en", "school")
    assert "on average" not in shown.alt


def test_patterns_are_told_with_their_counts():
    rows = [Pattern((True, True), (12, 9)), Pattern((True, False), (0, 3)), Pattern((False, False), (1, None))]
    shown = missing(rows, ["voor", "na"], ["nieuw", "gewoon"], "nl")
    assert shown.alt.endswith(
        "Gemeten op voor, na: nieuw 12, gewoon 9. Gemeten op voor: gewoon 3. Nooit gemeten: nieuw 1."
    )


def test_the_example_shows_who_was_there_when_and_a_shared_copy_does_not(report):
    inside = report("nabijheid", "nl")
    alt = pictures.missing(reading(inside)).alt
    counts = [f.value for f in inside.results.facts_where(what="missing_pattern")]
    assert sum(counts) == sum(f.value for f in inside.results.facts_where(what="pupils_enrolled"))
    for count in counts:
        assert re.search(rf"\b{count}\b", alt), count
    assert pictures.missing(reading(shared_bench(inside))) is None
    assert pictures.change(reading(inside)).image.count(b"<path") > 48, "each of 24 classes twice"


def test_shares_at_the_ends_are_written_as_the_language_does():
    shown = ends([Ends("taal, voor", 0.004, 0.31)], 0.15, "nl")
    assert "taal, voor: 0% heeft de laagst mogelijke score, 31% de hoogste." in shown.alt
    assert "15%" in shown.caption
