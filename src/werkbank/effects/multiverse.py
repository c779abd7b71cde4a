"""Every defensible analysis of one question at once: whether the conclusion hangs on one decision."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from werkbank import steps
from werkbank.effects import comparison
from werkbank.effects.classes import cr2_difference, mixed_difference, with_class_means
from werkbank.effects.estimating import headline
from werkbank.effects.leading import answered, of_several
from werkbank.effects.moderation import moderated
from werkbank.effects.questions import Question, identifier, questions
from werkbank.measurement.study_scores import scale_of
from werkbank.results import Fact
from werkbank.statistics.quantity import Quantity, at_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from werkbank.results import Estimate
    from werkbank.study.model import Study

SCORING = (0.0, 0.8, 1.0)  # share of the items that must have been answered, beyond the instrument's own rule
_CUTS = tuple(f"{how}_{sds}_sd" for how in ("dropped", "winsorised") for sds in (2, 2.5, 3))
OUTLIERS = ("kept", *_CUTS, "winsorised_5_percent")
WAVES = ("pre", "post")
TOLD = 10  # data sets between two words to whoever waits
MOST = 100  # different data sets that decisions lead to; each is analysed by three to five models


@dataclass(frozen=True)
class Decisions:
    """What was decided about the data: every field is one of a few defensible ways."""

    scoring: float
    outliers: str
    within_arms: bool  # outliers judged against their own arm, or against everybody
    normal_ranks: bool  # ranks turned into normal scores, or the scores themselves
    every_wave: bool  # only pupils measured at every wave, or at the two compared
    overlap: bool  # only pupils in the range of pre-tests that all arms have, or all
    covariates: bool  # adjusted for the declared covariates besides the pre-test, or not


def multiverse(
    study: Study, scores: pd.DataFrame, pupils: pd.DataFrame, place: tuple[str, str], seed: int, *, most: int = MOST
) -> pd.DataFrame:
    """Estimate one effect under many combinations of decisions.

    Parameters
    ----------
    place : (str, str)
        The key of the outcome and the name of the contrast (as in an Estimate); the first later wave is taken.
    seed : int
        For the order in which combinations are tried, until `most` different data sets were found.

    Returns
    -------
    DataFrame
        One row per specification, sorted by effect: the fields of `Decisions`, model, effect (in unadjusted post-test
        SDs of pupils), p, ci_low, ci_high, n. Combinations that lead to the same scores are one; every model respects
        the unit that was assigned; what leaves an arm with less than two units gives no row.

    Raises
    ------
    KeyError
        No such outcome and contrast with two waves and two units in every arm.

    Notes
    -----
    Steegen, Tuerlinckx, Gelman & Vanpaemel (2016). The models are those of the registry's rows; the first
    specification is the headline itself, with its covariates and blocks.
    """
    asked = _by_rule(study, scores, pupils, place)
    if not asked:
        raise KeyError(f"no {place[0]} with {place[1]} at two waves and two units in every arm")
    q = asked[SCORING[0]][0]
    grid = [Decisions(*choice) for choice in _grid(q, list(asked), waves=len(asked[SCORING[0]]))]
    order = [0, *(1 + np.random.default_rng(seed).permutation(len(grid) - 1))]  # the first leaves the data as they are
    complete = {rule: _complete(found) for rule, found in asked.items()}
    seen: set[bytes] = set()
    rows: list[dict[str, object]] = []
    for decisions in (grid[i] for i in order):
        if len(seen) == most:
            break
        data = _data(complete[decisions.scoring], decisions)
        mark = data[["place", *WAVES]].to_numpy(dtype=float).tobytes() + bytes([decisions.covariates])
        if mark in seen or not _enough(q, data):
            continue
        seen.add(mark)
        if len(seen) % TOLD == 1:
            steps.begin("ways", at=len(seen), of=min(most, len(grid)))
        rows += _specified(q, data, decisions)
    columns = [*(f.name for f in fields(Decisions)), "model", "effect", "p", "ci_low", "ci_high", "n"]
    return pd.DataFrame(rows, columns=columns).sort_values("effect", ignore_index=True)


@dataclass(frozen=True)
class ManyWays:
    """The headline question answered in many ways: `multiverse`'s table beside what sums it up."""

    headline: Estimate
    table: pd.DataFrame
    facts: tuple[Fact, ...]


