"""The form in a real JupyterLab, as ``werkbank lab`` starts it: from its start page to an opened report."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import anywidget
import pytest
from tests.building.files_to_fill_in import clean, csv

from werkbank.running.start_page import START, start_cell, start_page

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform == "win32", reason="it is ended by a signal")]
# a start page of somebody else's, which differs from ours by one line
FOREIGN = start_page("nl").replace(
    json.dumps(start_cell("nl"))[1:-1], json.dumps(f"open('ran', 'w').close()\n{start_cell('nl')}")[1:-1]
)
# where the environment that holds the libraries keeps what JupyterLab loads of them
SHARED = Path(anywidget.__file__).parents[4] / "share" / "jupyter"


@pytest.fixture
def folder(tmp_path, request):
    if page := getattr(request, "param", None):
        (tmp_path / START).write_text(page, encoding="utf-8")
    return tmp_path


@pytest.fixture
def lab(folder):
    (folder / "metingen.csv").write_bytes(csv(clean()))
    env = {**os.environ, "LANG": "nl_NL.UTF-8", "JUPYTER_PATH": str(SHARED)}
    command = [sys.executable, "-m", "werkbank", "lab", "--no-browser", "--allow-root"]
    with subprocess.Popen(command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:  # fmt: skip
        found = (re.search(r"http://127\.0\.0\.1:\d+/lab\S*token=\S+", line) for line in process.stdout)
        address = next(match[0] for match in found if match)
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield address
        process.send_signal(signal.SIGINT)
        process.wait(30)


def test_from_the_start_page_to_an_opened_report(lab, browser, tmp_path):
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, outside, here = context.new_page(), [], lab.split("/lab")[0]
    page.on("request", lambda one: None if one.url.startswith((here, "data:", "blob:")) else outside.append(one.url))
    page.goto(lab)
    expect(page.locator(".wb-door")).to_have_count(3, timeout=90_000)  # the page runs its cell by itself
    page.locator("[data-door=data]").click()
    cells = page.locator(".jp-Cell").count()
    title = page.get_by_label("Titel van het onderzoek")
    title.click()
    page.keyboard.type("abxdd mmzz")  # commands of a notebook, where nothing guards against it
    page.keyboard.press("Escape")
    page.keyboard.type("a")
    assert title.input_value() == "abxdd mmzza"
    assert page.locator(".jp-Cell").count() == cells
    title.press("Tab")
    page.reload()
    expect(title).to_have_value("abxdd mmzza", timeout=90_000)  # the form is the kernel's, and is shown again
    page.locator("[data-door=data]").click()
    page.get_by_label(re.compile("pad van een bestand")).fill("metingen.csv")
    page.get_by_role("button", name="Lezen").click()
    expect(page.locator(".wb-status")).to_have_text(re.compile("geschikt: "))
    page.set_input_files(".wb input[type=file]", tmp_path / "metingen.csv")
    expect(page.locator(".wb-file")).to_have_count(1)
    expect(page.locator(".wb-status")).to_have_text(re.compile("geschikt: "))
    page.get_by_role("button", name="Maak rapport").click()
    with context.expect_page(timeout=90_000) as opening:
        page.locator(".wb-open").click(timeout=90_000)
    expect(opening.value.locator("h1").first).to_have_text("abxdd mmzza")
    assert (tmp_path / "reports" / "abxdd-mmzza" / "evaluation.nl.html").is_file()
    assert not outside
    context.close()


@pytest.mark.parametrize("folder", [FOREIGN], indirect=True)
def test_what_werkbank_did_not_write_itself_is_not_run_when_it_opens(lab, browser, folder):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(lab)
    page.get_by_text("(werkbank) | Idle").wait_for(timeout=90_000)  # the kernel is there
    page.wait_for_timeout(5000)
    assert page.locator(".wb-door").count() == 0
    assert not (folder / "ran").exists()
    page.locator(".jp-CodeCell").first.click()
    page.keyboard.press("Shift+Enter")  # as it always could be
    page.locator(".wb-door").first.wait_for(timeout=60_000)
    assert (folder / "ran").exists()
    context.close()
