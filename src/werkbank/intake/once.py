"""Answers for a notebook: of a whole study or of one school, read now or found in a process that was forked after it.

What was kept is found by content (the study as declared, the bytes of every file), so a file that has changed since is
read again. Nothing is kept unless `keep` is called: in JupyterLab every reading is a reading.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.errors import Problem, UnfitError
from werkbank.intake import reading
from werkbank.intake.ledger import listed
from werkbank.intake.logbook import read_logs
from werkbank.intake.lots import lot_list
from werkbank.intake.model import ROLES, Intake, Note
from werkbank.intake.pseudonyms import codes, pseudonymised, read_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from werkbank.intake.logbook import Logs
    from werkbank.study import Study

STUDIES = 8  # kept at most: a batch may be of hundreds
_kept: dict[str, Intake] = {}


def read_answers(study: Study, only: Mapping[str, str] | None = None) -> Intake:
    """Read and check all files of a study, and keep the pupils that are asked for.

    Parameters
    ----------
    study : Study
        As `werkbank.study.load_study` returns it: it knows its folder.
    only : mapping of str to str, optional
        A role (teacher, class, school, arm) -> the code, as the file has it, to which a report is limited: ``{"school":
        "007"}``. All files are read and checked all the same; a note says how many pupils remain of how many.

    Returns
    -------
    Intake
        See `werkbank.intake.reading.read_answers`; pupils and teachers are known by codes
        (`werkbank.intake.pseudonyms`). Membership is that at assignment, so a pupil who moved to another
        school counts for the first; one of whom it is unknown belongs to none.

    Raises
    ------
    UnfitError
        With every problem of every file; or because no pupil has that code.
    MissingPieceError
        When there is no key that turns ids into codes, and none can be made.
    """
    intake = (_kept.get(_content(study)) if _kept else None) or reading.read_answers(study)
    for role, code in (only or {}).items():
        intake = _limited(intake, role, code)
    # a question may name a value or a person; it is for `check`, where pupils keep their own numbers
    told = tuple(note for note in intake.notes if not note.asks)
    return pseudonymised(replace(intake, notes=told))


def logs_of(study: Study, pupils: pd.Index | None = None) -> Logs:
    """Read a study's logs; where it has other files, pupils are known by the same codes as in its answers.

    Parameters
    ----------
    study : Study
    pupils : Index, optional
        The codes to which a report is limited; all when left out.

    Raises
    ------
    UnfitError
        With every problem of every log.
    """
    if not study.files:
        return read_logs(study)
    intake = (_kept.get(_content(study)) if _kept else None) or reading.read_answers(study)
    found = read_logs(study, enrolled=intake.pupils.index.astype(str))
    names = {*intake.pupils.index.astype(str), *(found.pupils or ())}
    names |= {str(name) for book in found.books if "pupil" in book.rows for name in book.rows["pupil"]}
    known = codes(names, "teacher" if study.unit == "teacher" else "pupil", read_key(study)[0])
    return found.recoded(known).limited(pupils)


def keep(study: Study) -> Intake:
    """Read a study and keep its answers for this process and the children that it forks."""
    content = _content(study)
    if content not in _kept:
        while len(_kept) >= STUDIES:
            del _kept[next(iter(_kept))]
        _kept[content] = reading.read_answers(study)
    return _kept[content]


def _limited(intake: Intake, role: str, code: str) -> Intake:
    pupils = intake.pupils
    known = sorted({str(value) for value in pupils[role].dropna()}) if role in ROLES else []
    if code not in known:
        details = {"role": role, "valid": listed(known) or "–"}
        raise UnfitError(
            [Problem("only_unknown", intake.study.file, value=code, details=details)], intake.study.language
        )
    inside = pupils[(pupils[role].astype("string") == code).fillna(value=False)]
    answers = intake.answers[intake.answers["pupil"].isin(inside.index)].copy()
    for column in answers.select_dtypes("category"):
        answers[column] = answers[column].cat.remove_unused_categories()
    note = Note("intake.only", {"code": code, "n": len(inside), "n_all": len(pupils)})
    return replace(intake, answers=answers.reset_index(drop=True), pupils=inside.copy(), notes=(note, *intake.notes))


def _content(study: Study) -> str:
    digest = hashlib.sha256(study.model_dump_json().encode())
    digest.update(str(study.folder.resolve()).encode())
    digest.update((study.lot.model_dump_json() if study.lot else "").encode())
    listed = [lot_list(study)] if study.lot else []
    for path in sorted({*(spec.path for spec in study.files), *listed}):
        try:
            digest.update((study.folder / path).read_bytes())
        except OSError:
            digest.update(b"absent")  # reading it again says what is wrong
    return digest.hexdigest()
