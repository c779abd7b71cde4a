"""What the documents promise is there: every page and place they link to, every command of the program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
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


def commands_of(page):
    """Return the lines of a page's shell blocks, without what is said beside them."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are the same, the shell is not")
def test_the_tutorial_leads_from_an_empty_folder_to_an_opened_report(tmp_path):
    programs, here = tmp_path / "programs", tmp_path / "here"
    programs.mkdir()
    here.mkdir()
    for name, words in (("werkbank", f'exec {sys.executable} -m werkbank "$@"'), ("browser", 'echo "$1" > opened')):
        (programs / name).write_text(f"#!/bin/sh\n{words}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "BROWSER": f"{programs / 'browser'} %s", "LANG": "en_GB.UTF-8"}
    env |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    given = commands_of(ROOT / "docs" / "tutorial.md")
    assert len(given) == 5
    for command in given:
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=here, env=env, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, (command, done.stderr)
    opened = (here / "opened").read_text(encoding="utf-8").strip()
    assert opened == (here / "reports" / "my-own-study" / "evaluation.en.html").as_uri()
    page = Path(opened.removeprefix("file://")).read_text(encoding="utf-8")
    assert "What may be concluded" in page
    assert "controlled" not in (here / "my-own-study" / "study.yaml").read_text(encoding="utf-8").split("files:")[0]
    for name in ("evaluation.en.ipynb", "results.json", "results.csv", "manifest.json", "share"):
        assert (here / "reports" / "my-own-study" / name).exists()


def test_a_study_file_in_the_tutorial_is_what_the_program_writes(tmp_path):
    from werkbank.drafting.making import new_from

    raw = sorted((ROOT / "data" / "examples" / "nabijheid" / "raw").iterdir())
    new_from(tmp_path / "study", raw, "en")
    text = (tmp_path / "study" / "study.yaml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```yaml\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE):
        assert block in text
