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
from werkbank import interrupts
from werkbank.catalogue import LANGUAGES, say
from werkbank.errors import EXIT_ENVIRONMENT, EXIT_INTERRUPTED, EXIT_OK, UnfitError, UsageError, WerkbankError, nearest
from werkbank.progress import telling
from werkbank.usage import painted, speaking, spoken_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Found = dict[str, object] | list[object] | None  # what a command prints as JSON
    Command = Callable[[argparse.Namespace], Found]

ROLES = ("school", "class", "teacher", "arm")  # running.jobs has them too, and takes a second to import
TABLE_COLUMNS = ("name", "study", "report", "language", "seed", *ROLES)
DEMO = ("baumann", "nabijheid")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (`werkbank.errors`); no error of a user's ends in a traceback."""
    called = words is not None
    words = list(sys.argv[1:] if words is None else words)
    language = spoken_here(words)
    with interrupts.listening(restore=called):
        return _ran(words, language)


def _ran(words: list[str], language: str) -> int:
    as_json = "--json" in words
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    chosen = None
    try:
        with speaking(language):
            arguments = _parsed(words, language)
        if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:  # as `__main__` leaves it
            signal.signal(signal.SIGINT, signal.default_int_handler)
        chosen = arguments.language and arguments.language.partition(",")[0]  # of several the first is spoken
        language = arguments.speech = chosen or language
        arguments.tell = _silent if as_json else _tell
        command: Command = arguments.command
        found = command(arguments)
        if as_json and found is not None:
            _tell_json(found)
    except KeyboardInterrupt:
        interrupts.heard()
        _complain(say("cli.done.interrupted", language))
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # the reader of a pipe (head) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (WerkbankError, OSError) as error:
        return _failed(error, chosen, language, as_json=as_json)
    return EXIT_OK


def _failed(error: WerkbankError | OSError, chosen: str | None, language: str, *, as_json: bool) -> int:
    """Say what went wrong, in words or for a program (docs/json.md has the shape), and return the exit code."""
    lines: list[str] = []
    told: dict[str, object] = {"problems": []}
    if isinstance(error, UnfitError):
        language = chosen or error.language
        heading = say("problems.heading", language, n=len(error.problems))
        lines = [f"  {problem.sentence(language)}" for problem in error.problems]
        told = {"problems": [problem.as_row(language) for problem in error.problems]}
    elif isinstance(error, WerkbankError):
        heading = str(error) if as_json else say("cli.problem.prefix", language, what=str(error))
        told |= error.more
    else:
        where = Path(error.filename).as_posix() if isinstance(error.filename, str) else "–"
        heading = say("cli.problem.cannot_write", language, path=where, reason=error.strerror or str(error))
    code = error.exit_code if isinstance(error, WerkbankError) else EXIT_ENVIRONMENT
    if as_json:
        _tell_json({"ok": False, "fit": False, "exit_code": code, "error": heading, **told})
    else:
        _complain(painted(heading, "red", sys.stderr), *lines)
    return code


