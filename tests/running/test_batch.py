"""A batch gives every report that can be made, whole, once, and says what became of the others."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.running.conftest import PARAMETERS, READ, RESULTS, SCHOOLS, SECTION, command, jobs, whole

from werkbank.cli import main
from werkbank.errors import UnfitError, UsageError
from werkbank.running import manifest
from werkbank.running.batch import run_batch
from werkbank.running.jobs import Job, jobs_of_table, safe_name
from werkbank.running.making import begun

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def _code_stands_still(monkeypatch):
    monkeypatch.setattr(manifest, "_code", lambda: "0")  # nobody else edits werkbank while this looks


def test_every_school_gets_its_own_report_of_its_own_pupils(split, small, tmp_path):
    out = tmp_path / "uit"
    found = run_batch(jobs(split, small, out, languages=("nl", "en")), out, language="nl", workers=2)
    assert [one.status for one in found.made] == ["made"] * 6, [one.message for one in found.made]
    counts = {one.job.only["school"]: _count(one.job.place) for one in found.made}
    assert counts == {school: 2 + n % 2 for n, school in enumerate(SCHOOLS)}
    names = {path.name.casefold() for path in out.iterdir()}
    assert len(names) == 6 + 4  # an index, a table, what seals them, and a lock
    assert {path.name for path in tmp_path.iterdir()} == {"klein.ipynb", "studie", "uit"}
    assert all(whole(out).values())
    assert {path.name for path in (out / "school-007").iterdir()} == {
        "klein.nl.html", "klein.nl.ipynb", "klein.en.html", "klein.en.ipynb",
        "results.json", "results.csv", "manifest.json",
    }  # fmt: skip
    rows = list(csv.DictReader((out / "results.csv").open(encoding="utf-8")))
    assert {(row["report"], row["value"]) for row in rows} == {
        (j.job.folder, str(_count(j.job.place))) for j in found.made
    }


def _count(place) -> int:
    return json.loads((place / "results.json").read_text())["facts"][0]["value"]


def test_a_second_call_touches_only_what_is_missing_broken_or_changed(split, small, tmp_path):
    out = tmp_path / "uit"
    todo = jobs(split, small, out)
    run_batch(todo, out, language="nl", workers=2)
    before = {path: path.stat().st_mtime_ns for path in out.glob("school*/*")}
    again = run_batch(todo, out, language="nl", workers=2)
    assert again.count("kept") == 6
    assert {path: path.stat().st_mtime_ns for path in out.glob("school*/*")} == before
    (todo[0].place / "klein.nl.html").write_text("<p>vals")
    (todo[1].place / "manifest.json").unlink()
    (todo[2].place / "results.json").unlink()
    again = run_batch(todo, out, language="nl", workers=2)
    assert {one.job.folder for one in again.made if one.status == "made"} == {job.folder for job in todo[:3]}
    assert all(whole(out).values())
    data = split.parent / "raw" / "scores.csv"
    data.write_text(data.read_text().replace(",20\n", ",21\n"))
    assert run_batch(todo, out, language="nl", workers=2).count("made") == 6


def test_one_that_fails_stops_no_other(split, notebook, tmp_path):
    fails = notebook(
        PARAMETERS + "\nonly: dict = {}", SECTION, READ,
        "import os\nif only['school'] == '007': os._exit(0)", "1 / int(only['school'] != 'S1')",
    )  # fmt: skip
    out = tmp_path / "uit"
    found = run_batch(jobs(split, fails, out), out, language="nl", workers=2)
    messages = {one.job.only["school"]: one.message for one in found.made if one.status == "failed"}
    assert set(messages) == {"007", "S1"}
    assert "exit code 0" in messages["007"]
    assert "ZeroDivisionError" in messages["S1"]
    assert found.count("made") == 4
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in page
    assert "niet gelukt" in page
    assert not list(out.glob(".werkbank-*"))


def test_the_index_asks_nothing_and_escapes_everything(tmp_path, chromium):
    from playwright.sync_api import sync_playwright

    from werkbank.running.batch import Made
    from werkbank.running.index import write_index

    evil = "<img src=x onerror=document.title='p'><script>document.title='p'</script>"
    made = [
        Made(Job(f"r{i}", title, "s", str(tmp_path)), "failed", (), evil) for i, title in enumerate((evil, "Zonnehof"))
    ]
    write_index(tmp_path, made, "en")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto((tmp_path / "index.html").as_uri())
        assert page.title() == "Reports"
        page.fill("#search", "zonne")
        assert page.locator("tbody tr:visible").count() == 1
        assert page.text_content("#count") == "1 / 2"
        browser.close()
    assert len(asked) == 1
    assert said == []


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_index_is_in_the_reports_language_and_says_what_each_file_is_for(tmp_path, language):
    from werkbank.running.batch import Made
    from werkbank.running.index import write_index

    study = str(Path(__file__).parents[2] / "data" / "examples" / "nabijheid" / "study.yaml")
    files = tuple(f"school.{language}.{form}" for form in ("html", "pdf", "docx"))
    files += (f"share/school.{language}.pdf", f"school.{language}.reading_help.pdf")
    job = Job("school-1", "school 1", study, str(tmp_path), "school", (language,), only={"school": "1"})
    late = Job("school-2", "school 2", study, str(tmp_path), "school", (language,), only={"school": "2"})
    made = [Made(job, "kept", files), Made(late, "failed", (), "<oeps>")]
    (tmp_path / "school-1" / "share").mkdir(parents=True)
    write_index(tmp_path, made, "en" if language == "nl" else "nl")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    told = {
        "nl": ("Relatiegerichte coaching", ">afdrukken (PDF)<", ">lezen in de browser<",
               ">om te delen: afdrukken (PDF)<", ">leeswijzer (PDF)<", ">klaar<", "niet gelukt<br>&lt;oeps&gt;"),
        "en": ("Relationship-focused coaching", ">print (PDF)<", ">read in the browser<", ">to share: print (PDF)<",
               ">reading help (PDF)<", ">ready<", "failed<br>&lt;oeps&gt;"),
    }  # fmt: skip
    assert [text for text in told[language] if text not in page] == []
    assert f'<html lang="{language}">' in page
    assert f">school.{language}.pdf<" not in page  # no bare file names
    shared = (tmp_path / "share" / "index.html").read_text(encoding="utf-8")
    assert "oeps" not in shared
    assert f"../school-1/share/school.{language}.pdf" in shared
    assert "reading_help" not in shared


def test_a_report_that_cannot_be_limited_is_refused(split, notebook, tmp_path):
    everyone = notebook(PARAMETERS, SECTION, RESULTS)
    out = tmp_path / "uit"
    found = run_batch(jobs(split, everyone, out), out, language="nl", workers=2)
    assert found.count("failed") == 6
    assert "only" in found.made[0].message


def test_two_batches_in_one_folder_do_not_mix(split, notebook, tmp_path):
    out = tmp_path / "uit"
    slow = notebook(PARAMETERS + "\nonly: dict = {}", SECTION, READ, "import time\ntime.sleep(1)")
    todo = jobs(split, slow, out)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run_batch, todo, out, language="nl", workers=2)
        while not (out / ".werkbank.lock").exists():
            time.sleep(0.01)
        time.sleep(0.1)
        with pytest.raises(UsageError, match="aan het werk"):
            run_batch(todo, out, language="nl", workers=2)
        assert first.result().count("made") == 6


@pytest.mark.parametrize(
    "code", ["007", "../../etc/passwd", "CON", "a/b\\c:d", "", "École ’t Zand", "x" * 300, "\u202egnp", ".", "-rf"]
)
def test_a_folder_is_never_a_path(code):
    name = safe_name("school", code)
    assert name.startswith("school-")
    assert len(name) < 70
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    assert name != safe_name("school", code + "x")


TABLES = {
    "a column that is none": ("study;shcool\ns.yaml;1", "school"),
    "no study": ("school\n1", "study"),
    "no row": ("study\n", "rij"),
    "too many cells": ("study,school\ns.yaml,1,2", "3 cellen"),
    "no number": ("study;seed\ns.yaml;zeven", "zeven"),
    "another language": ("study;language\ns.yaml;fr", "fr"),
    "twice the same": ("study;school\ns.yaml;1\ns.yaml;1", "map"),
    "an empty study": ("study;school\n;1", "study"),
    "an open quote": ('study;school\n"s.yaml;1', "csv"),
    "nothing": ("", "study"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_is_wrong_is_refused_with_its_place(name, tmp_path):
    text, words = TABLES[name]
    (tmp_path / "rapporten.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UnfitError) as caught:
        jobs_of_table(tmp_path / "rapporten.csv", "nl", {"out": str(tmp_path)})
    assert words in str(caught.value)


def test_bytes_that_are_no_table_are_refused(tmp_path):
    chance = random.Random(1)  # noqa: S311 - a test wants the same chance every time
    for _ in range(300):
        (tmp_path / "t.csv").write_bytes(
            chance.choice([b"study;school\n", b""]) + chance.randbytes(chance.randrange(40))
        )
        with contextlib.suppress(UnfitError):
            jobs_of_table(tmp_path / "t.csv", "nl", {"out": "x"})


def test_a_table_keeps_what_it_says_as_text(tmp_path):
    text = "\ufeffname;study;school;language;seed\n;s.yaml;007;nl+en;7\nZonnehof;s.yaml;1e5;;\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    first, second = jobs_of_table(tmp_path / "t.csv", "nl", {"out": "x"})
    assert (first.only, first.languages, first.seed, first.folder) == ({"school": "007"}, ("nl", "en"), 7, "school-007")
    assert (second.only, second.title) == ({"school": "1e5"}, "Zonnehof")
    assert Path(first.study) == tmp_path / "s.yaml"


def test_the_command_tells_each_report_and_the_sum(split, small, tmp_path, capsys):
    out = tmp_path / "uit"
    env = {**os.environ, "LANG": "nl_NL.UTF-8"}
    done = subprocess.run(command(split, small, out), capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "geen school" in lines[0]
    assert [line.partition(" ")[0] for line in lines[1:7]] == [f"{n}/6" for n in range(1, 7)]
    assert "6 gemaakt" in lines[7]
    (out / "school-007" / "results.csv").unlink()
    assert main([*command(split, small, out, "--json")[3:]]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(records) == 7
    assert records[-1]["failed"] == 0


def test_the_template_of_reports_starts_and_forks(tmp_path):
    """Where it does not, an ordinary kernel takes over in silence, and every report takes five times as long."""
    child = begun(tmp_path).fork("cells", {"cwd": str(tmp_path), "env": dict(os.environ)})
    child.end(5)
    assert child.exit == 0
