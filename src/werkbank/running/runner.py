"""One report: checked before, run, checked after, and moved to its place only when it is whole."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import LANGUAGES, say
from werkbank.disclosure.register import folder_of
from werkbank.errors import ReportError, UsageError, nearest
from werkbank.results import Results
from werkbank.running import manifest
from werkbank.running.checking import check_report
from werkbank.running.execution import CELL_SECONDS, CUT_OFF, execute
from werkbank.running.kept import archived, remarks_of, sections_of
from werkbank.running.notebooks import code_hash, declared_parameters, is_own, notebook_path
from werkbank.running.pages import FORMATS, HELP, USUAL, pages, reading_help
from werkbank.running.params import SEED, checked, decisive, shown
from werkbank.running.together import UNDECIDED, earlier, files_to_share, handed_in, rewritten, settle
from werkbank.study import load_study
from werkbank.warm import forking
from werkbank.warm.folder import living, sweep_dead

STORE = ("results.json", "results.csv")  # of all reports in a folder together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from werkbank.study import Study


@dataclass(frozen=True)
class RunOutcome:
    """What a run has made.

    `files` are the files of this report under their final names, `results` what they print; `superseded` names reports
    in the same folder that were made from other inputs and were therefore removed; `left_out` counts outputs of the
    notebook of which nothing was kept; `remarks` is what it said aside, and `notes` are what the report's first note
    says of how it was made.
    """

    report: str
    language: str
    folder: Path
    files: tuple[Path, ...]
    results: Results
    superseded: tuple[str, ...] = ()
    left_out: int = 0
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def run_report(
    study_file: str | Path,
    report: str | Path = "evaluation",
    *,
    language: str | None = None,
    out: str | Path | None = None,
    seed: int = SEED,
    formats: tuple[str, ...] = USUAL,
    timeout: int = CELL_SECONDS,
    warm: bool = False,
    **parameters: object,
) -> RunOutcome:
    """Make one report of one study: all of its files, or none.

    Parameters
    ----------
    study_file : path
        A study.yaml, or the folder that holds one.
    report : str or path
        A report's name, or a notebook of one's own.
    language : {"nl", "en"}, optional
        The study's own when left out.
    out : path, optional
        Where the files go; ``reports/<folder of the study>`` when left out.
    seed : int
        Of everything that is drawn at random.
    formats : tuple of str
        Of `pages.FORMATS`: all are written from this one run.
    timeout : int
        Seconds that one cell may take.
    warm : bool
        Run it in a child of a warm template process (`werkbank.warm`); what it gives is the same.
    **parameters
        Further parameters of the notebook; each must be known to its model.

    Raises
    ------
    UsageError
        For a report, language, format or parameter that does not exist; before anything is read or written.
    UnfitError
        When the study file or the data are not fit; before anything is written.
    ReportError
        When the notebook did not run to its end or shows no results; then nothing is written either.
    """
    spoken = () if language is None else (language,)
    (made,) = run_languages(
        study_file, report, languages=spoken, out=out, seed=seed, formats=formats, timeout=timeout, warm=warm,
        **parameters,
    )  # fmt: skip
    return made


def run_held(
    study_file: str | Path,
    report: str | Path = "evaluation",
    *,
    languages: tuple[str, ...] = (),
    out: str | Path | None = None,
    seed: int = SEED,
    formats: tuple[str, ...] = USUAL,
    timeout: int = CELL_SECONDS,
    warm: bool = False,
    **parameters: object,
) -> tuple[RunOutcome, ...]:
    """Make one report in several languages (the study's own when none is named), its numbers computed once for all.

    One of our own notebooks runs once and writes every section in each language; one of a user's runs once a language.
    Copies to share are held back until `together.settle` has seen those that they will be read beside.
    The files are those that `run_report` would make, whose parameters and errors these are.
    """
    told = languages[0] if languages else "en"
    _known(languages or (told,), LANGUAGES, "no_language", "en")
    _known(formats, FORMATS, "no_format", told)
    notebook = notebook_path(report, told)
    own = checked(notebook.stem, {"seed": seed, **parameters}, told)
    if own["only"] and "only" not in declared_parameters(notebook):  # it would be a report of everyone
        raise UsageError(say("cli.problem.no_only", told, path=notebook.name))

    study = load_study(study_file)
    if is_own(notebook):
        check_report(study, notebook.stem)
    from werkbank.intake import once, read_answers  # after the study file is known to be fit: it takes a second

    if warm and forking.own is not None:  # this very process is forked: the notebook finds what is read here
        once.keep(study)

    intake = read_answers(study, own["only"])
    doubts = tuple(note for note in intake.notes if note.key == "privacy.key.run")
    place = Path(out) if out is not None else Path("reports") / study.folder.name
    if ".." in place.parts:  # a way through a folder that is not there, and will not stay
        place = place.resolve()
    file = Path(study_file) / "study.yaml" if Path(study_file).is_dir() else Path(study_file)
    passed = {**own, "study": file.resolve().as_posix(), "results": "results.json"}
    passed = {k: v for k, v in passed.items() if v != {}}
    spoken = languages or (study.language,)
    together = [spoken] if is_own(notebook) else [(language,) for language in spoken]
    made = []
    for several in together:
        with _workplace(place) as work:
            executed = execute(notebook, {**passed, "language": "+".join(several)}, work, timeout=timeout, warm=warm)
            for language in several:
                told_as = {**passed, "study": file.name, "results": ""}
                notes = tuple(note.sentence(language) for note in doubts)
                run = _Run(study, notebook, language, formats, own, told_as, notes)
                made.append(_written(run, executed, work, place))
    return tuple(made)


def run_languages(study_file: str | Path, report: str | Path = "evaluation", **asked: Any) -> tuple[RunOutcome, ...]:  # noqa: ANN401 - as `run_held` has them
    """Make one report in several languages: `run_held`, and its copies to share let go beside those in the folder."""
    made = run_held(study_file, report, **asked)
    spoken = (asked.get("languages") or ("",))[0]
    settled = settle({made[0].folder: load_study(study_file)}, language=spoken)
    said = settled.said.get(made[0].folder, ())
    return tuple(
        replace(one, files=tuple(path for path in one.files if path.is_file()), notes=(*one.notes, *said))
        for one in made
    )


@dataclass(frozen=True)
class _Run:
    """What was run: `parameters` are those that decide, `shown` those that the kept notebook tells."""

    study: Study
    notebook: Path
    language: str
    formats: tuple[str, ...]
    parameters: dict[str, Any]
    shown: dict[str, Any]
    notes: tuple[str, ...] = ()


def _written(run: _Run, executed: dict[str, Any], work: Path, place: Path) -> RunOutcome:
    """Write the files of one language of an executed notebook."""
    from werkbank.reporting.sharing import read_shared

    study, notebook, language, formats = run.study, run.notebook, run.language, run.formats
    key = f"{notebook.stem}.{language}"
    inputs, code = manifest.inputs_of(study, decisive(run.parameters)), code_hash(notebook)
    footer = manifest.footer(inputs, notebook.name, code)
    sections = sections_of(executed, language)
    written = pages(sections, study, language, formats, footer, inside=True, notes=run.notes)
    kept, left_out = archived(executed, {**run.shown, "language": language})
    results = _results(work, notebook.name, language)
    made: dict[str, Any] = {"notebook": code, "parameters": shown(run.parameters)}
    made["remarks"] = _remarks(executed, language)
    texts = {**{f"{key}.{form}": content for form, content in written.items()}, f"{key}.ipynb": kept}
    beside = reading_help(study, language, formats, footer, _ours(notebook))
    texts |= {f"{key}.{HELP}.{form}": page for form, page in beside.items()}
    copy = read_shared(work / "share.json", language)
    if copy is not None:
        before = earlier(place, inputs, key) if folder_of(study) is None else {}
        made["share"] = {"parts": list(copy.parts), **UNDECIDED, **before}
        if made["share"]["also"] or made["share"]["bare"]:
            copy = rewritten(study, run.parameters["only"], results, language, made["share"])
        texts |= files_to_share(copy, study, language, formats, footer, key)
        texts |= handed_in(sections, texts, key)
    superseded = _publish(place, work, texts, inputs, key, made, results)
    files = tuple(place / f for f in [*texts, *STORE, manifest.NAME])
    said = tuple(remark["text"] for remark in made["remarks"])
    return RunOutcome(notebook.stem, language, place, files, results, superseded, left_out, said, run.notes)


def _remarks(executed: dict[str, Any], language: str) -> list[dict[str, Any]]:
    """Return what the notebook said aside, and first what this system could not do for it."""
    in_python = [{"cell": 0, "text": say("cli.done.network", language)}]
    return in_python * (not executed["metadata"][CUT_OFF]) + remarks_of(executed)


def _ours(notebook: Path) -> str:
    """Return which of our reports a notebook makes; nothing for one of a user's own."""
    return notebook.stem if is_own(notebook) else ""


def _known(given: tuple[str, ...], valid: tuple[str, ...], problem: str, language: str) -> None:
    for name in given:
        if name not in valid:
            raise UsageError(say(f"cli.problem.{problem}", language, name=name, **nearest(name, list(valid))))


@contextmanager
def _workplace(place: Path) -> Iterator[Path]:
    """Yield a new folder beside `place` (on the same disk, so that moving is one step), and leave no trace of it."""
    made = [folder for folder in place.absolute().parents if not folder.exists()]
    place.absolute().parent.mkdir(parents=True, exist_ok=True)
    sweep_dead(place.absolute().parent)
    work = Path(tempfile.mkdtemp(prefix=".werkbank-", dir=place.absolute().parent))
    try:
        with living(work):
            yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        for folder in made:
            if not any(folder.iterdir()):
                folder.rmdir()


def _results(work: Path, notebook: str, language: str) -> Results:
    try:
        return Results.from_json((work / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportError(say("cli.stopped.no_results", language, path=notebook)) from error


def _publish(
    place: Path,
    work: Path,
    texts: dict[str, str | bytes],
    inputs: dict[str, Any],
    key: str,
    made: dict[str, Any],
    results: Results,
) -> tuple[str, ...]:
    """Move every file to its final name in one step each, the manifest last: a report is done when that says so."""
    before = manifest.read(place)
    same = before.get("inputs") == inputs
    earlier = before.get("reports", {})
    others = {k: v for k, v in earlier.items() if k != key}
    own = earlier.get(key, {"notebook": "", "files": {}})
    own_results = hashlib.sha256(results.to_json().encode()).hexdigest()
    stored = _stored(place, before)
    # where the store was lost or changed, only what this report gives again can stay
    stay = {k: v for k, v in others.items() if same and (stored is not None or v.get("results") == own_results)}
    store = _with_others(stored, results, key, stay) if stored is not None and stay else results
    stays = {"results.json": store.to_json(manifest.notice()), "results.csv": store.to_csv(manifest.notice("row"))}
    texts = {**texts, **stays}
    (work / "made").mkdir(exist_ok=True)
    hashes = {}
    for file, text in texts.items():
        path = manifest.held(work / "made", file)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        manifest.own(path)  # a copy to share gets its rights when it is let go
        hashes[file] = manifest.sha256(path)
    manifest.own(work / "made")
    common = {file: hashes.pop(file) for file in STORE}
    aside: dict[str, Any] = {"files": {}, "remarks": []}  # a log may say another time each run
    if same and {**own, **aside} == {**made, **aside, "results": own.get("results")}:
        hashes = {**own["files"], **hashes}  # its other formats, written from an equal run, still hold
    reports = {**stay, key: {**made, "files": hashes, "results": own_results}}
    (work / "made" / manifest.NAME).write_text(manifest.written(inputs, common, reports), encoding="utf-8")
    manifest.own(work / "made" / manifest.NAME)

    gone = {file for k in others.keys() - stay for file in others[k]["files"]} | (own["files"].keys() - hashes)
    return _moved(work / "made", place, [*texts, manifest.NAME], gone)


def placed(place: Path, files: Mapping[str, bytes]) -> None:
    """Put files that were made elsewhere, a manifest among them, in a report's folder; what it had besides goes."""
    with _workplace(place) as work:
        for file, content in files.items():
            path = manifest.held(work / "made", file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            manifest.own(path)
        manifest.own(work / "made")
        before = manifest.read(place).get("reports", {}).values()
        gone = {file for report in before for file in report["files"]} - files.keys()
        _moved(work / "made", place, [*(file for file in files if file != manifest.NAME), manifest.NAME], gone)


def _moved(made: Path, place: Path, files: list[str], gone: set[str]) -> tuple[str, ...]:
    """Move files to their final names, each in one step and the last one last; return what had to go."""
    if not place.exists():  # a whole folder in one step
        place.parent.mkdir(parents=True, exist_ok=True)
        made.replace(place)
        return ()
    for file in sorted({*gone, *(file for file in files if "/" in file)}):
        manifest.remove(place, file)
    for file in files:
        manifest.held(place, file).parent.mkdir(exist_ok=True)
        manifest.held(made, file).replace(manifest.held(place, file))
    return tuple(sorted(gone))


def _stored(place: Path, found: dict[str, Any]) -> Results | None:
    """Return the store of a folder; nothing where it is not there as its manifest says."""
    file = place / STORE[0]
    try:
        if manifest.sha256(file) != found["results"][file.name]:
            return None
        return Results.from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _with_others(stored: Results, results: Results, key: str, others: dict[str, Any]) -> Results:
    """Return one store for all reports of these inputs in the folder; they must agree on what they share."""
    try:
        return stored.joined(results)
    except ValueError as error:
        listed = ", ".join(sorted(others))
        raise ReportError(say("cli.stopped.results_differ", key.rpartition(".")[2], others=listed)) from error
