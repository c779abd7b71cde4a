"""``werkbank check-privacy``: what in these finished files must not leave the school."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from werkbank.disclosure.flow import system
from werkbank.disclosure.labelled import in_store, in_table, small
from werkbank.disclosure.opening import open_file
from werkbank.disclosure.protecting import SLACK, Counts, interval
from werkbank.disclosure.reading import plain
from werkbank.disclosure.suppressing import MIN_CELL
from werkbank.disclosure.wording import EXTREME as SAID_EXTREME
from werkbank.disclosure.wording import extreme_shares, few_in, in_full, says_private
from werkbank.errors import Problem, UnfitError
from werkbank.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from werkbank.disclosure.reading import Read
    from werkbank.study import Study

CODE = re.compile(r"\b[pt]-[a-z2-7]{8,}\b")
PLACE = re.compile(r"(?:/home/|/Users/|/root/|[A-Z]:\\+Users\\+)[^\s\"'<>\\/]+")
MAKERS = ("werkbank", "openpyxl", "python-docx", "typst", "matplotlib")
SYSTEM = {".ds_store", "thumbs.db", "desktop.ini", ".werkbank.lock"}  # what a system leaves in any folder
DASHES = re.compile("[\u2010-\u2015\u2212]")
MONTHS = (
    ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
     "december"),
    ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
     "December"),
)  # fmt: skip
TELLING = 4  # characters of an id or a name; shorter ones stand in any text


def check_files(
    paths: Iterable[Path], min_cell: int | None = None, study: Study | None = None
) -> tuple[int, list[Problem]]:
    """Inspect finished files, each by itself and all together.

    Parameters
    ----------
    paths : iterable of path
        html, pdf, docx, xlsx, csv, json, ipynb, svg, txt, md and zip files; a folder stands for all files in it.
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
        Numbers, names and codes of pupils; counts below `min_cell`, in tables and in sentences; lowest and highest
        scores; shares beyond 5 and 95 %; numbers that were not rounded; outputs of a notebook that are no section;
        makers and folders in metadata; files that say that they stay inside; hidden counts that can be worked out to
        be small from all results (json) together; pictures made of pixels that werkbank did not draw; and files that
        are not there or cannot be inspected. Empty when nothing was found.

    Notes
    -----
    What is inside a file is read as well: notes, comments, properties, fields, attachments, drawings, and the words
    that pictures carry beside their pixels. The pixels are not read. A count is known by the words above or before it
    and by the noun after it; in other software's tables and other people's sentences it may go by other words.
    """
    if min_cell is None:
        min_cell = study.privacy.min_cell if study is not None else MIN_CELL["school"]
    files = sorted({file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])})
    opened, found = [], []
    for file in (path for path in files if not path.is_dir() and path.name.lower() not in SYSTEM):
        try:
            opened.append((file, open_file(file)))
        except UnfitError as error:  # what was not inspected must not pass for clean
            found += error.problems
    wanted = _of_study(study) if study is not None else {}
    found += [problem for file, read in opened for problem in _in_file(file, read, min_cell, wanted)]
    return min_cell, found + _together([file for file, _ in opened], min_cell)


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
                found |= {form: column for t in words if rare or is_date(t) for form in _forms(t)}
                found |= {t: column for t in texts if column in ids and t.isdigit() and len(t) > TELLING}
    return found


def _forms(text: str) -> list[str]:
    """Return a date in each way in which it may be written elsewhere; any other text as it is."""
    found = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", text)
    if found is None:
        return [text]
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    number, of = int(month), int(day)
    padded, bare = (year, f"{number:02}", f"{of:02}"), (year, str(number), str(of))
    forms = [sign.join(parts) for sign in "-/." for y, m, d in (padded, bare) for parts in ((y, m, d), (d, m, y))]
    if 1 <= number <= 12:
        forms += [f"{of} {names[number - 1]} {year}" for names in MONTHS]
        forms += [f"{MONTHS[1][number - 1]} {of}, {year}"]
    return list(dict.fromkeys([text, *forms]))


def _in_file(path: Path, read: Read, min_cell: int, wanted: dict[str, str]) -> list[Problem]:
    name, text, said = path.name, plain(f"{read.text}\n{path.name}"), plain(read.said)
    everything = "\n".join([text, *map(plain, read.makers.values())])
    found = [Problem("privacy_person", name, column=wanted[who], value=who) for who in _met(everything, wanted)]
    found += [Problem("privacy_inside", name)] * says_private(everything)
    found += [small(name, "", count, min_cell) for count in few_in(said, min_cell)]
    found += [Problem("privacy_share", name, value=f"{share}%") for share in extreme_shares(said)]
    found += [Problem("privacy_extreme", name)] * (SAID_EXTREME.search(said) is not None)
    cells = "\n".join(cell for table in read.tables for row in table for cell in row)
    found += [Problem("privacy_exact", name, value=value) for value in in_full(f"{said}\n{cells}")[:5]]
    found += [Problem("privacy_code", name, value=code) for code in sorted(set(CODE.findall(everything)))]
    found += [Problem("privacy_place", name, value=place) for place in sorted(set(PLACE.findall(everything)))]
    found += [
        Problem("privacy_maker", name, column=key, value=value)
        for key, value in read.makers.items()
        if value.strip() and not value.lower().startswith(MAKERS)
    ]
    if read.stray:
        found.append(Problem("privacy_output", name, details={"n": read.stray}))
    if read.cropped:
        found.append(Problem("privacy_cropped", name, details={"n": read.cropped}))
    found += [Problem("privacy_picture", name, value=f"{w} × {h}") for w, h in dict.fromkeys(read.sizes)]
    results = _results(path) if path.suffix.lower() == ".json" else None
    for table in read.tables:
        if results is None or table[0] != ["n"]:  # a statement of results may count classes or informants
            found += [*in_table(name, table, min_cell), *in_store(name, table, min_cell)]
    if results is not None:
        found += _in_results(name, results, min_cell)
    return list({(p.code, p.file, p.column, p.row, p.value): p for p in found}.values())


def _met(text: str, wanted: dict[str, str]) -> list[str]:
    """Return who is named in a text: as a word of its own, or, where spaces are in it, with any spaces between."""
    spaced = DASHES.sub("-", re.sub(r"\s+", " ", text)).casefold()
    words = set(re.findall(r"[\w.@-]+", spaced))
    words |= {word.strip(".-_") for word in words} | {part for word in words for part in word.split("_")}
    found = []
    for who in wanted:
        sought = re.sub(r"\s+", " ", DASHES.sub("-", plain(who))).casefold().strip()
        if sought in words if re.fullmatch(r"[\w.@-]+", sought) else sought in spaced:
            found.append(who)
    return found


def _results(file: Path) -> Results | None:
    try:
        return Results.from_json(file.read_text(encoding="utf-8-sig"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # some other JSON


def _in_results(name: str, results: Results, min_cell: int) -> list[Problem]:
    known = system(results, min_cell, unknown=True)
    few = [(count, known.values[count]) for count in known.costs if 0 < known.values[count] < min_cell]
    behind = [*((f.id, f.n) for f in results.facts), *((e.id, e.n) for e in results.estimates)]
    few += [(key, n) for key, n in behind if n and 0 < n < min_cell]
    found = [small(name, count, f"{value:g}", min_cell) for count, value in few]
    extremes = sorted({f.what for f in results.facts if f.what in {"min", "max"} and f.value is not None})
    return found + [Problem("privacy_extreme", name, column=what) for what in extremes]


def _together(opened: Sequence[Path], min_cell: int) -> list[Problem]:
    """Return the hidden counts that all results together tell to be small: those of one folder are of one study."""
    groups: dict[str, list[Results]] = {}
    shown_in: dict[str, Counts] = {}
    for file in opened:
        results = _results(file) if file.suffix.lower() == ".json" else None
        if results is not None:
            folder, own = file.parent.as_posix(), system(results, min_cell)
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
