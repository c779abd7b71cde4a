"""Pupils assigned within sites (schools, classes): the effect in these sites, and in sites like these."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from werkbank.errors import UsageError
from werkbank.statistics.linear import least_squares
from werkbank.statistics.quantity import Quantity, t_test
from werkbank.statistics.unit_means import Comparison, adjust, compare, pooled_variance
from werkbank.statistics.units import units_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.statistics.hc2 import Floats

SITES_FOR_A_POPULATION = 6


@dataclass(frozen=True)
class Heterogeneity:
    """Do effects differ between sites: F on (`df_numerator`, `df`), and `tau`, the SD of true effects (0 or more)."""

    statistic: float
    df_numerator: int
    df: int
    p: float
    tau: float
    note: str = ""


@dataclass(frozen=True)
class SiteEffects:
    """Answers of a study whose pupils were assigned within sites.

    `in_these`: the effect in these sites, pupils' own variances by HC2; `in_these_pooled`: the same estimate with one
    variance for all pupils (ordinary least squares). `in_sites_like_these`: mean of the sites' effects, each counting
    as one (with fewer than 6 sites a value without test, note ``fewer_than_six_sites``). `effects` has one row per
    site: site, effect, se and the pupils of each arm. `one_arm` are sites without one of the arms compared, and
    `n_one_arm` their pupils: they say nothing about the effect and lend only their slope to the covariates (a pupil
    alone in a site not even that).
    """

    in_these: Comparison
    in_these_pooled: Quantity
    in_sites_like_these: Quantity
    heterogeneity: Heterogeneity
    effects: pd.DataFrame
    one_arm: tuple[str, ...]
    n_one_arm: int


def site_effects(
    rows: pd.DataFrame,
    weights: Mapping[str, float],
    y: str = "post",
    *,
    covariates: Sequence[str] = ("pre",),
    site: str = "site",
    arm: str = "arm",
) -> SiteEffects:
    """Compare arms among pupils who were assigned within sites.

    Parameters
    ----------
    rows : DataFrame
        One row per pupil, no missing values in the columns used. Arms outside `weights` lend their slope only.
    weights : mapping
        Weight of each arm compared, summing to 0.

    Raises
    ------
    UsageError
        Missing values; weights that do not sum to 0; no site with all arms compared.

    Notes
    -----
    In these sites: y ~ arm + covariates + site, least squares; each site counts with n p (1 - p). Its HC2 SE and
    Bell-McCaffrey df (with unequal numbers of pupils the smaller of these and Welch's) ask for no equal spread.
    In sites like these: D_s = Σ w_a (mean of r in arm a of site s), r = y - b'x with b the slopes within sites and
    arms, pooled; mean of D_s, t on S - 1 (Student): sites may differ in effect, and count alike. Leaving the sites out
    rejects 38 to 97 % of true nulls when shares differ with the sites' means. Schochet (2016); Raudenbush & Bloom
    (2015). The two questions have two answers: never choose by `heterogeneity`, which has little power.
    """
    if abs(sum(weights.values())) > 1e-9:
        raise UsageError("weights of arms within sites sum to 0: sites differ in level")
    used = {name: float(w) for name, w in weights.items() if w != 0}
    table = rows[[y, *covariates]].reset_index(drop=True).rename(columns={y: "y"})
    table = table.assign(site=rows[site].astype(str).to_numpy(), arm=rows[arm].astype(str).to_numpy())
    has = pd.crosstab(table["site"], table["arm"]).reindex(columns=list(used), fill_value=0).gt(0).all(axis=1)
    if not has.any():
        raise UsageError("no site has pupils in all arms compared")
    one_arm = table["site"].map(~has)
    # a pupil alone in a site says nothing at all, and its own dummy would give it a leverage of 1
    table = table[table.groupby("site")["y"].transform("size") > 1]
    single = table.assign(pupil=[f"{i:09d}" for i in range(len(table))])
    units = units_of(single, "y", pre=None, pupil_level=covariates, unit="pupil")
    dummies = pd.get_dummies(table["site"], drop_first=True, dtype=float).to_numpy()
    fixed = adjust(units, "between", columns=dummies, units_per_covariate=0)
    effects, covariance, df = _effects(table, used, list(covariates))
    scale = float(np.ptp(table["y"]))
    return SiteEffects(
        in_these=compare(fixed, weights),
        in_these_pooled=pooled_variance(fixed, weights),
        in_sites_like_these=like_these(effects["effect"].to_numpy(), scale=scale),
        heterogeneity=_heterogeneity(effects, covariance, df),
        effects=effects,
        one_arm=tuple(map(str, has.index[~has])),
        n_one_arm=int(one_arm.sum()),
    )


def like_these(effects: Floats, at_least: int = SITES_FOR_A_POPULATION, *, scale: float = 0.0) -> Quantity:
    """Mean of the sites' effects with t on S - 1: the average over sites of which these are a sample.

    `scale` is the range of the outcomes, against which effects that differ by rounding alone are all alike.
    """
    n = len(effects)
    if n < at_least:
        return Quantity(float(np.mean(effects)), note="fewer_than_six_sites")
    spread = float(np.std(effects, ddof=1))
    # effects that are all alike up to rounding leave nothing to judge by
    spread = spread if spread > 1e-12 * max(scale, float(np.abs(effects).max())) else 0.0
    return t_test(float(np.mean(effects)), spread / math.sqrt(n), n - 1)


def _effects(table: pd.DataFrame, weights: dict[str, float], covariates: list[str]) -> tuple[pd.DataFrame, Floats, int]:
    """Return each site's effect at equal covariates with its SE and pupils, the effects' covariance, and its df.

    The covariance takes all pupils to vary alike; the slopes, which the sites share, make effects go together.
    """
    cells = table.groupby(["site", "arm"], sort=True)
    means, sizes = cells[["y", *covariates]].mean(), cells.size().unstack()  # noqa: PD010 - a Series has no pivot
    within = table[["y", *covariates]] - cells[["y", *covariates]].transform("mean")
    fit = least_squares(within["y"], within[covariates].to_numpy(float)) if covariates else None
    rest = within["y"] - (within[covariates].to_numpy(float) @ fit.b if fit else 0.0)
    w = pd.Series(weights)
    df = len(table) - cells.ngroups - len(covariates)
    rest = rest.where(rest.abs() > 1e-12 * np.ptp(table["y"]), 0.0)  # what is left of nothing is rounding
    variance = float((rest**2).sum()) / df if df > 0 else math.nan
    sizes = sizes.reindex(columns=w.index).dropna()
    gaps = {name: means[name].unstack().loc[sizes.index, w.index] @ w for name in means}  # noqa: PD010 - as above
    G = np.column_stack([gaps[name] for name in covariates]) if covariates else np.empty((len(sizes), 0))
    shared = G @ (fit.cov * fit.df / df) @ G.T if fit and df > 0 and variance > 0 else 0.0
    covariance = np.diag(variance * (w**2 / sizes).sum(axis=1).to_numpy()) + shared
    effect = gaps["y"] - (G @ fit.b if fit else 0.0)
    made = pd.DataFrame({"effect": effect, "se": np.sqrt(np.diag(covariance))}, index=sizes.index)
    return made.join(sizes.astype(int).add_prefix("n_")).rename_axis("site").reset_index(), covariance, df


def _heterogeneity(effects: pd.DataFrame, covariance: Floats, df: int) -> Heterogeneity:
    """F test of site by contrast, as between two models; tau by DerSimonian & Laird's moments from effects and SEs."""
    s = len(effects)
    if s < 2 or df < 1 or not (effects["se"] > 0).all():
        reason = "one_site" if s < 2 else "no_degrees_of_freedom" if df < 1 else "no_residual_variation"
        return Heterogeneity(math.nan, s - 1, df, math.nan, math.nan, reason)
    D, precision = effects["effect"].to_numpy(), 1 / effects["se"].to_numpy() ** 2
    solved = np.linalg.solve(covariance, np.column_stack([D, np.ones(s)]))
    F = float(D @ solved[:, 0] - (D @ solved[:, 1]) ** 2 / solved[:, 1].sum()) / (s - 1)
    q = float((precision * (D - (precision * D).sum() / precision.sum()) ** 2).sum())
    tau2 = max(0.0, (q - (s - 1)) / float(precision.sum() - (precision**2).sum() / precision.sum()))
    return Heterogeneity(F, s - 1, df, float(special.fdtrc(s - 1, df, F)), math.sqrt(tau2))
