"""Clean studies as schools make them, of which the truth is known: who was where, and what was answered."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

SURNAMES = [
    "Bakker", "De Vries", "El Amrani", "Janssen", "Yılmaz", "Öztürk", "Visser", "Van Dijk", "Peeters", "Núñez",
    "Hoekstra", "Dykstra", "Al-Hassan", "D'Ancona", "Griffioen", "Weiss", "Şahin", "Van 't Hof", "Bouâzza", "Terpstra",
]  # fmt: skip
FIRST = [
    "Noor", "Noa", "Sem", "Zoë", "Fatima", "Daan", "Lotte", "Mees", "Anaïs", "Bilal", "Saar", "René", "Işıl",
    "Ytsje", "Sjoerd", "Jildou", "Abdel Rahman", "Mohamed", "Mohammed", "Yusuf",
]  # fmt: skip
SCHOOLS = [
    ["De Vlinder", "Het Kompas", "Sint-Jozef", "OBS Zuid"],
    ["OBS De Wilg", "CBS De Wilg", "Al-Ihsan", "Weissenbruch"],
    ["Dorpsstraat 1", "Dorpsstraat 11", "Dorpsstraat 2", "Finsterwolde"],
    ["Wilg (Kerkstraat)", "Linde (Kerkstraat)", "D'Oultremont", "Griffioen"],
    ["07AB", "07AC", "17AB", "13XY"],
    ["1", "2", "3", "4"],
]
CLASSES = [
    ["5A", "5B", "6A"], ["5", "6", "7"], ["H2a", "H2A1", "H2b"], ["4V1", "4H1", "4V11"], ["1-1", "11", "1-11"],
    ["Groep 5", "Groep 6", "Groep 5/6"], ["Rood", "Blauw", "Fiets"], ["1vmbo-t", "1havo", "1vwo"],
]  # fmt: skip
TEACHERS = [*SURNAMES, "Juf Anneke", "Meester Post", "Juf Post", "Mw. Kok", "T12", "T13"]
ARMS = [("x", "c"), ("programma", "controle"), ("Interventie", "Wachtlijst"), ("1", "0"), ("A", "B")]
WAVE_CODES = [("T0", "T1"), ("voor", "na"), ("1", "2"), ("meting 1", "meting 2"), ("M0", "M1")]
ROLES = {"teacher": "lk", "class": "klas", "school": "school", "arm": "conditie"}
HEAD = ["nr", "lk", "klas", "school", "conditie", "meting", "leeftijd", "sekse", "lessen", "q1", "q2", "q3", "taal"]
ITEMS = ["q1", "q2", "q3", "taal"]
Row = dict[str, str]


@dataclass
class Made:
    """A study: its rows, one for a pupil at a wave, and what its study file says."""

    rows: list[Row]
    arms: tuple[str, str]
    waves: tuple[str, str]
    head: list[str] = field(default_factory=lambda: list(HEAD))

    def study(self) -> dict[str, Any]:
        """Return the study file, but for the files."""
        return {
            "title": "verzonnen",
            "design": {"kind": "controlled", "assigned_by": "class", "blocks": False},
            "columns": {"pupil": "nr", "wave": "meting", **ROLES},
            "arms": {self.arms[0]: "intervention", self.arms[1]: "control"},
            "waves": {self.waves[0]: "pre", self.waves[1]: "post"},
            "outcomes": [
                {
                    "name": "fijn", "informant": "pupil", "items": ["q1", "q2", "q3"],
                    "range": [1, 5], "better": "higher",
                },
                {"name": "taal", "informant": "test", "column": "taal", "better": "higher"},
            ],
            "covariates": ["leeftijd", "sekse"],
            "dose": "lessen",
        }  # fmt: skip

    def truth(self) -> tuple[dict[str, dict[str, Any]], dict[tuple[str, str, str], float]]:
        """Return who was where: pupil -> role or covariate -> value; and what was answered: pupil, wave, item."""
        pupils: dict[str, dict[str, Any]] = {}
        for row in sorted(self.rows, key=lambda row: self.waves.index(row["meting"])):
            known = {role: row[column] for role, column in ROLES.items()}
            pupils.setdefault(row["nr"], {**known, "leeftijd": float(row["leeftijd"]), "sekse": row["sekse"],
                                          "lessen": float(row["lessen"])})  # fmt: skip
        where: dict[str, set[str]] = {}
        for pupil in pupils.values():
            where.setdefault(pupil["class"], set()).add(pupil["school"])
        if any(len(schools) > 1 for schools in where.values()):
            for pupil in pupils.values():
                pupil["class"] = f"{pupil['school']} / {pupil['class']}"
        named = dict(zip(self.waves, ("pre", "post"), strict=True))
        answers = {
            (row["nr"], named[row["meting"]], item): float(row[item])
            for row in self.rows
            for item in ITEMS
            if row[item]
        }
        return pupils, answers

    def names(self, column: str) -> list[str]:
        """Return the names in a column, each once, in one order."""
        return sorted({row[column] for row in self.rows})


def clean(chance: random.Random) -> Made:
    """Return a study without a fault: two schools or more, two or more classes in each, pupils by number or name."""
    # structure by `chance`, so that hypothesis can make it smaller; answers in bulk
    bulk = random.Random(chance.randrange(1 << 30))  # noqa: S311 - a study, not a secret
    schools = chance.choice(SCHOOLS)[: chance.randint(2, 4)]
    classes = chance.choice(CLASSES)[: chance.randint(2, 3)]
    arms, waves = chance.choice(ARMS), chance.choice(WAVE_CODES)
    names = _names(chance.choice(["P{:02d}", "{:03d}", "{}", "LL{:04d}", "{}-{}", "name", "name, first", "AB{}"]), bulk)
    teachers = bulk.sample(TEACHERS, len(TEACHERS))
    rows: list[Row] = []
    for s, school in enumerate(schools):
        for k, klas in enumerate(classes):
            for _ in range(chance.randint(5, 8)):
                fixed = [next(names), teachers[len(classes) * s + k], klas, school, arms[(s + k) % 2]]
                about = [str(bulk.randint(8, 11)), bulk.choice(["jongen", "meisje"]), str(bulk.randint(0, 12))]
                for wave in waves:
                    answers = [str(bulk.randint(1, 5)) for _ in range(3)]
                    cells = [*fixed, wave, *about, *answers, str(bulk.randint(5, 60))]
                    rows.append(dict(zip(HEAD, cells, strict=True)))
    bulk.shuffle(rows)
    return Made(rows, arms, waves)


def _names(style: str, bulk: random.Random) -> Any:
    if style.startswith("name"):
        pairs = [(first, last) for first in FIRST for last in SURNAMES]
        bulk.shuffle(pairs)
        pairs[:0] = [("Noor", "Bakker"), ("Noa", "Bakker"), ("Sem", "Bakker")]  # of one family
        for first, last in dict.fromkeys(pairs):
            yield f"{first} {last}" if style == "name" else f"{last}, {first}"
        return
    numbers = [*range(1, 1201)] if style == "{}" else [*range(1, 100)]
    if style == "{}":  # 1 to 1200, as a system for the whole school has them
        numbers = sorted(bulk.sample(numbers, 99))
    for n in numbers:
        yield style.format(n // 10 + 1, n) if style == "{}-{}" else style.format(n)
