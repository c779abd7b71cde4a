"""Fresh cases of every kind of fault that made a study wrong in silence, each with what is true of it.

``KINDS[kind](chance)`` returns a `Case`; `chance` is a `random.Random`, or hypothesis in its place.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.intake.habits import HABITS
from tests.intake.making import HEAD, ITEMS, ROLES, Made, Row, clean
from tests.intake.respelling import respelled
from tests.intake.verdict import Case
from tests.intake.writing import LAYOUTS, LONG, as_csv, as_spss, as_workbook, cells, frame_of, written

from werkbank.intake.folding import tidy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.intake.verdict import Truth

COLUMNS = {"pupil": "nr", "wave": "meting", **ROLES}
UNKNOWN = ["onbekend", "?", "n.v.t.", "N/A", "Onbekend ", "unknown", "-", "weet niet", "NVT", "#N/A"]
NO_ANSWER = ["weet niet", "n.v.t.", "Weet ik niet", "weet niet / n.v.t.", "N/A", "geen antwoord", "niet ingevuld"]


def _case(kind: str, made: Made, layout: str, chance: random.Random, truth: Truth, **more: Any) -> Case:
    files, told = written(made, layout, chance)
    return Case(f"{kind} ({layout})", files, {**made.study(), **told}, truth, **more)


def _copied(made: Made) -> Made:
    return replace(made, rows=[dict(row) for row in made.rows])


def _words(*codes: str) -> frozenset[str]:
    return frozenset(codes)


# --- nothing is wrong


def sound(chance: random.Random) -> Case:
    """A clean study in any layout."""
    made = clean(chance)
    return _case("sound", made, chance.choice(LAYOUTS), chance, made.truth())


# --- 1: look-alikes


def _some_of(made: Made, column: str, name: str, chance: random.Random, *, by_wave: bool) -> list[Row]:
    """Return the rows of one school in which a name gets its other spelling: at the second wave, or of some pupils."""
    school = chance.choice(sorted({row["school"] for row in made.rows if row[column] == name}))
    mine = [row for row in made.rows if row[column] == name and row["school"] == school]
    if by_wave:
        return [row for row in mine if row["meting"] == made.waves[1]]
    pupils = sorted({row["nr"] for row in mine})
    some = pupils[: chance.randint(1, len(pupils) // 2)]
    return [row for row in mine if row["nr"] in some]


def names(chance: random.Random) -> Case:
    """A pupil, teacher, class or school in two spellings."""
    made = clean(chance)
    truth, place = made.truth(), chance.choice(["pupil", "teacher", "class", "school"])
    layout = chance.choice(LONG if place == "pupil" else LAYOUTS)
    column = COLUMNS[place]
    name = chance.choice(made.names(column))
    other, way = respelled(name, chance, place)
    if other in made.names(column):
        return sound(chance)
    spoiled = _copied(made)
    by_wave = place == "pupil" or (layout in LONG and chance.random() < 0.3)
    for row in _some_of(spoiled, column, name, chance, by_wave=by_wave):
        row[column] = other
    settled: list[dict[str, Any]] = [{"aliases": {place: "all"}}, {"aliases": {place: {other: name}}}]
    visible = tidy(other) != tidy(name)
    if not visible:
        settled = settled[:1]
    elif place != "pupil":
        settled.append({"distinct": [[name, other]]})
    noted = frozenset[str]() if visible else _words("ids_unseen", "ids_trimmed", "class_names_reused")
    return _case(
        f"{place} {way}: {name!r} {other!r}", spoiled, layout, chance, truth,
        refused=_words("lookalikes", "lookalikes_unseen", "id_damaged"), noted=noted, settled=settled,
        spelled={tidy(other): name, other: name},
    )  # fmt: skip


def codes(chance: random.Random) -> Case:
    """An arm or a wave that is spelled otherwise in some rows."""
    made = clean(chance)
    place = chance.choice(["arm", "wave"])
    column, known = COLUMNS[place], made.arms if place == "arm" else made.waves
    name = chance.choice(known)
    other, way = respelled(name, chance, place)
    if other in known or (place == "wave" and tidy(other) in known):
        other = f"{name} "
        way = "outer"
    layout = chance.choice(("csv", "xlsx", "sav", "schools"))
    spoiled = _copied(made)
    mine = [row for row in spoiled.rows if row[column] == name]
    for row in mine[: chance.randint(1, len(mine))]:
        row[column] = other
    if tidy(other) == name:  # what cannot be seen does not count for a code
        return _case(f"{place} {way}: {other!r}", spoiled, layout, chance, made.truth())
    settled = [{"aliases": {place: {other: name}}}, {"aliases": {place: "all"}}]
    return _case(
        f"{place} {way}: {name!r} {other!r}", spoiled, layout, chance, made.truth(),
        refused=_words(f"unknown_{place}"), settled=settled,
    )  # fmt: skip


def headings(chance: random.Random) -> Case:
    """A heading that looks like the one that the study file names."""
    made = clean(chance)
    column = chance.choice(HEAD)
    other, way = respelled(column, chance, "heading")
    layout = chance.choice(("csv", "xlsx", "waves", "schools"))
    if column == "meting" and layout == "waves":
        layout = "csv"
    files, told = written(made, layout, chance)
    name = chance.choice(sorted(files))
    if layout == "schools":
        told = {**told, "files": [{"path": path} for path in sorted(files)]}
    if layout == "xlsx":
        head = [other if n == column else n for n in made.head]
        from tests.intake.writing import typed

        files[name] = as_workbook([head, *([typed(n, row[n]) for n in made.head] for row in made.rows)])
    else:
        head = [n for n in made.head if layout != "waves" or n != "meting"]
        mine = [r for r in made.rows if layout != "waves" or r["meting"] == made.waves["ab".index(name[4])]]
        if layout == "schools":
            mine = [r for r in mine if r["school"] == made.names("school")[int(name[11])]]
        files[name] = as_csv([other if n == column else n for n in head], cells(mine, head), ";")
    listed = [
        {**spec, "columns": {column: other}} if spec["path"] == name else spec for spec in told["files"]
    ]  # fmt: skip
    visible = tidy(other) != column
    noted = frozenset[str]() if visible else _words("headings_unseen", "file_csv", "file_csv_whole", "file_xlsx")
    refused = _words("column_missing", "outcome_missing")
    return Case(
        f"heading {way}: {column!r} {other!r} ({layout})", files, {**made.study(), **told}, made.truth(),
        refused=refused if visible else frozenset(), noted=noted, settled=[{"files": listed}] if visible else [],
    )  # fmt: skip


def unknown(chance: random.Random) -> Case:
    """A word for: not known, where a name should stand."""
    made = clean(chance)
    spoiled, place = _copied(made), chance.choice(["pupil", "teacher", "class", "school"])
    word = chance.choice(UNKNOWN)
    for row in chance.sample(spoiled.rows, chance.randint(1, 3)):
        row[COLUMNS[place]] = word
    refused = _words("id_unknown", "id_summary", "duplicate_pupil_wave")
    return _case(f"unknown {place} {word!r}", spoiled, "csv", chance, made.truth(), refused=refused)


def results(chance: random.Random) -> Case:
    """A subject, pupil or school of a monitoring export in two spellings."""
    subjects = chance.choice(
        [["rekenen", "spelling"], ["Begrijpend lezen", "Rekenen-Wiskunde"], ["Fijne motoriek", "DMT"]]
    )
    rows, bulk = [], random.Random(chance.randrange(1 << 30))  # noqa: S311 - results, not a secret
    for n in range(1, 31):
        for subject in subjects:
            for year in range(2, 7):
                for half, month in (("M", "01"), ("E", "06")):
                    score = 100 + 12 * year + (6 if half == "E" else 0) + bulk.randint(-9, 9) + n % 7
                    rows.append(
                        [
                            f"L{n:03d}",
                            chance_school(n),
                            subject,
                            f"1{n % 9}-{month}-202{year}",
                            f"{half}{year}",
                            str(score),
                        ]
                    )
    place, at = chance.choice([("subject", 2), ("pupil", 0), ("school", 1)])
    name = chance.choice(sorted({row[at] for row in rows}))
    other, way = respelled(name, chance, place)
    mine = [row for row in rows if row[at] == name]
    if other in {row[at] for row in rows}:
        mine = []
    for row in mine[:: chance.randint(2, 3)]:
        row[at] = other
    head = ["Leerling", "School", "Vak", "Datum", "Toets", "Score"]
    study = {
        "title": "verzonnen", "design": {"kind": "single_group"}, "reports": ["monitoring"],
        "monitoring": {
            "file": {"path": "raw/lvs.csv"}, "shape": "long", "day_first": True,
            "columns": dict(zip(("pupil", "school", "subject", "date", "test", "ability"), head, strict=True)),
        },
    }  # fmt: skip
    visible = bool(mine) and tidy(other) != tidy(name)
    settled = [{"aliases": {place: "all"}}, {"aliases": {place: {other: name}}}] if visible else []
    refused = (
        _words("lookalikes", "lookalikes_unseen", "id_damaged") if mine and other.strip() != name else frozenset[str]()
    )
    noted = frozenset[str]() if visible or not mine or other.strip() == name else _words("ids_unseen")
    return Case(f"monitored {place} {way}: {name!r} {other!r}", {"raw/lvs.csv": as_csv(head, rows)}, study, None,
                refused=refused, noted=noted, settled=settled)  # fmt: skip


def chance_school(n: int) -> str:
    """Return the school of a pupil by number."""
    return ["De Wilg", "Sint-Jozef", "Het Kompas"][n % 3]


# --- 4: what files say against each other


def _two_sav(
    made: Made, labels: list[dict[str, dict[float, str]]], coded: dict[str, dict[str, float]]
) -> dict[str, bytes]:
    files = {}
    schools = made.names("school")
    for n, part in enumerate((schools[:1], schools[1:])):
        frame = frame_of([row for row in made.rows if row["school"] in part], made.head)
        for column, numbers in coded.items():
            frame[column] = frame[column].map(numbers).astype(float)
        files[f"raw/{'ab'[n]}.sav"] = as_spss(frame, variable_value_labels=labels[n])
    return files


def labels(chance: random.Random) -> Case:
    """Value labels of two SPSS files that contradict each other."""
    made = clean(chance)
    column = chance.choice(["conditie", "meting", "klas", "q1", "sekse", "lk"])
    study = {**made.study(), "files": [{"path": "raw/a.sav"}, {"path": "raw/b.sav"}]}
    if column == "q1":
        words = ["nooit", "soms", "vaak", "meestal", "altijd"]
        one, coded = {float(n + 1): word for n, word in enumerate(words)}, {}
    else:
        one = {float(n + 1): name for n, name in enumerate(made.names(column))}
        coded = {column: {name: code for code, name in one.items()}}
    other = dict(zip(one, [*list(one.values())[1:], one[1.0]], strict=True))
    if column == "q1" and chance.random() < 0.5:
        other = dict(zip(one, reversed(one.values()), strict=True))
    agree = chance.random() < 0.3
    files = _two_sav(made, [{column: one}, {column: one if agree else other}], coded)
    if agree and column in {"klas", "lk"}:
        return sound(chance)
    truth = made.truth()
    refused = frozenset() if agree else _words("labels_conflict")
    known = {"conditie": made.arms, "meting": made.waves}.get(column, ())
    if any(str(int(code)) in known and str(int(code)) != name for code, name in one.items()):
        refused |= _words("code_and_label")  # code 1 is called 0, and both are arms
    return Case(f"labels of {column}, {'equal' if agree else 'turned'}", files, study, truth, refused=refused)


def waves_labelled(chance: random.Random) -> Case:
    """A wide SPSS file in which the labels of one wave run the other way."""
    made = clean(chance)
    files, told = written(made, "wide", chance)
    import io

    import pandas as pd

    text = files["raw/m.csv"].decode()
    sign = next(s for s in ";,\t" if s in text.partition("\n")[0])
    frame = pd.read_csv(io.StringIO(text), sep=sign, dtype={"nr": str, **dict.fromkeys(ROLES.values(), str)})
    words = chance.choice(
        [["oneens", "beetje oneens", "neutraal", "beetje eens", "eens"], ["1 nooit", "2", "3", "4", "5 altijd"]]
    )
    one = {float(n + 1): word for n, word in enumerate(words)}
    turned = dict(zip(one, reversed(one.values()), strict=True))
    content = as_spss(frame, variable_value_labels={"q2_1": one, "q2_2": turned})
    study = {**made.study(), **told, "files": [{"path": "raw/m.sav"}]}
    return Case("labels of two waves", {"raw/m.sav": content}, study, made.truth(), refused=_words("labels_conflict"))


def arms_labelled(chance: random.Random) -> Case:
    """A label that calls the control group the programme's."""
    made = clean(chance)
    made = replace(
        made,
        arms=("1", "2"),
        rows=[{**row, "conditie": str(1 + made.arms.index(row["conditie"]))} for row in made.rows],
    )
    pair = chance.choice(
        [("interventie", "controle"), ("Programma", "Wachtlijst"), ("experimenteel", "vergelijkingsgroep")]
    )
    agree = chance.random() < 0.3
    texts = pair if agree else pair[::-1]
    frame = frame_of(made.rows, made.head)
    frame["conditie"] = frame["conditie"].astype(float)
    content = as_spss(frame, variable_value_labels={"conditie": dict(zip((1.0, 2.0), texts, strict=True))})
    study = {**made.study(), "files": [{"path": "raw/m.sav"}]}
    refused = frozenset() if agree else _words("arm_label_conflict")
    return Case(f"arms labelled {texts}", {"raw/m.sav": content}, study, made.truth(), refused=refused)


