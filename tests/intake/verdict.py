"""What intake made of a case, held against the truth: nothing silent, nothing untrue, and every way out leads out."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from werkbank.errors import UnfitError
from werkbank.intake import savfile, spss
from werkbank.running.checking import check_study
from werkbank.study import load_study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkbank.errors import Problem
    from werkbank.intake.model import Intake

ALARMS = frozenset([
    "near_names", "value_far", "usual_near", "waves_share_few", "informants_share_few", "files_share_few",
    "same_answers", "headings_alike", "ids_unseen", "headings_unseen", "item_constant", "covariate_words",
    "covariate_alike", "ids_zeros",
    "class_changed", "teacher_changed", "school_changed", "covariate_changed", "answers_elsewhere", "unit_unknown",
    "words", "labelled_numbers", "wave_absent", "arm_absent", "covariate_spellings",
])  # fmt: skip
MOST = 6  # problems of one fault
LONGEST = 3000  # characters of one problem
Truth = tuple[dict[str, dict[str, Any]], dict[tuple[str, str, str], float]]


@dataclass
class Case:
    """A study in files, what is true of it, and how it may be answered.

    `refused`: problems of which one must be among those found. `noted`: notes of which one must be given when the study
    is read. Both empty: it must be read without an alarm. `settled`: changes of the study file, each of which makes the
    study the true one. `spelled`: other spelling -> true name. `altered`: what is read need not be true.
    """

    kind: str
    files: dict[str, bytes]
    study: dict[str, Any]
    truth: Truth | None
    refused: frozenset[str] = frozenset()
    noted: frozenset[str] = frozenset()
    settled: list[dict[str, Any]] = field(default_factory=list)
    spelled: dict[str, str] = field(default_factory=dict)
    altered: bool = False

    def write(self, folder: Path, **changes: object) -> None:
        """Put the study in a folder, which is emptied first."""
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        text = yaml.safe_dump({**self.study, **changes}, allow_unicode=True, sort_keys=False)
        folder.mkdir(exist_ok=True)
        (folder / "study.yaml").write_text(text, encoding="utf-8")


def judged(case: Case, folder: Path) -> str:
    """Return what was wrong with the answer to a case; nothing when all was right."""
    case.write(folder)
    intake, problems = tried(folder)
    wrong = _refused_wrongly(case, problems) if intake is None else _read_wrongly(case, intake)
    for changes in [] if wrong else case.settled:
        case.write(folder, **changes)
        intake, problems = tried(folder)
        if intake is None:
            wrong = wrong or f"{changes} does not settle it: {[p.sentence('en') for p in problems][:2]}"
        else:
            wrong = wrong or difference(case, intake, changes)
    return wrong


def tried(folder: Path) -> tuple[Intake | None, tuple[Problem, ...] | list[Problem]]:
    """Return what was read, or why it was not."""
    try:
        return check_study(load_study(folder)).intake, []
    except UnfitError as unfit:
        return None, unfit.problems


def _refused_wrongly(case: Case, problems: Any) -> str:
    codes = {problem.code for problem in problems}
    told = [problem.sentence("en") for problem in problems]
    if not codes & case.refused:
        return f"refused for {sorted(codes)}: {told[:2]}"
    if len(problems) > MOST:
        return f"{len(problems)} problems for one cause: {sorted(codes)}"
    spoken = [problem.sentence(language) for problem in problems for language in ("nl", "en")]
    if not all(problem.file for problem in problems) or max(map(len, spoken)) > LONGEST:
        return f"not said well: {told[:2]}"
    return ""


def notes_of(intake: Intake) -> set[str]:
    """Return the keys of the notes, each of which can be said in both languages."""
    assert all(note.sentence(language) for note in intake.notes for language in ("nl", "en"))
    return {note.key.removeprefix("intake.") for note in intake.notes}


def _read_wrongly(case: Case, intake: Intake) -> str:
    notes = notes_of(intake)
    if case.noted and not case.noted & notes:
        return f"silent: none of {sorted(case.noted)}; {difference(case, intake, {})}"
    if not case.noted and case.refused:
        return f"read and not refused for {sorted(case.refused)}; {difference(case, intake, {})}"
    if not case.noted and not case.refused and (false := notes & ALARMS):
        return f"false alarm: {sorted(false)} {[n.sentence('en') for n in intake.notes if n.key[7:] in false][:2]}"
    return "" if case.altered else difference(case, intake, {})


def difference(case: Case, intake: Intake, changes: dict[str, Any]) -> str:
    """Return in what the reading differs from the truth."""
    if case.truth is None:
        return ""
    spelled = {} if "distinct" in changes else case.spelled
    true_pupils, true_answers = case.truth
    about = list(next(iter(true_pupils.values())))
    made = intake.pupils[about].astype(object)
    pupils = {_true(str(who), spelled): {k: _plain(v, spelled) for k, v in row.items()}
              for who, row in made.to_dict("index").items()}  # fmt: skip
    if "distinct" in changes:
        return "" if len(pupils) >= len(true_pupils) else "distinct names became one"
    wanted = {who: {k: _plain(v, spelled) for k, v in row.items()} for who, row in true_pupils.items()}
    if pupils != wanted:
        off = [
            (who, pupils.get(who), wanted.get(who)) for who in {*pupils, *wanted} if pupils.get(who) != wanted.get(who)
        ]
        return f"{len(off)} pupils differ: {off[:1]}"
    table = intake.answers.dropna(subset=["value"])
    keys = zip(table["pupil"].astype(str), table["wave"].astype(str), table["item"].astype(str), strict=True)
    found = {(_true(p, spelled), w, _item(i)): v for (p, w, i), v in zip(keys, table["value"], strict=True)}
    if found != true_answers or len(found) != len(table):
        off = [
            (k, found.get(k), true_answers.get(k))
            for k in {*found, *true_answers}
            if found.get(k) != true_answers.get(k)
        ]
        return f"{len(off)} answers differ: {off[:2]}"
    return ""


def _item(name: str) -> str:
    return name.split("_", maxsplit=1)[0]


def _true(name: str, spelled: dict[str, str]) -> str:
    if name in spelled:
        return spelled[name]
    return " / ".join(spelled.get(part, part) for part in name.split(" / "))


def _plain(value: object, spelled: dict[str, str]) -> object:
    if isinstance(value, str):
        return _true(value, spelled)
    return None if value is None or value != value else value  # noqa: PLR0124 - NaN


@contextlib.contextmanager
def spss_in_process() -> Iterator[None]:
    """Read SPSS files here: those of a case are whole, and a process for each takes longer than all the rest."""
    before = spss._told

    def told(path: Path, limit: int) -> Any:
        spoken = io.TextIOWrapper(io.BytesIO())
        with contextlib.redirect_stdout(spoken):
            savfile.main(str(path), limit)
        head, codes = spoken.buffer.getvalue().split(b"\n", maxsplit=1)
        return json.loads(head), codes

    spss._told = told
    try:
        yield
    finally:
        spss._told = before


def found_wrong(cases: Iterator[tuple[int, Case]], folder: Path) -> list[str]:
    """Return what was wrong with the answers, a line for each."""
    with spss_in_process():
        return [f"{number} {case.kind}: {wrong}" for number, case in cases if (wrong := judged(case, folder))]


def many(made: Any, seeds: range) -> Iterator[tuple[int, Case]]:
    """Return the cases of so many seeds."""
    return ((seed, made(seed)) for seed in itertools.chain(seeds))
