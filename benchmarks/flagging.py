"""What a count of flagged pupils tells, and whether the interval of a share covers: the methods on simulated pupils.

Run as ``python benchmarks/flagging.py --reps 600 --write`` (about ten minutes); ``--render`` writes the page again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from werkbank.statistics.shares import share
from werkbank.study.underachievement import Cutoff
from werkbank.underachievement.criteria import Criteria, Measure
from werkbank.underachievement.methods import find

SEED = 20261130
RAW = Path(__file__).with_suffix(".json")
ABLE, ACHIEVED = Measure("able", basis="ability"), Measure("achieved")
METHODS = {name: Criteria(name, ABLE, ACHIEVED) for name in ("absolute", "difference", "regression")}
TOP, ALL = Cutoff(rule="quantile", value=0.90), None
SCHOOLS, ICCS, SIZES = (4, 6, 10, 20, 40), (0.0, 0.1, 0.25), (15, 60)
CELLS = {"top 10 %, difference": ("difference", TOP), "top 10 %, regression": ("regression", TOP),
         "all pupils, difference": ("difference", ALL), "all pupils, regression": ("regression", ALL)}  # fmt: skip


def pupils(rng, schools, icc=0.0, *, size=None, r=0.6, under=0.0, drop=1.0):
    """Pupils whose ability and achievement correlate r; a share `under`, drawn at random, achieves `drop` SD less."""
    sizes = rng.integers(*SIZES, schools) if size is None else np.full(schools, size)
    school = np.repeat(np.arange(schools), sizes)
    between = rng.multivariate_normal([0, 0], [[icc, r * icc], [r * icc, icc]], schools)[school]
    within = rng.multivariate_normal([0, 0], [[1 - icc, r * (1 - icc)], [r * (1 - icc), 1 - icc]], len(school))
    able, achieved = (between + within).T
    low = rng.random(len(school)) < under
    return pd.DataFrame({"able": able, "achieved": achieved - drop * low, "school": school, "under": low})


def what_a_count_tells(reps):
    """Shares flagged when nobody, a tenth or three tenths underachieve, and how many of those flagged do."""
    made = {}
    for under in (0.0, 0.1, 0.3):
        for drop in (1.0, 2.0) if under else (0.0,):
            rng = np.random.default_rng([SEED, int(100 * under), int(drop)])
            rows = {}
            for _ in range(max(reps // 20, 10)):
                table = pupils(rng, 100, size=100, under=under, drop=drop)
                for gate, able in (("top 10 %", TOP), ("all pupils", ALL)):
                    for name, criteria in METHODS.items():
                        rows.setdefault(f"{gate}, {name}", []).append(_told(table, replace(criteria, able=able)))
            cells = {name: np.nanmean(values, axis=0).round(4).tolist() for name, values in rows.items()}
            made[f"{under:.0%}" + (f", {drop:g} SD" if under else "")] = cells
    return made


def _told(table, criteria):
    """Return the share flagged, the share under normality, of those flagged who underachieve, and of those who are."""
    found = find(table.drop(columns="school"), criteria)
    able = found.table["able"].to_numpy(bool)
    flags = found.table["flag"].fillna(value=False).to_numpy(bool)
    under = table["under"].to_numpy()
    right = under[flags].mean() if flags.any() else np.nan
    hit = flags[under & able].mean() if (under & able).any() else np.nan
    return [found.share, found.chance, right, hit]


def coverage(reps):
    """How often 95 % intervals of the share flagged hold the share of all schools there could be."""
    made = {}
    for icc in ICCS:
        truth = _truth(icc)
        for schools in SCHOOLS:
            rng = np.random.default_rng([SEED, int(100 * icc), schools])
            hits = {name: [] for name in CELLS}
            for _ in range(reps):
                table = pupils(rng, schools, icc)
                for name, (method, able) in CELLS.items():
                    hits[name].append(_covers(find(table, replace(METHODS[method], able=able)), truth[name]))
            made[f"{schools} schools, ICC {icc:g}"] = {
                name: np.mean(values, axis=0).round(4).tolist() for name, values in hits.items()
            }
            print(schools, icc, file=sys.stderr)
    return made


def _truth(icc):
    table = pupils(np.random.default_rng([SEED, 7]), 20_000, icc, size=38)
    return {name: find(table, replace(METHODS[m], able=able)).share for name, (m, able) in CELLS.items()}


def _covers(found, truth):
    """Return whether schools' and pupils' intervals hold the truth, and how wide they are."""
    able = found.table["able"].to_numpy(bool)
    alone = share(found.table["flag"].fillna(value=False).to_numpy(bool)[able])
    known = found.ci_low <= truth <= found.ci_high
    return [known, alone.low <= truth <= alone.high, found.ci_high - found.ci_low, alone.high - alone.low]


COUNTED = (
    "who underachieve",
    "looked at, method",
    "flagged",
    "under normal scores",
    "of flagged: do",
    "of those: flagged",
)
COVERED = ("cell", "looked at, method", "by schools", "pupils independent", "width", "width, independent")


def head(columns):
    """Return the head of a table."""
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def page(found):
    """Return both tables as Markdown."""
    lines = [INTRODUCTION.format(reps=found["reps"]), *head(COUNTED)]
    for who, cells in found["count"].items():
        for name, values in cells.items():
            lines.append(f"| {who} | {name} | {' | '.join('' if np.isnan(v) else f'{v:.3f}' for v in values)} |")
    lines += ["", COVERAGE.format(se=round((0.05 * 0.95 / found["reps"]) ** 0.5, 3)), *head(COVERED)]
    for cell, methods in found["coverage"].items():
        for name, values in methods.items():
            lines.append(f"| {cell} | {name} | {' | '.join(f'{v:.3f}' for v in values)} |")
    return "\n".join(lines) + "\n"


INTRODUCTION = """# Flagging: what a count tells, and how sure a share is

