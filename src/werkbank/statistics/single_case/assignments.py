"""The sets of assignments that a single-case design can draw from: how many there are, each of them, and one at random.

Occasions are numbered from 1; a phase is given by its first occasion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise, permutations, product
from math import comb, factorial, perm, prod
from typing import TYPE_CHECKING, Literal, Protocol

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

Assignment = tuple[int, ...]
AlternatingScheme = Literal["completely_randomised", "at_most_two_in_a_row", "randomised_pairs"]
BaselineScheme = Literal["order", "independent", "different", "regulated"]


class AssignmentSet(Protocol):
    """What a test needs to know of a set of equally likely assignments."""

    @property
    def count(self) -> int:
        """How many there are."""

    def __iter__(self) -> Iterator[Assignment]:
        """Go through all of them."""

    def __contains__(self, assignment: object) -> bool:
        """Tell whether an assignment could have been drawn."""

    def draw(self, rng: np.random.Generator) -> Assignment:
        """Draw one, each with the same chance."""


@dataclass(frozen=True)
class PhaseChanges:
    """First occasions of the second and later phases, every phase at least `least` occasions long.

    There are C(n - P·least + P - 1, P - 1): for AB n - 2·least + 1, for ABAB C(n - 4·least + 3, 3) (Onghena 1992).
    """

    occasions: int
    phases: int
    least: int

    @property
    def _free(self) -> int:
        return self.occasions - self.phases * self.least + self.phases - 1

    @property
    def count(self) -> int:
        """How many there are; none when the phases do not fit."""
        return comb(self._free, self.phases - 1) if self._free >= self.phases - 1 else 0

    def _spread(self, chosen: Sequence[int]) -> Assignment:
        # the i-th change lies after i phases of the least length and the free places before it
        return tuple(place + (i + 1) * self.least - i + 1 for i, place in enumerate(chosen))

    def __iter__(self) -> Iterator[Assignment]:
        """Go through all of them."""
        if self.count:
            yield from map(self._spread, combinations(range(self._free), self.phases - 1))

    def __contains__(self, assignment: object) -> bool:
        """Tell whether all phases are long enough."""
        if not isinstance(assignment, tuple) or len(assignment) != self.phases - 1:
            return False
        edges = (1, *assignment, self.occasions + 1)
        return all(b - a >= self.least for a, b in pairwise(edges))

    def draw(self, rng: np.random.Generator) -> Assignment:
        """Draw one."""
        return self._spread(sorted(rng.choice(self._free, self.phases - 1, replace=False).tolist()))


@dataclass(frozen=True)
class Starts:
    """The first occasion of B, one out of a list."""

    starts: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.starts)

    def __iter__(self) -> Iterator[Assignment]:
        """Go through all of them."""
        return ((start,) for start in self.starts)

    def __contains__(self, assignment: object) -> bool:
        """Tell whether the start is in the list."""
        return isinstance(assignment, tuple) and len(assignment) == 1 and assignment[0] in self.starts

    def draw(self, rng: np.random.Generator) -> Assignment:
        """Draw one."""
        return (self.starts[int(rng.integers(len(self.starts)))],)


@dataclass(frozen=True)
class Alternations:
    """Sequences of 0 and 1, `each` of both: free, never three in a row, or one of both in every pair of occasions."""

    each: int
    scheme: AlternatingScheme

    @property
    def count(self) -> int:
        """How many there are: C(2n, n), 14, 34, 84, 208 … for n = 3, 4, 5, 6 …, or 2ⁿ."""
        if self.scheme == "randomised_pairs":
            return int(2**self.each)
        if self.scheme == "completely_randomised":
            return comb(2 * self.each, self.each)
        return _without_three(self.each, self.each, -1, 0)

    def __iter__(self) -> Iterator[Assignment]:
        """Go through all of them."""
        if self.scheme == "randomised_pairs":
            for first in product((0, 1), repeat=self.each):
                yield tuple(x for bit in first for x in (bit, 1 - bit))
            return
        longest = 2 if self.scheme == "at_most_two_in_a_row" else 2 * self.each
        yield from _sequences(self.each, self.each, (), longest)

    def __contains__(self, assignment: object) -> bool:
        """Tell whether a sequence keeps to the scheme."""
        if not isinstance(assignment, tuple) or len(assignment) != 2 * self.each or sum(assignment) != self.each:
            return False
        if self.scheme == "randomised_pairs":
            return all(a != b for a, b in zip(assignment[::2], assignment[1::2], strict=True))
        threes = zip(assignment, assignment[1:], assignment[2:], strict=False)
        return self.scheme == "completely_randomised" or not any(a == b == c for a, b, c in threes)

    def draw(self, rng: np.random.Generator) -> Assignment:
        """Draw one."""
        if self.scheme == "randomised_pairs":
            return tuple(int(x) for bit in rng.integers(2, size=self.each) for x in (bit, 1 - bit))
        if self.scheme == "completely_randomised":
            return tuple(rng.permutation([0, 1] * self.each).tolist())
        left, sequence, last, run = [self.each, self.each], [], -1, 0
        while sum(left):
            # each next condition in proportion to the ways in which the sequence can then end
            ways = [_ways_after(left[0], left[1], last, run, x) for x in (0, 1)]
            x = int(rng.random() * sum(ways) >= ways[0])
            run = run + 1 if x == last else 1
            left[x], last = left[x] - 1, x
            sequence.append(x)
        return tuple(sequence)


def _sequences(zeros: int, ones: int, begun: Assignment, longest: int) -> Iterator[Assignment]:
    """Go through all ways to finish a sequence without more than `longest` alike in a row."""
    if zeros + ones == 0:
        yield begun
    for x, left in ((0, zeros), (1, ones)):
        if left and (len(begun) < longest or set(begun[-longest:]) != {x}):
            yield from _sequences(zeros - (x == 0), ones - (x == 1), (*begun, x), longest)


def _ways_after(zeros: int, ones: int, last: int, run: int, x: int) -> int:
    if (zeros, ones)[x] == 0 or (x == last and run == 2):
        return 0
    return _without_three(zeros - (x == 0), ones - (x == 1), x, run + 1 if x == last else 1)


@cache
def _without_three(zeros: int, ones: int, last: int, run: int) -> int:
    """Count the ways to go on without three in a row."""
    return 1 if zeros + ones == 0 else sum(_ways_after(zeros, ones, last, run, x) for x in (0, 1))


@dataclass(frozen=True)
class BaselineStarts:
    """Starts of the cases of a multiple baseline, one a case.

    `sets` holds the possible starts: for ``order`` and ``regulated`` one set a tier, whose cases are drawn (with one
    start each for ``order``); for ``independent`` one set a case; for ``different`` one set for all.
    Wampold & Worsham (1986); Koehler & Levin (1998); Marascuilo & Busk (1988), and its restricted form.
    """

    cases: int
    scheme: BaselineScheme
    sets: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        """Refuse sets that do not fit the scheme."""
        wanted = 1 if self.scheme == "different" else self.cases
        if len(self.sets) != wanted or not all(self.sets):
            raise UsageError(f"{self.scheme}: {wanted} sets of starts are needed, none empty")
        if self.scheme == "order" and any(len(starts) != 1 for starts in self.sets):
            raise UsageError("order: every tier has one start")

    @property
    def count(self) -> int:
        """How many there are: k!, k!·Π sizes, Π sizes, or c(c-1)… ; equal starts are counted apart."""
        sizes = prod(len(starts) for starts in self.sets)
        if self.scheme == "different":
            return perm(len(self.sets[0]), self.cases)
        return sizes if self.scheme == "independent" else sizes * factorial(self.cases)

    @property
    def coinciding(self) -> int:
        """How many of an order's permutations are one and the same, because tiers start together."""
        if self.scheme != "order":
            return 1
        starts = [only for (only,) in self.sets]
        return prod(factorial(starts.count(start)) for start in set(starts))

    def __iter__(self) -> Iterator[Assignment]:
        """Go through all of them."""
        if self.scheme == "different":
            yield from permutations(self.sets[0], self.cases)
        elif self.scheme == "independent":
            yield from product(*self.sets)
        else:
            for tiers in permutations(self.sets):
                yield from product(*tiers)

    def __contains__(self, assignment: object) -> bool:
        """Tell whether these starts could have been drawn."""
        if not isinstance(assignment, tuple) or len(assignment) != self.cases:
            return False
        if self.scheme == "different":
            return set(assignment) <= set(self.sets[0]) and len(set(assignment)) == self.cases
        if self.scheme == "independent":
            return all(start in starts for start, starts in zip(assignment, self.sets, strict=True))
        return _matches(assignment, self.sets)

    def draw(self, rng: np.random.Generator) -> Assignment:
        """Draw one."""
        if self.scheme == "different":
            return tuple(rng.choice(self.sets[0], self.cases, replace=False).tolist())
        tiers = range(self.cases) if self.scheme == "independent" else rng.permutation(self.cases)
        return tuple(int(rng.choice(self.sets[int(tier)])) for tier in tiers)


def _matches(starts: Assignment, tiers: tuple[tuple[int, ...], ...]) -> bool:
    """Tell whether each start can be given a tier of its own."""
    if not starts:
        return True
    rest = starts[1:]
    return any(starts[0] in tier and _matches(rest, tiers[:i] + tiers[i + 1 :]) for i, tier in enumerate(tiers))
