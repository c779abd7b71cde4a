"""The form in a real browser: by mouse and by keyboard alone, from files to an opened report.

The presses that make no name are counted: Tab, Enter, Space and the arrows.
"""

from __future__ import annotations

import json
import re
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.building.conftest import serving
from tests.building.files_to_fill_in import MISTAKES, clean, csv, nabijheid_sav
from tests.building.keys import MOST_PRESSES, Keys, chosen_file

from werkbank.study import load_study

SLOW = 90_000  # milliseconds for a report on a busy machine
expect.set_options(timeout=20_000)  # the first check imports much
FIT, UNFIT = re.compile("geschikt: "), re.compile("nog geen rapport")


def serious(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found
            if one["impact"] in {"serious", "critical"}]  # fmt: skip


def test_by_keyboard_alone_from_a_csv_to_the_opened_report(server, shown, tmp_path):
    file = tmp_path / "metingen.csv"
    file.write_bytes(csv(clean()))
    page = shown(server)
    expect(page.locator("h1")).to_be_visible()
    keys = Keys(page)
    keys.until("input[type=text]")
    keys.type("Coaching in groep 5 en 6")
    chosen_file(page, keys, file)
    expect(page.locator(".wb-status")).to_have_text(FIT)
    keys.until(".wb-steps a", "Shift+Tab")  # the steps stand above the files
    keys.until("[href$=step-design]", "Shift+Tab")
    keys.press("Enter")
    keys.until("input[type=radio]")
    keys.until("input[value=randomised]", "ArrowDown")
    keys.until("select, input[value=class]")
    expect(page.locator(".wb-step-design")).to_contain_text("Kies dit dus alleen als er echt is geloot")
    assert page.evaluate("document.activeElement.value") == "class"  # what was chosen moved nothing
    keys.until(".wb-primary")
    expect(page.locator(".wb-status")).to_have_text(FIT)
    keys.press("Enter")
    expect(page.locator(".wb-step-name")).to_contain_text("Bezig: ")
    expect(page.locator(".wb-open")).to_be_focused(timeout=SLOW)
    with page.context.expect_page() as opening:
        keys.press("Enter")
    report = opening.value
    expect(report.locator("h1")).to_contain_text("Coaching in groep 5 en 6")
    assert keys.n <= MOST_PRESSES, keys.n
    study = load_study(tmp_path / "coaching-in-groep-5-en-6")
    assert study.design.kind == "randomised"
    assert (tmp_path / "reports" / "coaching-in-groep-5-en-6" / "evaluation.nl.html").is_file()
    print(f"presses: {keys.n}")  # noqa: T201 - shown with -s


