"""What ``werkbank run``, ``batch`` and ``verify`` print on the way, and how they end."""

from __future__ import annotations

import io
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import LANGUAGES, say
from werkbank.errors import ReportError, UsageError, nearest
from werkbank.progress import Progress, words
from werkbank.running import given_out
from werkbank.running.batch import BatchOutcome, run_batch
from werkbank.running.checking import check_report, check_study
from werkbank.running.jobs import jobs_asked
from werkbank.running.making import Made, begun
from werkbank.running.notebooks import notebook_path
from werkbank.running.pages import FORMATS
from werkbank.running.remote import connected
from werkbank.running.runner import run_languages
from werkbank.running.verify import verify
from werkbank.study import load_study
from werkbank.usage import painted
from werkbank.warm import own
from werkbank.warm.offline import can_leave

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from werkbank.running.jobs import Job
    from werkbank.steps import Step

READ_FIRST = ("monitoring", "programme", "pupil", "single_case", "synthesis")
STATUSES = ("made", "kept", "failed", "waiting")


def run_command(asked: argparse.Namespace, tell: Callable[..., None], told: Progress | None = None) -> dict[str, Any]:
    """Make one report, whose steps `told` tells until it is made; return what was made.

    Raises
    ------
    WerkbankError
        As `runner.run_report`.
    """
    speech, formats = asked.speech, tuple(asked.format.split(","))
    pupils = {"pupil_pages": True} if asked.pupil_pages else {}
    languages = tuple(dict.fromkeys(asked.language.split(","))) if asked.language else ()
    _known(asked, languages, formats)
    asked.report = asked.report or _first_report(asked.study)
    if asked.report in READ_FIRST:  # what it reads is known to be fit before a notebook is started
        study = load_study(asked.study)
        check_report(study, asked.report)
        check_study(study)
    several = run_languages(
        asked.study, asked.report, languages=languages, out=asked.out, formats=formats, warm=own.ready(), **pupils
    )  # computed once for all
    if told is not None:
        told.done()
    made = several[0]  # what is no file is the same in every language
    superseded = tuple(file for one in several for file in one.superseded)
    tell(*(say("cli.done.superseded", speech, file=file) for file in superseded))
    tell(*made.notes)
    tell(*(line for line in made.remarks if line == say("cli.done.network", made.language)))
    if made.remarks:
        tell(say("cli.done.remarks", speech, n=len(made.remarks)))
    if made.left_out:
        tell(say("cli.done.left_out", speech, n=made.left_out))
    found = tuple(dict.fromkeys(path for one in several for path in one.files))
    files = [path.as_posix() for path in found]
    tell(painted(say("cli.done.made", speech), "green", sys.stdout), *(f"  {path}" for path in files))
    if asked.open and (page := next((path for path in found if path.suffix == ".html"), None)) is not None:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            tell(say("cli.done.not_opened", speech, path=page.as_posix()))
    return {
        "ok": True, "report": made.report, "language": ",".join(one.language for one in several),
        "folder": made.folder.as_posix(), "files": files, "superseded": list(superseded), "left_out": made.left_out,
        "remarks": list(made.remarks), "notes": list(made.notes),
    }  # fmt: skip


def _first_report(place: str) -> str:
    """Return the report that a study names first; of a notebook in its folder the path."""
    study = load_study(place)
    name = study.first_report
    return (study.folder / name).as_posix() if name.endswith(".ipynb") else name


def batch_command(
    asked: argparse.Namespace, tell: Callable[..., None], *, live: bool, told: Progress | None = None
) -> None:
    """Make a batch: a line for each report (one that renews itself when `live`), and a summary however it ends.

    `told` tells below that line which report is at which step.

    Raises
    ------
    ReportError
        After the summary, when any report was not made.
    KeyboardInterrupt
        After the summary, when it was interrupted.
    """
    speech, out = asked.speech, Path(asked.out)
    asked.report = asked.report or ("school" if asked.by else "evaluation")
    silent = asked.quiet or asked.json
    languages = tuple(asked.languages.split(",")) if asked.languages else ()
    formats = tuple(asked.format.split(","))
    _sensible(asked, languages, formats)
    shared: dict[str, object] = {
        "out": str(out), "report": asked.report, "languages": languages, "formats": formats, "warm": not asked.no_warm,
        "timeout": asked.timeout,
    }  # fmt: skip
    if not (
        out.exists() or asked.no_warm or asked.scheduler
    ):  # all is still to be made: no need to wait for the studies
        begun()
    if not (silent or asked.scheduler or can_leave()):
        tell(say("cli.done.network", speech))
    below = told or Progress(io.StringIO(), speech, live=False)
    below.clear()  # reading the studies may print
    jobs = jobs_asked(Path(asked.table), asked.by, speech, shared, (lambda _: None) if silent else tell)

    tried = 0

    def progress(made: Made, done: int, seconds: float) -> None:
        nonlocal tried
        below.clear()
        below.lead = f"{done}/{len(jobs)} · "
        tried += made.status != "kept"  # what was there already says nothing of how fast it goes
        if asked.json:
            tell(json.dumps(_record(made), ensure_ascii=False))
        elif not asked.quiet:
            rate = 60 * tried / max(seconds, 0.01)
            _progress(made, done, len(jobs), rate, speech, tell, live=live)

    def heard(job: Job, step: Step) -> None:
        below.tell(f"{job.title}: {words(step, speech)}")

    hears = None if told is None else heard
    with connected(asked.scheduler, speech) if asked.scheduler else nullcontext() as executor:
        below.lead = f"0/{len(jobs)} · "
        below.tell(say("steps.reading", speech))
        outcome = run_batch(
            jobs, out, language=speech, workers=asked.workers, executor=executor, tell=progress, hears=hears
        )
    below.done()
    _summary(outcome, out, speech, tell, as_json=asked.json)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if failed := outcome.count("failed"):
        raise ReportError(say("batch.problem.failed", speech, n=failed, n_all=len(jobs)))


