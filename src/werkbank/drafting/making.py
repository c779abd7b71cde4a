"""Files -> a folder with a study file in which every guess is marked."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np

from werkbank.catalogue import say
from werkbank.drafting.design import settle_design, settle_waves
from werkbank.drafting.measures import covariates, settle_outcomes
from werkbank.drafting.model import Draft, Made
from werkbank.drafting.naming import settle_naming
from werkbank.drafting.roles import Roles, find_roles, phases, share_once
from werkbank.drafting.seen import SeenFile, see
from werkbank.drafting.series import (
    Series,
    digits_as_waves,
    first_digits_as_waves,
    in_blocks,
    joined,
    series_of,
)
from werkbank.drafting.settling import Settling
from werkbank.drafting.waves import Place, in_names, only_one
from werkbank.drafting.whole_files import file_specs, one_moment
from werkbank.drafting.words import BIRTH, OF_TOOLS, TESTS, compact, holds
from werkbank.drafting.writing import written
from werkbank.errors import Said, UsageError
from werkbank.intake.opening import KINDS
from werkbank.study.templates import FOLDER, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from werkbank.drafting.settling import Question

SUBJECTS = {"vak", "vakgebied", "subject", "domein", "domain"}
DATES = {"datum", "date", "afnamedatum", "toetsdatum", "testdate"}
RESULTS = {"vaardigheid", "vaardigheidsscore", "ability", "abilityscore", "niveau", "level", "percentiel", "percentile"}
TOTALS = {"totaal", "total", "tot", "som", "sum", "gemiddelde", "gemiddeld", "gem", "mean", "score", "schaalscore"}
BESIDES = ("no", "covariate", "score")  # what a column that is not used by itself may be said to be
NAMED = ("pupil", "teacher", "class", "school", "arm")  # whose spellings may be said to be one
ROWS_OF_A_CASE = 5  # at least, on average, where single cases are followed


def new_from(
    folder: Path,
    files: Sequence[Path],
    language: str,
    given: Mapping[str, str] | None = None,
    ask: Callable[[Question], str] | None = None,
) -> Made:
    """Make a study's folder from files: the files unchanged in raw/, and a study.yaml that says what is guessed.

    Parameters
    ----------
    folder : path
        Is made; it may not exist.
    files : sequence of paths
        csv, xlsx, sav … as intake reads them; they stay where they are, and are copied.
    language : str
        Of the study file, its comments and its report.
    given : mapping, optional
        Answers beforehand: place -> value, as ``design.kind`` -> ``randomised``.
    ask : callable, optional
        Puts a question to the user (at most seven); without it what would be asked is a marked guess, or is left for
        `check` to ask.

    Raises
    ------
    UsageError
        The folder exists, a file does not, two files have one name, an answer answers nothing.
    UnfitError
        A file that cannot be read as a table.
    """
    _check_files(files, language)
    with new_folder(folder, language) as made:
        for file in files:
            shutil.copyfile(file, made / "raw" / file.name)
        settling = Settling(dict(given or {}), ask, language)
        drafted = draft(see(made, [f"raw/{file.name}" for file in files], language), folder.name, settling)
        settling.check_used()
        (made / "study.yaml").write_text(written(drafted), encoding="utf-8")
        shutil.copyfile(FOLDER / f"README.{language}.md", made / "README.md")
    return Made(folder, tuple(drafted.guesses.values()), settling.settled)


def _check_files(files: Sequence[Path], language: str) -> None:
    for file in files:
        if not file.is_file():
            raise UsageError(say("drafting.problem.no_file", language, path=file.as_posix()))
        if file.suffix.lower() not in KINDS:
            raise UsageError(say("drafting.problem.kind", language, path=file.as_posix(), valid=", ".join(KINDS)))
    names = [file.name.lower() for file in files]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(say("drafting.problem.same_name", language, name=double))


def draft(files: list[SeenFile], title: str, settling: Settling) -> Draft:
    """Return what a first study file says of these files."""
    roles = find_roles(files, settling)
    free = {file.name: [n for n in file.columns if n not in roles.taken(file) and not _of_tool(n)] for file in files}
    wide = list(dict.fromkeys(n for f in files if roles.heading("wave", f) is None for n in free[f.name]))
    every = joined(files)
    in_heads = _waves_in_names(every, wide)
    specs, of_files = file_specs(files, roles, free, in_heads, settling)
    waves = {**settle_waves(files, roles, in_heads, settling), **of_files}
    measured = list(dict.fromkeys(n for file in files for n in free[file.name]))
    births = [name for name in measured if compact(name) in BIRTH]
    known = {name: every.columns[name] for name in measured if name not in births and name not in in_heads}
    beforehand = covariates(known, settling)
    names = [name for name in measured if name not in births and name not in beforehand]
    found = _chosen(series_of(every, names, in_heads), files, roles, settling)
    cases = _single_cases(files, roles)
    if not waves and found and not cases:
        specs, waves = one_moment(specs, settling)
    unit = _unit(files, roles, settling)
    found = [] if cases else found
    design = settle_design(files, roles, settling)
    paths = {name: file.path for file in reversed(files) for name in file.columns}
    outcomes = settle_outcomes(found, waves, paths, settling)
    title = settling.settle("title", title, Said("drafting.guess.title"))
    used = {name for outcome in outcomes for name in outcome.columns}
    unused = [name for name in names if name not in used]
    beforehand += [name for name in unused if _said_besides(name, settling) == "covariate"]
    unused = [name for name in unused if name not in beforehand]
    language = settling.known("language", settling.language)
    guesses = settling.guesses
    naming = settle_naming(design.arms, waves, settling)
    aliases = [kind for kind in NAMED if settling.may_be_said(f"aliases.{kind}", ("all",))]
    told = ["single_case"] if cases else ["no_outcomes"] if not outcomes else []
    told += ["monitoring"] if _followed(files) else []
    told += ["no_wave"] if _repeated_without_wave(files, roles) else []
    return Draft(
        title, language, specs, roles, design, waves, outcomes, beforehand, guesses, unit, told, unused, births,
        aliases, naming,
    )  # fmt: skip


def _unit(files: list[SeenFile], roles: Roles, settling: Settling) -> str:
    """Return whom a row is about: a teacher where no column is a pupil's and each teacher stands there once."""
    file = files[0]
    name = roles.heading("teacher", file)
    if "pupil" in roles.columns or name is None or len(files) > 1:
        return "pupil"
    wave = roles.heading("wave", file)
    once = share_once([file.columns[name], *([file.columns[wave]] if wave else [])])
    if once < 1.0:
        return "pupil"
    told = Said("drafting.guess.unit", {"column": name})
    return settling.settle("unit", "teacher", told, choices=("pupil", "teacher"))


