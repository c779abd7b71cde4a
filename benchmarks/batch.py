"""What a batch costs a report, against the loops that one would write without werkbank: ratios of one run.

``python benchmarks/batch.py [N]`` makes a report with HTML, and a copy to share, of each of N schools (24 when left
out; `nabijheid` enlarged) by

a. a shell loop of ``papermill`` and ``jupyter nbconvert --to html``,
b. a Python loop of ``papermill.execute_notebook`` and a warm HTML exporter,
c. one plain function in a warm process: the same calls as the notebook's cells, the limit,
d. ``run_batch`` with one worker, and e. with two; both with the start of the template in them;

and a notebook of 13 empty cells by papermill's function, its command and the warm engine; and how long the first report
of a batch takes, from the command to its line, beside `werkbank run` of a study of that school alone. Wall seconds on a
shared machine drift: read the ratios, and the processor seconds (children included) beside them.
"""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from thousand import enlarged

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "evaluation.ipynb"
BIN = Path(sys.executable).parent


def used() -> tuple[float, float]:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return time.monotonic(), own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed(work, n: int) -> tuple[float, float]:
    before = used()
    work()
    return tuple((after - start) / n for after, start in zip(used(), before, strict=True))


def shell_loop(study: Path, schools: list[str], out: Path) -> None:
    for school in schools:
        executed = out / f"{school}.ipynb"
        results = out / f"{school}.json"
        values = ["-p", "study", str(study), "-p", "results", results, "-y", f"only: {{school: {school}}}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([BIN / "papermill", NOTEBOOK, executed, *values], check=True, **quiet)
        subprocess.run([BIN / "jupyter", "nbconvert", "--to", "html", executed], check=True, **quiet)


def python_loop(study: Path, schools: list[str], out: Path) -> None:
    import nbformat
    import papermill
    from nbconvert import HTMLExporter

    exporter = HTMLExporter()
    for school in schools:
        executed = out / f"{school}.ipynb"
        values = {"study": str(study), "only": {"school": school}, "results": str(out / f"{school}.json")}
        papermill.execute_notebook(NOTEBOOK, executed, values, progress_bar=False)
        exporter.from_notebook_node(nbformat.read(executed, as_version=4))


def plain_function(study: Path, school: str, out: Path) -> None:
    """Run the notebook's own cells as one function, and write the page and that of the copy to share."""
    import json

    from werkbank.reporting.blocks import Section
    from werkbank.reporting.page import render

    names: dict[str, object] = {}
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    sections = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        last = source.rstrip().splitlines()[-1]
        if last.startswith("evaluation."):
            sections.append(eval(last, names))  # noqa: S307 - our own notebook
        else:
            exec(source, names)  # noqa: S102 - as above
        if "parameters" in cell["metadata"].get("tags", []):
            names.update(study=str(study), only={"school": school}, results=str(out / "results.json"))
    shown = [Section.from_json(section.to_json()) for section in sections]
    for _ in ("own", "to share"):
        render(shown, language="nl", title="t", simulated=True, provenance={})


def batch(study: Path, schools: list[str], out: Path, workers: int) -> None:
    from werkbank.running.batch import run_batch
    from werkbank.running.jobs import Job

    jobs = [Job(f"r{n}", s, str(study), str(out), only={"school": s}) for n, s in enumerate(schools)]
    made = run_batch(jobs, out, language="nl", workers=workers)
    assert made.count("made") == len(jobs), [one.message for one in made.made]  # noqa: S101 - a time of failures is none


def empty_notebook(out: Path) -> dict[str, float]:
    import nbformat
    import papermill

    new = nbformat.v4
    path = out / "empty.ipynb"
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(
        new.new_notebook(cells=[new.new_code_cell("pass") for _ in range(13)], metadata={"kernelspec": kernel}), path
    )
    made = out / "made.ipynb"

    def engine(name: str | None) -> float:
        return timed(lambda: papermill.execute_notebook(path, made, engine_name=name, progress_bar=False), 1)[0]

    engine("werkbank-fork")  # starts the template
    command = [BIN / "papermill", "--no-progress-bar", path, made]
    return {
        "papermill's command": timed(lambda: subprocess.run(command, check=True, capture_output=True), 1)[0],
        "papermill's function": statistics.median(engine(None) for _ in range(5)),
        "the warm engine": statistics.median(engine("werkbank-fork") for _ in range(20)),
    }


def first_report(study: Path, out: Path) -> dict[str, float]:
    werkbank = [sys.executable, "-m", "werkbank"]
    shared = ["--report", "evaluation", "--format", "html"]
    alone = enlarged(out / "alone", 1)

    def of_batch(n: int) -> float:
        started = time.monotonic()
        command = [*werkbank, "batch", study, "--by", "school", "--workers", "1", "--json", *shared]
        with subprocess.Popen([*command, "--out", out / f"first{n}"], stdout=subprocess.PIPE, text=True) as process:
            line = process.stdout.readline()
            seconds = time.monotonic() - started
            process.send_signal(signal.SIGINT)
            process.communicate()
        assert '"made"' in line, line  # noqa: S101 - a time of failures is none
        return seconds

    def of_run(n: int) -> float:
        command = [*werkbank, "run", alone, "--out", out / f"cold{n}", *shared]
        return timed(lambda: subprocess.run(command, check=True, capture_output=True), 1)[0]

    pairs = [(of_batch(n), of_run(n)) for n in range(5)]
    batches, runs = zip(*pairs, strict=True)
    return {
        "first of a batch": statistics.median(batches),
        "one run": statistics.median(runs),
        "ratio": statistics.median(a / b for a, b in pairs),
    }


def main() -> None:
    from werkbank.intake import once
    from werkbank.running.warm.forking import close_all
    from werkbank.study import load_study

    n = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    found = {}
    with tempfile.TemporaryDirectory(prefix="werkbank-benchmark-") as name:
        out = Path(name)
        study = enlarged(out / "study", n)
        schools = [f"S{1 + i % 8:02}-{i}" for i in range(n)]
        found["d  werkbank batch, 1 worker"] = timed(lambda: batch(study, schools, out / "d", 1), n)
        found["e  werkbank batch, 2 workers"] = timed(lambda: batch(study, schools, out / "e", 2), n)
        close_all()
        plain_function(study, schools[0], out)
        once.keep(load_study(study))
        found["c  plain function, warm"] = timed(lambda: [plain_function(study, s, out) for s in schools], n)
        few = schools[: max(2, n // 3)]
        found["b  execute_notebook loop"] = timed(lambda: python_loop(study, few, out), len(few))
        found["a  papermill + nbconvert, shell"] = timed(lambda: shell_loop(study, few, out), len(few))
        limit = found["c  plain function, warm"]
        print(f"{'':34}{'wall s':>8}{'CPU s':>8}{'wall / c':>10}{'CPU / c':>9}")
        for what, (wall, cpu) in sorted(found.items()):
            print(f"{what:34}{wall:8.2f}{cpu:8.2f}{wall / limit[0]:10.2f}{cpu / limit[1]:9.2f}")
        print("\n13 empty cells, seconds:", {k: round(v, 3) for k, v in empty_notebook(out).items()})
        print("\nfirst report, seconds:", {k: round(v, 2) for k, v in first_report(study, out).items()})
    close_all()


if __name__ == "__main__":
    main()
