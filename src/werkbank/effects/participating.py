"""Who took part, on both levels: teachers and the size of units per arm, and every covariate of who was enrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from werkbank.effects import classes
from werkbank.effects.cautions import answerable
from werkbank.effects.comparing import of_pupils
from werkbank.effects.questions import identifier
from werkbank.effects.units import unit_names, unit_of_analysis
from werkbank.results import Fact
from werkbank.statistics.sizes import sd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.effects.questions import Question
    from werkbank.study.model import Study

FEW = 8  # distinct values: of more a mean and an SD say more than a share of each


def participating(study: Study, pupils: pd.DataFrame, arms: Mapping[str, pd.Index]) -> list[Fact]:
    """Describe per arm who was enrolled, before anybody was lost.

    Returns
    -------
    list of Fact
        ``units_schools_shared`` (schools with pupils in every arm); ``units_teachers`` and ``units_schools`` (how many
        have pupils in the arm); ``size_mean``,
        ``size_smallest`` and ``size_largest`` of the units that were assigned, in pupils; and of every covariate, named
        by `item`, ``enrolled_share`` (0-1, of those for whom it is known) for each of its values (`category`), or
        ``enrolled_mean`` and ``enrolled_sd`` of a number with more than eight values. What nobody has is left out.

    Notes
    -----
    Everybody who was enrolled counts, as CONSORT for cluster trials (item 15) asks; ``before_mean`` is of those who
    were analysed. Nothing is tested.
    """
    found: list[Fact] = []
    unit = unit_of_analysis(study, pupils)
    if len(arms) > 1 and "school" in pupils and (names := unit_names(pupils, "school")) is not None:
        seen = [set(names.reindex(members).dropna()) for members in arms.values()]
        found.append(_fact("units_schools_shared", "", len(set.intersection(*seen)), sum(map(len, arms.values()))))
    for arm, members in arms.items():
        for level, what in (("teacher", "units_teachers"), ("school", "units_schools")):
            if level in pupils and (names := unit_names(pupils, level)) is not None:
                n = int(names.reindex(members).nunique())
                found += [_fact(what, arm, n, len(members))] * bool(n)
        if unit.of_pupil is not None and arm not in unit.alone:
            sizes = unit.of_pupil.reindex(members).dropna().value_counts()
            if len(sizes):
                told = {"mean": float(sizes.mean()), "smallest": int(sizes.min()), "largest": int(sizes.max())}
                found += [_fact(f"size_{name}", arm, x, int(sizes.sum())) for name, x in told.items()]
        for name in study.covariates:
            if name in pupils:
                found += _covariate(name, arm, pupils.loc[members, name].dropna())
    return found


def variance_components(q: Question) -> list[Fact]:
    """Return the variances of the mixed model of pupils beside the lead (`mixed_kr`), one a level.

    Returns
    -------
    list of Fact
        ``variance_component`` (`category` class, teacher, school, or residual), in squared points of the scale, after
        what the model adjusts for; none where units were not assigned or there is no such model.
    """
    if q.plan.design not in {"units", "blocks"} or not answerable(q):
        return []
    rows, covariates = of_pupils(q)
    found = classes.mixed_difference(rows, q.of_all_arms, covariates)
    levels = {q.unit.level if name == "unit" else name: x for name, x in found.levels.items()}
    told = {**levels, "residual": found.within} if levels else {}
    return [
        Fact(
            identifier(q.key, q.contrast, f"{q.wave_from}-{q.wave_to}".strip("-"), "variance_component", level),
            "variance_component", float(x), q.key, q.outcome.informant, q.contrast, q.wave_to, len(rows),
            kind="variance", category=level, contrast=q.contrast, arms=q.arms, wave_from=q.wave_from,
            wave_to=q.wave_to,
        )
        for level, x in told.items()
    ]  # fmt: skip


def _covariate(name: str, arm: str, values: pd.Series) -> list[Fact]:
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().all() and numbers.nunique() > FEW:
        told = {"enrolled_mean": float(numbers.mean()), "enrolled_sd": sd(numbers)}
        return [_fact(what, arm, x, len(numbers), name) for what, x in told.items()] if len(numbers) else []
    if numbers.notna().all():
        values = numbers.map(lambda x: f"{x:g}")
    counts = values.astype(str).value_counts(sort=False).sort_index()
    return [_fact("enrolled_share", arm, n / len(values), len(values), name, str(word)) for word, n in counts.items()]


def _fact(what: str, arm: str, value: float, n: int, item: str = "", word: str = "") -> Fact:
    place = identifier("participants", arm or "all", what, item, word)
    known = None if pd.isna(value) else value
    return Fact(place, what, known, arm=arm, n=n, kind="participants", item=item, category=word)
