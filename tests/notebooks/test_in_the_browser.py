"""What a reader meets: the page in a real browser, without a network; and JupyterLab, driven by hand."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest


def test_a_report_opens_without_an_outside_request(browser, made):
    folder, language, study = made
    page = browser.new_page()
    asked, said = [], []
    page.route(re.compile(r"^(?!file:|data:)"), lambda route: (asked.append(route.request.url), route.abort()))
    page.on("request", lambda request: asked.append(request.url) if request.url.startswith("http") else None)
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((folder / f"evaluation.{language}.html").as_uri())
    page.wait_for_load_state("networkidle")
    assert asked == []
    assert said == []
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    assert page.title()
    assert page.locator("script, link[rel=stylesheet], iframe").count() == 0
    if study == "nabijheid":
        assert ("gesimuleerd" if language == "nl" else "simulated") in page.locator("body").inner_text().lower()
    page.close()


def test_headings_are_in_order_and_figures_have_words(browser, made):
    folder, language, _ = made
    page = browser.new_page()
    page.goto((folder / f"evaluation.{language}.html").as_uri())
    levels = page.eval_on_selector_all("h1, h2, h3, h4, h5, h6", "all => all.map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels
    pictures = page.eval_on_selector_all("img", "all => all.map(i => [i.alt, i.naturalWidth])")
    assert pictures
    for alt, width in pictures:
        assert len(alt) > 20
        assert width > 0, "the picture is shown"
    headers = page.eval_on_selector_all("table th", "all => all.map(h => h.scope)")
    assert headers
    assert set(headers) <= {"col", "row", "colgroup", "rowgroup"}
    page.close()


@pytest.fixture
def lab(tmp_path):
    """``werkbank lab`` in an empty folder on a free port: the address with its token, and the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "werkbank", "lab", "--no-browser", "--port", str(port)]
    homes = {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_SETTINGS_DIR": "settings",
             "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython"}  # fmt: skip
    env = {**os.environ, **{name: str(tmp_path / "home" / folder) for name, folder in homes.items()}}
    root = tmp_path / "werk"
    root.mkdir()
    # Jupyter refuses to serve for root, which tests in a container often are; a user's configuration may allow it
    (tmp_path / "home" / "config").mkdir(parents=True)
    allowed = {"ServerApp": {"allow_root": True}}
    (tmp_path / "home" / "config" / "jupyter_server_config.json").write_text(json.dumps(allowed))
    process = subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield served(tmp_path / "home" / "runtime", process), root, port
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, "it closes when asked"


def served(runtime, process) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                server = json.loads(file.read_text())
            except ValueError:
                continue  # it is being written
            return f"{server['url']}lab/tree/notebooks/evaluation.ipynb?token={server['token']}"
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not start")


def test_the_notebook_runs_top_to_bottom_in_jupyterlab(browser, lab):
    address, root, port = lab
    assert re.search(r"token=\w{20}", address)
    context = browser.new_context()
    page = context.new_page()
    outside = []
    page.on("request", lambda r: outside.append(r.url) if f"127.0.0.1:{port}" not in r.url else None)
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    page.wait_for_selector("text=Python 3 (werkbank) | Idle", timeout=60_000)
    page.wait_for_timeout(1000)  # Lab drops what is run before its connection to the kernel stands
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    cells = json.loads((root / "notebooks" / "evaluation.ipynb").read_text(encoding="utf-8"))["cells"]
    code = sum(cell["cell_type"] == "code" for cell in cells)
    # JupyterLab draws only the cells in view: what was run is read from the notebook that it saves
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1000)
        try:
            saved = json.loads((root / "notebooks" / "evaluation.ipynb").read_text(encoding="utf-8"))["cells"]
        except ValueError:
            continue  # JupyterLab is just writing it
        ran = [cell for cell in saved if cell["cell_type"] == "code" and cell["execution_count"] is not None]
        errors = [o for cell in ran for o in cell["outputs"] if o["output_type"] == "error"]
        assert not errors, errors
        if len(ran) == code:
            break
    assert len(ran) == code
    shown = [o for cell in ran for o in cell["outputs"]]
    assert any("application/vnd.werkbank.section+json" in o.get("data", {}) for o in shown)
    assert not [o for o in shown if o.get("name") == "stderr"]
    assert not [url for url in outside if not url.startswith(("data:", "blob:"))]
    context.close()
