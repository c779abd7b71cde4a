"""How well every scale was measured, and what that means for change: the tables of a report's instruments section."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.measurement.clustered import cluster_reliability
from werkbank.measurement.items import discriminant, floor_and_ceiling, item_statistics
from werkbank.measurement.reliability import (
    REASON,
    alpha,
    difference_reliability,
    omega,
    retest,
    split_half,
    standard_error_of_measurement,
)
from werkbank.measurement.scoring import item_matrix, score

if TYPE_CHECKING:
    from werkbank.instruments import Instrument
    from werkbank.measurement.reliability import Missing

PLACE = ["outcome", "scale", "informant", "wave"]


def scale_quality(
    answers: pd.DataFrame, outcome: str, instrument: Instrument, missing: Missing = "complete"
) -> pd.DataFrame:
    """Describe every scale of an outcome at every wave and informant that has answers.

    Parameters
    ----------
    answers, outcome, instrument
        As in `scoring.score`.
    missing : {"complete", "pairwise"}
        Which answers alpha and the item statistics use; omega and the class-level values use complete respondents.

    Returns
    -------
    DataFrame
        One row per outcome, scale, informant and wave: n (complete respondents), n_scores, k, mean, sd, floor and
        ceiling of the scores; alpha, omega and their intervals; split_half (Spearman-Brown); sem = SD √(1 - alpha);
        item_rest_lowest with its item, and negative_items (those that run against the scale, a loud warning);
        alpha_within, alpha_between, icc1 and icc_k by class; note, the catalogue key of the reason when alpha is NaN.
        Scales of one item have NaN for all but the scores.
    """
    table = score(answers, outcome, instrument, list(instrument.scales))
    described = floor_and_ceiling(table, instrument).rename(columns={"n": "n_scores"})
    rows = []
    for (scale, informant, wave), scores in table.groupby(["scale", "informant", "wave"], observed=True, sort=False):
        items = item_matrix(answers, outcome, instrument, str(scale), str(wave), str(informant))
        place = {"outcome": outcome, "scale": scale, "informant": informant, "wave": wave}
        rows.append(place | _items(items, missing) | _classes(items, scores))
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
        outcome, scale, informant, n (pupils with both scores), retest with its interval, reliability_of_change (from
        both alphas, both SDs and the correlation of the same pupils), note.
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
        first, second = (scores[scores["wave"] == wave].set_index("pupil")["score"] for wave in (wave_from, wave_to))
        pairs = pd.concat([first, second], axis=1, join="inner").dropna()
        stable = retest(pairs.iloc[:, 0], pairs.iloc[:, 1])
        before, after = (float(known.loc[end, "alpha"]) for end in ends)
        sd_before, sd_after = (float(sd) for sd in pairs.std())
        rows.append(
            {
                "outcome": outcome,
                "scale": scale,
                "informant": informant,
                "n": stable.n,
                "retest": stable.estimate,
                "retest_ci_low": stable.ci_low,
                "retest_ci_high": stable.ci_high,
                "reliability_of_change": difference_reliability(before, after, stable.estimate, sd_before, sd_after),
                "note": stable.note,
            }
        )
    return pd.DataFrame(rows)


def discriminant_quality(table: pd.DataFrame, quality: pd.DataFrame, wave: str) -> pd.DataFrame:
    """Return `items.discriminant` for every pair of scales of one wave and informant, with their alphas.

    The pairs are named ``outcome.scale``; scales of other informants are other views of a child, not other names for
    one thing, and are not paired.
    """
    known = quality[quality["wave"] == wave]
    reliability = {
        f"{row.outcome}.{row.scale}": float(row.alpha) for row in known[["outcome", "scale", "alpha"]].itertuples()
    }
    here = table[table["wave"] == wave]
    named = here.assign(name=here["outcome"].astype(str) + "." + here["scale"].astype(str))
    named = named[named["name"].isin(list(reliability))]
    found = []
    for informant, rows in named.groupby("informant", observed=True, sort=False):
        wide = rows.pivot(index="pupil", columns="name", values="score")  # noqa: PD010 - a doubled score must not pass
        found.append(discriminant(wide, reliability).assign(informant=informant))
    return pd.concat(found, ignore_index=True) if found else discriminant(pd.DataFrame(), {})


def _items(items: pd.DataFrame, missing: Missing) -> dict[str, object]:
    a = alpha(items, missing)
    o = omega(items.to_numpy(float))
    statistics = item_statistics(items, missing)
    rest = statistics["item_rest"]
    lowest = rest.idxmin() if rest.notna().any() else None
    return {
        "n": a.n,
        "k": a.k,
        "alpha": a.estimate,
        "alpha_ci_low": a.ci_low,
        "alpha_ci_high": a.ci_high,
        "omega": o.estimate,
        "omega_ci_low": o.ci_low,
        "omega_ci_high": o.ci_high,
        "split_half": split_half(items).spearman_brown,
        "item_rest_lowest": math.nan if lowest is None else float(rest[lowest]),
        "item_lowest": "" if lowest is None else str(lowest),
        "negative_items": tuple(str(item) for item in rest.index[rest < 0]),
        "note": a.note or (REASON + "no_solution" if math.isnan(o.estimate) and a.k > 2 else ""),
    }


def _classes(items: pd.DataFrame, scores: pd.DataFrame) -> dict[str, float]:
    who = scores["pupil"].astype(object)
    classes = pd.Series(
        scores["class"].astype(object).to_numpy(), who.where(who.notna(), scores["teacher"].astype(object))
    )
    found = cluster_reliability(items, classes[~classes.index.duplicated()].reindex(items.index))
    return {
        "alpha_within": found.alpha_within,
        "alpha_between": found.alpha_between,
        "icc1": found.icc1,
        "icc_k": found.icc_k,
        "n_classes": found.n_clusters,
    }
