"""The leads of all designs a second time, by another road: statsmodels, SciPy and dense matrices, nothing of werkbank.

Every function takes one row per pupil (arm, post, and where needed pre, unit, block, covariates) and returns `Told`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats


class Told(NamedTuple):
    """One answer: the difference, its SE and df, and the pupils and units (or blocks) behind it."""

    estimate: float
    se: float
    df: float
    n: int
    n_units: int | None

    @property
    def p(self) -> float:
        return float(2 * stats.t.sf(abs(self.estimate / self.se), self.df))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        low, high = stats.t.interval(level, self.df, self.estimate, self.se)
        return float(low), float(high)


def by_arm(labels: pd.Series) -> pd.DataFrame:
    return pd.get_dummies(labels.astype(str), dtype=float)


def columns_of(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Covariates as numbers, words as dummies; then whatever follows from the columns before it is dropped."""
    return pd.get_dummies(rows[names], drop_first=True, dtype=float)


def full_rank(arms: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    kept = arms
    for name in others:
        z = others[name] - others[name].mean()
        if not np.ptp(others[name]) > 0:
            continue
        wider = pd.concat([kept, (z / z.std()).rename(name)], axis=1)
        if np.linalg.matrix_rank(wider.to_numpy(), tol=1e-8) > kept.shape[1]:
            kept = wider
    return kept


def robust(rows: pd.DataFrame, weights: dict[str, float], others: pd.DataFrame) -> tuple[float, float, float]:
    """Estimate, HC2 SE and df of a contrast of arms: Bell-McCaffrey's from tr(MDM)²/tr((MDM)²), and Welch's."""
    arms = by_arm(rows["arm"])
    X = full_rank(arms, others)
    c = np.array([weights.get(name, 0.0) for name in arms] + [0.0] * (X.shape[1] - arms.shape[1]))
    fit = sm.OLS(rows["post"].astype(float), X).fit(cov_type="HC2")
    test = fit.t_test(c)
    A = X.to_numpy()
    pinv = np.linalg.pinv(A)
    M = np.eye(len(A)) - A @ pinv
    line, left = c @ pinv, np.diag(M)
    middle = M @ np.diag(line**2 / left) @ M  # V = y'MDMy
    df = np.trace(middle) ** 2 / np.trace(middle @ middle)
    used = rows["arm"].map(weights).fillna(0.0).ne(0.0)
    counts = rows.loc[used, "arm"].value_counts()
    alike = counts.min() == counts.max() and len({abs(w) for w in weights.values() if w}) == 1
    if not alike:
        e2 = np.asarray(fit.resid) ** 2 / left
        parts = pd.Series(line**2 * e2).groupby(rows["arm"].to_numpy()).sum()
        free = rows["arm"].value_counts().reindex(parts.index) - 1
        df = min(df, parts.sum() ** 2 / (parts**2 / free).sum())
    return float(test.effect.item()), float(test.sd.item()), float(df)


def of_pupils(rows, weights, covariates=()):
    made = robust(rows, weights, columns_of(rows, list(covariates)))
    return Told(*made, int(rows["arm"].isin(list(weights)).sum()), None)


def of_sites(rows, weights, covariates=()):
    """A column for every site; sites without both arms lend their slope only, pupils alone in one are gone."""
    both = rows.groupby("block")["arm"].transform(lambda a: set(weights) <= set(a))
    used = both & rows["arm"].isin(list(weights))
    n, n_sites = int(used.sum()), rows.loc[used, "block"].nunique()
    rows = rows[rows.groupby("block")["arm"].transform("size") > 1]
    sites = pd.get_dummies(rows["block"].astype(str), drop_first=True, dtype=float)
    made = robust(rows, weights, pd.concat([sites, columns_of(rows, list(covariates))], axis=1))
    return Told(*made, n, n_sites)


def slopes_within(rows, groups, names):
    """Slopes of the outcome among pupils of one unit: least squares with a column for every unit."""
    X = pd.concat([by_arm(rows[groups]), rows[list(names)].astype(float)], axis=1)
    return sm.OLS(rows["post"].astype(float), X).fit().params[list(names)]


def means_of(rows, names, extra=("arm",)):
    grouped = rows.groupby(rows["unit"].astype(str), sort=True)
    return grouped[["post", *names]].mean().join(grouped[list(extra)].first())


def of_units_within(rows, weights, covariates=("pre",)):
    """Unit means, brought to one pre-test by the slope among pupils of a unit; Student's or Welch's t."""
    names = list(covariates)
    means = means_of(rows, names)
    if names:
        b = slopes_within(rows, "unit", names)
        means["post"] = means["post"] - (means[names] - means[names].mean()) @ b
    made = robust(means, weights, pd.DataFrame(index=means.index))
    used = rows["arm"].isin(list(weights))
    return Told(*made, int(used.sum()), rows.loc[used, "unit"].nunique())


def of_units_between(rows, weights, between=("pre",), within=()):
    """Unit means regressed on arm and unit-level covariates; pupil-level ones have their slope within units."""
    means = means_of(rows, [*between, *within])
    if within:
        inner = [*within]
        moving = [name for name in ("pre", *within) if name in rows and rows.groupby("unit")[name].nunique().max() > 1]
        b = slopes_within(rows, "unit", list(dict.fromkeys(moving)))
        means["post"] = means["post"] - (means[inner] - means[inner].mean()) @ b[inner]
    made = robust(means, weights, means[list(between)])
    used = rows["arm"].isin(list(weights))
    return Told(*made, int(used.sum()), rows.loc[used, "unit"].nunique())


def in_blocks(rows, weights):
    """Rows of blocks that have all arms of the contrast."""
    return rows[rows.groupby("block")["arm"].transform(lambda a: set(weights) <= set(a))]


def of_differences(rows, weights, slope=None):
    """Mean of the blocks' differences of unit means: t on S - 1, a df less where a slope lies between them."""
    rows = in_blocks(rows, weights)
    names = [] if slope is None else ["pre"]
    means = means_of(rows, names, ("arm", "block"))
    if slope == "within":
        means["post"] = means["post"] - means["pre"] * slopes_within(rows, "unit", ["pre"])["pre"]
    cells = means.groupby(["block", "arm"])[["post", *names]].mean()
    D = sum(w * cells.xs(arm, level="arm") for arm, w in weights.items())
    used = rows["arm"].isin(list(weights))
    size = int(used.sum()), rows.loc[used, "unit"].nunique()
    if slope == "between":
        fit = sm.OLS(D["post"], sm.add_constant(D["pre"])).fit()
        return Told(float(fit.params["const"]), float(fit.bse["const"]), float(fit.df_resid), *size)
    test = stats.ttest_1samp(D["post"], 0.0)
    return Told(float(D["post"].mean()), float(D["post"].sem()), float(test.df), *size)


def of_fixed_blocks(rows, weights, slope=None):
    """Unit means with a column for every block, HC2."""
    rows = in_blocks(rows, weights)
    means = means_of(rows, [] if slope is None else ["pre"], ("arm", "block"))
    if slope == "within":
        means["post"] = means["post"] - means["pre"] * slopes_within(rows, "unit", ["pre"])["pre"]
    others = pd.get_dummies(means["block"].astype(str), drop_first=True, dtype=float)
    others = others.join(means[["pre"]]) if slope == "between" else others
    made = robust(means, weights, others)
    used = rows["arm"].isin(list(weights))
    return Told(*made, int(used.sum()), rows.loc[used, "unit"].nunique())


def of_roles(rows, role, control, slope):
    """Teachers' means of the pupils with one role against control teachers' (those with the role, if there are any)."""
    cell = rows["unit"].astype(str) + "/" + rows["role"].fillna("").astype(str)
    theirs = (rows["arm"] == control) & (rows["role"] == role)
    theirs = theirs if theirs.any() else rows["arm"] == control
    used = rows[((rows["arm"] != control) & (rows["role"] == role)) | theirs]
    used = used.assign(arm=np.where(used["arm"] == control, control, "coached"))
    means = means_of(used, ["pre"])
    if slope == "within":
        b = slopes_within(rows.assign(cell=cell), "cell", ["pre"])["pre"]
        means["post"] = means["post"] - means["pre"] * b
    others = means[["pre"]] if slope == "between" else pd.DataFrame(index=means.index)
    made = robust(means, {"coached": 1.0, control: -1.0}, others)
    return Told(*made, len(used), used["unit"].nunique())


def of_moderation(rows, weights, moderator, covariates=("pre",)):
    """Arm x moderator within classes: class dummies, CR2 by class, the smaller of the two df, all by dense matrices."""
    arms, names = list(weights), [name for name in covariates if name != moderator]
    inner = rows[[moderator, *names, "post"]].astype(float)
    inner = inner - inner.groupby(rows["unit"].astype(str)).transform("mean")
    split = np.column_stack([inner[moderator] * (rows["arm"] == arm) for arm in arms])
    X = np.column_stack([split, *(inner[name] for name in names)])
    y, clusters = inner["post"].to_numpy(), rows["unit"].astype(str).to_numpy()
    c = np.array([*weights.values(), *[0.0] * len(names)])
    dummies = by_arm(rows["unit"]).to_numpy()
    whole = np.column_stack([dummies, X])
    pinv = np.linalg.pinv(whole)
    H = whole @ pinv
    M = np.eye(len(y)) - H
    rest, line = M @ y, np.r_[np.zeros(dummies.shape[1]), c] @ pinv
    # without the dummies, which are absorbed (their CR2 adjustment is that of the model after absorption)
    Hx = X @ np.linalg.pinv(X)
    parts, vectors = {}, []
    for name in np.unique(clusters):
        at = clusters == name
        values, vec = np.linalg.eigh(np.eye(at.sum()) - Hx[np.ix_(at, at)])
        root = vec @ np.diag(np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-300)), 0)) @ vec.T
        weight = np.zeros(len(y))
        weight[at] = root @ line[at]
        vectors.append(M @ weight)
        arm = rows["arm"].to_numpy()[at][0]
        parts.setdefault(arm, []).append(float((weight @ rest) ** 2))
    G = np.array(vectors) @ np.array(vectors).T
    variance = {arm: sum(v) for arm, v in parts.items()}
    total = sum(variance.values())
    welch = total**2 / sum(v**2 / (len(parts[arm]) - 1) for arm, v in variance.items())
    df = min(np.trace(G) ** 2 / (G**2).sum(), welch)
    value = float(line @ y)
    return Told(value, float(np.sqrt(total)), float(df), len(rows), rows["unit"].nunique())
