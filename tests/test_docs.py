"""What the documents promise is there: every page and place they link to, every command of the program."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from werkbank.cli import main

ROOT = Path(__file__).resolve().parents[1]
FOUND = (("*.md", ROOT), ("**/*.md", ROOT / "docs"), ("**/*.md", ROOT / "reports"), ("*.md", ROOT / "data"))
PAGES = sorted(page for pattern, folder in FOUND for page in folder.glob(pattern))
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")


def anchors(path):
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


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


# Every block of a document is tried. `sh` runs as it stands, in an empty folder; `sh parsed` (or `powershell`) names
# a study that is the reader's, or takes long: its commands are read by the program and not carried out.
# `yaml` is put into a study that lacks it, and read.
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```", re.DOTALL | re.MULTILINE)
DOCUMENTS = [page for page in PAGES if page.is_relative_to(ROOT / "docs") or page.name == "README.md"]
OTHER_PROGRAMS = {"make", "python", "pip", "py", "uv", "winget", "dask", "cd", "Set-ExecutionPolicy", "eval"}
HAVE_THEIR_OWN = {f"docs/{page}.md" for page in ("files-that-schools-have", "tutorial", "nl/tutorial")}  # with files


def blocks(*languages, documents=DOCUMENTS):
    """Yield the documents' blocks in these languages: the page, the mark behind the language, and the text."""
    for page in documents:
        for language, mark, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language in languages:
                yield page.relative_to(ROOT).as_posix(), mark, text


def lines_of(text):
    """Return the commands of a block, without what is said beside them."""
    return [line.partition("  #")[0].strip() for line in text.splitlines() if line.strip()]


def test_every_command_of_the_documents_is_one_that_the_program_takes(subtests):
    from werkbank.cli import _parsed

    seen = 0
    for page, _, text in blocks("sh", "powershell"):
        for line in lines_of(text):
            words = shlex.split(line.rpartition("&&")[2].replace("\\", "/"))
            with subtests.test(f"{page}: {line}"):
                words = words[2:] if words[:3] == ["python", "-m", "werkbank"] else words
                if words[0] == "werkbank":
                    seen += 1
                    assert _parsed(words[1:], "en").command
                else:
                    assert words[0].rpartition("/")[2] in {*OTHER_PROGRAMS, "activate"}
    assert seen > 60


RUN_ABOVE = "docs/tutorial.md"  # in a shell, to the opened report


@pytest.mark.parametrize("page", sorted({page for page, mark, _ in blocks("sh") if not mark} - {RUN_ABOVE}))
def test_a_block_of_commands_without_a_mark_runs_as_it_stands(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for _, mark, text in blocks("sh", documents=[ROOT / page]):
        for line in lines_of(text) if not mark else []:
            assert main(shlex.split(line)[1:]) == 0, (line, capsys.readouterr().err)
            assert capsys.readouterr().out


def test_the_dutch_tutorial_shows_what_the_program_writes(tmp_path):
    from werkbank.drafting.making import new_from

    raw = sorted((ROOT / "data" / "examples" / "nabijheid" / "raw").iterdir())
    new_from(tmp_path / "studie", raw, "nl")
    text = (tmp_path / "studie" / "study.yaml").read_text(encoding="utf-8")
    shown = [block for _, _, block in blocks("yaml", documents=[ROOT / "docs" / "nl" / "tutorial.md"])]
    assert shown
    assert all(block in text for block in shown)


WHOLE = {
    "title": "a study",
    "language": "nl",
    "design": {"kind": "randomised", "assigned_by": "class"},
    "files": [{"path": "raw/answers.csv"}],
    "columns": {"pupil": "nr", "class": "groep", "school": "school", "arm": "conditie", "wave": "meting"},
    "arms": {"coaching": "intervention", "controle": "control", "alleen": "intervention"},
    "waves": {"T0": "pre", "T1": "post", "T2": "followup"},
    "covariates": ["sekse"],
    "outcomes": [
        {
            "instrument": "strs-sf",
            "version": "B",
            "scales": ["closeness", "conflict"],
            "informant": "teacher",
            "items": "strs_{item}",
            "role": "primary",
        },
        {"name": "nabijheid-leerling", "informant": "pupil", "column": "nab", "range": [1, 5], "better": "higher"},
    ],
}
KINDS = ({"synthesis"}, {"single_case"}, {"planning"})  # blocks that are a study of their own kind


def in_a_study(fragment):
    """Return a fragment of a study file in a study that has the rest: beside its fields, or in its first outcome."""
    from werkbank.study.model import Study

    if not set(fragment) <= set(Study.model_fields):
        first, *rest = WHOLE["outcomes"]
        if "answers" in fragment:  # of a questionnaire of one's own
            first = {"name": "own", "informant": "pupil", "items": ["v1", "v2"], "range": [1, 4], "better": "higher"}
        return {**WHOLE, "outcomes": [{**first, **fragment}, *rest]}
    if set(fragment) >= {"title"} and (any(kind <= set(fragment) for kind in KINDS) or "associations" in fragment):
        return fragment
    whole = {**WHOLE, **fragment, "design": {**WHOLE["design"], **(fragment.get("design") or {})}}
    if "outcomes" in fragment:
        whole["outcomes"] = [{"informant": "pupil", **one} for one in fragment["outcomes"]]
    return whole


# what a command makes beside the study file is looked for when all that the file itself says was read
MADE_BY_A_COMMAND = ([], ["lot_not_found"], ["registration_not_found"])


def problems(path):
    """Return what is wrong with a study file, by the codes."""
    from werkbank.errors import UnfitError
    from werkbank.study import load_study

    try:
        load_study(path)
    except UnfitError as error:
        return [one.code for one in error.problems]
    return []


@pytest.mark.parametrize("page", sorted({page for page, _, _ in blocks("yaml")} - HAVE_THEIR_OWN))
def test_every_block_of_a_study_file_is_read(page, tmp_path, subtests):
    for number, (_, mark, text) in enumerate(blocks("yaml", documents=[ROOT / page])):
        if mark == "log":  # a file beside the study file: its shape is read in `tests/cases/test_own_logs.py`
            continue
        with subtests.test(text):
            study = tmp_path / str(number)
            (study / "raw").mkdir(parents=True)
            made = in_a_study(yaml.safe_load(textwrap.dedent(text)))
            for one in made.get("files", []):
                (study / one["path"]).write_text("nr,groep\n1,5A\n", encoding="utf-8")
            shutil.copy(ROOT / "docs" / "pictures" / "form-problem.png", study / "logo.png")
            (study / "study.yaml").write_text(yaml.safe_dump(made, allow_unicode=True), encoding="utf-8")
            assert problems(study / "study.yaml") in MADE_BY_A_COMMAND


def test_a_block_with_a_field_that_is_none_is_found(tmp_path):
    made = in_a_study({"primary": [{"outcom": "x"}]})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    assert "study_unknown_key" in problems(tmp_path / "study.yaml")


def test_the_marks_of_blocks_are_the_two_that_are_explained():
    assert {mark for _, mark, _ in blocks("sh", "powershell")} == {"", "parsed"}
    assert {mark for page, mark, _ in blocks("yaml") if page not in HAVE_THEIR_OWN} == {"", "log"}