def of_headline(
    study: Study, scores: pd.DataFrame, pupils: pd.DataFrame, estimates: Sequence[Estimate], seed: int
) -> ManyWays | None:
    """Answer the one primary question in many ways; None where it has no test, no pre-test or no comparison."""
    first = headline(study, estimates)
    if first is None or first.p is None or not (first.contrast and first.wave_from) or study.design.individual_arms:
        return None
    if first.method == "role_means":  # one answer by its design: what else could be decided was not examined
        return None
    table = multiverse(study, scores, pupils, (first.outcome, first.contrast), seed)
    if table.empty:
        return None
    where: dict[str, Any] = {"arms": first.arms, "wave_from": first.wave_from, "wave_to": first.wave_to}
    facts = multiverse_facts(table, first.outcome, first.contrast)
    return ManyWays(first, table, tuple(replace(fact, **where) for fact in facts))


def multiverse_facts(table: pd.DataFrame, outcome: str, contrast: str) -> list[Fact]:
    """Summarise: specifications, median effect, range, shares (0-1) of the median's sign, and of p < .05 besides."""
    median = float(table["effect"].median())
    same = np.sign(table["effect"]) == np.sign(median)
    found = {
        "specifications": len(table),
        "median": median,
        "lowest": float(table["effect"].min()),
        "highest": float(table["effect"].max()),
        "same_sign": float(same.mean()),
        "significant": float((same & (table["p"] < 0.05)).mean()),
    }
    at: dict[str, Any] = {"outcome": outcome, "arm": contrast, "contrast": contrast, "kind": "multiverse"}
    facts = []
    for category, value in found.items():
        what = f"multiverse_{category}"
        place = identifier(outcome, contrast or "all", what)
        facts.append(Fact(place, what, value, n=len(table), category=category, **at))
    return facts


def _by_rule(
    study: Study, scores: pd.DataFrame, pupils: pd.DataFrame, place: tuple[str, str]
) -> dict[float, list[Question]]:
    """Return the questions at each scoring rule, but for a rule that changes no score or leaves nothing to compare."""
    found: dict[float, list[Question]] = {}
    kept = len(scores) + 1
    scores = scores.loc[scores["outcome"] == scale_of(place[0])[0]]
    for share in SCORING:
        enough = scores.loc[scores["n_items_answered"] >= share * scores["n_items"] - 1e-9]
        if len(enough) < kept:
            asked = [q for q in questions(study, enough, pupils) if (q.key, q.contrast) == place]
            asked = [q for q in asked if q.wave_from and q.weights and _enough(q, q.analysed)]
            if not asked and share == SCORING[0]:
                return {}
            found |= {share: asked} if asked else {}
        kept = len(enough)
    return found


def _complete(asked: list[Question]) -> pd.DataFrame:
    """Return the analysed pupils, where each stood (`place`), and whether every wave was measured (`every`)."""
    rows = asked[0].whole
    every = np.logical_and.reduce([x.everyone.loc[rows.index, "post"].notna() for x in asked])
    return rows.assign(place=asked[0].everyone.index.get_indexer(rows.index), every=every)


def _grid(q: Question, rules: list[float], waves: int) -> Iterable[tuple[Any, ...]]:
    both = (False, True)
    return itertools.product(
        rules,
        OUTLIERS,
        both,
        both,
        both if waves > 1 else (False,),
        both,
        (True, False) if q.adjusting.columns else (False,),
    )


def _data(rows: pd.DataFrame, decisions: Decisions) -> pd.DataFrame:
    if decisions.every_wave:
        rows = rows.loc[rows["every"]]
    if decisions.overlap and len(rows):
        ranges = rows.groupby("arm")["pre"].agg(["min", "max"])
        rows = rows.loc[rows["pre"].between(ranges["min"].max(), ranges["max"].min())]
    if decisions.outliers != "kept":
        arms = rows["arm"].to_numpy()
        groups = [arms == arm for arm in np.unique(arms)] if decisions.within_arms else [np.ones(len(rows), dtype=bool)]
        rows = rows.assign(**{w: _tamed_in(rows[w].to_numpy(float), groups, decisions.outliers) for w in WAVES})
        rows = rows.loc[rows["pre"].notna() & rows["post"].notna()]
    if decisions.normal_ranks:
        rows = rows.assign(**{w: special.ndtri((rows[w].rank() - 0.5) / len(rows)) for w in WAVES})
    return rows


