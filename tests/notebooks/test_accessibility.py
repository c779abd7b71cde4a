"""axe-core in a real browser: no page that werkbank makes has a barrier that WCAG 2.2 AA names."""

from __future__ import annotations

import ast
import contextlib
import json
from functools import cache

import pytest
from tests.conftest import opened_example

from werkbank.reporting.blocks import Sections
from werkbank.running.making import Made
from werkbank.running.index import index_page
from werkbank.running.jobs import Job
from werkbank.running.notebooks import notebook_path
from werkbank.running.pages import pages

# each report of a study that fills it: the long account of classes drawn by lot, the other two also of a real study
REPORTS = {
    "evaluation": "nabijheid", "school": "nabijheid", "thesis": "baumann", "measurement": "nabijheid",
    "association": "samenhang", "underachievement": "bdf", "monitoring": "volgsysteem", "synthesis": "overzicht",
    "single_case": "klassenspel", "pupil": "leerlingen", "planning": "voornemen", "programme": "leerlingen",
}  # fmt: skip
FIRST = ("evaluation", "school", "thesis")  # looked at in both languages; the others are alike but for their words
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
RUN = """([levels, rules]) => axe.run(document, {
  runOnly: rules.length ? rules : {type: "tag", values: levels}, resultTypes: ["violations", "incomplete"]
})"""
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}


@cache
def html(report: str) -> dict[str, str]:
    """The page of a report in both languages: its notebook's cells, run once, shown in each."""
    from werkbank.study import load_study
    from werkbank.study.finding import example_path

    file = example_path(REPORTS[report])
    told = {"study": str(file), "language": "nl+en", "seed": 1, "results": "", "only": {}, "pupil_pages": False}
    told |= {"pupil": ""}
    bench = opened_example(REPORTS[report], "nl+en")  # what it answers is computed once, for other tests too
    shown: dict[str, list] = {"nl": [], "en": []}
    for cell in json.loads(notebook_path(report, "en").read_text(encoding="utf-8"))["cells"]:
        passed_over = {"parameters", "by-hand"} & {*cell["metadata"].get("tags", [])} or cell["id"] == "finish"
        if cell["cell_type"] != "code" or passed_over:
            continue
        *steps, last = ast.parse("".join(cell["source"])).body
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("werkbank.open", lambda *_, **__: bench)
            exec(compile(ast.Module([*steps, *([] if isinstance(last, ast.Expr) else [last])], []), report, "exec"), told)  # noqa: S102
        if isinstance(last, ast.Expr):
            made = eval(compile(ast.Expression(last.value), report, "eval"), told)  # noqa: S307 - our own notebook
            for section in made.parts if isinstance(made, Sections) else ():
                shown[section.language].append(section.to_json())
    study, footer = load_study(file), {"notebook": f"{report}.ipynb", "seed": "1"}
    return {
        language: str(pages(sections, study, language, ("html",), footer, inside=True)["html"])
        for language, sections in shown.items()
    }


def index(language: str) -> str:
    """The page of a batch in which everything happened."""
    files = ("evaluation.nl.html", "evaluation.nl.pdf", "results.csv")
    made = [
        Made(Job(f"school-{status}", f"Basisschool {status}", "study.yaml", "out"), status, files, "!")
        for status in ("made", "kept", "failed", "waiting")
    ]
    return index_page(made, language)


@contextlib.contextmanager
def opened(browser, content, tmp_path, size, scheme="light", media="screen"):
    """The page in a window of its own, with axe-core at hand."""
    from axe_playwright_python.base import AXE_SCRIPT

    file = tmp_path / "page.html"
    file.write_text(content, encoding="utf-8")
    context = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.emulate_media(media=media)
    page.goto(file.as_uri())
    page.evaluate(AXE_SCRIPT)
    yield page
    context.close()


def found(page, rules=(), *, unsure=False):
    """What axe-core objects to: rule, number of places, the first of them; and where it could not decide."""
    result = page.evaluate(RUN, [LEVELS, list(rules)])
    assert result["passes"], "axe-core looked"
    kinds = ["violations", *(["incomplete"] if unsure else [])]
    return [(r["id"], len(r["nodes"]), r["nodes"][0]["target"], r["help"]) for kind in kinds for r in result[kind]]


def shown(report, language, request):
    """Return the page of a report: in Dutch as its notebook wrote it by hand, the evaluation in English as the demo."""
    if report == "index":
        return index(language)
    if (report, language) == ("evaluation", "en"):
        return (request.getfixturevalue("demo")[0] / REPORTS[report] / "evaluation.en.html").read_text(encoding="utf-8")
    if report in {"school", "thesis"} or language == "en":  # by hand, the thesis is of another study
        return html(report)[language]
    place = request.getfixturevalue("by_hand")[0] / "reports" / REPORTS[report] / "by-hand" / f"{report}.nl.html"
    return place.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("report", "language"),
    [
        *((report, "nl") for report in [*REPORTS, "index"]),
        *((report, "en") for report in [*FIRST, "index"]),
        *(pytest.param(report, "en", marks=pytest.mark.long) for report in REPORTS if report not in FIRST),
    ],
)
def test_no_barrier_on_any_page(report, language, browser, tmp_path, request):
    page_text = shown(report, language, request)
    with opened(browser, page_text, tmp_path, DESKTOP) as page:
        assert found(page, unsure=True) == []
    # nor on a phone set to dark: the page fits without scrolling sideways, and what is pressed is large enough
    with opened(browser, page_text, tmp_path, PHONE, scheme="dark") as page:
        assert found(page, ["target-size", "scrollable-region-focusable", "meta-viewport"]) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize(("scheme", "media"), [("dark", "screen"), ("light", "print"), ("dark", "print")])
@pytest.mark.parametrize("report", ["school", "index"])
def test_ink_stays_on_paper_in_the_dark_and_in_print(report, scheme, media, browser, tmp_path):
    page_text = index("nl") if report == "index" else html(report)["nl"]
    with opened(browser, page_text, tmp_path, DESKTOP, scheme, media) as page:
        assert found(page, ["color-contrast"]) == []
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_what_axe_would_object_to_is_found(browser, tmp_path):
    broken = html("school")["nl"].replace("--soft: #4d5b64", "--soft: #a9b4bb").replace(' alt="', ' data-alt="')
    with opened(browser, broken, tmp_path, DESKTOP) as page:
        assert {"color-contrast", "image-alt"} <= {rule for rule, *_ in found(page)}
