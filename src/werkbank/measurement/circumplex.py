"""The interpersonal circle: eight sectors, agency and communion, and whether the sectors do lie on a circle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from werkbank.measurement.scoring import respondents
from werkbank.statistics.reliability import REASON, Interval

if TYPE_CHECKING:
    from werkbank.instruments import Instrument

Matrix = NDArray[np.float64]

# degrees from nearness (communion, 0) towards influence (agency, 90)
SECTORS = {
    "leadership": 67.5,
    "helpful": 22.5,
    "understanding": -22.5,
    "freedom": -67.5,
    "uncertain": -112.5,
    "dissatisfied": -157.5,
    "admonishing": 157.5,
    "strict": 112.5,
}
MOST_PERMUTED = 8  # 7! = 5,040 orders round the circle; a ninth variable makes it 40,320
FEWEST_CLUSTERS = 5


@dataclass(frozen=True)
class StructuralSummary:
    """A profile over the circle as one cosine wave.

    `elevation` is the profile's mean, `x` (communion) and `y` (agency) the ends of its vector, `amplitude` the vector's
    length and `displacement` its angle in degrees (0 to 360, NaN without amplitude); `fit` is the share of the
    profile's variance that the wave describes (1 is a perfect wave, NaN for a flat profile).
    """

    elevation: float
    x: float
    y: float
    amplitude: float
    displacement: float
    fit: float


@dataclass(frozen=True)
class CircularOrder:
    """How well correlations follow the circle: neighbours correlate most, opposites least.

    `index` = (met - violated) / predictions runs from -1 to 1; `p` is the share of all orders round the circle in which
    as many predictions are met.
    """

    index: float = math.nan
    met: int = 0
    tied: int = 0
    predictions: int = 0
    p: float = math.nan
    note: str = ""


@dataclass(frozen=True)
class ClusteredR(Interval):
    """A correlation over pairs whose interval and test know that pairs of one class belong together."""

    p: float = math.nan
    n_clusters: int = 0


def on_circle(instrument: Instrument) -> bool:
    """Return whether an instrument has all eight sectors."""
    return set(SECTORS) <= set(instrument.scales)


def sector_scores(scores: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Return one row per respondent and wave with the eight sectors, each rescaled to 0-1 of its possible scores.

    Parameters
    ----------
    scores : DataFrame
        Rows of one outcome from `scoring.score`.
    instrument : Instrument
        Its key.

    Returns
    -------
    DataFrame
        Indexed by pupil (the teacher where no pupil is named) and wave; columns class and the sectors in the order of
        `SECTORS`. A sector without a score is NaN.
    """
    rows = scores[scores["scale"].isin(list(SECTORS))].astype({"scale": str, "wave": str})
    ends = {name: instrument.score_range(name) for name in SECTORS}
    low = rows["scale"].map({name: end[0] for name, end in ends.items()})
    width = rows["scale"].map({name: end[1] - end[0] for name, end in ends.items()})
    named = rows.assign(who=respondents(rows), score=(rows["score"] - low) / width)
    # pivot_table would average a respondent who is scored twice; pivot refuses
    wide = named.pivot(index=["who", "wave"], columns="scale", values="score")  # noqa: PD010 - see above
    classes = named.drop_duplicates(["who", "wave"]).set_index(["who", "wave"])["class"].astype(object)
    return wide.reindex(columns=list(SECTORS)).assign(**{"class": classes}).rename_axis(index=["pupil", "wave"])


def dimensions(sectors: pd.DataFrame) -> pd.DataFrame:
    """Return agency and communion of sector scores on 0-1.

    Returns
    -------
    DataFrame
        Columns agency (influence) and communion (nearness), each from -2.61 to 2.61 with 0 as neutral; NaN where a
        sector is missing.

    Notes
    -----
    Σ score x sin(angle) and Σ score x cos(angle). The weights are printed as .92 and .38 (Wubbels, Creton & Hooymayers
    1985); with the exact .924 and .383 a score differs by at most .013. Checked against the printed formula.
    """
    values = sectors[list(SECTORS)].to_numpy(float)
    angles = np.deg2rad(list(SECTORS.values()))
    found = values @ np.column_stack([np.sin(angles), np.cos(angles)])
    return pd.DataFrame(found, index=sectors.index, columns=["agency", "communion"])


def structural_summary(profile: ArrayLike, angles: ArrayLike | None = None) -> StructuralSummary:
    """Summarise a profile of equally spaced scales as a cosine wave.

    Parameters
    ----------
    profile : array
        One value a scale: means, or correlations with something else.
    angles : array, optional
        Degrees; those of `SECTORS` when left out.

    Returns
    -------
    StructuralSummary
        All NaN when a value is missing. With a `fit` below about .70 the vector does not describe the profile.

    Notes
    -----
    x = 2/n Σ s cos, y = 2/n Σ s sin (Gurtman 1992; Zimmermann & Wright 2017). Checked against circumplex 0.3.0 and the
    profile of narcissism that its authors print.
    """
    s = np.asarray(profile, float)
    turns = np.deg2rad(np.asarray(list(SECTORS.values()) if angles is None else angles, float))
    elevation = float(s.mean())
    x, y = (float(2 / len(s) * (s * wave).sum()) for wave in (np.cos(turns), np.sin(turns)))
    amplitude = math.hypot(x, y)
    off = s - elevation
    total, small = float((off**2).sum()), 1e-9 * (1 + abs(elevation))
    residual = float(((off - x * np.cos(turns) - y * np.sin(turns)) ** 2).sum())
    angle = math.degrees(math.atan2(y, x)) % 360 if amplitude > small else math.nan
    return StructuralSummary(elevation, x, y, amplitude, angle, 1 - residual / total if total > small**2 else math.nan)