def _known(asked: argparse.Namespace, languages: tuple[str, ...], formats: tuple[str, ...]) -> None:
    for problem, given, valid in (("no_language", languages, LANGUAGES), ("no_format", formats, FORMATS)):
        for name in given:
            if name not in valid:
                raise UsageError(say(f"cli.problem.{problem}", asked.speech, name=name, **nearest(name, list(valid))))


def _sensible(asked: argparse.Namespace, languages: tuple[str, ...], formats: tuple[str, ...]) -> None:
    _known(asked, languages, formats)
    for option in ("workers", "timeout"):
        if (number := getattr(asked, option)) is not None and number < 1:
            raise UsageError(say("batch.problem.one_or_more", asked.speech, option=f"--{option}"))
    notebook_path(asked.report, asked.speech)


def _record(made: Made) -> dict[str, Any]:
    return {
        "report": made.job.folder, "title": made.job.title, "status": made.status, "files": list(made.files),
        "message": made.message, "seconds": round(made.seconds, 2),
    }  # fmt: skip


def _progress(
    made: Made, done: int, total: int, rate: float, speech: str, tell: Callable[..., None], *, live: bool
) -> None:
    line = say(
        "batch.progress.line", speech, done=done, total=total, title=made.job.title,
        status=say(f"batch.status.{made.status}", speech), seconds=f"{made.seconds:.1f}",
        rate=f"{rate:.1f}", left=f"{(total - done) / rate:.1f}" if rate else "–",
    )  # fmt: skip
    # on a terminal the line above is written over, unless it told of a failure
    tell(f"\x1b[1A\x1b[2K{line}" if live and done > 1 else line, *([f"  {made.message}\n"] if made.message else []))


def _summary(outcome: BatchOutcome, out: Path, speech: str, tell: Callable[..., None], *, as_json: bool) -> None:
    counts = {status: outcome.count(status) for status in STATUSES}  # type: ignore[arg-type]
    if as_json:
        tell(json.dumps({**counts, "seconds": round(outcome.seconds, 2), "interrupted": outcome.interrupted}))
        return
    tell(*(f"{one.job.title}: {one.message}" for one in outcome.made if one.message))
    held = [say("batch.progress.held", speech)] * outcome.interrupted
    tell(say("batch.progress.summary", speech, **counts, seconds=f"{outcome.seconds:.0f}"), *held)
    tell(say("batch.progress.index", speech, path=(out / "index.html").as_posix()))


def verify_command(
    asked: argparse.Namespace, tell: Callable[..., None], told: Progress | None = None
) -> dict[str, Any]:
    """Verify reports, a line for each, and return them; ReportError when any is not as it should be.

    `told` tells the steps of the report that is being made again.

    As JSON the reports are told whether they are good or not: the exit code says that one is not.
    """
    found = []
    study = Path(asked.study) if asked.study else None
    for one in verify([Path(folder) for folder in asked.folders], quick=asked.quick, study=study):
        found.append(one)
        if told is not None:
            told.done()
        verdict = say(f"batch.verdict.{one.verdict}", asked.speech, detail=one.detail)
        tell(f"{(one.folder / one.report).as_posix()}: {verdict}")
    rows = [
        {"folder": one.folder.as_posix(), "report": one.report, "verdict": one.verdict, "good": one.good,
         "detail": one.detail} for one in found
    ]  # fmt: skip
    if bad := sum(not one.good for one in found):
        error = ReportError(say("batch.problem.verify", asked.speech, n=bad, n_all=len(found)))
        error.more = {"reports": rows}
        raise error
    return {"ok": True, "reports": rows}


def withdrawn_command(asked: argparse.Namespace, tell: Callable[..., None]) -> dict[str, Any]:
    """List what was given out of a study, or write down that copies were taken back; return the lines, or how many."""
    study = load_study(asked.study)
    if asked.numbers or asked.everything:
        n = given_out.declare_withdrawn(study, asked.numbers, asked.speech, everything=asked.everything)
        tell(say("privacy.register.withdrawn" if n else "privacy.register.anew", asked.speech, n=n))
        return {"ok": True, "withdrawn": n}
    lines = given_out.listed(study, asked.speech)
    heading = say("privacy.register.list", asked.speech, n=len(lines)) if lines else ""
    tell(heading or say("privacy.register.none", asked.speech), *(f"  {line}" for line in lines))
    return {"ok": True, "copies": lines}
