"""Commented study files to start from: one per design and language, written by ``werkbank new``."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.errors import UsageError, nearest
from werkbank.study.finding import EXAMPLES, example_path
from werkbank.study.schema import schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = re.compile(r"[./]*schema/study\.schema\.json")  # where an example has it lie
FOLDER = Path(__file__).parent / "templates"
WEEKS = dt.timedelta(weeks=8)  # of a log that is begun today


def names() -> list[str]:
    """Return the kinds of study that there is a commented example of."""
    return sorted({path.name.split(".")[0] for path in FOLDER.glob("*.yaml")})


def new_study(folder: Path, example: str, language: str) -> Path:
    """Make a folder with a commented study.yaml, a place for the files and a README; or with a whole shipped example.

    Raises
    ------
    UsageError
        When the folder exists, cannot bear that name, or there is no such example.
    """
    if example not in (*names(), *EXAMPLES):
        valid = nearest(example, [*names(), *EXAMPLES])
        raise UsageError(say("cli.problem.no_example", language, name=example, **valid))
    with new_folder(folder, language) as made:
        if example in EXAMPLES:
            shipped = example_path(example)
            shutil.copytree(shipped.parent / "raw", made / "raw", dirs_exist_ok=True)
            text = SCHEMA.sub("study.schema.json", shipped.read_text(encoding="utf-8"), count=1)
            (made / "study.yaml").write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(FOLDER / f"{example}.{language}.yaml", made / "study.yaml")
        shutil.copyfile(FOLDER / f"README.{language}.md", made / "README.md")
    return folder


@contextmanager
def new_folder(folder: Path, language: str) -> Iterator[Path]:
    """Give a folder to fill, with raw/ and the schema in it, that becomes `folder` when all went well, or nothing.

    Raises
    ------
    UsageError
        When the folder exists, or cannot bear that name.
    """
    _check_free(folder, language)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".werkbank-", dir=folder.parent) as work:
        made = Path(work) / "study"
        (made / "raw").mkdir(parents=True)
        (made / "study.schema.json").write_text(schema_text(), encoding="utf-8")
        yield made
        made.rename(folder)


def new_log_study(folder: Path, log: str, language: str, today: dt.date | None = None) -> Path:
    """Make a folder with a study.yaml of one log, for eight weeks from today; its dates are the user's to change.

    Raises
    ------
    UsageError
        When the folder exists, or cannot bear that name.
    """
    _check_free(folder, language)
    first = today or dt.date.today()  # noqa: DTZ011 - a school's own day
    written = (FOLDER / "logs" / f"log.{language}.yaml").read_text(encoding="utf-8")
    more = ", top: 10" if log == "thermometer" else ""
    title = say(f"logs.log.{log}", language)
    folder.mkdir(parents=True)
    text = written.format(log=log, more=more, first=first, last=first + WEEKS, title=title[:1].upper() + title[1:])
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


def _check_free(folder: Path, language: str) -> None:
    if not re.fullmatch(r"[^\x00-\x1f<>:\"|?*]+", folder.name):
        raise UsageError(say("cli.problem.folder_name", language, path=str(folder)))
    if folder.exists():
        raise UsageError(say("cli.problem.folder_exists", language, path=folder.as_posix()))
