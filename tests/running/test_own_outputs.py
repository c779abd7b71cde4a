"""A student's notebook: all that it shows is in the private report, marked, cleaned, and nowhere in share/."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank.catalogue import LANGUAGES, say
from werkbank.errors import ReportError
from werkbank.reporting.blocks import Heading, Own, Paragraph, Section
from werkbank.running import run_report
from werkbank.running.kept import without_own
from werkbank.running.notebooks import _shipped_hashes, cell_hash, is_shipped, notebook_folder, notebook_path
from werkbank.running.remarks import about_numbers, of_cell, without_paths
from werkbank.running.verify import verify
from werkbank.study.finding import example_path

MARKDOWN = "# Eigen kop-kop7\n\nEen **vet7** woord en <script>alert('script-md')</script>:\n\n- punt7\n"
PLOT = (
    "import pandas as pd, seaborn as sns\n"
    "mijn = pd.DataFrame({'voor': [1., 2, 3, 4, 5, 6], 'na': [2., 2, 4, 5, 5, 8], 'groep': list('ababab')})\n"
    "sns.catplot(mijn, x='groep', y='na', kind='box')"
)
ANCOVA = "import pingouin as pg\npg.ancova(mijn, dv='na', covar='voor', between='groep')"
FRAME = "pd.DataFrame({'kolom7': ['<script>alert(\"script-df\")</script>', None], 'waarde': [float('nan'), 2.5]})"
PRINT = "print('print7: <b>x</b>'); import os; print(os.getcwd())"
WARN = "import sys, warnings\nwarnings.warn('waarschuwing7')\nprint('stderr7 /etc/werk/x.log', file=sys.stderr)"
SHOW = "import werkbank\nwerkbank.show(mijn.describe(), caption='Titel7', alt='')"
HIDDEN = "print('verborgen7')"
PRIVATE = (
    "class Rijen:\n"
    "    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    "        return {'text/html': '<p>leerling7</p>', 'application/vnd.werkbank.private+json': {}}\nRijen()"
)
OWN = (PLOT, ANCOVA, FRAME, PRINT, WARN, SHOW, PRIVATE)
WORDS = ("kop-kop7", "vet7", "punt7", "kolom7", "print7", "waarschuwing7", "Titel7", "np2")
NOWHERE = ("script-md", "verborgen7", "leerling7", "stderr7", "FacetGrid")


def cell(kind, name, source, tags=()):
    made = {"cell_type": kind, "id": name, "metadata": {"tags": list(tags)} if tags else {}, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The school report of a real study, to which a student added cells before its last one."""
    folder = tmp_path_factory.mktemp("eigen")
    content = json.loads(notebook_path("school").read_text(encoding="utf-8"))
    added = [cell("markdown", "mijn-tekst", MARKDOWN)]
    added += [cell("code", f"mijn-{i}", source) for i, source in enumerate(OWN)]
    added.append(cell("code", "mijn-geheim", HIDDEN, ["hide"]))
    content["cells"][-1:-1] = added
    (folder / "mijn.ipynb").write_text(json.dumps(content), encoding="utf-8")
    return run_report(
        example_path("baumann"), folder / "mijn.ipynb", out=folder / "uit", language="nl",
        formats=("html", "pdf", "docx", "xlsx"),
    )  # fmt: skip


def text_of(path):
    from pypdf import PdfReader

    if path.suffix == ".pdf":
        text = " ".join(page.extract_text() for page in PdfReader(path).pages)
        # where a line ends, a long word of a heading is divided
        return re.sub(r"\N{SOFT HYPHEN}\n?|(?<=-)\n", "", text)
    if path.suffix in {".docx", ".xlsx"}:
        packed = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
        return " ".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["html", "pdf", "docx", "ipynb"])
def test_everything_added_is_in_every_private_format(made, form):
    text = text_of(made.folder / f"mijn.nl.{form}")
    for word in WORDS:
        # a PDF's hyphens are read back as places where a word may be divided
        assert word in text or (form == "pdf" and word.replace("-", "") in text), word
    # markdown (in a kept notebook a cell, no output), plot, ancova, table, print, warning, show
    assert text.count("niet door werkbank") == (6 if form == "ipynb" else 7)
    gone = NOWHERE if form != "ipynb" else ("FacetGrid",)  # a kept notebook holds the source of its cells
    assert not [word for word in gone if word in text]


def test_the_page_holds_no_script_and_numbers_count_on(made):
    page = text_of(made.folder / "mijn.nl.html")
    assert "<script" not in page
    assert "&lt;script&gt;" in page  # that of a cell of a table is text
    written = text_of(made.folder / "mijn.nl.docx")
    captions = re.findall(r"SEQ (Tabel|Figuur) .*?<w:t[^>]*>(\d+)</w:t>", written, re.DOTALL)
    for kind in ("Tabel", "Figuur"):
        told = [int(n) for name, n in captions if name == kind]
        assert told == list(range(1, len(told) + 1)), kind


