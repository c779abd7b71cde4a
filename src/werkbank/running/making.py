"""One job of a batch: its reports made, or found made, here and now; any failure is an answer."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from werkbank.errors import UnfitError, WerkbankError
from werkbank.intake import once
from werkbank.running import manifest, preloading
from werkbank.running.notebooks import code_hash, notebook_path
from werkbank.running.params import checked, decisive
from werkbank.running.runner import run_held
from werkbank.running.verify import damaged
from werkbank.study import load_study
from werkbank.warm import forking
from werkbank.warm.kernel import quick_import, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.running.jobs import Job
    from werkbank.study import Study

Status = Literal["made", "kept", "failed", "waiting"]


@dataclass(frozen=True)
class Made:
    """How one job ended: `made`, `kept` (whole and from the same inputs already), `failed` or not begun (`waiting`)."""

    job: Job
    status: Status
    files: tuple[str, ...] = ()
    message: str = ""
    seconds: float = 0.0


def read_once(study: str, out: Path, *, warm: bool, leaving: Path) -> None:
    """Import once, and read a study once here and once in the template, for all reports that are made here.

    `out` is for passing files; `leaving` is the folder to be swept, or removed when it is no batch's, by the template
    when this process is killed.
    """
    if warm and (template := begun(out)) is not None:  # first: it starts while the same is done here
        with suppress(forking.NotWarmError):
            template.clear(leaving)
            template.read(str(Path(study).resolve()))
    quick_import("papermill")
    once.keep(load_study(study))


def begun(out: Path | None = None) -> forking.Template | None:
    """Return this process's template, which takes seconds to start; without one each report uses an ordinary kernel.

    `out` is for passing files.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".werkbank-", dir=out) as folder:  # swept, if this is killed in it
            return forking.template({**os.environ, **undisturbed(Path(folder)), forking.PRELOAD: preloading.MODULE})
    except (forking.NotWarmError, OSError):
        return None


def make(job: Job, ready: Callable[[Job], None] = lambda _: None) -> Made:
    """Make the reports of one job, `ready` for it, or find them made; any failure is what is returned."""
    started = time.monotonic()
    status: Status = "kept"
    try:
        study = load_study(job.study)
        found = _found(job, study)
        if missing := tuple(language for language, there in found.items() if not there):
            status = "made"
            ready(job)
            made = run_held(
                job.study, job.report, languages=missing, out=job.place, seed=job.seed, formats=job.formats,
                timeout=job.timeout, warm=job.warm, only=job.only,
            )  # fmt: skip
            found |= {one.language: tuple(p.relative_to(job.place).as_posix() for p in one.files) for one in made}
    except Exception as error:  # noqa: BLE001 - one report's surprise must not stop a thousand others
        return failed(job, started, told(error))
    return Made(job, status, _files(found), "", time.monotonic() - started)


def found_made(job: Job) -> Made | None:
    """Return a job whose reports are all there, whole and from the same inputs; or nothing."""
    started = time.monotonic()
    found = _found(job, load_study(job.study))
    return Made(job, "kept", _files(found), "", time.monotonic() - started) if all(found.values()) else None


def _found(job: Job, study: Study) -> dict[str, tuple[str, ...]]:
    return {language: _done(job, study, language) for language in job.languages or (study.language,)}


def _files(found: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for there in found.values() for name in there))


def told(error: Exception) -> str:
    """Return a failure in one line."""
    if isinstance(error, UnfitError):
        return "; ".join(problem.sentence(error.language) for problem in error.problems[:3])
    return str(error) if isinstance(error, WerkbankError | OSError) else f"{type(error).__name__}: {error}"


def failed(job: Job, started: float, message: str) -> Made:
    """Return a job that failed, with the reason."""
    return Made(job, "failed", (), message, time.monotonic() - started)


def wanted(job: Job, study: Study) -> dict[str, Any]:
    """Return what a job's reports are made from, as their manifest will say it."""
    notebook = notebook_path(job.report)
    own = checked(notebook.stem, {"seed": job.seed, "only": job.only})
    return manifest.inputs_of(study, decisive(own))


def _done(job: Job, study: Study, language: str) -> tuple[str, ...]:
    """Return the files of a report that is there, whole, from the same inputs by the same notebook; or none."""
    notebook = notebook_path(job.report, language)
    found = manifest.read(job.place)
    key = f"{notebook.stem}.{language}"
    report = found.get("reports", {}).get(key)
    asked = {f"{key}.{kind}" for kind in job.formats}
    if report is None or found["inputs"] != wanted(job, study) or report["notebook"] != code_hash(notebook):
        return ()
    if not asked <= set(report["files"]) or damaged(job.place, found, key):
        return ()
    return (*report["files"], *found["results"], manifest.NAME)
