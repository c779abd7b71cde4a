"""How Sphinx makes the site of these documents: English from this folder, Dutch from ``nl`` (``make site``).

The pages are read on a code host, too. So links stay what they are there, paths to files, and what lies outside a
language's own folder is turned here into the address that it has on the site.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import werkbank

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

DOCS = Path(__file__).resolve().parent
LANGUAGE = os.environ.get("WERKBANK_SITE", "en")  # scripts/site.py sets it
SOURCE = DOCS if LANGUAGE == "en" else DOCS / LANGUAGE
LINK = re.compile(r"(?<!!)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
SWITCH = {"en": ("nl", "Nederlands"), "nl": ("en", "English")}

project = "werkbank"
author = "The werkbank founders"
project_copyright = "the werkbank founders, GPL-3.0-or-later"
version = release = werkbank.__version__
language = LANGUAGE
root_doc = "index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["nl", "_site"]

# what an example prints is committed beside it and held to by tests: the site runs nothing
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
# `site:` is no scheme of the world's: `_to_the_site` writes it for a page in another language's folder
myst_url_schemes = {"http": None, "https": None, "mailto": None, "site": "../{{path}}#{{fragment}}"}
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_display_short_literal_types = True
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = "werkbank"
html_static_path = [str(DOCS / "_site" / "static")]
html_css_files = ["site.css"]
templates_path = [str(DOCS / "_site" / "templates")]
html_show_sphinx = False
html_copy_source = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "languages.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}


def _to_the_site(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn a link that leaves the language's folder into the address of that page on the site."""
    page = SOURCE / f"{docname}.md"

    def turned(found: re.Match[str]) -> str:
        name, place = found[1], found[2] or ""
        target = (page.parent / name).resolve()
        if target == DOCS.parent / "README.md":
            return f"](site:{LANGUAGE}/index.html{place})"
        if target.is_relative_to(SOURCE) and not target.is_relative_to(
            DOCS / "nl" if LANGUAGE == "en" else DOCS / "en"
        ):
            return found[0]
        if target.suffix == ".md" and target.is_relative_to(DOCS):
            inside = PurePosixPath(target.relative_to(DOCS).as_posix()).with_suffix(".html")
            there = inside if inside.parts[0] == "nl" else PurePosixPath("en") / inside
            return f"](site:{there}{place})"
        return found[0]

    source[0] = LINK.sub(turned, source[0])


def _in_the_other_language(_app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Give every page the address of the same page in the other language, or of that language's first page."""
    other, name = SWITCH[LANGUAGE]
    folder = DOCS if other == "en" else DOCS / other
    there = pagename if (folder / f"{pagename}.md").exists() else "index"
    up = "../" * (pagename.count("/") + 1)
    context["other_language"] = {"code": other, "name": name, "address": f"{up}{other}/{there}.html"}


def _without_its_smallest_parts(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Leave the 447 statistics of one page out of the contents that every page carries; they are found by searching."""
    if "verification" in env.tocs:
        for rooms in env.tocs["verification"].children[0].children[1:]:
            for room in rooms.children:
                del room[1:]
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect what is done to each page."""
    app.connect("source-read", _to_the_site)
    app.connect("env-updated", _without_its_smallest_parts)
    app.connect("html-page-context", _in_the_other_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
