"""How often the answers that meet missing scores see an effect that is not there, and what they gain.

``python benchmarks/calibration_missing.py`` runs every cell in a quick size; ``--reps 4000`` the full one, ``--only
imputation`` one family; ``--write`` keeps the numbers in calibration_missing.json and writes the page of docs.

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

from werkbank.effects import imputing
from werkbank.effects.imputing import BURN_IN, COPIES, FEWEST_DF, THIN
from werkbank.effects.questions import questions
from werkbank.statistics.multilevel.over_waves import fit_over_waves, test_over_waves
from werkbank.statistics.unit_means import adjust, choose_slope, compare_many
from werkbank.statistics.units import Units
from werkbank.study.model import Study

RAW = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).parents[1] / "docs" / "calibration_missing.md"
DESIGNS = ((3, 3), (6, 6), (4, 8), (10, 10))
SPREADS = {"1:1": (1, 1), "2:1": (2, 1), "1:2": (1, 2)}
TWO = {"T": 1.0, "C": -1.0}
WITHIN, BETWEEN, SEATS, ALPHA = 0.6, 0.75, 28, 0.05


# -- many studies side by side, as pupils on a grid --------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """Many studies of the same classes: (studies, classes, seats), where `there` says which seats have a pupil.

    `arm` (classes,), 0 the arm with the programme; `post_seen` and `pre_seen` say which scores are known.
    """

    arm: np.ndarray
    there: np.ndarray
    pre: np.ndarray
    post: np.ndarray
    pre_seen: np.ndarray
    post_seen: np.ndarray


def grid(rng, reps, *, n, icc, spread=(1, 1), lost=0.0, pre_lost=0.0, effect=0.0):
    """Classes of 12 to 28 pupils; the share `lost` of the post-test, at random given pre-test and arm."""
    arm = np.repeat([0, 1], n)
    shape = (reps, len(arm), SEATS)
    there = np.arange(SEATS) < rng.integers(12, SEATS + 1, shape[:2])[..., None]
    s = np.array(spread, dtype=float)[arm]
    ux, uy = rng.normal(size=(2, *shape[:2]))
    ex, ey = rng.normal(size=(2, *shape))
    sd_b, sd_w = icc**0.5, (1 - icc) ** 0.5
    pre = sd_b * ux[..., None] + sd_w * ex
    of_class = s * (BETWEEN * ux + (1 - BETWEEN**2) ** 0.5 * uy)
    post = sd_b * of_class[..., None] + sd_w * (WITHIN * ex + (1 - WITHIN**2) ** 0.5 * ey)
    post = post + effect * (arm == 0)[:, None]
    slope = -pre + 0.6 * (arm == 0)[:, None]
    low, high = np.full((reps, 1, 1), -12.0), np.full((reps, 1, 1), 12.0)
    for _ in range(30):  # the constant that makes the share of the study what was asked
        middle = (low + high) / 2
        share = (special.expit(slope + middle) * there).sum(axis=(1, 2)) / there.sum(axis=(1, 2))
        less = (share < lost)[:, None, None]
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    post_seen = there & ((rng.random(shape) >= special.expit(slope + low)) | (lost == 0))
    pre_seen = there & (rng.random(shape) >= pre_lost)
    # a class of which nothing is left would be another design
    post_seen[..., 0], pre_seen[..., 0] = True, True
    return Grid(arm, there, pre, post, pre_seen, post_seen)


def only(g, i):
    """Return some of the studies."""
    parts = (g.there, g.pre, g.post, g.pre_seen, g.post_seen)
    return Grid(g.arm, *(part[i] for part in parts))


def units_of_seats(arm, kept, y, x):
    """Return Units of the pupils `kept` (studies, classes, seats) with covariates x (m, studies, classes, seats)."""
    sizes = kept.sum(axis=-1).astype(float)
    means = [np.where(kept, v, 0.0).sum(axis=-1) / sizes for v in (y, *x)]
    inner = [np.where(kept, v - mean[..., None], 0.0) for v, mean in zip((y, *x), means, strict=True)]
    sxx = np.stack([np.stack([(a * b).sum(axis=(-2, -1)) for b in inner[1:]], -1) for a in inner[1:]], -2)
    sxy = np.stack([(a * inner[0]).sum(axis=(-2, -1)) for a in inner[1:]], -1)
    return _units(arm, sizes, means[0], np.stack(means[1:], axis=-1), sxx, sxy)


def _units(arm, sizes, y, x, sxx, sxy):
    """Units whose covariates are those of pupils, the pre-test first."""
    m = x.shape[-1]
    names = ("pre", *(f"x{i}" for i in range(1, m)))
    return Units(tuple(f"{i:03d}" for i in range(len(arm))), ("T", "C"), arm, sizes, y, x, names, True, m, sxx, sxy)


def ruled(units, slope):
    """The headline rule for many studies: value, SE, df."""
    found, df = compare_many(adjust(units, slope), TWO)
    return found.value, found.se, df


def pairs(g, slope):
    """The lead among pupils with both scores."""
    return ruled(units_of_seats(g.arm, g.pre_seen & g.post_seen, g.post, [g.pre]), slope)


def p_of(value, se, df):
    """Two-sided p."""
    return 2 * special.stdtr(df, -np.abs(value) / se)


def half_width(se, df):
    """Half of a 95 % interval."""
    return se * special.stdtrit(df, 0.975)


def pooled_many(value, se, df):
    """Rubin's rules with Barnard and Rubin's df over the first axis: value, SE, df (as statistics.missing)."""
    m = len(value)
    between, within, complete = value.var(axis=0, ddof=1), (se**2).mean(axis=0), df.mean(axis=0)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    return value.mean(axis=0), np.sqrt(total), 1 / (share**2 / (m - 1) + 1 / observed)


# -- the imputer of statistics.missing, on sums of classes -------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """Sums over the pupils of a class whose post-test is known (o) or not (m): numbers, x, x², and xy, y, y²."""

    n_o: np.ndarray
    x_o: np.ndarray
    xx_o: np.ndarray
    y: np.ndarray
    xy: np.ndarray
    yy: np.ndarray
    n_m: np.ndarray
    x_m: np.ndarray
    xx_m: np.ndarray


def sums_of(g):
    """Reduce studies to sums by class; x is the pre-test, which everybody has here."""
    seen, gone = g.post_seen, g.there & ~g.post_seen
    parts = [(seen, v) for v in (1.0, g.pre, g.pre**2, g.post, g.pre * g.post, g.post**2)]
    parts += [(gone, v) for v in (1.0, g.pre, g.pre**2)]
    return Sums(*(np.where(kept, v, 0.0).sum(axis=-1) for kept, v in parts))


def imputed_units(g, rng, copies=COPIES):
    """Yield Units of completed copies of many studies.

    The sampler of `statistics.missing.Imputer` for a post-test with gaps beside a full pre-test. All that it draws for
    single pupils enters the rule by sums of classes, which are drawn as such: the same in distribution.
    """
    s, arm, nu = sums_of(g), g.arm, 4.0
    n = s.n_o + s.n_m
    centre = ((s.x_o + s.x_m) / n)[..., None]
    Z = np.concatenate([np.broadcast_to(np.eye(2)[arm], (*n.shape, 2)), centre], axis=-1)  # of the class
    # X of a pupil is (arms, class mean, x)
    top = np.einsum("rj,rja,rjb->rab", s.n_o, Z, Z)
    side = np.einsum("rj,rja->ra", s.x_o, Z)
    XX = np.concatenate([
        np.concatenate([top, side[..., None]], axis=-1),
        np.concatenate([side, s.xx_o.sum(axis=-1)[:, None]], axis=-1)[:, None],
    ], axis=-2)  # fmt: skip
    inverse = np.linalg.inv(XX)
    root = np.linalg.cholesky(inverse)
    n_seen, k = s.n_o.sum(axis=-1), np.bincount(arm)
    u, tau2 = np.zeros_like(n), np.full((len(n), 2), np.nan)
    for sweep in range(BURN_IN + copies * THIN):
        rest_y = s.y - s.n_o * u
        Xy = np.concatenate([
            np.einsum("rj,rja->ra", rest_y, Z), (s.xy - u * s.x_o).sum(axis=-1)[:, None],
        ], axis=-1)  # fmt: skip
        b = np.einsum("rab,rb->ra", inverse, Xy)
        yy = (s.yy - 2 * u * s.y + s.n_o * u**2).sum(axis=-1)
        sigma2 = (yy - (b * Xy).sum(axis=-1)) / rng.chisquare(n_seen - 4)
        b = b + np.sqrt(sigma2)[:, None] * np.einsum("rab,rb->ra", root, rng.normal(size=b.shape))
        fixed = np.einsum("rja,ra->rj", Z, b[:, :3])
        tau2 = np.where(np.isnan(tau2), sigma2[:, None], tau2)
        spread, noise = tau2[:, arm], sigma2[:, None]
        shrunk = spread / (s.n_o * spread + noise)
        u = shrunk * (s.y - s.n_o * fixed - b[:, 3:] * s.x_o) + np.sqrt(noise * shrunk) * rng.normal(size=u.shape)
        scale = rng.gamma((2 * nu + 1) / 2, 2 / (nu * (1 / tau2).sum(axis=-1)))
        squares = np.stack([(u[:, arm == a] ** 2).sum(axis=-1) for a in (0, 1)], axis=-1)
        tau2 = np.maximum((squares + nu * scale[:, None]) / rng.chisquare(k + nu, tau2.shape), 1e-8 * noise)
        if sweep >= BURN_IN and (sweep - BURN_IN + 1) % THIN == 0:
            # the pupils' own errors: their sum, and their sum times x, of the missing of every class
            first, second = rng.normal(size=(2, *n.shape))
            e = np.sqrt(noise * s.n_m) * first
            mean = np.divide(s.x_m, s.n_m, out=np.zeros_like(n), where=s.n_m > 0)
            xe = mean * e + np.sqrt(noise * np.maximum(s.xx_m - s.n_m * mean**2, 0)) * second
            y_m = s.n_m * (fixed + u) + b[:, 3:] * s.x_m + e
            xy_m = s.x_m * (fixed + u) + b[:, 3:] * s.xx_m + xe
            x_bar, y_bar = centre[..., 0], (s.y + y_m) / n
            sxx = (s.xx_o + s.xx_m - n * x_bar**2).sum(axis=-1)[:, None, None]
            sxy = (s.xy + xy_m - n * x_bar * y_bar).sum(axis=-1)[:, None]
            yield _units(arm, n, y_bar, centre, sxx, sxy)


def imputation(g, slope, rng, copies=COPIES):
    """Pooled value, SE and df of many studies."""
    found = [ruled(units, slope) for units in imputed_units(g, rng, copies)]
    return pooled_many(*(np.stack(part) for part in zip(*found, strict=True)))


# -- families of cells ------------------------------------------------------------------------------------------------


def imputation_cell(rng, reps, *, n, drawn=True, **settings):
    """Type I (or what an interval misses) of the imputed row, of complete pairs, and of the study without gaps."""
    g = grid(rng, reps, n=n, **settings)
    slope, truth = choose_slope(n, drawn=drawn, assigned=sum(n)), settings.get("effect", 0.0)
    value, se, df = imputation(g, slope, rng)
    given = df >= FEWEST_DF
    lead, lead_se, lead_df = pairs(g, slope)
    full = ruled(units_of_seats(g.arm, g.there, g.post, [g.pre]), slope)
    return {
        "imputed": float((p_of(value - truth, se, df)[given] < ALPHA).mean()),
        "pairs": float((p_of(lead - truth, lead_se, lead_df) < ALPHA).mean()),
        "no gaps": float((p_of(full[0] - truth, *full[1:]) < ALPHA).mean()),
        "refused": float((~given).mean()),
        "width": float(np.median(half_width(se, df)[given]) / np.median(half_width(lead_se, lead_df))),
        "widest": float(half_width(se, df)[given].max()),
        "bias": float((value - truth).mean()),
        "df": float(np.median(df)),
    }


def indicator_cell(rng, reps, *, n, own=False, **settings):
    """Classes drawn, a share of the pre-tests missing: complete pairs, and everybody by a missing indicator."""
    share = settings.pop("pre_lost")
    g = grid(rng, reps, n=n, **settings)
    if own:  # absent beforehand are those who would have scored low
        g = replace(g, pre_seen=g.there & (rng.random(g.pre.shape) >= 2 * share * special.expit(-2 * g.pre)))
    else:
        g = replace(g, pre_seen=g.there & (rng.random(g.pre.shape) >= share))
    slope = choose_slope(n, drawn=True, assigned=sum(n))
    filled = np.where(g.pre_seen, g.pre, g.pre[g.pre_seen].mean())
    everybody = units_of_seats(g.arm, g.post_seen, g.post, [filled, (~g.pre_seen).astype(float)])
    return _beside(pairs(g, slope), ruled(everybody, slope))


def indicator_of_pupils_cell(rng, reps, *, n, pre_lost, own=False):
    """Pupils drawn one by one: complete pairs, and everybody by a missing indicator, each by HC2."""
    arm = np.repeat([0, 1], n)
    shape = (reps, len(arm))
    pre = rng.normal(size=shape)
    post = 0.7 * pre + (1 - 0.49) ** 0.5 * rng.normal(size=shape)
    chance = 2 * pre_lost * special.expit(-2 * pre) if own else pre_lost
    # as many stay in every study, so that studies stand side by side
    away = np.argsort(np.argsort(rng.random(shape) / np.maximum(chance, 1e-9), axis=1), axis=1)
    gone = away < round(pre_lost * len(arm))
    filled = np.where(gone, pre[~gone].mean(), pre)
    everybody = _hc2(arm, post, [filled, gone.astype(float)])
    found = [_hc2(arm[~lacks], y[~lacks], [x[~lacks]]) for lacks, y, x in zip(gone, post, pre, strict=True)]
    return _beside(tuple(np.array(part) for part in zip(*found, strict=True)), everybody)


def _hc2(arm, y, covariates):
    """The rule for pupils who are each a unit of their own."""
    x = np.stack(covariates, axis=-1)
    none = np.zeros((*y.shape[:-1], x.shape[-1], x.shape[-1]))
    units = _units(arm, np.ones_like(y), y, x, none, none[..., 0])
    found, df = compare_many(adjust(units, "between", units_per_covariate=0), TWO)
    return found.value, found.se, df


def _beside(lead, other):
    return {
        "pairs": float((p_of(*lead) < ALPHA).mean()),
        "everybody": float((p_of(*other) < ALPHA).mean()),
        "width": float(np.median(half_width(*other[1:])) / np.median(half_width(*lead[1:]))),
        "spread": float(np.std(other[0]) / np.std(lead[0])),
        "bias": float(other[0].mean()),
    }


def waves_cell(rng, reps, *, n, spread=(1, 1), by_unit=True):
    """Model over three waves, drawn, scores lost one after another: the last wave's test under two covariances."""
    arm = np.repeat([0, 1], n)
    ps = {"classes unstructured": [], "classes alike": []} if by_unit else {"unstructured": [], "alike": []}
    for _ in range(reps):
        code, y, who, wave = _over_three_waves(rng, arm, spread, by_unit=by_unit)
        treated = arm[code[who]] == 0
        X = np.column_stack([*(wave == t for t in range(3)), *((wave == t) & treated for t in (1, 2))]).astype(float)
        for name, found in ps.items():
            alike = "alike" in name and not by_unit
            fit = fit_over_waves(
                y, X, who, wave, code[who] if by_unit else None,
                structure="exchangeable" if alike else "unstructured",
                units_structure="exchangeable" if "alike" in name else "unstructured",
            )  # fmt: skip
            found.append(test_over_waves(fit, [0, 0, 0, 0, 1]).p)
    return {name: float((np.array(p) < ALPHA).mean()) for name, p in ps.items()}


