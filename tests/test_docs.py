"""What the documents promise is there: every page and place they link to, every command of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from werkbank.cli import main

ROOT = Path(__file__).resolve().parents[1]
FOUND = (("*.md", ROOT), ("**/*.md", ROOT / "docs"), ("**/*.md", ROOT / "reports"), ("*.md", ROOT / "data"))
PAGES = sorted(page for pattern, folder in FOUND for page in folder.glob(pattern))
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")


def anchors(path):
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken(page, text):
    for name, anchor in LINK.findall(text):
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            yield f"{page.name}: {name}#{anchor}"


def test_every_link_of_a_page_leads_somewhere(subtests):
    for page in PAGES:
        with subtests.test(page.relative_to(ROOT).as_posix()):
            assert not list(broken(page, page.read_text(encoding="utf-8")))


def test_a_link_that_leads_nowhere_is_found():
    page = ROOT / "README.md"
    text = "[a](docs/nowhere.md) [b](docs/how-to.md#no-such-heading) [c](docs/how-to.md) [d](https://example.org/x)"
    assert list(broken(page, text)) == ["README.md: docs/nowhere.md#", "README.md: docs/how-to.md#no-such-heading"]


def test_the_readme_names_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    offered = set(re.findall(r"^ {4}([a-z][a-z-]+)(?: |$)", capsys.readouterr().out, flags=re.MULTILINE))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"run", "batch", "check-privacy"} < offered
    assert set(re.findall(r"^\| `werkbank ([a-z-]+)", text, flags=re.MULTILINE)) == offered
