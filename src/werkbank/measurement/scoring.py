"""Answers -> scale scores: reverse once, keep the raw answers, say how many answers stood behind each score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from werkbank.remembering import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.instruments import Instrument, MissingRule, Scale

Matrix = NDArray[np.float64]
Counts = NDArray[np.int64]
WHO = ["pupil", "teacher", "class", "school", "arm", "wave", "informant"]
SCORES = [*WHO, "outcome", "scale", "score", "n_items_answered", "n_items"]


def score(answers: pd.DataFrame, outcome: str, instrument: Instrument, scales: list[str] | None = None) -> pd.DataFrame:
    """Score one outcome for every pupil, wave and informant that was asked.

    Parameters
    ----------
    answers : DataFrame
        Columns pupil, teacher, class, school, arm, wave, informant, outcome, item, value. An answer that is NaN was
        asked and not given; an item without a row was not asked.
    outcome : str
        Which rows: the name of the outcome.
    instrument : Instrument
        The key: reversals, missing rule, sum or mean.
    scales : list of str, optional
        Scales and composites wanted; all of the instrument when left out.

    Returns
    -------
    DataFrame
        Columns `SCORES`, one row for each respondent and scale of which at least one item was asked. A score is NaN
        when fewer items were answered than the key's missing rule needs; a composite is NaN when one of its scales is.

    Raises
    ------
    UnfitError
        With ``instrument_unknown_scale`` for a scale that the instrument lacks.
    ValueError
        When the same respondent answers an item twice in a wave, or a value is outside the key's range: intake refuses
        such files, so a table that has them did not come through it.

    Notes
    -----
    Reversal is x' = low + high - x, once, here; raw answers stay in `answers`. Checked against worked examples, the
    published SDQ syntax and scores of R's psych (bfi).
    """
    wanted = instrument.known(instrument.scored if scales is None else scales)
    rows = answers[answers["outcome"] == outcome]
    if rows.empty:
        return pd.DataFrame(columns=SCORES)
    grid = _grid(rows, instrument.items)
    needed = dict.fromkeys(part for name in wanted for part in instrument.parts(name))
    scored = {part: _score_scale(_keyed(grid, instrument, part), instrument.scales[part]) for part in needed}
    tables = []
    for name in wanted:
        weights = instrument.parts(name)
        items = [item for part in weights for item in instrument.scales[part].items]
        asked = grid.asked[:, grid.columns(items)].any(axis=1)
        constant = instrument.composites[name].constant if name in instrument.composites else 0.0
        values = np.sum([weight * scored[part][0] for part, weight in weights.items()], axis=0) + constant
        answered = np.sum([scored[part][1] for part in weights], axis=0)
        table = grid.who[asked].assign(outcome=outcome, scale=name, score=values[asked])
        tables.append(table.assign(n_items_answered=answered[asked], n_items=len(items)))
    return pd.concat(tables, ignore_index=True)[SCORES]


@remembered(64)
def item_matrix(
    answers: pd.DataFrame,
    outcome: str,
    instrument: Instrument,
    scale: str,
    wave: str,
    informant: str,
    *,
    keyed: bool = True,
) -> pd.DataFrame:
    """Return the answers of one scale at one wave as respondents x items, reversed by the key unless `keyed` is false.

    The index is the pupil (the teacher where no pupil is named). Items that nobody was asked are columns of NaN;
    respondents who were asked no item of the scale are absent.
    """
    instrument.known([scale])
    items = instrument.scales[scale].items
    here = (answers["outcome"] == outcome) & (answers["wave"] == wave) & (answers["informant"] == informant)
    rows = answers[here & answers["item"].isin(items)]
    if rows.empty:
        return pd.DataFrame(columns=list(items), dtype=float)
    grid = _grid(rows, items)
    values = _keyed(grid, instrument, scale) if keyed else grid.cells[:, grid.columns(items)]
    return pd.DataFrame(values, index=pd.Index(respondents(grid.who), name="pupil"), columns=list(items))


def respondents(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return who answered: the pupil, and the teacher where no pupil is named."""
    pupil = rows["pupil"].astype(object)
    return pupil.where(pupil.notna(), rows["teacher"].astype(object))