def _over_three_waves(rng, arm, spread, *, by_unit):
    """Return class of every pupil, scores that are there, and their pupil and wave; .75 and .6 from wave to wave."""
    code = np.repeat(np.arange(len(arm)), rng.integers(12, SEATS + 1, len(arm)) if by_unit else 1)
    apart = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    of_class = rng.normal(size=(len(arm), 3)) @ np.linalg.cholesky(BETWEEN**apart).T
    of_class = of_class * np.array(spread, dtype=float)[arm][:, None] * (0.15**0.5 if by_unit else 0.0)
    own = rng.normal(size=(len(code), 3)) @ np.linalg.cholesky(WITHIN**apart).T
    y = of_class[code] + 0.85**0.5 * own
    seen = np.ones(y.shape, dtype=bool)
    for t in (1, 2):
        seen[:, t] = seen[:, t - 1] & (rng.random(len(code)) >= special.expit(-2.2 - y[:, t - 1]))
    who, wave = np.nonzero(seen)
    return code, y[who, wave], who, wave


def cells():
    """Every cell: family -> name -> settings."""
    made = {family: {} for family in RUN}
    for n, icc, (name, spread), lost in product(DESIGNS, (0.1, 0.2), SPREADS.items(), (0.2, 0.3)):
        label = f"{n[0]} v {n[1]}, ICC {icc}, {name}, {round(100 * lost)} % lost"
        made["imputation"][label] = {"n": n, "icc": icc, "spread": spread, "lost": lost}
    for n, effect in product(((4, 8), (10, 10)), (0.3, 0.8)):
        label = f"{n[0]} v {n[1]}, ICC 0.2, 2:1, 30 % lost, effect {effect}"
        made["imputation"][label] = {"n": n, "icc": 0.2, "spread": (2, 1), "lost": 0.3, "effect": effect}
    for n in ((4, 8), (6, 6), (10, 10)):
        label = f"{n[0]} v {n[1]}, ICC 0.2, 2:1, 30 % lost, not drawn"
        made["imputation"][label] = {"n": n, "icc": 0.2, "spread": (2, 1), "lost": 0.3, "drawn": False}
    for n, icc, own in product(DESIGNS, (0.1, 0.2), (False, True)):
        label = f"{n[0]} v {n[1]}, ICC {icc}, 20 % without pre-test, {'the low ones' if own else 'at random'}"
        made["indicator"][label] = {"n": n, "icc": icc, "pre_lost": 0.2, "own": own}
    for n, own in product(((20, 20), (60, 60), (30, 90)), (False, True)):
        label = f"{n[0]} v {n[1]} pupils, 20 % without pre-test, {'the low ones' if own else 'at random'}"
        made["indicator of pupils"][label] = {"n": n, "pre_lost": 0.2, "own": own}
    for n, (name, spread) in product(DESIGNS, list(SPREADS.items())[:2]):
        made["waves"][f"{n[0]} v {n[1]} classes, {name}"] = {"n": n, "spread": spread}
    made["waves"]["30 v 30 pupils"] = {"n": (30, 30), "by_unit": False}
    return made


