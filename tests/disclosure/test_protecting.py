"""A hidden count stays hidden: every pattern is attacked with the linear programme that a reader could run."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from werkbank.disclosure.protecting import Counts, hide, interval


def table(rows):
    """Return a two-way table of counts with its totals."""
    counts = Counts()
    cells = np.asarray(rows)
    for (i, j), value in np.ndenumerate(cells):
        counts.shown(f"c{i}{j}", float(value), 1.0)
    for i, total in enumerate(cells.sum(axis=1)):
        counts.shown(f"row{i}", float(total), 5.0)
        counts.adds_up(f"row{i}", [f"c{i}{j}" for j in range(cells.shape[1])])
    for j, total in enumerate(cells.sum(axis=0)):
        counts.shown(f"column{j}", float(total), 5.0)
        counts.adds_up(f"column{j}", [f"c{i}{j}" for i in range(cells.shape[0])])
    return counts


def attacked(counts, shown, name):
    """Work out an interval independently of the code under test: the whole system, densely, shown counts as bounds."""
    names = sorted(counts.values)
    matrix = [[relation.get(n, 0.0) for n in names] for relation in counts.relations]
    bounds = [(counts.values[n], counts.values[n]) if n in shown else (0, None) for n in names]
    ends = []
    for sign in (1, -1):
        aim = [sign * (n == name) for n in names]
        found = linprog(aim, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=bounds, method="highs")
        ends.append(np.inf if found.status == 3 else sign * found.fun)
    return tuple(ends)


def test_one_small_cell_takes_three_more_with_it():
    counts = table([[3, 20, 30], [25, 40, 21], [33, 28, 19]])
    hidden = hide(counts, 6)
    assert "c00" in hidden
    assert len(hidden) == 4  # a rectangle: no cell follows from its row or its column
    assert not {"row0", "column0"} & hidden
    assert attacked(counts, counts.costs.keys() - hidden, "c00")[1] >= 5


def test_nothing_is_hidden_without_a_small_cell():
    assert hide(table([[10, 0], [7, 30]]), 6) == set()


def test_no_small_cell_of_a_random_table_follows_from_the_others(subtests):
    for seed in range(40):
        with subtests.test(f"seed {seed}"):
            rng = np.random.default_rng(seed)
            counts = table(rng.poisson(rng.choice([3, 8, 15]), size=tuple(rng.integers(2, 5, 2))))
            hidden = hide(counts, 6)
            shown = counts.costs.keys() - hidden
            for name in counts.values:
                if 0 < counts.values[name] < 6:
                    assert name in hidden
                    low, high = attacked(counts, shown, name)
                    assert low <= 1 + 1e-6, name
                    assert high >= 5 - 1e-6, name
                    assert interval(counts, shown, name) == pytest.approx((low, high), abs=1e-6)


def test_what_a_total_leaves_over_is_protected_as_well():
    counts = Counts()
    counts.shown("assigned", 30, 6.0)
    counts.shown("measured", 28, 2.0)
    counts.within("assigned", "measured")
    assert hide(counts, 6) == {"measured"}  # two absent pupils would follow


def test_a_sum_that_does_not_add_up_is_no_equation():
    counts = Counts()
    for name, value in {"whole": 10, "a": 4, "b": 5}.items():
        counts.shown(name, value, 1.0)
    counts.adds_up("whole", ["a", "b"])
    counts.adds_up("whole", ["a", "unknown"])
    assert not counts.relations