def test_by_mouse_from_an_spss_file_to_a_report_in_a_narrow_window(server, shown, tmp_path, monkeypatch):
    made = tmp_path / "evaluation.nl.html"
    made.write_text("<!doctype html><title>Rapport</title><h1>Rapport</h1>", encoding="utf-8")
    told = json.dumps({"ok": True, "folder": tmp_path.as_posix(), "files": [made.as_posix()]})
    monkeypatch.setattr(
        "werkbank.building.making.report_command", lambda *_: [sys.executable, "-c", f"print({told!r})"]
    )
    page = shown(server, width=390, height=800)
    page.set_input_files("input[type=file]", nabijheid_sav(tmp_path))
    expect(page.locator(".wb-status")).to_have_text(FIT)
    page.get_by_label("het lot").check()
    page.locator(".wb-folded > summary").click()
    page.get_by_role("group", name="Om welke uitkomsten ging het vooraf?").get_by_label("strs", exact=True).check()
    page.get_by_label("Welke vragenlijst is nab?").fill("own")
    expect(page.locator(".wb-yaml")).to_have_value(re.compile("kind: randomised"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Maak rapport").click()
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Open het rapport").click(timeout=SLOW)
    expect(opening.value.locator("h1")).to_have_text("Rapport")
    study = load_study(tmp_path / "onderzoek")
    assert study.design.kind == "randomised"
    assert [one.instrument for one in study.outcomes if one.role == "primary"] == ["strs-sf"]


def test_a_broken_file_says_what_is_wrong_at_the_field_and_is_mended(server, shown, tmp_path):
    rows, file = clean(), tmp_path / "metingen.csv"
    for name in ("an answer out of range", "a pupil twice"):
        MISTAKES[name].plant(rows)
    file.write_bytes(csv(rows))
    page = shown(server)
    page.set_input_files("input[type=file]", file)
    expect(page.locator(".wb-status")).to_have_text(UNFIT)
    field = page.get_by_label("Welke codes betekenen bij strs dat er niets is ingevuld?")
    expect(field).to_have_attribute("aria-invalid", "true")
    described = field.get_attribute("aria-describedby").split()
    assert any("rij 6" in page.locator(f"#{name}").inner_text() for name in described)
    assert not serious(page)
    page.get_by_role("link", name="Naar het veld: Welke codes").click()
    expect(field).to_be_focused()
    field.fill("7")
    field.press("Tab")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    pupil = page.get_by_label("Welke kolom zegt welke leerling het is?")
    expect(pupil).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Maak rapport").click()
    expect(pupil).to_be_focused()  # where the first is to be mended
    file.write_bytes(csv(clean()))
    page.set_input_files("input[type=file]", file)
    expect(page.locator(".wb-status")).to_have_text(FIT)
    expect(page.locator(".wb-top")).to_be_hidden()
    page.set_input_files("input[type=file]", {"name": "leeg.xlsx", "mimeType": "x", "buffer": b"x"})
    expect(page.locator("input[type=file]")).to_have_attribute("aria-invalid", "true")
    page.wait_for_timeout(1000)  # after it was checked again
    expect(page.locator(".wb-status")).to_have_text(UNFIT)
    page.get_by_role("button", name="Haal leeg.xlsx weg").click()
    expect(page.locator(".wb-status")).to_have_text(FIT)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_it_bears_no_serious_fault_of_accessibility_and_no_markup_of_a_file(language, shown, tmp_path):
    rows = [{**row, "<img src=x>": "<b onclick=alert(1)>dik</b>"} for row in clean()]
    file = tmp_path / "metingen.csv"
    file.write_bytes(csv(rows))
    with serving(tmp_path, language, files=[file]) as server:
        page = shown(server, width=390 if language == "en" else 1280)
        expect(page.locator(".wb-yaml")).to_have_value(re.compile("strs-sf"))
        page.locator(".wb-file-text summary").click()
        assert not serious(page)
        assert page.locator("img, b").count() == 0
        expect(page.get_by_text("<b onclick=alert(1)>dik</b>").first).to_be_attached()
        other = "English" if language == "nl" else "Nederlands"
        page.get_by_label(re.compile("^(Taal|Language)")).select_option(label=other)
        expect(page.locator("h1")).to_have_text("Set up a study" if language == "nl" else "Een onderzoek opzetten")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_with_every_step_unfolded_it_bears_no_serious_fault(language, width, shown, tmp_path):
    rows, file = clean(), tmp_path / "metingen.csv"
    for name in ("an answer out of range", "a pupil twice"):
        MISTAKES[name].plant(rows)
    file.write_bytes(csv(rows))
    with serving(tmp_path, language, files=[file]) as server:
        page = shown(server, width=width)
        expect(page.locator(".wb-top")).to_be_visible()
        _unfold(page)
        assert not serious(page)  # with mistakes at their fields
        file.write_bytes(csv(clean()))
        page.set_input_files("input[type=file]", file)
        expect(page.locator(".wb-status")).to_have_class(re.compile("wb-good"))
        page.locator("[data-place=programme] input").fill("llinc")
        page.locator("[data-place='design.received_by'] input").first.check()
        expect(page.locator(".wb-yaml")).to_have_value(re.compile(r"received_by: \[teacher\]"))
        expect(page.locator(".wb-yaml")).to_have_value(re.compile("^programme: llinc$", re.MULTILINE))
        expect(page.locator(".wb-status")).to_have_class(re.compile("wb-good"))
        assert _unfold(page) > 4
        assert not serious(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def _unfold(page):
    """Unfold all that is folded, and return how much that is."""
    return page.evaluate("""() => {
        const shown = [...document.querySelectorAll("details")].filter((one) => !one.hidden);
        for (const one of shown) one.open = true;
        return shown.length;
    }""")


def test_what_came_first_is_ticked_and_nothing_ticked_is_an_answer_too(shown, tmp_path):
    file = tmp_path / "metingen.csv"
    file.write_bytes(csv(clean()))
    with serving(tmp_path, files=[file]) as server:
        page = shown(server)
        expect(page.locator(".wb-status")).to_have_text(FIT)
        assert page.locator(".wb-folded").get_attribute("open") is None  # a guess unfolds nothing
        page.locator(".wb-folded > summary").click()
        boxes = page.locator("[data-place=primary] input")
        for i in range(2):
            boxes.nth(i).check()
        expect(page.locator(".wb-yaml")).to_have_value(re.compile("role: primary[^$]*role: primary"))
        for i in range(2):
            boxes.nth(i).uncheck()
        expect(page.locator(".wb-yaml")).not_to_have_value(re.compile("role: primary|niet te zien: om welke"))


def test_an_instrument_is_searched_and_its_versions_are_explained(shown, tmp_path):
    file = tmp_path / "metingen.csv"
    file.write_bytes(csv(clean()))
    with serving(tmp_path, files=[file]) as server:
        page = shown(server)
        box = page.get_by_label("Welke vragenlijst is strs?")
        options = page.locator(f"#{box.get_attribute('list')} option")
        assert options.count() > 20
        assert "Rosenberg" in options.nth(20).get_attribute("label") or page.locator("option[label*=Rosenberg]").count()
        page.locator("[data-place='strs.instrument'] summary").click()
        expect(page.locator("[data-place='strs.instrument']")).to_contain_text("omgekeerd")
        box.fill("rosenberg")
        box.press("Tab")
        expect(page.get_by_label("Welke versie van strs?").locator("option")).to_have_text(["— kies —", "0-3", "1-4"])
        page.reload()  # it goes on where it was
        expect(page.get_by_label("Welke versie van strs?").locator("option")).to_have_text(["— kies —", "0-3", "1-4"])
        page.get_by_label("Welke versie van strs?").select_option("1-4")
        expect(page.locator(".wb-yaml")).to_have_value(
            re.compile('instrument: rosenberg\n    version: 1-4|version: "1-4"')
        )


def test_the_study_file_can_be_written_oneself_and_given_back(shown, tmp_path):
    file = tmp_path / "metingen.csv"
    file.write_bytes(csv(clean()))
    with serving(tmp_path, files=[file]) as server:
        page = shown(server)
        page.get_by_text("Het studiebestand (study.yaml)").click()
        text = page.locator(".wb-yaml")
        assert text.get_attribute("readonly") is not None
        page.get_by_role("button", name="Zelf veranderen").click()
        expect(text).to_be_focused()
        text.fill(text.input_value().replace("kind: controlled", "kind: onzin"))
        text.press("Tab")
        expect(page.locator("[data-place='design.kind'] .wb-problems")).to_contain_text("onzin")
        page.get_by_role("button", name="Terug naar het formulier").click()
        expect(text).to_have_value(re.compile("kind: controlled"))
        expect(page.locator(".wb-top")).to_be_hidden()


def test_what_is_being_typed_stays_when_an_earlier_answer_comes_in(shown, tmp_path):
    file = tmp_path / "metingen.csv"
    file.write_bytes(csv(clean()))
    with serving(tmp_path, files=[file]) as server:
        page = shown(server)
        expect(page.locator(".wb-status")).to_have_text(FIT)
        page.get_by_text("Meer invullen").click()
        box = page.get_by_label("Welk programma was het?")
        page.evaluate("""() => {
            const sent = window.fetch;
            window.fetch = async (...asked) => {
                await new Promise((go) => setTimeout(go, 700));
                return sent(...asked);
            };
        }""")
        page.get_by_label("het lot", exact=True).check()
        box.fill("llinc")
        expect(page.locator(".wb-yaml")).to_have_value(re.compile("kind: randomised"))
        assert box.input_value() == "llinc"
        box.press("Tab")
        page.set_viewport_size({"width": 390, "height": 800})
        room = page.locator("[data-place=programme]").bounding_box()["width"]
        assert box.bounding_box()["width"] <= room
        expect(page.locator(".wb-yaml")).to_have_value(re.compile("^programme: llinc$", re.MULTILINE))
        expect(page.locator("[data-place=programme]")).to_contain_text("LLInC: coaching")
        page.reload()  # it is shown again where it was answered
        expect(page.get_by_label("Welk programma was het?")).to_be_visible()
