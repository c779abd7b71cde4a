"""How well a whole study measured, as facts: what the report for the writer of an instruments section is made of."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd

from werkbank.errors import Problem, UnfitError
from werkbank.measurement.circumplex import (
    SECTORS,
    circular_order,
    complementarity,
    dimensions,
    on_circle,
    sector_scores,
    structural_summary,
)
from werkbank.measurement.comparability import comparability
from werkbank.measurement.items import item_statistics
from werkbank.measurement.perspectives import QUADRANTS, TYPES, compare_perspectives, typology
from werkbank.measurement.quality import change_quality, discriminant_quality, scale_quality
from werkbank.measurement.scoring import item_matrix, respondents
from werkbank.measurement.study_scores import scale_key, scales_of_items, waves_of
from werkbank.results import Fact, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.intake import Intake
    from werkbank.measurement.study_scores import Scores
    from werkbank.study import Outcome

OF_SCALE = {
    "scale_mean": "mean", "scale_sd": "sd", "floor": "floor", "ceiling": "ceiling",
    "standard_error_of_measurement": "sem", "split_half": "split_half",
}  # fmt: skip
OF_ITEMS = ("standard_error_of_measurement", "split_half", "alpha_within", "alpha_between")  # none for a single item
OF_CLASSES = ("alpha_within", "alpha_between", "icc1", "icc_k")
OF_ITEM = {"item_mean": "mean", "item_sd": "sd", "item_rest": "item_rest", "alpha_if_deleted": "alpha_if_deleted"}
ENOUGH_CLASSES = 16  # twice the number of sectors: with fewer class means their correlations are mostly chance


def study_quality(intake: Intake, scores: Scores) -> list[Fact]:
    """Describe how every scale of a study measured, beside the reliabilities in `Scores.facts`.

    Returns
    -------
    list of Fact
        Per scale and wave: `scale_mean`, `scale_sd`, `floor`, `ceiling` (shares),
        `standard_error_of_measurement`, `split_half`; with classes `alpha_within`, `alpha_between`, `icc1`, `icc_k`
        (`n` the number of classes); per `item` `item_mean`, `item_sd`, `item_rest`,
        `alpha_if_deleted`. Per scale and later wave `retest` with its interval and `difference_reliability`, in the
        control arm where there is one (`arm`). Per pair of scales of one informant `r_scales`, `r_disattenuated`.
        Per pair of a teacher's and a pupil's scale `perspectives_r`, `_r_within`, `_r_class_means`, and for scales
        of one name and range `icc_2_1`, `perspectives_difference`. For closeness and conflict `typology` and its
        transitions; for eight sectors the circle (see `circumplex`); `comparability`. What cannot be computed has value
        None.

    Raises
    ------
    UnfitError
        With ``outcomes_not_declared`` for a study without outcomes: nothing of it was measured.
    """
    if not intake.study.outcomes:
        raise UnfitError([Problem("outcomes_not_declared", file=intake.study.file)], intake.study.language)
    facts: list[Fact] = []
    tables = []
    for outcome in intake.study.outcomes:
        key = scores.instruments[outcome.id]
        quality = scale_quality(intake.answers, outcome.id, key)
        wanted = outcome.scales or list(key.scales)
        tables.append(quality[quality["scale"].isin(wanted) & (quality["informant"] == outcome.informant)])
        facts += _scales(tables[-1], bounded=outcome.column is None or outcome.range is not None)
        facts += _types(outcome, scores.table, waves_of(intake, outcome))
        if on_circle(key):
            facts += list(_circle(outcome, intake, scores))
    facts += _items(intake, scores)
    quality = pd.concat(tables, ignore_index=True)
    facts += _change(intake, scores, quality) + _distinct(scores, quality)
    facts += [*_perspectives(intake, scores), *_complementary(intake, scores)]
    return facts + comparability(intake, scores.instruments)


def pair_key(first: str, second: str) -> str:
    """Return how results call a pair of scales."""
    return f"{first} ~ {second}"


def fact_id(*parts: str) -> str:
    """Return the id of a fact: its parts without spaces."""
    return "/".join("".join(part.split()) for part in parts if part)


def _fact(where: tuple[str, ...], what: str, value: object, n: Any = None, **more: Any) -> Fact:  # noqa: ANN401 - a Fact's columns
    return Fact(fact_id(*where, what), what, plain(value), n=None if n is None else int(n), **more)


def _scales(quality: pd.DataFrame, *, bounded: bool) -> list[Fact]:
    facts = []
    for row in quality.itertuples():
        name = scale_key(str(row.outcome), str(row.scale))
        place = {"outcome": name, "informant": str(row.informant), "wave": str(row.wave)}
        left_out = set() if bounded else {"floor", "ceiling"}
        left_out |= set(OF_ITEMS) if row.k < 2 else set()
        for what, column in OF_SCALE.items():
            if what not in left_out:
                value = getattr(row, column)
                facts.append(_fact((name, row.wave), what, value, row.n_scores, kind="scale", **place))
        of_classes = [what for what in OF_CLASSES if row.n_classes > 1 and what not in left_out]
        facts += [
            _fact((name, row.wave), w, getattr(row, w), row.n_classes, kind="classes", **place) for w in of_classes
        ]
    return facts


def _items(intake: Intake, scores: Scores) -> list[Fact]:
    facts = []
    for outcome, scale in scales_of_items(intake, scores.instruments):
        key, name = scores.instruments[outcome.id], scale_key(outcome.id, scale)
        for wave in waves_of(intake, outcome):
            answers = item_matrix(intake.answers, outcome.id, key, scale, wave, outcome.informant)
            place = {"outcome": name, "informant": outcome.informant, "wave": wave, "kind": "item"}
            for row in item_statistics(answers).itertuples():
                where, item = (name, wave, f"item-{row.Index}"), str(row.Index)
                facts += [_fact(where, w, getattr(row, c), row.n, item=item, **place) for w, c in OF_ITEM.items()]
    return facts


def _change(intake: Intake, scores: Scores, quality: pd.DataFrame) -> list[Fact]:
    facts = []
    controls = intake.study.control_arms
    arm = controls[0] if len(controls) == 1 else None
    for outcome in intake.study.outcomes:
        waves = waves_of(intake, outcome) if outcome.same_measure else []
        table = scores.table[scores.table["outcome"] == outcome.id]
        for wave in waves[1:]:
            for row in change_quality(table, quality, waves[0], wave, arm).itertuples():
                name = scale_key(str(row.outcome), str(row.scale))
                place = {"outcome": name, "informant": str(row.informant), "arm": arm or "", "wave": wave}
                place |= {"kind": "retest", "wave_from": waves[0], "wave_to": wave}
                where = (name, f"{waves[0]}-{wave}")
                known = ["difference_reliability"] if not math.isnan(row.difference_reliability) else []
                names = ("retest", "retest_ci_low", "retest_ci_high", *known)
                facts += [_fact(where, what, getattr(row, what), row.n, **place) for what in names]
    return facts


def _distinct(scores: Scores, quality: pd.DataFrame) -> list[Fact]:
    facts = []
    for wave in dict.fromkeys(quality["wave"].astype(str)):
        for row in discriminant_quality(scores.table, quality, wave).itertuples():
            pair = (str(row.first), str(row.second))
            name = pair_key(*pair)
            place = {"outcome": name, "informant": str(row.informant), "wave": wave, "kind": "distinct"}
            where = (name, wave)
            facts.append(_fact(where, "r_scales", row.r, row.n, parts=pair, **place))
            if not math.isnan(row.disattenuated):
                facts.append(_fact(where, "r_disattenuated", row.disattenuated, row.n, parts=pair, **place))
    return facts


def _perspectives(intake: Intake, scores: Scores) -> Iterator[Fact]:
    rated = list(scales_of_items(intake, scores.instruments))
    by = {who: [pair for pair in rated if pair[0].informant == who] for who in ("teacher", "pupil")}
    table = scores.table[scores.table["pupil"].notna()]
    for mine, scale in by["teacher"]:
        for other, theirs in by["pupil"]:
            ranges = [scores.instruments[o.id].score_range(s) for o, s in ((mine, scale), (other, theirs))]
            alike = scale == theirs and ranges[0] == ranges[1]
            pair = (scale_key(mine.id, scale), scale_key(other.id, theirs))
            place: dict[str, Any] = {"outcome": pair_key(*pair), "kind": "perspectives", "parts": pair}
            first, second = (_of(table, o).query("scale == @s") for o, s in ((mine, scale), (other, theirs)))
            for wave in waves_of(intake, mine):
                found = compare_perspectives(first, second, wave, same_range=alike)
                if not found.n:
                    continue
                values = {f"perspectives_{what}": getattr(found, what) for what in ("r", "r_within", "r_class_means")}
                values |= {"icc_2_1": found.icc, "perspectives_difference": found.difference} if alike else {}
                for what, value in values.items():
                    n = found.n_clusters if what == "perspectives_r_class_means" else found.n
                    yield _fact((pair_key(*pair), wave), what, value, n, wave=wave, **place)


def _types(outcome: Outcome, table: pd.DataFrame, waves: list[str]) -> list[Fact]:
    rows = _of(table, outcome)
    if not set(TYPES) <= set(rows["scale"].astype(str)) or len(waves) < 2:
        return []
    found = typology(rows[rows["pupil"].notna()], (waves[0], waves[1]))
    place = {"outcome": outcome.id, "informant": outcome.informant, "kind": "typology"}
    facts = [
        _fact((outcome.id, s), "typology_cut", v, wave=waves[0], category=s, **place) for s, v in found.cuts.items()
    ]
    for wave in waves[:2]:
        n = found.counts.loc[wave].sum()
        facts.append(_fact((outcome.id, wave), "typology_r", found.r[wave], n, wave=wave, **place))
        for kind in QUADRANTS:
            count = int(found.counts.loc[wave, kind])
            facts.append(_fact((outcome.id, wave, kind), "typology", count, n, wave=wave, category=kind, **place))
    for kind in QUADRANTS:
        for to in QUADRANTS:
            count, n = int(found.transitions.loc[kind, to]), found.transitions.loc[kind].sum()
            at: dict[str, Any] = {"wave": waves[1], "wave_from": waves[0], "wave_to": waves[1], "parts": (kind, to)}
            facts.append(_fact((outcome.id, kind, to), "typology_moved", count, n, **at, **place))
    return facts


def _circle(outcome: Outcome, intake: Intake, scores: Scores) -> Iterator[Fact]:
    """Give the mean profile of each arm and wave, and the order of the sectors (by class, if there are enough)."""
    key = scores.instruments[outcome.id]
    table = _of(scores.table, outcome)
    arm_of = table["arm"].astype(object).set_axis(respondents(table))
    sectors = sector_scores(table, key)
    sectors["arm"] = arm_of[~arm_of.index.duplicated()].reindex(sectors.index.get_level_values("pupil")).to_numpy()
    place = {"outcome": outcome.id, "informant": outcome.informant, "kind": "circle"}
    for wave in waves_of(intake, outcome):
        here = sectors.xs(wave, level="wave").dropna(subset=list(SECTORS))
        units = _by_class(here, ENOUGH_CLASSES)
        order = circular_order(units.corr())
        yield _fact((outcome.id, wave), "circular_order", order.index, len(units), wave=wave, **place)
        yield _fact((outcome.id, wave), "circular_order_p", order.p, len(units), wave=wave, **place)
        for arm in ["", *intake.study.arms]:
            rows = here[here["arm"] == arm] if arm else here
            if rows.empty:
                continue
            profile = _by_class(rows, 2).mean()
            both = dimensions(profile.to_frame().T).iloc[0]
            wave_of = structural_summary(profile)
            values = {"agency": both["agency"], "communion": both["communion"], "profile_fit": wave_of.fit}
            values |= {f"profile_{w}": getattr(wave_of, w) for w in ("elevation", "amplitude", "displacement")}
            where = (outcome.id, wave, arm)
            for what, value in values.items():
                yield _fact(where, what, float(value), len(rows), arm=arm, wave=wave, **place)
            for name in SECTORS:
                mean = float(profile[name])
                yield _fact((*where, name), "sector_mean", mean, len(rows), arm=arm, wave=wave, category=name, **place)


def _of(table: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    return table[(table["outcome"] == outcome.id) & (table["informant"] == outcome.informant)]


def _by_class(rows: pd.DataFrame, enough: int) -> pd.DataFrame:
    """Return class means when every respondent has a class and there are enough of them, else the respondents."""
    if rows["class"].isna().any() or rows["class"].nunique() < enough:
        return rows[list(SECTORS)]
    return rows.groupby("class", observed=True)[list(SECTORS)].mean()


def _complementary(intake: Intake, scores: Scores) -> Iterator[Fact]:
    circles = [o for o in intake.study.outcomes if on_circle(scores.instruments[o.id])]
    for first, second in combinations(circles, 2):
        if first.informant == second.informant:
            continue
        name = pair_key(first.id, second.id)
        place: dict[str, Any] = {"outcome": name, "kind": "complementarity", "parts": (first.id, second.id)}
        tables = [sector_scores(_of(scores.table, o), scores.instruments[o.id]) for o in (first, second)]
        for wave in waves_of(intake, first):
            sides = [t.xs(wave, level="wave") for t in tables if wave in t.index.get_level_values("wave")]
            if len(sides) < 2:
                continue
            if len(sides[0].index.intersection(sides[1].index)) < 3:  # a teacher beside the class, not pupil by pupil
                sides = [_by_class(side, 0).assign(**{"class": lambda t: t.index}) for side in sides]
            found = complementarity(dimensions(sides[0]), dimensions(sides[1]), sides[0]["class"])
            for what, r in found.items():
                ends = {"": r.estimate, "_ci_low": r.ci_low, "_ci_high": r.ci_high, "_p": r.p}
                for end, value in ends.items():
                    full = f"complementarity_{what}{end}"
                    yield _fact((name, wave), full, value, r.n, wave=wave, category=what, **place)