RUN = {
    "imputation": imputation_cell,
    "indicator": indicator_cell,
    "indicator of pupils": indicator_of_pupils_cell,
    "waves": waves_cell,
}


# -- the library's own answer -----------------------------------------------------------------------------------------


def table_of(g, i):
    """Return what `werkbank.effects.questions` takes of one study: study, scores, pupils."""
    where, seat = np.nonzero(g.there[i])
    index = pd.Index([f"p{k:05d}" for k in range(len(where))], name="pupil")
    who = pd.DataFrame({"class": [f"k{k:03d}" for k in where], "arm": np.array(["T", "C"])[g.arm[where]]}, index)
    parts = []
    for wave, score, seen in (("pre", g.pre, g.pre_seen), ("post", g.post, g.post_seen)):
        values = np.where(seen[i], score[i], np.nan)[where, seat]
        parts.append(pd.DataFrame({"pupil": index, "wave": wave, "outcome": "y", "scale": "y", "score": values}))
    study = {
        "title": "missing",
        "design": {"kind": "randomised", "assigned_by": "class", "blocks": False},
        "files": [{"path": "x.csv"}],
        "columns": {"pupil": "id", "class": "class", "arm": "arm"},
        "arms": {"T": "intervention", "C": "control"},
        "outcomes": [{"name": "y", "column": "y", "better": "higher", "role": "primary"}],
    }
    return Study.model_validate(study), pd.concat(parts, ignore_index=True), who


