"""How often the answers that meet missing scores see an effect that is not there, and what they gain.

``python benchmarks/calibration_missing.py`` runs every cell in a quick size; ``--reps 1000`` the full one, ``--only
imputation`` one family; ``--write`` keeps the numbers in calibration_missing.json and writes docs/calibration_missing.md.

Studies are made pupil by pupil and lose scores as a school does (missing at random: more where the score before was
low, and more in one arm). The fast functions are given what `werkbank.estimate` would have made of them, and
``--check`` shows that both give the same answer.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
from scipy import special

from werkbank.effects import estimate
from werkbank.effects.imputing import BURN_IN, COPIES, FEWEST_DF, THIN
from werkbank.statistics.missing import Imputer
from werkbank.statistics.unit_means import adjust, choose_slope, compare_many
from werkbank.statistics.units import Units
from werkbank.study.model import Study

RAW = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).parents[1] / "docs" / "calibration_missing.md"
DESIGNS = ((3, 3), (6, 6), (4, 8), (10, 10))
SPREADS = {"1:1": (1, 1), "2:1": (2, 1), "1:2": (1, 2)}
TWO = {"T": 1.0, "C": -1.0}
WITHIN, BETWEEN = 0.6, 0.75


# -- one study, pupil by pupil ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pupils:
    """One study: class of every pupil, arm of every class (0 is the arm with the programme), scores with gaps."""

    code: np.ndarray
    arm: np.ndarray
    pre: np.ndarray
    post: np.ndarray
    full: np.ndarray


def pupils(rng, n, *, icc, spread, lost, pre_lost=0.0, effect=0.0):
    """Classes of 12 to 28 pupils; the share `lost` of the post-test by what was seen, `pre_lost` by nothing."""
    arm = np.repeat([0, 1], n)
    code = np.repeat(np.arange(len(arm)), rng.integers(12, 29, len(arm)))
    s = np.array(spread, dtype=float)[arm]
    ux, uy = rng.normal(size=(2, len(arm)))
    ex, ey = rng.normal(size=(2, len(code)))
    sd_b, sd_w = icc**0.5, (1 - icc) ** 0.5
    pre = sd_b * ux[code] + sd_w * ex
    of_class = s * (BETWEEN * ux + (1 - BETWEEN**2) ** 0.5 * uy)
    full = sd_b * of_class[code] + sd_w * (WITHIN * ex + (1 - WITHIN**2) ** 0.5 * ey) + effect * (arm[code] == 0)
    # logistic in the score before and the arm; the constant makes the share what was asked
    slope = -pre + 0.6 * (arm[code] == 0)
    low, high = -12.0, 12.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if special.expit(slope + middle).mean() < lost else (low, middle)
    post = np.where(rng.random(len(code)) < special.expit(slope + low), np.nan, full)
    pre = np.where(rng.random(len(code)) < pre_lost, np.nan, pre)
    return Pupils(code, arm, pre, post, full)


def table_of(one):
    """Return what `werkbank.estimate` takes: study, scores, pupils."""
    index = pd.Index([f"p{i:05d}" for i in range(len(one.code))], name="pupil")
    who = pd.DataFrame({"class": [f"k{c:03d}" for c in one.code], "arm": np.array(["T", "C"])[one.arm[one.code]]}, index)
    parts = [
        pd.DataFrame({"pupil": index, "wave": wave, "outcome": "y", "scale": "y", "score": score})
        for wave, score in (("pre", one.pre), ("post", one.post))
    ]
    study = {
        "title": "missing",
        "design": {"kind": "randomised", "assigned_by": "class", "blocks": False},
        "files": [{"path": "x.csv"}],
        "columns": {"pupil": "id", "class": "class", "arm": "arm"},
        "arms": {"T": "intervention", "C": "control"},
        "outcomes": [{"name": "y", "column": "y", "better": "higher", "role": "primary"}],
    }
    return Study.model_validate(study), pd.concat(parts, ignore_index=True), who


# -- many studies side by side ----------------------------------------------------------------------------------------


def units_side_by_side(arm, several):
    """Return Units of tables (code, y, x (n, m)) that have the same classes, each a study of its own."""
    j, k = len(arm), len(several)
    m = several[0][2].shape[1]
    sizes, y = np.zeros((k, j)), np.zeros((k, j))
    x, sxx, sxy = np.zeros((k, j, m)), np.zeros((k, m, m)), np.zeros((k, m))
    for i, (code, scores, covariates) in enumerate(several):
        sizes[i] = np.bincount(code, minlength=j)
        y[i] = np.bincount(code, scores, j) / sizes[i]
        x[i] = np.stack([np.bincount(code, c, j) for c in covariates.T], axis=1) / sizes[i][:, None]
        inner = covariates - x[i][code]
        sxx[i], sxy[i] = inner.T @ inner, inner.T @ (scores - y[i][code])
    names = ("pre", *(f"x{i}" for i in range(1, m)))
    return Units(tuple(f"{i:03d}" for i in range(j)), ("T", "C"), arm, sizes, y, x, names, True, m, sxx, sxy)


def ruled(arm, several, slope):
    """The headline rule for many tables: value, SE, df."""
    adjusted = adjust(units_side_by_side(arm, several), slope)
    found, df = compare_many(adjusted, TWO)
    return found.value, found.se, df


def p_of(value, se, df):
    """Two-sided p."""
    return 2 * special.stdtr(df, -np.abs(value) / se)


def half_width(se, df):
    """Half of a 95 % interval."""
    return se * special.stdtrit(df, 0.975)


def pooled_many(value, se, df):
    """Rubin's rules with Barnard and Rubin's df over the last axis: value, SE, df (those of statistics.missing)."""
    m = value.shape[-1]
    between, within, complete = value.var(axis=-1, ddof=1), (se**2).mean(axis=-1), df.mean(axis=-1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    return value.mean(axis=-1), np.sqrt(total), 1 / (share**2 / (m - 1) + 1 / observed)


def copies_of(one, seed):
    """Return the copies that `werkbank.effects.imputing` would make of a study without covariates."""
    # arms in the order in which they come, as there
    of_arm = one.arm[one.code]
    fixed = np.column_stack([of_arm == 1, of_arm == 0]).astype(float)
    scores = np.column_stack([one.pre, one.post])
    return Imputer(scores, fixed, one.code, of_arm).completed(COPIES, seed, burn_in=BURN_IN, thin=THIN)


def imputation(studies, slope, seeds):
    """Pooled value, SE and df of many studies with the same classes."""
    arm = studies[0].arm
    filled = [
        (one.code, copy[:, 1], copy[:, :1])
        for one, seed in zip(studies, seeds, strict=True)
        for copy in copies_of(one, seed)
    ]
    found = [part.reshape(len(studies), COPIES) for part in ruled(arm, filled, slope)]
    return pooled_many(*found)


def complete_pairs(studies, slope):
    """The lead among pupils with both scores."""
    kept = [(one, ~(np.isnan(one.pre) | np.isnan(one.post))) for one in studies]
    rows = [(one.code[k], one.post[k], one.pre[k, None]) for one, k in kept]
    return ruled(studies[0].arm, rows, slope)


def whole(one):
    """Whether every class has a pupil with both scores."""
    seen = ~(np.isnan(one.pre) | np.isnan(one.post))
    return np.bincount(one.code[seen], minlength=len(one.arm)).min() > 0


# -- families of cells ------------------------------------------------------------------------------------------------


def imputation_cell(rng, reps, *, n, drawn=True, **settings):
    """Type I (or coverage of an effect) of the imputed row, of complete pairs, and of the study without gaps."""
    studies = []
    while len(studies) < reps:
        if whole(one := pupils(rng, n, **settings)):
            studies.append(one)
    slope, truth = choose_slope(n, drawn=drawn, assigned=sum(n)), settings.get("effect", 0.0)
    value, se, df = imputation(studies, slope, rng.integers(0, 2**31, reps))
    given = df >= FEWEST_DF
    lead, lead_se, lead_df = complete_pairs(studies, slope)
    rows = [(one.code, one.full, np.nan_to_num(one.pre)[:, None]) for one in studies]
    full = ruled(studies[0].arm, rows, slope) if not settings.get("pre_lost") else None
    made = {
        "imputed": float((p_of(value - truth, se, df)[given] < 0.05).mean()),
        "pairs": float((p_of(lead - truth, lead_se, lead_df) < 0.05).mean()),
        "refused": float((~given).mean()),
        "width": float(np.median(half_width(se, df)[given]) / np.median(half_width(lead_se, lead_df))),
        "widest": float(half_width(se, df)[given].max()),
        "bias": float((value - truth).mean()),
        "df": float(np.median(df)),
    }
    if full is not None:
        made["no gaps"] = float((p_of(full[0] - truth, *full[1:]) < 0.05).mean())
    return made


def cells():
    """Every cell: family -> name -> settings."""
    made = {"imputation": {}}
    for n, icc, (name, spread), lost in product(DESIGNS, (0.1, 0.2), SPREADS.items(), (0.2, 0.3)):
        label = f"{n[0]} v {n[1]}, ICC {icc}, {name}, {round(100 * lost)} % lost"
        made["imputation"][label] = {"n": n, "icc": icc, "spread": spread, "lost": lost}
    return made


RUN = {"imputation": imputation_cell}


def run(reps, only, *, write):
    """Run the cells, each with a seed of its name, so that one cell can be run again by itself."""
    for family, of_family in cells().items():
        if only and family not in only.split(","):
            continue
        for name, settings in of_family.items():
            start = time.perf_counter()
            rng = np.random.default_rng(crc32(f"{family}/{name}".encode()))
            made = {"reps": reps, **RUN[family](rng, reps, **settings)}
            line = ", ".join(f"{k} {v:.3f}" for k, v in made.items())
            print(f"{family}: {name}: {line} ({time.perf_counter() - start:.0f} s)", flush=True)
            if write:
                keep(family, name, made)


def keep(family, name, made):
    """Put one cell into the raw numbers, beside those that are there."""
    kept = json.loads(RAW.read_text(encoding="utf-8")) if RAW.exists() else {}
    kept.setdefault(family, {})[name] = {k: round(v, 5) for k, v in made.items()}
    RAW.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=40)
    parser.add_argument("--only", default="", help="families, with commas")
    parser.add_argument("--write", action="store_true", help="keep the numbers, and write the page")
    args = parser.parse_args()
    run(args.reps, args.only, write=args.write)


if __name__ == "__main__":
    sys.exit(main())