def test_the_workbook_says_beside_each_own_table_whose_it_is(made):
    text = text_of(made.folder / "mijn.nl.xlsx")
    assert text.count("Eigen analyse, niet door werkbank gecontroleerd") == 3
    assert "kolom7" in text


def test_no_byte_of_it_is_shared(made):
    files = sorted((made.folder / "share").iterdir())
    assert {f.suffix for f in files} >= {".html", ".pdf", ".docx", ".xlsx", ".json", ".csv"}
    for file in files:
        text = text_of(file)
        assert not [word for word in (*WORDS[:-1], *NOWHERE, "Eigen analyse", "Eigen tabel") if word in text], file.name


def test_our_own_headings_are_not_doubled_and_rows_of_pupils_are_not_kept(made):
    page = text_of(made.folder / "mijn.nl.html")
    assert "Read and score" not in page
    assert "Choose" not in page
    kept = json.loads((made.folder / "mijn.nl.ipynb").read_text(encoding="utf-8"))
    outputs = json.dumps([c.get("outputs") for c in kept["cells"]])
    assert "leerling7" not in outputs
    assert "verborgen7" not in outputs
    assert made.left_out == 0


def test_what_was_said_aside_is_in_the_manifest_without_paths(made):
    manifest = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    remarks = manifest["reports"]["mijn.nl"]["remarks"]
    assert [r["text"] for r in remarks] == ["UserWarning: waarschuwing7", "stderr7 …/x.log"]
    assert {r["cell"] for r in remarks} == {remarks[0]["cell"]}
    assert made.remarks == tuple(r["text"] for r in remarks)


def test_a_report_with_additions_is_made_again_to_the_byte(notebook, study, tmp_path, monkeypatch):
    clock = "import time, sys; print(time.time_ns(), file=sys.stderr); print(id(object) and object())"
    path = notebook(PARAMETERS, "# Vooraf\n\neigen", SECTION, RESULTS, "# Later", PLOT, FRAME, PRINT, clock)
    run_report(study, path, out=tmp_path / "uit", formats=("html", "pdf", "docx"))
    page = (tmp_path / "uit" / "klein.nl.html").read_text(encoding="utf-8")
    assert page.index("Vooraf: eigen analyse") < page.index(">Begin<") < page.index(">Later<")
    monkeypatch.chdir(tmp_path)
    (found,) = verify([tmp_path / "uit"], study=study)
    assert (found.verdict, found.detail) == ("same", "")
    path.rename(tmp_path / "elders.ipynb")
    (found,) = verify([tmp_path / "uit"], study=study)
    assert (found.verdict, found.detail) == ("no_notebook", "klein.ipynb")


