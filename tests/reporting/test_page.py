"""The page: nothing from outside, one heading of level 1, simulated data named, readable in a browser."""

import re
import subprocess
from itertools import pairwise

import pytest

from werkbank.reporting.page import render


@pytest.fixture(scope="module")
def page(sections):
    return render(
        sections("nabijheid", "nl"),
        language="nl",
        title="Relatie <coaching>",
        simulated=True,
        provenance={"seed": "1", "iets": "anders"},
    )


def test_the_page_asks_nothing_of_the_network_and_runs_nothing(page):
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page)
    assert "@import" not in page
    assert not re.findall(r"url\((?!data:font/woff;base64,)", page), "only the letters that the page carries"


def test_the_page_is_a_document(page):
    assert '<html lang="nl">' in page
    assert "<title>Relatie &lt;coaching&gt; – Evaluatierapport (Gesimuleerde gegevens)</title>" in page
    assert len(re.findall(r"<h1\b", page)) == 1
    levels = [int(n) for n in re.findall(r"<h(\d)\b", page)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert len(re.findall(r"<img\b", page)) == len(re.findall(r"<img [^>]*alt=\"[^\"]{60,}", page))
    assert page.count("<caption") == page.count("<table")


def test_simulated_data_are_named_at_both_ends_and_on_paper(page):
    assert page.count("Gesimuleerde gegevens") >= 4
    assert 'class="margin-mark"' in page
    plain = render([], language="en", title="x", simulated=False, provenance={})
    assert "imulated data" not in plain


def test_provenance_is_shown_under_its_name(page):
    assert "<dt>startgetal van het toeval</dt><dd>1</dd>" in page
    assert "<dt>iets</dt><dd>anders</dd>" in page


def test_the_same_sections_give_the_same_bytes(sections):
    given = {"language": "en", "title": "x", "simulated": False, "provenance": {}}
    assert render(sections("single", "en"), **given) == render(sections("single", "en"), **given)


def test_text_reaches_contrast_aa():
    from werkbank.reporting.page.page import FOLDER

    css = (FOLDER / "report.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(ink|soft|accent|warn|wash): (#[0-9a-f]{6})", css))

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for text in ("ink", "soft", "accent", "warn"):
        for ground in ("#ffffff", colours["wash"]):
            assert (luminance(ground) + 0.05) / (luminance(colours[text]) + 0.05) >= 4.5


@pytest.mark.long
def test_every_printed_page_says_that_data_are_simulated(page, chromium, tmp_path):
    (tmp_path / "r.html").write_text(page, encoding="utf-8")
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", *quiet,
         f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'r.pdf'}",
         (tmp_path / "r.html").as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    text = subprocess.run(["pdftotext", tmp_path / "r.pdf", "-"], check=True, capture_output=True, text=True).stdout
    pages = text.split("\f")[:-1]
    assert len(pages) > 5
    assert all("GESIMULEERDE GEGEVENS" in re.sub(r"\s+", " ", p).upper() for p in pages)
