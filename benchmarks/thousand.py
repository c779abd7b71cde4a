"""What a long batch costs: time and memory over the reports of an enlarged `nabijheid`, in one run.

``python benchmarks/thousand.py [N] [--workers W]`` makes N reports (1,000 when left out) of a study of so many schools:
the eight of `nabijheid`, over and over, with codes of their own. A line is printed at 10, 100, 1,000 … reports: seconds
a report since the line before (wall, and of the processor: children included), memory of the batch and of its template
(anonymous: without files), and the most private memory (what is freed when it ends) that any child was seen with.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
EXAMPLE = Path(__file__).resolve().parents[1] / "data" / "examples" / "nabijheid"
TICK = os.sysconf("SC_CLK_TCK")


def enlarged(folder: Path, schools: int, classes: int = 3) -> Path:
    """Write a study of so many schools; every pupil, class and teacher of a copy has a code of its own.

    A school of six classes or nine is two of the example's schools, or three, put together.
    """
    (folder / "raw").mkdir(parents=True)
    shutil.copy(EXAMPLE / "study.yaml", folder)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    with (EXAMPLE / "raw" / "leraren.csv").open(encoding="utf-8") as file:
        school_of = {row["leerlingnr"]: row["school"] for row in csv.DictReader(file, delimiter=";")}
    known = sorted(set(school_of.values()))
    for path in sorted((EXAMPLE / "raw").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        with (folder / "raw" / path.name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=";", lineterminator="\n")
            writer.writeheader()
            for n in range(schools):
                for part in range(classes // 3):
                    source = known[(n + part) % len(known)]
                    mine = [row for row in rows if school_of.get(row["leerlingnr"]) == source]
                    own = {"school": f"{known[n % len(known)]}-{n}"}
                    code = f"{n}{'abcdefgh'[part]}" if part else str(n)
                    writer.writerows({k: _renamed(k, v, code, own) for k, v in row.items()} for row in mine)
    return folder / "study.yaml"


def _renamed(column: str, value: str, code: str, own: dict[str, str]) -> str:
    return own.get(column, f"{value}-{code}" if column in {"leerlingnr", "lk", "groep"} else value) if value else value


def memory(pid: int, kind: str) -> float:
    """Return a process's memory of a kind in MB; 0 when it has gone."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024
    return 0.0


def private(pid: int) -> float:
    return memory(pid, "Private")


def spent(pid: int) -> float:
    """Return the processor seconds of a process and of its children that have ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICK
    return 0.0


def children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


class Watch:
    """The most private memory that a child was seen with, looked at ten times a second."""

    def __init__(self) -> None:
        self.most, self.template, self.ended = 0.0, 0, False
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        from werkbank.warm import forking

        while not self.ended:
            for template in list(forking._templates.values()):  # noqa: SLF001 - nobody else knows
                self.template = template.process.pid
                self.most = max([self.most, *map(private, children(self.template))])
            time.sleep(0.1)


def main() -> None:
    from werkbank.running.batch import run_batch
    from werkbank.running.jobs import jobs_asked

    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    n = int(words[0]) if words else 1000
    workers = int(sys.argv[sys.argv.index("--workers") + 1]) if "--workers" in sys.argv else 2
    with tempfile.TemporaryDirectory(prefix="werkbank-benchmark-") as name:
        study, out = enlarged(Path(name) / "study", n), Path(name) / "out"
        shared = {"out": str(out), "report": "evaluation", "formats": ("html",)}
        jobs = jobs_asked(study, "school", "nl", shared, print)
        watch, before = Watch(), (time.monotonic(), spent(os.getpid()), 0)
        print(f"{'reports':>8}{'wall s':>8}{'CPU s':>8}{'batch MB':>10}{'template MB':>13}{'child MB':>10}", flush=True)

        def tell(made, done: int, _seconds: float) -> None:
            nonlocal before
            assert made.status == "made", made.message  # noqa: S101 - a time of failures is none
            if done in {1, 10, 30, 100, 300, 1000, 3000, n}:
                now = (time.monotonic(), spent(os.getpid()) + spent(watch.template), done)
                wall, cpu = ((now[i] - before[i]) / (done - before[2]) for i in (0, 1))
                sizes = *(memory(pid, "Anonymous") for pid in (os.getpid(), watch.template)), watch.most
                print(f"{done:8}{wall:8.2f}{cpu:8.2f}" + "{:10.0f}{:13.0f}{:10.0f}".format(*sizes), flush=True)
                before, watch.most = now, 0.0

        started = time.monotonic()
        made = run_batch(jobs, out, language="nl", workers=workers, tell=tell)
        print(f"all, with the copies to share looked at together: {time.monotonic() - started:.0f} s wall")
        started = time.monotonic()
        assert run_batch(jobs, out, language="nl", workers=workers).count("kept") == len(made.made)  # noqa: S101 - as above
        print(f"a second call, with nothing to make: {time.monotonic() - started:.0f} s wall")
        watch.ended = True


if __name__ == "__main__":
    main()
