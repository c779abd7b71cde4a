"""What a batch costs a report, against the loops that one would write without werkbank: ratios of one run.

``python benchmarks/batch.py [N] [--classes 3]`` makes a report with HTML, and a copy to share, of each of N schools (24
when left out; `nabijheid` enlarged; with ``--classes 6`` schools of six classes, which is more like a school) by

a. a shell loop of ``papermill`` and ``jupyter nbconvert --to html``,
b. a Python loop of ``papermill.execute_notebook`` and a warm HTML exporter,
c. one plain function in a warm process: the same calls as the notebook's cells, the limit,
d. ``werkbank batch`` with one worker, and e. with two; both with the whole of the command, from its start to its index;

and a notebook of 13 empty cells by papermill's function, its command and the warm engine; and how long the first report
of a batch takes, from the command to its line, beside `werkbank run` of a study of that school alone. Wall seconds on a
shared machine drift: read the ratios, and the processor seconds (children included) beside them. c is made in three
parts, before, between and after the batches, and a and b in two, so that a drift falls on all rows.
"""

from __future__ import annotations

import argparse
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
SHELL, PYTHON, PLAIN = "a  papermill + nbconvert, shell", "b  execute_notebook loop", "c  plain function, warm"
ONE, TWO = "d  werkbank batch, 1 worker", "e  werkbank batch, 2 workers"
WERKBANK = [sys.executable, "-m", "werkbank"]
PAGES = ["--report", "evaluation", "--format", "html"]
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


def batch(study: Path, out: Path, workers: int) -> None:
    command = [*WERKBANK, "batch", study, "--by", "school", *PAGES, "--workers", str(workers), "--out", out, "--quiet"]
    subprocess.run(command, check=True, capture_output=True)


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
    alone = enlarged(out / "alone", 1)

    def of_batch(n: int) -> float:
        started = time.monotonic()
        command = [*WERKBANK, "batch", study, "--by", "school", "--workers", "1", "--json", *PAGES]
        with subprocess.Popen([*command, "--out", out / f"first{n}"], stdout=subprocess.PIPE, text=True) as process:
            line = process.stdout.readline()
            seconds = time.monotonic() - started
            process.send_signal(signal.SIGINT)
            process.communicate()
        assert '"made"' in line, line  # noqa: S101 - a time of failures is none
        return seconds

    def of_run(n: int) -> float:
        command = [*WERKBANK, "run", alone, "--out", out / f"cold{n}", *PAGES]
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
    from werkbank.study import load_study
    from werkbank.warm.forking import close_all

    asked = argparse.ArgumentParser()
    asked.add_argument("n", type=int, nargs="?", default=24)
    asked.add_argument("--classes", type=int, default=3)
    given = asked.parse_args()
    n = given.n
    with tempfile.TemporaryDirectory(prefix="werkbank-benchmark-") as name:
        out = Path(name)
        study = enlarged(out / "study", n, given.classes)
        schools = [f"S{1 + i % 8:02}-{i}" for i in range(n)]
        few = schools[: max(2, n // 16)]
        parts = [schools[i::3] for i in range(3)]  # of c, before, between and after the batches: a machine drifts
        found: dict[str, list[tuple[float, float, int]]] = {}

        def add(row: str, work, made: list[str]) -> None:
            found.setdefault(row, []).append((*timed(lambda: work(made), 1), len(made)))

        def limit(made: list[str]) -> None:
            for school in made:
                plain_function(study, school, out)

        plain_function(study, schools[0], out)
        once.keep(load_study(study))
        for i in range(3):
            if i != 1:
                add(SHELL, lambda made: shell_loop(study, made, out), few)
                add(PYTHON, lambda made: python_loop(study, made, out), few)
            add(PLAIN, limit, parts[i])
            if i == 0:
                add(ONE, lambda _: batch(study, out / "d", 1), schools)
            elif i == 1:
                add(TWO, lambda _: batch(study, out / "e", 2), schools)
        cost = {row: [sum(p[k] for p in took) / sum(p[2] for p in took) for k in (0, 1)] for row, took in found.items()}
        wall = {row: seconds for row, (seconds, _) in cost.items()}
        print(f"{'':34}{'wall s':>8}{'CPU s':>8}{'wall / c':>10}{'CPU / c':>9}")
        for row, (seconds, cpu) in sorted(cost.items()):
            print(f"{row:34}{seconds:8.2f}{cpu:8.2f}{seconds / wall[PLAIN]:10.2f}{cpu / cost[PLAIN][1]:9.2f}")
        print("\nReports a minute on two cores; the ceiling is c on both, without any start:")
        for row, goal in ((SHELL, 15), (PYTHON, 5)):
            ratio, ceiling = wall[row] / wall[TWO], 2 * wall[row] / wall[PLAIN]
            print(f"{ratio:6.1f} times {row} (goal {goal}; ceiling {ceiling:.1f}, of which {ratio / ceiling:.0%})")
        print("\n13 empty cells, seconds:", {k: round(v, 3) for k, v in empty_notebook(out).items()})
        print("\nfirst report, seconds:", {k: round(v, 2) for k, v in first_report(study, out).items()})
    close_all()


if __name__ == "__main__":
    main()
