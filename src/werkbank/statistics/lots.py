"""A lot that anyone can draw again: units are put in the order of a hash of the seed and the unit.

The whole algorithm, so that another program can repeat it (``sha256-order-1``)::

    key(parts) = SHA-256 of the UTF-8 text  seed|part|part…   as 64 hexadecimal digits
    arms       within each block, units stand in the order of key(block|unit); the first go to the first arm, the next
               to the second, and so on, in the numbers below
    numbers    of n units, an arm with weight w of all weights W gets the whole part of n·w/W; places that are left go
               one by one to the arms with the largest rest, and among equal rests to the arm whose key(block|arm name)
               comes first
    starts     a case's days stand in the order of key(case|day): the first is drawn
    different  cases stand in the order of key(|case), days in that of key(|day): the first case gets the first day
    order      cases stand in the order of key(|case): the first gets the earliest day, the next the day after it

The seed is used as written, in Unicode form NFC and without white space around it. A block without a name is empty.
"""

from __future__ import annotations

import hashlib
import unicodedata
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Scheme = Literal["start", "order", "independent", "different"]


def tidy_seed(text: str) -> str:
    """Return a seed as it is used: NFC, without white space around it."""
    return unicodedata.normalize("NFC", text).strip()


def commitment(text: str) -> str:
    """Return the SHA-256 of a seed: what is written down beforehand, so that the seed cannot be chosen afterwards."""
    return hashlib.sha256(tidy_seed(text).encode()).hexdigest()


def key(seed: str, *parts: str) -> str:
    """Return what decides the place of something in the order that was drawn."""
    return hashlib.sha256("|".join((tidy_seed(seed), *parts)).encode()).hexdigest()


def numbers(seed: str, block: str, n: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Return how many of `n` units of a block each arm gets.

    Parameters
    ----------
    weights : mapping
        Arm -> how many of every Σ weights units it should get; whole numbers above zero.
    """
    whole = sum(weights.values())
    quota = {arm: Fraction(n * w, whole) for arm, w in weights.items()}
    made = {arm: int(q) for arm, q in quota.items()}
    rest = sorted(weights, key=lambda arm: (made[arm] - quota[arm], key(seed, block, arm)))
    for arm in rest[: n - sum(made.values())]:
        made[arm] += 1
    return made


def draw_arms(seed: str, units: Sequence[tuple[str, str]], weights: Mapping[str, int]) -> list[str]:
    """Draw an arm for every unit.

    Parameters
    ----------
    seed : str
    units : sequence of (block, unit)
        Block "" where lots are drawn among all.
    weights : mapping
        Arm -> weight, in the order in which arms are filled.

    Returns
    -------
    list of str
        The arm of each unit, in the order of `units`.

    Raises
    ------
    UsageError
        A unit twice in a block; fewer than two arms; a weight that is no whole number above zero.

    Notes
    -----
    Given the numbers of a block every division of its units is equally likely, and blocks are drawn independently: what
    a randomisation test within blocks takes for granted. Simulated: tests/planning/test_null_studies.py.
    """
    if len(set(units)) < len(units):
        raise UsageError("a unit stands twice in a block")
    if len(weights) < 2 or any(w < 1 for w in weights.values()):
        raise UsageError("lots need two arms or more, each with a whole number above zero")
    found: dict[tuple[str, str], str] = {}
    for block in dict.fromkeys(block for block, _ in units):
        inside = sorted((unit for of, unit in units if of == block), key=lambda unit: key(seed, block, unit))
        places = [arm for arm, n in numbers(seed, block, len(inside), weights).items() for _ in range(n)]
        found |= {(block, unit): arm for unit, arm in zip(inside, places, strict=True)}
    return [found[unit] for unit in units]


def draw_starts(seed: str, cases: Sequence[str], days: Iterable[int], scheme: Scheme) -> list[int]:
    """Draw the first day of the programme of every case.

    Parameters
    ----------
    days : iterable of int
        The days that can be drawn.
    scheme : {"start", "independent", "different", "order"}
        One case, or each case for itself; another day for each case; or as many days as cases, and who begins when.

    Raises
    ------
    UsageError
        A case twice; several cases with ``start``; fewer days than cases, or (``order``) more.
    """
    possible = sorted(set(days))
    if len(set(cases)) < len(cases) or not possible or (scheme == "start" and len(cases) != 1):
        raise UsageError("starting days need cases that differ, days, and for ‘start’ one case")
    if scheme in {"start", "independent"}:
        return [min(possible, key=lambda day: key(seed, case, str(day))) for case in cases]
    if len(possible) < len(cases) or (scheme == "order" and len(possible) != len(cases)):
        raise UsageError("there must be a day for each case")
    drawn = possible if scheme == "order" else sorted(possible, key=lambda day: key(seed, "", str(day)))
    turn = sorted(cases, key=lambda case: key(seed, "", case))
    return [drawn[turn.index(case)] for case in cases]
