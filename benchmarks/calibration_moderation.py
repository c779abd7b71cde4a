"""Whether tests and intervals for whom, along which way and among whom hold their level, over designs of schools.

``python benchmarks/calibration_moderation.py`` runs every cell in a quick size and prints the ranges; ``--reps 2000``
the full one, ``--only pupils`` one family; ``--write`` keeps the numbers in calibration_moderation.json and writes
docs/calibration_moderation.md.

Slopes within classes are computed thousands of studies side by side from class means and cross-products, and some
studies of every cell by the function for one study too, which must agree; the other families study by study.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
from calibration_designs import SPREADS, TWO, agree, classes, p_of, sizes_of, study

from werkbank.effects.classes import slopes_difference
from werkbank.effects.leading import Plan
from werkbank.effects.mediation import mediated
from werkbank.effects.taking_part import taking_part
from werkbank.statistics import interaction
from werkbank.statistics.class_crossproducts import cross_contrast, cross_fit
from werkbank.statistics.unit_means import SlopeChoice

RAW = Path(__file__).with_suffix(".json")
BOUND = 0.065
GRID = np.linspace(-2, 2, 81)  # SDs of the moderator in which the Johnson-Neyman region is looked at
SLOW = {"teachers": 0.5, "mixed": 0.5, "ways": 0.5, "taking part": 0.5}


def line_tests(line, df, built_in, centre):
    """P values at -1, 0 and +1 SD of the moderator, and the least within 2 SD: what a Johnson-Neyman region claims."""
    se = np.sqrt(line.v_level[:, None] + 2 * GRID * line.cov[:, None] + GRID**2 * line.v_slope[:, None])
    truth = built_in * (centre[:, None] + GRID)
    p = p_of(line.level[:, None] + GRID * line.slope[:, None] - truth, se, df[:, None])
    at = {f"difference at {x:+d} SD": p[:, np.argmin(np.abs(GRID - x))] for x in (-1, 0, 1)}
    return at | {"anywhere within 2 SD": p.min(axis=1)}


def pupils_cell(rng, reps, *, n, sizes, slope_sd, built_in=0.0, apart=0.0, context=0.0, beside=False, icc=0.15):  # noqa: PLR0913
    """A moderator of pupils: its interaction and the differences along it, also at equal class means (`beside`).

    `context`: what a class of one point more adds beside the pupils' own slope; `apart`: how far the arms' classes lie
    from each other on the moderator.
    """
    arm = np.repeat([0, 1], n)
    m = sizes_of(rng, arm, sizes, reps, 0.0)
    slopes = 0.5 + built_in * (arm == 0) + rng.normal(size=m.shape) * np.array(slope_sd)[arm]
    sd_w = (1 - icc) ** 0.5
    sxx = rng.chisquare(m - 1) * sd_w**2
    sxy = slopes * sxx + 0.8 * rng.normal(size=m.shape) * np.sqrt(sxx)
    x = rng.normal(size=m.shape) * icc**0.5 + rng.normal(size=m.shape) * sd_w / np.sqrt(m) + apart * (arm == 0)
    y = rng.normal(size=m.shape) * icc**0.5 + (slopes + context) * x + 0.8 * rng.normal(size=m.shape) / np.sqrt(m)
    split, nothing = np.eye(2)[arm], np.zeros((*m.shape, 0))
    cross, moments = sxx[..., None, None] * split[:, :, None] * split[:, None, :], sxy[..., None] * split
    made = interaction.ModeratedClasses(("a", "b"), arm, cross, moments, y, x, nothing)
    fit, w = cross_fit(cross, moments, arm), np.array([1.0, -1.0])
    value, parts, df_bm, df_welch = cross_contrast(fit, w)
    df_slope = np.fmin(df_bm, df_welch)
    p = {"interaction": p_of(value - built_in, np.sqrt(parts.sum(-1)), df_slope)}
    columns = x[..., None] if beside else None
    centre = x.mean(axis=-1)
    line = interaction.difference_line(made, fit, w, centre, columns)
    p |= line_tests(line, np.fmin(line.df, df_slope), built_in, centre)
    for i in range(3):
        one = interaction.ModeratedClasses(("a", "b"), arm, cross[i], moments[i], y[i], x[i], nothing[i])
        alone = interaction.interaction_within(
            one, TWO, [float(centre[i]) - 1], beside=x[i][:, None] if beside else None
        )
        if not built_in and alone.interaction.p is not None:
            agree(alone.interaction.p, p["interaction"][i])
            agree(next(iter(alone.effects.values())).p, p["difference at -1 SD"][i])
    return p


def teachers_cell(rng, reps, *, n, icc, spread=(1, 1), apart=0.0, covariates=0):
    """A moderator of teachers by rule K: interaction, differences along it, whether a region claims anything."""
    units = classes(
        rng, np.repeat([0, 1], n), reps, icc=icc, spread=spread, sizes="5-35", unit_level=1 + covariates, apart=apart
    )
    found = {name: [] for name in ("interaction", "difference at -1 SD", "difference at +0 SD", "difference at +1 SD")}
    claims = []
    for i in range(reps):
        made = interaction.interaction_between(study(units, i), "v0", TWO, [-1.0, 0.0, 1.0])
        found["interaction"].append(made.interaction.p)
        for x in (-1, 0, 1):
            found[f"difference at {x:+d} SD"].append(made.effects[float(x)].p if made.effects else None)
        claims.append(0.0 if made.effects and _claims(made.region) else 1.0)
    tests = {name: np.array([1.0 if p is None else p for p in values]) for name, values in found.items()}
    return tests | {"anywhere within 2 SD": np.array(claims)}


def _claims(region):
    """Whether a region holds a value within 2 SD where the difference excludes 0."""
    if region.note:
        return region.note == "everywhere"
    if region.between:
        return region.high > -2 and region.low < 2
    return region.low > -2 or region.high < 2


def pupils_in_classes(rng, n, sizes, icc):
    """Return arm, class and pre-test of pupils."""
    arm = np.repeat([0, 1], n)
    m = sizes_of(rng, arm, sizes, 1, 0.0)[0].astype(int)
    of = np.repeat(np.arange(len(arm)), m)
    x = rng.normal(0, icc**0.5, len(arm))[of] + rng.normal(0, (1 - icc) ** 0.5, len(of))
    return pd.DataFrame({"arm": np.array(["a", "b"])[arm[of]], "unit": [f"{k:03d}" for k in of], "pre": x}), of


def mixed_cell(rng, reps, *, n, sizes, slope_sd, icc=0.15):
    """The row beside: a mixed model with slopes that differ between classes, Kenward-Roger."""
    p = []
    for _ in range(reps):
        rows, of = pupils_in_classes(rng, n, sizes, icc)
        arm = (rows["arm"] == "b").to_numpy(int)
        slopes = 0.5 + rng.normal(size=sum(n))[of] * np.array(slope_sd)[arm]
        noise = rng.normal(0, icc**0.5, sum(n))[of] + rng.normal(0, 0.8, len(of))
        made = slopes_difference(rows.assign(post=slopes * rows["pre"] + noise), TWO, "pre")
        p.append(1.0 if made.p is None else made.p)
    return {"interaction": np.array(p)}


def plan_of(n):
    """Return the lead's plan for classes that were drawn by lot."""
    return Plan("units", TWO, True, (), SlopeChoice("within" if sum(n) < 16 else "between", ""))


