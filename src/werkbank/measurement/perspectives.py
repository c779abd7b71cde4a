"""Two looks at the same relation: teacher beside pupil, and closeness crossed with conflict."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from werkbank.statistics.agreement import icc
from werkbank.statistics.reliability import REASON

TYPES = ("closeness", "conflict")
QUADRANTS = ("warm_calm", "warm_stormy", "distant_calm", "distant_stormy")


@dataclass(frozen=True)
class Perspectives:
    """Teacher and pupil on the same pupils at one wave.

    `r` is over all pairs, `r_within` over deviations from the class mean, `r_class_means` over class means (with
    `n_clusters` of them). `icc` (ICC(2,1), agreement in level) and `difference` (teacher minus pupil) need the same
    range of scores, and are NaN without it.
    """

    wave: str
    n: int
    n_clusters: int
    r: float = math.nan
    r_within: float = math.nan
    r_class_means: float = math.nan
    icc: float = math.nan
    difference: float = math.nan
    note: str = ""


def compare_perspectives(
    teacher: pd.DataFrame, pupil: pd.DataFrame, wave: str, *, same_range: bool = False
) -> Perspectives:
    """Lay a teacher-rated and a pupil-rated scale side by side, pair by pair.

    Parameters
    ----------
    teacher, pupil : DataFrame
        Rows of one scale each from `scoring.score`: columns pupil, class, wave, score.
    wave : str
        Which wave.
    same_range : bool
        Whether both scales run over the same scores, so that their level may be compared.

    Returns
    -------
    Perspectives
        Without tests or intervals: pairs within a class share their teacher and are not independent. NaN with a reason
        for fewer than three pairs. Pairs that miss one of the two scores are left out; `n` is what was used.
    """
    wanted = [table[(table["wave"] == wave) & table["score"].notna()] for table in (teacher, pupil)]
    pairs = wanted[0][["pupil", "class", "score"]].merge(
        wanted[1][["pupil", "score"]], on="pupil", suffixes=("_teacher", "_pupil"), validate="one_to_one"
    )
    a, b, n = pairs["score_teacher"], pairs["score_pupil"], len(pairs)
    if n < 3:
        return Perspectives(wave, n, pairs["class"].nunique(), note=REASON + "too_few_pairs")
    groups = pairs.groupby("class", observed=True)[["score_teacher", "score_pupil"]]
    means, inside = groups.mean(), pairs[["score_teacher", "score_pupil"]] - groups.transform("mean")
    return Perspectives(
        wave=wave,
        n=n,
        n_clusters=len(means),
        r=_correlation(a, b),
        r_within=_correlation(inside["score_teacher"], inside["score_pupil"]),
        r_class_means=_correlation(means["score_teacher"], means["score_pupil"]),
        icc=icc(pairs[["score_teacher", "score_pupil"]])["ICC(2,1)"].estimate if same_range else math.nan,
        difference=float((a - b).mean()) if same_range else math.nan,
    )


def _correlation(a: pd.Series[float], b: pd.Series[float]) -> float:
    x, y = a.to_numpy(float), b.to_numpy(float)
    kept = ~(np.isnan(x) | np.isnan(y))
    x, y = x[kept], y[kept]
    if len(x) < 3 or x.std() < 1e-12 or y.std() < 1e-12:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])


@dataclass(frozen=True)
class Typology:
    """Closeness crossed with conflict: who is where at each wave, and who moved.

    `cuts` are the medians of the first wave. A pupil on the closeness cut counts as warm, one on the conflict cut as
    calm. `counts` is waves x quadrants, `transitions` first x last quadrant of pupils seen at both, `r` the correlation
    of closeness and conflict at each wave.
    """

    cuts: dict[str, float]
    counts: pd.DataFrame
    transitions: pd.DataFrame
    r: dict[str, float]


def typology(scores: pd.DataFrame, waves: tuple[str, str] = ("pre", "post")) -> Typology:
    """Sort relations into warm or distant, calm or stormy, and follow them from one wave to the next.

    Parameters
    ----------
    scores : DataFrame
        Rows of one outcome and informant from `scoring.score`.
    waves : tuple of str
        First and last wave. The medians of the first cut both, since cuts that move with the class would hide that
        everyone moved.

    Returns
    -------
    Typology
        Pupils without one of the two scores have no quadrant at that wave. A median split is a description of this
        group, not a norm, and a score near the cut changes quadrant by measurement error alone.
    """
    rows = scores[scores["scale"].isin(TYPES) & scores["wave"].isin(waves)]
    plain = rows.astype({"wave": str, "scale": str})
    # pivot_table would average a pupil who is scored twice; pivot refuses
    wide = plain.pivot(index=["pupil", "wave"], columns="scale", values="score")  # noqa: PD010 - see above
    wide = wide.reindex(columns=list(TYPES)).dropna()
    by_wave = {wave: wide[wide.index.get_level_values("wave") == wave] for wave in waves}
    cuts = {scale: float(by_wave[waves[0]][scale].median()) for scale in TYPES}
    warm, storm = wide["closeness"] >= cuts["closeness"], wide["conflict"] > cuts["conflict"]
    labels = np.where(warm, "warm_", "distant_") + np.where(storm, "stormy", "calm").astype(object)
    members = pd.Series(pd.Categorical(labels, QUADRANTS), index=wide.index, name="quadrant").reset_index()
    counts = pd.crosstab(members["wave"], members["quadrant"]).reindex(index=waves, columns=QUADRANTS, fill_value=0)
    first, last = (members[members["wave"] == wave].set_index("pupil")["quadrant"] for wave in waves)
    moved = pd.crosstab(*first.align(last, join="inner"))
    return Typology(
        cuts=cuts,
        counts=counts,
        transitions=moved.reindex(index=QUADRANTS, columns=QUADRANTS, fill_value=0),
        r={wave: _correlation(here["closeness"], here["conflict"]) for wave, here in by_wave.items()},
    )
