"""Which scoring key fits a series of items: by their numbers, the range of the answers and the name; never by wording.

Where several versions of a key fit, the answers are asked: in the right one each item goes along with the others of
its scale, after reversal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from werkbank.drafting.words import KEYS, compact
from werkbank.instruments.registry import names, variants

if TYPE_CHECKING:
    from werkbank.instruments.model import Instrument

ENOUGH_ITEMS = 9  # by which a key may be recognised without its name
DECISIVE = 0.02  # of the mean item-rest correlation, between two versions
FITS = 0.15  # the mean item-rest correlation from which answers bear a key out


@dataclass(frozen=True)
class Fit:
    """A key that fits: by name or by number alone, and how well its items go along (NaN: cannot be said)."""

    key: Instrument
    by_name: bool
    coherence: float


@cache
def _complete() -> tuple[Instrument, ...]:
    found = [key for name in names() for key in variants(name)]
    return tuple(key for key in found if key.status == "complete" and all(item.isdecimal() for item in key.items))


def called(stem: str, path: str = "") -> set[str]:
    """Return the keys that a name may stand for."""
    plain = compact(stem)
    known = {name: KEYS.get(name, (compact(name),)) for name in names()}
    return {name for name, aliases in known.items() for alias in aliases
            if plain == alias or (len(alias) > 2 and (plain.startswith(alias) or plain.endswith(alias)))
            or (path and alias == compact(path))}  # fmt: skip


def fitting(items: list[str], answers: tuple[float, float], matrix: np.ndarray, stem: str) -> list[Fit]:
    """Return the keys whose items these are and whose range holds the answers, best first.

    Parameters
    ----------
    items : list of str
        The numbers in the headings.
    answers : (low, high)
        The lowest and highest answer that was given.
    matrix : ndarray
        Answers, rows x `items`.
    stem : str
        What the headings share.
    """
    wanted = called(stem)
    found = [
        Fit(key, key.name in wanted, coherence(key, items, matrix))
        for key in _complete()
        if key.items == tuple(items) and _holds(key, answers)
        if key.name in wanted or len(items) >= ENOUGH_ITEMS
    ]
    return sorted(found, key=lambda fit: (not fit.by_name, -_known(fit.coherence), fit.key.name))


def _holds(key: Instrument, answers: tuple[float, float]) -> bool:
    """Whether answers lie within a key's range and come near both its ends."""
    low, high = key.range
    return low <= answers[0] and answers[1] <= high and (high - low) <= 2 * max(answers[1] - answers[0], 1)


def _known(number: float) -> float:
    return -1.0 if np.isnan(number) else number


def coherence(key: Instrument, items: list[str], matrix: np.ndarray) -> float:
    """Return the mean correlation of each item with the sum of the others of its scale, after reversal.

    Rows with every item of a scale count; NaN where fewer than ten have, or nothing varies.
    """
    found: list[float] = []
    for scale in key.scales.values():
        answers = matrix[:, [items.index(item) for item in scale.items]]
        answers = answers[~np.isnan(answers).any(axis=1)]
        if len(scale.items) < 2 or len(answers) < 10:
            continue
        turned = np.array([item in scale.reversed for item in scale.items])
        found += item_rest(np.where(turned, sum(scale.response) - answers, answers))
    return float(np.mean(found)) if found else float("nan")


def item_rest(answers: np.ndarray) -> list[float]:
    """Return the correlation of each column with the sum of the others; columns that do not vary are left out."""
    found = []
    for column in range(answers.shape[1]):
        rest = np.delete(answers, column, axis=1).sum(axis=1)
        if np.std(rest) > 0 and np.std(answers[:, column]) > 0:
            found.append(float(np.corrcoef(answers[:, column], rest)[0, 1]))
    return found
