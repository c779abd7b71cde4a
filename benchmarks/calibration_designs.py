"""How often the rules of statistics/ reject when nothing happened, over designs that schools really have.

``python benchmarks/calibration_designs.py`` runs every cell in a quick size and prints what lies outside its bounds;
``--reps 4000`` the full one, ``--only arms`` one family; ``--write`` keeps the numbers in calibration_designs.json.

Classes are generated as sufficient statistics (means and cross-products), thousands of studies side by side, and given
to the public functions of werkbank.statistics; some studies of every cell are computed by the functions for one study
too, and must agree. Under no effect an interval covers the truth exactly when its test does not reject.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy import special

from werkbank.statistics import interaction, rates
from werkbank.statistics.blocks import block_differences, compare_in_blocks, lead_in_blocks, mean_difference
from werkbank.statistics.class_crossproducts import cross_contrast, cross_fit
from werkbank.statistics.omnibus import omnibus, omnibus_many
from werkbank.statistics.unit_means import adjust, choose_slope, compare, compare_many
from werkbank.statistics.units import Units

RAW = Path(__file__).with_suffix(".json")
SIZES = {
    "20": ((20, 20), (20, 20)),
    "5-35": ((5, 35), (5, 35)),
    "5 v 30": ((5, 5), (30, 30)),
    "30 v 5": ((30, 30), (5, 5)),
    "5": ((5, 5), (5, 5)),
}
SPREADS = {"1:1": (1, 1), "2:1": (2, 1), "1:2": (1, 2)}
ICCS = (0.05, 0.15, 0.25)
BOUND = 0.065
TWO = {"a": 1.0, "b": -1.0}


# -- one study's classes, many studies side by side --------------------------------------------------------------------


def sizes_of(rng, arm, which, reps, lost):
    """Pupils (reps, J): from the range of their arm, a share of whom is lost."""
    ranges = np.array(SIZES[which])[np.minimum(arm, 1)]
    n = rng.integers(ranges[:, 0], ranges[:, 1] + 1, (reps, len(arm)))
    return np.maximum(rng.binomial(n, 1 - lost), 2).astype(float)


def effects_of(rng, shape, skewed):
    """Standard effects of classes, normal or as skewed as chi-square with 3 df."""
    return (rng.chisquare(3, shape) - 3) / 6**0.5 if skewed else rng.normal(size=shape)


def classes(  # noqa: PLR0913 - what a cell can vary
    rng, arm, reps, *, icc, sizes="20", spread=(1, 1, 1), lost=0.0, skewed=False, covariates=0, unit_level=0,
    within=0.6, between=0.75, apart=0.0, effect=0.0, added=0.0, pre=True,
):  # fmt: skip
    """Return Units of `reps` studies with the same arms: pre-test, further pupil-level and unit-level covariates.

    Variances within and between add to 1. `between` and `within` are the correlations of post and pre; further
    covariates correlate .3 with the post-test; arm a has `apart` class SDs more pre-test, and then `spread` is that of
    what the pre-test leaves open (a steeper slope in one arm would be an effect).
    """
    j, m = len(arm), int(pre) + covariates
    n = sizes_of(rng, arm, sizes, reps, lost)
    sd_b, sd_w = icc**0.5, (1 - icc) ** 0.5
    inner = np.r_[[within] * pre, [0.3] * covariates] if m else np.zeros(0)
    outer = np.r_[[between] * pre, [0.3] * covariates] if m else np.zeros(0)
    ux = effects_of(rng, (reps, j, m), skewed) + apart * (arm == 0)[:, None]
    ex = rng.normal(size=(reps, j, m))
    s = np.array(spread, dtype=float)[arm]
    own = np.sqrt(max(1 - outer @ outer, 0.05)) * effects_of(rng, (reps, j), skewed)
    uy = ux @ outer * (1 if apart else s) + own * s
    ey = ex @ inner + np.sqrt(1 - inner @ inner) * rng.normal(size=(reps, j))
    x = ux * sd_b + ex * sd_w / np.sqrt(n)[..., None]
    y = uy * sd_b + ey * sd_w / np.sqrt(n) + effect * (arm == 0) + added
    # cross-products within classes: Wishart through its Bartlett factor
    df = n.sum(axis=1) - j
    L = np.zeros((reps, m, m))
    for i in range(m):
        L[:, i, i] = np.sqrt(rng.chisquare(df - i))
        L[:, i, :i] = rng.normal(size=(reps, i))
    sxx = L @ np.swapaxes(L, -1, -2) * sd_w**2
    noise = (L @ rng.normal(size=(reps, m, 1)))[..., 0] * sd_w**2 * np.sqrt(1 - inner @ inner)
    sxy = (sxx @ inner[:, None])[..., 0] + noise
    v = rng.normal(size=(reps, j, unit_level))
    y = y + 0.3 * sd_b * v.sum(axis=-1)
    names = (*(["pre"] * pre), *(f"x{i}" for i in range(covariates)), *(f"v{i}" for i in range(unit_level)))
    labels, arms = tuple(f"{i:03d}" for i in range(j)), tuple("abcdef"[: int(arm.max()) + 1])
    return Units(labels, arms, arm, n, y, np.concatenate([x, v], axis=-1), names, pre, m, sxx, sxy)


def study(units, i):
    """Return one of many studies."""
    return replace(units, sizes=units.sizes[i], y=units.y[i], x=units.x[i], sxx=units.sxx[i], sxy=units.sxy[i])


def p_of(value, se, df):
    """Two-sided p; where there is no test, none is rejected."""
    p = 2 * special.stdtr(df, -np.abs(value) / se)
    return np.where(np.isfinite(p), p, 1.0)


def agree(one, many):
    """The functions for one study give what those for many gave."""
    if not np.isclose(one, many, rtol=1e-7, atol=1e-12):
        raise RuntimeError(f"one study alone gives p {one}, side by side {many}")


def rule(units, slope, weights=TWO, **settings):
    """P values of the rule for many studies; the first three also by `compare`."""
    adjusted = adjust(units, slope, **settings)
    found, df = compare_many(adjusted, weights)
    p = p_of(found.value, found.se, df)
    for i in range(3):
        alone = compare(adjust(study(units, i), slope, **settings), weights).test.p
        if alone is not None:
            agree(alone, p[i])
    return p


# -- families of cells -------------------------------------------------------------------------------------------------


def arms_cell(rng, reps, *, n, drawn=True, **settings):
    """Two arms of `n` units: the rule with the slope that it chooses, and with each slope."""
    arm = np.repeat([0, 1], n)
    units = classes(rng, arm, reps, **settings)
    chosen = choose_slope(n, drawn=drawn, assigned=sum(n))
    made = {"rule": rule(units, chosen)} if chosen.slope else {}
    made["P"] = rule(units, "within")
    if min(n) >= 3:
        made["K"] = rule(units, "between")
        made["one variance"] = ordinary(adjust(units, "between"))
    made["pupils count"] = rule(units, chosen, by="pupils") if chosen.slope else made["P"]
    return made


def three_cell(rng, reps, *, n, slope, **settings):
    """Three arms: the omnibus test, one pair, and two arms pooled against the third."""
    units = classes(rng, np.repeat([0, 1, 2], n), reps, **settings)
    adjusted = adjust(units, slope)
    F, df = omnibus_many(adjusted)
    p = special.fdtrc(2, df, F)
    for i in range(3):
        agree(omnibus(adjust(study(units, i), slope)).p, p[i])
    pooled = {"a": 1.0, "b": -0.5, "c": -0.5}
    return {"omnibus": p, "a - b": rule(units, slope), "a - (b + c)/2": rule(units, slope, pooled)}


def blocks_cell(rng, reps, *, n, blocks, slope, school=0.15, differ=0.0, **settings):
    """`blocks` blocks of n[0] v n[1] units: mean of block differences, fixed blocks, and the one that leads."""
    arm = np.tile(np.repeat([0, 1], n), blocks)
    of = np.repeat(np.arange(blocks), sum(n)).astype(str)
    units = classes(rng, arm, reps, **settings)
    at = np.repeat(np.arange(blocks), sum(n))
    u = rng.normal(size=(2, reps, blocks)) * school**0.5
    u[1] = 0.75 * u[0] + (1 - 0.75**2) ** 0.5 * u[1]
    theirs = rng.normal(size=(reps, blocks)) * differ
    units = replace(units, x=units.x + u[0][:, at, None], y=units.y + u[1][:, at] + (theirs[:, at] * (arm == 0)))
    dummies = (of[:, None] == np.unique(of)[1:]).astype(float)
    adjusted = adjust(units, slope, columns=dummies)
    found, df = compare_many(adjusted, TWO)
    value, se, free, _ = mean_difference(*block_differences(adjusted, of, TWO))
    made = {"differences": p_of(value, se, free), "fixed": p_of(found.value, found.se, df)}
    lead = lead_in_blocks("pairs" if n == (1, 1) else "strata", blocks, equal=n[0] == n[1])
    made["lead"] = made["differences" if lead == "block_differences" else "fixed"]
    for i in range(3):
        alone = compare_in_blocks(study(units, i), of.tolist(), TWO, slope)
        for name, test in (("differences", alone.differences), ("fixed", alone.fixed.test), ("lead", alone.headline)):
            if test.p is not None:
                agree(test.p, made[name][i])
    made["no blocks"] = rule(units, slope)
    return made


def sites_cell(rng, reps, *, sites, per_site, differ=0.0, spread=1.0, shares=(0.3, 0.7)):
    """Pupils drawn within sites, the treated share rising with the site's mean: fixed sites, mean of site effects."""
    made = {"fixed, HC2": [], "fixed, pooled": [], "site means": []}
    for _ in range(max(1, reps // 50)):
        m = rng.integers(per_site[0], per_site[1] + 1, sites)
        share = np.linspace(*shares, sites)
        treated = np.clip(np.rint(m * share).astype(int), 1, m - 1)
        site = np.repeat(np.arange(sites), m)
        arm = np.concatenate([np.r_[np.zeros(t, int), np.ones(k - t, int)] for t, k in zip(treated, m, strict=True)])
        level, theirs = np.linspace(-0.5, 0.5, sites), rng.normal(size=(50, sites)) * differ
        x = rng.normal(size=(50, len(arm)))
        e = rng.normal(size=x.shape) * np.where(arm == 0, spread, 1)
        y = level[site] + theirs[:, site] * (arm == 0) + 0.6 * x + 0.8 * e
        labels = tuple(f"{i:05d}" for i in range(len(arm)))
        alone = {"has_pre": True, "n_pupil_level": 1, "sxx": np.zeros((50, 1, 1)), "sxy": np.zeros((50, 1))}
        units = Units(labels, ("a", "b"), arm, np.ones(x.shape), y, x[..., None], ("pre",), **alone)
        adjusted = adjust(units, "between", columns=(site[:, None] == np.arange(1, sites)), units_per_covariate=0)
        found, df = compare_many(adjusted, TWO)
        made["fixed, HC2"].append(p_of(found.value, found.se, df))
        made["fixed, pooled"].append(ordinary(adjusted))
        cells = site * 2 + arm
        mean = np.eye(2 * sites)[cells] / np.bincount(cells)[cells][:, None]
        rx, ry = x - (x @ mean)[:, cells], y - (y @ mean)[:, cells]
        r = y - ((rx * ry).sum(1) / (rx**2).sum(1))[:, None] * x
        D = (r @ mean).reshape(50, sites, 2) @ np.array([1.0, -1.0])
        made["site means"].append(p_of(D.mean(1), D.std(1, ddof=1) / sites**0.5, sites - 1))
    return {name: np.concatenate(p) for name, p in made.items()}


def ordinary(adjusted):
    """P values with one variance for all units."""
    from werkbank.statistics.hc2 import pooled_se
    from werkbank.statistics.unit_means import contrast_row

    row = contrast_row(adjusted, TWO)
    se, df = pooled_se(adjusted.fit, row)
    return p_of(adjusted.fit.b @ row, se, df)


def roles_cell(rng, reps, *, n, icc, by_role, spread, pupils=(2, 4)):
    """Teachers with target and other pupils: each role against control, and the roles with each other."""
    teachers = sum(n)
    coached = np.arange(teachers) < n[0]
    size = np.tile(pupils, teachers).astype(float)
    of, role = np.repeat(np.arange(teachers), 2), np.tile([0, 1], teachers)
    s = np.where(coached, spread, 1.0)[of]
    u = rng.normal(size=(reps, teachers))[:, of] * icc**0.5 + rng.normal(size=(reps, 2 * teachers)) * by_role**0.5
    ex, ey = rng.normal(size=(2, reps, 2 * teachers)) * ((1 - icc) / size) ** 0.5
    y = u * s + 0.6 * ex + 0.8 * ey
    df = size.sum() - 2 * teachers
    sxx = rng.chisquare(df, reps) * (1 - icc)
    sxy = 0.6 * sxx + 0.8 * rng.normal(size=reps) * np.sqrt(sxx * (1 - icc))
    labels = tuple(f"{i:03d}" for i in range(2 * teachers))
    arm = np.where(coached[of], 0, 1)
    n_cell = np.broadcast_to(size, y.shape)
    within = {"has_pre": True, "n_pupil_level": 1, "sxx": sxx[:, None, None], "sxy": sxy[:, None]}
    cells = Units(labels, ("a", "b"), arm, n_cell, y, ex[..., None], ("pre",), **within)
    made = {name: rule(cells.only(role == i), "within") for i, name in enumerate(("target", "transfer"))}
    pairs = replace(cells, arm=role).only(coached[of])
    value, se, free, _ = mean_difference(*block_differences(adjust(pairs, "within"), of[coached[of]].astype(str), TWO))
    return made | {"target - transfer": p_of(value, se, free)}


def interaction_cell(rng, reps, *, n, sizes, slope_sd, apart=0.0, icc=0.15, built_in=0.0):
    """A pupil-level moderator: its interaction, and intervals of the difference at three of its values."""
    arm = np.repeat([0, 1], n)
    m = sizes_of(rng, arm, sizes, reps, 0.0)
    slopes = 0.5 + built_in * (arm == 0) + rng.normal(size=m.shape) * np.array(slope_sd)[arm]
    sd_w = (1 - icc) ** 0.5
    sxx = rng.chisquare(m - 1) * sd_w**2
    sxy = slopes * sxx + 0.8 * rng.normal(size=m.shape) * np.sqrt(sxx)
    x = rng.normal(size=m.shape) * icc**0.5 + rng.normal(size=m.shape) * sd_w / np.sqrt(m) + apart * (arm == 0)
    y = rng.normal(size=m.shape) * icc**0.5 + slopes * x + 0.8 * rng.normal(size=m.shape) / np.sqrt(m)
    split = np.eye(2)[arm]
    cross, moments = sxx[..., None, None] * split[:, :, None] * split[:, None, :], sxy[..., None] * split
    made = interaction.ModeratedClasses(("a", "b"), arm, cross, moments, y, x, np.zeros((*m.shape, 0)))
    fit, w = cross_fit(cross, moments, arm), np.array([1.0, -1.0])
    value, parts, df_bm, df_welch = cross_contrast(fit, w)
    df_slope = np.fmin(df_bm, df_welch)
    p = {"interaction": p_of(value - built_in, np.sqrt(parts.sum(-1)), df_slope)}
    line = interaction.difference_line(made, fit, w, x.mean(axis=-1))
    df = np.fmin(line.df, df_slope)
    for d in (-1.0, 0.0, 1.0):
        se = np.sqrt(line.v_level + 2 * d * line.cov + d**2 * line.v_slope)
        p[f"difference at {d:+.0f}"] = p_of(line.level + d * line.slope - built_in * (x.mean(-1) + d), se, df)
    for i in range(3):
        one = interaction.ModeratedClasses(("a", "b"), arm, cross[i], moments[i], y[i], x[i], np.zeros((len(arm), 0)))
        alone = interaction.interaction_within(one, TWO, [float(x[i].mean()) - 1])
        if not built_in and alone.interaction.p is not None:
            agree(alone.interaction.p, p["interaction"][i])
            agree(next(iter(alone.effects.values())).p, p["difference at -1"][i])
    return p


def teacher_cell(rng, reps, *, n, icc, spread):
    """A teacher-level moderator, class by class with `interaction_between` (one study at a time)."""
    units = classes(rng, np.repeat([0, 1], n), reps, icc=icc, spread=spread, unit_level=1)
    found = [interaction.interaction_between(study(units, i), "v0", TWO, [0.0]) for i in range(reps)]
    p = {
        "interaction": [f.interaction.p for f in found],
        "difference at 0": [f.effects[0.0].p if f.effects else None for f in found],
    }
    return {name: np.array([1.0 if x is None else x for x in values]) for name, values in p.items()}


def rates_cell(rng, reps, *, n, sizes, rate, sd, spread=(1, 1), kind="share"):
    """Shares or counts without effect on the mean: the difference, its log ratio by delta, log odds, logs of units."""
    arm = np.repeat([0, 1], n)
    m = sizes_of(rng, arm, sizes, reps, 0.0)
    s = sd * np.array(spread, dtype=float)[arm]
    # equal means in the arms, whatever their spread
    if kind == "share":
        a = rate * (1 - s**2) / s**2
        y = rng.binomial(m.astype(int), rng.beta(a, (1 - rate) * (1 - s**2) / s**2, m.shape)) / m
    else:
        y = rng.poisson(m * rate * rng.gamma(1 / s**2, s**2, m.shape)) / m
    labels = tuple(f"{i:03d}" for i in range(len(arm)))
    bare = {"has_pre": False, "n_pupil_level": 0, "sxx": np.zeros((reps, 0, 0)), "sxy": np.zeros((reps, 0))}
    units = Units(labels, ("a", "b"), arm, m, y, np.zeros((*m.shape, 0)), (), **bare)
    adjusted = adjust(units, None)
    found, df = compare_many(adjusted, TWO)
    made = {"difference": p_of(found.value, found.se, df)}
    for name in ("log", "logit") if kind == "share" else ("log",):
        value, linear, free = rates.mean_ratio_many(adjusted, TWO, name)
        made[f"{name} of means"] = p_of(value, linear.se, free)
        if name == "logit":
            share = np.minimum(adjusted.means, 1 - adjusted.means).min(axis=-1)
            rare = share < rates.RARE
            # both must be clear where shares are rare, before a difference is called clear without reserve
            odds = np.where(np.isfinite(value), made["logit of means"], 1.0)
            both = np.maximum(odds, made["difference"])
            made["without reserve"] = np.where(rare, both, made["difference"])
    pupils = adjust(units, None, by="pupils")
    value, linear, free = rates.mean_ratio_many(pupils, TWO, "logit" if kind == "share" else "log")
    # of pupils, without covariates: what the generalised model with CR2 estimates, too
    made["model of pupils"] = p_of(value, linear.se, free)
    logs = adjust(replace(units, y=np.log((y * m + 0.5) / (m + 1))), None)
    found, df = compare_many(logs, TWO)
    made["logs of units"] = p_of(found.value, found.se, df)
    return made


def indicator_cell(rng, reps, *, n, icc, missing, spread=(1, 1), effect=0.0, size=20):
    """Pupils without a pre-test: kept with the mean and an indicator, or left out (complete pairs)."""
    arm = np.repeat([0, 1], n)
    shape = (reps, len(arm), size)
    u = rng.normal(size=(2, reps, len(arm), 1)) * icc**0.5
    u[1] = (0.75 * u[0] + (1 - 0.75**2) ** 0.5 * u[1]) * np.array(spread, dtype=float)[arm][:, None]
    ex, ey = rng.normal(size=(2, *shape)) * (1 - icc) ** 0.5
    x, y = u[0] + ex, u[1] + 0.6 * ex + 0.8 * ey + effect * (arm == 0)[:, None]
    chance = {"at random": 0.2, "low scorers": np.where(x < -0.5, 0.4, 0.1)}[missing]
    seen = rng.random(shape) >= chance
    seen[..., :2] = True  # every class keeps pupils
    filled = np.where(seen, x, (x * seen).sum((1, 2), keepdims=True) / seen.sum((1, 2), keepdims=True))
    slope = choose_slope(n, drawn=True, assigned=sum(n))
    kept = rule(of_pupils(arm, y, [filled, 1.0 - seen], np.ones(shape), ("pre", "absent")), slope)
    return {"indicator": kept, "complete pairs": rule(of_pupils(arm, y, [x], seen.astype(float), ("pre",)), slope)}


def of_pupils(arm, y, covariates, counted, names):
    """Return Units from pupils (reps, J, size), of whom those counted 1 are there."""
    n = counted.sum(axis=-1)
    means = [(v * counted).sum(axis=-1) / n for v in (y, *covariates)]
    rest = [(v - m[..., None]) * counted for v, m in zip((y, *covariates), means, strict=True)]
    within = np.stack(rest[1:], axis=-1).reshape(len(y), -1, len(covariates))
    sxy = np.einsum("rnq,rn->rq", within, rest[0].reshape(len(y), -1))
    labels = tuple(f"{i:03d}" for i in range(len(arm)))
    slopes = {"has_pre": True, "n_pupil_level": len(names), "sxx": np.swapaxes(within, 1, 2) @ within, "sxy": sxy}
    return Units(labels, ("a", "b"), arm, n, means[0], np.stack(means[1:], axis=-1), names, **slopes)


# -- the grid ----------------------------------------------------------------------------------------------------------

DESIGNS = ((2, 2), (3, 3), (4, 4), (6, 6), (8, 8), (12, 12), (20, 20), (3, 9), (4, 16))


STRATA = (
    *(((2, 2), k) for k in (2, 3, 5, 8)),
    ((4, 4), 2),
    *(((1, 3), k) for k in (3, 5, 8)),
    *(((2, 4), k) for k in (2, 3, 5)),
)


def two_arms():
    for n, icc, size, spread in product(DESIGNS, ICCS, ("20", "5-35", "5 v 30", "30 v 5"), SPREADS):
        cell = {"n": n, "icc": icc, "sizes": size, "spread": SPREADS[spread], "lost": 0.2 * (size == "5-35")}
        yield "arms", f"{n[0]} v {n[1]}, ICC {icc}, {size}, {spread}", arms_cell, cell
    for n, spread in product(DESIGNS, SPREADS):
        name, base = f"{n[0]} v {n[1]}, {spread}", {"n": n, "icc": 0.15, "sizes": "5-35", "spread": SPREADS[spread]}
        yield "skewed", name, arms_cell, base | {"skewed": True}
        yield "small classes", name, arms_cell, base | {"sizes": "5"}
        yield "covariates", name, arms_cell, base | {"covariates": 1, "unit_level": 1}
        if min(n) > 2 and spread == "1:1":
            yield "power at .3", name, arms_cell, base | {"effect": 0.3}
        if min(n) > 2:
            yield "not drawn", name, arms_cell, base | {"drawn": False, "apart": 0.3, "between": 0.95, "within": 0.4}


def three_arms():
    designs = ((3, 3, 3), (4, 4, 4), (6, 6, 6), (12, 12, 12), (4, 8, 8), (4, 4, 12))
    for n, slope, spread in product(designs, ("within", "between"), ((1, 1, 1), (2, 1, 1), (1, 1, 2))):
        if slope == "between" or sum(n) < 16:
            cell = {"n": n, "slope": slope, "icc": 0.15, "sizes": "5-35", "spread": spread}
            yield "three arms", f"{' v '.join(map(str, n))}, {slope}, {':'.join(map(str, spread))}", three_cell, cell


def in_blocks():
    within = ("within", "between")
    for k, slope, icc, size in product((4, 6, 8, 12, 20), within, (0.05, 0.15), ("20", "5-35")):
        for spread, school in product(("1:1", "2:1"), (0.0, 0.15)):
            cell = {"n": (1, 1), "blocks": k, "slope": slope, "icc": icc, "sizes": size, "school": school}
            name = f"{k} pairs, {slope}, ICC {icc}, {size}, {spread}, school {school}"
            yield "pairs", name, blocks_cell, cell | {"spread": SPREADS[spread]}
    for k in (8, 12):
        cell = {"n": (1, 1), "blocks": k, "icc": 0.15, "sizes": "5-35", "apart": 0.3, "between": 0.95, "within": 0.4}
        yield "pairs", f"{k} pairs not drawn, between", blocks_cell, cell | {"slope": "between"}
    for (n, k), slope, spread in product(STRATA, within, SPREADS):
        cell = {"n": n, "blocks": k, "slope": slope, "icc": 0.15, "sizes": "5-35", "spread": SPREADS[spread]}
        yield "strata", f"{k} x ({n[0]} v {n[1]}), {slope}, {spread}", blocks_cell, cell
        if spread == "1:1" and k >= 5:
            yield "strata differ", f"{k} x ({n[0]} v {n[1]}), {slope}", blocks_cell, cell | {"differ": 0.25}


def pupils_within():
    for k, per, spread, shares in product((3, 6, 12, 30), ((8, 24), (20, 60)), (1.0, 2.0), ((0.3, 0.7), (0.15, 0.35))):
        cell = {"sites": k, "per_site": per, "spread": spread, "shares": shares}
        yield "sites", f"{k} sites of {per[0]}-{per[1]}, {spread:.0f}:1, shares {shares}", sites_cell, cell
    for k in (6, 12, 30):
        yield "sites differ", f"{k} sites of 8-24", sites_cell, {"sites": k, "per_site": (8, 24), "differ": 0.3}
    designs = ((6, 6), (15, 15), (4, 8), (10, 20), (3, 9))
    for n, icc, by_role, spread in product(designs, (0.05, 0.25), (0.0, 0.1), (1.0, 2.0)):
        name = f"{n[0]} v {n[1]} teachers, ICC {icc}, by role {by_role}, {spread:.0f}:1"
        yield "roles", name, roles_cell, {"n": n, "icc": icc, "by_role": by_role, "spread": spread}


def moderated():
    designs = ((3, 3), (4, 4), (6, 6), (4, 12), (12, 12), (22, 22))
    slopes = ((0.0, 0.0), (0.2, 0.2), (0.12, 0.3), (0.3, 0.0))
    for n, size, sd, apart in product(designs, ("20", "5-35"), slopes, (0.0, 0.3)):
        name = f"{n[0]} v {n[1]}, {size}, slope SD {sd[0]} v {sd[1]}, apart {apart}"
        yield "interaction", name, interaction_cell, {"n": n, "sizes": size, "slope_sd": sd, "apart": apart}
    for n in designs:
        cell = {"n": n, "sizes": "5-35", "slope_sd": (0.2, 0.2), "built_in": 0.3}
        yield "interaction", f"{n[0]} v {n[1]}, interaction .3 built in", interaction_cell, cell
    for n, spread in product(((4, 4), (6, 6), (12, 12), (4, 12), (8, 16)), SPREADS):
        cell = {"n": n, "icc": 0.15, "spread": SPREADS[spread]}
        yield "teacher moderator", f"{n[0]} v {n[1]}, {spread}", teacher_cell, cell


def yes_and_counts():
    designs, sizes = ((4, 4), (6, 6), (12, 12), (3, 9)), ("20", "5-35")
    for n, size, rate, (sd, spread) in product(
        designs, sizes, (0.1, 0.5), ((0.35, "1:1"), *((0.2, x) for x in SPREADS))
    ):
        cell = {"n": n, "sizes": size, "rate": rate, "sd": sd, "spread": SPREADS[spread]}
        yield "shares", f"{n[0]} v {n[1]}, {size}, {rate}, SD {sd}, {spread}", rates_cell, cell
    for n, size, rate, sd in product(designs, sizes, (0.2, 2.0), (0.3, 0.6)):
        cell = {"n": n, "sizes": size, "rate": rate, "sd": sd, "kind": "count"}
        yield "counts", f"{n[0]} v {n[1]}, {size}, {rate} a pupil, SD {sd}", rates_cell, cell


def without_pre_test():
    for n, icc, missing in product(((3, 3), (6, 6), (12, 12), (3, 9)), (0.05, 0.25), ("at random", "low scorers")):
        cell, name = {"n": n, "icc": icc, "missing": missing}, f"{n[0]} v {n[1]}, ICC {icc}, {missing}"
        yield "no pre-test", f"{name}, 1:1", indicator_cell, cell
        yield "no pre-test", f"{name}, 2:1", indicator_cell, cell | {"spread": (2, 1)}
        yield "no pre-test, power at .3", name, indicator_cell, cell | {"effect": 0.3}


def grid():
    """Yield family, name of the cell, function and settings."""
    for family in (two_arms, three_arms, in_blocks, pupils_within, moderated, yes_and_counts, without_pre_test):
        yield from family()


def simulate_cell(cell, settings, *, reps, seed):
    """Return the rate of p < .05 of every test of a cell."""
    found = cell(np.random.default_rng(seed), reps, **settings)
    return {name: round(float(np.mean(p < 0.05)), 4) for name, p in found.items()}


SLOW = {sites_cell: 0.25, teacher_cell: 0.25}
LEADS = {
    "pairs": "lead",
    "strata": "lead",
    "sites": "fixed, HC2",
    "interaction": "interaction",
    "three arms": "omnibus",
    "shares": "without reserve",
    "counts": "difference",
    "teacher moderator": "interaction",
    "roles": "target",
    "no pre-test": "indicator",
}
OTHER_QUESTION = ("power at .3", "no pre-test, power at .3", "strata differ", "sites differ")


def simulated(reps, only):
    """Return {family: {cell: {"reps": studies, test: rate of p < .05}}} of the whole grid or one family."""
    found = {}
    for family, name, cell, settings in grid():
        if only in ("", family):
            studies = max(100, round(reps * SLOW.get(cell, 1)))
            rates_of = simulate_cell(cell, settings, reps=studies, seed=crc32(f"{family} {name}".encode()))
            found.setdefault(family, {})[name] = {"reps": studies, **rates_of}
    return found


def above(cell, test):
    """Whether a rate lies above .065 by more than two Monte-Carlo errors."""
    return cell[test] - 2 * (0.05 * 0.95 / cell["reps"]) ** 0.5 > BOUND


def summary(found):
    """Return lines with the range of every test of every family."""
    for family, cells in found.items():
        yield f"{family}: {len(cells)} cells"
        for test in dict.fromkeys(t for c in cells.values() for t in c if t != "reps"):
            values = {name: c[test] for name, c in cells.items() if test in c}
            most = max(values, key=values.get)
            over = sum(above(cells[name], test) for name in values)
            yield f"  {test:20} {min(values.values()):.3f}-{max(values.values()):.3f}  above {over:3}  most {most}"


def page(found):
    """Return all cells as Markdown."""
    lines = [INTRODUCTION]
    over = [
        f"{family}, {name}: {cell[test]:.3f}"
        for family, cells in found.items()
        if family not in OTHER_QUESTION
        for name, cell in cells.items()
        if above(cell, test := LEADS.get(family, "rule"))
    ]
    n = sum(len(cells) for family, cells in found.items() if family not in OTHER_QUESTION)
    lines.append(f"The leading test lies above .065 by more than two Monte-Carlo errors in {len(over)} of {n} cells.\n")
    lines += [f"- {cell}" for cell in over]
    for family, cells in found.items():
        tests = list(dict.fromkeys(t for c in cells.values() for t in c))
        lines += [
            "",
            f"## {family.capitalize()}",
            "",
            f"| cell | {' | '.join(tests)} |",
            "|---" * (len(tests) + 1) + "|",
        ]
        for name, cell in cells.items():
            values = [f"{cell[t]:.3f}" if t != "reps" and t in cell else str(cell.get(t, "")) for t in tests]
            lines.append(f"| {name} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"


INTRODUCTION = """# Calibration of designs: how often the rules see an effect that is not there

Written by `python benchmarks/calibration_designs.py --reps 4000 --write` (raw numbers:
`benchmarks/calibration_designs.json`). Tests at .05; a 95 % interval covers in one minus the rate shown. In a cell's
name: units per arm, ICC, pupils a class (all alike, from 5 to 35, or few in one arm and many in the other), and the
ratio of the spread of the arms' classes. Pre-test and post-test correlate .6 within classes and .75 between; a fifth of
the pupils is lost at random where classes have 5 to 35. "rule" is the slope that the rule chooses, P the slope within
classes, K that between class means, "one variance" the analysis of covariance of class means, "pupils count" the row
that weights by pupils. "without reserve" is a difference of shares that a report calls clear: it excludes 0 and, where
a share lies below .2 or above .8, so do the odds; the difference itself leads in all cells and is a caution where the
odds do not agree. *Strata differ* and *sites differ* show what happens to an answer about these blocks or sites when it
is read as one about blocks or sites like these; *power* is no error.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=400)
    parser.add_argument("--only", default="", help="one family of cells")
    parser.add_argument("--write", action="store_true", help="keep the numbers and write docs/calibration_designs.md")
    parser.add_argument("--render", action="store_true", help="simulate nothing, only write the page again")
    asked, start = parser.parse_args(), time.perf_counter()
    old = json.loads(RAW.read_text(encoding="utf-8")) if RAW.exists() else {}
    found = old if asked.render else simulated(asked.reps, asked.only)
    print("\n".join(summary(found)))
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    if asked.write or asked.render:
        RAW.write_text(json.dumps(old | found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (RAW.parents[1] / "docs" / "calibration_designs.md").write_text(page(old | found), encoding="utf-8")


if __name__ == "__main__":
    main()
