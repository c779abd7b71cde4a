"""The documentation site: it builds without a warning, in both languages, and no page asks anything of the network."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest
from lxml import html
from scripts import study_page
from scripts.site import LANGUAGES
from tests.conftest import ROOT

import werkbank

IN_BOTH = (
    "index",
    "tutorial",
    "how-to",
    "glossary",
    "reading-your-report",
    "which-report",
    "what-may-i-say",
    "install-windows",
    "form",
)
LOADED = "//link[@href and not(@rel='next' or @rel='prev' or @rel='index' or @rel='search')]/@href | //script/@src"
LOADED += (
    " | //img/@src | //img/@srcset | //iframe/@src | //source/@src | //source/@srcset | //video/@src | //object/@data"
)
OUTSIDE = re.compile(r"^(https?:)?//", re.IGNORECASE)
IN_CSS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:https?:)?//[^"')]+)""", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The whole site, made once as `make site` makes it, where no address of the network can be reached by accident."""
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "scripts/site.py", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return out


def pages(site):
    return sorted(site.rglob("*.html"))


@cache
def read(path):
    return html.fromstring(path.read_text(encoding="utf-8"))


@cache
def places(path):
    """Return what of a page can be led to."""
    return {str(name) for name in read(path).xpath("//@id")}


def loads(page):
    """Return every address that a browser asks for by itself when it shows a page."""
    return [str(address) for address in page.xpath(LOADED)]


def test_no_page_and_no_style_loads_anything_from_elsewhere(site):
    assert len(pages(site)) > 60
    for path in pages(site):
        assert not [address for address in loads(read(path)) if OUTSIDE.match(address)], path
        assert not [text for text in read(path).xpath("//style/text()|//@style") if IN_CSS.search(text)], path
    styles = sorted(site.rglob("*.css"))
    assert len(styles) > 4
    for path in styles:
        assert not IN_CSS.findall(path.read_text(encoding="utf-8")), path


def test_a_page_that_would_load_something_is_seen():
    strange = html.fromstring(
        "<html><head><link rel='stylesheet' href='https://fonts.example/a.css'>"
        "<script src='//cdn.example/x.js'></script>"
        "</head><body><a href='https://example.org'>a link is no load</a><img src='pictures/a.png'></body></html>"
    )
    assert [bool(OUTSIDE.match(address)) for address in loads(strange)] == [True, True, False]
    assert IN_CSS.findall("@import 'https://x.example/a.css'; a{background:url(//y.example/b.png)}")


def test_a_browser_asks_nothing_of_the_network(site, chromium):
    from playwright.sync_api import sync_playwright

    asked, wrong = [], []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = started.new_page(viewport={"width": 390, "height": 844})
        page.on("request", lambda one: asked.append(one.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        for name in ("index.html", "en/gallery.html", "nl/index.html", "nl/reading-your-report.html"):
            page.goto((site / name).as_uri())
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        started.close()
    assert asked
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]
    assert not wrong


def test_every_link_of_the_site_leads_to_a_place_on_it(site):
    lost = []
    for path in pages(site):
        for address in {str(address) for address in read(path).xpath("//a/@href")}:
            link, place = urldefrag(address)
            if urlparse(link).scheme or path.name in {"genindex.html", "search.html"}:
                continue
            target = (path.parent / unquote(link)).resolve() if link else path
            there = target.is_file() and (not place or target.suffix != ".html" or unquote(place) in places(target))
            lost += [] if there else [(path.name, address)]
    assert not lost


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_which_it_is_and_leads_to_the_other(site, language):
    other = {"en": "nl", "nl": "en"}[language]
    for name in IN_BOTH:
        page = read(site / language / f"{name}.html")
        assert page.get("lang") == language
        switch = page.xpath("//p[@class='other-language']/a")
        assert [link.get("href") for link in switch] == [f"../{other}/{name}.html"]
        assert switch[0].get("hreflang") == other
    dutch = read(site / "nl" / "index.html")
    assert dutch.xpath("//input[@type='search' or @name='q']/@placeholder") == ["Zoeken"]
    assert set(read(site / "index.html").xpath("//a/@href")) == {"nl/index.html", "en/index.html"}


def test_a_page_in_two_languages_has_the_same_parts_and_the_same_blocks():
    for name in IN_BOTH:
        each = [(ROOT / "docs" / folder / f"{name}.md").read_text(encoding="utf-8") for folder in ("", "nl")]
        if name == "index":
            continue
        parts = [len(re.findall(r"^##+ ", text, flags=re.MULTILINE)) for text in each]
        assert parts[0] == parts[1], name
        kinds = [re.findall(r"^```(\w+)", text, flags=re.MULTILINE) for text in each]
        assert kinds[0] == kinds[1], name
    how_to = [(ROOT / "docs" / folder / "how-to.md").read_text(encoding="utf-8") for folder in ("", "nl")]
    studies = ["".join(re.findall(r"^```yaml\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)) for text in how_to]
    fields = [set(re.findall(r"^\s*(?:- \{)?([a-z_]+):", text, flags=re.MULTILINE)) for text in studies]
    assert fields[0] == fields[1]


def test_the_page_of_fields_is_in_step_with_the_schema():
    assert study_page.PAGE.read_text(encoding="utf-8") == study_page.page(), "run `make docs`"
    from werkbank.study.model import Study

    named = set(re.findall(r"^\| \*{0,2}`(\w+)`", study_page.page().partition("## The study")[2], flags=re.MULTILINE))
    assert "anything" not in study_page.page()
    assert {field.alias or name for name, field in Study.model_fields.items()} <= named


def test_the_page_of_names_has_every_public_name_once(site):
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\.\. auto\w+:: werkbank\.(\w+)", text, flags=re.MULTILINE)) == sorted(werkbank.__all__)
    page = read(site / "en" / "python.html")
    shown = "".join(page.xpath("//article//text()"))
    assert "Put a table, picture, text or number of your own into the private report" in shown
    assert all(page.xpath("//dt[@id=$name]", name=f"werkbank.{name}") for name in ("Bench.wide", "Estimate", "open"))


def test_no_page_tells_where_it_was_made(site):
    told = {str(ROOT), str(Path.home())} - {"/", "/root"}
    for path in [*pages(site), *site.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not [place for place in told if place in text], path
