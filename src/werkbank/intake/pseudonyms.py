"""Ids of pupils and teachers -> codes that nobody can turn back without a key that lies outside the project.

The key is one file for each user of a computer. The same id gets the same code in every study that is read with the
same key, so that pupils can be followed; with another key the codes have nothing in common. Where no key can be kept
(a home folder that cannot be written, and no WERKBANK_KEYS), one is made for this run only, and a note says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_config_path

from werkbank.catalogue import say
from werkbank.errors import MissingPieceError
from werkbank.intake.model import Note

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from werkbank.intake.model import Intake
    from werkbank.study import Study

ENVIRONMENT, NAME = "WERKBANK_KEYS", "pseudonyms.key"
OF_RUN = "WERKBANK_KEY_OF_THIS_RUN"  # hands a key that nothing keeps to the processes of one run
OF_NOBODY = b"werkbank: pupils who do not exist"  # simulated studies give the same codes on every computer
SHORTEST = 8  # characters of 5 bits; longer where two ids would share a code
NAMING = ("pupils", "example")  # values of a note that name pupils


def key_path() -> Path:
    """Return where the key lies: in the folder that WERKBANK_KEYS names, else in the user's own settings folder."""
    named = os.environ.get(ENVIRONMENT)
    return (Path(named) if named else user_config_path("werkbank", appauthor=False)) / NAME


def read_key(study: Study) -> tuple[bytes, tuple[Note, ...]]:
    """Return the key with which a study's ids are replaced, and notes: made just now, or for this run only.

    Raises
    ------
    MissingPieceError
        When the key is there and cannot be read, lies inside the study's folder, or can be read by others; or when it
        cannot be made in the folder that WERKBANK_KEYS names.
    """
    if study.simulated:
        return OF_NOBODY, ()
    path = key_path()
    if path.resolve().is_relative_to(study.folder.resolve()):
        raise _unusable("inside", study, path)
    try:
        made = not path.is_file() and _made(path)
        key = path.read_bytes().strip()
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise _unusable("open", study, path)
    except OSError as error:
        reason = error.strerror or ""
        if os.environ.get(ENVIRONMENT) or _is_there(path):  # another key in its place would be a surprise
            raise _unusable("unreadable", study, path, reason) from error
        return _of_this_run(), (Note("privacy.key.run", {"reason": reason}),)
    if len(key) < 32:
        raise _unusable("damaged", study, path)
    return key, (Note("privacy.key.made", {"path": path.as_posix()}),) if made else ()


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _of_this_run() -> bytes:
    """Return a key for this process and those that it starts: the same code for the same id in all of them."""
    return os.environ.setdefault(OF_RUN, secrets.token_hex(32)).encode("ascii")


def _made(path: Path) -> bool:
    """Make the key, for its owner's eyes only; of several processes and threads that try, one makes it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{NAME}.{os.getpid()}.{threading.get_ident()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        if path.exists():
            return False
        try:
            os.link(draft, path)  # never over another one: a key that is gone cannot be had back
        except FileExistsError:
            return False
        except OSError:  # a disk without hard links
            draft.replace(path)
        return True
    finally:
        draft.unlink(missing_ok=True)


def _unusable(how: str, study: Study, path: Path, reason: str = "") -> MissingPieceError:
    return MissingPieceError(say(f"privacy.key.{how}", study.language, path=path.as_posix(), reason=reason))


def codes(ids: Iterable[str], role: str, key: bytes) -> dict[str, str]:
    """Return a code for every id: HMAC-SHA-256 of role and id, in letters and digits, as short as leaves no two alike.

    Parameters
    ----------
    ids : iterable of str
        Each as it is written in the files.
    role : str
        ``pupil`` or ``teacher``: a pupil and a teacher with one number have two codes.
    key : bytes
    """
    wanted = list(dict.fromkeys(ids))
    whole = {i: _digest(key, role, i) for i in wanted}
    length = SHORTEST
    while len({code[:length] for code in whole.values()}) < len(wanted):
        length += 1
    return {i: f"{role[0]}-{code[:length]}" for i, code in whole.items()}


def _digest(key: bytes, role: str, name: str) -> str:
    digest = hmac.new(key, f"{role}\0{name}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def pseudonymised(intake: Intake) -> Intake:
    """Return an intake in which codes stand for pupils and teachers; order, counts and answers are as they were.

    A note says so, and one more when the key was made just now. Notes that name pupils name their codes.

    Raises
    ------
    MissingPieceError
        As `read_key` does.
    """
    if intake.pupils.empty:
        return intake
    study = intake.study
    key, told = read_key(study)
    role = "teacher" if study.unit == "teacher" else "pupil"
    pupil = codes(intake.pupils.index.astype(str), role, key)
    teacher = codes(intake.pupils["teacher"].dropna().astype(str), "teacher", key)
    naming = ["teacher", *(["block"] if study.design.blocks == "teacher" else [])]
    pupils = intake.pupils.assign(**{column: _recoded(intake.pupils[column], teacher) for column in naming})
    pupils = pupils.rename(index=pupil)
    answers = intake.answers.copy(deep=False)
    if len(answers):
        answers["pupil"] = answers["pupil"].cat.rename_categories(pupil)
        answers["teacher"] = answers["teacher"].cat.rename_categories(teacher)
    notes = [*told]
    notes += [replace(note, values=_without_names(note, pupil)) for note in intake.notes]
    notes.append(
        Note(f"privacy.pseudonyms{'' if len(teacher) else '_alone'}", {"n": len(pupil), "n_teachers": len(teacher)})
    )
    return replace(intake, answers=answers, pupils=pupils, notes=tuple(notes))


def _recoded(column: pd.Series, known: dict[str, str]) -> pd.Series:
    return column.map(known, na_action="ignore").astype(column.dtype)


def _without_names(note: Note, pupil: dict[str, str]) -> dict[str, object]:
    values = dict(note.values)
    for name in NAMING:
        if isinstance(values.get(name), str):
            values[name] = ", ".join(pupil.get(part, "…") for part in str(values[name]).removesuffix(" …").split(", "))
    return values
