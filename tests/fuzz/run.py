"""Thousands of mutilated inputs through the command line, each in a forked process that may neither hang nor grow.

``python tests/fuzz/run.py KIND FIRST LAST`` prints one JSON line for every input that was not answered with exit code
0 or 3, and a last one with the counts. The same numbers give the same inputs: ``KIND 17 17`` repeats number 17, and
``KIND 0 500`` tries five hundred that hypothesis makes up.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import judging
import reading
from generating import STRATEGIES
from mutating import mutated
from subjects import Subject, subjects

import werkbank.cli
import werkbank.intake.reading
import werkbank.running.commands
from werkbank.intake import spss, workbooks
from werkbank.running.batch import BatchOutcome

KINDS = ("study", "key", "csv", "xlsx", "sav", "table")
SECONDS = 20.0  # for one input, on a machine that does other work as well
BYTES = 3 << 30  # of address space
PRELOADED = (spss, workbooks)  # once, before the first fork


def tried(subject: Subject, folder: Path, kind: str) -> dict[str, Any]:
    """Return how the command line answered a subject: exit code, what was wrong with that, and how long it took."""
    for name, content in subject.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    started = time.monotonic()
    answer, ours = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(answer)
        _in_child(folder, kind, ours)
    os.close(ours)
    watch = os.pidfd_open(pid)
    ended, _, _ = select.select([watch], [], [], SECONDS)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(watch)
    with open(answer, "rb") as pipe:  # noqa: PTH123 - a descriptor
        told = pipe.read()
    found: dict[str, Any] = {"code": None, "wrong": "hang" if not ended else f"ended by {status}"}
    if told and ended:
        found = json.loads(told)
    return {**found, "seconds": round(time.monotonic() - started, 3)}


def _in_child(folder: Path, kind: str, ours: int) -> None:
    """Run the command, judge, tell, and end; nothing returns from here."""
    found: dict[str, Any] = {"code": None, "wrong": "", "judged": False}
    try:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        spoken = os.memfd_create("spoken")
        sys.stdout = io.TextIOWrapper(os.fdopen(os.dup(spoken), "wb"), write_through=True)
        sys.stderr = io.TextIOWrapper(os.fdopen(os.dup(spoken), "wb"), write_through=True)
        os.dup2(spoken, 1)
        os.dup2(spoken, 2)
        found |= _table(folder) if kind == "table" else _check(folder)
        text = os.pread(spoken, 1 << 20, 0).decode("utf-8", "replace")
        if "Traceback" in text or "Warning:" in text:
            found["wrong"] = found["wrong"] or text
        if found["code"] not in {0, 3}:
            found["wrong"] = found["wrong"] or f"exit code {found['code']}: {text}"
    except BaseException:  # noqa: BLE001 - this is what is looked for
        found["wrong"] = traceback.format_exc()
    with open(ours, "w", encoding="utf-8") as pipe:
        json.dump(found, pipe)
    os._exit(0)


def _check(folder: Path) -> dict[str, Any]:
    kept: list[Any] = []
    read = werkbank.intake.reading.read_answers
    werkbank.intake.reading.read_answers = lambda study: kept.append(read(study)) or kept[-1]
    code = werkbank.cli.main(["check", str(folder)])
    if code or not kept:
        return {"code": code}
    try:
        differing = judging.answers_judged(kept[0])
    except reading.UnreadableError:
        return {"code": code}
    return {"code": code, "judged": True, "wrong": "; ".join(differing[:3])}


def _table(folder: Path) -> dict[str, Any]:
    kept: list[Any] = []
    empty = BatchOutcome((), 0.0)
    werkbank.running.commands.begun = lambda: None
    werkbank.running.commands.run_batch = lambda jobs, *_, **__: kept.append(jobs) or empty
    code = werkbank.cli.main(["batch", str(folder / "t.csv"), "--out", str(folder / "out")])
    if code:
        return {"code": code}
    return {"code": code, "judged": True, "wrong": "; ".join(judging.jobs_judged(folder / "t.csv", kept[0])[:3])}


class Tally:
    """Inputs tried, what came of them, and each that was answered wrongly as a line of JSON."""

    def __init__(self, kind: str, place: Path) -> None:
        self.kind, self.place, self.inputs, self.slowest = kind, place, 0, 0.0
        self.counts: Counter[str] = Counter()

    def add(self, subject: Subject) -> str:
        """Try one more; return what was wrong with the answer."""
        self.inputs += 1
        folder = self.place / str(self.inputs)
        found = tried(subject, folder, self.kind)
        shutil.rmtree(folder)
        self.slowest = max(self.slowest, found["seconds"])
        self.counts[f"exit {found['code']}"] += 1
        self.counts["judged"] += found.get("judged", False)
        self.counts["wrong"] += bool(found["wrong"])
        return str(found["wrong"])

    def sum(self) -> str:
        """Return the counts as a line of JSON."""
        return json.dumps({"kind": self.kind, "inputs": self.inputs, "slowest": self.slowest, **self.counts})


def mutilated(tally: Tally, first: int, last: int) -> None:
    """Try mutilated files, by number."""
    for number in range(first, last + 1):
        chance = random.Random(f"{tally.kind} {number}")  # noqa: S311 - the same chance every time
        if wrong := tally.add(mutated(chance.choice(subjects(tally.kind)), tally.kind, chance)):
            print(json.dumps({"kind": tally.kind, "number": number, "wrong": wrong}), flush=True)  # noqa: T201 - its answer


def made_up(tally: Tally, count: int) -> None:
    """Try as many inputs of hypothesis, the same at every run; the smallest that is answered wrongly is shown."""
    from hypothesis import HealthCheck, given, settings

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(STRATEGIES[tally.kind]())
    def holds(subject: Subject) -> None:
        wrong = tally.add(subject)
        assert not wrong, wrong

    try:
        holds()
    except AssertionError as error:
        notes = getattr(error, "__notes__", [])
        print(json.dumps({"kind": tally.kind, "made up": "\n".join(notes), "wrong": str(error)}))  # noqa: T201 - as above


def main(kind: str, first: int, last: int) -> None:
    """Try mutilated inputs `first` to `last` of a kind; or, with `first` 0, `last` inputs that hypothesis makes up."""
    gc.freeze()
    with tempfile.TemporaryDirectory(prefix="werkbank-fuzz-") as place:
        tally = Tally(kind, Path(place))
        if first:
            mutilated(tally, first, last)
        else:
            made_up(tally, last)
    print(tally.sum())  # noqa: T201 - as above


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