def answers_labelled(chance: random.Random) -> Case:
    """Labels in an SPSS file against `answers` of the study file: the order is turned."""
    made = clean(chance)
    words = ["nooit", "soms", "vaak", "meestal", "altijd"]
    frame = frame_of(made.rows, made.head)
    names = {float(n + 1): word for n, word in enumerate(words)}
    content = as_spss(frame, variable_value_labels=dict.fromkeys(("q1", "q2", "q3"), names))
    agree = chance.random() < 0.3
    numbers = range(1, 6) if agree else chance.choice([(5, 4, 3, 2, 1), (1, 3, 2, 4, 5), (2, 1, 3, 5, 4)])
    own, score = made.study()["outcomes"]
    study = {
        **made.study(),
        "files": [{"path": "raw/m.sav"}],
        "outcomes": [{**own, "answers": dict(zip(words, numbers, strict=True))}, score],
    }
    case = Case(f"answers against labels, {agree=}", {"raw/m.sav": content}, study, made.truth())
    if agree:
        return replace(case, noted=_words("words"))
    by_column = {n: {"answers": dict(zip(words, range(1, 6), strict=True))} for n in ("q1", "q2", "q3")}
    if numbers == (5, 4, 3, 2, 1):  # so it was declared, and so it is read; it is named all the same
        return replace(case, noted=_words("labels_turned"), settled=[{"rules": by_column}], altered=True)
    return replace(case, refused=_words("labels_against_answers"), settled=[{"rules": by_column}])


