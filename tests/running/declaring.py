"""Studies of which the answers are sound and the study file asks for anything it may: drawn by number.

``declared(seed)`` returns the files of a study and its study file: one to three arms, assigned by pupil, class, teacher
or school, in blocks or not; waves before, after and later; scales, ready scores, counts, and yes or no; covariates,
moderators, mediators, dose, who took part, roles; conditions on rows and the latest of several forms.
"""

from __future__ import annotations

import csv
import io
import math
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

WAVES = (("T0", "pre"), ("T1", "post"), ("T2", "followup"), ("T3", "followup2"))
ARMS = {1: ("x",), 2: ("x", "c"), 3: ("x", "y", "c")}
WORDS = {"sekse": ("jongen", "meisje"), "thuistaal": ("Nederlands", "Turks", "anders")}
SHARE = 0.35  # with which a thing that may be declared is
Row = dict[str, Any]


@dataclass
class Declared:
    """A study that is being drawn."""

    chance: random.Random
    arms: tuple[str, ...] = ()
    waves: tuple[tuple[str, str], ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    study: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def maybe(self, share: float = SHARE) -> bool:
        """Whether this study has it."""
        return self.chance.random() < share

    def write(self, folder: Path) -> None:
        """Put the study in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        text = io.StringIO()
        out = csv.DictWriter(text, list(dict.fromkeys(name for row in self.rows for name in row)), delimiter=";")
        out.writeheader()
        out.writerows(self.rows)
        (folder / "antwoorden.csv").write_text(text.getvalue(), encoding="utf-8")
        content = yaml.safe_dump(self.study, allow_unicode=True, sort_keys=False)
        (folder / "study.yaml").write_text(content, encoding="utf-8")


def declared(seed: int) -> Declared:
    """Return the study of a number: the same at every run."""
    of = Declared(random.Random(f"declared {seed}"))  # noqa: S311 - a study, not a secret
    _designed(of)
    pupils = _pupils(of)
    _outcomes(of)
    _about_pupils(of, pupils)
    of.rows = [row for pupil in pupils for row in _answered(of, pupil)]
    _about_rows(of)
    _asked(of)
    _told(of)
    for row in of.rows:
        del row["_level"]
    return of


def _designed(of: Declared) -> None:
    """Draw arms, waves and how pupils came to be in an arm."""
    chance = of.chance
    of.arms = ARMS[chance.choices([1, 2, 3], [1, 4, 2])[0]]
    of.waves = WAVES[: chance.choices([2, 3, 4], [3, 2, 1])[0]]
    by = chance.choice(["pupil", "pupil", "class", "class", "teacher", "school"])
    design: dict[str, Any] = {
        "kind": "single_group" if len(of.arms) == 1 else chance.choice(["controlled", "randomised"])
    }
    design["assigned_by"] = by
    of.columns = {"pupil": "nr", "class": "klas", "teacher": "lk", "school": "school", "wave": "meting"}
    if len(of.arms) > 1:
        of.columns["arm"] = "conditie"
        design["blocks"] = {
            "pupil": chance.choice([False, "class", "school"]),
            "class": chance.choice([False, "school", "paar"]),
            "teacher": chance.choice([False, "school"]),
            "school": chance.choice([False, "paar"]),
        }[by]
    if of.maybe():
        design["raters_are_implementers"] = chance.choice([True, False])
    if by == "pupil" and len(of.arms) > 1 and not design["blocks"] and of.maybe(0.2):
        design["individual_arms"] = [of.arms[-1]]
    of.study = {
        "title": {"nl": "Verklaard", "en": "Declared"} if of.maybe() else "Verklaard",
        "language": chance.choice(["nl", "en"]),
        "design": design,
        "files": [{"path": "antwoorden.csv"}],
        "columns": of.columns,
        "waves": dict(of.waves),
    }
    if len(of.arms) > 1:
        roles = {"x": "intervention", "y": chance.choice(["intervention", "control"]), "c": "control"}
        of.study["arms"] = {arm: roles[arm] for arm in of.arms}


def _pupils(of: Declared) -> list[Row]:
    """Draw who was where: each unit that was assigned is of one arm, each block has units of more than one."""
    chance, design = of.chance, of.study["design"]
    by, n_schools = design["assigned_by"], chance.choice([4, 6, 8])
    per_school, per_class = chance.choice([2, 3, 4]), chance.randint(5, 9)
    if by in {"pupil", "class"}:
        n_schools = chance.choice([1, 2, 4])
        per_school = max(per_school, len(of.arms)) if by == "class" else per_school
    pupils: list[Row] = []
    for s in range(n_schools):
        for k in range(per_school):
            for p in range(per_class):
                unit = {"pupil": p, "class": k, "teacher": k, "school": s}[by]
                row = {
                    "nr": f"L{len(pupils) + 1:03d}", "lk": f"L{s}{k}k", "klas": f"{4 + s}{'abcd'[k]}",
                    "school": f"S{s + 1}",
                    "conditie": of.arms[unit % len(of.arms)],
                    "_level": chance.gauss(0, 1) + 0.2 * math.sin(3 * s + k),
                }  # fmt: skip
                if design.get("blocks") == "paar":
                    row["paar"] = f"p{(s * per_school + k if by == 'class' else s) // len(of.arms)}"
                pupils.append(row)
    return pupils


def _outcomes(of: Declared) -> None:
    """Draw what was measured."""
    chance = of.chance
    items = [f"a{n}" for n in range(1, chance.randint(3, 6) + 1)]
    scale: dict[str, Any] = {
        "name": "welzijn", "items": items, "range": [1, 5], "better": chance.choice(["higher", "lower", "neither"]),
        "informant": chance.choice(["pupil", "teacher", "parent"]), "role": "primary",
        "score": chance.choice(["mean", "sum"]),
    }  # fmt: skip
    if of.maybe():
        scale["reversed"] = [items[-1]]
    if of.maybe():
        scale["norms"] = {"welzijn": [3.0, 0.8]}
    test = {"name": "toets", "column": "toets", "range": [0, 100], "better": "higher", "informant": "test"}
    if of.maybe():
        test |= {"reliability": 0.85}
    if of.maybe(0.2):
        test |= {"same_measure": False}
    if of.maybe():
        test |= {"role": "exploratory", "family": "leren"}
    made = [scale, test]
    if of.maybe():
        made.append({"name": "ruzies", "column": "ruzies", "kind": "count", "better": "lower"})
    if of.maybe():
        made.append({"name": "gepest", "column": "gepest", "kind": "binary", "better": "lower", "informant": "pupil"})
    if of.maybe():
        motives = {"name": "motivatie", "items": ["m1", "m2", "m3"], "range": [1, 7], "better": "higher"}
        made.append({**motives, "informant": chance.choice(["pupil", "teacher"])})
    of.study["outcomes"] = made


def _about_pupils(of: Declared, pupils: list[Row]) -> None:
    """Draw what is known of pupils: covariates, dose, who took part, roles, for whom it may work."""
    chance, by = of.chance, of.study["design"]["assigned_by"]
    known = [name for name in ("leeftijd", "sekse", "thuistaal", "iq") if of.maybe()]
    for row in pupils:
        row |= {"leeftijd": chance.randint(8, 11), "iq": round(chance.gauss(100, 15))}
        row |= {name: chance.choice(words) for name, words in WORDS.items()}
        treated = row["conditie"] == "x" or len(of.arms) == 1
        row["lessen"] = chance.randint(2, 12) if treated else 0
        row["gekomen"] = int(treated and chance.random() < 0.85)
        row["rol"] = chance.choice(["doel", "klasgenoot"])
    if known:
        of.study["covariates"] = known
    if of.maybe():
        of.study["dose"] = "lessen"
    if of.study["design"]["kind"] == "randomised" and of.maybe():
        of.study["received"] = "gekomen"
    if by in {"class", "teacher"} and of.maybe(0.2):
        of.columns["role"] = "rol"
        of.study["roles"] = {"doel": "target", "klasgenoot": "transfer"}
    moderators: list[dict[str, Any]] = [{"column": name} for name in ("sekse", "iq") if of.maybe()]
    if of.maybe(0.2):
        moderators.append({"outcome": "welzijn", "at": chance.choice(["pupil", "teacher"])})
    if moderators:
        of.study["moderators"] = moderators


def _answered(of: Declared, pupil: Row) -> list[Row]:
    """Draw a pupil's answers at every wave at which the pupil was there."""
    chance, made = of.chance, []
    treated = len(of.arms) == 1 or pupil["conditie"] in of.arms[:-1]
    for n, (code, _) in enumerate(of.waves):
        if n and chance.random() < 0.08:
            continue
        level = pupil["_level"] + (0.5 if treated and n else 0.0) + 0.1 * n
        row = {**pupil, "meting": code}
        for item in (f"a{k}" for k in range(1, 7)):
            row[item] = _answer(3 + 0.8 * (level + chance.gauss(0, 0.7)), 1, 5, chance)
        for item in ("m1", "m2", "m3"):
            row[item] = _answer(4 + level + chance.gauss(0, 1), 1, 7, chance)
        row["toets"] = round(min(max(50 + 12 * (level + chance.gauss(0, 0.6)), 0), 100), 1)
        row["ruzies"] = max(0, round(math.exp(chance.gauss(0.5 - 0.3 * level, 0.6))) - 1)
        row["gepest"] = int(chance.random() < 1 / (1 + math.exp(0.5 + 0.8 * level)))
        made.append(row)
    return made


def _answer(value: float, low: int, high: int, chance: random.Random) -> int | str:
    return "" if chance.random() < 0.02 else min(max(round(value), low), high)


def _about_rows(of: Declared) -> None:
    """Add rows that do not belong to the study, and earlier forms, where the study file tells them."""
    chance = of.chance
    for row in of.rows:
        row |= {"cohort": 1, "tijd": str(date(2026, 9, 1) + timedelta(days=chance.randint(20, 90)))}
    if of.maybe():
        of.study["where"] = chance.choice(["cohort == 1", "cohort in [1, 3] and sekse is not empty", "not cohort == 2"])
        of.rows += [{**row, "nr": f"X{n:03d}", "cohort": 2} for n, row in enumerate(of.rows[:9])]
    if of.maybe():
        of.study["latest"] = "tijd"
        of.rows += [{**row, "tijd": "2026-09-02", "toets": 1} for row in of.rows[3:7]]


def _asked(of: Declared) -> None:
    """Draw the questions that are asked beforehand, and how exactly they are answered."""
    chance, study = of.chance, of.study
    names = [outcome["name"] for outcome in study["outcomes"]]
    if len(of.arms) == 3 and of.maybe(0.5):
        study["contrasts"] = [{"name": "samen", "weights": {"x": 0.5, "y": 0.5, "c": -1}}]
        if of.maybe():
            study["contrasts"].append({"name": "verschil", "weights": {"x": 1, "y": -1}})
    if of.maybe(0.5):
        asked = [{"outcome": name, "wave": chance.choice([wave for _, wave in of.waves[1:]])} for name in names[:2]]
        if "contrasts" in study:
            asked[0]["contrast"] = "samen"
        study["primary"] = asked[: chance.randint(1, 2)]
    if "motivatie" in names and of.maybe(0.6):
        study["mediators"] = ["motivatie"]


def _told(of: Declared) -> None:
    """Draw how exactly, from which size and how small it is told."""
    chance, study = of.chance, of.study
    if of.maybe():
        study["ci_level"] = chance.choice([0.9, 0.99, 0.8])
    if of.maybe():
        study["equivalence"] = chance.choice([0.1, 0.3, 0.5])
    if of.maybe(0.2):
        study["design"]["selected_on"] = "welzijn"
    if of.maybe(0.2):
        study["privacy"] = {"min_cell": 10}
    if of.maybe(0.2):
        study["evidence"] = [{"label": "Eerder", "g": 0.3, "ci": [0.1, 0.5], "source": "Eerder, E. (2001). Iets."}]
