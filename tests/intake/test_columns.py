"""Cells by column: what is kept once is what stood there, in the order in which it stood there."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.intake.conftest import TWO_ARMS

from werkbank.intake.columns import Column, Gathering

CELLS = st.lists(st.sampled_from(["", " ", "a", "A", "1", "1.0", 1, 2.5, None, math.nan, "é"]), max_size=40)


def same(one, other):
    return all(a == b or (a is None and (b is None or b != b)) for a, b in zip(one, other, strict=True))  # noqa: PLR0124


@given(CELLS, st.randoms())
def test_a_column_gives_its_cells_back(cells, chance):
    column = Column.of(cells)
    assert same(column.cells(), cells)
    assert column.different == list(dict.fromkeys(cell for cell in cells if cell is not None and cell == cell))  # noqa: PLR0124
    kept = np.array([chance.random() < 0.5 for _ in cells], dtype=bool)
    some = column[kept]
    assert same(some.cells(), [cell for cell, keep in zip(cells, kept, strict=True) if keep])
    assert some.different == Column.of(some.cells()).different
    assert (some.codes == Column.of(some.cells()).codes).all()
    for value in ("nieuw", None):
        changed = [value if keep else cell for cell, keep in zip(cells, kept, strict=True)]
        assert same(column.where(kept, value).cells(), [None if c != c else c for c in changed])  # noqa: PLR0124


@given(st.lists(st.lists(st.sampled_from(["", "x", "y", "1"]), max_size=5), max_size=12), st.integers(1, 5))
def test_rows_of_any_width_are_gathered_piece_by_piece(rows, size):
    gathered = Gathering()
    for at in range(0, len(rows), size):
        gathered.add(rows[at : at + size])
    widths, columns = gathered.widths(), gathered.columns()
    assert widths.tolist() == list(map(len, rows))
    for n, row in enumerate(rows):
        assert [column.at(n) for column in columns[: len(row)]] == row
        assert all(column.at(n) is None for column in columns[len(row) :])


HEAD = "id,arm,wave,q1,q2\n"
MANY = 5_000


def rows_of(fault):
    chance = random.Random(1)  # noqa: S311 - a study, not a secret
    for n in range(MANY):
        arm, answer = "xc"[n % 2], str(chance.randint(1, 5))
        if fault == "unknown arm":
            arm = f"arm{n}"
        yield f"L{n:05d},{'' if fault == 'no arm' else arm},T0,{f'woord {n}' if fault == 'words' else answer},1\n"
        if fault == "double":
            yield f"L{n:05d},{arm},T0,{answer},1\n"
        if fault == "two arms":
            yield f"L{n:05d},{'xc'[n % 2 - 1]},T1,{answer},1\n"


FAULTS = {
    "no arm": ("arm_missing", MANY), "unknown arm": ("unknown_arm", MANY), "words": ("answers_in_words", MANY),
    "double": ("duplicate_pupil_wave", MANY), "two arms": ("pupil_in_two_arms", MANY),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_thousands_of_problems_of_one_cause_are_one_problem_and_soon_told(refused, fault):
    began = time.process_time()
    problems = refused(TWO_ARMS, {"m.csv": HEAD + "".join(rows_of(fault))})
    code, n = FAULTS[fault]
    (found,) = [problem for problem in problems if problem.code == code]
    assert n in {found.details.get("n"), found.details.get("more", {}).get("n")}
    assert len(found.sentence("nl")) < 800
    assert time.process_time() - began < 5


def test_many_pupils_without_a_class_are_one_problem(refused):
    rows = "".join(f"L{n:04d},{'xc'[n % 2]},T0,1,2\n" for n in range(1000))
    columns = {"pupil": "id", "arm": "arm", "wave": "wave", "class": "klas"}
    content = "id,arm,wave,q1,q2,klas\n" + rows.replace(",2\n", ",2,\n")
    problems = refused(
        TWO_ARMS, {"m.csv": content}, columns=columns, design={"kind": "controlled", "assigned_by": "class"}
    )
    (found,) = [problem for problem in problems if problem.code == "unit_missing"]
    assert found.details["more"]["n"] == 1000
