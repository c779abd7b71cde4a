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
