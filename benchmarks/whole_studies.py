"""Whether the fast functions of calibration_designs.py say what `werkbank.estimate` says, on whole studies.

``python benchmarks/whole_studies.py`` makes 500 studies over all designs, as tables of pupils, and compares every p of
a lead with the one computed side by side. ``--raw 50`` besides writes so many studies of each of ten cells as raw files
and reads them back as a user's would be (check, read, score, estimate), and counts rejections. ``--write`` keeps both
in whole_studies.json, from which calibration.py makes its page.

Classes of the calibration exist as sufficient statistics only; `pupils_of` makes pupils who have exactly these.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import calibration_designs as fast
import numpy as np
import pandas as pd
import yaml

import werkbank
from werkbank.statistics.blocks import block_differences, lead_in_blocks, mean_difference
from werkbank.statistics.unit_means import adjust, choose_slope, compare_many
from werkbank.statistics.units import Units
from werkbank.study.model import Study

RAW = Path(__file__).with_suffix(".json")
SEED = 20261130
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Whole:
    """One study as pupils, and the p of its lead as computed side by side with others."""

    study: dict
    pupils: pd.DataFrame
    p: float


def pupils_of(units: Units, rng: np.random.Generator) -> pd.DataFrame:
    """Return pupils (unit, arm, post, covariates) with exactly the sizes, means and cross-products of `units`."""
    n = units.sizes.astype(int)
    code, m = np.repeat(np.arange(len(n)), n), units.n_pupil_level
    drawn = rng.normal(size=(len(code), m + 1))
    drawn -= np.stack([np.bincount(code, column) for column in drawn.T], axis=1)[code] / n[code][:, None]
    basis = np.linalg.qr(drawn)[0]  # columns that are 0 on average in every unit
    own = basis[:, :m] @ np.linalg.cholesky(units.sxx).T if m else np.zeros((len(code), 0))
    rest = basis[:, m] * rng.normal(0, len(code) ** 0.5)
    x, y = units.x[code].copy(), units.y[code] + rest
    x[:, :m] += own
    if m:
        y += own @ np.linalg.solve(units.sxx, units.sxy)
    named = {"unit": np.array(units.labels)[code], "arm": np.array(units.arms)[units.arm[code]], "post": y}
    table = pd.DataFrame(named | {name: x[:, i] for i, name in enumerate(units.names)})
    return table.set_axis([f"p{i:05d}" for i in range(len(table))], axis=0).rename_axis("pupil")


def declared(*, drawn=True, by="class", arms=("a", "b"), covariates=(), columns=(), blocks=False):
    """Return the study file of a generated study."""
    named = {"pupil": "pupil", "arm": "arm", "wave": "wave"} | ({} if by == "pupil" else {by: "unit"})
    return {
        "title": "generated",
        "language": "en",
        "design": {"kind": "randomised" if drawn else "controlled", "assigned_by": by, "blocks": blocks},
        "files": [{"path": "raw.csv"}],
        "columns": named | {name: name for name in columns},
        "arms": {arm: "intervention" if i == 0 else "control" for i, arm in enumerate(arms)},
        "outcomes": [{"name": "y", "column": "y", "range": [-60, 60], "better": "higher", "role": "secondary"}],
        "covariates": list(covariates),
    }


# -- generated studies -------------------------------------------------------------------------------------------------


def of_classes(rng, i):
    """Classes, drawn or not, of equal and unequal number, size and spread, with covariates at both levels."""
    n = [(2, 2), (3, 3), (4, 4), (6, 6), (10, 10), (3, 9), (4, 16)][i % 7]
    drawn = i % 3 > 0 or min(n) < 3
    settings = {
        "icc": (0.05, 0.15, 0.25)[i % 3],
        "sizes": ("20", "5-35", "5 v 30", "5")[i % 4],
        "spread": ((1, 1), (2, 1))[i % 2],
        "lost": 0.2 * (i % 4 == 1),
        "skewed": i % 5 == 0,
        "covariates": int(i % 4 == 3),
        "unit_level": int(i % 5 == 4 and sum(n) > 12),
    }
    units = fast.classes(rng, np.repeat([0, 1], n), 2, **settings)
    adjusted = adjust(units, choose_slope(n, drawn=drawn, assigned=sum(n)))
    found, df = compare_many(adjusted, fast.TWO)
    study = declared(drawn=drawn, covariates=units.names[1:])
    return Whole(study, pupils_of(fast.study(units, 1), rng), fast.p_of(found.value, found.se, df)[1])


def of_three_arms(rng, i):
    """Three arms, of which one is compared with the first control group."""
    n = [(3, 3, 3), (4, 4, 4), (6, 6, 6), (4, 8, 8)][i % 4]
    units = fast.classes(rng, np.repeat([0, 1, 2], n), 2, icc=0.15, sizes="5-35", spread=(2, 1, 1))
    adjusted = adjust(units, choose_slope(n[:2], drawn=True, assigned=sum(n)))
    found, df = compare_many(adjusted, fast.TWO)
    study = declared(arms=("a", "b", "c"))
    return Whole(study, pupils_of(fast.study(units, 1), rng), fast.p_of(found.value, found.se, df)[1])


def of_blocks(rng, i):
    """Pairs and strata of classes."""
    n, k = [((1, 1), 5), ((1, 1), 8), ((2, 2), 3), ((2, 2), 8), ((1, 3), 5), ((1, 1), 12)][i % 6]
    arm, of = np.tile(np.repeat([0, 1], n), k), np.repeat(np.arange(k), sum(n)).astype(str)
    units = fast.classes(rng, arm, 2, icc=0.15, sizes=("20", "5-35")[i % 2], spread=((1, 1), (2, 1))[i % 2])
    chosen = choose_slope([k * m for m in n], drawn=True, assigned=len(arm))
    adjusted = adjust(units, chosen, columns=(of[:, None] == np.unique(of)[1:]).astype(float))
    if lead_in_blocks("pairs" if n == (1, 1) else "strata", k, equal=n[0] == n[1]) == "block_differences":
        value, se, df, _ = mean_difference(*block_differences(adjusted, of, fast.TWO))
    else:
        found, df = compare_many(adjusted, fast.TWO)
        value, se = found.value, found.se
    pupils = pupils_of(fast.study(units, 1), rng)
    pupils = pupils.assign(block=pupils["unit"].map(dict(zip(units.labels, of, strict=True))))
    return Whole(declared(blocks="block"), pupils, fast.p_of(value, se, df)[1])


def of_pupils(rng, i):
    """Pupils drawn one by one, all together or within schools."""
    sites = (1, 4, 8)[i % 3]
    m = rng.integers(8, 24, sites)
    site = np.repeat(np.arange(sites), m)
    arm = np.concatenate([rng.permutation(np.arange(k) % (2 + i % 2) > 0).astype(int) for k in m])
    x = rng.normal(size=(2, len(arm)))
    y = 0.3 * site + 0.6 * x + 0.8 * rng.normal(size=x.shape) * np.where(arm == 0, 1 + i % 2, 1)
    labels = tuple(f"{j:05d}" for j in range(len(arm)))
    alone = {"has_pre": True, "n_pupil_level": 1, "sxx": np.zeros((2, 1, 1)), "sxy": np.zeros((2, 1))}
    units = Units(labels, ("a", "b"), arm, np.ones(x.shape), y, x[..., None], ("pre",), **alone)
    adjusted = adjust(units, "between", columns=site[:, None] == np.arange(1, sites), units_per_covariate=0)
    found, df = compare_many(adjusted, fast.TWO)
    pupils = pd.DataFrame({"arm": np.array(["a", "b"])[arm], "post": y[1], "pre": x[1], "school": site.astype(str)})
    pupils = pupils.set_axis([f"p{j:05d}" for j in range(len(pupils))], axis=0).rename_axis("pupil")
    study = declared(by="pupil", columns=["school"] * (sites > 1), blocks="school" if sites > 1 else False)
    pupils = pupils.assign(block=pupils["school"]) if sites > 1 else pupils.drop(columns="school")
    return Whole(study, pupils, fast.p_of(found.value, found.se, df)[1])


KINDS = {
    "classes": (of_classes, 240),
    "three arms": (of_three_arms, 60),
    "pairs and strata": (of_blocks, 100),
    "pupils, also within schools": (of_pupils, 100),
}


def lead_of(whole: Whole):
    """Return the lead that `werkbank.estimate` gives a whole study."""
    pupils = whole.pupils.rename(columns={"unit": "class"})
    waves = [("pre", "pre"), ("post", "post")]
    scores = pd.concat(
        [
            pd.DataFrame(
                {"pupil": pupils.index, "wave": w, "outcome": "y", "scale": "y", "score": pupils[c].to_numpy()}
            )
            for w, c in waves
        ]
    )
    study = Study.model_validate(whole.study)
    found = werkbank.estimate(study, scores, pupils.drop(columns=["pre", "post"]), 1)
    return next(e for e in found if e.kind == "headline")


def compared(per_kind, seed=SEED):
    """Return {kind: (studies, largest difference in p)} of so many studies of every kind."""
    made = {}
    for number, (kind, (generate, _)) in enumerate(KINDS.items()):
        rng, apart = np.random.default_rng([seed, number]), []
        for i in range(per_kind[kind]):
            whole = generate(rng, i)
            lead = lead_of(whole)
            if lead.p is None:
                raise RuntimeError(f"{kind} {i}: no test ({lead.note}), where side by side there is one")
            apart.append(abs(lead.p - whole.p))
        made[kind] = (len(apart), float(max(apart)))
    return made


# -- the whole way from raw files --------------------------------------------------------------------------------------


def as_files(whole: Whole, folder: Path):
    """Write a generated study as a user would have it: one row a pupil and wave, and a study file."""
    table = whole.pupils.reset_index()
    others = [c for c in table if c not in {"pre", "post"}]
    long = table.melt(others, ["pre", "post"], "wave", "y")
    folder.mkdir(parents=True, exist_ok=True)
    long.to_csv(folder / "raw.csv", index=False)
    said = whole.study | {"waves": {"pre": "pre", "post": "post"}}
    (folder / "study.yaml").write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")


def from_files(folder: Path):
    """Return the lead of a study that is read from its files."""
    study = werkbank.load_study(folder / "study.yaml")
    intake = werkbank.read_answers(study)
    found = werkbank.estimate(study, werkbank.score_study(intake).table, intake.pupils, 1)
    return next(e for e in found if e.kind == "headline")


RAW_CELLS = {
    "2 v 2 classes of 20, skewed": (of_classes, 0),
    "3 v 3 classes of 5 to 35, spread 2:1": (of_classes, 1),
    "4 v 4 classes of 5 v 30": (of_classes, 2),
    "4 v 16 classes of 5 to 35, spread 2:1": (of_classes, 13),
    "3 v 9 classes of 5 to 35, spread 2:1, skewed": (of_classes, 5),
    "6 v 6 classes of 5, not drawn, a covariate, spread 2:1": (of_classes, 3),
    "3 v 3 v 3 classes of 5 to 35, spread 2:1:1": (of_three_arms, 0),
    "8 pairs of 5 to 35, spread 2:1": (of_blocks, 1),
    "3 strata of 2 v 2 classes of 20": (of_blocks, 2),
    "pupils in 8 schools, 8 to 24 each": (of_pupils, 2),
}


def raw_route(reps, seed=SEED):
    """Return {cell: (studies, rejected, largest difference in p from the fast function)}."""
    made = {}
    for number, (cell, (generate, i)) in enumerate(RAW_CELLS.items()):
        rng, p, apart = np.random.default_rng([seed, 100 + number]), [], []
        with tempfile.TemporaryDirectory() as folder:
            for r in range(reps):
                whole = generate(rng, i)
                as_files(whole, Path(folder) / str(r))
                lead = from_files(Path(folder) / str(r))
                p.append(1.0 if lead.p is None else lead.p)
                apart.append(abs(p[-1] - whole.p))
        made[cell] = (reps, int((np.array(p) < 0.05).sum()), float(max(apart)))
        print(f"{cell:32} {made[cell]}", flush=True)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=int, default=0, help="studies of each of ten cells that go by way of raw files")
    parser.add_argument("--write", action="store_true", help="keep the numbers in whole_studies.json")
    asked, start = parser.parse_args(), time.perf_counter()
    found = json.loads(RAW.read_text(encoding="utf-8")) if RAW.exists() else {}
    if asked.raw:
        found["raw"] = {"seed": SEED, "cells": raw_route(asked.raw)}
    else:
        found["compared"] = {"seed": SEED, "kinds": compared({kind: n for kind, (_, n) in KINDS.items()})}
    print(f"{json.dumps(found, indent=1)}\n{time.perf_counter() - start:.0f} s")
    if asked.write:
        RAW.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
