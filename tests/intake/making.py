"""Studies as schools make them, clean, and then spoiled in one way of which the truth is known."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass, field

SURNAMES = ["Bakker", "De Vries", "El Amrani", "Jansen", "Yılmaz", "Öztürk", "Visser", "Van Dijk", "Peeters", "Núñez"]
FIRST = ["Noor", "Sem", "Zoë", "Fatima", "Daan", "Lotte", "Mees", "Anaïs", "Bilal", "Saar", "Finn", "René"]
SCHOOLS = ["De Vlinder", "Het Kompas", "Sint-Jozef", "De Wilg", "OBS Zuid"]
HEAD = ["nr", "lk", "klas", "school", "arm", "meting", "leeftijd", "q1", "q2", "q3", "taal"]


@dataclass
class Made:
    """A study: its rows, and what is true of it."""

    rows: list[list[str]]
    changes: dict[str, object] = field(default_factory=dict)
    kind: str = "clean"

    def text(self) -> str:
        return "\n".join(";".join(row) for row in [HEAD, *self.rows]) + "\n"

    def study(self) -> dict[str, object]:
        return {
            "title": "verzonnen",
            "design": {"kind": "controlled", "assigned_by": "class"},
            "files": [{"path": "m.csv"}],
            "columns": {
                "pupil": "nr", "teacher": "lk", "class": "klas", "school": "school", "arm": "arm", "wave": "meting",
            },
            "arms": {"x": "intervention", "c": "control"},
            "waves": {"T0": "pre", "T1": "post"},
            "outcomes": [
                {
                    "name": "fijn", "informant": "pupil", "items": ["q1", "q2", "q3"],
                    "range": [1, 5], "better": "higher",
                },
                {"name": "taal", "informant": "test", "column": "taal", "better": "higher"},
            ],
            "covariates": ["leeftijd"],
            **self.changes,
        }  # fmt: skip


def clean(seed: int) -> Made:
    """A study without a fault: numbers or names, two schools or more, two or more classes in each."""
    chance = random.Random(seed)  # noqa: S311 - a study, not a secret
    style = chance.choice(["P{:02d}", "{:03d}", "{}", "LL{:04d}", "name"])
    schools = chance.sample(SCHOOLS, chance.randint(2, 4))
    rows, n = [], 0
    teachers = chance.sample(SURNAMES, len(SURNAMES))
    names = [f"{first} {last}" for first in FIRST for last in SURNAMES]
    chance.shuffle(names)
    for s, school in enumerate(schools):
        for k, klas in enumerate(["5A", "6B"] if chance.random() < 0.5 else ["5", "6"]):
            arm = "xc"[(s + k) % 2]
            for _ in range(chance.randint(5, 9)):
                n += 1
                who = names[n] if style == "name" else style.format(n)
                age = str(chance.randint(8, 11))
                for wave in ("T0", "T1"):
                    answers = [str(chance.randint(1, 5)) for _ in range(3)]
                    score = str(chance.randint(5, 60))
                    rows.append([who, teachers[2 * s + k], klas, school, arm, wave, age, *answers, score])
    chance.shuffle(rows)
    return Made(rows)


def _respelled(name: str, how: str) -> str:
    made = {
        "case": name.swapcase(),
        "zeros": re.sub(r"(?=\d)", "0", name, count=1) if any(map(str.isdigit, name)) else name.swapcase(),
        "unseen": f"{name[0]}\u200b{name[1:]}",
        "space": f"{name[0]}  {name[1:]}" if " " not in name else name.replace(" ", "  ", 1),
        "nfd": unicodedata.normalize("NFD", name),
        "title": f"Juf {name}",
        "order": ", ".join(reversed(name.split(" ", 1))),
    }
    return made[how]


PLACES = {
    "pupil": (0, ["case", "zeros", "unseen", "nfd", "order"]), "teacher": (1, ["case", "title", "unseen", "nfd"]),
          "class": (2, ["case", "zeros", "unseen"]), "school": (3, ["case", "space", "unseen", "nfd"]),
}  # fmt: skip


def _in_two_spellings(rows: list[list[str]], chance: random.Random) -> str:
    kind = chance.choice(list(PLACES))
    at, ways = PLACES[kind]
    how = chance.choice(ways)
    name = chance.choice(sorted({row[at] for row in rows}))
    mine = [row for row in rows if row[at] == name]
    for row in mine[: max(1, len(mine) // 2)]:
        row[at] = _respelled(name, how)
    return f"{kind} {how}"


def _covariate(rows: list[list[str]], chance: random.Random) -> None:
    who, code = chance.choice(rows)[0], chance.choice(["99", "999", "-9"])
    for row in rows:
        row[6] = code if row[0] == who else row[6]


def _score(rows: list[list[str]], chance: random.Random) -> None:
    chance.choice(rows)[10] = chance.choice(["999", "9999", "-99"])


def _unknown(rows: list[list[str]], chance: random.Random) -> None:
    chance.choice(rows)[0] = chance.choice(["onbekend", "?", "n.v.t."])


def _answer(rows: list[list[str]], chance: random.Random) -> None:
    chance.choice(rows)[7 + chance.randrange(3)] = chance.choice(["6", "0", "9", "N/A", "weet niet", "3,5x"])


def _double(rows: list[list[str]], chance: random.Random) -> None:
    rows.append(list(chance.choice(rows)))


def _copied(rows: list[list[str]], _: random.Random) -> None:
    at_start = {row[0]: row[7:10] for row in rows if row[5] == "T0"}
    for row in rows:
        row[7:10] = at_start[row[0]]


FAULTS = {
    "covariate": _covariate, "score": _score, "unknown": _unknown, "answer": _answer, "double": _double,
    "copied": _copied,
}  # fmt: skip


def spoiled(seed: int) -> tuple[Made, Made]:
    """Return a clean study, and the same with one fault of a random kind."""
    truth = clean(seed)
    chance = random.Random(f"fault {seed}")  # noqa: S311 - as above
    rows = [list(row) for row in truth.rows]
    kind = chance.choice(["names", "names", "names", *FAULTS])
    if kind == "names":
        kind = _in_two_spellings(rows, chance)
    else:
        FAULTS[kind](rows, chance)
    return truth, Made(rows, kind=kind)