Written by `python benchmarks/flagging.py --reps {reps} --write` (seed and raw numbers: `benchmarks/flagging.json`).
Ability and achievement are normal and correlate .6; the threshold is one (residual) SD.

## What a count of flagged pupils tells

10,000 pupils at a time. A share of them, drawn at random, achieves one or two SD less than without that. "Under
normal scores" is what a report sets beside the share: it is computed from the correlation seen, and moves along with
the share, because those who achieve less widen the spread of which the threshold is a multiple. The last two columns
say which part of the pupils flagged does underachieve, and which part of those who do is flagged. With a drop of one
SD the regression flags about 16 % whether nobody underachieves or three tenths of the pupils do: the list changes,
its length does not. So a share near that under normal scores does not say that nobody underachieves, and a share
above it does not say who does.
"""

COVERAGE = """## Coverage of 95 % intervals

Schools of 15 to 59 pupils; ability and achievement have the ICC shown. The truth is the share in 20,000 schools, so
that the interval must also carry that thresholds were estimated from these pupils. "By schools" is what reports print
(Korn and Graubard), "pupils independent" is Clopper and Pearson's. Monte-Carlo SE at .95: {se}. Intervals by schools
are on the safe side, because a threshold that is estimated from the same pupils takes part of the differences between
schools away; those that take pupils as independent fall below .95 from an ICC of .1 on.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=40)
    parser.add_argument("--write", action="store_true", help="keep the numbers and write docs/flagging.md")
    parser.add_argument("--render", action="store_true", help="simulate nothing, only write the page again")
    asked, start = parser.parse_args(), time.perf_counter()
    if asked.render:
        found = json.loads(RAW.read_text(encoding="utf-8"))
    else:
        found = {"reps": asked.reps, "seed": SEED, "count": what_a_count_tells(asked.reps)}
        found["coverage"] = coverage(asked.reps)
    print(page(found))
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    if asked.write or asked.render:
        RAW.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (RAW.parents[1] / "docs" / "flagging.md").write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