def test_a_copy_of_an_older_notebook_still_finds_what_it_asks_for():
    from werkbank.reporting import disclosure, sharing

    assert disclosure.write_shared is sharing.write_shared


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder in which nobody can write")
def test_a_home_that_cannot_be_written_costs_no_report(notebook, study, tmp_path):
    path = notebook(
        PARAMETERS, SECTION, RESULTS, "import werkbank\nwerkbank.read_answers(werkbank.load_study(study))", PLOT
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "WERKBANK_", "MPLCONFIG"))}
    ran = subprocess.run(
        [sys.executable, "-m", "werkbank", "run", str(study), "--report", str(path), "--out", str(tmp_path / "uit"),
         "--language", "en", "--format", "html,pdf"],
        env={**env, "HOME": "/proc/nowhere"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "No key can be kept on this computer" in ran.stdout
    assert "No key can be kept on this computer" in (tmp_path / "uit" / "klein.en.html").read_text(encoding="utf-8")


def test_only_a_warning_of_our_own_cells_about_numbers_stops(notebook, study, tmp_path, monkeypatch):
    source = "import numpy as np\nnp.float64(1) / np.float64(0)"
    path = notebook("# Rapport", PARAMETERS, SECTION, RESULTS, "# Het midden", source)
    done = run_report(study, path, out=tmp_path / "eigen")
    assert "RuntimeWarning: divide by zero" in done.remarks[0]
    monkeypatch.setattr("werkbank.running.execution.is_shipped", lambda cell: cell["source"] == source)
    with pytest.raises(ReportError, match=r"Cel 6 .*‘import numpy as np’.*RuntimeWarning: divide") as caught:
        run_report(study, path, out=tmp_path / "onze")
    assert caught.value.cell == 6
    assert not (tmp_path / "onze").exists()


@pytest.mark.parametrize(
    ("line", "stops"),
    [
        ("/s/werkbank/effects/x.py:3: RuntimeWarning: overflow encountered", True),
        ("/s/scipy/optimize/x.py:3: OptimizeWarning: covariance", True),
        ("/s/numpy/lib/x.py:3: UserWarning: y", True),
        ("C:\\s\\werkbank\\statistics\\x.py:3: ConvergenceWarning: no optimum", True),
        ("<ipython-input-1>:3: RankWarning: poorly conditioned", True),
        ("/s/werkbank/reporting/figures.py:3: RuntimeWarning: invalid value", True),
        ("/s/werkbank/reporting/style.py:3: UserWarning: Glyph 26085 missing from font", False),
        ("/s/matplotlib/x.py:3: UserWarning: constrained_layout not applied", False),
        ("/s/werkbank/effects/x.py:3: FutureWarning: the default will change", False),
        ("WARNING:root:een regel in het logboek", False),
        ("mkdir -p failed for path /root/.cache/matplotlib", False),
    ],
)
def test_which_lines_of_stderr_may_be_about_numbers(line, stops):
    assert bool(about_numbers(f"log\n{line}\n  code = 1\n")) is stops


def test_remarks_stand_once_without_code_folders_and_addresses():
    text = "/x/y.py:1: UserWarning: a\n  f(x)\n/x/y.py:1: UserWarning: a\n  f(x)\nlog <o at 0x7fff00>\n"
    assert of_cell([text]) == [("UserWarning: a", True), ("log <o at 0x…>", False)]
    assert without_paths("open C:\\Users\\jan\\a.csv or /home/jan/b.csv, see https://x.org/a/b") == (
        "open …/a.csv or …/b.csv, see https://x.org/a/b"
    )
    assert of_cell(["\n".join(map(str, range(150)))])[-1] == ("(+ 50)", False)


def test_a_copy_to_share_is_written_without_own_blocks_whoever_put_them_there():
    own = Own((Paragraph("geheim"),))
    (section,) = without_own((Section("s", "nl", (Heading("Kop"), own, Paragraph("open"))),))
    assert section.blocks == (Heading("Kop"), Paragraph("open"))


def test_every_cell_of_our_notebooks_is_known_as_shipped():
    cells = [c for p in notebook_folder().glob("*.ipynb") for c in json.loads(p.read_text(encoding="utf-8"))["cells"]]
    assert cells
    # after a change of a notebook: scripts/shipped_cells.py
    assert {cell_hash(c) for c in cells} <= _shipped_hashes()
    assert not is_shipped({**cells[0], "source": "iets anders"})


def test_the_mark_is_said_in_both_languages():
    assert [say("report.own.mark", language) for language in LANGUAGES] == [
        "**Eigen analyse**, niet door werkbank gecontroleerd",
        "**Own analysis**, not checked by werkbank",
    ]


def test_own_cells_may_go_on_with_what_a_cell_for_looking_made(tmp_path):
    content = json.loads(notebook_path("evaluation").read_text(encoding="utf-8"))
    at = {c["id"]: i for i, c in enumerate(content["cells"])}
    added = cell("code", "mijn", "print('gemiddelde7', round(table['pre'].mean(), 2))")
    content["cells"].insert(at["finish"], added)
    (tmp_path / "mijn.ipynb").write_text(json.dumps(content), encoding="utf-8")
    done = run_report(example_path("baumann"), tmp_path / "mijn.ipynb", out=tmp_path / "uit", language="nl", warm=True)
    page = (tmp_path / "uit" / "mijn.nl.html").read_text(encoding="utf-8")
    assert "gemiddelde7 " in page
    assert page.count("Eigen analyse") == 1
    assert (done.left_out, done.remarks) == (0, ())
    kept = json.loads((tmp_path / "uit" / "mijn.nl.ipynb").read_text(encoding="utf-8"))["cells"]
    looked = [c for c in kept if "by-hand" in c["metadata"].get("tags", [])]
    assert {c["id"] for c in looked} == {"look", "formula", "means", "own-plot", "second-way"}
    assert all(c["outputs"] == [] and "raises-exception" not in c["metadata"]["tags"] for c in looked)


def test_a_cell_for_looking_that_fails_costs_no_report_and_cells_keep_their_numbers(tmp_path, monkeypatch):
    content = json.loads(notebook_path("school").read_text(encoding="utf-8"))
    looking = next(c for c in content["cells"] if c["id"] == "look")
    looking["source"] = "1 / 0"
    content["cells"].append(cell("code", "mijn", "import warnings\nwarnings.warn('let7')"))
    (tmp_path / "mijn.ipynb").write_text(json.dumps(content), encoding="utf-8")
    hashes = _shipped_hashes() | {cell_hash(looking)}
    monkeypatch.setattr("werkbank.running.notebooks._shipped_hashes", lambda: hashes)
    run_report(example_path("baumann"), tmp_path / "mijn.ipynb", out=tmp_path / "uit", language="nl", warm=True)
    manifest = json.loads((tmp_path / "uit" / "manifest.json").read_text(encoding="utf-8"))
    (remark,) = manifest["reports"]["mijn.nl"]["remarks"]
    assert remark == {"cell": len(content["cells"]), "text": "UserWarning: let7"}
    assert "ZeroDivisionError" not in (tmp_path / "uit" / "mijn.nl.html").read_text(encoding="utf-8")
