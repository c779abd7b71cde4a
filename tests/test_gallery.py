"""docs/gallery.md: its code runs as it stands, and gives the figures and tables that are shown below it."""

from __future__ import annotations

import ast
import re

import pytest
from lxml import etree
from scripts.gallery import DUTCH, PAGE, block_of, entries, markdown, value_of
from tests.conftest import opened_example, whole_example

import werkbank
from werkbank.reporting.blocks import Table

TEXT = PAGE.read_text(encoding="utf-8")
SHOWN = [entry for entry in entries(TEXT) if entry["kind"]]


@pytest.fixture
def _computed_once(monkeypatch):
    """Open examples with what other tests computed of them already: the page's code stays as it stands."""
    for entry in entries(TEXT):
        if "costly" not in entry["marks"] and (opened := re.search(r'werkbank\.open\("(\w+)"', entry["code"])):
            whole_example(opened[1])
    monkeypatch.setattr(werkbank, "open", opened_example, raising=False)


@pytest.mark.usefixtures("_computed_once")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that it uses
def test_every_block_gives_what_stands_below_it(subtests):
    names = {}
    for entry in entries(TEXT):
        if "costly" in entry["marks"]:
            continue  # made by `make docs`; the test below reads it
        with subtests.test(entry["name"] or "opening"):
            value = value_of(entry["code"], names)
            if not entry["kind"]:
                continue
            block = block_of(value, entry["name"])
            if isinstance(block, Table):
                assert entry["kind"] == "table"
                assert entry["shown"].strip() == markdown(block).strip(), "run `make docs`"
            else:
                assert entry["kind"] == "figure"
                assert (block.alt or "![").replace("[", "(")[:40] in entry["shown"].replace("[", "("), "run `make docs`"


def test_there_are_enough_of_both_each_once_and_with_code():
    names = [entry["name"] for entry in SHOWN]
    assert len(set(names)) == len(names) >= 12
    assert {entry["kind"] for entry in SHOWN} == {"figure", "table"}
    assert all(ast.parse(entry["code"]).body for entry in entries(TEXT))
    libraries = {word for entry in entries(TEXT) for word in ("seaborn", "pingouin") if word in entry["code"]}
    assert libraries == {"seaborn", "pingouin"}


def test_every_picture_is_there_tells_what_it_shows_and_asks_for_nothing():
    drawn = {path.name for path in (PAGE.parent / "pictures" / "gallery").iterdir()}
    figures = {f"{entry['name']}.svg" for entry in SHOWN if entry["kind"] == "figure"}
    assert drawn == figures | {f"{name}.nl.svg" for _, name in DUTCH}
    for entry in SHOWN:
        if entry["kind"] == "figure":
            alt = entry["shown"].partition("![")[2].partition("](")[0]
            assert len(alt) > 60, entry["name"]
            picture = etree.parse(PAGE.parent / "pictures" / "gallery" / f"{entry['name']}.svg").getroot()
            links = [value for node in picture.iter() for key, value in node.attrib.items() if key.endswith("href")]
            assert all(link.startswith(("#", "data:")) for link in links)
