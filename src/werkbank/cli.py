"""The command line: words in, one call of the room that does it, words out, and an exit code. No logic lives here.

Whatever is slow to import is imported by the command that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import werkbank
from werkbank.catalogue import LANGUAGES, say
from werkbank.errors import EXIT_ENVIRONMENT, EXIT_INTERRUPTED, EXIT_OK, UnfitError, UsageError, WerkbankError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

ROLES = ("school", "class", "teacher", "arm")  # running.jobs has them too, and takes a second to import
TABLE_COLUMNS = ("name", "study", "report", "language", "seed", *ROLES)
DEMO = ("baumann", "nabijheid")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (`werkbank.errors`); no error of a user's ends in a traceback."""
    called = words is not None
    words = list(sys.argv[1:] if words is None else words)
    language = _spoken_here()
    before = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        return _ran(words, language)
    finally:
        for number, handler in before if called else ():  # else Python is about to end, and goes on undisturbed
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _ran(words: list[str], language: str) -> int:
    chosen = None
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        arguments = _parsed(words, language)
        if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:  # as `__main__` leaves it
            signal.signal(signal.SIGINT, signal.default_int_handler)
        chosen = arguments.language
        language = arguments.speech = chosen or language
        command: Callable[[argparse.Namespace], None] = arguments.command
        command(arguments)
    except UnfitError as error:
        spoken = chosen or error.language
        if words[0] == "check" and "--json" in words:
            _tell_json({"fit": False, "problems": [problem.as_row(spoken) for problem in error.problems]})
            return error.exit_code
        _complain(say("problems.heading", spoken, n=len(error.problems)))
        _complain(*(f"  {problem.sentence(spoken)}" for problem in error.problems))
        return error.exit_code
    except WerkbankError as error:
        _complain(say("cli.problem.prefix", language, what=str(error)))
        return error.exit_code
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would cut off what is said, or left to be ended
        _complain(say("cli.done.interrupted", language))
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # the reader of a pipe (head) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = Path(error.filename).as_posix() if isinstance(error.filename, str) else "–"
        _complain(say("cli.problem.cannot_write", language, path=where, reason=error.strerror or str(error)))
        return EXIT_ENVIRONMENT
    return EXIT_OK


def _interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _spoken_here() -> str:
    """Return the language of this machine's user; a study's own language takes over once it is known."""
    chosen = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "nl" if chosen.lower().startswith("nl") else "en"