def received(chance: random.Random) -> Case:
    """Who took part, coded as 1 and 2, or in words."""
    made = clean(chance)
    pair = chance.choice(
        [
            ("1", "2"),
            ("2", "1"),
            ("wel", "deels"),
            ("ja", "nee"),
            ("Ja", "Nee"),
            ("1", "0"),
            ("x", "-1"),
            ("true", "false"),
            ("WAAR", "ONWAAR"),
        ]
    )
    sound_coding = pair in {("ja", "nee"), ("Ja", "Nee"), ("1", "0"), ("true", "false"), ("WAAR", "ONWAAR")}
    mine = {who: pair[n % 3 == 0] for n, who in enumerate(made.names("nr"))}
    spoiled = replace(made, head=[*HEAD, "mee"], rows=[{**row, "mee": mine[row["nr"]]} for row in made.rows])
    pupils, answers = made.truth()
    truth = ({who: {**row, "mee": float(mine[who] == pair[0])} for who, row in pupils.items()}, answers)
    case = _case(f"received {pair}", spoiled, chance.choice(("csv", "xlsx", "schools")), chance, truth)
    study = {**case.study, "received": "mee"}
    if sound_coding:
        return replace(case, study=study)
    return replace(case, study=study, refused=_words("received_unclear"),
                   settled=[{"rules": {"mee": {"answers": {pair[0]: 1, pair[1]: 0}}}}])  # fmt: skip


