"""A form on a server of its own, and a real browser to fill it in with."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from werkbank.building.page import FormServer
from werkbank.building.session import Session

# a browser that asks the network for nothing of its own
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def serving(root, language="nl", name="", files=()):
    with Session(root, language, name, files) as session, FormServer(session, language) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(tmp_path):
    with serving(tmp_path) as begun:
        yield begun


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def shown(browser):
    """A way to open a form; every request that leaves this computer, and every error of the script, fails the test."""
    opened, strange = [], []

    def show(server, width=1280, height=900):
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("filechooser", lambda _: None)  # from the beginning on no dialog of the system opens
        page.on("request", lambda one: strange.append(one.url) if not _here(one.url, server) else None)
        page.on("pageerror", lambda error: strange.append(str(error)))
        page.goto(server.address)
        opened.append(context)
        return page

    yield show
    for context in opened:
        context.close()
    assert not strange


def _here(url, server):
    return url.startswith((server.address, "data:", "blob:"))
