"""Each kind of file by mouse and by keyboard alone, from an empty form to an opened report that a run has made.

The presses that make no name are counted: Tab, Enter, Space and the arrows; so are the seconds.
"""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from tests.building.files_to_fill_in import MISTAKES, clean, clean_base, csv, nabijheid_sav
from tests.building.keys import MOST_PRESSES, Keys, chosen_file, way

from werkbank.study import load_study

pytestmark = pytest.mark.long
MOST_SECONDS = 300
SLOW = 240_000  # milliseconds for a report on a busy machine
FIT, UNFIT = re.compile("geschikt: "), re.compile("nog geen rapport")
PLANTED = ("999 for a score", "a row of averages", "a class in two spellings")


def broken(folder):
    rows = clean()
    for name in PLANTED:
        MISTAKES[name].plant(rows)
    return _csv(folder, rows)


def _csv(folder, rows):
    file = folder / "metingen.csv"
    file.write_bytes(csv(rows))
    return file


FILES = {"nabijheid.sav": nabijheid_sav, "clean_base": lambda folder: _csv(folder, clean_base()), "broken": broken}


@pytest.fixture(params=list(FILES))
def file(request, tmp_path):
    return FILES[request.param](tmp_path)


def read(page):
    """Wait until the file was checked, and return whether it is fit."""
    expect(page.locator(".wb-status")).to_have_text(re.compile(f"{FIT.pattern}|{UNFIT.pattern}"), timeout=60_000)
    return FIT.search(page.locator(".wb-status").inner_text()) is not None


def opened(page, act, tmp_path):
    """Open the report, and assert that it is the whole one, of the study that the form wrote."""
    with page.context.expect_page() as opening:
        act()
    report = opening.value
    expect(report.locator("h1")).to_contain_text("Relatie in groep 5 en 6")
    assert report.locator("table").count() > 5
    assert load_study(tmp_path / "relatie-in-groep-5-en-6").design.kind == "randomised"
    page_of_it = tmp_path / "reports" / "relatie-in-groep-5-en-6" / "evaluation.nl.html"
    assert page_of_it.stat().st_size > 100_000


def test_by_mouse(file, server, shown, tmp_path):
    began = time.monotonic()
    page = shown(server)
    page.get_by_label("Titel van het onderzoek").fill("Relatie in groep 5 en 6")
    page.set_input_files("input[type=file]", file)
    if not read(page):
        for field in ("columns.pupil", "columns.class", "taaltoets.missing"):
            expect(page.locator(f"[data-place='{field}'] .wb-problems li").first).to_be_visible()
        page.get_by_role("link", name="Naar het veld: Welke kolom zegt welke leerling").click()
        page.get_by_role("button", name="Laat rij 42 weg").click()
        page.get_by_role("button", name="Het is dezelfde").first.click()
        page.get_by_role("button", name="‘999’ betekent: niet ingevuld").click()
    page.get_by_label("het lot", exact=True).check()
    page.get_by_text("Meer invullen").click()
    page.get_by_label("Welk programma was het?").fill("llinc")
    page.get_by_label("Wie gaf het?").click()
    expect(page.locator(".wb-yaml")).to_have_value(re.compile("^programme: llinc$", re.MULTILINE))
    expect(page.locator(".wb-status")).to_have_text(FIT, timeout=60_000)
    page.get_by_role("button", name="Maak rapport").click()
    link = page.locator(".wb-open")
    expect(link).to_be_visible(timeout=SLOW)
    opened(page, link.click, tmp_path)
    seconds = time.monotonic() - began
    assert seconds <= MOST_SECONDS
    print(f"{file.name} by mouse: {seconds:.0f} s")  # noqa: T201 - shown with -s


def test_by_keyboard_alone(file, server, shown, tmp_path):
    began = time.monotonic()
    page = shown(server)
    keys = Keys(page)
    keys.until("input[type=text]")
    keys.type("Relatie in groep 5 en 6")
    chosen_file(page, keys, file)
    if not read(page):
        keys.until(".wb-top a")  # what is to be mended stands below the files, and leads to its field
        keys.press("Enter")
    while not read(page):
        keys.until(".wb-mend", way(page, ".wb-mend"))
        keys.press("Enter")
        expect(page.locator(".wb-field :is(input, select):focus")).to_have_count(1)  # at what was mended
    if way(page, ".wb-steps a") == "Shift+Tab" and page.locator("input[type=file]:focus, .wb-drop:focus").count():
        keys.until("[href$=step-design]", "Shift+Tab")  # the steps stand above the files
        keys.press("Enter")
    keys.until("input[type=radio]")
    keys.until("input[value=randomised]", "ArrowDown")
    keys.until(".wb-primary")
    expect(page.locator(".wb-status")).to_have_text(FIT, timeout=60_000)
    keys.press("Enter")
    expect(page.locator(".wb-open")).to_be_focused(timeout=SLOW)
    opened(page, lambda: keys.press("Enter"), tmp_path)
    seconds = time.monotonic() - began
    print(f"{file.name} by keyboard: {keys.n} presses, {seconds:.0f} s")  # noqa: T201 - shown with -s
    assert keys.n <= MOST_PRESSES
    assert seconds <= MOST_SECONDS