def ways_cell(rng, reps, *, n, a, b, spread=(1, 1), icc=0.15):
    """The indirect way a·b between classes: how often its interval misses what was put in."""
    missed = []
    for i in range(reps):
        rows, of = pupils_in_classes(rng, n, "5-35", icc)
        arm = (rows["arm"] == "b").to_numpy(int)
        own = np.array(spread)[arm]
        m = a * (1 - arm) + own * rng.normal(0, icc**0.5, sum(n))[of] + rng.normal(0, 0.9, len(of))
        post = 0.5 * rows["pre"] + b * m + own * rng.normal(0, icc**0.5, sum(n))[of] + rng.normal(0, 0.8, len(of))
        made = mediated(plan_of(n), rows.assign(m=m, post=post), "m", seed=i)
        missed.append(0.0 if made.ci_low is not None and not made.ci_low <= a * b <= made.ci_high else 1.0)
    return {"interval misses": np.array(missed)}


def taking_part_cell(rng, reps, *, n, followed, mistaken, effect=0.4, icc=0.15):
    """The effect on those whom the lot moved: how often its interval misses, and how often it is refused as weak."""
    missed, refused = [], []
    for _ in range(reps):
        rows, of = pupils_in_classes(rng, n, "5-35", icc)
        drawn = (rows["arm"] == "a").to_numpy()
        had = (rng.random(len(of)) < np.where(drawn, followed, mistaken)).astype(float)
        noise = rng.normal(0, icc**0.5, sum(n))[of] + rng.normal(0, 0.8, len(of))
        rows = rows.assign(had=had, post=0.5 * rows["pre"] + effect * had + noise)
        made = taking_part(plan_of(n), rows, drawn=True).effect
        refused.append(0.0 if made.p is None else 1.0)
        missed.append(0.0 if made.p is not None and not made.ci_low <= effect <= made.ci_high else 1.0)
    return {"interval misses": np.array(missed), "refused": np.array(refused)}