def _tell(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _silent(*_lines: str) -> None:
    """Say nothing: what is found is printed as JSON."""


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

    def command(name: str, run: Command, spoken: str | None = "language") -> _Parser:
        added: _Parser = commands.add_parser(name, help=text(name), description=text(name), allow_abbrev=False)
        added.set_defaults(command=run, language=None)
        if spoken is not None:
            added.add_argument("--language", choices=LANGUAGES, help=text(spoken))
        added.add_argument("--json", action="store_true", help=text(f"{name}_json" if name == "batch" else "json"))
        return added

    demo = command("demo", _demo, None)
    demo.add_argument("--out", type=_place, metavar="DIR", default="reports/demo", help=text("demo_out"))
    new = command("new", _new, "language_here")
    _new_options(new, text)
    check = command("check", _check)
    _study_option(check, text)
    run = command("run", _run, None)
    _study_option(run, text)
    run.add_argument("--language", type=_languages(language), metavar="nl,en", help=text("languages"))
    run.add_argument("--report", metavar="NAME", help=text("report"))
    run.add_argument("--format", metavar="FORMAT", default="html", help=text("format"))
    run.add_argument("--out", type=_place, metavar="DIR", help=text("out"))
    run.add_argument("--pupil-pages", action="store_true", help=text("pupil_pages"))
    run.add_argument("--open", action="store_true", help=text("open"))
    batch = command("batch", _batch, None)
    _batch_options(batch, text)
    _planning_commands(command, text)
    _review_commands(command, text)
    _looking_commands(command, text)
    _further_commands(command, text)

    if "_ARGCOMPLETE" in os.environ:  # asked by a shell; it answers and ends here
        import argcomplete

        argcomplete.autocomplete(parser)
    names = list(commands.choices)
    if words and not words[0].startswith("-") and words[0] not in names:
        raise UsageError(say("cli.problem.no_command", language, name=words[0], **nearest(words[0], names)))
    return parser.parse_args(words or ["--help"])


def _languages(spoken: str) -> Callable[[str], str]:
    """Return what reads one language or several with commas between them."""

    def read(word: str) -> str:
        if wrong := next((name for name in word.split(",") if name not in LANGUAGES), None):
            raise argparse.ArgumentTypeError(
                say("cli.problem.no_language", spoken, name=wrong, **nearest(wrong, list(LANGUAGES)))
            )
        return word

    return read


def _study_option(added: _Parser, text: Callable[..., str]) -> None:
    added.add_argument("study", metavar="STUDY", nargs="?", help=text("study"))


def _looking_commands(command: Callable[..., _Parser], text: Callable[..., str]) -> None:
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


def _further_commands(command: Callable[..., _Parser], text: Callable[..., str]) -> None:
    codebook = command("codebook", _codebook)
    _study_option(codebook, text)
    codebook.add_argument("--out", type=_place, metavar="DIR", default=".", help=text("codebook_out"))
    instruments = command("instruments", _instruments, "language_here")
    instruments.add_argument("name", metavar="NAME", nargs="?", help=text("instrument"))
    programmes = command("programmes", _programmes, "language_here")
    programmes.add_argument("name", metavar="NAME", nargs="?", help=text("programme"))
    programmes.add_argument("--matrix", action="store_true", help=text("programmes_matrix"))
    command("schema", _schema, None)
    lab = command("lab", _lab, None)
    lab.add_argument("--no-browser", action="store_true", help=text("no_browser"))
    lab.add_argument("--port", type=int, help=text("port"))
    lab.add_argument("--allow-root", action="store_true", help=text("allow_root"))
    command("doctor", _doctor, "language_here")


def _new_options(new: _Parser, text: Callable[..., str]) -> None:
    new.add_argument("name", metavar="NAME", nargs="?", help=text("name"))
    new.add_argument("--example", help=text("example", valid=", ".join(_templates()), shipped=", ".join(_examples())))
    new.add_argument("--from", dest="files", nargs="+", metavar="FILE", help=text("new_from"))
    new.add_argument("--set", dest="answers", action="append", metavar="PLACE=ANSWER", help=text("new_set"))
    new.add_argument("--form", action="store_true", help=text("new_form"))
    new.add_argument("--no-browser", action="store_true", help=text("form_no_browser"))
    new.add_argument("--log", metavar="LOG", help=text("log"))
    new.add_argument("--study", metavar="STUDY", help=text("log_study"))


def _review_commands(command: Callable[..., _Parser], text: Callable[..., str]) -> None:
    pool = command("pool", _pool, "language_here")
    pool.add_argument("files", metavar="FILE", nargs="+", help=text("pool_files"))
    pool.add_argument("--outcome", metavar="KEY", help=text("pool_outcome"))
    pool.add_argument("--better", choices=("higher", "lower"), default="higher", help=text("pool_better"))
    pool.add_argument("--format", metavar="FORMAT", default="html", help=text("format"))
    pool.add_argument("--out", metavar="DIR", required=True, help=text("pool_out"))
    known = command("evidence", _evidence, "language_here")
    known.add_argument("--outcome", metavar="NAME", help=text("evidence_outcome"))
    known.add_argument("--literature", action="store_true", help=text("evidence_literature"))


def _planning_commands(command: Callable[..., _Parser], text: Callable[..., str]) -> None:
    lot = command("lot", _lot, "language_here")
    lot.add_argument("list", metavar="LIST|LOT", help=text("lot_list"))
    for option in ("unit", "within", "sheet", "arms", "starts", "source", "phrase", "sha256", "on", "seed"):
        lot.add_argument(f"--{option}", metavar=option.upper(), help=text(f"lot_{option}"))
    lot.add_argument("--level", choices=("pupil", *ROLES[:3]), help=text("lot_level"))
    lot.add_argument("--scheme", choices=("start", "order", "independent", "different"), help=text("lot_scheme"))
    lot.add_argument("--out", type=_place, metavar="FILE", help=text("lot_out"))
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
    for option in ("no-warm", "quiet"):
        batch.add_argument(f"--{option}", action="store_true", help=text(option.replace("-", "_")))


def _place(asked: str) -> str:
    """Return where a folder lies without ways through folders that are not there: they would be made on the way."""
    return os.path.relpath(Path(asked).resolve()) if ".." in Path(asked).parts else asked


def _examples() -> list[str]:
    package = Path(__file__).parent
    folders = (package / "_examples", package.parents[1] / "data" / "examples")
    return sorted(path.parent.name for folder in folders for path in folder.glob("*/study.yaml"))


def _templates() -> list[str]:
    # the folder is looked into without importing the study's model, which `--help` does not need
    return sorted({path.name.split(".")[0] for path in (Path(__file__).parent / "study" / "templates").glob("*.yaml")})


def _study(arguments: argparse.Namespace) -> str:
    """Return which study is meant: the one of the folder that the command is given in, where none is named."""
    if arguments.study is None and not Path("study.yaml").is_file():
        raise UsageError(say("cli.problem.no_study", arguments.speech))
    return arguments.study or "."


def _shown(files: Iterable[Path]) -> list[str]:
    return [path.as_posix() for path in files]


def _made(arguments: argparse.Namespace, files: Sequence[Path]) -> dict[str, object]:
    """Tell which files were made."""
    heading = painted(say("cli.done.made", arguments.speech), "green", sys.stdout)
    arguments.tell(heading, *(f"  {path}" for path in _shown(files)))
    return {"ok": True, "files": _shown(files)}


def _demo(arguments: argparse.Namespace) -> dict[str, object]:
    warm = _ready()
    from werkbank.running.runner import run_languages
    from werkbank.study.finding import example_path

    pages = []
    for name in DEMO:
        report = say("cli.done.running", arguments.speech, report=f"{name}: evaluation", spoken=", ".join(LANGUAGES))
        arguments.tell(report)
        with telling(arguments.speech, silent=arguments.json):
            made = run_languages(example_path(name), languages=LANGUAGES, out=Path(arguments.out) / name, warm=warm)
        pages += [p for one in made for p in one.files if p.suffix == ".html" and p.parent.name != "share"]
    arguments.tell(say("cli.done.demo", arguments.speech), *(f"  {path}" for path in _shown(pages)))
    return {"ok": True, "files": _shown(pages)}


def _ready() -> bool:
    """Make this process one that can be forked for a report, where it can be: before anything else is imported."""
    from werkbank.warm import own

    return own.ready()


def _new(arguments: argparse.Namespace) -> dict[str, object]:
    speech = arguments.speech
    if arguments.files and arguments.example:
        raise UsageError(say("cli.problem.from_or_example", speech))
    if arguments.answers and not arguments.files:
        raise UsageError(say("drafting.problem.set_without", speech))
    if arguments.form:
        from werkbank.building.serving import serve_form

        return serve_form(arguments, arguments.tell)
    if arguments.name is None and not arguments.log:
        raise UsageError(say("cli.problem.new_what", speech))
    if arguments.log:
        from werkbank.reporting.log_sheet import start_log

        sheets = start_log(arguments.log, speech, arguments.name, arguments.study)
        found = _made(arguments, sheets)
        arguments.tell(say("cli.done.new_log", speech, log=arguments.log, file=sheets[-2].name))
        return found
    if arguments.files:
        from werkbank.running.beginning import begin

        return begin(arguments, arguments.tell, live=sys.stdin.isatty() and sys.stdout.isatty())
    from werkbank.study.templates import new_study

    example = arguments.example or "controlled"
    shown = new_study(Path(arguments.name), example, speech).as_posix()
    whole = example in _examples()
    told = "cli.done.new_example" if whole else "cli.done.new"
    arguments.tell(say(told, speech, path=shown, raw=f"{shown}/raw", study=f"{shown}/study.yaml"))
    return {"ok": True, "folder": shown, "study": f"{shown}/study.yaml", "guesses": [], "fit": whole, "problems": []}


def _tell_json(found: object) -> None:
    import json

    _tell(json.dumps(found, ensure_ascii=False, indent=2, default=str))


def _check(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.study import load_study

    study = load_study(_study(arguments))
    # after the study file is known to be fit: it takes a second; here pupils keep their own numbers, to be found again
    from werkbank.running.checking import check_study

    speech = arguments.language or study.language
    found = check_study(study)
    rows = sum(file.n_rows for file in found.files)
    fit = say("cli.done.fit", speech, n_rows=rows, n_files=len(found.files), n_pupils=len(found.intake.pupils))
    arguments.tell(painted(fit, "green", sys.stdout))
    if found.notes:
        arguments.tell(say("cli.done.decided", speech), *(f"  {note.sentence(speech)}" for note in found.notes))
    arguments.tell(*found.unlabelled(speech))
    if found.questions or found.associations:
        arguments.tell(say("check.heading", speech), *(f"  {line}" for line in found.foreseen(speech)))
    return {"ok": True, **found.as_row(speech)} if arguments.json else {}


def _run(arguments: argparse.Namespace) -> dict[str, object]:
    arguments.study = _study(arguments)
    with telling(arguments.speech, silent=arguments.json) as told:
        _ready()
        from werkbank.running.commands import run_command

        return run_command(arguments, arguments.tell, told)


def _batch(arguments: argparse.Namespace) -> None:
    live = sys.stdout.isatty() and sys.stderr.isatty()
    with telling(arguments.speech, silent=not live or arguments.quiet or arguments.json) as told:
        from werkbank.running.commands import batch_command

        batch_command(arguments, _tell, live=live, told=told)


def _pool(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.running.pooled import pool_files

    with telling(arguments.speech, silent=arguments.json):
        made = pool_files(
            arguments.files, out=Path(arguments.out), outcome=arguments.outcome, better=arguments.better,
            language=arguments.speech, formats=tuple(arguments.format.split(",")),
        )  # fmt: skip
    return _made(arguments, made.files)


def _evidence(arguments: argparse.Namespace) -> list[object] | None:
    from werkbank.synthesis.evidence import evidence, outcomes

    if arguments.outcome and arguments.outcome not in outcomes():
        valid = nearest(arguments.outcome, outcomes())
        raise UsageError(say("cli.problem.no_evidence", arguments.speech, name=arguments.outcome, **valid))
    if arguments.literature:
        return _literature(arguments)
    if arguments.json:
        return [vars(known) for known in evidence() if arguments.outcome in {None, known.outcome}]
    from werkbank.reporting.known import told

    _tell(*told(arguments.speech, arguments.outcome or ""))
    return None


def _literature(arguments: argparse.Namespace) -> list[object] | None:
    from werkbank.reporting.literature import literature, told

    if arguments.json:
        return [vars(one) for one in literature()]
    _tell(*told(arguments.speech))
    return None


def _verify(arguments: argparse.Namespace) -> dict[str, object]:
    _ready()
    with telling(arguments.speech, silent=arguments.json or arguments.quick) as told:
        from werkbank.running.commands import verify_command

        return verify_command(arguments, arguments.tell, told)


def _plan(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.running.plans import plan_command

    return plan_command(arguments, arguments.tell)


def _register(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.running.registering import register_command

    return register_command(arguments, arguments.tell)


def _archive(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.running.archiving import archive_command

    return archive_command(arguments, arguments.tell)


def _lot(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.running.lots import lot_command

    return lot_command(arguments, arguments.tell)


def _check_privacy(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.disclosure.checking import check_files
    from werkbank.study import load_study

    study = load_study(arguments.study) if arguments.study else None
    min_cell, found = check_files([Path(file) for file in arguments.files], arguments.min_cell, study)
    if found:
        raise UnfitError(found, arguments.speech)
    arguments.tell(say("cli.done.private", arguments.speech, min_cell=min_cell))
    return {"ok": True, "min_cell": min_cell, "problems": []}


def _withdrawn(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.running.commands import withdrawn_command

    return withdrawn_command(arguments, arguments.tell)


def _codebook(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.reporting.codebook import write_codebook
    from werkbank.study import load_study

    study = load_study(_study(arguments))
    arguments.speech = arguments.language or study.language
    return _made(arguments, write_codebook(study, Path(arguments.out), arguments.speech))


def _instruments(arguments: argparse.Namespace) -> dict[str, object] | None:
    from werkbank.instruments.explaining import explained, listed, rows

    if arguments.json:
        return {"ok": True, "instruments": rows(arguments.name, arguments.speech)}
    _tell(*(explained(arguments.name, arguments.speech) if arguments.name else listed()))
    return None


def _programmes(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.programmes.registry import explained, listed, template_names

    if arguments.matrix and arguments.name:
        raise UsageError(say("cli.problem.matrix_of_one", arguments.speech))
    if arguments.matrix:
        from werkbank.reporting.elements import told

        lines = told(arguments.speech)
    else:
        lines = explained(arguments.name, arguments.speech) if arguments.name else listed(arguments.speech)
    arguments.tell(*lines)
    names = [arguments.name] if arguments.name else template_names()
    return {"ok": True, "programmes": list(names), "said": list(lines)}


def _schema(_arguments: argparse.Namespace) -> None:
    from werkbank.study.schema import schema_text

    sys.stdout.write(schema_text())


def _lab(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.running.lab import open_lab

    begun = {"browser": not arguments.no_browser, "port": arguments.port, "allow_root": arguments.allow_root}
    open_lab(Path.cwd(), language=arguments.speech, **begun)
    return {"ok": True, "folder": Path.cwd().as_posix()}


def _doctor(arguments: argparse.Namespace) -> dict[str, object]:
    from werkbank.running.doctor import doctor_command

    return doctor_command(arguments, arguments.tell)
