"""Simulate `volgsysteem`: three years of half-yearly tests in two schools, with drops that are known.

Every pupil grows along an own straight line on an ability scale; a test's score is that line plus measurement error.
In `DROPPED` pupils the last two scores lie far below their line. The file looks as Dutch exports do: semicolons,
decimal commas, days first.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20260902
PUPILS, DROPPED = 60, 6  # of each school, and of all
SUBJECTS = {"rekenen": (60.0, 12.0, 14.0, 3.0), "spelling": (100.0, 15.0, 11.0, 4.0)}  # mean, SD, growth a year, SEM
MOMENTS = pd.to_datetime(["2023-01-23", "2023-06-12", "2024-01-22", "2024-06-10", "2025-01-20", "2025-06-16"])


def simulate(seed: int = SEED) -> pd.DataFrame:
    """Return the export: a row per pupil, subject and test moment; a few tests were missed."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(2 * PUPILS):
        school, drops = f"S{number // PUPILS + 1}", number % (2 * PUPILS // DROPPED) == 0
        days = rng.integers(-9, 10, len(MOMENTS))
        for subject, (mean, sd, growth, sem) in SUBJECTS.items():
            level, slope = rng.normal(mean, sd), rng.normal(growth, growth / 5)
            years = (MOMENTS - MOMENTS[0]).days.to_numpy() / 365.25 + days / 365.25
            score = level + slope * years + rng.normal(0, sem, len(MOMENTS))
            if drops and subject == "rekenen":
                score[-2:] -= 8 * sem
            share = 1 / (1 + np.exp(-(score - mean - growth * years - 0.6 * sd) / sd))
            for k, day in enumerate(MOMENTS + pd.to_timedelta(days, unit="D")):
                if rng.random() > 0.02:
                    rows.append(
                        {
                            "leerling": f"L{number + 1:03}", "school": school, "vak": subject, "toets": f"T{k + 1}",
                            "datum": day.strftime("%d-%m-%Y"), "goed": round(float(share[k] * 50)), "opgaven": 50,
                            "vaardigheid": f"{score[k]:.1f}".replace(".", ","),
                            "niveau": ("V", "IV", "III", "II", "I")[int(np.clip(share[k] * 5, 0, 4))],
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    """Write the file of the example."""
    folder = Path(__file__).resolve().parents[1] / "data" / "examples" / "volgsysteem" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    simulate().to_csv(folder / "lvs.csv", sep=";", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
