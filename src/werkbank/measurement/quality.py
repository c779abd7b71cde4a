"""How well every scale was measured, and what that means for change: the tables of a report's instruments section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from werkbank.measurement.circumplex import clustered_correlation
from werkbank.measurement.items import discriminant, floor_and_ceiling
from werkbank.measurement.scoring import item_matrix, respondents, score
from werkbank.measurement.study_scores import scale_key
from werkbank.statistics.reliability import (
    alpha,
    difference_reliability,
    retest,
    split_half,
    standard_error_of_measurement,
)
from werkbank.statistics.reliability_in_clusters import cluster_reliability

if TYPE_CHECKING:
    from werkbank.instruments import Instrument

PLACE = ["outcome", "scale", "informant", "wave"]


def scale_quality(answers: pd.DataFrame, outcome: str, instrument: Instrument) -> pd.DataFrame:
    """Describe every scale of an outcome at every wave and informant that has answers.

    Parameters
    ----------
    answers, outcome, instrument
        As in `scoring.score`.

    Returns
    -------
    DataFrame
        One row per outcome, scale, informant and wave: n_scores, mean, sd, floor and ceiling of the scores; k items;
        alpha, split_half (Spearman-Brown) and sem = SD √(1 - alpha); alpha_within, alpha_between, icc1 and icc_k by
        class. All of them use complete respondents. Scales of one item have NaN for all but the scores. What further
        belongs to reliability (intervals, omega, items that run against their scale) is in `Scores.facts`.
    """
    table = score(answers, outcome, instrument, list(instrument.scales))
    described = floor_and_ceiling(table, instrument).rename(columns={"n": "n_scores"})
    rows = []
    for (scale, informant, wave), scores in table.groupby(["scale", "informant", "wave"], observed=True, sort=False):
        items = item_matrix(answers, outcome, instrument, str(scale), str(wave), str(informant))
        place = {"outcome": outcome, "scale": scale, "informant": informant, "wave": wave}
        measured = {"k": items.shape[1], "alpha": alpha(items).estimate, "split_half": split_half(items).spearman_brown}
        rows.append(place | measured | _classes(items, scores))
    found = described.merge(pd.DataFrame(rows, columns=rows[0].keys() if rows else PLACE), on=PLACE, how="right")
    sem = [standard_error_of_measurement(row.sd, row.alpha) for row in found.itertuples()] if rows else []
    return found.assign(sem=sem)


def change_quality(
    table: pd.DataFrame, quality: pd.DataFrame, wave_from: str, wave_to: str, arm: str | None = None
) -> pd.DataFrame:
    """Say of each scale how stable it was from one wave to another, and how reliable a pupil's change is.

    Parameters
    ----------
    table : DataFrame
        Scores, from `scoring.score`.
    quality : DataFrame
        From `scale_quality`.
    wave_from, wave_to : str
        The waves.
    arm : str, optional
        Only this arm: a test-retest correlation is best had from pupils who were not in the programme.

    Returns
    -------
    DataFrame
        outcome, scale, informant, n (pupils with both scores), retest with an interval in which classes are what was
        sampled, where they are known, and difference_reliability (from both alphas, both SDs and the correlation of
        the same pupils).
    """
    rows = []
    used = table if arm is None else table[table["arm"] == arm]
    known = quality.set_index(PLACE)
    for (outcome, scale, informant), scores in used.groupby(
        ["outcome", "scale", "informant"], observed=True, sort=False
    ):
        ends = [(outcome, scale, informant, wave) for wave in (wave_from, wave_to)]
        if any(end not in known.index for end in ends):
            continue
        first, second = (scores[scores["wave"] == wave].set_index("pupil") for wave in (wave_from, wave_to))
        pairs = first[["class", "score"]].join(second["score"].rename("later"), how="inner")
        both, classes = pairs[["score", "later"]].dropna(), pairs["class"].astype(object)
        r = retest(both["score"], both["later"]).estimate
        sampled = classes if classes.notna().all() and len(set(classes)) > 1 else range(len(pairs))
        known_by_class = clustered_correlation(pairs["score"], pairs["later"], sampled)
        before, after = (float(known.loc[end, "alpha"]) for end in ends)
        reliable = difference_reliability(before, after, r, *both.std())
        interval = (known_by_class.ci_low, known_by_class.ci_high)
        rows.append((outcome, scale, informant, len(both), r, *interval, reliable))
    names = [
        "outcome",
        "scale",
        "informant",
        "n",
        "retest",
        "retest_ci_low",
        "retest_ci_high",
        "difference_reliability",
    ]
    return pd.DataFrame(rows, columns=names)


def discriminant_quality(table: pd.DataFrame, quality: pd.DataFrame, wave: str) -> pd.DataFrame:
    """Return `items.discriminant` for every pair of scales of one wave and informant, with their alphas.

    Scales are named as results call them (`study_scores.scale_key`); scales of other informants are other views of a
    child, not other names for one thing, and are not paired.
    """
    known = quality[quality["wave"] == wave]
    reliability = {scale_key(str(row.outcome), str(row.scale)): float(row.alpha) for row in known.itertuples()}
    here = table[table["wave"] == wave]
    pairs = zip(here["outcome"].astype(str), here["scale"].astype(str), strict=True)
    named = here.assign(name=[scale_key(outcome, scale) for outcome, scale in pairs])
    named = named[named["name"].isin(list(reliability))]
    found = []
    for informant, rows in named.groupby("informant", observed=True, sort=False):
        wide = rows.pivot(index="pupil", columns="name", values="score")  # noqa: PD010 - a doubled score must not pass
        found.append(discriminant(wide, reliability).assign(informant=informant))
    return pd.concat(found, ignore_index=True) if found else discriminant(pd.DataFrame(), {})


def _classes(items: pd.DataFrame, scores: pd.DataFrame) -> dict[str, float]:
    classes = scores["class"].astype(object).set_axis(respondents(scores))
    found = cluster_reliability(items, classes[~classes.index.duplicated()].reindex(items.index))
    shown = {name: getattr(found, name) for name in ("alpha_within", "alpha_between", "icc1", "icc_k")}
    return shown | {"n_classes": found.n_clusters}
