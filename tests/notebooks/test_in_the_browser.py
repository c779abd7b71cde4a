"""What a reader meets: the page in a real browser, without a network; and JupyterLab, driven by hand."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from pathlib import Path

import pytest


EXAMPLE = Path(__file__).parents[2] / "data" / "examples" / "baumann"
CHANGED = '''study: str = "."
language: str = "en"
seed: int = 7
results: str = ""
only: dict = {}'''


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


def saved(page, file):
    """The notebook as it stands in JupyterLab now: Lab draws only the cells in view, so that it is read when saved."""
    page.keyboard.press("Control+s")
    page.wait_for_timeout(700)
    try:
        return [c for c in json.loads(file.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    except ValueError:
        return []  # JupyterLab is just writing it


def run_all(page, file, done):
    """Choose Run All Cells, and return the code cells when `done` says of them that it has ended."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if (cells := saved(page, file)) and done(cells):
            return cells
    raise AssertionError("the cells did not come to their end")


def kinds(cell):
    return [output["output_type"] for output in cell["outputs"]]


def look(page, name):
    """Keep a picture of the window where WERKBANK_LOOK names a folder for it."""
    if os.environ.get("WERKBANK_LOOK"):
        page.screenshot(path=f"{os.environ['WERKBANK_LOOK']}/{name}.png")


def test_a_study_of_ones_own_is_opened_changed_and_reported_in_jupyterlab(browser, lab):
    """Lab is started in the study's folder; a parameter is changed; the last cell writes the report; then it breaks."""
    address, root, port = lab
    assert re.search(r"token=\w{20}", address)
    shutil.copytree(EXAMPLE / "raw", root / "raw")
    shutil.copy(EXAMPLE / "study.yaml", root)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    outside = []
    page.on("request", lambda r: outside.append(r.url) if f"127.0.0.1:{port}" not in r.url else None)
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    page.wait_for_selector("text=Python 3 (werkbank) | Idle", timeout=60_000)
    page.wait_for_timeout(1000)  # Lab drops what is run before its connection to the kernel stands
    # what is committed with the notebook shows before anything was run
    assert page.get_by_text("Unit means at equal pre-test").count()

    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(CHANGED)
    file = root / "notebooks" / "evaluation.ipynb"
    ran = run_all(page, file, lambda cells: all(cell["execution_count"] and cell["outputs"] for cell in cells[-1:]))
    look(page, "end")
    assert "".join(ran[0]["source"]) == CHANGED
    assert not [output for cell in ran for output in cell["outputs"] if output["output_type"] == "error"]
    assert not [output for cell in ran for output in cell["outputs"] if output.get("name") == "stderr"]
    shown = [output["data"] for cell in ran for output in cell["outputs"] if "data" in output]
    assert sum("application/vnd.werkbank.section+json" in data for data in shown) > 10
    place = root / "reports" / root.name / "by-hand"
    said = "".join(ran[-1]["outputs"][0]["data"]["text/plain"])
    assert "‘werkbank run . --report evaluation’" in said
    for form in ("en.html", "en.pdf", "en.docx", "results.json"):
        assert (place / f"evaluation.{form}").is_file()
        assert (place / f"evaluation.{form}").as_posix() in said
    assert "Keep this report inside the school." in (place / "evaluation.en.html").read_text(encoding="utf-8")

    text = (root / "study.yaml").read_text(encoding="utf-8")
    (root / "study.yaml").write_text(text.replace("kind: randomised", "kind: drawn"), encoding="utf-8")
    page.keyboard.press("Escape")
    broken = run_all(page, file, lambda cells: any("error" in kinds(cell) for cell in cells))
    page.locator(".jp-CodeCell").nth(1).scroll_into_view_if_needed()
    look(page, "broken")
    opened, first = broken[1]["outputs"], next(cell for cell in broken if "error" in kinds(cell))
    assert "drawn" in "".join(opened[0]["data"]["text/html"])
    assert first is broken[2], "the cell that opens the study shows the list, and the next one stops"
    (stop,) = first["outputs"]
    assert stop["evalue"].startswith("First mend the study")
    assert len(stop["traceback"]) == 1
    assert not [url for url in outside if not url.startswith(("data:", "blob:"))]
    page.close()
