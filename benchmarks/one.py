"""What one report costs, cold: ratios of processor seconds, children included, of runs made by turns.

``python benchmarks/one.py [N] [--other FOLDER ...] [--rows]`` makes the reports `school` and `evaluation` of
`nabijheid` N times (3 when left out), and prints what each costs beside

* the same notebook by ``papermill`` and ``nbconvert --to html``, which make neither page nor copy to share, nor hashes,
* the command of another version, whose folder (a checkout, used with this Python) is named by ``--other``.

``--rows`` makes `school` of ever larger studies instead, and draws ``docs/pictures/cost_rows.svg``: the cost against
the rows, as a multiple of the smallest. The fastest of each counts; nothing is printed in seconds: machines differ.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from thousand import enlarged

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "data" / "examples" / "nabijheid"
REPORTS = ("school", "evaluation")
SCHOOLS = (8, 24, 80, 240)  # of 47 pupils each


def seconds(*commands: list[object], **env: str) -> float:
    """Return the processor seconds of commands, and of what they start."""

    def used() -> float:
        found = resource.getrusage(resource.RUSAGE_CHILDREN)
        return found.ru_utime + found.ru_stime

    before = used()
    for command in commands:
        subprocess.run(list(map(str, command)), check=True, capture_output=True, env={**os.environ, **env})
    return used() - before


def by_werkbank(folder: Path, report: str, out: Path, study: Path = EXAMPLE) -> float:
    words = [sys.executable, "-m", "werkbank", "run", study, "--report", report, "--out", out / "uit"]
    return seconds(words, PYTHONPATH=str(folder / "src"))


def by_papermill(report: str, out: Path) -> float:
    made = out / "made.ipynb"
    values = ["-p", "study", EXAMPLE, "-p", "results", out / "results.json"]
    notebook = ROOT / "notebooks" / f"{report}.ipynb"
    return seconds(
        [sys.executable, "-m", "papermill", notebook, made, "-k", "python3", *values],
        [sys.executable, "-m", "nbconvert", "--to", "html", made],
        OPENBLAS_NUM_THREADS="1",
    )


def compared(n: int, others: list[Path]) -> None:
    for report in REPORTS:
        took: dict[str, list[float]] = {}
        for _ in range(n):
            with tempfile.TemporaryDirectory(prefix="werkbank-benchmark-") as name:
                out = Path(name)
                took.setdefault("werkbank run", []).append(by_werkbank(ROOT, report, out / "own"))
                for other in others:
                    took.setdefault(f"werkbank run, {other.name}", []).append(
                        by_werkbank(other, report, out / other.name)
                    )
                out.joinpath("papermill").mkdir()
                took.setdefault("papermill + nbconvert", []).append(by_papermill(report, out / "papermill"))
        own = min(took["werkbank run"])
        for row, all_of in took.items():
            print(f"{report:12}{row:40}{min(all_of) / own:6.2f}")


def against_rows(n: int) -> None:
    import numpy as np

    found = []
    for schools in SCHOOLS:
        with tempfile.TemporaryDirectory(prefix="werkbank-benchmark-") as name:
            study = enlarged(Path(name) / "studie", schools)
            rows = sum(len(p.read_text(encoding="utf-8").splitlines()) - 1 for p in study.parent.glob("raw/*.csv"))
            cost = min(by_werkbank(ROOT, "school", Path(name) / f"{i}", study) for i in range(n))
            found.append((rows, cost))
    rows, cost = np.array(found).T
    cost /= cost[0]
    for size, times in zip(rows, cost, strict=True):
        print(f"{int(size):>9,} rows {times:6.2f}")
    drawn(rows, cost, ROOT / "docs" / "pictures" / "cost_rows.svg")


def drawn(rows: object, cost: object, path: Path) -> None:
    import seaborn as sns

    from werkbank.reporting.style import Margins, canvas
    from werkbank.reporting.style import drawn as written

    with canvas(140, 70, Margins(left=16, right=4, bottom=14, top=6)) as (figure, axes):
        sns.lineplot(x=rows, y=cost, marker="o", color="#0b5563", ax=axes[0, 0])
        axes[0, 0].set(xscale="log", yscale="log", xlabel="rows in the files of a study")
        axes[0, 0].set(ylabel="cost, times the smallest")
        path.write_bytes(written(figure))


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("n", type=int, nargs="?", default=3)
    asked.add_argument("--other", type=Path, nargs="*", default=[])
    asked.add_argument("--rows", action="store_true")
    given = asked.parse_args()
    if given.rows:
        against_rows(given.n)
    else:
        compared(given.n, [other.resolve() for other in given.other])


if __name__ == "__main__":
    main()
