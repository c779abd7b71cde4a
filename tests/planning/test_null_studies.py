"""A lot and the analysis that follows it, where the programme does nothing: no more false alarms than promised."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.effects.leading import Plan, answered
from werkbank.statistics.lots import draw_arms, draw_starts
from werkbank.statistics.multilevel import randomisation_test
from werkbank.statistics.single_case.randomisation import phase_start_test
from werkbank.statistics.unit_means import choose_slope

LEVELS = (0.01, 0.05, 0.10, 0.20)
CLASSES, SIZE = 8, 6


def studies(n, blocks):
    """Yield pupils of null studies: the scores are there first, and the lot says only which arm a class is in."""
    for i in range(n):
        rng = np.random.default_rng([20261130, i])
        unit = np.repeat(np.arange(CLASSES), SIZE)
        codes = [(f"b{c // (CLASSES // 2)}" if blocks else "", f"{c + 1:02d}") for c in range(CLASSES)]
        arm = np.array(draw_arms(f"studie {i}", codes, {"T": 1, "C": 1}))[unit]
        # classes differ, skewed and unlike in size of spread; blocks differ in level
        level = 0.5 * (rng.chisquare(3, CLASSES) - 3) / np.sqrt(6)
        level += blocks * (np.arange(CLASSES) // (CLASSES // 2))
        pre = rng.normal(size=len(unit)) + level[unit]
        post = 0.6 * pre + 0.4 * level[unit] + rng.normal(0, 0.8, len(unit))
        block = [codes[c][0] for c in unit]
        yield pd.DataFrame({"unit": unit.astype(str), "arm": arm, "block": block, "pre": pre, "post": post})


def false_alarms(n, *, blocks):
    """Return the p values of the lead, and of the test that draws again, in `n` null studies."""
    lead, again = [], []
    for rows in studies(n, blocks):
        choice = choose_slope([4, 4], drawn=True, assigned=CLASSES)
        design = "blocks" if blocks else "units"
        plan = Plan(design, {"T": 1.0, "C": -1.0}, True, (), choice, 2 if blocks else None)
        lead.append(answered(plan, rows).test.p)
        strata = rows["block"] if blocks else None
        pre = {"pre": rows["pre"].to_numpy()}
        again.append(randomisation_test(rows["post"], rows["arm"] == "T", rows["unit"], pre, strata=strata).p)
    return np.array(lead), np.array(again)


def no_more_than_promised(p):
    for level in LEVELS:
        assert np.mean(p <= level) <= level + 2 * np.sqrt(level * (1 - level) / len(p)), level


@pytest.mark.parametrize("blocks", [False, True])
def test_a_subset_of_null_studies(blocks):
    for p in false_alarms(400, blocks=blocks):
        no_more_than_promised(p)


@pytest.mark.long
@pytest.mark.parametrize("blocks", [False, True])
def test_ten_thousand_null_studies(blocks):
    for p in false_alarms(10_000, blocks=blocks):
        no_more_than_promised(p)


def starts(n):
    days = range(6, 26)
    found = []
    for i in range(n):
        rng = np.random.default_rng([7, i])
        noise = rng.normal(size=30)
        line = np.convolve(noise, [1, 0.5, 0.25])[:30]  # days that hang together
        (start,) = draw_starts(f"geval {i}", ["01"], days, "start")
        found.append(phase_start_test(line, start, days, better="higher").p)
    return np.array(found)


def test_a_subset_of_drawn_starts():
    no_more_than_promised(starts(400))


@pytest.mark.long
def test_ten_thousand_drawn_starts():
    no_more_than_promised(starts(10_000))