def _separate_slopes(rows: pd.DataFrame, weights: comparison.Weights, covariates: list[str]) -> Quantity:
    average = float(rows["pre"].mean())
    return moderated(rows.drop(columns="unit"), weights, "pre", covariates, [average]).effects[average]


def _tamed_in(values: np.ndarray, groups: list[np.ndarray], how: str) -> np.ndarray:
    tamed = values.copy()
    for members in groups:
        tamed[members] = _tamed(values[members], how)
    return tamed


def _tamed(values: np.ndarray, how: str) -> np.ndarray:
    if len(values) < 2:
        return values
    kind, size, measure = how.split("_")
    if measure == "percent":
        low, high = np.quantile(values, [float(size) / 100, 1 - float(size) / 100])
    else:
        middle, reach = values.mean(), float(size) * values.std(ddof=1)
        low, high = middle - reach, middle + reach
    inside = (values >= low) & (values <= high)
    outside = np.nan if kind == "dropped" else np.where(values < low, low, high)
    return np.where(inside, values, outside)


def _enough(q: Question, rows: pd.DataFrame) -> bool:
    return set(q.weights) <= set(of_several(rows, by_unit=q.unit.of_pupil is not None))


def _specified(q: Question, rows: pd.DataFrame, decisions: Decisions) -> list[dict[str, object]]:
    made = []
    in_sds = comparison.adjusted_g(Quantity(1.0), rows, q.weights)  # the same SD for every model of these rows
    tests, n = _tests(q, rows, q.adjusting.columns if decisions.covariates else [])
    for model, test in tests.items():
        size = (at_level(test, q.ci_level) or test).scaled(in_sds.value, in_sds.standardiser)
        if size.p is not None and in_sds.value > 0:
            numbers = {"effect": size.value, "p": size.p, "ci_low": size.ci_low, "ci_high": size.ci_high}
            made.append({**asdict(decisions), "model": model, **numbers, "n": n})
    return made


def _tests(q: Question, rows: pd.DataFrame, covariates: list[str]) -> tuple[dict[str, Quantity], int]:
    """Return the lead and, where its design has other models, those, with covariates and blocks; and the lead's n."""
    plan = replace(q.plan, covariates=tuple(covariates), pre=bool(rows["pre"].max() > rows["pre"].min()))
    lead = answered(plan, rows)
    tests = {lead.method: lead.test}
    if q.outcome.same_measure:
        gain = "gain_difference" if q.unit.of_pupil is None else "gain_difference_unit_means"
        tests[gain] = answered(plan, rows.assign(gain=rows["post"] - rows["pre"]), "gain").test
    if plan.design == "pupils" and plan.pre:
        return tests | _of_pupils(q, rows, covariates), lead.n
    return tests | (_of_classes(q, rows, covariates) if plan.design == "units" and plan.pre else {}), lead.n


def _of_pupils(q: Question, rows: pd.DataFrame, covariates: list[str]) -> dict[str, Quantity]:
    rows, w = _curved(rows), q.of_all_arms
    return {
        "ancova": comparison.ancova(rows, w, covariates),
        "ancova_curved": comparison.ancova(rows, w, ["pre_squared", *covariates]),
        "ancova_separate_slopes": _separate_slopes(rows, w, covariates),
    } | ({} if covariates else {"post_difference": comparison.post_difference(rows, w)})


def _of_classes(q: Question, rows: pd.DataFrame, covariates: list[str]) -> dict[str, Quantity]:
    rows, w = with_class_means(_curved(rows), ["pre"]), q.of_all_arms
    linear = ["pre", "pre_of_unit", *covariates]
    return {
        "mixed_kr": mixed_difference(rows, w, linear).test,
        "cr2": cr2_difference(rows, w, linear),
        "cr2_curved": cr2_difference(rows, w, [*linear, "pre_squared"]),
    }


def _curved(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(pre_squared=(rows["pre"] - rows["pre"].mean()) ** 2)