def no_answer(chance: random.Random) -> Case:
    """A word or a label that says that there is no answer, among answers."""
    made = clean(chance)
    truth, word = made.truth(), chance.choice(NO_ANSWER)
    spoiled = _copied(made)
    some = chance.sample(spoiled.rows, chance.randint(1, 4))
    waves = dict(zip(made.waves, ("pre", "post"), strict=True))
    for row in some:
        truth[1].pop((row["nr"], waves[row["meting"]], "q2"), None)
    own, score = made.study()["outcomes"]
    missing = [{**own, "missing": [word]}, score]
    if chance.random() < 0.5:
        code = chance.choice([9.0, 6.0, 5.0]) if chance.random() < 0.5 else 5.0
        frame = frame_of(made.rows, made.head)
        at = [row in some for row in spoiled.rows]
        if code == 5.0:  # no other five may be an answer
            for row in made.rows:
                row["q2"] = "4" if row["q2"] == "5" else row["q2"]
            frame = frame_of(made.rows, made.head)
            truth = made.truth()
            for row in some:
                truth[1].pop((row["nr"], waves[row["meting"]], "q2"), None)
        frame.loc[at, "q2"] = code
        content = as_spss(frame, variable_value_labels={"q2": {1.0: "oneens", code: word}})
        study = {**made.study(), "files": [{"path": "raw/m.sav"}]}
        return Case(f"label {word!r} of {code}", {"raw/m.sav": content}, study, truth,
                    refused=_words("label_says_missing", "missing_word"), settled=[{"outcomes": missing}])  # fmt: skip
    for row in some:
        row["q2"] = word
    return _case(f"answer {word!r}", spoiled, chance.choice(("csv", "xlsx")), chance, truth,
                 refused=_words("missing_word"), settled=[{"outcomes": missing}])  # fmt: skip


