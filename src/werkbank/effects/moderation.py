"""For whom it works, and what it does to those who really took part. Exploratory, unless it was planned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from werkbank.effects import comparison
from werkbank.statistics.linear import Fit, least_squares
from werkbank.statistics.quantity import Quantity, not_computed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.effects.comparison import Weights


@dataclass(frozen=True)
class Moderation:
    """How the difference between arms depends on a moderator.

    `interaction` is the change of the difference per unit of the moderator; `effects` the difference at chosen values
    (the simple slopes of the programme); `region` the Johnson-Neyman points, where the difference turns significant
    (None: there are no such points), significant `between` them or outside.
    """

    interaction: Quantity
    effects: dict[float, Quantity]
    region: tuple[float, float] | None
    between: bool


def moderated(
    table: pd.DataFrame,
    weights: Weights,
    moderator: str,
    covariates: Sequence[str] = ("pre",),
    at: Sequence[float] | None = None,
) -> Moderation:
    """Test post ~ arm + arm:moderator + covariates; one difference against another, never two p values.

    Parameters
    ----------
    table : DataFrame
        One row per pupil who was assigned as such: arm, post, the moderator and the covariates (blocks among them)
        without missing values. Where classes were assigned: `statistics.interaction`.
    at : sequence of float, optional
        Where to give the difference: mean - SD, mean, mean + SD when left out.

    Notes
    -----
    Johnson & Neyman (1936); Bauer & Curran (2005): the region solves b(x)² = t²·Var b(x) with the df of the
    interaction. Checked against R (oracles ``slope_homogeneity``, ``johnson_neyman``).
    """
    rows = table.loc[table["arm"].isin(list(weights))]
    values = rows[moderator].to_numpy(dtype=float)
    centre = float(values.mean())
    arms = np.column_stack([(rows["arm"] == arm).to_numpy(dtype=float) for arm in weights])
    others = comparison.numeric(rows, [c for c in covariates if c != moderator])
    X = np.column_stack([arms, arms * (values - centre)[:, None], others])
    fit = None if np.linalg.matrix_rank(X) < X.shape[1] else least_squares(rows["post"], X)
    w = np.array(list(weights.values()))

    def difference(main: float, slope: float) -> Quantity:
        return _tested(fit, np.concatenate([main * w, slope * w, np.zeros(others.shape[1])]))

    spread = float(values.std(ddof=1))
    points = at if at is not None else (centre - spread, centre, centre + spread)
    interaction, main = difference(0, 1), difference(1, 0)
    region, between = _johnson_neyman(main, interaction, difference(1, 1), centre)
    return Moderation(interaction, {float(x): difference(1, x - centre) for x in points}, region, between)


def _tested(fit: Fit | None, row: np.ndarray) -> Quantity:
    return not_computed("not_estimable") if fit is None else fit.combination(row)


def _johnson_neyman(
    main: Quantity, slope: Quantity, their_sum: Quantity, centre: float
) -> tuple[tuple[float, float] | None, bool]:
    if any(x.se is None or x.df is None for x in (main, slope, their_sum)):
        return None, False
    v_main, v_slope, v_sum = ((x.se or 0.0) ** 2 for x in (main, slope, their_sum))
    t2 = float(special.stdtrit(slope.df, 0.975)) ** 2
    a = slope.value**2 - t2 * v_slope
    b = 2 * (main.value * slope.value - t2 * (v_sum - v_main - v_slope) / 2)
    c = main.value**2 - t2 * v_main
    root = b**2 - 4 * a * c
    if root < 0 or a == 0:
        return None, False
    low, high = sorted((-b + sign * math.sqrt(root)) / (2 * a) for sign in (-1, 1))
    return (low + centre, high + centre), a < 0


def along(
    at: Sequence[float], effects: Sequence[float], ses: Sequence[float], df: float, level: float = 0.95
) -> pd.DataFrame:
    """Return the difference and its interval along a moderator, from mean - 2 SD to mean + 2 SD, to be drawn.

    `at`, `effects` and `ses` are those at mean - SD, mean and mean + SD: a straight line goes through two of the
    differences and a parabola through the three variances, so that nothing is approximated. `df` is the interaction's,
    as it is for the Johnson-Neyman borders.

    Returns
    -------
    DataFrame
        at, difference, low, high, and sure: whether p < .05 there.
    """
    z = np.linspace(-2, 2, 401)
    below, middle, above = (se**2 for se in ses)
    variance = middle + z * (above - below) / 2 + z**2 * ((above + below) / 2 - middle)
    value = effects[1] + z * (effects[2] - effects[0]) / 2
    se = np.sqrt(np.maximum(variance, 0))
    half = float(special.stdtrit(df, (1 + level) / 2)) * se
    columns = {"at": at[1] + z * (at[2] - at[0]) / 2, "difference": value, "low": value - half, "high": value + half}
    return pd.DataFrame(columns | {"sure": np.abs(value) > float(special.stdtrit(df, 0.975)) * se})