def check(n_studies=25, copies=100):
    """Compare the fast imputation with the library's row, each of many copies, in Monte-Carlo errors of the two."""
    rng = np.random.default_rng(20261130)
    away, ratios, dfs = [], [], []
    imputing.COPIES = copies
    for n in ((3, 3), (6, 6), (4, 8), (10, 10), (5, 7)):
        g = grid(rng, n_studies // 5, n=n, icc=0.2, spread=(2, 1), lost=0.3)
        slope = choose_slope(n, drawn=True, assigned=sum(n))
        found = [ruled(units, slope) for units in imputed_units(g, rng, copies)]
        values = np.stack([value for value, _, _ in found])
        value, se, df = pooled_many(*(np.stack(part) for part in zip(*found, strict=True)))
        error = np.sqrt(2 * values.var(axis=0, ddof=1) / copies)
        for i in range(n_studies // 5):
            (q,) = questions(*table_of(g, i))
            row = imputing.imputed(q, int(rng.integers(2**31)))[0]
            away.append((row.estimate - value[i]) / error[i])
            ratios.append((row.se or np.nan) / se[i])
            dfs.append((row.df or np.nan) / df[i])
    return {
        "studies": n_studies,
        "largest": float(np.abs(away).max()),
        "spread": float(np.std(away)),
        "se_low": float(np.nanmin(ratios)),
        "se_high": float(np.nanmax(ratios)),
        "df": float(np.nanmedian(dfs)),
    }


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


# -- the page ---------------------------------------------------------------------------------------------------------

ABOUT = {
    "imputation": """Classes of 12 to 28 pupils; 20 or 30 % of the post-tests missing, more where the pre-test was
low and in the arm with the programme. *imputed* is the share of studies in which the row `multiple_imputation`
rejects a true null (or its interval misses a true effect), *pairs* that of the lead among pupils with both scores,
*no gaps* that of the lead had nothing been lost. *refused*: fewer than two degrees of freedom, so that the row is a
number without a test. *width*: median width of its interval, in that of the lead's; *widest* the widest half of all
intervals, in SDs; *df* the median.""",
    "indicator": """A fifth of the pre-tests missing, of everybody alike or of those who would have scored low.
*pairs*: the lead among pupils with both scores. *everybody*: those without a pre-test too, by the mean and a column
that says that it is missing. *width* and *spread*: its interval, and the spread of its estimates over studies, in
those of the lead.""",
    "indicator of pupils": "The same where pupils were drawn one by one (HC2).",
    "waves": """Three waves, scores lost one after another where the last one was low; courses of classes correlate
.75 from wave to wave. Share of true nulls that `waves_model` rejects at the last wave, with a variance for every wave
and a covariance for every two between classes (the choice wherever there are enough), and with one for all.""",
}
TITLES = {
    "imputation": "Imputation",
    "indicator": "Pupils without a pre-test",
    "indicator of pupils": "Pupils without a pre-test, drawn one by one",
    "waves": "The model over waves",
}
START = """# Calibration of what meets missing scores

Written by `python benchmarks/calibration_missing.py --reps 4000 --write` (raw numbers:
`benchmarks/calibration_missing.json`). Tests at .05; pre-test and post-test correlate .6 within classes and .75
between; the name of a cell has classes per arm, ICC, and the ratio of the spread of the arms' classes.
"""


def summary(kept):
    """Return what the numbers say, in sentences made from them."""
    said = []
    if cells := kept.get("imputation"):
        rate = {name: cell["imputed"] for name, cell in cells.items()}
        worst, safest = max(rate, key=rate.__getitem__), min(rate, key=rate.__getitem__)
        narrow = min(cells.values(), key=lambda cell: cell["width"])["width"]
        wide = max(cells.values(), key=lambda cell: cell["width"])["width"]
        said.append(
            f"**Imputation** by the lead's own rule in every copy, class effects that spread by arm, and "
            f"Barnard and Rubin's "
            f"df from the rule's own, rejects {percent(rate[safest])} to {percent(rate[worst])} of true nulls (least: "
            f"{safest}; most: {worst}). With three classes an arm it is far on the safe side, since few df "
            f"become fewer "
            f"still. Its interval is {narrow:.2f} to {wide:.2f} times as wide as that of the complete pairs, "
            f"which hold "
            f"their level here too: it stands beside the lead to show whether those who are missing would change the "
            f"conclusion, not to gain precision. No half interval was wider than "
            f"{max(cell['widest'] for cell in cells.values()):.1f} SD."
        )
    if cells := kept.get("indicator"):
        both = [*cells.values(), *kept.get("indicator of pupils", {}).values()]
        spread = [cell["spread"] for cell in cells.values()]
        alone = [cell["spread"] for cell in kept.get("indicator of pupils", {}).values()]
        said.append(
            f"**Pupils without a pre-test by a missing indicator** keep the level (at most "
            f"{percent(max(cell['everybody'] for cell in both))}) and gain next to nothing: estimates spread "
            f"{min(spread):.2f} to {max(spread):.2f} times as much with classes"
            + (f" and {min(alone):.2f} to {max(alone):.2f} with pupils" if alone else "")
            + ". The lead therefore stays with complete pairs, one set of pupils for every row."
        )
    if cells := kept.get("waves"):
        own = [cell["classes unstructured"] for cell in cells.values() if "classes unstructured" in cell]
        alike = [cell["classes alike"] for cell in cells.values() if "classes alike" in cell]
        said.append(
            f"**The model over waves** rejects {percent(min(own))} to {percent(max(own))} of true nulls with a "
            f"covariance for every two waves between classes, and up to {percent(max(alike))} with one for "
            f"all: classes "
            f"have courses of their own. It takes the arms to spread alike, and stands beside the lead."
        )
    if found := kept.get("check", {}).get("25 studies"):
        said.append(
            f"The fast imputation, on sums of classes, was held beside the library's row in "
            f"{found['studies']:.0f} studies "
            f"with 100 copies each: at most {found['largest']:.1f} Monte-Carlo errors apart, SEs "
            f"{found['se_low']:.2f} to "
            f"{found['se_high']:.2f} times as large."
        )
    return said


def percent(share):
    """Return a share as a percentage."""
    return f"{100 * share:.1f} %"


def page(kept):
    """Return docs/calibration_missing.md."""
    lines = [START, *(line for said in summary(kept) for line in (said, ""))]
    for family, title in TITLES.items():
        if not (of_family := kept.get(family)):
            continue
        tests = list(dict.fromkeys(t for cell in of_family.values() for t in cell))
        lines += [
            f"## {title}",
            "",
            ABOUT[family],
            "",
            f"| cell | {' | '.join(tests)} |",
            "|---" * (len(tests) + 1) + "|",
        ]
        for name, cell in of_family.items():
            values = ["" if t not in cell else f"{cell[t]:.0f}" if t == "reps" else f"{cell[t]:.3f}" for t in tests]
            lines.append(f"| {name} | {' | '.join(values)} |")
        lines.append("")
    return "\n".join(lines)


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=40)
    parser.add_argument("--only", default="", help="families, with commas")
    parser.add_argument("--write", action="store_true", help="keep the numbers, and write the page")
    parser.add_argument("--check", action="store_true", help="compare the fast imputation with the library's")
    parser.add_argument("--render", action="store_true", help="simulate nothing, only write the page again")
    args = parser.parse_args()
    if args.check:
        made = check()
        print(made)
        if args.write:
            keep("check", f"{made['studies']} studies", made)
    elif not args.render:
        run(args.reps, args.only, write=args.write)
    if args.write or args.render:
        PAGE.write_text(page(json.loads(RAW.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