DESIGNS = ((4, 4), (6, 6), (4, 12), (12, 12), (22, 22))


def grid():
    """Yield family, name of the cell, function and settings."""
    slopes = ((0.0, 0.0), (0.2, 0.2), (0.12, 0.3), (0.3, 0.0))
    for n, size, sd, built in product(DESIGNS, ("20", "5-35"), slopes, (0.0, 0.3)):
        name = f"{n[0]} v {n[1]}, {size}, slope SD {sd[0]} v {sd[1]}, built in {built}"
        yield "pupils", name, pupils_cell, {"n": n, "sizes": size, "slope_sd": sd, "built_in": built}
    for n, beside, apart in product(DESIGNS, (False, True), (0.0, 0.3)):
        name = f"{n[0]} v {n[1]}, {'at equal class means' if beside else 'not at equal class means'}, apart {apart}"
        cell = {"n": n, "sizes": "5-35", "slope_sd": (0.2, 0.2), "apart": apart, "context": 0.5, "beside": beside}
        yield "pupils, classes' slope steeper", name, pupils_cell, cell
    for n, icc, spread in product(((4, 4), (6, 6), (4, 12), (12, 12), (8, 16)), (0.05, 0.25), SPREADS):
        cell = {"n": n, "icc": icc, "spread": SPREADS[spread]}
        yield "teachers", f"{n[0]} v {n[1]}, ICC {icc}, {spread}", teachers_cell, cell
    for n in ((6, 6), (12, 12), (8, 16)):
        yield "teachers", f"{n[0]} v {n[1]}, apart .3", teachers_cell, {"n": n, "icc": 0.15, "apart": 0.3}
    for n, sd in product(((6, 6), (4, 12), (12, 12)), ((0.2, 0.2), (0.3, 0.0))):
        name = f"{n[0]} v {n[1]}, slope SD {sd[0]} v {sd[1]}"
        yield "mixed", name, mixed_cell, {"n": n, "sizes": "5-35", "slope_sd": sd}
    for n, ((a, b), spread) in product(((6, 6), (12, 12), (4, 12)), (((0.0, 0.0), "1:1"), ((0.6, 0.5), "2:1"))):
        name = f"{n[0]} v {n[1]}, a {a}, b {b}, {spread}"
        yield "ways", name, ways_cell, {"n": n, "a": a, "b": b, "spread": SPREADS[spread]}
    for n, (f, m) in product(((4, 4), (6, 6), (12, 12), (4, 12)), ((0.9, 0.0), (0.8, 0.4))):
        yield "taking part", f"{n[0]} v {n[1]}, {f} v {m}", taking_part_cell, {"n": n, "followed": f, "mistaken": m}