def gas_t(attainment: Matrix, weights: Matrix | None = None, rho: float = 0.30) -> Matrix:
    """Goal attainment T-score, one for each row of goals (50 = attained as expected, SD about 10).

    Parameters
    ----------
    attainment : array, pupils x goals
        -2 (much less than expected) to +2; NaN is a goal that was not set or not rated, and is left out.
    weights : array of the same shape or one row, optional
        Importance of each goal; 1 when left out.
    rho : float
        The assumed correlation between goals.

    Notes
    -----
    T = 50 + 10 Σwx / sqrt((1 - ρ) Σw² + ρ (Σw)²), Kiresuk & Sherman (1968). A pupil without goals has NaN.
    """
    x = np.atleast_2d(np.asarray(attainment, float))
    w = np.where(np.isnan(x), 0.0, np.ones_like(x) if weights is None else np.broadcast_to(weights, x.shape))
    spread = np.sqrt((1 - rho) * (w**2).sum(axis=1) + rho * w.sum(axis=1) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(50 + 10 * (w * np.nan_to_num(x)).sum(axis=1) / spread, float)


@dataclass(frozen=True)
class _Grid:
    """Respondents (rows, described by `who`) x items; `asked` tells an unanswered item from one not asked."""

    who: pd.DataFrame
    cells: Matrix
    asked: NDArray[np.bool_]
    items: dict[str, int]

    def columns(self, items: Iterable[str]) -> list[int]:
        return [self.items[item] for item in items]


def _grid(rows: pd.DataFrame, items: tuple[str, ...]) -> _Grid:
    """Spread long rows out; integer codes and one hash, so that 4 million answers take well under a second."""
    place = {item: n for n, item in enumerate(items)}
    column = _placed(rows["item"], place)
    key = np.zeros(len(rows), np.int64)
    for name in ("pupil", "teacher", "wave", "informant"):
        codes, levels = _codes(rows[name])
        key = key * (len(levels) + 1) + codes + 1
    respondent, _ = pd.factorize(key)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(respondent), prepend=-1))
    known = column >= 0  # items of the form that this key does not score are no answers to it
    values = np.full((len(first), len(items)), np.nan)
    asked = np.zeros(values.shape, bool)
    values[respondent[known], column[known]] = rows["value"].to_numpy(float)[known]
    asked[respondent[known], column[known]] = True
    if int(asked.sum()) != int(known.sum()):
        raise ValueError("an item is answered twice by the same respondent in one wave")
    return _Grid(rows.iloc[first][WHO].reset_index(drop=True), values, asked, place)


def _codes(column: pd.Series[Any]) -> tuple[NDArray[np.int64], Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(np.int64), column.cat.categories
    codes, levels = pd.factorize(column)
    return codes.astype(np.int64), levels


def _placed(column: pd.Series[Any], place: dict[str, int]) -> NDArray[np.int64]:
    """Return for each row the column of its item in the grid, -1 for an item outside it."""
    codes, levels = _codes(column)
    where = np.array([place.get(str(level), -1) for level in levels] + [-1], np.int64)
    return where[codes]


def _keyed(grid: _Grid, instrument: Instrument, name: str) -> Matrix:
    scale = instrument.scales[name]
    low, high = scale.response
    values = grid.cells[:, grid.columns(scale.items)]
    if np.nanmin(values, initial=low) < low or np.nanmax(values, initial=high) > high:
        raise ValueError(f"{instrument.name}, {name}: an answer lies outside {low:g}-{high:g}")
    turned = [scale.items.index(item) for item in scale.reversed]
    values[:, turned] = low + high - values[:, turned]
    if scale.recode:
        there = ~np.isnan(values)
        values[there] = np.array(scale.recode)[(values[there] - low).astype(int)]
    return values


def _score_scale(values: Matrix, scale: Scale) -> tuple[Matrix, Counts]:
    """Return score and number of answers for each row of keyed answers."""
    answered = np.count_nonzero(~np.isnan(values), axis=1)
    k, rule = values.shape[1], scale.missing
    if scale.score == "gas_t":
        found = gas_t(values)
    else:
        # sum x k / answered, in this order: whole answers give whole sums, without a stray 48.99999999999999
        totals, given = np.nansum(values, axis=1), np.where(answered == 0, 1, answered)
        found = _rounded(totals * k / given, rule) if scale.score == "sum" else totals / given
    return np.where(answered >= rule.needed(k), found, np.nan), answered


def _rounded(sums: Matrix, rule: MissingRule) -> Matrix:
    return np.floor(sums + 0.5) if rule.rounding == "half_up" else sums
