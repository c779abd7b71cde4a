"""How often associations are found where there are none: few classes, pupils alike in class, slopes that differ.

Run by hand: ``python benchmarks/calibration_associations.py``; it writes calibration_associations.json and takes about
two minutes of one processor.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from werkbank.statistics.associations import associations
from werkbank.statistics.within_between import Asked

SEED, STUDIES, PUPILS, ICC, ALPHA = 20260917, 500, 20, 0.15, 0.05


def study(rng: np.random.Generator, classes: int, slopes: float) -> pd.DataFrame:
    """Return a class-and-pupil table in which nothing goes together on average; slopes within differ by an SD."""
    group = np.repeat(np.arange(classes), PUPILS)
    between, within = np.sqrt(ICC), np.sqrt(1 - ICC)
    x = between * rng.normal(size=classes)[group] + within * rng.normal(size=group.size)
    own = x - pd.Series(x).groupby(group).transform("mean").to_numpy()
    slope = slopes * rng.normal(size=classes)[group]
    y = between * rng.normal(size=classes)[group] + within * rng.normal(size=group.size) + slope * own
    return pd.DataFrame({"y": y, "x": x, "style": rng.normal(size=classes)[group], "g": group.astype(str)})


def main() -> None:
    """Write and print the share of studies in which each test falls below .05."""
    rng, rows = np.random.default_rng(SEED), []
    for classes in (8, 20):
        for slopes in (0.0, 0.2):
            seen: dict[str, list[float]] = {}
            for _ in range(STUDIES):
                table = study(rng, classes, slopes)
                asked = [None, Asked("x", "style"), *([Asked("x")] if slopes == 0 else [])]
                for one in asked:
                    found = associations(table, "y", ["x"], group="g", asked=one)
                    if isinstance(found, str):
                        continue
                    tests = {
                        f"{t.kind}_{t.part}": q for t, q in found.tests.items() if one is None or t.kind != "slope"
                    }
                    if one is None:
                        tests |= {f"cr2_{t.part}": q for t, q in found.robust.items()}
                    for name, q in tests.items():
                        seen.setdefault(name, []).append(np.nan if q.p is None else q.p)
            for name, values in seen.items():
                known = np.array(values)[~np.isnan(values)]
                share = float((known < ALPHA).mean())
                rows.append({"classes": classes, "slope_sd": slopes, "test": name, "studies": len(known),
                             "rejected": round(share, 4)})  # fmt: skip
                print(rows[-1], flush=True)
    content = {"seed": SEED, "pupils": PUPILS, "icc": ICC, "alpha": ALPHA, "rows": rows}
    out = Path(__file__).with_suffix(".json")
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
