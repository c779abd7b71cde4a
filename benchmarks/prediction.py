"""Whether prediction intervals hold where nothing was simulated: two public tables of effects, each study left out.

``python benchmarks/prediction.py`` reads the 1,334 effects of Dietrichson et al. (2021) and the 1,553 findings of the
What Works Clearinghouse as Wolf and Harbatkin (2022) have them, from ../shared/data. Every study is left out in turn,
the rest is pooled (effects in studies, errors correlating by .6), and it is counted how many of its effects lie in the
80 % prediction interval of one more effect *as it would be found*: tau squared, omega squared, the standard error of
the mean, and that effect's own sampling variance. ``--write`` keeps the table in docs/prediction.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from werkbank.statistics.pooling.model import pool
from werkbank.statistics.pooling.robust import cr2

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
LEVEL = 0.80
HEAD = """# Prediction intervals on real effects

Written by `python benchmarks/prediction.py --write`. Each study is left out, the others are pooled, and its effects are
held against the 80 % interval in which one more effect would be found.

| table | effects | studies | mean | tau | omega | in the 80 % interval | below it | above it |
|---|---|---|---|---|---|---|---|---|
"""
TAIL = """
More than 80 % lie inside, and more of those outside lie above than below. Both have one reason: effects are not normal
about their mean. Most lie closer together than a normal distribution with their variance has them, and a few, of small
studies with measures of their own making, far above. A normal prediction interval is then too wide for the middle and
too short for the long end on the right: what it says of a next study is careful where most studies are, and silent
about the few that report wonders. The reports say what the interval assumes.
"""


def reviews() -> dict[str, pd.DataFrame]:
    """Return the two tables: study, effect, variance."""
    tutoring = pd.read_csv(DATA / "meta_dietrichson2021.csv")
    first = pd.DataFrame(
        {"study": tutoring["Study_ID"], "g": tutoring["Effectsize_g_adj1"], "v": tutoring["SE_g_adj1"] ** 2}
    )
    wwc = pd.read_csv(DATA / "meta_wwc_wolf2022.csv", low_memory=False)
    g, n, m = wwc["f_effect_size_wwc"], wwc["f_t_ss"], wwc["f_c_ss"]
    plain = np.sqrt(1 / n + 1 / m + g**2 / (2 * (n + m)))
    # the clearinghouse's own p knows classes; where it gives no usable SE the one of pupils is taken
    df = np.maximum(n + m - 2, 2)
    by_p = g.abs() / stats.t.isf(np.clip(wwc["f_p_value_wwc"], 1e-12, 1 - 1e-9) / 2, df)
    se = np.where((by_p >= plain) & (by_p < 3 * plain), by_p, plain)
    second = pd.DataFrame({"study": wwc["s_studyid"], "g": g, "v": se**2})
    return {"Dietrichson et al. (2021)": first.dropna(), "WWC, Wolf & Harbatkin (2022)": second.dropna()}


def left_out(table: pd.DataFrame, parts: np.ndarray | None = None) -> np.ndarray:
    """Return -1, 0 or 1 for every effect: below, in, above the interval made without its study (or its part)."""
    y, v, study = (table[name].to_numpy() for name in ("g", "v", "study"))
    parts = study if parts is None else parts
    place = np.zeros(len(y), dtype=int)
    for one in np.unique(parts):
        mine = parts == one
        fit = pool(y[~mine], v[~mine], studies=study[~mine], rho=0.6)
        mean = cr2(fit)
        reach = stats.t.ppf((1 + LEVEL) / 2, mean.df[0]) * np.sqrt(mean.se[0] ** 2 + fit.between + fit.within + v[mine])
        off = y[mine] - mean.estimate[0]
        place[mine] = np.where(off < -reach, -1, np.where(off > reach, 1, 0))
    return place


def main() -> None:
    """Print the table; keep it with ``--write``."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", action="store_true", help="keep the table in docs/prediction.md")
    rows = []
    for name, table in reviews().items():
        fit = pool(table["g"].to_numpy(), table["v"].to_numpy(), studies=table["study"].to_numpy(), rho=0.6)
        place = left_out(table)
        shares = [f"{(place == at).mean():.3f}" for at in (0, -1, 1)]
        model = (fit.beta[0], fit.between**0.5, fit.within**0.5)
        told = [len(table), table["study"].nunique(), *(f"{x:.3f}" for x in model)]
        rows.append(" | ".join(map(str, ["| " + name, *told, *shares])) + " |")
        print(rows[-1], flush=True)
    if asked.parse_args().write:
        (ROOT / "docs" / "prediction.md").write_text(HEAD + "\n".join(rows) + "\n" + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