def simulated(reps, only, kept=None, *, missing=False):
    """Return {family: {cell: {"reps": studies, test: rate of p < .05}}} of the grid; `kept` holds each as it ends.

    With `missing` only cells that `kept` has no numbers of.
    """
    found = {}
    known = json.loads(kept.read_text(encoding="utf-8")) if missing and kept is not None else {}
    for family, name, cell, settings in grid():
        if only in ("", family) and name not in known.get(family, {}):
            studies = max(20, round(reps * SLOW.get(family, 1)))
            made = cell(np.random.default_rng(crc32(f"{family} {name}".encode())), studies, **settings)
            rates = {test: round(float(np.mean(p < 0.05)), 4) for test, p in made.items()}
            found.setdefault(family, {})[name] = {"reps": studies, **rates}
            print(family, name, rates, flush=True)
            if kept is not None:  # a run that is broken off loses no cell
                old = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
                old.setdefault(family, {})[name] = found[family][name]
                kept.write_text(json.dumps(old, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


NO_ERROR = ("anywhere within 2 SD", "refused")  # looked at many values at once; a refusal
BESIDE = ("mixed",)  # stands beside, and where it fails is what its row says


def above(cell, test):
    """Whether a rate lies above .065 by more than two Monte-Carlo errors."""
    return cell[test] - 2 * (0.05 * 0.95 / cell["reps"]) ** 0.5 > BOUND


def page(found):
    """Return all cells as Markdown."""
    tested = [
        (f"{family}, {name}, {test}", cell, test)
        for family, cells in found.items()
        for name, cell in cells.items()
        for test in cell
        if test != "reps" and test not in NO_ERROR and family not in BESIDE and "not at equal" not in name
    ]
    over = [f"- {name}: {cell[test]:.3f}" for name, cell, test in tested if above(cell, test)]
    lines = [
        INTRODUCTION,
        f"Above .065 by more than two Monte-Carlo errors: {len(over)} of {len(tested)} rates.\n",
        *over,
    ]
    lacking = [f"{family}, {name}" for family, name, *_ in grid() if name not in found.get(family, {})]
    lines += ["", f"Cells of the grid that were not run: {'; '.join(lacking)}."] if lacking else []
    for family, cells in found.items():
        tests = list(dict.fromkeys(t for c in cells.values() for t in c))
        lines += ["", f"## {family[0].upper()}{family[1:]}", "", f"| cell | {' | '.join(tests)} |"]
        lines.append("|---" * (len(tests) + 1) + "|")
        for name, cell in cells.items():
            values = [f"{cell[t]:.3f}" if t != "reps" else str(cell[t]) for t in tests]
            lines.append(f"| {name} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"


INTRODUCTION = """# Calibration of for whom, along which way and among whom

Written by `python benchmarks/calibration_moderation.py --reps 2000 --write` (raw numbers:
`benchmarks/calibration_moderation.json`). Every rate is how often a test at .05 rejects what is true, or a 95 %
interval misses it; an interval covers in one minus the rate. Names of cells: units per arm, pupils a class, SD of the
slopes of classes in each arm, ratio of the spread of the arms' classes, and what was built in.

- *Pupils*: a characteristic of pupils where classes were assigned: slopes within classes, CR2, the smaller of
  Bell-McCaffrey's and Welch's df. The differences at a value (simple slopes) and the Johnson-Neyman borders come from
  the same fit, on one df. "Anywhere within 2 SD" is how often a region claims a difference, or misses the true one, at
  any value between two SDs below and above the mean: borders look at many values at once, and no correction is made
  for that. It is no test at .05; it shows how far a single border may be trusted.
- *Pupils, classes' slope steeper*: a class that is one point higher adds .5 beside the pupils' own slope, and the arms'
  classes lie apart. Differences are wrong unless they are those at equal class means, as the report gives them whenever
  its main analysis takes the slope between classes.
- *Teachers*: a characteristic of teachers or classes by rule K (unit means, arm by characteristic, HC2).
- *Mixed*: the row beside, a mixed model with slopes that differ between classes and Kenward-Roger's test. It takes
  classes of all arms to vary alike and fails where number and spread differ together (4 v 12: 300 studies).
- *Ways*: the indirect way a·b between classes. *Taking part*: the effect on those whom the lot moved (two stages, by
  the rule); "refused" is the share in which the first stage was called weak, and no interval was given.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=200)
    parser.add_argument("--only", default="", help="one family of cells")
    parser.add_argument("--missing", action="store_true", help="with --write: only cells without numbers")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write docs/calibration_moderation.md")
    parser.add_argument("--render", action="store_true", help="simulate nothing, only write the page again")
    asked, start = parser.parse_args(), time.perf_counter()
    if not asked.render:
        simulated(asked.reps, asked.only, RAW if asked.write else None, missing=asked.missing)
        print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    if asked.write or asked.render:
        kept = json.loads(RAW.read_text(encoding="utf-8"))
        (RAW.parents[1] / "docs" / "calibration_moderation.md").write_text(page(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