def _tell(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _complain(*lines: str) -> None:
    sys.stderr.write("".join(f"{line}\n" for line in lines))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parsed(words: list[str], language: str) -> argparse.Namespace:
    def text(key: str, **values: str) -> str:
        return say(f"cli.help.{key}", language, **values).replace("%", "%%")

    parser = _Parser(prog="werkbank", description=text("about"), epilog=text("exit"), allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"werkbank {werkbank.__version__}", help=text("version"))
    commands = parser.add_subparsers(title=text("commands"), metavar="", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], spoken: str | None = "language") -> _Parser:
        added: _Parser = commands.add_parser(name, help=text(name), description=text(name), allow_abbrev=False)
        added.set_defaults(command=run, language=None)
        if spoken is not None:
            added.add_argument("--language", choices=LANGUAGES, help=text(spoken))
        return added

    demo = command("demo", _demo, None)
    demo.add_argument("--out", type=_place, metavar="DIR", default="reports/demo", help=text("demo_out"))
    new = command("new", _new, "language_here")
    new.add_argument("name", metavar="NAME", help=text("name"))
    new.add_argument("--example", default="controlled", help=text("example", valid=", ".join(_templates())))
    check = command("check", _check)
    check.add_argument("study", metavar="STUDY", help=text("study"))
    check.add_argument("--json", action="store_true", help=text("check_json"))
    run = command("run", _run)
    run.add_argument("study", metavar="STUDY", help=text("study"))
    run.add_argument("--report", metavar="NAME", default="evaluation", help=text("report"))
    run.add_argument("--format", metavar="FORMAT", default="html", help=text("format"))
    run.add_argument("--out", type=_place, metavar="DIR", help=text("out"))
    run.add_argument("--pupil-pages", action="store_true", help=text("pupil_pages"))
    batch = command("batch", _batch, None)
    _batch_options(batch, text)
    _more_commands(command, text)
    verify = command("verify", _verify, "language_here")
    verify.add_argument("folders", metavar="DIR", nargs="+", help=text("verify_dirs"))
    verify.add_argument("--quick", action="store_true", help=text("quick"))
    verify.add_argument("--study", metavar="STUDY", help=text("verify_study"))
    private = command("check-privacy", _check_privacy, "language_here")
    private.add_argument("files", metavar="FILE", nargs="+", help=text("private_files"))
    private.add_argument("--study", metavar="STUDY", help=text("private_study"))
    private.add_argument("--min-cell", type=int, metavar="N", help=text("min_cell"))
    withdrawn = command("withdrawn", _withdrawn, "language_here")
    withdrawn.add_argument("study", metavar="STUDY", help=text("study"))
    withdrawn.add_argument("numbers", metavar="NUMBER", nargs="*", help=text("withdrawn_numbers"))
    withdrawn.add_argument("--all", dest="everything", action="store_true", help=text("withdrawn_all"))
    codebook = command("codebook", _codebook)
    codebook.add_argument("study", metavar="STUDY", help=text("study"))
    codebook.add_argument("--out", type=_place, metavar="DIR", default=".", help=text("codebook_out"))
    instruments = command("instruments", _instruments, "language_here")
    instruments.add_argument("name", metavar="NAME", nargs="?", help=text("instrument"))
    command("schema", _schema, None)
    lab = command("lab", _lab, None)
    lab.add_argument("--no-browser", action="store_true", help=text("no_browser"))
    lab.add_argument("--port", type=int, help=text("port"))

    names = list(commands.choices)
    if words and not words[0].startswith("-") and words[0] not in names:
        raise UsageError(say("cli.problem.no_command", language, name=words[0], **nearest(words[0], names)))
    return parser.parse_args(words or ["--help"])


def _more_commands(command: Callable[..., _Parser], text: Callable[..., str]) -> None:
    _planning_commands(command, text)
    _review_commands(command, text)


def _review_commands(command: Callable[..., _Parser], text: Callable[..., str]) -> None:
    pool = command("pool", _pool, "language_here")
    pool.add_argument("files", metavar="FILE", nargs="+", help=text("pool_files"))
    pool.add_argument("--outcome", metavar="KEY", help=text("pool_outcome"))
    pool.add_argument("--better", choices=("higher", "lower"), default="higher", help=text("pool_better"))
    pool.add_argument("--format", metavar="FORMAT", default="html", help=text("format"))
    pool.add_argument("--out", metavar="DIR", required=True, help=text("pool_out"))
    known = command("evidence", _evidence, "language_here")
    known.add_argument("--outcome", metavar="NAME", help=text("evidence_outcome"))
    known.add_argument("--json", action="store_true", help=text("json"))


def _planning_commands(command: Callable[..., _Parser], text: Callable[..., str]) -> None:
    lot = command("lot", _lot, "language_here")
    lot.add_argument("list", metavar="LIST|LOT", help=text("lot_list"))
    for option in ("unit", "within", "sheet", "arms", "starts", "source", "phrase", "sha256", "on", "seed"):
        lot.add_argument(f"--{option}", metavar=option.upper(), help=text(f"lot_{option}"))
    plan = command("plan", _plan)
    plan.add_argument("study", metavar="STUDY", nargs="?", help=text("study"))
    for option in ("units", "pupils", "icc", "r", "r-units", "blocks", "lost-pupils", "effect"):
        plan.add_argument(f"--{option}", metavar="N", help=text(f"plan_{option.replace('-', '_')}"))
    plan.add_argument("--by", choices=("pupil", *ROLES[:3]), help=text("plan_by"))
    plan.add_argument("--kind", choices=("randomised", "controlled", "single_group"), help=text("plan_kind"))
    plan.add_argument("--out", type=_place, metavar="DIR", help=text("plan_out"))
    registered = command("register", _register)
    registered.add_argument("study", metavar="STUDY", help=text("study"))
    registered.add_argument("--out", type=_place, metavar="FILE", help=text("register_out"))
    archive = command("archive", _archive)
    archive.add_argument("study", metavar="STUDY", help=text("study"))
    archive.add_argument("--out", type=_place, metavar="DIR", help=text("archive_out"))
    lot.add_argument("--level", choices=("pupil", *ROLES[:3]), help=text("lot_level"))
    lot.add_argument("--scheme", choices=("start", "order", "independent", "different"), help=text("lot_scheme"))
    lot.add_argument("--out", type=_place, metavar="FILE", help=text("lot_out"))


