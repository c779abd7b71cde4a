"""A report is made whole or not at all."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank.errors import MissingPieceError, ReportError, UnfitError, UsageError
from werkbank.results import Results
from werkbank.running import manifest, run_report

WHOLE = ("# Rapport", PARAMETERS, "# Deel", SECTION, RESULTS)

# what stands between the headings and the end, and how the message begins to name it
FAILURES = {
    "raises": (["1 / 0"], "ZeroDivisionError"),
    "exits with 0 in the middle": (["import sys\nsys.exit(0)"], "SystemExit: 0"),
    "exits without a code": (["raise SystemExit"], "SystemExit"),
    "process ends": (["import os\nos._exit(0)"], "stierf"),
    "process is killed": (["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"], "stierf"),
    "hangs": (["import time\ntime.sleep(60)"], "duurde langer"),
    "is interrupted": (["raise KeyboardInterrupt"], "onderbroken"),
    "warns and raises": (["import sys\nprint('let op', file=sys.stderr)\n1 / 0"], "ZeroDivisionError"),
    "syntax error": (["als x"], "SyntaxError"),
}


def beside(out):
    return sorted(path.name for path in out.parent.iterdir())


@pytest.mark.parametrize("cells_and_words", FAILURES.values(), ids=FAILURES)
def test_a_notebook_that_did_not_finish_leaves_nothing(notebook, study, tmp_path, cells_and_words):
    cells, words = cells_and_words
    broken = notebook("# Rapport", PARAMETERS, SECTION, RESULTS, "# Het midden", *cells, "1 + 1")
    out = tmp_path / "deep" / "er" / "uit"
    with pytest.raises(ReportError, match=words) as caught:
        run_report(study, broken, out=out, timeout=2)
    assert caught.value.cell == 6
    assert caught.value.line == cells[-1].strip().split("\n")[0]
    assert f"‘{caught.value.line}’" in str(caught.value)
    assert "cel 6" in str(caught.value).lower()
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["# Rapport", SECTION, RESULTS], "parameters"),
        ([PARAMETERS, PARAMETERS, SECTION, RESULTS], "parameters"),
        ([PARAMETERS, RESULTS], "geen onderdeel"),
        ([PARAMETERS, SECTION], "resultaten"),
        ([PARAMETERS, SECTION, "open(results, 'w').write('{\"schema_version\": 99}')"], "resultaten"),
    ],
    ids=["no parameters cell", "two parameters cells", "no section", "no results", "other results"],
)
def test_a_notebook_without_its_parts_leaves_nothing(notebook, study, tmp_path, cells, words):
    with pytest.raises(ReportError, match=words):
        run_report(study, notebook(*cells), out=tmp_path / "uit")
    assert not (tmp_path / "uit").exists()


def test_what_is_not_a_notebook_is_said_to_be_none(study, tmp_path):
    for content in (
        "",
        "{}",
        "[]",
        '{"nbformat": 3, "cells": []}',
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}',
        "geen json",
    ):
        (tmp_path / "vreemd.ipynb").write_text(content, encoding="utf-8")
        with pytest.raises(ReportError, match="notebook"):
            run_report(study, tmp_path / "vreemd.ipynb", out=tmp_path / "uit")
    assert not (tmp_path / "uit").exists()


@pytest.mark.parametrize("interpreter", ["/nowhere/python", "false"])
def test_a_kernel_that_does_not_start_is_a_missing_piece(notebook, study, tmp_path, monkeypatch, interpreter):
    monkeypatch.setattr("werkbank.warm.kernel.sys.executable", interpreter)
    with pytest.raises(MissingPieceError, match="ipykernel"):
        run_report(study, notebook(*WHOLE), out=tmp_path / "uit")
    assert not (tmp_path / "uit").exists()


def test_a_whole_notebook_gives_every_file_and_a_manifest_that_agrees(notebook, study, tmp_path):
    from werkbank.running.manifest import sha256

    # the notebook asks for a kernel that does not exist, and shows what is nothing to read
    path = notebook(*WHOLE, "object()", "print('p%02d' % 3) if False else None")
    made = run_report(study, path, out=tmp_path / "uit")
    names = {"klein.nl.html", "klein.nl.ipynb", "results.json", "results.csv", "manifest.json"}
    assert {file.name for file in made.files} == names == {file.name for file in (tmp_path / "uit").iterdir()}
    assert made.left_out == 1
    assert beside(tmp_path / "uit") == ["klein onderzoek {x}", "klein.ipynb", "uit"]
    manifest = json.loads((tmp_path / "uit" / "manifest.json").read_text())
    for name, digest in {**manifest["results"], **manifest["reports"]["klein.nl"]["files"]}.items():
        assert sha256(tmp_path / "uit" / name) == digest
    assert manifest["inputs"]["data"][0]["file"] == "raw/scores.csv"
    assert manifest["inputs"]["parameters"] == {"seed": 20250901}
    assert {"study", "data", "code", "environment", "packages", "python", "werkbank"} <= set(manifest["inputs"])
    assert Results.from_json((tmp_path / "uit" / "results.json").read_text()) == made.results
    everything = "".join(file.read_text(encoding="utf-8") for file in made.files)
    # the letters of the page are embedded as base64, which holds any three signs by chance
    everything = re.sub(r"base64,[A-Za-z0-9+/=]+", "", everything)
    assert "p03" not in everything
    assert str(tmp_path) not in everything


def test_the_archived_notebook_is_valid_and_shows_its_parameters(notebook, study, tmp_path):
    import nbformat

    run_report(study, notebook(*WHOLE), out=tmp_path / "uit", language="en", warm=True)
    kept = nbformat.read(tmp_path / "uit" / "klein.en.ipynb", as_version=4)
    nbformat.validate(kept)
    injected = next(c.source for c in kept.cells if c.id == "injected-parameters")
    assert injected.splitlines()[1:] == [
        "study = 'study.yaml'", "language = 'en'", "seed = 20250901", "results = ''",
    ]  # fmt: skip


def test_the_same_inputs_give_the_same_bytes(notebook, study, tmp_path):
    path = notebook(*WHOLE)
    first, second = (run_report(study, path, out=tmp_path / name) for name in ("a", "b"))
    for one, other in zip(first.files, second.files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_two_languages_share_results_and_a_manifest(notebook, study, tmp_path):
    path = notebook(*WHOLE)
    for language in ("nl", "en"):
        run_report(study, path, out=tmp_path / "uit", language=language, warm=True)
    manifest = json.loads((tmp_path / "uit" / "manifest.json").read_text())
    assert sorted(manifest["reports"]) == ["klein.en", "klein.nl"]


def test_results_that_differ_between_languages_are_an_error(notebook, study, tmp_path):
    path = notebook(
        "# Rapport", PARAMETERS, SECTION, RESULTS.replace("12", "len(language + study[:0]) + (language == 'en')")
    )
    run_report(study, path, out=tmp_path / "uit", language="nl", warm=True)
    before = {file: file.read_bytes() for file in (tmp_path / "uit").iterdir()}
    with pytest.raises(ReportError, match="other results"):
        run_report(study, path, out=tmp_path / "uit", language="en", warm=True)
    assert {file: file.read_bytes() for file in (tmp_path / "uit").iterdir()} == before


def test_a_report_of_earlier_data_does_not_stay_beside_new_results(notebook, study, tmp_path):
    path = notebook(*WHOLE)
    run_report(study, path, out=tmp_path / "uit", language="en", warm=True)
    (study.parent / "raw" / "scores.csv").write_text("leerling,meting,taal\np1,T0,3\np1,T1,4\np2,T0,3\np2,T1,4\n")
    made = run_report(study, path, out=tmp_path / "uit", language="nl", warm=True)
    assert made.superseded == ("klein.en.html", "klein.en.ipynb")
    assert not (tmp_path / "uit" / "klein.en.html").exists()


def test_what_the_user_has_set_up_does_not_reach_the_notebook(notebook, study, tmp_path, monkeypatch):
    (tmp_path / "start.py").write_text("language = 'xx'")
    (tmp_path / "matplotlibrc").write_text("figure.dpi: 13")
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "start.py"))
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    check = (
        "import os, matplotlib\n"
        "assert matplotlib.rcParams['figure.dpi'] != 13\n"
        f"assert os.path.realpath(os.getcwd()).startswith({str(tmp_path)!r})\n"
        f"assert os.environ['IPYTHONDIR'] != {str(tmp_path / 'ipython')!r}"
    )
    run_report(study, notebook(PARAMETERS, SECTION, RESULTS, check), out=tmp_path / "uit")


def test_unfit_data_are_refused_before_anything_is_written(notebook, study, tmp_path):
    (study.parent / "raw" / "scores.csv").write_text("leerling,meting,taal\np1,T0,300\n")
    with pytest.raises(UnfitError):
        run_report(study, notebook(*WHOLE), out=tmp_path / "er" / "uit")
    assert not (tmp_path / "er").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"report": "evaluatoin"}, "evaluation"),
        ({"report": "nowhere.ipynb"}, "nowhere.ipynb"),
        ({"language": "fr"}, "nl"),
        ({"formats": ("hmtl",)}, "html"),
        ({"seeed": 3}, "seed"),
        ({"seed": "3"}, "seed"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_call_that_asks_for_what_does_not_exist_names_what_does(notebook, study, tmp_path, words, told):
    report = words.pop("report", notebook(*WHOLE))
    with pytest.raises(UsageError, match=told):
        run_report(study, report, out=tmp_path / "uit", **words)


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_file_and_no_process(notebook, study, tmp_path, sign):
    marker = tmp_path / "pid"
    path = notebook(PARAMETERS, f"import os, time\nopen({str(marker)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    command = [
        sys.executable,
        "-m",
        "werkbank",
        "run",
        str(study),
        "--report",
        str(path),
        "--out",
        str(tmp_path / "uit"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not (marker.exists() and marker.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(sign)
        try:
            _, complaint = process.communicate(timeout=30)
        finally:
            process.kill()  # it has ended already, unless this fails
    assert process.returncode == 130
    assert "Traceback" not in complaint
    assert beside(tmp_path / "uit") == ["klein onderzoek {x}", "klein.ipynb", "pid"]
    kernel, deadline = int(marker.read_text()), time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(kernel, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the kernel outlived the run")


def test_a_manifest_needs_no_optional_package(monkeypatch):
    asked = ["numpy>=2", 'no-such-package>=1; extra == "lme"', 'nor-this ; python_version > "3" and extra == "dask"']
    monkeypatch.setattr("werkbank.running.manifest.metadata.requires", lambda _: asked)
    assert set(manifest._packages.__wrapped__()) == {"numpy"}
