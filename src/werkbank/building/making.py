"""A report that is made while the form waits: by ``werkbank run`` in a process of its own, which can be ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from werkbank import steps
from werkbank.catalogue import say
from werkbank.progress import words

SECONDS_TO_END = 10  # for a process that was interrupted and clears up behind itself
# how far a report is when a step begins, as a share of its time; the steps between lie between
SHARES = {
    "reading": 0.03, "starting": 0.06, "scoring": 0.35, "comparability": 0.4, "estimating": 0.45, "ways": 0.7,
    "format": 0.93, "sharing": 0.96, "placing": 0.98,
}  # fmt: skip
LAST, SMALL = 0.9, 0.03  # of what is left until `LAST`, a step that has no share of its own


def report_command(study: Path, out: Path, language: str) -> list[str]:
    """Return the command that makes the report."""
    asked = ["run", str(study), "--report", "evaluation", "--language", language, "--out", str(out), "--json"]
    return [sys.executable, "-m", "werkbank", *asked]


class Making:
    """One report that is being made, until it is there or could not be.

    Attributes
    ----------
    told : str
        The step that is being taken, in words.
    part : float
        How far the report is, from 0 to 1; it never goes back.
    page : Path or None
        The report, once it is there.
    files : list of str
    failed : str
        Why it was not made; "" otherwise.
    over : bool
    """

    def __init__(self, study: Path, out: Path, language: str) -> None:
        self.told, self.part = say("steps.beginning", language), 0.0
        self.page: Path | None = None
        self.files: list[str] = []
        self.failed, self.over = "", False
        self._language = language
        self._process: subprocess.Popen[str] | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._make, args=(study, out), name="werkbank-report", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End it, when it is not over: the process clears up behind itself."""
        self._ended = True
        if self._process is not None and not self.over:
            if sys.platform == "win32":
                self._process.terminate()
            else:
                self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._thread.join(SECONDS_TO_END)

    def _make(self, study: Path, out: Path) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="werkbank-steps-") as folder, steps.listening(self._hears), \
                    steps.forwarded(Path(folder) / "steps") as told:  # fmt: skip
                self._settled(*self._run(report_command(study, out, self._language), {**os.environ, **told}))
        except OSError as error:
            self.failed = say("building.problem.disk", self._language, reason=error.strerror or str(error))
        self.over = True

    def _run(self, command: list[str], env: dict[str, str]) -> tuple[str, str]:
        with subprocess.Popen(  # noqa: S603 - our own words
            command, env=env, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            self._process = process
            if self._ended:
                process.terminate()
            return process.communicate()

    def _settled(self, answer: str, aside: str) -> None:
        """Take in what the command answered."""
        try:
            told: dict[str, Any] = json.loads(answer)
        except ValueError:
            last = (aside.strip().splitlines() or ["–"])[-1]
            self.failed = say("building.problem.failed", self._language, reason=last)
            return
        if not told["ok"]:
            sentences = [problem["sentence"] for problem in told.get("problems", [])]
            self.failed = " ".join([told["error"], *sentences])
            return
        self.files = told["files"]
        pages = [Path(file) for file in self.files if file.endswith(".html")]
        self.page = next(page for page in pages if page.parent == Path(told["folder"]))

    def _hears(self, step: steps.Step) -> None:
        self.told = words(step, self._language)
        share = SHARES.get(step.key.removeprefix("steps."))
        self.part = max(self.part, self.part + (LAST - self.part) * SMALL if share is None else share)
