"""Make the example study `leerlingen`: logs of a simulated class, twelve pupils of whom three get Banking Time.

Run as ``python scripts/simulate_leerlingen.py``. Nothing in it is about anybody: every line is drawn with one seed.
Built in: L03's colours improve with the programme, L07's do not, and with L11 the plan is hardly carried out.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from werkbank.catalogue import say
from werkbank.programmes.forms import form
from werkbank.study.logs import Calendar

FOLDER = Path(__file__).resolve().parents[1] / "data" / "examples" / "leerlingen"
CALENDAR = Calendar(first=dt.date(2025, 9, 1), last=dt.date(2025, 11, 21), closed=["2025-10-18 .. 2025-10-26"])
BEGAN = dt.date(2025, 9, 22)
PUPILS = [f"L{n:02}" for n in range(1, 13)]
FOLLOWED = ("L03", "L07", "L11")
CHANGE = {"L03": 1.5, "L07": 0.0, "L11": 0.2}
DONE = {"L03": 0.95, "L07": 0.9, "L11": 0.3}


def main() -> None:
    """Write every log as a file of text."""
    rng = np.random.default_rng(20250901)
    days = CALENDAR.school_days()
    write("check-in", [row for who in FOLLOWED for row in colours(rng, who, days)])
    write("banking-time", [row for who in FOLLOWED for row in sessions(rng, who, days)])
    write("contact", contacts(rng, days))
    write("tally-3-1", tallies(rng, days))
    write("incidents", incidents(rng, days))
    two = [d for d in days if d >= BEGAN][:10]
    write("2x10", [["L05", n, d, "", "", "leerling afwezig"] if n == 6 else ["L05", n, d, 2, "ja", "gedaan"]
                   for n, d in enumerate(two, 1)])  # fmt: skip


def colours(rng: np.random.Generator, who: str, days: list[dt.date]) -> list[list[object]]:
    """Return a colour a day; now and then the pupil is absent or refuses."""
    rows, state = [], 0.0
    for day in days:
        state = 0.3 * state + rng.normal()
        place = int(np.digitize(state + (CHANGE[who] if day >= BEGAN else 0.0), [-0.2, 1.0]))
        colour = ("rood", "oranje", "groen")[place]
        chance = rng.random()
        colour = "leerling afwezig" if chance < 0.04 else "geweigerd" if chance < 0.07 else colour
        rows.append(
            [
                who,
                day,
                colour,
                "ja" if colour == "rood" and rng.random() < 0.7 else "nee" if colour == "rood" else "",
                "",
                "geen",
            ]
        )
    return rows


def sessions(rng: np.random.Generator, who: str, days: list[dt.date]) -> list[list[object]]:
    """Return Banking Time twice a week, as far as it was given."""
    rows: list[list[object]] = []
    for day in days:
        if day < BEGAN or day.weekday() not in {1, 3}:
            continue
        if rng.random() < DONE[who]:
            leads = rng.choice(["ja", "ja", "ja", "deels"])
            rows.append([who, day, int(rng.integers(5, 16)), leads, int(rng.random() < 0.2), "nee", "gedaan"])
        elif rng.random() < 0.5:
            rows.append([who, day, "", "", "", "", "niet gedaan"])
    return rows


def contacts(rng: np.random.Generator, days: list[dt.date]) -> list[list[object]]:
    """Return talks with pupils; two quiet ones are hardly reached."""
    weights = np.array([0.2 if who == "L09" else 0.0 if who == "L12" else 1.0 for who in PUPILS])
    seen: set[tuple[str, dt.date]] = set()
    rows: list[list[object]] = []
    for day in days:
        for who in rng.choice(PUPILS, size=2, replace=False, p=weights / weights.sum()):
            if (str(who), day) not in seen:
                seen.add((str(who), day))
                rows.append([who, day, "gesprek", int(rng.integers(2, 8)), "ja", "ja" if rng.random() < 0.1 else "nee"])
    return rows


def tallies(rng: np.random.Generator, days: list[dt.date]) -> list[list[object]]:
    """Return counts of one morning a week."""
    return [[who, day, "ochtend", 60, int(rng.poisson(9 if who == "L03" else 5)), int(rng.poisson(2)), "observator"]
            for who in FOLLOWED for day in days if day.weekday() == 1]  # fmt: skip


def incidents(rng: np.random.Generator, days: list[dt.date]) -> list[list[object]]:
    """Return conflicts, fewer after the programme began."""
    rows: list[list[object]] = []
    for who in FOLLOWED:
        for day in days:
            if rng.random() < (0.25 if day < BEGAN else 0.10):
                rows.append([f"i{len(rows) + 1}", who, day, int(rng.integers(1, 4)), ""])
    return rows


def write(name: str, rows: list[list[object]]) -> None:
    """Write a log under its Dutch headings."""
    head = [say(f"logs.column.{column}", "nl") for column in form(name).columns]
    lines = [";".join(str(f"{cell:%d-%m-%Y}" if isinstance(cell, dt.date) else cell) for cell in row) for row in rows]
    (FOLDER / "logs").mkdir(parents=True, exist_ok=True)
    (FOLDER / "logs" / f"{name}.csv").write_text("\n".join([";".join(head), *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
