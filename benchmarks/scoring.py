"""Scores, alpha, omega and item statistics of 28 items x 50,000 pupils x 3 waves, as ratios to other ways.

    python benchmarks/scoring.py [pupils]

Compared with: pandas (pivot and mean per scale), pingouin (alpha) with a loop over items (item-rest, alpha if deleted),
R psych (alpha, which gives the item statistics) and R lavaan (the one-factor model behind omega), where Rscript is
installed. CPU seconds, the best of three after a first call; R's exclude starting R and reading the file. Results are
compared before they are timed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin

from werkbank.instruments import load
from werkbank.measurement.items import item_statistics
from werkbank.measurement.scoring import item_matrix, score
from werkbank.statistics.reliability import alpha, omega

WAVES = ["pre", "post", "followup"]
KEY = load("strs")
R = """
suppressPackageStartupMessages({library(psych); library(lavaan)}); x <- read.csv(commandArgs(TRUE)[1])
names(x) <- paste0("i", seq_along(x)); model <- paste("f =~", paste(names(x), collapse = " + "))
clock <- function(f) { f(); min(sapply(1:3, function(i) sum(system.time(f())[1:2]))) }
cat(clock(function() alpha(x, warnings = FALSE)), clock(function() cfa(model, x, std.lv = TRUE)))
"""


def agree(mine, theirs) -> None:
    if not np.allclose(mine, theirs, rtol=1e-8):
        raise SystemExit("the two ways give different numbers: nothing to compare")


def simulate(pupils: int, missing: float = 0.02) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    k, waves = len(KEY.items), len(WAVES)
    n = pupils * waves * k
    turned = np.array([any(i in s.reversed for s in KEY.scales.values()) for i in KEY.items])
    scale_of = np.array([next(j for j, s in enumerate(KEY.scales.values()) if i in s.items) for i in KEY.items])
    trait = rng.normal(size=(pupils * waves, len(KEY.scales)))[:, scale_of]
    value = np.clip(np.rint(3 + 0.7 * trait + 0.8 * rng.normal(size=trait.shape)), 1, 5)
    value = np.where(turned, 6 - value, value)
    value[rng.random(value.shape) < missing] = np.nan
    pupil = np.repeat(np.arange(pupils), waves * k)
    code = pd.Categorical.from_codes
    columns = {
        name: code(pupil // 25, np.arange(pupils // 25 + 1).astype(str)) for name in ("teacher", "class", "school")
    }
    return pd.DataFrame(
        {
            "pupil": code(pupil, np.arange(pupils).astype(str)),
            **columns,
            "arm": code(pupil % 2, ["a", "b"]),
            "wave": code(np.tile(np.repeat(np.arange(waves), k), pupils), WAVES),
            "informant": code(np.zeros(n, int), ["teacher"]),
            "outcome": code(np.zeros(n, int), ["strs"]),
            "item": code(np.tile(np.arange(k), pupils * waves), list(KEY.items)),
            "value": value.ravel(),
        }
    )


def best(work, times=3):
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def pandas_scores(answers: pd.DataFrame) -> pd.DataFrame:
    wide = answers.pivot_table(index=["pupil", "wave"], columns="item", values="value", observed=True)
    out = {}
    for name, scale in KEY.scales.items():
        items = wide[list(scale.items)].copy()
        for item in scale.reversed:
            items[item] = 6 - items[item]
        enough = items.notna().sum(axis=1) >= scale.missing.needed(len(scale.items))
        out[name] = (items.mean(axis=1) * len(scale.items)).where(enough)
    return pd.DataFrame(out)


def pingouin_items(items: pd.DataFrame) -> tuple[float, pd.DataFrame]:
    value = pingouin.cronbach_alpha(items)[0]
    rows = {}
    for item in items:
        others = items.drop(columns=item)
        rows[item] = (items[item].corr(others.sum(axis=1)), pingouin.cronbach_alpha(others)[0])
    return value, pd.DataFrame(rows, index=["item_rest", "alpha_if_deleted"]).T


def r_times(items: pd.DataFrame) -> tuple[float, float] | None:
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        items.to_csv(Path(folder) / "x.csv", index=False)
        (Path(folder) / "x.R").write_text(R)
        done = subprocess.run(
            ["Rscript", f"{folder}/x.R", f"{folder}/x.csv"], capture_output=True, text=True, check=False, timeout=540
        )
    return tuple(map(float, done.stdout.split()[-2:])) if done.returncode == 0 else None


def main(pupils: int) -> None:
    answers = simulate(pupils)
    print(f"{pupils:,} pupils x {len(KEY.items)} items x {len(WAVES)} waves = {len(answers):,} answers, 2 % missing")
    mine, theirs = score(answers, "strs", KEY), pandas_scores(answers)
    for name in KEY.scales:
        found = mine.loc[mine["scale"] == name, "score"]
        agree(
            [found.count(), found.mean(), found.std()], [theirs[name].count(), theirs[name].mean(), theirs[name].std()]
        )
    a, b = best(lambda: score(answers, "strs", KEY)), best(lambda: pandas_scores(answers), 1)
    told("scores of every scale", a, "pandas pivot, without the total", b)
    whole = pd.concat([item_matrix(answers, "strs", KEY, s, "pre", "teacher") for s in KEY.scales], axis=1)
    for missing, items in (("complete", whole.dropna()), ("pairwise", whole)):
        value, table = pingouin_items(items)
        agree(alpha(items, missing).estimate, value)
        if missing == "complete":
            agree(item_statistics(items)[table.columns], table)
        a = best(lambda i=items, m=missing: (alpha(i, m), item_statistics(i, m)))
        told(f"alpha and item statistics, {missing}", a, "pingouin loop", best(lambda i=items: pingouin_items(i), 1))
    one = item_matrix(answers, "strs", KEY, "conflict", "pre", "teacher").dropna()
    a, c = best(lambda: (alpha(one), item_statistics(one))), best(lambda: omega(one.to_numpy()))
    r = r_times(one)
    if r is None:
        print(f"omega of 12 items: {c:.3f} s; Rscript with psych and lavaan is not here to compare with")
        return
    told("alpha and item statistics of 12 items", a, "R psych::alpha", r[0])
    told("omega of 12 items with its interval", c, "R lavaan::cfa", r[1])


def told(what: str, mine: float, other: str, theirs: float) -> None:
    print(f"{what:<42} {mine:7.3f} s   {other} {theirs:.3f} s   ratio {theirs / mine:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