def _batch_options(batch: _Parser, text: Callable[..., str]) -> None:
    batch.add_argument("table", metavar="STUDY|TABLE", help=text("table", columns=", ".join(TABLE_COLUMNS)))
    batch.add_argument("--by", choices=ROLES, help=text("by"))
    batch.add_argument("--report", metavar="NAME", help=text("batch_report"))
    batch.add_argument("--language", dest="languages", metavar="nl,en", help=text("languages"))
    batch.add_argument("--format", metavar="FORMAT", default="html", help=text("format"))
    batch.add_argument("--out", type=_place, metavar="DIR", default="reports/batch", help=text("batch_out"))
    batch.add_argument("--workers", type=int, metavar="N", help=text("workers"))
    batch.add_argument("--scheduler", metavar="ADDRESS", help=text("scheduler"))
    batch.add_argument("--timeout", type=int, metavar="SECONDS", default=900, help=text("timeout"))
    for option in ("no-warm", "quiet", "json"):
        batch.add_argument(f"--{option}", action="store_true", help=text(option.replace("-", "_")))


def _place(asked: str) -> str:
    """Return where a folder lies without ways through folders that are not there: they would be made on the way."""
    return os.path.relpath(Path(asked).resolve()) if ".." in Path(asked).parts else asked


def _templates() -> list[str]:
    # the folder is looked into without importing the study's model, which `--help` does not need
    return sorted({path.name.split(".")[0] for path in (Path(__file__).parent / "study" / "templates").glob("*.yaml")})


def _demo(arguments: argparse.Namespace) -> None:
    from werkbank.running.runner import run_languages
    from werkbank.study.finding import example_path

    pages = []
    for name in DEMO:
        _tell(say("cli.done.running", arguments.speech, report=f"{name}: evaluation", spoken=", ".join(LANGUAGES)))
        for made in run_languages(example_path(name), languages=LANGUAGES, out=Path(arguments.out) / name):
            pages += [path for path in made.files if path.suffix == ".html" and path.parent.name != "share"]
    _tell(say("cli.done.demo", arguments.speech), *(f"  {path.as_posix()}" for path in pages))


def _new(arguments: argparse.Namespace) -> None:
    from werkbank.study.templates import new_study

    folder = new_study(Path(arguments.name), arguments.example, arguments.speech)
    shown = folder.as_posix()
    _tell(say("cli.done.new", arguments.speech, path=shown, raw=f"{shown}/raw", study=f"{shown}/study.yaml"))


def _tell_json(found: object) -> None:
    import json

    _tell(json.dumps(found, ensure_ascii=False, indent=2, default=str))


def _check(arguments: argparse.Namespace) -> None:
    from werkbank.study import load_study

    study = load_study(arguments.study)
    # after the study file is known to be fit: it takes a second; here pupils keep their own numbers, to be found again
    from werkbank.running.checking import check_study

    speech = arguments.language or study.language
    found = check_study(study)
    if arguments.json:
        _tell_json(found.as_row(speech))
        return
    rows = sum(file.n_rows for file in found.files)
    _tell(say("cli.done.fit", speech, n_rows=rows, n_files=len(found.files), n_pupils=len(found.intake.pupils)))
    if found.notes:
        _tell(say("cli.done.decided", speech))
        _tell(*(f"  {note.sentence(speech)}" for note in found.notes))
    _tell(*found.unlabelled(speech))
    if found.questions:
        _tell(say("check.heading", speech), *(f"  {line}" for line in found.foreseen(speech)))