def collide(chance: random.Random) -> Case:
    """Two spellings of an answer with two numbers."""
    made = clean(chance)
    word, number = chance.choice(["Altijd", "nooit", "soms wel"]), chance.randint(1, 4)
    own, score = made.study()["outcomes"]
    answers = {
        word: number,
        "anders": 5,
        chance.choice([word.upper(), f" {word}", word.replace(" ", "  ") + " "]): number + 1,
    }
    case = _case("answers collide", made, "csv", chance, made.truth(), refused=_words("study_answers_collide"))
    return replace(case, study={**case.study, "outcomes": [{**own, "answers": answers}, score]})


def two_arms(chance: random.Random) -> Case:
    """A pupil who is in the other arm in one row."""
    made = clean(chance)
    spoiled = _copied(made)
    row = chance.choice(spoiled.rows)
    row["conditie"] = made.arms[row["conditie"] == made.arms[0]]
    refused = _words("pupil_in_two_arms", "unit_in_two_arms")
    return _case("two arms", spoiled, chance.choice(LONG), chance, made.truth(), refused=refused)


# --- 3: columns without rules


def code_or_far(chance: random.Random) -> Case:
    """A usual code for: not known, or a lone value, in a covariate, the dose or a score without a range."""
    made = clean(chance)
    truth, column = made.truth(), chance.choice(["leeftijd", "lessen", "taal"])
    far = chance.random() < 0.25
    code = chance.choice(
        ["1961", "250", "2026"]
        if far
        else ["999", "9999", "-9", "-99", "8888", "-999", *(["99"] if column != "taal" else [])]
    )
    spoiled = _copied(made)
    waves = dict(zip(made.waves, ("pre", "post"), strict=True))
    if column == "taal":
        for row in chance.sample(spoiled.rows, 1 if far else chance.randint(1, 5)):
            row["taal"] = code
            truth[1].pop((row["nr"], waves[row["meting"]], "taal"))
    else:
        for who in chance.sample(made.names("nr"), 1 if far else chance.randint(1, 5)):
            truth[0][who][column] = None
            for row in spoiled.rows:
                row[column] = code if row["nr"] == who else row[column]
    rule: dict[str, Any] = {"missing": [int(code)]}
    layout = chance.choice(LAYOUTS)
    wide = (
        {f"{column}_1": {"missing": [int(code)]}, f"{column}_2": rule}
        if column == "taal" and layout == "wide"
        else {column: rule}
    )
    return _case(
        f"{code} in {column}", spoiled, layout, chance, truth, settled=[{"rules": wide}], altered=True,
        refused=frozenset() if far else _words("value_usual"), noted=_words("value_far", "usual_near"),
    )  # fmt: skip


