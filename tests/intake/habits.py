"""What schools have: each read when the study file declares it, and refused or named when it does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.intake.making import HEAD, ROLES, Made, clean
from tests.intake.verdict import Case
from tests.intake.writing import as_csv, as_workbook, cells, typed, written

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

WORDS = ["Helemaal mee oneens", "Mee oneens", "Neutraal", "Mee eens", "Helemaal mee eens"]


def _either(
    case: Case, chance: random.Random, declared: dict[str, Any], *codes: str, noted: tuple[str, ...] = ()
) -> Case:
    """Return a case as it was declared, to be read as it is; or not declared, to be refused until it is."""
    if chance.random() < 0.4:
        return replace(case, kind=f"{case.kind}, declared", study={**case.study, **declared})
    return replace(case, refused=frozenset(codes), noted=frozenset(noted), settled=[declared], altered=True)


def _study(made: Made, name: str = "raw/m.csv", **more: Any) -> dict[str, Any]:
    return {**made.study(), "files": [{"path": name}], **more}


def resubmitted(chance: random.Random) -> Case:
    """A form that was sent in twice: the latest counts."""
    made = clean(chance)
    form = chance.choice(["{d}-9-2026 {h}:00:11", "2026-09-{d:02} {h:02}:00:11", "2026/09/{d:02} {h}:00:11 a.m. CEST"])
    rows = [[*line, form.format(d=11 + n % 9, h=8 + n % 3)] for n, line in enumerate(cells(made.rows, HEAD))]
    before = form.format(d=9, h=8)
    first = chance.sample(rows, chance.randint(1, 3))
    rows += [[*line[:9], *("1" if a != "1" else "2" for a in line[9:12]), "33", before] for line in first]
    case = Case("form sent in twice", {"raw/m.csv": as_csv([*HEAD, "Tijdstempel"], rows)}, _study(made), made.truth())
    return _either(case, chance, {"latest": "Tijdstempel"}, "duplicate_pupil_wave")


def previews(chance: random.Random) -> Case:
    """Rows of a preview, unfinished rows and rows that a filter leaves out, under ids of their own."""
    made = clean(chance)
    rows = [[*line, "IP Address", "1"] for line in cells(made.rows, HEAD)]
    for n in range(chance.randint(1, 3)):
        odd = list(rows[n][:-2])
        odd[0] = made.rows[0]["nr"] if n == 0 else odd[0]
        rows.append([*odd, "Survey Preview", "0"])
    condition = chance.choice(
        ['Status != "Survey Preview"', "filter_$ == 1", 'not (Status in ["Survey Preview"])', "`filter_$` = 1"]
    )
    content = as_csv([*HEAD, "Status", "filter_$"], rows)
    case = Case(f"preview, {condition}", {"raw/m.csv": content}, _study(made), made.truth())
    return _either(case, chance, {"where": condition}, "duplicate_pupil_wave", "pupil_in_two_arms", "unit_in_two_arms")


def averages(chance: random.Random) -> Case:
    """A last row that holds averages, or sums."""
    made = clean(chance)
    word = chance.choice(["Gemiddelde", "gem.", "Totaal", "SD", "Average", "Som:"])
    last = [word, *[""] * 8, "3,1", "2,9", "3,0", "31,4"]
    rows = [*cells(made.rows, HEAD), last]
    case = Case(f"row {word!r}", {"raw/m.csv": as_csv(HEAD, rows)}, _study(made), made.truth())
    skip = {"files": [{"path": "raw/m.csv", "skip": [len(rows) + 1]}]}
    return _either(case, chance, skip, "id_summary", "wave_missing")


def lower_header(chance: random.Random) -> Case:
    """A title above the header, or a second header below it."""
    made = clean(chance)
    second = chance.random() < 0.5
    above = [["Export van het volgsysteem", *[""] * (len(HEAD) - 1)]] * chance.randint(1, 2)
    below = [["nummer van de leerling", *(f"vraag {n}" for n in range(1, len(HEAD)))]]
    rows = [*([] if second else above), HEAD, *(below if second else []), *cells(made.rows, HEAD)]
    how: dict[str, Any] = {"skip": [2]} if second else {"header": len(above) + 1}
    if chance.random() < 0.5:
        typed_rows = [
            row if n <= len(above) else [typed(h, c) for h, c in zip(HEAD, row, strict=True)]
            for n, row in enumerate(rows)
        ]
        name, content = "raw/m.xlsx", as_workbook(typed_rows)
    else:
        name, content = "raw/m.csv", as_csv(rows[0], rows[1:])
    case = Case(f"second header {second}", {name: content}, _study(made, name), made.truth())
    return _either(case, chance, {"files": [{"path": name, **how}]}, "header_lower", "header_second")


def with_words(chance: random.Random) -> Case:
    """Answers as number and words, or in words at one wave and in numbers at the other."""
    made = clean(chance)
    signs = chance.choice([" - ", " – ", ". ", "=", " = ", ": "])
    both = chance.random() < 0.5
    rows = []
    for row in made.rows:
        line = dict(row)
        if both or row["meting"] == made.waves[0]:
            for item in ("q1", "q2", "q3"):
                n = int(row[item])
                line[item] = f"{n}{signs}{WORDS[n - 1]}" if both else WORDS[n - 1]
        rows.append(line)
    own, score = made.study()["outcomes"]
    words = {"outcomes": [{**own, "answers": dict(zip(WORDS, range(1, 6), strict=True))}, score]}
    case = Case(f"words {both=}", {"raw/m.csv": as_csv(HEAD, cells(rows, HEAD), ";")}, _study(made), made.truth())
    if both:
        return replace(case, noted=frozenset({"labelled_numbers"}))
    found = _either(case, chance, words, "answers_in_words")
    return found if found.refused else replace(found, noted=frozenset({"words"}))


def dated(chance: random.Random) -> Case:
    """Waves as dates, in cells of a workbook or as text."""
    made = clean(chance)
    days = (dt.date(2026, 9, 14), dt.date(2027, 1, 18))
    stored = chance.random() < 0.5
    form = chance.choice(["%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y"])
    at = dict(zip(made.waves, days, strict=True))
    lines = [[at[row[n]] if n == "meting" else typed(n, row[n]) for n in HEAD] for row in made.rows]
    if stored:
        name, content = "raw/m.xlsx", as_workbook([HEAD, *lines])
    else:
        name = "raw/m.csv"
        content = as_csv(
            HEAD, [[row[n] if n != "meting" else at[row[n]].strftime(form) for n in HEAD] for row in made.rows]
        )
    known = {day.strftime(form): wave for day, wave in zip(days, ("pre", "post"), strict=True)}
    case = Case(f"dates, {stored=} {form}", {name: content}, _study(made, name), made.truth())
    return _either(case, chance, {"waves": known}, "unknown_wave")


def floats(chance: random.Random) -> Case:
    """Ids that a data program wrote as 1.0."""
    made = clean(chance)
    numbers = {who: str(n) for n, who in enumerate(made.names("nr"), 1)}
    made = replace(made, rows=[{**row, "nr": numbers[row["nr"]]} for row in made.rows])
    some = 1.0 if chance.random() < 0.6 else 0.5
    keep = {who for who in numbers.values() if int(who) % 2 or some == 1.0}
    rows = [[f"{line[0]}.0" if line[0] in keep else line[0], *line[1:]] for line in cells(made.rows, HEAD)]
    case = Case(f"ids 1.0, {some}", {"raw/m.csv": as_csv(HEAD, rows)}, _study(made), made.truth())
    if some == 1.0:
        return replace(case, noted=frozenset({"ids_point_zero"}))
    return replace(case, refused=frozenset({"id_damaged", "lookalikes"}))


def restarting(chance: random.Random) -> Case:
    """Classes that each number their pupils from 1: class and number are the key."""
    made = clean(chance)
    school = made.names("school")[0]
    rows = [row for row in made.rows if row["school"] == school]
    seen: dict[str, list[str]] = {}
    for row in rows:
        mine = seen.setdefault(row["klas"], [])
        if row["nr"] not in mine:
            mine.append(row["nr"])
    lines = [{**row, "nr": str(1 + seen[row["klas"]].index(row["nr"]))} for row in rows]
    true = replace(made, rows=[{**row, "nr": f"{row['klas']} / {row['nr']}"} for row in lines]).truth()
    case = Case("numbers restart", {"raw/m.csv": as_csv(HEAD, cells(lines, HEAD))}, _study(made), true)
    columns = {"columns": {"pupil": ["klas", "nr"], "wave": "meting", **ROLES}}
    return _either(case, chance, columns, "numbers_restart", "pupil_in_two_arms", "duplicate_pupil_wave")


def said_per_file(chance: random.Random) -> Case:
    """One file a class, whose class, arm, school or wave stands in the study file; or columns by another name."""
    made = clean(chance)
    role = chance.choice(["school", "arm", "wave"])
    column = {"wave": "meting"}.get(role) or ROLES[role]
    head = [name for name in HEAD if name != column]
    files, listed, bare = {}, [], []
    for n, value in enumerate(made.names(column)):
        mine = [row for row in made.rows if row[column] == value]
        other = {"q1": "stelling 1", "klas": "groep"} if n and chance.random() < 0.5 else {}
        files[f"raw/{n}.csv"] = as_csv([other.get(h, h) for h in head], cells(mine, head), chance.choice(";,"))
        listed.append({"path": f"raw/{n}.csv", role: value, **({"columns": dict(other)} if other else {})})
        bare.append({"path": f"raw/{n}.csv"})
    columns = {"pupil": "nr", **ROLES} if role == "wave" else {"pupil": "nr", "wave": "meting", **ROLES}
    case = Case(f"{role} per file", files, {**made.study(), "columns": columns, "files": bare}, made.truth())
    codes = ("column_missing", "wave_unclear", "duplicate_pupil_wave", "arm_missing", "duplicate_across_files")
    return _either(case, chance, {"files": listed}, *codes)


def filled_once(chance: random.Random) -> Case:
    """A teacher who wrote class and school in the first row of each group only; absent pupils; blank rows."""
    made = clean(chance)
    how = chance.choice(["blank rows", "absent", "blank cells"])
    rows = [dict(row) for row in made.rows]
    if how == "absent":
        gone = set(chance.sample(made.names("nr"), 2))
        rows = [row for row in rows if row["nr"] not in gone or row["meting"] == made.waves[0]]
    if how == "blank cells":
        for row in chance.sample(rows, 5):
            row[chance.choice(["q1", "q2", "taal"])] = ""
    true = replace(made, rows=rows)
    files, told = written(true, chance.choice(("csv", "waves", "schools", "wide", "xlsx")), chance)
    if how == "blank rows" and "raw/m.csv" in files and not files["raw/m.csv"].startswith((b"\xff", b"\xfe")):
        files["raw/m.csv"] += b"\n" * 3
    return Case(how, files, {**made.study(), **told}, true.truth())


HABITS: dict[str, Callable[[random.Random], Case]] = {
    "resubmitted": resubmitted, "previews": previews, "averages": averages, "lower header": lower_header,
    "with words": with_words, "dated": dated, "floats": floats, "restarting": restarting,
    "said per file": said_per_file, "filled once": filled_once,
}  # fmt: skip
