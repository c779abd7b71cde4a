"""Simulate `samenhang`: a questionnaire study without a programme, in which the true associations are known.

Pupils of twenty classes say how warm the teacher is, how much autonomy and structure they are given, how well their
needs are met, and how helpless they feel; each teacher says how controlling the own style is. Scores are means of whole
answers (1-5) to a few items, so that they have the ends and the grain of real ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20260917
CLASSES, LOW, HIGH = 20, 16, 26
ITEMS = {"warmte": 6, "autonomie": 4, "structuur": 4, "behoeften": 6, "machteloos": 5}
MISSING = 0.03  # of all answers of pupils


def simulate(seed: int = SEED) -> pd.DataFrame:
    """Return one row a pupil: the answers of pupils, and what the teacher said of the own style.

    Latent scores, in SDs within classes: warmth on autonomy .30, on structure .40 and on its square -.15; needs on
    autonomy .35, structure .20 and warmth .25; helplessness on warmth -.30, by .20 more for each SD that the teacher is
    more controlling.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(CLASSES):
        size = int(rng.integers(LOW, HIGH + 1))
        style = rng.normal()
        of_class = rng.normal(scale=0.45, size=5)
        autonomy = rng.normal(size=size) + of_class[0] - 0.25 * style
        structure = rng.normal(size=size) + of_class[1]
        warmth = 0.30 * autonomy + 0.40 * structure - 0.15 * structure**2 + of_class[2] + 0.8 * rng.normal(size=size)
        needs = 0.35 * autonomy + 0.20 * structure + 0.25 * warmth + of_class[3] + 0.8 * rng.normal(size=size)
        helpless = (-0.30 + 0.20 * style) * warmth + of_class[4] + 0.9 * rng.normal(size=size)
        latent = dict(zip(ITEMS, (warmth, autonomy, structure, needs, helpless), strict=True))
        answers = {
            f"{name}_{i}": np.clip(np.rint(3.2 + 0.7 * latent[name] + 0.8 * rng.normal(size=size)), 1, 5)
            for name, k in ITEMS.items()
            for i in range(1, k + 1)
        }
        made = pd.DataFrame(answers).astype(float).mask(rng.random((size, len(answers))) < MISSING)
        made.insert(0, "sturend", round(float(np.clip(3 + 0.7 * style, 1, 5)), 2))
        made.insert(0, "sekse", rng.choice(["m", "v"], size=size))
        made.insert(0, "groep", f"{5 + n % 4}{'abcde'[n // 4]}")
        made.insert(0, "school", f"S{n // 4 + 1}")
        rows.append(made)
    table = pd.concat(rows, ignore_index=True)
    table.insert(0, "leerlingnr", range(1001, 1001 + len(table)))
    answered = [column for column in table if column.rpartition("_")[0] in ITEMS]
    return table.astype(dict.fromkeys(answered, "Int64"))


def main() -> None:
    """Write the files of the example."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "data" / "examples" / "samenhang")
    out = parser.parse_args().out / "raw"
    out.mkdir(parents=True, exist_ok=True)
    simulate().to_csv(out / "leerlingen.csv", index=False)


if __name__ == "__main__":
    main()
