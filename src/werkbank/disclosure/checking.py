"""``werkbank check-privacy``: what in these finished files must not leave the school."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from html import unescape
from typing import TYPE_CHECKING

from werkbank.catalogue import LANGUAGES, say
from werkbank.disclosure.flow import system
from werkbank.disclosure.opening import Opened, open_file
from werkbank.disclosure.protecting import SLACK, Counts, interval
from werkbank.disclosure.suppressing import MIN_CELL
from werkbank.errors import Problem, UnfitError
from werkbank.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from werkbank.study import Study

COUNTED = re.compile(
    r"\b(?:n|aantal|hoeveel|toegewezen|start|gemeten|geanalyseerd|geen|zonder|leerlingen|leraren|verbeterd|hersteld"
    r"|verslechterd|gelijk gebleven|count|number|assigned|measured|analysed|without|pupils|teachers|improved|recovered"
    r"|deteriorated|unchanged|pupils_\w+)\b",
    re.IGNORECASE,
)
OTHER_COUNTS = re.compile(
    r"klassen|scholen|items|vragen|classes|schools|questions|rij|row|clusters|units|sd|%|df|p\b", re.IGNORECASE
)
EXTREME = re.compile(r"^(?!.*item).*\b(?:min|max|minimum|maximum|laagste|hoogste|lowest|highest)\b", re.IGNORECASE)
SHARE = re.compile(r"(\d+(?:[.,]\d+)?) ?%")
SAID = re.compile(r"\bn\s?=\s?(\d+)\b")
FEW_IN_WORDS = {"twee": 2, "drie": 3, "vier": 4, "vijf": 5, "two": 2, "three": 3, "four": 4, "five": 5}
SENTENCE = re.compile(
    rf"(?<![\w.,%-])(\d+|{'|'.join(FEW_IN_WORDS)})\s+(?:leerling(?:en)?|kind(?:eren)?|pupils?|child(?:ren)?)\b",
    re.IGNORECASE,
)
EXACT = re.compile(r"-?\d+\.\d{9,}(?:e-?\d+)?")  # no number that was rounded to be shared has as many decimals
PRIVATE = ("privacy.inside", "privacy.notice", "batch.index.inside")  # how a file says that it stays inside
CODE = re.compile(r"\b[pt]-[a-z2-7]{8,}\b")
PLACE = re.compile(r"(?:/home/|/Users/|/root/|[A-Z]:\\+Users\\+)[^\s\"'<>\\/]+")
MAKERS = {"", "werkbank", "openpyxl", "python-docx", "typst"}
TELLING = 4  # characters of an id or a name; shorter ones stand in any text


def check_files(
    paths: Iterable[Path], min_cell: int | None = None, study: Study | None = None
) -> tuple[int, list[Problem]]:
    """Inspect finished files, each by itself and all together.

    Parameters
    ----------
    paths : iterable of path
        html, pdf, docx, xlsx, csv, json and ipynb files; a folder stands for all files in it.
    min_cell : int, optional
        The smallest count that may be shown; the study's own when left out, else 6.
    study : Study, optional
        Then every pupil's and teacher's number of the study, and every name or date that a column of its files gives
        to few, is looked for. Texts of fewer than four characters cannot be told from other text and are passed over.

    Returns
    -------
    int
        The smallest count that was asked for.
    list of Problem
        Numbers, names and codes of pupils; counts below `min_cell`; lowest and highest scores; shares beyond 5 and 95
        %; outputs of a notebook that are no section; makers and folders in metadata; and hidden counts that can be
        worked out to be small from all results (json) together; and files that are not there or cannot be inspected.
        Empty when nothing was found.

    Notes
    -----
    Pictures are not looked at, only their text alternatives. A count is known by the header of its column; in other
    software's tables it may go by another name.
    """
    if min_cell is None:
        min_cell = study.privacy.min_cell if study is not None else MIN_CELL["school"]
    files = sorted({file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])})
    opened, found = [], []
    for file in (path for path in files if not path.is_dir() and not path.name.startswith(".")):
        try:
            opened.append(open_file(file))
        except UnfitError as error:  # what was not inspected must not pass for clean
            found += error.problems
    wanted = _of_study(study) if study is not None else {}
    found += [problem for file in opened for problem in _in_file(file, min_cell, wanted)]
    return min_cell, found + _together(opened, min_cell)


def _of_study(study: Study) -> dict[str, str]:
    """Return what tells who someone is: text -> column. Ids, and texts of undeclared columns that few pupils share."""
    from werkbank.intake.cells import is_date
    from werkbank.intake.layout import declared_names
    from werkbank.intake.ledger import Ledger, shown
    from werkbank.intake.opening import open_table

    ledger, declared = Ledger(), declared_names(study)
    ids = {study.columns.pupil, study.columns.teacher}
    plain = (declared | set(study.pupil_columns) | {o for c in study.outcomes for o in c.item_ids}) - ids
    found: dict[str, str] = {}
    for spec in study.files:
        table = open_table(study, spec, declared, ledger)
        for column in table.names if table is not None else ():
            texts = Counter(shown(cell) for cell in table.cells(column))  # type: ignore[union-attr]
            rare = column in ids or len(texts) > 0.2 * sum(texts.values())
            if column not in plain:
                words = {t for t in texts if len(t) >= TELLING and not re.fullmatch(r"-?\d*[.,]?\d*", t)}
                found |= {t: column for t in words if rare or is_date(t)}
                found |= {t: column for t in texts if column in ids and t.isdigit() and len(t) > TELLING}
    return found


def _in_file(file: Opened, min_cell: int, wanted: dict[str, str]) -> list[Problem]:
    name, text = file.path.name, "\n".join([file.text, *file.metadata.values()])
    plain = unescape(re.sub(r"<[^>]*>", "", text))  # what markup splits is read as one
    text = f"{text}\n{plain}"
    words = set(re.findall(r"[\w.@-]+", text))
    found = [
        Problem("privacy_person", name, column=column, value=who)
        for who, column in wanted.items()
        if (who in words if re.fullmatch(r"[\w.@-]+", who) else who in text)
    ]
    found += [Problem("privacy_inside", name)] * _says_private(plain)
    found += [_small(name, "", count, min_cell) for count in _few_in_sentences(plain, min_cell)]
    if file.path.suffix in {".json", ".csv"}:
        found += [Problem("privacy_exact", name, value=value) for value in sorted(set(EXACT.findall(file.text)))[:5]]
    found += [Problem("privacy_code", name, value=code) for code in sorted(set(CODE.findall(text)))]
    found += [Problem("privacy_place", name, value=place) for place in sorted(set(PLACE.findall(text)))]
    kept = {k: v for k, v in file.metadata.items() if k.lower() in {"author", "creator", "lastmodifiedby"}}
    found += [
        Problem("privacy_maker", name, column=key, value=value)
        for key, value in kept.items()
        if not value.lower().startswith(tuple(MAKERS - {""})) and value
    ]
    if file.stray:
        found.append(Problem("privacy_output", name, details={"n": file.stray}))
    found += [_small(name, "n", n, min_cell) for n in SAID.findall(text) if 0 < int(n) < min_cell]
    for cells in file.tables:
        found += _in_table(name, cells, min_cell)
    if file.path.suffix == ".json":
        found += _in_results(file, min_cell)
    return list({(p.code, p.file, p.column, p.row, p.value): p for p in found}.values())


@cache
def _notices() -> tuple[str, ...]:
    """Return, without spaces, the first sentence of all by which a file says that it stays inside."""
    said = [re.split(r"[.:]", say(key, language).strip("*"))[0] for key in PRIVATE for language in LANGUAGES]
    return tuple(_packed(text) for text in [*said, " · ".join(say("privacy.row", language) for language in LANGUAGES)])


def _packed(text: str) -> str:
    """Return a text without spaces, hyphens and case: a PDF breaks its lines, a notebook its sources."""
    return re.sub(r"[\s\xad-]+|\\n", "", text).casefold()


def _says_private(text: str) -> bool:
    packed = _packed(text)
    return any(notice in packed for notice in _notices())


def _few_in_sentences(text: str, min_cell: int) -> list[str]:
    """Return the numbers of pupils that sentences tell, in figures or words, as far as they are too small."""
    said = dict.fromkeys(SENTENCE.findall(text))
    return [n for n in said if 0 < FEW_IN_WORDS.get(n.lower(), int(n) if n.isdigit() else 0) < min_cell]


def _small(name: str, column: str, value: str, min_cell: int, row: int | None = None) -> Problem:
    return Problem("privacy_small", name, column=column, row=row, value=value, details={"min_cell": min_cell})


def _counts_people(label: str) -> bool:
    return COUNTED.search(label) is not None and OTHER_COUNTS.search(label) is None


def _in_table(name: str, cells: Sequence[Sequence[str]], min_cell: int) -> list[Problem]:
    """Judge every cell by the nearest words above it: a sheet may hold a title before its header."""
    found: list[Problem] = []
    labels: dict[int, str] = {}
    for r, row in enumerate(cells, 1):
        for i, cell in enumerate(text.strip() for text in row):
            label = labels.get(i, "")
            share = SHARE.fullmatch(cell)
            if share and not 5 <= float(share[1].replace(",", ".")) <= 95:
                found.append(Problem("privacy_share", name, column=label, row=r, value=cell))
            elif re.search(r"[^\W\d_]", cell):
                labels[i] = cell
            elif EXTREME.search(label) and re.search(r"\d", cell):
                found.append(Problem("privacy_extreme", name, column=label))
            elif (
                COUNTED.search(label) and not OTHER_COUNTS.search(label) and cell.isdigit() and 0 < int(cell) < min_cell
            ):
                found.append(_small(name, label, cell, min_cell, r))
    return found


def _results(file: Opened) -> Results | None:
    try:
        return Results.from_json(file.path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # some other JSON


def _in_results(file: Opened, min_cell: int) -> list[Problem]:
    results = _results(file)
    if results is None:
        return []
    known = system(results, min_cell, unknown=True)
    small = [(name, known.values[name]) for name in known.costs if 0 < known.values[name] < min_cell]
    found = [_small(file.path.name, name, f"{value:g}", min_cell) for name, value in small]
    extremes = sorted({f.what for f in results.facts if f.what in {"min", "max"} and f.value is not None})
    return found + [Problem("privacy_extreme", file.path.name, column=what) for what in extremes]


def _together(opened: Sequence[Opened], min_cell: int) -> list[Problem]:
    """Return the hidden counts that all results together tell to be small: those of one folder are of one study."""
    groups: dict[str, list[Results]] = {}
    shown_in: dict[str, Counts] = {}
    for file in opened:
        results = _results(file) if file.path.suffix == ".json" else None
        if results is not None:
            folder, own = file.path.parent.as_posix(), system(results, min_cell)
            same = (f for f, counts in shown_in.items() if groups[f][0].study == results.study and _agree(counts, own))
            folder = folder if folder in groups else next(same, folder)
            groups.setdefault(folder, []).append(results)
            shown_in.setdefault(folder, Counts()).take(own)
    joint = Counts()
    parts: dict[str, Counts] = {}
    for folder, several in groups.items():
        for results in several:
            part = system(results, min_cell, f"{folder}|", unknown=True)
            joint.values |= {k: v for k, v in part.values.items() if k not in joint.costs}
            joint.relations += part.relations
            joint.costs |= part.costs
            parts[folder] = part
    titles = {str(results.study.get("title")) for several in groups.values() for results in several}
    for whole in parts if len(parts) > 2 and len(titles) == 1 else ():
        _sum_of_others(joint, parts, whole)
    shown = joint.costs.keys()
    found = []
    for name in sorted(joint.values.keys() - shown):
        low, high = interval(joint, shown, name)
        if 1 - SLACK <= high < min_cell - 1 - SLACK or (low > 1 + SLACK and high < min_cell):
            folder, _, count = name.partition("|")
            reach = f"{max(low, 0):g}" if high - low < SLACK else f"{max(low, 0):g}–{high:g}"
            found.append(Problem("privacy_derivable", folder, column=count, value=reach))
    return found


def _agree(some: Counts, others: Counts) -> bool:
    """Whether all counts of both may well be of the same pupils: two reports of one study, in two folders."""
    common = some.costs.keys() & others.costs.keys()
    enrolled = any(name.startswith("enrolled ") for name in common)
    return enrolled and all(some.values[name] == others.values[name] for name in common)


def _sum_of_others(joint: Counts, parts: dict[str, Counts], whole: str) -> None:
    """Where a folder's counts may be the sums of all others' (none contradicts it), say that they add up."""
    others = [folder for folder in parts if folder != whole]
    common = [n for n in (name.partition("|")[2] for name in parts[whole].costs) if n]
    common = [n for n in common if all(f"{o}|{n}" in joint.values for o in others)]
    rest = {n: joint.values[f"{whole}|{n}"] - sum(joint.values[f"{o}|{n}"] for o in others if f"{o}|{n}" in joint.costs)
            for n in common}  # fmt: skip
    hidden = {n for n in common if any(f"{o}|{n}" not in joint.costs for o in others)}
    if common and all(left >= 0 if n in hidden else left == 0 for n, left in rest.items()):
        joint.relations += [{f"{whole}|{n}": 1.0, **{f"{o}|{n}": -1.0 for o in others}} for n in common]