def two_codes(chance: random.Random) -> Case:
    """Two codes at once, or a code and a far value: neither hides the other."""
    made = clean(chance)
    truth, spoiled = made.truth(), _copied(made)
    pair = chance.choice(
        [("99", "999"), ("-9", "99"), ("999", "1961"), ("99", "150"), ("88", "99"), ("-99", "999"), ("98", "99")]
    )
    column = chance.choice(["leeftijd", "lessen"])
    for who, code in zip(chance.sample(made.names("nr"), 2), pair, strict=True):
        truth[0][who][column] = None
        for row in spoiled.rows:
            row[column] = code if row["nr"] == who else row[column]
    return _case(
        f"{pair} in {column}", spoiled, chance.choice(LAYOUTS), chance, truth, altered=True,
        settled=[{"rules": {column: {"missing": [int(c) for c in pair]}}}],
        refused=_words("value_usual"), noted=_words("value_far", "usual_near"),
    )  # fmt: skip


def covariate_word(chance: random.Random) -> Case:
    """A word for: not known, in a covariate of numbers or of words."""
    made = clean(chance)
    truth, spoiled, word = made.truth(), _copied(made), chance.choice([*NO_ANSWER, "onbekend", "?", "Onbekend", "-"])
    column = chance.choice(["leeftijd", "sekse", "lessen"])
    for who in chance.sample(made.names("nr"), chance.randint(1, 4)):
        truth[0][who][column] = None
        for row in spoiled.rows:
            row[column] = word if row["nr"] == who else row[column]
    layout = chance.choice(("csv", "xlsx", "waves", "schools", "apart", "wide"))
    return _case(
        f"{word!r} in {column}", spoiled, layout, chance, truth,
        refused=_words("covariate_missing_word"), settled=[{"rules": {column: {"missing": [word]}}}],
    )  # fmt: skip


