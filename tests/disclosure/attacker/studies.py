"""Small studies in which someone stands alone: drawn by number, one kind after another.

``write(folder, seed)`` lays down the files of a study; what a kind is about is in its name. Nothing here knows how
anything is protected.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import yaml

KINDS = (
    "one_girl", "five_in_an_arm", "one_drop_out", "one_teacher", "schools_of_seven", "extreme_scores", "few_values",
    "gaps",
)  # fmt: skip
ROLES = ("control", "intervention", "transfer")
# outcomes of few different scores, by any coding: what the lower and the higher answers are written as
CODED = {"een2": (1, 2), "tien": (0, 10), "half": (0, 0.5), "drie": (0, 1, 2), "vier": (1, 2, 3, 4)}
# in which steps a score of each outcome comes
UNITS = {"fijn": Fraction(1, 3), "taal": Fraction(1), "een2": Fraction(1), "tien": Fraction(10), "half": Fraction(1, 2),
         "drie": Fraction(1), "vier": Fraction(1)}  # fmt: skip
SIZES = {"gaps": (9, 40)}  # so few at times that a model has no freedom left
ONCE = 0.12  # share of answers that are lacking where gaps are the matter


def kind_of(seed):
    """Return which kind of study a number stands for."""
    return KINDS[seed % len(KINDS)]


def write(folder, seed):
    """Write `study.yaml` and `raw.csv`; return each pupil and its school."""
    kind, rng = kind_of(seed), np.random.default_rng(90_000 + seed)
    pupils = _pupils(kind, rng)
    names = ["taal", *(CODED if kind == "few_values" else ())]
    rows = [row for pupil in pupils for row in _answered(kind, pupil, names, rng)]
    columns = ["leerling", "leerkracht", "school", "groep", "sekse", "arm", "meting", "a1", "a2", "a3", *names]
    lines = [";".join(columns), *(";".join(str(row.get(c, "")) for c in columns) for row in rows)]
    (folder / "raw.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    content = _declared(kind, rng, names, {p["arm"] for p in pupils})
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return {p["leerling"]: p["school"] for p in pupils}


def _pupils(kind, rng):
    """Draw who is where: two arms, or one or three; in a study of schools seven pupils in each."""
    arms = {"five_in_an_arm": 3, "schools_of_seven": 2, "one_teacher": 2, "one_girl": 2}.get(
        kind, int(rng.integers(1, 4))
    )
    n = 7 * int(rng.integers(3, 7)) if kind == "schools_of_seven" else int(rng.integers(*SIZES.get(kind, (16, 60))))
    alone = [i for i in range(n) if i % arms == arms - 1][: int(rng.choice([1, 3]))]
    small = "abc"[arms - 1]
    made = []
    for i in range(n):
        arm = "abc"[i % arms]
        if kind == "five_in_an_arm":
            arm = "c" if i < 5 else "ab"[i % 2]
        made.append({
            "leerling": f"p{i}", "school": f"s{i // 7}", "groep": f"k{i % 6}", "arm": arm,
            "leerkracht": f"m{arm}" if kind == "one_teacher" else f"m{i % 6}",
            "sekse": "m" if i in alone and kind == "one_girl"
                     else "mj"[int(rng.random() < 0.6 or (kind == "one_girl" and arm == small))],
            "level": float(rng.normal()),
        })  # fmt: skip
    return made


def _answered(kind, pupil, names, rng):
    """Draw what a pupil answered before and after; the first pupil is the one of whom it is about."""
    first, there = pupil["leerling"] == "p0", []
    for number, wave in enumerate(("T0", "T1")):
        if (kind == "one_drop_out" and first and number) or (kind == "gaps" and rng.random() < ONCE):
            continue
        level = pupil["level"] + 0.3 * number + rng.normal(0, 0.7)
        row = {**pupil, "meting": wave}
        row |= {f"a{i}": int(np.clip(round(3 + level + rng.normal(0, 0.6)), 1, 5)) for i in (1, 2, 3)}
        row["taal"] = int(np.clip(round(34 + 9 * level), 0, 60))
        if kind == "extreme_scores":
            row["taal"] = 0 if first else int(np.clip(round(55 + 3 * level), 0, 60))
        for name in names[1:]:
            scores = CODED[name]
            rare = 0.12 if len(scores) > 1 else 0.0
            share = [rare / (len(scores) - 1)] * (len(scores) - 1) + [1 - rare]
            row[name] = scores[int(rng.choice(len(scores), p=share))]
            if name == "vier":  # one pupil unlike all others
                row[name] = 1 if first else int(rng.choice([3, 4]))
        if kind == "gaps" and rng.random() < ONCE:
            row["taal"] = ""
        there.append(row)
    return there


def _declared(kind, rng, names, arms):
    """Return the study file."""
    design = {"kind": "single_group" if len(arms) == 1 else str(rng.choice(["randomised", "controlled"]))}
    design |= {"assigned_by": "pupil"}
    columns = {"pupil": "leerling", "class": "groep", "teacher": "leerkracht", "school": "school", "wave": "meting"}
    content = {
        "title": "Klein", "design": design, "files": [{"path": "raw.csv"}],
        "columns": columns | ({"arm": "arm"} if len(arms) > 1 else {}), "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [
            {"name": "fijn", "items": ["a1", "a2", "a3"], "range": [1, 5], "better": "higher", "role": "primary",
             "informant": "teacher" if kind == "one_teacher" else "pupil"},
            *({"name": name, "column": name, "range": _range(name), "better": "higher"} for name in names),
        ],
    }  # fmt: skip
    if len(arms) > 1:
        content["arms"] = {arm: ROLES["abc".index(arm)] for arm in sorted(arms)}
    if kind == "one_girl":
        content |= {"covariates": ["sekse"], "moderators": [{"column": "sekse"}]}
    return content


def _range(name):
    scores = CODED.get(name, (0, 60))
    return [scores[0], scores[-1]]