def _run(arguments: argparse.Namespace) -> None:
    from werkbank.running.runner import run_report

    speech = arguments.speech
    if arguments.report in {
        "monitoring",
        "single_case",
        "synthesis",
    }:  # what it reads is known to be fit before a notebook is started
        from werkbank.running.checking import check_report, check_study
        from werkbank.study import load_study

        study = load_study(arguments.study)
        check_report(study, arguments.report)
        check_study(study)
    _tell(say("cli.done.reading", speech, study=arguments.study))
    formats = tuple(arguments.format.split(","))
    pupils = {"pupil_pages": True} if arguments.pupil_pages else {}
    made = run_report(
        arguments.study, arguments.report, language=arguments.language, out=arguments.out, formats=formats, **pupils
    )
    _tell(*(say("cli.done.superseded", speech, file=file) for file in made.superseded))
    _tell(*made.notes)
    _tell(*(line for line in made.remarks if line == say("cli.done.network", made.language)))
    if made.remarks:
        _tell(say("cli.done.remarks", speech, n=len(made.remarks)))
    if made.left_out:
        _tell(say("cli.done.left_out", speech, n=made.left_out))
    _tell(say("cli.done.made", speech), *(f"  {path.as_posix()}" for path in made.files))


def _batch(arguments: argparse.Namespace) -> None:
    from werkbank.running.commands import batch_command

    batch_command(arguments, _tell, live=sys.stdout.isatty())


def _pool(arguments: argparse.Namespace) -> None:
    from werkbank.running.pooled import pool_files

    made = pool_files(
        arguments.files, out=Path(arguments.out), outcome=arguments.outcome, better=arguments.better,
        language=arguments.speech, formats=tuple(arguments.format.split(",")),
    )  # fmt: skip
    _tell(say("cli.done.made", arguments.speech), *(f"  {path.as_posix()}" for path in made.files))


def _evidence(arguments: argparse.Namespace) -> None:
    from werkbank.synthesis.evidence import evidence, outcomes

    if arguments.outcome and arguments.outcome not in outcomes():
        valid = nearest(arguments.outcome, outcomes())
        raise UsageError(say("cli.problem.no_evidence", arguments.speech, name=arguments.outcome, **valid))
    if arguments.json:
        _tell_json([vars(known) for known in evidence() if arguments.outcome in {None, known.outcome}])
        return
    from werkbank.reporting.known import told

    _tell(*told(arguments.speech, arguments.outcome or ""))


def _verify(arguments: argparse.Namespace) -> None:
    from werkbank.running.commands import verify_command

    verify_command(arguments, _tell)


def _plan(arguments: argparse.Namespace) -> None:
    from werkbank.running.plans import plan_command

    plan_command(arguments, _tell)


def _register(arguments: argparse.Namespace) -> None:
    from werkbank.running.registering import register_command

    register_command(arguments, _tell)


def _archive(arguments: argparse.Namespace) -> None:
    from werkbank.running.archiving import archive_command

    archive_command(arguments, _tell)


def _lot(arguments: argparse.Namespace) -> None:
    from werkbank.running.lots import lot_command

    lot_command(arguments, _tell)


def _check_privacy(arguments: argparse.Namespace) -> None:
    from werkbank.disclosure.checking import check_files
    from werkbank.study import load_study

    study = load_study(arguments.study) if arguments.study else None
    min_cell, found = check_files([Path(file) for file in arguments.files], arguments.min_cell, study)
    if found:
        raise UnfitError(found, arguments.speech)
    _tell(say("cli.done.private", arguments.speech, min_cell=min_cell))


def _withdrawn(arguments: argparse.Namespace) -> None:
    from werkbank.running.commands import withdrawn_command

    withdrawn_command(arguments, _tell)


def _codebook(arguments: argparse.Namespace) -> None:
    from werkbank.reporting.codebook import write_codebook
    from werkbank.study import load_study

    study = load_study(arguments.study)
    speech = arguments.language or study.language
    made = write_codebook(study, Path(arguments.out), speech)
    _tell(say("cli.done.made", speech), *(f"  {path.as_posix()}" for path in made))


def _instruments(arguments: argparse.Namespace) -> None:
    from werkbank.instruments.explaining import explained, listed

    _tell(*(explained(arguments.name, arguments.speech) if arguments.name else listed()))


def _schema(_arguments: argparse.Namespace) -> None:
    from werkbank.study.schema import schema_text

    sys.stdout.write(schema_text())


def _lab(arguments: argparse.Namespace) -> None:
    from werkbank.running.lab import open_lab

    open_lab(Path.cwd(), language=arguments.speech, browser=not arguments.no_browser, port=arguments.port)
