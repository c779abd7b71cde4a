"""What ``werkbank register`` does: it writes down what a study promises, and which data there were by then."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.appraisal.registered import promised
from werkbank.catalogue import say
from werkbank.errors import UnfitError, UsageError
from werkbank.running.manifest import put, sha256
from werkbank.study import load_study
from werkbank.study.registration import Data, DataFile, Registered, fields_of
from werkbank.study.sealed import written

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from werkbank.study import Study

BEFORE = frozenset({"baseline", "pre"})


def register_command(asked: argparse.Namespace, tell: Callable[..., None]) -> dict[str, object]:
    """Register a study: a file that later reports are held against, a page and a Word document.

    Returns
    -------
    dict
        What was made, as `--json` prints it: files, and whether it was in time.

    Raises
    ------
    UsageError
        There is a registration already.
    UnfitError
        A study file that is not fit.
    """
    study = load_study(asked.study)
    speech = asked.language or study.language
    place = Path(asked.out) if asked.out else study.folder / "registration.yaml"
    if place.exists() or study.registered is not None:
        raise UsageError(say("planning.register.there", speech, path=place.as_posix()))
    registered = registration(study, datetime.now(UTC).replace(microsecond=0))
    files = _pages(study, registered, place, speech)
    put(place, written(registered, say("planning.register.notice", speech)).encode())
    tell(say("planning.register.done", speech, path=place.as_posix(), file=place.name))
    if not registered.in_time:
        of = ", ".join(one.file for one in registered.data.files)
        tell(say(f"planning.register.data.{registered.data.state}", speech, files=of, n=registered.data.n_outcomes))
    paths = [path.as_posix() for path in [place, *files]]
    tell(*(f"  {path}" for path in paths))
    return {"ok": True, "files": paths, "in_time": registered.in_time}


def registration(study: Study, now: datetime) -> Registered:
    """Return what a study promises now; data files are looked at only for whether there are outcomes in them."""
    file = study.folder / (Path(study.file).name if Path(study.file).suffix else "study.yaml")
    return Registered(
        registration=1, made=now, study_file=file.name, study_sha256=sha256(file), data=data_there(study),
        made_with={"werkbank": version("werkbank"), "python": platform.python_version()}, study=fields_of(study),
    )  # fmt: skip


def data_there(study: Study) -> Data:
    """Say which data files are there, and whether any answer after the start is in them; nothing is compared."""
    named = [*(spec.path for spec in study.data_files), *([study.single_case.file.path] if study.single_case else [])]
    there = [path for path in dict.fromkeys(named) if (study.folder / path).is_file()]
    files = tuple(
        DataFile(file=path, sha256=hashlib.sha256((study.folder / path).read_bytes()).hexdigest()) for path in there
    )
    if not there:
        return Data(state="none")
    try:
        n = _outcomes_in(study, whole=len(there) == len(dict.fromkeys(named)))
    except (UnfitError, OSError):
        return Data(state="unread", files=files)
    return Data(state="outcomes" if n else "before", files=files, n_outcomes=n)


def _outcomes_in(study: Study, *, whole: bool) -> int:
    from werkbank.cases.reading import read_cases
    from werkbank.intake.reading import read_answers

    there = [spec for spec in study.files if (study.folder / spec.path).is_file()]
    n = 0
    if there:
        answers = read_answers(study if whole else study.model_copy(update={"files": there})).answers
        later = ~answers["wave"].astype(str).isin(BEFORE)
        n += int(answers.loc[later, "value"].notna().sum())
    if study.monitoring is not None and (study.folder / study.monitoring.file.path).is_file():
        n += 1  # test results are outcomes, whenever they were had
    if study.single_case is not None and (study.folder / study.single_case.file.path).is_file():
        days = read_cases(study).days
        measured = [outcome.column for outcome in study.single_case.outcomes]
        n += int(days.loc[days["phase"] == "B", measured].notna().sum().sum())
    return n


def _pages(study: Study, registered: Registered, place: Path, language: str) -> list[Path]:
    from werkbank.reporting.formats import Document, write
    from werkbank.reporting.page import render
    from werkbank.reporting.registration import registration_section

    section = registration_section(study, registered, language, promised(registered))
    kind, title = say("planning.register.kind", language), study.title_in(language)
    made = dict(registered.made_with)
    html = render([section], language=language, title=title, simulated=study.simulated, provenance=made, kind=kind)
    docx = write(Document((section,), language, title, study.simulated, made, kind), "docx")
    files = [place.with_suffix(f".{language}.html"), place.with_suffix(f".{language}.docx")]
    put(files[0], html.encode())
    put(files[1], docx)
    return files