def covariate_spelling(chance: random.Random) -> Case:
    """A category of a covariate in two spellings."""
    made = clean(chance)
    spoiled = _copied(made)
    other = chance.choice(["Meisje", "MEISJE", "meisje ", "mei\u200bsje", "meisje\u00a0"])
    for who in chance.sample(made.names("nr"), len(made.names("nr")) // 2):
        for row in spoiled.rows:
            row["sekse"] = other if row["nr"] == who and row["sekse"] == "meisje" else row["sekse"]
    noted = _words("covariate_spellings") if other.casefold() == "meisje" else frozenset[str]()
    if all(row["sekse"] != other for row in spoiled.rows):
        return sound(chance)
    layout = chance.choice(("csv", "xlsx", "waves", "schools"))
    return _case(f"category {other!r}", spoiled, layout, chance, made.truth(),
                 noted=noted or _words("covariate_spellings", "file_csv", "file_xlsx", "file_csv_whole"),
                 spelled={other: "meisje", tidy(other): "meisje", "Meisje": "meisje", "MEISJE": "meisje"})  # fmt: skip


def decimals(chance: random.Random) -> Case:
    """Decimals with a comma, percent signs, units, and both decimal signs at once."""
    made = clean(chance)
    spoiled, column = _copied(made), chance.choice(["leeftijd", "lessen", "taal"])
    layout = chance.choice(("csv", "waves", "schools", "xlsx", "apart"))
    more = {"csv": ["both", "thousand"], "schools": ["thousand"], "apart": ["both"], "waves": ["both"]}
    how = chance.choice(["comma", "point", "percent", "unit", *more.get(layout, [])])
    bulk = random.Random(chance.randrange(1 << 30))  # noqa: S311 - as in making
    sign = "." if how == "point" else ","
    about = {who: f"{bulk.randint(8, 11)}{sign}{bulk.randint(1, 9)}" for who in made.names("nr")}
    for n, row in enumerate(spoiled.rows):
        text = about[row["nr"]] if column != "taal" else f"{bulk.randint(5, 60)}{about[row['nr']][-2:]}"
        if how == "both":
            text = text.replace(",", ".") if made.names("nr").index(row["nr"]) % 2 else text
        row[column] = {
            "percent": f"{text}%",
            "unit": f"{text} jaar",
            "thousand": "1.234" if n < 2 else row[column],
        }.get(how, text)
    if how in {"comma", "point"}:
        truthful = replace(spoiled, rows=[{**row, column: row[column].replace(",", ".")} for row in spoiled.rows])
        return _case(f"{how} in {column}", spoiled, layout, chance, truthful.truth())
    refused = _words("decimal_mixed", "decimal_ambiguous", "not_a_number", "covariate_not_a_number")
    return _case(
        f"{how} in {column}",
        spoiled,
        layout,
        chance,
        made.truth(),
        refused=refused,
    )


def born(chance: random.Random) -> Case:
    """Birth dates: years that no pupil has, and the numbers that a spreadsheet makes of dates."""
    made = clean(chance)
    days = {who: f"201{5 + n % 3}-0{1 + n % 9}-1{n % 9}" for n, who in enumerate(made.names("nr"))}
    odd = chance.choice(["1961-03-04", "2026-03-04", "42431", "0016-03-04", "16-13-2016", "onbekend", "03/14/2016", ""])
    for who in chance.sample(made.names("nr"), chance.randint(1, 3)):
        days[who] = odd
    if odd == "42431" and chance.random() < 0.5:
        days = dict.fromkeys(days, odd)
    spoiled = replace(made, head=[*HEAD, "geb"], rows=[{**row, "geb": days[row["nr"]]} for row in made.rows])
    case = _case(f"born {odd!r}", spoiled, chance.choice(("csv", "waves", "xlsx", "schools")), chance, made.truth())
    study = {**case.study, "birth_date": {"column": "geb", "on": "2026-09-01"}}
    if not odd:
        return replace(case, study=study, noted=_words("ages"))
    return replace(case, study=study, refused=_words("birth_date", "birth_date_odd"))


def outside(chance: random.Random) -> Case:
    """An answer that is none, in a scale with a range; or a whole scale that is numbered from elsewhere."""
    made = clean(chance)
    spoiled = _copied(made)
    if chance.random() < 0.4:
        for row in spoiled.rows:
            row.update({item: str(int(row[item]) - 1) for item in ("q1", "q2", "q3")})
        own, score = made.study()["outcomes"]
        answers = [{**own, "answers": {str(n - 1): n for n in range(1, 6)}}, score]
        return _case("scale from 0", spoiled, chance.choice(("csv", "xlsx", "sav", "schools")), chance, made.truth(),
                     refused=_words("scale_differs"), settled=[{"outcomes": answers}])  # fmt: skip
    word = chance.choice(["6", "0", "9", "99", "3,5x", "3 mrt", "=1+1", "1961", "8888", "é", "-1", "III"])
    for row in chance.sample(spoiled.rows, chance.randint(1, 3)):
        row[chance.choice(["q1", "q2", "q3"])] = word
    refused = _words(
        "out_of_range",
        "out_of_range_usual",
        "not_a_number",
        "date_found",
        "formula_without_value",
        "range_wrong",
        "scale_differs",
    )
    return _case(
        f"answer {word!r}", spoiled, chance.choice(("csv", "waves", "schools")), chance, made.truth(), refused=refused
    )


# --- 4: copies


def copies(chance: random.Random) -> Case:
    """The same file twice, a column twice, a heading twice, a row twice."""
    made = clean(chance)
    truth = made.truth()
    how = chance.choice(
        ["path", "alias", "bytes", "other sign", "order", "heading", "heading case", "row", "as wave", "two files"]
    )
    files, told = written(made, "csv", chance)
    listed = told["files"]
    study = {**made.study(), **told}
    if how == "row":
        spoiled = _copied(made)
        spoiled.rows.append(dict(chance.choice(spoiled.rows)))
        if chance.random() < 0.5:
            spoiled.rows[-1]["taal"] = "7"
        return _case(
            "row twice",
            spoiled,
            chance.choice(("csv", "xlsx", "sav", "schools", "waves")),
            chance,
            truth,
            refused=_words("duplicate_pupil_wave"),
        )
    if how in {"heading", "heading case"}:
        column = chance.choice([n for n in HEAD if n != "nr"] if how == "heading case" else HEAD)
        also = column.upper() if how == "heading case" else column
        content = as_csv([*HEAD, also], [[*line, "9"] for line in cells(made.rows, HEAD)])
        wrong = _words("column_double") if how == "heading" else frozenset[str]()
        return Case(f"{how} {column}", {"raw/m.csv": content}, study, truth, refused=wrong,
                    noted=frozenset() if wrong else _words("headings_alike"))  # fmt: skip
    if how == "path":
        again = [*listed, *map(dict, listed)]
    elif how == "alias":  # one file, two spellings of its path
        again = [*listed, {"path": chance.choice(["raw/../raw/m.csv", "./raw/m.csv", "raw//m.csv", "raw/./m.csv"])}]
    elif how == "as wave":
        head = [n for n in HEAD if n != "meting"]
        content = as_csv(head, cells([row for row in made.rows if row["meting"] == made.waves[0]], head))
        shuffled = [row for row in reversed(made.rows) if row["meting"] == made.waves[0]]
        files = {
            "raw/m.csv": content,
            "raw/n.csv": as_csv(head, cells(shuffled, head), ",") if chance.random() < 0.5 else content,
        }
        again = [{"path": f"raw/{'mn'[n]}.csv", "wave": wave} for n, wave in enumerate(made.waves)]
        study["columns"] = {"pupil": "nr", **ROLES}
        return Case(
            "one file as two waves",
            files,
            {**study, "files": again},
            None,
            refused=_words("file_copied"),
            noted=_words("same_answers"),
            altered=True,
        )
    else:
        other = {"bytes": files["raw/m.csv"], "other sign": as_csv(HEAD, cells(made.rows, HEAD), "|"),
                 "order": as_csv(HEAD, cells(list(reversed(made.rows)), HEAD))}  # fmt: skip
        files["raw/n.csv"] = other.get(how, as_workbook([HEAD, *cells(made.rows, HEAD)]))
        if how == "two files":
            files["raw/n.xlsx"] = files.pop("raw/n.csv")
        again = [*listed, {"path": "raw/n.xlsx" if how == "two files" else "raw/n.csv"}]
    refused = _words("file_double", "file_copied", "duplicate_across_files", "duplicate_pupil_wave")
    return Case(f"file twice: {how}", files, {**study, "files": again}, truth, refused=refused)


def same_answers(chance: random.Random) -> Case:
    """Answers at the second wave that are those of the first: columns were copied."""
    made = clean(chance)
    spoiled, which = _copied(made), chance.choice([["q1", "q2", "q3"], ["taal"], ITEMS])
    first = {row["nr"]: row for row in made.rows if row["meting"] == made.waves[0]}
    for row in spoiled.rows:
        row.update({item: first[row["nr"]][item] for item in which})
    return _case(
        f"copied {which}", spoiled, chance.choice(LAYOUTS), chance, spoiled.truth(), noted=_words("same_answers")
    )


def strangers(chance: random.Random) -> Case:
    """Waves that share few pupils: another numbering."""
    made = clean(chance)
    spoiled = _copied(made)
    renamed = {who: f"Z{900 - n}" for n, who in enumerate(made.names("nr"))}
    for row in spoiled.rows:
        if row["meting"] == made.waves[1]:
            row["nr"] = renamed[row["nr"]]
    return _case("waves of strangers", spoiled, chance.choice(LONG), chance, spoiled.truth(),
                 noted=_words("waves_share_few"))  # fmt: skip


KINDS: dict[str, Callable[[random.Random], Case]] = {
    "sound": sound, "names": names, "codes": codes, "headings": headings, "unknown": unknown, "results": results,
    "labels": labels, "waves labelled": waves_labelled, "arms labelled": arms_labelled,
    "answers labelled": answers_labelled, "received": received, "no answer": no_answer, "collide": collide,
    "two arms": two_arms, "code or far": code_or_far, "two codes": two_codes, "covariate word": covariate_word,
    "covariate spelling": covariate_spelling, "decimals": decimals, "born": born, "outside": outside, "copies": copies,
    "same answers": same_answers, "strangers": strangers, **HABITS,
}  # fmt: skip
WEIGHTS = {"names": 6, "code or far": 2, "codes": 2, "headings": 2, "results": 2}


def any_kind(seed: int) -> Case:
    """Return the case of a number: the same at every run."""
    chance = random.Random(f"case {seed}")  # noqa: S311 - a study, not a secret
    kind = chance.choices(list(KINDS), [WEIGHTS.get(kind, 1) for kind in KINDS])[0]
    return KINDS[kind](chance)
