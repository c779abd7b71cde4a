"""The reports of the examples, made once by the command that users give, and a real browser to open them with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUDIES = ("baumann", "nabijheid")
# a browser that asks the network for nothing of its own
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The folder in which ``werkbank demo`` left its reports, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "werkbank", "demo", "--out", "uit"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "LC_ALL": "C.UTF-8"}, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "uit", done


@pytest.fixture(params=[(study, language) for study in STUDIES for language in ("nl", "en")], ids="-".join)
def made(request, demo):
    """One made report: its folder, its language and the name of its study."""
    study, language = request.param
    return demo[0] / study, language, study


@pytest.fixture(scope="session")
def by_hand(tmp_path_factory):
    """Every shipped notebook, run by nbval in a folder like that of a user: the folder, and what nbval said."""
    folder = tmp_path_factory.mktemp("werk")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=lambda _, names: {"reports"} & {*names})
    command = [
        sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "-p", "no:cacheprovider",
        "-c", "/dev/null", "--rootdir", str(folder), str(folder / "notebooks"),
    ]  # fmt: skip
    env = {**os.environ, "WERKBANK_ROOT": str(folder)}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=500, env=env)
    return folder, done


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()