def circular_order(correlations: ArrayLike) -> CircularOrder:
    """Test whether correlations of scales, given in their order round the circle, follow that circle.

    Parameters
    ----------
    correlations : square array
        At most eight scales, at equal steps; of class means when classes rated one teacher.

    Returns
    -------
    CircularOrder
        The randomisation test is exact over all orders of the scales. A small p says that this order does better than
        others, not that the steps are equal. NaN with a reason when a correlation is missing (a scale is constant).

    Raises
    ------
    ValueError
        For fewer than four scales or more than eight.

    Notes
    -----
    Every correlation of scales closer together must exceed every one of scales further apart: 288 predictions for
    eight scales (Hubert & Arabie 1987; Tracey 1997). Checked against rthor 0.2.1.
    """
    r = np.asarray(correlations, float)
    k = len(r)
    if not 4 <= k <= MOST_PERMUTED:
        raise ValueError(f"a circle of {k} scales: this test is for 4 to {MOST_PERMUTED}")
    if not np.isfinite(r).all():
        return CircularOrder(note=REASON + "no_variance")
    orders, closer, further = _predictions(k)
    rows, columns = np.array(list(combinations(range(k), 2))).T
    # every order relabels the scales; the predictions stay where they are
    values = r[orders[:, rows], orders[:, columns]]
    met = (values[:, closer] > values[:, further]).sum(axis=1)
    tied = int((values[0, closer] == values[0, further]).sum())
    predictions, found = len(closer), int(met[0])
    index = (2 * found + tied - predictions) / predictions
    return CircularOrder(index, found, tied, predictions, float((met >= found).mean()))


def clustered_correlation(first: ArrayLike, second: ArrayLike, clusters: ArrayLike, level: float = 0.95) -> ClusteredR:
    """Correlation with an interval and a test that respect classes, by leaving out one class at a time.

    Parameters
    ----------
    first, second : array
        One pair an element; pairs with a missing value are left out.
    clusters : array
        The class of each pair; every pair its own class when pairs are independent.

    Returns
    -------
    ClusteredR
        NaN with a reason for fewer than three pairs or no variance; no interval with fewer than five classes, where no
        such method holds.

    Notes
    -----
    Jackknife of Fisher's z over classes: se² = (J-1)/J Σ (z_(j) - mean z)², t with J - 1 df; the clustered jackknife is
    the CR3 variance. No random numbers. Checked against a slow double, Fisher's interval for unclustered pairs, and
    simulated coverage.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    codes = pd.factorize(np.asarray(clusters, object))[0]
    used = ~(np.isnan(a) | np.isnan(b)) & (codes >= 0)
    a, b, codes = a[used], b[used], np.unique(codes[used], return_inverse=True)[1]
    n, j = len(a), int(codes.max(initial=-1)) + 1
    if n < 3 or a.std() < 1e-12 or b.std() < 1e-12:
        return ClusteredR(n=n, level=level, note=REASON + ("too_few_pairs" if n < 3 else "no_variance"), n_clusters=j)
    a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()
    parts = (np.ones(n), a, b, a * a, b * b, a * b)
    sums = np.stack([np.bincount(codes, part, j) for part in parts], axis=1)
    total = sums.sum(axis=0)
    r, without = float(_r_of_sums(total)), _r_of_sums(total - sums)
    if j < FEWEST_CLUSTERS or not (np.abs(np.append(without, r)) < 1).all():
        return ClusteredR(r, n=n, level=level, note=REASON + "no_interval", n_clusters=j)
    z, left = math.atanh(r), np.arctanh(without)
    se = math.sqrt((j - 1) / j * float(((left - left.mean()) ** 2).sum()))
    half = float(special.stdtrit(j - 1, (1 + level) / 2)) * se
    p = float(2 * special.stdtr(j - 1, -abs(z) / max(se, 1e-300)))
    return ClusteredR(r, math.tanh(z - half), math.tanh(z + half), n, level, p=p, n_clusters=j)


def complementarity(teacher: pd.DataFrame, pupil: pd.DataFrame, clusters: pd.Series) -> dict[str, ClusteredR]:
    """Ask whether nearness evokes nearness and influence its opposite.

    Parameters
    ----------
    teacher, pupil : DataFrame
        `dimensions` of the behaviour of the one and of the other, indexed alike.
    clusters : Series
        The class of each pair, with the same index.

    Returns
    -------
    dict
        ``communion``: a positive correlation is complementary; ``agency``: a negative one. When both questionnaires are
        about the *teacher's* behaviour these correlations show agreement, not complementarity, and both are positive.
    """
    pairs = teacher.add_suffix("_teacher").join(pupil.add_suffix("_pupil"), how="inner")
    classes = clusters.reindex(pairs.index).astype(object).to_numpy()
    return {
        name: clustered_correlation(pairs[f"{name}_teacher"], pairs[f"{name}_pupil"], classes)
        for name in ("communion", "agency")
    }


def _r_of_sums(sums: Matrix) -> Matrix:
    """Return the correlation from n, Σa, Σb, Σa², Σb², Σab, NaN where one of the two does not vary."""
    n, a, b, aa, bb, ab = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (aa - a * a / n) * (bb - b * b / n)
        return np.asarray(np.where(spread > 1e-12, (ab - a * b / n) / np.sqrt(np.abs(spread)), np.nan))


@cache
def _predictions(k: int) -> tuple[NDArray[np.int64], ...]:
    """Return all orders of k places round a circle (the first held), and which pair must exceed which."""
    orders = np.array([(0, *rest) for rest in permutations(range(1, k))])
    first, second = np.array(list(combinations(range(k), 2))).T
    steps = np.minimum(second - first, k - (second - first))
    closer, further = np.nonzero(steps[:, None] < steps[None, :])
    return orders, closer, further