def _single_cases(files: list[SeenFile], roles: Roles) -> bool:
    """Whether a file follows single cases day by day: phases A and B of each, and many rows of few cases."""
    for file in files:
        case = roles.heading("pupil", file)
        if case is None or share_once([file.columns[case]]) > 1 / ROWS_OF_A_CASE:
            continue
        for name, seen in file.columns.items():
            named = compact(name) in {"phase", "fase", "condition", "conditie"}
            if named and len(seen.texts) > 1 and phases(seen):
                pairs = np.unique(np.column_stack([file.columns[case].codes, seen.codes]), axis=0)
                return len(pairs) > len(file.columns[case].texts)
    return False


def _followed(files: list[SeenFile]) -> bool:
    """Whether a file is an export of a pupil-monitoring system: subject, date and result of a test in each row."""
    heads = [{compact(name) for name in file.columns} for file in files]
    return any(bool(one & SUBJECTS) and bool(one & DATES) and bool(one & RESULTS) for one in heads)


def _repeated_without_wave(files: list[SeenFile], roles: Roles) -> bool:
    """Whether pupils stand in several rows of a file and no column says at which wave."""
    for file in files:
        name = roles.heading("pupil", file)
        if name is not None and roles.heading("wave", file) is None and share_once([file.columns[name]]) < 0.75:
            return True
    return False


def _of_tool(name: str) -> bool:
    return compact(name) in OF_TOOLS


def _waves_in_names(every: SeenFile, wide: list[str]) -> dict[str, Place]:
    found = in_names(wide)
    if not found and (one := only_one(wide)) is not None:
        found = one[1]
    return found or first_digits_as_waves(every, wide) or digits_as_waves(every, wide)


def _chosen(found: list[Series], files: list[SeenFile], roles: Roles, settling: Settling) -> list[Series]:
    """Return the questionnaires and the scores among what columns hold; a score is one that has waves, or is said so.

    Where nothing has, what is called as a test counts, so that a file of one moment is not empty.
    """
    said = [one for one in found if one.items == [""] and _said_to_be_a_score(one, settling)]
    scores = [one for one in found if one in said or (one.items == [""] and _is_score(one, files, roles))]
    kept = [one for one in found if one.items != [""] or one in scores]
    if not kept:
        kept = [one for one in found if all(seen.numbers is not None for seen in one.seen) and holds(one.stem, TESTS)]
    return in_blocks([one for one in kept if one in said or not _is_total(one, kept)])


def _said_besides(name: str, settling: Settling) -> str:
    """Return what the user said that a column is which is not used by itself; a score where it holds numbers."""
    return settling.may_be_said(f"besides.{name}", settling.offered.get(f"besides.{name}", BESIDES[:2]))


def _said_to_be_a_score(one: Series, settling: Settling) -> bool:
    """Whether the user names a column of numbers that is not used by itself."""
    name = next(iter(one.columns.values()))
    numbers = all(seen.numbers is not None for seen in one.seen)
    return settling.may_be_said(f"besides.{name}", BESIDES if numbers else BESIDES[:2]) == "score"


def _is_total(one: Series, kept: list[Series]) -> bool:
    """Whether a score is called the total of a questionnaire whose items are there: it would be counted twice."""
    stems = [compact(other.stem) for other in kept if other.items != [""] and other.stem]
    name = compact(one.stem)
    return one.items == [""] and any(name.startswith(s) and name.removeprefix(s) in TOTALS for s in stems)


def _is_score(one: Series, files: list[SeenFile], roles: Roles) -> bool:
    if any(seen.numbers is None for seen in one.seen) or all(len(seen.texts) < 2 for seen in one.seen):
        return False
    if one.waves != [""]:
        return True
    name = next(iter(one.columns.values()))
    return any(_varies(file, name, roles) for file in files if name in file.columns)


def _varies(file: SeenFile, name: str, roles: Roles) -> bool:
    """Whether a column of a long file differs within pupils: what does not was known once, and is no outcome."""
    pupil, wave = roles.heading("pupil", file), roles.heading("wave", file)
    if wave is None:
        return False
    if pupil is None:
        return True
    values, who = file.columns[name].values, file.columns[pupil].codes
    there = ~np.isnan(values) & (who >= 0)
    pairs = np.unique(np.column_stack([who[there], values[there]]), axis=0)
    seen_twice = int((np.bincount(who[there]) > 1).sum()) if there.any() else 0
    return len(pairs) - len(np.unique(who[there])) > 0.2 * seen_twice or not seen_twice
