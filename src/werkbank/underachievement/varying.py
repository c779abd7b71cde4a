"""How much hangs on a choice: the same pupils looked at with one choice changed at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from werkbank.errors import UnfitError
from werkbank.statistics.shares import Share, share
from werkbank.study.underachievement import Cutoff
from werkbank.underachievement.methods import Finding, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from werkbank.underachievement.criteria import Criteria, Measure, Method

Varied = Literal["expected", "able", "threshold", "method"]
CUTS = (0.80, 0.90, 0.95)  # quantiles in use for who is looked at
THRESHOLDS = (0.5, 1.0, 1.5, 2.0)
METHODS: tuple[Method, ...] = ("absolute", "difference", "regression")


@dataclass(frozen=True)
class Variation:
    """What another choice finds.

    Attributes
    ----------
    varied : {"expected", "able", "threshold", "method"}
        Which choice is another one.
    value : str
        What it is now: the measure, the quantile (``all`` without a cut), the threshold or the method.
    finding : Finding or None
        None where it cannot be computed: the other measure does not vary.
    kept : Share
        Of the pupils flagged by the choices that count, as far as this one judges them: the share it flags as well.
    """

    varied: Varied
    value: str
    finding: Finding | None
    kept: Share


def variations(
    pupils: pd.DataFrame, main: Finding, alternatives: Sequence[Measure], among: pd.Index | None = None
) -> list[Variation]:
    """Find again with one choice changed: another measure of what could be expected, another cut, threshold, method.

    Parameters
    ----------
    pupils : DataFrame
        As for `find`, with the columns of `alternatives`.
    main : Finding
        By the choices that count. A nomination has no measure or threshold to vary.
    alternatives : sequence of Measure
        Other measures of what could be expected.
    among : Index, optional
        As for `find`.

    Returns
    -------
    list of Variation
        None of them equals the main choice. A cut by a score of the main measure becomes, for another measure, the
        quantile that lets as many pupils through.
    """
    flagged = main.table["flag"].fillna(value=False).astype(bool)
    made = []
    everyone = main if among is None else find(pupils, main.criteria)  # a cut for all is counted among all
    for varied, value, criteria in _others(everyone, alternatives):
        try:
            finding = find(pupils, criteria, among)
        except UnfitError as unfit:
            if any(problem.code != "underachievement_no_prediction" for problem in unfit.problems):
                raise
            # nothing to predict from: said in the report, by a row without numbers
            made.append(Variation(varied, value, None, share([])))
            continue
        again = finding.table["flag"][flagged]
        judged = again.notna() | ~finding.table["able"][flagged]
        made.append(Variation(varied, value, finding, share(again[judged].fillna(value=False))))
    return made


def _others(main: Finding, alternatives: Sequence[Measure]) -> Iterator[tuple[Varied, str, Criteria]]:
    c = main.criteria
    if c.method == "nomination":
        return
    for measure in alternatives:
        yield "expected", measure.column, _by_measure(main, measure)
    for value in CUTS:
        if c.able is None or (c.able.rule, c.able.value) != ("quantile", value):
            yield "able", f"{value:g}", replace(c, able=Cutoff(rule="quantile", value=value))
    if c.able is not None and c.low.rule != "able_mean":
        yield "able", "all", replace(c, able=None)
    for value in THRESHOLDS if c.method != "absolute" else ():
        if value != c.threshold:
            yield "threshold", f"{value:g}", replace(c, threshold=value)
    bare = replace(c, predictors=(), random_intercept=None)
    for method in METHODS:
        if bare != c or method != c.method:
            yield "method", method, replace(bare, method=method)


def _by_measure(main: Finding, measure: Measure) -> Criteria:
    """Return the same criteria with another measure of what could be expected."""
    c, able = main.criteria, main.criteria.able
    predictors = tuple(measure if p.column == c.expected.column else p for p in c.predictors)
    if able is not None and able.rule == "score" and 0 < main.n_able < main.n_judged:
        able = Cutoff(rule="quantile", value=1 - main.n_able / main.n_judged, tie=able.tie)
    return replace(c, expected=measure, predictors=predictors, able=able)
