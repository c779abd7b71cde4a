"""A batch gives every report that can be made, whole, once, and says what became of the others."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank.errors import UnfitError, UsageError
from werkbank.running import manifest
from werkbank.running.batch import run_batch
from werkbank.running.jobs import Job, jobs_asked, jobs_of_table, safe_name
from werkbank.running.verify import verify
from werkbank.running.warm import forking

SCHOOLS = ("007", "../etc", "De Regenboog", "<b>&", "S1", "s1")
STUDY = """\
title: Klein onderzoek
design: {kind: single_group}
files: [{path: raw/scores.csv}]
columns: {pupil: leerling, school: school, wave: meting}
waves: {T0: pre, T1: post}
outcomes: [{name: taal, column: taal, range: [0, 60], better: higher}]
"""
READ = (
    "import werkbank\nintake = werkbank.read_answers(werkbank.load_study(study), only)\n"
    "from werkbank.results import Fact, Results\nfrom pathlib import Path\n"
    "found = Results({'title': 'klein'}, facts=(Fact('n', 'count', len(intake.pupils)),))\n"
    "if results:\n    Path(results).write_text(found.to_json(), encoding='utf-8')"
)

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module", autouse=True)
def _templates_end():
    yield
    forking.close_all()


@pytest.fixture(autouse=True)
def _code_stands_still(monkeypatch):
    monkeypatch.setattr(manifest, "_code", lambda: "0")  # nobody else edits werkbank while this looks


@pytest.fixture
def split(tmp_path):
    """A study with schools whose names are trouble, and a pupil without a school."""
    folder = tmp_path / "studie"
    (folder / "raw").mkdir(parents=True)
    rows = [
        f'p{n}{k},"{school}",{wave},{20 + n + k}'
        for n, school in enumerate((*SCHOOLS, ""))
        for k in range(2 + n % 2)
        for wave in ("T0", "T1")
    ]
    text = "\n".join(["leerling,school,meting,taal", *rows]) + "\n"
    (folder / "raw" / "scores.csv").write_text(text, encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder / "study.yaml"


@pytest.fixture
def small(notebook):
    return notebook("# Rapport", PARAMETERS + "\nonly: dict = {}", "# Deel", SECTION, READ)


def jobs(split, report, out, **more):
    told = []
    shared = {"out": str(out), "report": str(report), "formats": ("html",), **more}
    found = jobs_asked(split, "school", "nl", shared, told.append)
    assert "leerling" in told[0]
    return found


def whole(out) -> dict[str, bool]:
    """Every report folder in a batch's folder, and whether its manifest and files agree."""
    found = {}
    for place in sorted(p for p in out.iterdir() if p.is_dir() and not p.name.startswith(".")):
        sealed = (place / manifest.NAME).exists()
        found[place.name] = sealed and all(one.good for one in verify([place], quick=True))
    return found


def test_every_school_gets_its_own_report_of_its_own_pupils(split, small, tmp_path):
    out = tmp_path / "uit"
    found = run_batch(jobs(split, small, out, languages=("nl", "en")), out, language="nl", workers=2)
    assert [one.status for one in found.made] == ["made"] * 6, [one.message for one in found.made]
    counts = {one.job.only["school"]: _count(one.job.place) for one in found.made}
    assert counts == {school: 2 + n % 2 for n, school in enumerate(SCHOOLS)}
    names = {path.name.casefold() for path in out.iterdir()}
    assert len(names) == 6 + 3
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
    assert "mislukt" in page
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


def command(split, small, out, *more):
    return [
        sys.executable, "-m", "werkbank", "batch", str(split), "--by", "school", "--report", str(small),
        "--out", str(out), "--workers", "2", *more,
    ]  # fmt: skip


def test_the_command_tells_each_report_and_the_sum(split, small, tmp_path):
    out = tmp_path / "uit"
    env = {**os.environ, "LANG": "nl_NL.UTF-8"}
    done = subprocess.run(command(split, small, out), capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "geen school" in lines[0]
    assert [line.partition(" ")[0] for line in lines[1:7]] == [f"{n}/6" for n in range(1, 7)]
    assert "6 gemaakt" in lines[7]
    (out / "school-007" / "results.csv").unlink()
    quiet = subprocess.run(command(split, small, out, "--json"), capture_output=True, text=True, check=False, env=env)
    records = [json.loads(line) for line in quiet.stdout.splitlines()]
    assert len(records) == 7
    assert records[-1]["failed"] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
@pytest.mark.parametrize("seed", [1, pytest.param(range(2, 12), marks=pytest.mark.long)])
@pytest.mark.parametrize("victim", ["batch", "template", "child", "interrupt"])
def test_whatever_is_killed_a_second_call_completes(split, small, tmp_path, victim, seed):
    for one in [seed] if isinstance(seed, int) else seed:
        chance = random.Random(f"{victim}{one}")  # noqa: S311 - as above
        out = tmp_path / f"uit{one}"
        process = subprocess.Popen(
            command(split, small, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        until(lambda out=out, process=process: list(out.glob("school*")) or process.poll() is not None)
        time.sleep(chance.uniform(0, 0.3))
        family = descendants(process.pid)
        template = next((pid for pid in family if "template" in words(pid)), 0)
        children = [pid for pid in family if parent(pid) == template]
        if victim == "interrupt":
            process.send_signal(signal.SIGINT)
        else:
            target = {"batch": process.pid, "template": template, "child": children[0] if children else 0}[victim]
            if target:
                os.kill(target, signal.SIGKILL)
        process.communicate(timeout=60)
        until(lambda family=family: not any(Path(f"/proc/{pid}").exists() for pid in family))
        assert not any(Path(f"/proc/{pid}").exists() for pid in family), [words(pid) for pid in family]
        if victim == "interrupt":
            assert process.returncode in {0, 130}
            assert not list(out.glob(".werkbank-*"))
        found = run_batch(jobs(split, small, out), out, language="nl", workers=2)
        assert found.count("made") + found.count("kept") == 6
        assert all(whole(out).values())
        assert not list(out.glob(".*-*"))


def until(true, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def descendants(top: int) -> list[int]:
    parents = {int(p.name): parent(int(p.name)) for p in Path("/proc").glob("[0-9]*")}
    found, new = [], [top]
    while new:
        new = [pid for pid, above in parents.items() if above in new]
        found += new
    return found


def test_a_full_disk_leaves_nothing_half_written(split, small, tmp_path):
    out = tmp_path / "klein"
    out.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", out], capture_output=True, check=False
    ).returncode:
        pytest.skip("a small tmpfs may not be mounted here")
    try:
        todo = jobs(split, small, out)
        try:
            found = run_batch(todo, out, language="nl", workers=2)
        except OSError:
            found = None
        assert found is None or found.count("failed")
        assert all(ok for name, ok in whole(out).items() if (out / name / manifest.NAME).exists())
        assert not list(out.glob(".*-*"))
        subprocess.run(["mount", "-o", "remount,size=4m", out], check=True)
        found = run_batch(todo, out, language="nl", workers=2)
        assert found.count("made") + found.count("kept") == 6
        assert all(whole(out).values())
    finally:
        subprocess.run(["umount", out], check=True)
